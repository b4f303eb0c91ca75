/* What an entry says about its command beside the decision: method and correlation id, taken from the record's headers and
 * never a reason to refuse; and what a door did not take, which is told and not decided. */
#include "tests/host/replica_world.h"

static int begin(void **state) {
    (void)state;
    world_begin();
    world_start();
    world_own();
    return 0;
}

static int end(void **state) {
    (void)state;
    world_end();
    return 0;
}

struct sent {
    const char *source, *id, *decide_by; /* NULL: no such header */
    const char *method, *correlation_id, *refused, *detail;
    bool has_value;
};

/* A record with those headers into the log, decided; the body of its entry. */
static struct entry_body decide(const struct sent *sent, struct entry *ret_entry) {
    const char *const names[] = {COMMAND_HEADER_SOURCE, COMMAND_HEADER_ID,          COMMAND_HEADER_DECIDE_BY,
                                 COMMAND_HEADER_METHOD, COMMAND_HEADER_CORRELATION, COMMAND_HEADER_REFUSED,
                                 COMMAND_HEADER_DETAIL, COMMAND_HEADER_DIGEST};
    const char *const values[] = {
        sent->source,         sent->id,      sent->decide_by, sent->method,
        sent->correlation_id, sent->refused, sent->detail,    "00112233445566778899aabbccddeeff"};
    struct topic_header headers[8];
    uint32_t count = 0;
    for (int i = 0; i < 8; i++) {
        if (values[i] != NULL) headers[count++] = (struct topic_header){slice_text(names[i]), slice_text(values[i])};
    }
    const uint8_t value[COMMAND_BYTES] = {OP_ADD, 0, 0, 0, 1};
    const struct topic_append append = {.topic = world.commands->topic,
                                        .value = slice_of(value, sent->has_value ? sizeof value : 0),
                                        .header_count = count,
                                        .headers = headers};
    fake_log_append(&world.broker, world.commands, fake_record_make(&world.broker, &append), 0);
    world_run(50);
    assert_int_equal(world.view.state, REPLICA_OWNING);
    struct journal_record record;
    assert_true(journal_record_read(world.journal->records[world.journal->count - 1]->shown.value, &record));
    assert_int_equal(record.kind, RECORD_ENTRY);
    *ret_entry = record.as.entry;
    struct entry_body body;
    assert_true(entry_body_read(record.as.entry.body, &body));
    return body;
}

static const char *id_now(uint8_t last) {
    static char text[UUID_TEXT_SIZE + 1];
    const uint8_t tail[10] = {[9] = last};
    uuid_format(uuid_v7_make(world.time.now_ms, tail), text);
    return text;
}

#define GOOD .source = "tester", .decide_by = "2000000000000", .has_value = true

static void names_are_copied(void **state) {
    (void)state;
    struct entry entry;
    struct entry_body body =
        decide(&(struct sent){GOOD, .id = id_now(1), .method = "Book", .correlation_id = "journey-7"}, &entry);
    assert_int_equal(body.outcome, OUTCOME_OK);
    assert_true(slice_equal(body.method, slice_text("Book")));
    assert_true(slice_equal(body.correlation_id, slice_text("journey-7")));
    /* A repeat says how it was called itself. */
    static char id[UUID_TEXT_SIZE + 1];
    memcpy(id, id_now(2), sizeof id);
    (void)decide(&(struct sent){GOOD, .id = id, .method = "Book", .correlation_id = "first"}, &entry);
    body = decide(&(struct sent){GOOD, .id = id, .method = "Book", .correlation_id = "second"}, &entry);
    assert_true(body.repeats != 0);
    assert_true(slice_equal(body.correlation_id, slice_text("second")));
    /* And so does a refusal, here for an id that is too old. */
    body = decide(&(struct sent){GOOD, .id = "01890a5d-ac96-774b-8000-000000000005", .correlation_id = "old"}, &entry);
    assert_int_equal(body.outcome, OUTCOME_TOO_OLD);
    assert_true(slice_equal(body.correlation_id, slice_text("old")));
    assert_int_equal(body.method.size, 0);
}

static void bad_names_are_left_out(void **state) {
    (void)state;
    static const char *const bad[] = {"",
                                      "two words",
                                      "caf\xC3\xA9",
                                      "a\x01",
                                      "943-476-5919",
                                      "9434765919",
                                      "a-correlation-id-and-a-method-that-are-both-far-too-long-for-anybody"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct entry entry;
        struct entry_body body =
            decide(&(struct sent){GOOD, .id = id_now((uint8_t)i), .method = bad[i], .correlation_id = bad[i]}, &entry);
        assert_int_equal(body.outcome, OUTCOME_OK);
        assert_int_equal(body.method.size, 0);
        assert_int_equal(body.correlation_id.size, 0);
    }
}

static void assert_detail(const struct entry_body *body, const char *expected) {
    if (slice_equal(body->detail, slice_text(expected))) return;
    fail_msg("detail is %.*s and not %s", (int)body->detail.size, (const char *)body->detail.data, expected);
}

/* Whatever the headers lack, what a door did not take has its entry; it changes nothing and is remembered by nobody. */
static void what_a_door_refused_is_told(void **state) {
    (void)state;
    struct entry entry;
    uint32_t total = world_number('t');
    struct entry_body body = decide(&(struct sent){GOOD, .id = id_now(1), .method = "Book", .correlation_id = "c",
                                                   .refused = "denied", .detail = "not this"},
                                    &entry);
    assert_int_equal(body.outcome, OUTCOME_REFUSED_AT_DOOR);
    assert_detail(&body, "denied: not this");
    assert_true(slice_equal(body.method, slice_text("Book")));
    assert_true(slice_equal(body.correlation_id, slice_text("c")));
    assert_int_equal(body.event_count, 0);
    assert_true(slice_equal(journal_name_slice(&entry.source), slice_text("tester")));
    assert_false(uuid_is_zero(entry.command_id));

    body = decide(&(struct sent){.source = "tester", .refused = "invalid"}, &entry);
    assert_int_equal(body.outcome, OUTCOME_REFUSED_AT_DOOR);
    assert_detail(&body, "invalid");
    assert_true(slice_equal(journal_name_slice(&entry.source), slice_text("tester")));
    assert_true(uuid_is_zero(entry.command_id));

    body = decide(&(struct sent){.source = "no token", .id = "junk", .refused = "invalid", .detail = "a\x01"}, &entry);
    assert_int_equal(body.outcome, OUTCOME_REFUSED_AT_DOOR);
    assert_detail(&body, "invalid");
    assert_true(slice_equal(journal_name_slice(&entry.source), slice_text("unreadable")));

    /* A refusal that is none: the record is read like any other. */
    body = decide(&(struct sent){.source = "tester", .refused = "two words"}, &entry);
    assert_int_equal(body.outcome, OUTCOME_UNREADABLE);
    assert_int_equal(world_number('t'), total);
    assert_int_equal(world_rows(ROWS_TABLE_ANSWER), 0);
}

/* The same id and content, refused by one door and taken by another: whoever waits hears only of what was decided. */
static void a_refusal_answers_nobody_who_waits(void **state) {
    (void)state;
    uint32_t number = world_send(OP_ADD, 1);
    world_run(50);
    assert_int_equal(world.outcomes[number], OUTCOME_OK);
    struct slice id = {0};
    assert_true(topic_header_find(&world.commands->records[0]->shown, COMMAND_HEADER_ID, &id));
    char text[UUID_TEXT_SIZE + 1] = {0};
    memcpy(text, id.data, UUID_TEXT_SIZE);
    world.outcomes[number] = 0;
    struct entry entry;
    struct entry_body body = decide(&(struct sent){GOOD, .id = text, .refused = "deadline_passed"}, &entry);
    assert_int_equal(body.outcome, OUTCOME_REFUSED_AT_DOOR);
    assert_int_equal(world.outcomes[number], 0);
    assert_int_equal(world_rows(ROWS_TABLE_ANSWER), 1); /* the first answer, as it was */
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(names_are_copied),
        TEST(bad_names_are_left_out),
        TEST(what_a_door_refused_is_told),
        TEST(a_refusal_answers_nobody_who_waits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
