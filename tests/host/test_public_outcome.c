/* The public records of entries without events: how each kind of request ended, in which words, and whom a dead letter
 * calls. */
#include "tests/host/public_world.h"

#include <bhr/exchange/v1/exchange.pb-c.h>

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

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(an_entry_without_events_is_told, public_begin),
        cmocka_unit_test_setup(what_cannot_be_read_is_left_out, public_begin),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
