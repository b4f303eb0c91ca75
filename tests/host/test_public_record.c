/* What the outside sees of each kind of entry: how many records, of which type, on which topic, under which key and headers;
 * and that none of it holds anything of a person. */
#include "lib/base/text.h"
#include "lib/digest/digest.h"
#include "lib/host/public_record.h"
#include "lib/host/replica.h"
#include "lib/wire/booking/booking_journal.h"
#include "lib/wire/booking/booking_request.h"
#include "services/booking/service.h"
#include "tests/support/cmocka.h"

#include <bhr/booking/v1/booking_journal.pb-c.h>
#include <bhr/exchange/v1/exchange.pb-c.h>
#include <stdio.h>

static uint8_t arena_memory[PUBLIC_RECORDS_ARENA_SIZE], body_memory[64 * 1024], event_memory[64 * 1024];
static struct public_record records[PUBLIC_RECORDS_MAX];
static struct public_context context;

static const struct uuid command_id = {{1, 0x90, 3, 4, 5, 6, 0x77, 8, 0x89, 10, 11, 12, 13, 14, 15, 16}};
#define COMMAND_ID_TEXT "01900304-0506-7708-890a-0b0c0d0e0f10"

static int begin(void **state) {
    (void)state;
    assert_true(digest_init());
    context = (struct public_context){.service = &booking_service,
                                      .environment = slice_text("test"),
                                      .locality = slice_text("nel-bhr"),
                                      .journal_id = {{9, 9}},
                                      .hash = digest_of};
    return 0;
}

static struct entry entry_of(enum entry_kind kind, const struct entry_body *body) {
    struct entry entry = {.epoch = 1, .number = 41, .decided_at_ms = 1764000000000, .kind = kind};
    if (kind == ENTRY_COMMAND) {
        assert_true(journal_name_set(&entry.source, slice_text("111-nel")));
        entry.command_id = command_id;
        entry.command_at = (struct position){2, 700};
    }
    struct buffer out = buffer_over(body_memory, sizeof body_memory);
    entry_body_write(body, &out);
    assert_false(out.is_full);
    entry.body = buffer_slice(&out);
    return entry;
}

static uint32_t tell(const struct entry *entry) {
    struct arena arena = arena_over(arena_memory, sizeof arena_memory);
    return public_records_of_entry(&context, entry, &arena, records);
}

static struct slice header_of(const struct public_record *record, const char *name) {
    for (uint32_t i = 0; i < record->header_count; i++) {
        if (slice_equal(record->headers[i].name, slice_text(name))) return record->headers[i].value;
    }
    return slice_of(NULL, 0);
}

static void assert_header(const struct public_record *record, const char *name, const char *value) {
    struct slice found = header_of(record, name);
    if (!slice_equal(found, slice_text(value))) {
        fail_msg("%s is %.*s and not %s", name, (int)found.size, (const char *)found.data, value);
    }
}

static struct slice encode_event(const struct booking_event *event, struct arena *arena) {
    struct slice bytes = booking_event_encode(event, arena);
    assert_non_null(bytes.data);
    return bytes;
}

static struct uuid some_id(uint8_t fill) {
    struct uuid id;
    memset(id.bytes, fill, sizeof id.bytes);
    id.bytes[6] = 0x70;
    id.bytes[8] = 0x80;
    return id;
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

/* ---- entries without events ---- */

static struct slice slot_answer(struct arena *arena) {
    struct booking_answer answer = {.alternatives.count = 1};
    answer.alternatives.slots[0] =
        (struct booking_slot){.slot_id = {.session_id = some_id(2), .index = 4}, .organisation = "Y90020", .free = 1};
    return booking_answer_encode(BOOKING_COMMAND_BOOK, &answer, arena);
}

struct told_case {
    const char *name;
    enum entry_kind kind;
    struct entry_body body; /* schema and method are added */
    uint32_t count;         /* records in all */
    /* Of the RequestOutcome, if there is one. */
    const char *outcome, *detail;
    enum reply_status status;
    bool is_repeated;
    /* Of the dead letter, if there is one. */
    const char *letter, *letter_detail;
};
#define REFUSED(text)                                                                                                  \
    {                                                                                                                  \
        .outcome = OUTCOME_REFUSED_AT_DOOR, .detail = {(const uint8_t *)(text), sizeof(text) - 1 }                     \
    }
static const struct told_case cases[] = {
    {"a refusal", ENTRY_COMMAND, {.outcome = 103}, 1, "slot_taken", "", REPLY_REFUSED, false, NULL, NULL},
    {"a repeat", ENTRY_COMMAND, {.outcome = OUTCOME_OK, .repeats = 7}, 1, "ok", "", REPLY_OK, true, NULL, NULL},
    {"expired", ENTRY_COMMAND, {.outcome = OUTCOME_EXPIRED}, 1, "expired", "", REPLY_UNAVAILABLE, false, NULL, NULL},
    {"unreadable",
     ENTRY_COMMAND,
     {.outcome = OUTCOME_UNREADABLE, .detail = {(const uint8_t *)"hold_id: a UUID", 15}},
     2,
     "unreadable",
     "hold_id: a UUID",
     REPLY_INVALID,
     false,
     "unreadable",
     "hold_id: a UUID"},
    {"set aside",
     ENTRY_COMMAND,
     {.outcome = OUTCOME_SET_ASIDE},
     2,
     "set_aside",
     "",
     REPLY_UNAVAILABLE,
     false,
     "set_aside",
     ""},
    {"a repeat of one that was set aside",
     ENTRY_COMMAND,
     {.outcome = OUTCOME_SET_ASIDE, .repeats = 3},
     1,
     "set_aside",
     "",
     REPLY_UNAVAILABLE,
     true,
     NULL,
     NULL},
    {"refused at the door", ENTRY_COMMAND, REFUSED("denied: not this method"), 2, "denied", "not this method",
     REPLY_DENIED, false, "refused_at_door", "denied: not this method"},
    {"refused without a reason", ENTRY_COMMAND, REFUSED("too_old"), 2, "too_old", "", REPLY_INVALID, false,
     "refused_at_door", "too_old"},
    {"refused by the service's own check", ENTRY_COMMAND, REFUSED("window_too_wide: 14 days"), 2, "window_too_wide",
     "14 days", REPLY_INVALID, false, "refused_at_door", "window_too_wide: 14 days"},
    {"refused in words that are not known", ENTRY_COMMAND, REFUSED("later: why"), 2, "refused_at_door", "later: why",
     REPLY_INVALID, false, "refused_at_door", "later: why"},
    {"a timer with nothing to do", ENTRY_TIMER, {.outcome = OUTCOME_OK}, 0, NULL, NULL, REPLY_OK, false, NULL, NULL},
    {"a timer that was set aside",
     ENTRY_TIMER,
     {.outcome = OUTCOME_SET_ASIDE},
     1,
     NULL,
     NULL,
     REPLY_OK,
     false,
     "set_aside",
     "a timer of the service's own, which stays visible and is not due again"},
    {"lost commands",
     ENTRY_GAP,
     {.outcome = OUTCOME_EXPIRED_UNDECIDED, .gap_from = {2, 700}, .gap_to = {3, 9}},
     1,
     NULL,
     NULL,
     REPLY_OK,
     false,
     "expired_undecided",
     "every command from here up to generation 3, offset 9 was lost"},
};

static void check_outcome(const struct told_case *expected, const struct public_record *record, bool has_answer) {
    assert_false(record->is_dead_letter);
    assert_header(record, "ce_type", "bhr.exchange.v1.RequestOutcome");
    assert_header(record, "ce_causationid", COMMAND_ID_TEXT);
    assert_header(record, "ce_bhrsystem", "111-nel");
    assert_true(slice_equal(record->key, slice_text(COMMAND_ID_TEXT)));
    Bhr__Exchange__V1__RequestOutcome *read =
        bhr__exchange__v1__request_outcome__unpack(NULL, record->value.size, record->value.data);
    assert_non_null(read);
    assert_string_equal(read->outcome, expected->outcome);
    assert_string_equal(read->detail, expected->detail);
    assert_int_equal(read->status, expected->status);
    assert_int_equal(read->repeated_answer, expected->is_repeated);
    assert_string_equal(read->request_id, COMMAND_ID_TEXT);
    assert_string_equal(read->method, "Book");
    assert_int_equal(read->number, 41);
    assert_true(read->message[0] != '\0' && read->bars[0] != '\0');
    assert_string_equal(read->answer_type, has_answer ? "bhr.booking.v1.BookResponse" : "");
    assert_int_equal(read->answer.len > 0, has_answer);
    bhr__exchange__v1__request_outcome__free_unpacked(read, NULL);
}

static void check_letter(const struct told_case *expected, const struct public_record *record) {
    assert_true(record->is_dead_letter);
    assert_header(record, "ce_type", "bhr.exchange.v1.DeadLetter");
    assert_true(slice_equal(record->key, slice_text("nel-bhr")));
    Bhr__Exchange__V1__DeadLetter *read =
        bhr__exchange__v1__dead_letter__unpack(NULL, record->value.size, record->value.data);
    assert_non_null(read);
    bool is_of_command = expected->kind == ENTRY_COMMAND;
    assert_string_equal(read->outcome, expected->letter);
    assert_string_equal(read->detail, expected->letter_detail);
    assert_string_equal(read->source, is_of_command ? "111-nel" : "");
    assert_string_equal(read->request_id, is_of_command ? COMMAND_ID_TEXT : "");
    bool is_of_timer = expected->kind == ENTRY_TIMER;
    assert_int_equal(read->generation, is_of_timer ? 0 : 2);
    assert_int_equal(read->offset, is_of_timer ? 0 : 700);
    assert_int_equal(read->number, 41);
    bhr__exchange__v1__dead_letter__free_unpacked(read, NULL);
}

static void an_entry_without_events_is_told(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        for (int has_answer = 0; has_answer < 2; has_answer++) {
            struct arena arena = arena_over(event_memory, sizeof event_memory);
            struct entry_body body = cases[i].body;
            body.schema = 1;
            body.method = slice_text(cases[i].kind == ENTRY_COMMAND ? "Book" : "");
            if (has_answer != 0) body.answer = slot_answer(&arena);
            struct entry entry = entry_of(cases[i].kind, &body);
            uint32_t count = tell(&entry);
            if (count != cases[i].count) fail_msg("%s: %u records", cases[i].name, count);
            uint32_t next = 0;
            if (cases[i].outcome != NULL) check_outcome(&cases[i], &records[next++], has_answer != 0);
            if (cases[i].letter != NULL) check_letter(&cases[i], &records[next++]);
            assert_int_equal(next, count);
        }
    }
}

/* A request without a readable id still has its outcome; what a later writer may have put there is left out. */
static void what_cannot_be_read_is_left_out(void **state) {
    (void)state;
    struct arena arena = arena_over(event_memory, sizeof event_memory);
    char endless[COMMAND_METHOD_MAX + 1];
    memset(endless, 'x', sizeof endless);
    const struct entry_body body = {.schema = 1,
                                    .outcome = OUTCOME_UNREADABLE,
                                    .answer = slot_answer(&arena),
                                    .correlation_id = slice_text("no token"),
                                    .method = slice_of(endless, sizeof endless)};
    struct entry entry = entry_of(ENTRY_COMMAND, &body);
    entry.command_id = (struct uuid){{0}};
    assert_int_equal(tell(&entry), 2);
    assert_header(&records[0], "ce_causationid", "");
    assert_header(&records[0], "ce_correlationid", "");
    assert_true(slice_equal(records[0].key, slice_text("111-nel")));
    Bhr__Exchange__V1__RequestOutcome *read =
        bhr__exchange__v1__request_outcome__unpack(NULL, records[0].value.size, records[0].value.data);
    assert_non_null(read);
    assert_string_equal(read->method, "");
    assert_string_equal(read->request_id, "");
    assert_string_equal(read->answer_type, ""); /* whose answer it is, nobody can tell */
    bhr__exchange__v1__request_outcome__free_unpacked(read, NULL);
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
        cmocka_unit_test_setup(an_event_is_a_cloud_event, begin),
        cmocka_unit_test_setup(each_event_has_its_own_id, begin),
        cmocka_unit_test_setup(an_entry_without_events_is_told, begin),
        cmocka_unit_test_setup(what_cannot_be_read_is_left_out, begin),
        cmocka_unit_test_setup(what_this_program_cannot_read_stops_it, begin),
        cmocka_unit_test_setup(the_largest_entry_fits, begin),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
