/* Booking's messages as bytes: NULs, cuts, flipped bytes, depth and lack of room survived by name; round trips of
 * requests, commands and events. */
#include "tests/support/prng.h"
#include "tests/wire/booking_messages.h"

/* A NUL inside a name, where protobuf-c would cut it. */
static void test_nul_is_not_cut(void **state) {
    (void)state;
    make_good();
    person.family_name = text("Abcdefgh");
    struct slice good = pack(&book);
    uint8_t bytes[1024];
    assert_true(good.size <= sizeof bytes);
    memcpy(bytes, good.data, good.size);
    uint8_t *name = memmem(bytes, good.size, "Abcdefgh", 8);
    assert_non_null(name);
    for (int i = 0; i < 8; i++) {
        struct wire_fault fault = {{0}};
        uint8_t saved = name[i];
        name[i] = 0;
        assert_false(book_decodes(slice_of(bytes, good.size), &fault));
        assert_string_equal(fault.text, "person.family_name: expected UTF-8 text without control characters");
        name[i] = saved;
    }
    struct wire_fault fault;
    assert_true(book_decodes(slice_of(bytes, good.size), &fault));
}

static void test_cut_at_each_byte(void **state) {
    (void)state;
    make_good();
    for (size_t i = 0; i < REQUEST_COUNT; i++) {
        struct slice good = pack(requests[i].message);
        for (size_t size = 0; size < good.size; size++) {
            uint8_t *copy = malloc(size > 0 ? size : 1); /* so that reading beyond the cut is seen */
            assert_non_null(copy);
            memcpy(copy, good.data, size);
            struct wire_fault fault = {{0}};
            bool is_good = requests[i].decodes(slice_of(copy, size), &fault);
            assert_true(is_good || fault.text[0] != '\0');
            free(copy);
        }
        /* Without its last field a message may be whole; within its first it never is. */
        struct wire_fault fault;
        assert_false(requests[i].decodes(slice_of(good.data, 2), &fault));
        assert_false(requests[i].decodes(slice_of(good.data, 0), &fault));
    }
}

static void test_flipped_bytes(void **state) {
    (void)state;
    make_good();
    struct prng prng = prng_seed(7);
    for (size_t i = 0; i < REQUEST_COUNT; i++) {
        struct slice good = pack(requests[i].message);
        for (int round = 0; round < 4000; round++) {
            uint8_t copy[1024];
            assert_true(good.size <= sizeof copy);
            memcpy(copy, good.data, good.size);
            for (int flips = 0; flips < 4; flips++) copy[prng_below(&prng, good.size)] = (uint8_t)prng_u64(&prng);
            struct wire_fault fault = {{0}};
            bool is_good = requests[i].decodes(slice_of(copy, good.size), &fault);
            assert_true(is_good || (fault.text[0] != '\0' && strlen(fault.text) < sizeof fault.text));
            struct arena arena = arena_over(arena_memory, sizeof arena_memory);
            struct booking_event event;
            booking_event_decode(slice_of(copy, good.size), &arena, &event);
        }
    }
}

/* Messages inside messages: the 8th level is taken, the 9th is not. No message of booking contains itself, so a descriptor
 * that does stands in. */
static void test_depth_is_bounded(void **state) {
    (void)state;
    static ProtobufCMessageDescriptor nested;
    static ProtobufCFieldDescriptor field;
    static const unsigned indices[] = {0};
    static const ProtobufCIntRange ranges[] = {{1, 0}, {0, 1}};
    field = (ProtobufCFieldDescriptor){.name = "inner",
                                       .id = 1,
                                       .label = PROTOBUF_C_LABEL_NONE,
                                       .type = PROTOBUF_C_TYPE_MESSAGE,
                                       .descriptor = &nested};
    nested = (ProtobufCMessageDescriptor){.magic = PROTOBUF_C__MESSAGE_DESCRIPTOR_MAGIC,
                                          .name = "nested",
                                          .n_fields = 1,
                                          .fields = &field,
                                          .fields_sorted_by_name = indices,
                                          .n_field_ranges = 1,
                                          .field_ranges = ranges};
    for (int levels = 1; levels <= 12; levels++) {
        uint8_t bytes[64];
        size_t size = 0;
        for (int i = levels - 1; i >= 1; i--) {
            bytes[size++] = 0x0A;
            bytes[size++] = (uint8_t)(2 * (i - 1));
        }
        struct wire_fault fault = {{0}};
        bool is_good = wire_check(&nested, slice_of(bytes, size), &fault);
        assert_true(is_good == (levels <= WIRE_DEPTH_MAX));
        if (!is_good) assert_non_null(strstr(fault.text, "inner.inner.inner"));
    }
}

static void test_no_room(void **state) {
    (void)state;
    make_good();
    struct slice good = pack(&book);
    for (size_t size = 0; size < 2048; size += 16) {
        struct arena arena = arena_over(arena_memory, size);
        struct book_request request;
        struct wire_fault fault = {{0}};
        bool is_good = book_request_decode(good, &arena, &request, &fault);
        assert_true(is_good || fault.text[0] != '\0');
        assert_true(is_good || size < 1536);
    }
}

static void test_client_to_door(void **state) {
    (void)state;
    make_good();
    struct arena arena = arena_over(arena_memory, sizeof arena_memory);
    struct wire_fault fault;
    struct book_request asked, sent;
    assert_true(book_request_decode(pack(&book), &arena, &asked, &fault));
    assert_string_equal(asked.person.nhs_number, "9434765919"); /* without its grouping */
    assert_int_equal(asked.slot_id.index, 3);
    uint8_t bytes[BOOKING_REQUEST_MAX];
    struct buffer out = buffer_over(bytes, sizeof bytes);
    asked.person.person_id.bytes[0] = 9; /* is not sent */
    book_request_encode(&asked, &out);
    assert_true(book_request_decode(buffer_slice(&out), &arena, &sent, &fault));
    asked.person.person_id.bytes[0] = 0;
    assert_memory_equal(&asked, &sent, sizeof asked);

    struct find_slots_request search, search_sent;
    assert_true(find_slots_request_decode(pack(&find), &arena, &search, &fault));
    assert_int_equal(search.limit, BOOKING_FIND_LIMIT_DEFAULT);
    out = buffer_over(bytes, sizeof bytes);
    find_slots_request_encode(&search, &out);
    assert_true(find_slots_request_decode(buffer_slice(&out), &arena, &search_sent, &fault));
    assert_memory_equal(&search, &search_sent, sizeof search);

    out = buffer_over(bytes, 40);
    book_request_encode(&asked, &out);
    assert_true(out.is_full);
    assert_int_equal(out.size, 0);
}

static struct booking_ingress some_ingress(void) {
    struct booking_ingress ingress;
    memset(&ingress, 0, sizeof ingress);
    memcpy(ingress.system, "111-nel", 7);
    memcpy(ingress.organisation, "RYX", 3);
    memcpy(ingress.role, "111", 3);
    ingress.received_at_ms = 1795456800000;
    ingress.entity_id.bytes[15] = 5;
    return ingress;
}

static struct booking_sealed some_sealed(uint32_t size) {
    struct booking_sealed sealed;
    memset(&sealed, 0, sizeof sealed);
    memset(sealed.key_id.bytes, 9, sizeof sealed.key_id.bytes);
    memset(sealed.nonce, 8, sizeof sealed.nonce);
    memset(sealed.ciphertext, 0xC7, size);
    sealed.size = size;
    return sealed;
}

static void test_commands_and_events(void **state) {
    (void)state;
    make_good();
    struct arena arena = arena_over(arena_memory, sizeof arena_memory);
    struct wire_fault fault;
    struct booking_command command, read;
    memset(&command, 0, sizeof command);
    command.kind = BOOKING_COMMAND_BOOK;
    command.book.ingress = some_ingress();
    struct book_request request;
    assert_true(book_request_decode(pack(&book), &arena, &request, &fault));
    command.book.order.slot_id = request.slot_id;
    command.book.order.person_id.bytes[3] = 7;
    command.book.order.sealed = some_sealed(200);
    uint8_t bytes[BOOKING_REQUEST_MAX * 2];
    struct buffer out = buffer_over(bytes, sizeof bytes);
    booking_command_encode(&command, &out);
    assert_true(booking_command_decode(buffer_slice(&out), &arena, &read, &fault));
    assert_memory_equal(&command, &read, sizeof command);

    command.book.order.person_id.bytes[3] = 0; /* a command without its person resolved */
    out = buffer_over(bytes, sizeof bytes);
    booking_command_encode(&command, &out);
    assert_false(booking_command_decode(buffer_slice(&out), &arena, &read, &fault));
    assert_string_equal(fault.text, "book.person_id: expected a UUID as text");
    assert_false(booking_command_decode(slice_of(NULL, 0), &arena, &read, &fault));
    assert_string_equal(fault.text, "ingress: expected who asked");

    struct booking_event event, event_read;
    memset(&event, 0, sizeof event);
    event.kind = BOOKING_EVENT_SLOT_BOOKED;
    event.slot_booked.booking_id.bytes[0] = 1;
    event.slot_booked.slot_id = command.book.order.slot_id;
    event.slot_booked.starts_at_ms = 1795456800000;
    event.slot_booked.ends_at_ms = 1795457700000;
    event.slot_booked.person_id.bytes[3] = 7;
    event.slot_booked.sealed = command.book.order.sealed;
    memcpy(event.slot_booked.by, "111-nel", 7);
    struct slice encoded = booking_event_encode(&event, &arena);
    assert_true(booking_event_decode(encoded, &arena, &event_read));
    assert_memory_equal(&event, &event_read, sizeof event);
    for (size_t size = 0; size < encoded.size; size++) {
        struct arena small = arena_over(arena_memory + ARENA_SIZE / 2, BOOKING_EVENT_ARENA_SIZE);
        assert_false(booking_event_decode(slice_of(encoded.data, size), &small, &event_read));
    }
}

/* The largest event there can be fits the arena that apply gives it. */
static void test_largest_event(void **state) {
    (void)state;
    struct arena arena = arena_over(arena_memory, sizeof arena_memory);
    struct booking_event event, read;
    memset(&event, 0, sizeof event);
    event.kind = BOOKING_EVENT_SLOT_BOOKED;
    struct slot_booked *booked = &event.slot_booked;
    memset(booked->booking_id.bytes, 0xFF, 16);
    memset(booked->hold_id.bytes, 0xFF, 16);
    memset(booked->slot_id.session_id.bytes, 0xFF, 16);
    booked->slot_id.index = 199;
    booked->starts_at_ms = BOOKING_TIME_MS_MAX;
    booked->ends_at_ms = BOOKING_TIME_MS_MAX;
    memset(booked->person_id.bytes, 0xFF, 16);
    booked->sealed = some_sealed(BOOKING_CIPHERTEXT_MAX);
    memset(booked->by, 's', BOOKING_SYSTEM_MAX);
    struct slice encoded = booking_event_encode(&event, &arena);
    struct arena small = arena_over(arena_memory + ARENA_SIZE / 2, BOOKING_EVENT_ARENA_SIZE);
    assert_true(booking_event_decode(encoded, &small, &read));
    assert_memory_equal(&event, &read, sizeof event);
    assert_true(small.used <= BOOKING_EVENT_ARENA_SIZE / 2);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_nul_is_not_cut),
        cmocka_unit_test(test_cut_at_each_byte),
        cmocka_unit_test(test_flipped_bytes),
        cmocka_unit_test(test_depth_is_bounded),
        cmocka_unit_test(test_no_room),
        cmocka_unit_test(test_client_to_door),
        cmocka_unit_test(test_commands_and_events),
        cmocka_unit_test(test_largest_event),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
