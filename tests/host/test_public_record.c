/* The public records of entries with events: CloudEvents whose ids never change and in which nothing is of a person; and
 * what happens at the limits. Entries without events: test_public_outcome.c. */
#include "tests/host/public_world.h"

#include "lib/base/text.h"
#include "lib/wire/booking/booking_journal.h"

#include <bhr/booking/v1/booking_journal.pb-c.h>
#include <stdio.h>

static struct slice encode_event(const struct booking_event *event, struct arena *arena) {
    struct slice bytes = booking_event_encode(event, arena);
    assert_non_null(bytes.data);
    return bytes;
}

static const char *const secrets[] = {"9434765919", "Feather",   "Guinevere", "1984-02-29",
                                      "LOCAL-77",   "7946 0000", "ring twice"};

static struct booking_event booked_event(void) {
    struct booking_event event = {.kind = BOOKING_EVENT_SLOT_BOOKED};
    struct slot_booked *booked = &event.slot_booked;
    booked->booking_id = some_id(1);
    booked->slot_id = (struct booking_slot_id){.session_id = some_id(2), .index = 3};
    booked->starts_at_ms = 1795456800000;
    booked->ends_at_ms = 1795457700000;
    booked->person_id = some_id(4);
    /* As if sealing did nothing: not even sealed may the details leave. */
    booked->sealed.key_id = some_id(5);
    struct buffer details = buffer_over(booked->sealed.ciphertext, sizeof booked->sealed.ciphertext);
    for (size_t i = 0; i < sizeof secrets / sizeof secrets[0]; i++) {
        buffer_put(&details, secrets[i], strlen(secrets[i]));
    }
    booked->sealed.size = (uint32_t)details.size;
    (void)snprintf(booked->by, sizeof booked->by, "111-nel");
    return event;
}

static bool holds(struct slice bytes, const char *secret) {
    return bytes.size > 0 && memmem(bytes.data, bytes.size, secret, strlen(secret)) != NULL;
}

static void assert_nothing_personal(uint32_t count) {
    for (uint32_t i = 0; i < count; i++) {
        for (size_t k = 0; k < sizeof secrets / sizeof secrets[0]; k++) {
            bool is_there = holds(records[i].key, secrets[k]) || holds(records[i].value, secrets[k]);
            for (uint32_t h = 0; h < records[i].header_count; h++) {
                is_there |= holds(records[i].headers[h].value, secrets[k]);
            }
            if (is_there) fail_msg("record %u holds %s", i, secrets[k]);
        }
    }
}

static void an_event_is_a_cloud_event(void **state) {
    (void)state;
    struct arena arena = arena_over(event_memory, sizeof event_memory);
    struct booking_event event = booked_event();
    struct slice bytes = encode_event(&event, &arena);
    for (size_t i = 0; i < sizeof secrets / sizeof secrets[0]; i++) assert_true(holds(bytes, secrets[i]));
    const struct entry_body body = {.schema = 1,
                                    .outcome = OUTCOME_OK,
                                    .answer = slice_text("\x0a\x01x"),
                                    .event_count = 1,
                                    .events = {bytes},
                                    .correlation_id = slice_text("journey-7"),
                                    .method = slice_text("Book")};
    struct entry entry = entry_of(ENTRY_COMMAND, &body);
    assert_int_equal(tell(&entry), 1);
    assert_nothing_personal(1);
    const struct public_record *record = &records[0];
    assert_false(record->is_dead_letter);
    assert_true(slice_equal(record->key, slice_text("04040404-0404-7004-8004-040404040404")));
    assert_header(record, "ce_specversion", "1.0");
    assert_header(record, "ce_source", "/bhr/test/booking/nel-bhr");
    assert_header(record, "ce_type", "bhr.booking.v1.SlotBooked");
    assert_header(record, "ce_time", "2025-11-24T16:00:00.000Z");
    assert_header(record, "content-type", "application/protobuf");
    assert_header(record, "ce_correlationid", "journey-7");
    assert_header(record, "ce_causationid", COMMAND_ID_TEXT);
    assert_header(record, "ce_bhrsystem", "111-nel");
    assert_header(record, "ce_bhrnumber", "41");
    struct uuid id;
    assert_true(uuid_parse(header_of(record, "ce_id"), &id));
    assert_int_equal(id.bytes[6] >> 4, 8);
    assert_int_equal(record->header_count, PUBLIC_HEADERS_MAX);
    Bhr__Booking__V1__SlotBooked *read =
        bhr__booking__v1__slot_booked__unpack(NULL, record->value.size, record->value.data);
    assert_non_null(read);
    assert_string_equal(read->booking_id, "01010101-0101-7001-8001-010101010101");
    assert_string_equal(read->person_id, "04040404-0404-7004-8004-040404040404");
    bhr__booking__v1__slot_booked__free_unpacked(read, NULL);
}

/* Each event of each kind is a record of its own type and key; the ids differ and never change. */
static void each_event_has_its_own_id(void **state) {
    (void)state;
    struct arena arena = arena_over(event_memory, sizeof event_memory);
    struct booking_event events[4] = {{.kind = BOOKING_EVENT_HOLD_EXPIRED},
                                      {.kind = BOOKING_EVENT_SLOT_HELD},
                                      {.kind = BOOKING_EVENT_BOOKING_CANCELLED},
                                      {.kind = BOOKING_EVENT_SESSION_PUBLISHED}};
    const struct booking_slot_id slot_id = {.session_id = some_id(2), .index = 3};
    events[0].hold_expired = (struct hold_expired){.hold_id = some_id(1), .slot_id = slot_id};
    events[1].slot_held = (struct slot_held){.hold_id = some_id(1),
                                             .slot_id = slot_id,
                                             .starts_at_ms = 1795456800000,
                                             .expires_at_ms = 1764000300000,
                                             .by = "111-nel"};
    events[2].booking_cancelled = (struct booking_cancelled){.booking_id = some_id(1),
                                                             .cancel_id = some_id(5),
                                                             .slot_id = slot_id,
                                                             .starts_at_ms = 1795456800000,
                                                             .person_id = some_id(4),
                                                             .reason = BOOKING_CANCEL_PERSON,
                                                             .by = "111-nel"};
    events[3].session_published = (struct session_published){.session = {.session_id = some_id(2),
                                                                         .organisation = "Y90020",
                                                                         .service_id = "clinic",
                                                                         .kind = BOOKING_KIND_VIDEO,
                                                                         .audience = BOOKING_AUDIENCE_HUB,
                                                                         .starts_at_ms = 1795456800000,
                                                                         .slot_minutes = 15,
                                                                         .slot_count = 8,
                                                                         .capacity = 1},
                                                             .by = "ops"};
    struct entry_body body = {.schema = 1, .outcome = OUTCOME_OK, .event_count = 4};
    for (int i = 0; i < 4; i++) body.events[i] = encode_event(&events[i], &arena);
    struct entry entry = entry_of(ENTRY_TIMER, &body);
    assert_int_equal(tell(&entry), 4);
    static const char *const types[] = {"bhr.booking.v1.HoldExpired", "bhr.booking.v1.SlotHeld",
                                        "bhr.booking.v1.BookingCancelled", "bhr.booking.v1.SessionPublished"};
    static const char *const keys[] = {"02020202-0202-7002-8002-020202020202:3",
                                       "02020202-0202-7002-8002-020202020202:3", "04040404-0404-7004-8004-040404040404",
                                       "02020202-0202-7002-8002-020202020202"};
    char ids[4][UUID_TEXT_SIZE];
    for (int i = 0; i < 4; i++) {
        assert_header(&records[i], "ce_type", types[i]);
        assert_true(slice_equal(records[i].key, slice_text(keys[i])));
        assert_header(&records[i], "ce_bhrsystem", ""); /* nobody asked: a timer fired */
        assert_header(&records[i], "ce_causationid", "");
        memcpy(ids[i], header_of(&records[i], "ce_id").data, UUID_TEXT_SIZE);
        for (int k = 0; k < i; k++) assert_memory_not_equal(ids[i], ids[k], UUID_TEXT_SIZE);
    }
    assert_int_equal(tell(&entry), 4); /* published again after a crash */
    for (int i = 0; i < 4; i++) assert_memory_equal(ids[i], header_of(&records[i], "ce_id").data, UUID_TEXT_SIZE);
    entry.number++;
    assert_int_equal(tell(&entry), 4);
    for (int i = 0; i < 4; i++) assert_memory_not_equal(ids[i], header_of(&records[i], "ce_id").data, UUID_TEXT_SIZE);
    entry.number--;
    context.journal_id.bytes[0]++;
    assert_int_equal(tell(&entry), 4);
    assert_memory_not_equal(ids[0], header_of(&records[0], "ce_id").data, UUID_TEXT_SIZE);
}

static void what_this_program_cannot_read_stops_it(void **state) {
    (void)state;
    const struct entry_body bodies[] = {
        {.schema = booking_service.apply_version + 1, .outcome = OUTCOME_OK},
        {.schema = 1, .outcome = 99999},
        {.schema = 1, .outcome = OUTCOME_OK, .event_count = 1, .events = {slice_text("no event")}},
    };
    for (size_t i = 0; i < sizeof bodies / sizeof bodies[0]; i++) {
        struct entry entry = entry_of(ENTRY_COMMAND, &bodies[i]);
        assert_int_equal(tell(&entry), PUBLIC_RECORDS_UNREADABLE);
    }
    struct entry entry = entry_of(ENTRY_COMMAND, &bodies[0]);
    entry.body = slice_text("\x85\x01");
    assert_int_equal(tell(&entry), PUBLIC_RECORDS_UNREADABLE);
    /* Every arena that is too small is a no, and never half an answer. */
    struct arena arena = arena_over(event_memory, sizeof event_memory);
    const struct entry_body body = {.schema = 1, .outcome = 103, .answer = slot_answer(&arena)};
    entry = entry_of(ENTRY_COMMAND, &body);
    for (size_t size = 0; size < 1024; size += 16) {
        struct arena small = arena_over(arena_memory, size);
        assert_int_equal(public_records_of_entry(&context, &entry, &small, records), PUBLIC_RECORDS_UNREADABLE);
    }
}

/* The largest entries there can be fit into the arena that is promised to suffice. */
static void the_largest_entry_fits(void **state) {
    (void)state;
    static uint8_t answer[JOURNAL_RECORD_MAX - 1024], whole[JOURNAL_RECORD_MAX];
    struct buffer out = buffer_over(answer, sizeof answer);
    struct arena arena = arena_over(event_memory, sizeof event_memory);
    struct slice one = slot_answer(&arena);
    while (out.size + one.size <= sizeof answer) buffer_put(&out, one.data, one.size);
    const struct entry_body body = {
        .schema = 1, .outcome = 103, .answer = buffer_slice(&out), .method = slice_text("Book")};
    struct entry entry = entry_of(ENTRY_COMMAND, &(struct entry_body){.schema = 1, .outcome = 103});
    struct buffer encoded = buffer_over(whole, sizeof whole);
    entry_body_write(&body, &encoded);
    assert_false(encoded.is_full);
    entry.body = buffer_slice(&encoded);
    assert_int_equal(tell(&entry), 1);
    assert_true(records[0].value.size > sizeof answer - one.size);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(an_event_is_a_cloud_event, public_begin),
        cmocka_unit_test_setup(each_event_has_its_own_id, public_begin),
        cmocka_unit_test_setup(what_this_program_cannot_read_stops_it, public_begin),
        cmocka_unit_test_setup(the_largest_entry_fits, public_begin),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
