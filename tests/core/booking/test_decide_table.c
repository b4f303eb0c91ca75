/* Reads decide.table: every case is decided on facts made from its words, and every pair of a ladder is tried. Demands that
 * every outcome of booking appears in it. */
#include "tests/core/booking/booking_world.h"

#include "lib/wire/booking/booking_person.h"
#include "services/booking/core/facts.h"
#include "services/booking/core/query.h"

enum { WORDS_MAX = 12, RUNGS_MAX = 10, LINE_MAX_SIZE = 512 };

struct facts {
    struct booking_ingress ingress;
    struct publish_facts publish;
    struct slot_facts slot;
    struct hold_row hold;
    struct booking_row booking;
    bool is_done, is_from_hold, is_hold_known, is_busy, is_overlapped, is_booking_known;
    struct follow_facts follow;
    struct relink_facts relink;
    enum follow_change change;
    bool has_answer, is_answered;
    int64_t window_ms;
    uint32_t held, crowd;
};

static const int64_t NOW_MS = 1795456800000; /* 2026-11-23T18:00:00Z */
static const struct uuid ENTITY = {{1}}, SESSION = {{2}}, HOLD = {{3}}, BOOKING = {{4}}, PERSON = {{5}};
static const struct uuid OTHER = {{6}}, MERGE = {{7}};

static bool is_seen[BOOKING_OUTCOME_COUNT];
static uint32_t case_count, pair_count;

static void set_text(char *field, size_t size, const char *text) {
    assert_true(strlen(text) < size);
    memset(field, 0, size);
    memcpy(field, text, strlen(text));
}

static void facts_begin(struct facts *facts) {
    memset(facts, 0, sizeof *facts);
    set_text(facts->ingress.system, sizeof facts->ingress.system, "practice-a");
    set_text(facts->ingress.organisation, sizeof facts->ingress.organisation, "F82001");
    set_text(facts->ingress.role, sizeof facts->ingress.role, "practice");
    facts->ingress.entity_id = ENTITY;
    struct booking_session *session = &facts->slot.session;
    session->session_id = SESSION;
    set_text(session->organisation, sizeof session->organisation, "F82001");
    set_text(session->service_id, sizeof session->service_id, "gp-routine");
    session->kind = BOOKING_KIND_IN_PERSON;
    session->audience = BOOKING_AUDIENCE_HUB;
    session->starts_at_ms = NOW_MS + 60 * BOOKING_MINUTE_MS;
    session->slot_minutes = 10;
    session->slot_count = 6;
    session->capacity = 1;
    facts->slot.is_known = true;
    facts->is_hold_known = true;
    facts->is_booking_known = true;
    facts->booking.status = BOOKING_BOOKED;
    facts->booking.person_id = PERSON;
    facts->follow.at.offset = 7;
    facts->follow.person_id = PERSON;
    facts->follow.known_id = OTHER;
    facts->change = FOLLOW_NONE;
    facts->hold.expires_at_ms = NOW_MS + 5 * BOOKING_MINUTE_MS;
    set_text(facts->hold.by, sizeof facts->hold.by, "practice-a");
}

/* "+60m", "-1ms" */
static int64_t offset_ms(const char *text) {
    char *end;
    int64_t value = strtoll(text, &end, 10);
    assert_true(end != text);
    if (strcmp(end, "ms") == 0) return value;
    assert_string_equal(end, "m");
    return value * BOOKING_MINUTE_MS;
}

/* What the index says, and what was known before. */
static bool facts_take_identity(struct facts *facts, const char *key, const char *value) {
    if (strcmp(key, "at") == 0) {
        facts->follow.at.offset = atoi(value);
    } else if (strcmp(key, "there") == 0) {
        facts->follow.is_the_place = true;
    } else if (strcmp(key, "change") == 0) {
        facts->change = strcmp(value, "record") == 0  ? FOLLOW_RECORD
                        : strcmp(value, "merge") == 0 ? FOLLOW_MERGE
                                                      : FOLLOW_UNMERGE;
    } else if (strcmp(key, "news") == 0) {
        facts->follow.is_link_news = facts->relink.is_link_news = true;
    } else if (strcmp(key, "standing") == 0) {
        facts->follow.is_merge_standing = true;
    } else if (strcmp(key, "touched") == 0) {
        facts->follow.corrected.booking_count = (uint32_t)atoi(value);
    } else if (strcmp(key, "asked") == 0) {
        facts->has_answer = true;
    } else if (strcmp(key, "answered") == 0) {
        facts->has_answer = facts->is_answered = true;
    } else {
        return false;
    }
    return true;
}

static void facts_take(struct facts *facts, const char *word) {
    struct booking_session *session = &facts->slot.session;
    char key[32] = "";
    const char *equals = strchr(word, '=');
    const char *value = equals == NULL ? "" : equals + 1;
    size_t key_size = equals == NULL ? strlen(word) : (size_t)(equals - word);
    assert_true(key_size < sizeof key);
    memcpy(key, word, key_size);
    if (strcmp(key, "done") == 0) {
        facts->is_done = true;
    } else if (strcmp(key, "overlapped") == 0) {
        facts->is_overlapped = true;
    } else if (strcmp(key, "busy") == 0) {
        facts->is_busy = true;
    } else if (strcmp(key, "from_hold") == 0) {
        facts->is_from_hold = true;
    } else if (strcmp(key, "slot") == 0) {
        facts->slot.is_known = strcmp(value, "unknown") != 0;
    } else if (strcmp(key, "hold") == 0) {
        facts->is_hold_known = strcmp(value, "unknown") != 0;
    } else if (strcmp(key, "booking") == 0) {
        facts->is_booking_known = strcmp(value, "unknown") != 0;
    } else if (strcmp(key, "role") == 0) {
        set_text(facts->ingress.role, sizeof facts->ingress.role, value);
    } else if (strcmp(key, "owner") == 0) {
        set_text(session->organisation, sizeof session->organisation, value);
    } else if (strcmp(key, "audience") == 0) {
        session->audience = strcmp(value, "111") == 0        ? BOOKING_AUDIENCE_111
                            : strcmp(value, "practice") == 0 ? BOOKING_AUDIENCE_PRACTICE
                                                             : BOOKING_AUDIENCE_HUB;
    } else if (strcmp(key, "starts") == 0) {
        session->starts_at_ms = NOW_MS + offset_ms(value);
    } else if (strcmp(key, "expires") == 0) {
        facts->hold.expires_at_ms = NOW_MS + offset_ms(value);
    } else if (strcmp(key, "hold_by") == 0) {
        set_text(facts->hold.by, sizeof facts->hold.by, value);
    } else if (strcmp(key, "capacity") == 0) {
        session->capacity = (uint32_t)atoi(value);
    } else if (strcmp(key, "booked") == 0) {
        facts->slot.booked = (uint32_t)atoi(value);
    } else if (strcmp(key, "held") == 0) {
        facts->held = (uint32_t)atoi(value);
    } else if (strcmp(key, "cancelled") == 0) {
        facts->booking.status = BOOKING_CANCELLED;
    } else if (strcmp(key, "cancelled_by_this") == 0) {
        facts->booking.status = BOOKING_CANCELLED;
        facts->booking.cancel_id = ENTITY;
    } else if (strcmp(key, "window") == 0) {
        facts->window_ms = strtoll(value, NULL, 10);
    } else if (strcmp(key, "crowd") == 0) {
        facts->crowd = (uint32_t)atoi(value);
    } else if (!facts_take_identity(facts, key, value)) {
        fail_msg("no such word: %s", word);
    }
}

/* What gather would make of it. */
static void facts_end(struct facts *facts) {
    struct slot_row row = {.booked = facts->slot.booked, .hold_count = facts->held};
    assert_true(facts->held <= BOOKING_CAPACITY_MAX);
    for (uint32_t i = 0; i < facts->held; i++) row.holds[i].expires_at_ms = NOW_MS + 1;
    slot_view(&facts->slot.session, 0, &row, NOW_MS, &facts->slot.slot);
    facts->booking.starts_at_ms = facts->slot.session.starts_at_ms;
    if (facts->slot.slot.free == 0) {
        facts->slot.alternatives.count = 1;
        facts->slot.alternatives.slots[0] = facts->slot.slot;
    }
}

/* Searches run over rows: `crowd` organisations publish the same 200 one-minute slots of one service. */
static struct booking_decision search(const struct facts *facts) {
    struct rows_array array;
    rows_array_init(&array);
    struct rows rows = rows_array_rows(&array);
    struct booking_session session = facts->slot.session;
    session.slot_minutes = 1;
    session.slot_count = 200;
    for (uint32_t i = 0; i < facts->crowd; i++) {
        session.session_id.bytes[14] = (uint8_t)(i >> 8);
        session.session_id.bytes[15] = (uint8_t)i;
        snprintf(session.organisation, sizeof session.organisation, "F%05u", i % 100000);
        session_row_put(&rows, &session);
    }
    struct find_slots_request request = {.from_ms = NOW_MS, .to_ms = NOW_MS + facts->window_ms, .limit = 500};
    set_text(request.service_id, sizeof request.service_id, session.service_id);
    struct find_slots_result result;
    static struct booking_slot slots[501];
    query_find_slots(&rows, &facts->ingress, &request, NOW_MS, slots, &result);
    rows_array_free(&array);
    struct booking_decision decision = {.outcome = result.outcome};
    return decision;
}

static struct booking_decision follow(const struct facts *facts) {
    struct follow_request request = {.after = {.offset = 7},
                                     .to = {.offset = 9},
                                     .place_size = 1,
                                     .number = 3,
                                     .change = facts->change,
                                     .child_id = PERSON,
                                     .parent_id = OTHER};
    if (facts->change != FOLLOW_RECORD) request.merge_id = MERGE;
    return decide_follow(&facts->follow, &request);
}

/* The door's answer to Relink, before anything is decided: nobody is awaited in this store. */
static struct booking_decision look_up(const struct facts *facts) {
    static struct world world;
    world_init(&world, "2026-11-23T18:00:00Z");
    const struct service_answer answer = {.is_answered = facts->is_answered};
    world_context.answer = facts->has_answer ? &answer : NULL;
    const struct relink_order order = {.person_id = PERSON};
    struct arena arena = arena_over(world.memory, WORLD_ARENA_SIZE);
    struct slice request = wire_table_encode_to_arena(&booking_relink_request_wire, &order, &arena);
    struct ingress ingress = world_ingress(&world, &OPERATOR);
    struct buffer command = buffer_over(world.command, sizeof world.command);
    struct service_refusal refusal = {0};
    bool is_accepted =
        world_method(BOOKING_METHOD_RELINK)->accept(&world_context, &ingress, request, &arena, &command, &refusal);
    assert_false(is_accepted);
    world_free(&world);
    struct booking_decision decision;
    memset(&decision, 0, sizeof decision);
    decision.outcome = refusal.outcome;
    return decision;
}

static struct booking_decision decide(const char *command, const struct facts *f) {
    if (strcmp(command, "publish") == 0) {
        struct publish_facts facts = {.now_ms = NOW_MS, .is_done = f->is_done, .is_overlapped = f->is_overlapped};
        struct publish_command publish = {.ingress = f->ingress, .request = {.session = f->slot.session}};
        return decide_publish(&facts, &publish);
    }
    if (strcmp(command, "hold") == 0) {
        struct hold_facts facts = {.now_ms = NOW_MS, .is_done = f->is_done, .slot = f->slot, .done = f->hold};
        struct hold_command hold = {.ingress = f->ingress,
                                    .request = {.slot_id = f->slot.slot.slot_id, .hold_seconds = 300}};
        return decide_hold(&facts, &hold);
    }
    if (strcmp(command, "book") == 0) {
        struct book_facts facts = {.now_ms = NOW_MS,
                                   .is_done = f->is_done,
                                   .is_hold_known = f->is_hold_known,
                                   .hold = f->hold,
                                   .slot = f->slot,
                                   .is_person_busy = f->is_busy};
        struct book_command book = {.ingress = f->ingress, .order = {.is_from_hold = f->is_from_hold}};
        book.order.person_id = PERSON;
        if (f->is_from_hold) book.order.hold_id = HOLD;
        return decide_book(&facts, &book);
    }
    if (strcmp(command, "cancel") == 0) {
        struct cancel_facts facts = {.now_ms = NOW_MS, .is_known = f->is_booking_known, .booking = f->booking};
        if (!f->is_booking_known) memset(&facts.booking, 0, sizeof facts.booking);
        struct cancel_command cancel = {.ingress = f->ingress,
                                        .request = {.booking_id = BOOKING, .reason = BOOKING_CANCEL_PERSON}};
        return decide_cancel(&facts, &cancel);
    }
    if (strcmp(command, "expire") == 0) {
        struct expire_facts facts = {.now_ms = NOW_MS, .is_known = f->is_hold_known, .hold = f->hold};
        return decide_expire(&facts, HOLD);
    }
    if (strcmp(command, "follow") == 0) return follow(f);
    if (strcmp(command, "relink") == 0) {
        const struct relink_order order = {.person_id = PERSON, .known_id = OTHER, .known_number = 3};
        return decide_relink(&f->relink, &order);
    }
    if (strcmp(command, "lookup") == 0) return look_up(f);
    if (strcmp(command, "find") == 0) return search(f);
    fail_msg("no such command: %s", command);
    return decision_refused(REFUSED_SLOT_UNKNOWN);
}

static const char *answer_of(const char *command, char *const *words, uint32_t word_count) {
    struct facts facts;
    facts_begin(&facts);
    for (uint32_t i = 0; i < word_count; i++) facts_take(&facts, words[i]);
    facts_end(&facts);
    struct booking_decision decision = decide(command, &facts);
    struct booking_decision second = decide(command, &facts);
    assert_memory_equal(&decision, &second, sizeof decision); /* same input, same bytes out */
    bool is_full = decision.outcome == REFUSED_SLOT_TAKEN || decision.outcome == REFUSED_SLOT_HELD;
    assert_int_equal(decision.answer.alternatives.count, is_full ? 1 : 0);
    if (decision.outcome != OUTCOME_OK) assert_int_equal(decision.event_count, 0);
    for (uint32_t i = 0; i < BOOKING_OUTCOME_COUNT; i++) {
        if (booking_outcomes[i].code == decision.outcome) is_seen[i] = true;
    }
    return decision.outcome == OUTCOME_OK && decision.event_count == 0 ? "again" : outcome_name(decision.outcome);
}

static uint32_t split(char *text, const char *between, char **words, uint32_t max) {
    uint32_t count = 0;
    char *rest = NULL;
    for (char *word = strtok_r(text, between, &rest); word != NULL; word = strtok_r(NULL, between, &rest)) {
        assert_true(count < max);
        words[count++] = word;
    }
    return count;
}

/* Each rung alone gives its own answer; each pair gives that of the earlier one. */
static void check_ladder(int line, char *text) {
    char *command = text + strspn(text, " ");
    char *rungs_text = command + strcspn(command, " ");
    *rungs_text++ = '\0';
    char *rungs[RUNGS_MAX];
    uint32_t count = split(rungs_text, ",\n", rungs, RUNGS_MAX);
    assert_true(count >= 2);
    for (uint32_t i = 0; i < count; i++) {
        char first[LINE_MAX_SIZE], both[2 * LINE_MAX_SIZE];
        for (uint32_t j = i + 1; j < count; j++) {
            char *words[WORDS_MAX];
            snprintf(first, sizeof first, "%s", rungs[i]);
            const char *alone = answer_of(command, words, split(first, " ", words, WORDS_MAX));
            /* The earlier rung's words come last, so that where both set one fact its own value counts. */
            snprintf(both, sizeof both, "%s %s", rungs[j], rungs[i]);
            const char *together = answer_of(command, words, split(both, " ", words, WORDS_MAX));
            if (strcmp(alone, together) != 0 || strcmp(alone, "ok") == 0) {
                fail_msg("decide.table:%d: '%s' with '%s' is %s, alone %s", line, rungs[i], rungs[j], together, alone);
            }
            pair_count++;
        }
    }
}

static void check_case(int line, char *text) {
    char *words[WORDS_MAX];
    uint32_t count = split(text, " \n", words, WORDS_MAX);
    if (count == 0) return;
    assert_true(count >= 2);
    const char *answer = answer_of(words[0], words + 1, count - 2);
    if (strcmp(answer, words[count - 1]) != 0) {
        fail_msg("decide.table:%d: expected %s, decided %s", line, words[count - 1], answer);
    }
    case_count++;
}

static void test_table(void **state) {
    (void)state;
    FILE *file = fopen(BHR_SOURCE_DIR "/tests/core/booking/decide.table", "r");
    assert_non_null(file);
    char text[LINE_MAX_SIZE];
    for (int line = 1; fgets(text, sizeof text, file) != NULL; line++) {
        if (text[0] == '#') continue;
        if (strncmp(text, "ladder ", 7) == 0) {
            check_ladder(line, text + 7);
        } else {
            check_case(line, text);
        }
    }
    fclose(file);
    print_message("%u cases, %u pairs\n", case_count, pair_count);
    assert_true(case_count > 50);
    assert_true(pair_count > 50);
}

static void test_every_outcome_appears(void **state) {
    (void)state;
    for (uint32_t i = 0; i < BOOKING_OUTCOME_COUNT; i++) {
        if (!is_seen[i]) fail_msg("no case of decide.table ends in %s", booking_outcomes[i].name);
    }
}

static void test_outcome_rows_are_sound(void **state) {
    (void)state;
    for (uint32_t i = 0; i < BOOKING_OUTCOME_COUNT; i++) {
        const struct outcome_row *row = &booking_outcomes[i];
        assert_true(row->code >= 100);
        assert_true(strlen(row->sentence) > 10 && strlen(row->sentence) <= 256);
        for (uint32_t j = 0; j < i; j++) {
            assert_int_not_equal(row->code, booking_outcomes[j].code);
            assert_string_not_equal(row->name, booking_outcomes[j].name);
        }
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_table),
        cmocka_unit_test(test_every_outcome_appears),
        cmocka_unit_test(test_outcome_rows_are_sound),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
