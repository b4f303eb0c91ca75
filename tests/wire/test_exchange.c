/* The header frames: both ways against the generated code, every bad field named, every cut and every flipped byte
 * survived. */
#include "lib/wire/exchange/exchange.h"

#include <bhr/exchange/v1/exchange.pb-c.h>
#include <stdio.h>
#include <stdlib.h>

#include "tests/support/cmocka.h"
#include "tests/support/prng.h"

static const char METHOD[] = "bhr.booking.v1.BookingService/Book";
static const char ID[] = "01890a5d-ac96-774b-bcce-b302099a8057";

static Bhr__Exchange__V1__RequestHeader good_request(void) {
    Bhr__Exchange__V1__RequestHeader message = BHR__EXCHANGE__V1__REQUEST_HEADER__INIT;
    message.method = (char *)(uintptr_t)METHOD;
    message.request_id = (char *)(uintptr_t)ID;
    message.correlation_id = (char *)(uintptr_t) "c-1";
    message.deadline_ms = 1795456800000;
    message.traceparent = (char *)(uintptr_t) "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    message.user_token = (char *)(uintptr_t) "eyJh.eyJz.sig";
    message.min_position = 42;
    return message;
}

static struct slice pack(const void *message, uint8_t *bytes, size_t size_max) {
    size_t size = protobuf_c_message_get_packed_size(message);
    assert_true(size <= size_max);
    protobuf_c_message_pack(message, bytes);
    return slice_of(bytes, size);
}

static void test_request_both_ways(void **state) {
    (void)state;
    Bhr__Exchange__V1__RequestHeader message = good_request();
    uint8_t generated[1024], ours[EXCHANGE_REQUEST_HEADER_MAX];
    struct slice frame = pack(&message, generated, sizeof generated);
    struct request_header header;
    const char *fault;
    assert_true(request_header_decode(frame, &header, &fault));
    assert_true(slice_equal(header.method, slice_text(METHOD)));
    assert_true(slice_equal(header.user_token, slice_text("eyJh.eyJz.sig")));
    assert_int_equal(header.deadline_ms, 1795456800000);
    assert_int_equal(header.min_position, 42);
    struct buffer out = buffer_over(ours, sizeof ours);
    request_header_encode(&header, &out);
    assert_true(slice_equal(buffer_slice(&out), frame)); /* byte for byte what the generated code writes */
}

static void test_reply_both_ways(void **state) {
    (void)state;
    struct reply_header header = {
        .status = REPLY_REFUSED,
        .repeated_answer = true,
        .outcome = slice_text("slot_taken"),
        .message = slice_text("every place is booked"),
        .detail = slice_text("slot_id"),
        .position = 7,
        .retry_after_ms = 250,
        .answered_by = slice_text("booking-1"),
    };
    assert_true(uuid_parse(slice_text(ID), &header.request_id));
    uint8_t bytes[EXCHANGE_REPLY_HEADER_MAX], again[EXCHANGE_REPLY_HEADER_MAX];
    struct buffer out = buffer_over(bytes, sizeof bytes);
    reply_header_encode(&header, &out);
    Bhr__Exchange__V1__ReplyHeader *message = bhr__exchange__v1__reply_header__unpack(NULL, out.size, bytes);
    assert_non_null(message);
    assert_string_equal(message->request_id, ID);
    assert_int_equal(message->status, BHR__EXCHANGE__V1__REPLY_STATUS__REPLY_STATUS_REFUSED);
    assert_true(message->repeated_answer);
    assert_string_equal(message->outcome, "slot_taken");
    assert_string_equal(message->answered_by, "booking-1");
    assert_int_equal(message->retry_after_ms, 250);
    assert_true(slice_equal(pack(message, again, sizeof again), buffer_slice(&out)));
    bhr__exchange__v1__reply_header__free_unpacked(message, NULL);

    struct reply_header read;
    const char *fault;
    assert_true(reply_header_decode(buffer_slice(&out), &read, &fault));
    assert_true(uuid_equal(read.request_id, header.request_id));
    assert_int_equal(read.status, REPLY_REFUSED);
    assert_true(read.repeated_answer);
    assert_int_equal(read.position, 7);
}

/* A header that could not be read is answered without an id, and long text is cut at a character. */
static void test_reply_always_fits(void **state) {
    (void)state;
    char text[2000];
    for (size_t i = 0; i < sizeof text; i += 2) memcpy(text + i, "\xC3\xA9", 2);
    text[0] = 'x';
    text[1] = 'x'; /* from here on whole characters; seen from text + 1, byte 256 is inside one */
    struct reply_header header = {
        .status = REPLY_INVALID,
        .outcome = slice_text("invalid"),
        .message = slice_of(text + 1, 1999),
        .detail = slice_of(text, 2000),
        .position = INT64_MAX,
        .retry_after_ms = INT64_MAX,
        .answered_by = slice_of(text + 1, 1999),
    };
    uint8_t bytes[EXCHANGE_REPLY_HEADER_MAX];
    struct buffer out = buffer_over(bytes, sizeof bytes);
    reply_header_encode(&header, &out);
    assert_false(out.is_full);
    struct reply_header read;
    const char *fault;
    assert_true(reply_header_decode(buffer_slice(&out), &read, &fault));
    assert_true(uuid_is_zero(read.request_id));
    assert_int_equal(read.detail.size, 256);
    assert_int_equal(read.message.size, 255);
}

/* NULL when the header is taken. */
static const char *fault_of(const Bhr__Exchange__V1__RequestHeader *message) {
    static uint8_t bytes[32 * 1024];
    struct request_header header = {.deadline_ms = -77};
    const char *fault = NULL;
    bool is_good = request_header_decode(pack(message, bytes, sizeof bytes), &header, &fault);
    assert_true(is_good == (fault == NULL));
    if (!is_good) assert_int_equal(header.deadline_ms, -77); /* untouched */
    return fault;
}

static void assert_names(const char *fault, const char *field) {
    assert_non_null(fault);
    if (strncmp(fault, field, strlen(field)) != 0) fail_msg("expected the fault to name %s: %s", field, fault);
}

static char *repeated(char c, size_t size) {
    static char text[16 * 1024];
    assert_true(size < sizeof text);
    memset(text, c, size);
    text[size] = '\0';
    return text;
}

static void test_each_bad_field_is_named(void **state) {
    (void)state;
    static const char *const bad_methods[] = {"", "Book", "/Book", "a/", "a/b/c", "a b/c", "a/b\n"};
    static const char *const bad_ids[] = {"", "x", "01890a5d-ac96-774b-bcce-b302099a805",
                                          "00000000-0000-0000-0000-000000000000"};
    for (size_t i = 0; i < sizeof bad_methods / sizeof bad_methods[0]; i++) {
        Bhr__Exchange__V1__RequestHeader message = good_request();
        message.method = (char *)(uintptr_t)bad_methods[i];
        assert_names(fault_of(&message), "method:");
    }
    for (size_t i = 0; i < sizeof bad_ids / sizeof bad_ids[0]; i++) {
        Bhr__Exchange__V1__RequestHeader message = good_request();
        message.request_id = (char *)(uintptr_t)bad_ids[i];
        assert_names(fault_of(&message), "request_id:");
    }
    struct {
        size_t offset, size_max;
        const char *name;
    } bounds[] = {
        {offsetof(Bhr__Exchange__V1__RequestHeader, correlation_id), 64, "correlation_id:"},
        {offsetof(Bhr__Exchange__V1__RequestHeader, traceparent), 128, "traceparent:"},
        {offsetof(Bhr__Exchange__V1__RequestHeader, user_token), 8192, "user_token:"},
    };
    for (size_t i = 0; i < sizeof bounds / sizeof bounds[0]; i++) {
        Bhr__Exchange__V1__RequestHeader message = good_request();
        char **field = (char **)(void *)((char *)&message + bounds[i].offset);
        *field = repeated('a', bounds[i].size_max);
        assert_null(fault_of(&message));
        *field = repeated('a', bounds[i].size_max + 1);
        assert_names(fault_of(&message), bounds[i].name);
        *field = (char *)(uintptr_t) "a b";
        assert_names(fault_of(&message), bounds[i].name);
        *field = (char *)(uintptr_t) "\xC3\xA9";
        assert_names(fault_of(&message), bounds[i].name);
        *field = (char *)(uintptr_t) "";
        assert_null(fault_of(&message));
    }
    Bhr__Exchange__V1__RequestHeader message = good_request();
    message.deadline_ms = -1;
    assert_names(fault_of(&message), "deadline_ms:");
    message = good_request();
    message.min_position = -1;
    assert_names(fault_of(&message), "min_position:");
}

static void test_bad_replies_are_named(void **state) {
    (void)state;
    uint8_t bytes[1024];
    struct reply_header header;
    const char *fault;
    Bhr__Exchange__V1__ReplyHeader message = BHR__EXCHANGE__V1__REPLY_HEADER__INIT;
    message.outcome = (char *)(uintptr_t) "ok";
    assert_false(reply_header_decode(pack(&message, bytes, sizeof bytes), &header, &fault));
    assert_names(fault, "status:");
    message.status = (Bhr__Exchange__V1__ReplyStatus)10;
    assert_false(reply_header_decode(pack(&message, bytes, sizeof bytes), &header, &fault));
    assert_names(fault, "status:");
    message.status = BHR__EXCHANGE__V1__REPLY_STATUS__REPLY_STATUS_OK;
    assert_true(reply_header_decode(pack(&message, bytes, sizeof bytes), &header, &fault));
    message.outcome = (char *)(uintptr_t) "";
    assert_false(reply_header_decode(pack(&message, bytes, sizeof bytes), &header, &fault));
    assert_names(fault, "outcome:");
    message.outcome = (char *)(uintptr_t) "ok";
    message.message = (char *)(uintptr_t) "\xFF";
    assert_false(reply_header_decode(pack(&message, bytes, sizeof bytes), &header, &fault));
    assert_names(fault, "message:");
    message.message = (char *)(uintptr_t) "";
    message.position = -1;
    assert_false(reply_header_decode(pack(&message, bytes, sizeof bytes), &header, &fault));
    assert_names(fault, "position:");
}

/* A NUL that protobuf-c would cut at: the whole field is judged. */
static void test_nul_is_not_cut(void **state) {
    (void)state;
    uint8_t bytes[256];
    struct buffer out = buffer_over(bytes, sizeof bytes);
    static const char method[] = "\x0A\x25"
                                 "bhr.booking.v1.BookingService/Book\0zz";
    buffer_put(&out, method, sizeof method - 1);
    static const char id[] = "\x12\x24"
                             "01890a5d-ac96-774b-bcce-b302099a8057";
    buffer_put(&out, id, sizeof id - 1);
    struct request_header header;
    const char *fault;
    assert_false(request_header_decode(buffer_slice(&out), &header, &fault));
    assert_names(fault, "method:");
    struct uuid peeked;
    assert_true(request_header_peek_id(buffer_slice(&out), &peeked)); /* it can still be answered by its id */
    char text[UUID_TEXT_SIZE + 1] = "";
    uuid_format(peeked, text);
    assert_string_equal(text, ID);
}

static void test_cut_and_flipped_bytes(void **state) {
    (void)state;
    Bhr__Exchange__V1__RequestHeader message = good_request();
    uint8_t bytes[1024];
    struct slice frame = pack(&message, bytes, sizeof bytes);
    struct request_header header;
    const char *fault;
    uint32_t good = 0;
    for (size_t size = 0; size < frame.size; size++) {
        uint8_t *copy = malloc(size > 0 ? size : 1); /* so that reading beyond the cut is seen */
        assert_non_null(copy);
        memcpy(copy, frame.data, size);
        good += request_header_decode(slice_of(copy, size), &header, &fault);
        struct uuid id;
        request_header_peek_id(slice_of(copy, size), &id);
        free(copy);
    }
    /* Cut exactly between two optional fields it is a shorter header, which is fine. */
    assert_int_equal(good, 5);
    struct prng prng = prng_seed(1);
    for (int i = 0; i < 20000; i++) {
        uint8_t copy[1024];
        memcpy(copy, frame.data, frame.size);
        for (int flips = 0; flips < 3; flips++) copy[prng_below(&prng, frame.size)] = (uint8_t)prng_u64(&prng);
        if (request_header_decode(slice_of(copy, frame.size), &header, &fault)) {
            assert_true(header.method.size <= EXCHANGE_METHOD_MAX && header.deadline_ms >= 0);
        }
        struct reply_header reply;
        if (reply_header_decode(slice_of(copy, frame.size), &reply, &fault)) assert_true(reply.status >= REPLY_OK);
    }
}

/* A field of a newer contract is passed over; one of another type is not. */
static void test_other_contracts(void **state) {
    (void)state;
    Bhr__Exchange__V1__RequestHeader message = good_request();
    uint8_t bytes[1024];
    struct slice frame = pack(&message, bytes, sizeof bytes);
    struct request_header header;
    const char *fault;
    static const uint8_t newer[] = {0x40, 1, 0x52, 1, 'x', 0xA5, 6, 1, 2, 3, 4};
    memcpy(bytes + frame.size, newer, sizeof newer);
    assert_true(request_header_decode(slice_of(bytes, frame.size + sizeof newer), &header, &fault));
    static const uint8_t wrong_type[] = {0x22, 1, 'x'}; /* deadline_ms as text */
    memcpy(bytes + frame.size, wrong_type, sizeof wrong_type);
    assert_false(request_header_decode(slice_of(bytes, frame.size + sizeof wrong_type), &header, &fault));
    assert_names(fault, "header:");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_request_both_ways),     cmocka_unit_test(test_reply_both_ways),
        cmocka_unit_test(test_reply_always_fits),     cmocka_unit_test(test_each_bad_field_is_named),
        cmocka_unit_test(test_bad_replies_are_named), cmocka_unit_test(test_nul_is_not_cut),
        cmocka_unit_test(test_cut_and_flipped_bytes), cmocka_unit_test(test_other_contracts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
