/* Commands whose acceptance needs what another service says: asked, answered, late, never, twice. A command never depends
 * on the other being there. */
#include "tests/support/cmocka.h"

#include "tests/support/fake_door.h"

#include <stdio.h>
#include <stdlib.h>

enum { QUESTIONS_MAX = 16 };

struct other {
    uint32_t question_count, answer_count, answers_taken;
    struct ask_question questions[QUESTIONS_MAX];
    char bodies[QUESTIONS_MAX][64], correlation_ids[QUESTIONS_MAX][64];
    struct ask_answer answers[QUESTIONS_MAX];
    enum status status; /* of the next question */
};
static struct other other;
static struct fake_door fake;

/* "plain" asks nothing; "two" asks once more after it was answered. */
static bool ask(const struct service_context *context, const struct ingress *ingress, struct slice request,
                const struct service_answer *last, struct arena *arena, struct service_question *ret_question) {
    assert_non_null(context->rows);
    assert_true(ingress->system.size > 0);
    bool is_two = slice_starts_with(request, slice_text("two"));
    if (slice_starts_with(request, slice_text("plain")) || (last != NULL && (!is_two || last->step == 1))) return false;
    char text[64];
    int size = snprintf(text, sizeof text, "who is %.*s, %u", (int)request.size, (const char *)request.data,
                        last == NULL ? 0 : last->step + 1);
    ret_question->method = "bhr.index.v1.IndexService/FindPerson";
    ret_question->body = arena_copy(arena, slice_of(text, (size_t)size));
    ret_question->is_query = true;
    return true;
}

static bool accept(const struct service_context *context, const struct ingress *ingress, struct slice request,
                   struct arena *arena, struct buffer *out, struct service_refusal *ret_refusal) {
    (void)arena;
    const struct service_answer *answer = context->answer;
    char text[FAKE_BODY_MAX];
    if (answer != NULL && answer->is_answered && slice_equal(answer->body, slice_text("nobody"))) {
        ret_refusal->outcome = OUTCOME_INVALID;
        return false;
    }
    int size =
        snprintf(text, sizeof text, "%.*s of %.*s: %s%.*s @%llu step %u", (int)request.size, (const char *)request.data,
                 (int)ingress->correlation_id.size, (const char *)ingress->correlation_id.data,
                 answer == NULL         ? "not asked"
                 : !answer->is_answered ? "no answer"
                 : answer->is_ok        ? "it is "
                                        : "refused ",
                 answer == NULL ? 0 : (int)answer->body.size,
                 answer == NULL || answer->body.size == 0 ? "" : (const char *)answer->body.data,
                 answer == NULL ? 0ULL : (unsigned long long)answer->position, answer == NULL ? 0U : answer->step);
    buffer_put(out, text, (size_t)size);
    return true;
}

static enum status put_question(void *context, const struct ask_question *question) {
    (void)context;
    if (other.status != STATUS_OK) return other.status;
    uint32_t i = other.question_count++;
    assert_true(i < QUESTIONS_MAX);
    other.questions[i] = *question;
    snprintf(other.bodies[i], sizeof other.bodies[i], "%.*s", (int)question->body.size,
             (const char *)question->body.data);
    snprintf(other.correlation_ids[i], sizeof other.correlation_ids[i], "%.*s", (int)question->correlation_id.size,
             (const char *)question->correlation_id.data);
    assert_true(question->limit_ms > 0);
    return STATUS_OK;
}

static bool take_answer(void *context, struct ask_answer *ret_answer) {
    (void)context;
    if (other.answers_taken == other.answer_count) return false;
    *ret_answer = other.answers[other.answers_taken++];
    return true;
}

static void answer(uint32_t question, bool is_answered, bool is_ok, const char *body) {
    other.answers[other.answer_count++] = (struct ask_answer){.token = other.questions[question].token,
                                                              .is_answered = is_answered,
                                                              .is_ok = is_ok,
                                                              .body = slice_text(body),
                                                              .position = 42};
    fake_door_pass(&fake, 1);
}

static uint32_t ask_door(const char *body) {
    return fake_door_do(&fake, &(struct fake_ask){.id = fake_door_id(&fake), .body = body, .correlation_id = "j7"});
}

static int begin(void **state) {
    (void)state;
    static struct service service;
    static const struct service_method methods[] = {
        {.name = FAKE_DO, .kind = METHOD_COMMAND, .accept = accept, .ask = ask}};
    memset(&other, 0, sizeof other);
    fake_door_init(&fake);
    service = fake_door_service;
    service.methods = methods;
    service.method_count = 1;
    fake.options.service = &service;
    fake.options.limits.ask_ms_max = 250;
    fake.ports.ask = (struct ask_port){.ask = put_question, .next = take_answer};
    fake_door_open(&fake);
    return 0;
}

static int end(void **state) {
    (void)state;
    fake_door_close(&fake);
    return 0;
}

static void asked_and_answered(void **state) {
    (void)state;
    uint32_t request = ask_door("Hana");
    assert_int_equal(fake.append_count, 0);
    assert_int_equal(other.question_count, 1);
    assert_string_equal(other.bodies[0], "who is Hana, 0");
    assert_string_equal(other.correlation_ids[0], "j7");
    assert_int_equal(other.questions[0].limit_ms, 250);
    assert_true(other.questions[0].is_query);
    answer(0, true, true, "P1");
    assert_int_equal(fake.append_count, 1);
    assert_string_equal(fake.appends[0].value, "Hana of j7: it is P1 @42 step 0");
    fake_door_expect_none(&fake, request);
    fake_door_decide(&fake, 0, OUTCOME_OK, "done", 11, 101);
    fake_door_expect(&fake, request, "ok", REPLY_OK);
}

static void nothing_to_ask(void **state) {
    (void)state;
    ask_door("plain");
    assert_int_equal(other.question_count, 0);
    assert_string_equal(fake.appends[0].value, "plain of j7: not asked @0 step 0");
}

/* Nobody is there: the command goes on at once. */
static void nobody_to_ask(void **state) {
    (void)state;
    other.status = STATUS_UNAVAILABLE;
    uint32_t request = ask_door("Hana");
    assert_string_equal(fake.appends[0].value, "Hana of j7: no answer @0 step 0");
    assert_int_equal(door_in_flight(fake.door), 1);
    fake_door_decide(&fake, 0, OUTCOME_OK, "done", 11, 101);
    fake_door_expect(&fake, request, "ok", REPLY_OK);
}

static void no_answer_in_time(void **state) {
    (void)state;
    ask_door("Hana");
    answer(0, false, false, "");
    assert_string_equal(fake.appends[0].value, "Hana of j7: no answer @42 step 0");
}

static void refused_by_the_other(void **state) {
    (void)state;
    ask_door("Hana");
    answer(0, true, false, "");
    assert_string_equal(fake.appends[0].value, "Hana of j7: refused  @42 step 0");
}

static void two_questions(void **state) {
    (void)state;
    uint32_t request = ask_door("two");
    answer(0, true, true, "P1");
    assert_int_equal(fake.append_count, 0);
    assert_int_equal(other.question_count, 2);
    assert_string_equal(other.bodies[1], "who is two, 1");
    answer(1, true, true, "P2");
    assert_string_equal(fake.appends[0].value, "two of j7: it is P2 @42 step 1");
    fake_door_expect_none(&fake, request);
    /* The second cannot be asked any more. */
    ask_door("two more");
    other.status = STATUS_UNAVAILABLE;
    answer(2, true, true, "P1");
    assert_string_equal(fake.appends[1].value, "two more of j7: no answer @0 step 1");
}

static void refused_after_the_answer(void **state) {
    (void)state;
    uint32_t request = ask_door("Hana");
    answer(0, true, true, "nobody");
    assert_int_equal(fake.append_count, 0);
    fake_door_expect(&fake, request, "invalid", REPLY_INVALID);
    assert_int_equal(door_in_flight(fake.door), 0);
}

/* The caller hears that nothing was done, and the answer that comes later finds nobody. */
static void the_caller_has_gone(void **state) {
    (void)state;
    uint32_t request = fake_door_do(
        &fake, &(struct fake_ask){.id = fake_door_id(&fake), .body = "Hana", .deadline_ms = FAKE_WALL_MS + 100});
    assert_int_equal(other.questions[0].limit_ms, 50); /* half of the caller's time */
    fake_door_pass(&fake, 101);
    fake_door_expect(&fake, request, "unavailable", REPLY_UNAVAILABLE);
    answer(0, true, true, "P1");
    assert_int_equal(fake.append_count, 0);
    assert_int_equal(fake.reply_count, 1);
}

static void a_repeat_meanwhile(void **state) {
    (void)state;
    struct uuid id = fake_door_id(&fake);
    uint32_t first = fake_door_do(&fake, &(struct fake_ask){.id = id, .body = "Hana"});
    uint32_t again = fake_door_do(&fake, &(struct fake_ask){.id = id, .body = "Hana"});
    uint32_t another = fake_door_do(&fake, &(struct fake_ask){.id = id, .body = "Yusuf"});
    fake_door_expect_none(&fake, first);
    assert_string_equal(fake_door_reply_to(&fake, again)->outcome, "in_progress");
    assert_string_equal(fake_door_reply_to(&fake, another)->outcome, "id_reused");
    assert_int_equal(other.question_count, 1);
    answer(0, true, true, "P1");
    assert_int_equal(fake.append_count, 1);
}

/* Its outcome came by another process's entry while this one was still asking. */
static void decided_elsewhere(void **state) {
    (void)state;
    struct uuid id = fake_door_id(&fake);
    uint32_t request = fake_door_do(&fake, &(struct fake_ask){.id = id, .body = "Hana"});
    const struct replica_answer news = {.source = slice_text(FAKE_SYSTEM),
                                        .command_id = id,
                                        .command_digest = fake_door_digest(FAKE_DO, "Hana"),
                                        .outcome = OUTCOME_OK,
                                        .number = 11};
    door_answered(fake.door, &news);
    fake_door_expect(&fake, request, "ok", REPLY_OK);
    answer(0, true, true, "P1");
    assert_int_equal(fake.append_count, 0);
}

/* The policy changed while it waited. */
static void denied_meanwhile(void **state) {
    (void)state;
    uint32_t request = ask_door("Hana");
    static struct policy policy;
    fake_door_policy(&policy, "system other { key @; organisation RYX; role 111; in_flight 4; per_second 1000; "
                              "methods t/Do }");
    door_set_policy(fake.door, &policy);
    answer(0, true, true, "P1");
    fake_door_expect(&fake, request, "denied", REPLY_DENIED);
    assert_int_equal(fake.append_count, 0);
}

static void drained_while_it_waits(void **state) {
    (void)state;
    uint32_t request = ask_door("Hana");
    door_drain(fake.door);
    door_abandon(fake.door);
    fake_door_expect(&fake, request, "unavailable", REPLY_UNAVAILABLE);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(asked_and_answered, begin, end),
        cmocka_unit_test_setup_teardown(nothing_to_ask, begin, end),
        cmocka_unit_test_setup_teardown(nobody_to_ask, begin, end),
        cmocka_unit_test_setup_teardown(no_answer_in_time, begin, end),
        cmocka_unit_test_setup_teardown(refused_by_the_other, begin, end),
        cmocka_unit_test_setup_teardown(two_questions, begin, end),
        cmocka_unit_test_setup_teardown(refused_after_the_answer, begin, end),
        cmocka_unit_test_setup_teardown(the_caller_has_gone, begin, end),
        cmocka_unit_test_setup_teardown(a_repeat_meanwhile, begin, end),
        cmocka_unit_test_setup_teardown(decided_elsewhere, begin, end),
        cmocka_unit_test_setup_teardown(denied_meanwhile, begin, end),
        cmocka_unit_test_setup_teardown(drained_while_it_waits, begin, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
