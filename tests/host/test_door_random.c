/* Ten thousand requests with everything around the door drawn from a seed: commands, queries, repeats and garbage;
 * reports that say delivered, refused, uncertain or nothing; decisions in the log's order, lost, repeated or of
 * another door's copy; Redis answering late or wrong; deadlines, generations, drops of whole turns. Checked: every
 * request gets exactly one reply, and no reply says what was not decided (journal.md section 5). */
#include "tests/support/cmocka.h"

#include "lib/base/text.h"
#include "lib/digest/digest.h"
#include "lib/host/answers.h"
#include "tests/support/fake_door.h"
#include "tests/support/prng.h"

#include <stdio.h>
#include <stdlib.h>

enum { REQUESTS = 10000, IDS_KEPT = 64 };

struct world {
    struct fake_door fake;
    struct prng prng;
    struct policy moved;       /* says the same as the fake's own, with every system at another place */
    struct uuid ids[IDS_KEPT]; /* lately used, to be used again */
    uint32_t id_count;
    /* The command log: which append lies at log_start + i. */
    uint32_t *log;
    uint32_t log_count, decided_count;
    uint32_t reported_count, marker_count;
    uint32_t generation;
    int64_t log_start;
    uint64_t number;
    uint32_t outcomes[64];
};

static struct world world;

static void ask_something(struct world *w) {
    struct fake_ask ask = {.system = FAKE_OTHER, .body = prng_chance(&w->prng, 80) ? "one" : "two"};
    if (prng_chance(&w->prng, 3)) {
        uint8_t bytes[40];
        for (size_t i = 0; i < sizeof bytes; i++) bytes[i] = (uint8_t)prng_below(&w->prng, 256);
        fake_door_ask_raw(&w->fake, FAKE_OTHER, slice_of(bytes, prng_below(&w->prng, sizeof bytes)), slice_text("x"));
        return;
    }
    if (prng_chance(&w->prng, 3)) ask.system = prng_chance(&w->prng, 50) ? FAKE_SYSTEM : "stranger";
    if (prng_chance(&w->prng, 20)) {
        ask.method = FAKE_ASK;
        if (prng_chance(&w->prng, 50)) ask.min_position = (int64_t)(w->number + prng_below(&w->prng, 30));
    }
    if (prng_chance(&w->prng, 2)) ask.body = "bad";
    if (prng_chance(&w->prng, 50)) ask.deadline_ms = w->fake.wall_ms - 5 + (int64_t)prng_below(&w->prng, 400);
    bool is_repeat = w->id_count > 0 && prng_chance(&w->prng, 25);
    uint32_t kept = w->id_count < IDS_KEPT ? w->id_count : IDS_KEPT;
    ask.id = is_repeat ? w->ids[prng_below(&w->prng, kept)] : fake_door_id(&w->fake);
    if (!is_repeat) w->ids[w->id_count++ % IDS_KEPT] = ask.id;
    fake_door_ask(&w->fake, &ask);
}

/* The broker takes appends in their order, loses some, and says what it likes about each. */
static void report_something(struct world *w) {
    while (w->reported_count < w->fake.append_count && prng_chance(&w->prng, 90)) {
        uint32_t append = w->reported_count++;
        bool is_written = prng_chance(&w->prng, 92);
        if (is_written) w->log[w->log_count++] = append;
        int64_t offset = w->log_start + w->log_count - 1;
        uint64_t draw = prng_below(&w->prng, 100);
        if (draw < 10) continue; /* no report at all */
        if (draw < 20) {
            fake_door_report(&w->fake, append, TOPIC_UNCERTAIN, -1);
        } else if (is_written) {
            fake_door_report(&w->fake, append, TOPIC_DELIVERED, draw < 25 ? -1 : offset);
        } else {
            fake_door_report(&w->fake, append, TOPIC_REFUSED, -1);
        }
    }
}

static uint32_t pick_outcome(struct world *w) {
    uint64_t draw = prng_below(&w->prng, 100);
    return draw < 80 ? OUTCOME_OK : draw < 95 ? FAKE_OUTCOME_TAKEN : OUTCOME_EXPIRED;
}

/* The replica decides one command as the rule says: the first answer stands, other content is refused by name. */
static void decide(struct world *w, uint32_t append) {
    const struct fake_append *command = &w->fake.appends[append];
    struct rows rows = rows_array_rows(&w->fake.rows);
    struct replica_answer news = {.source = slice_text(fake_append_header(command, COMMAND_HEADER_SOURCE))};
    struct slice digest = slice_text(fake_append_header(command, COMMAND_HEADER_DIGEST));
    assert_true(uuid_parse(slice_text(fake_append_header(command, COMMAND_HEADER_ID)), &news.command_id));
    assert_true(text_unhex(digest, news.command_digest.bytes, sizeof news.command_digest.bytes));
    news.number = ++w->number;
    struct answer_row row;
    uint8_t answer[8];
    if (!answers_find(&rows, news.source, news.command_id, &row)) {
        news.outcome = pick_outcome(w);
        snprintf((char *)answer, sizeof answer, "%07u", append % 10000000u);
        news.answer = slice_of(answer, 7);
        row = (struct answer_row){.command_digest = news.command_digest,
                                  .outcome = news.outcome,
                                  .number = news.number,
                                  .answer = news.answer};
        answers_put(&rows, news.source, news.command_id, &row);
    } else if (digest_equal(row.command_digest, news.command_digest)) {
        news.outcome = row.outcome;
        news.is_repeat = true;
        news.answer = row.answer;
    } else {
        news.outcome = OUTCOME_ID_REUSED;
    }
    if (!prng_chance(&w->prng, 3)) door_answered(w->fake.door, &news); /* some news are lost on their way */
}

static void decide_some(struct world *w) {
    uint64_t turn = prng_below(&w->prng, 20);
    while (turn-- > 0 && w->decided_count < w->log_count) {
        if (prng_chance(&w->prng, 97)) decide(w, w->log[w->decided_count]); /* else lost undecided */
        w->decided_count++;
    }
    struct position resume_at = {.generation = w->generation, .offset = w->log_start + w->decided_count};
    door_committed(w->fake.door, w->number, resume_at);
}

/* The command topic is damaged and replaced: what was not decided in it never will be. */
static void replace_command_topic(struct world *w) {
    w->generation++;
    w->log_start = 0;
    w->log_count = w->decided_count = 0;
    w->reported_count = w->fake.append_count;
    door_committed(w->fake.door, w->number, (struct position){.generation = w->generation});
}

static void redis_says_something(struct world *w) {
    while (w->marker_count < w->fake.marker_count && prng_chance(&w->prng, 80)) {
        const struct fake_marker *marker = &w->fake.markers[w->marker_count++];
        uint64_t draw = prng_below(&w->prng, 100);
        if (draw < 20) continue;
        enum cache_answer answer = draw < 30 ? CACHE_HELD_BY_OTHER : draw < 60 ? CACHE_UNKNOWN : CACHE_SET;
        marker->answer(marker->answer_context, marker->token, answer);
    }
}

static uint32_t count_replies_to_id(const struct world *w, struct uuid id) {
    uint32_t count = 0;
    for (uint32_t i = 0; i < w->fake.reply_count; i++) count += uuid_equal(w->fake.replies[i].header.request_id, id);
    return count;
}

/* An "ok" or a refusal by the service must be the first answer of its id. Where a caller who asked once was told
 * that the service could not take it, nothing must have been done, then or later. */
static void check_truth(struct world *w) {
    struct rows rows = rows_array_read_only(&w->fake.rows);
    for (uint32_t i = 0; i < w->fake.reply_count; i++) {
        const struct fake_reply *reply = &w->fake.replies[i];
        struct slice source = slice_text(w->fake.requests[reply->request].system);
        struct answer_row row;
        bool is_found = answers_find(&rows, source, reply->header.request_id, &row);
        if (reply->header.status == REPLY_OK || strcmp(reply->outcome, "slot_taken") == 0) {
            assert_true(is_found);
            assert_int_equal(row.outcome, reply->header.status == REPLY_OK ? OUTCOME_OK : FAKE_OUTCOME_TAKEN);
            assert_true(slice_equal(row.answer, slice_of(reply->body, reply->body_size)));
        } else if (reply->header.status == REPLY_TOO_BUSY || strcmp(reply->outcome, "unavailable") == 0) {
            if (is_found) assert_true(count_replies_to_id(w, reply->header.request_id) > 1);
        }
    }
}

static uint32_t count_outcome(const struct world *w, const char *outcome) {
    uint32_t count = 0;
    for (uint32_t i = 0; i < w->fake.reply_count; i++) count += strcmp(w->fake.replies[i].outcome, outcome) == 0;
    return count;
}

static void run(uint64_t seed) {
    struct world *w = &world;
    *w = (struct world){.prng = prng_seed(seed), .log_start = 100, .number = 10};
    struct fake_door *fake = &w->fake;
    fake_door_init(fake);
    fake_door_with_cache(fake);
    fake->options.limits.in_flight_max = 200;
    fake->options.limits.position_wait_ms_max = 300;
    fake->options.limits.requests_per_step_max = 16;
    fake_door_policy(&w->moved, "system 000-new { " FAKE_SYSTEM_ROWS "; methods t/Do }\n"
                                "system " FAKE_SYSTEM " { " FAKE_SYSTEM_ROWS "; methods t/Do t/Ask t/File }\n"
                                "system " FAKE_OTHER " { key @; organisation RYX; role 111; in_flight 10000; "
                                "per_second 1000000; methods t/Do t/Ask t/File }\n");
    fake_door_open(fake);
    w->log = calloc(REQUESTS, sizeof *w->log);
    assert_non_null(w->log);
    while (fake->request_count < REQUESTS) {
        for (uint64_t n = prng_below(&w->prng, 12); n > 0 && fake->request_count < REQUESTS; n--) ask_something(w);
        fake->append_status = prng_chance(&w->prng, 3) ? STATUS_FULL : STATUS_OK;
        fake->store_fails = prng_chance(&w->prng, 1);
        fake->cache_is_up = prng_chance(&w->prng, 90);
        fake_door_pass(fake, (int64_t)prng_below(&w->prng, 20));
        report_something(w);
        if (prng_chance(&w->prng, 60)) decide_some(w);
        redis_says_something(w);
        if (prng_chance(&w->prng, 1) && prng_chance(&w->prng, 20)) replace_command_topic(w);
        if (prng_chance(&w->prng, 1))
            door_set_policy(fake->door, prng_chance(&w->prng, 50) ? &fake->policy : &w->moved);
        assert_true(door_in_flight(fake->door) <= 200);
    }
    fake->store_fails = false;
    for (int i = 0; i < 2000 && (door_in_flight(fake->door) > 0 || fake->received < REQUESTS); i++) {
        fake_door_pass(fake, 100);
    }
    assert_int_equal(door_in_flight(fake->door), 0);
    assert_int_equal(fake->reply_count, REQUESTS);
    uint8_t *replies = calloc(REQUESTS, 1);
    assert_non_null(replies);
    for (uint32_t i = 0; i < fake->reply_count; i++) replies[fake->replies[i].request]++;
    for (uint32_t i = 0; i < REQUESTS; i++) assert_int_equal(replies[i], 1);
    free(replies);
    check_truth(w);
}

static void tear_down_world(void) {
    fake_door_close(&world.fake);
    free(world.log);
}

static void every_request_gets_exactly_one_reply(void **state) {
    (void)state;
    /* A run that never meets one of these has not tried it. */
    static const char *const met[] = {"ok",          "slot_taken", "invalid",         "denied",      "deadline_passed",
                                      "in_progress", "id_reused",  "unknown_outcome", "unavailable", "behind",
                                      "too_busy",    "expired",    "not_found"};
    const char *given = getenv("BHR_TEST_SEED");
    uint64_t first = given == NULL ? 1 : strtoull(given, NULL, 10), count = given == NULL ? 3 : 1;
    for (uint64_t seed = first; seed < first + count; seed++) {
        print_message("seed %llu\n", (unsigned long long)seed);
        run(seed);
        for (size_t i = 0; i < sizeof met / sizeof met[0]; i++) {
            uint32_t times = count_outcome(&world, met[i]);
            print_message("  %-16s %u\n", met[i], times);
            assert_true(times > 0);
        }
        tear_down_world();
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(every_request_gets_exactly_one_reply)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
