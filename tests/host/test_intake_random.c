/* Thousands of records with everything around the intake drawn from a seed: a door that decides, refuses, repeats, is busy
 * or forgets; a command log that loses appends and reports; records sent twice; topics given and taken; a process killed in
 * between. Checked at every step: what the group is told to be done has its outcome in the journal, or its note in the
 * command log; and at the end: every record is done. */
#include "tests/host/intake_world.h"
#include "tests/support/prng.h"

#include <stdlib.h>

enum { TOPICS = 3, RECORDS = 4000, PENDING_MAX = 64, STEPS_MAX = 200000 };

enum kind { GOOD, DENIED, UNREADABLE };

struct record {
    enum kind kind;
    uint32_t topic, first; /* first: the record of the same request, itself but for one sent again */
    int64_t offset;
    bool is_done;
    bool is_told; /* the door said: decided, and by this very request */
    bool is_noted_refused, is_noted_repeated;
    bool is_decided; /* of the first */
};

struct pending {
    bool is_used;
    struct intake_asked asked;
    uint32_t record;
    int64_t due_ms;
};

static struct intake_world world;
static struct {
    struct prng prng;
    uint32_t record_count;
    struct record records[RECORDS];
    uint32_t by_offset[TOPICS][RECORDS]; /* number + 1 of the record at that offset */
    int64_t done[TOPICS];
    struct pending pending[PENDING_MAX];
    bool is_calm;
    uint32_t note_next;
    uint32_t kills, moves, lost_notes, repeats, in_progress, forgotten, busy;
} run;

static bool chance(unsigned percent) {
    return !run.is_calm && prng_chance(&run.prng, percent);
}

static bool is_settled(const struct record *record) {
    if (record->kind != GOOD) return record->is_noted_refused;
    return run.records[record->first].is_decided && (record->is_told || record->is_noted_repeated);
}

/* The oracle: nothing is told to be done too early. */
static void on_done(void *context, uint32_t topic, int64_t offset) {
    (void)context;
    for (int64_t at = run.done[topic]; at < offset; at++) {
        if (run.by_offset[topic][at] == 0) continue; /* a gap */
        struct record *record = &run.records[run.by_offset[topic][at] - 1];
        assert_true(is_settled(record));
        record->is_done = true;
    }
    if (offset > run.done[topic]) run.done[topic] = offset;
}

static void put_record(void) {
    uint32_t number = run.record_count++;
    struct record *record = &run.records[number];
    *record = (struct record){.topic = (uint32_t)prng_below(&run.prng, TOPICS), .first = number};
    uint64_t draw = prng_below(&run.prng, 100);
    record->kind = draw < 80 ? GOOD : draw < 90 ? DENIED : UNREADABLE;
    if (number > 0 && prng_chance(&run.prng, 15)) {
        uint32_t again = (uint32_t)prng_below(&run.prng, number);
        record->first = run.records[again].first;
        record->kind = run.records[again].kind;
        record->topic = run.records[again].topic;
    }
    char id[32], correlation[32], value[32];
    (void)snprintf(id, sizeof id, "order-%u", record->first);
    (void)snprintf(correlation, sizeof correlation, "c%u", number);
    (void)snprintf(value, sizeof value, "%s%u", record->kind == DENIED ? "deny" : "r", record->first);
    const char *const headers[INTAKE_HEADER_COUNT] = {
        [INTAKE_HEADER_TYPE] = record->kind == UNREADABLE ? NULL : INTAKE_BOOK,
        [INTAKE_HEADER_ID] = id,
        [INTAKE_HEADER_TIME] = "2025-11-24T16:00:00Z",
        [INTAKE_HEADER_CORRELATION] = correlation,
    };
    int64_t skip = prng_chance(&run.prng, 10) ? 1 : 0;
    if (world.topics.topics[record->topic].end + skip >= RECORDS) skip = 0;
    record->offset = fake_request_put(&world.topics, record->topic, skip, world.wall_ms, headers, value);
    assert_true(record->offset < RECORDS);
    run.by_offset[record->topic][record->offset] = number + 1;
}

static uint32_t record_of(const char *correlation) {
    assert_int_equal(correlation[0], 'c');
    uint32_t number = (uint32_t)strtoul(correlation + 1, NULL, 10);
    assert_true(number < run.record_count);
    return number;
}

/* One reply of the door, as door_command.c gives them. */
static void answer(struct pending *pending) {
    struct record *record = &run.records[pending->record], *first = &run.records[record->first];
    const struct intake_asked *asked = &pending->asked;
    pending->is_used = false;
    if (chance(10)) {
        run.busy++;
        world_reply(&world, asked, REPLY_TOO_BUSY, "too_busy", "", 0, false, (int64_t)prng_below(&run.prng, 300));
    } else if (chance(5)) {
        world_reply(&world, asked, REPLY_UNAVAILABLE, "unavailable", "", 0, false, 0);
    } else if (record->kind == DENIED) {
        world_reply(&world, asked, REPLY_DENIED, "denied", "", 0, false, 0);
    } else if (first->is_decided) {
        run.repeats++;
        world_reply(&world, asked, REPLY_OK, "ok", "", 3, true, 0);
    } else {
        first->is_decided = true;
        if (chance(15)) { /* decided, but the news was lost */
            run.forgotten++;
            world_reply(&world, asked, REPLY_UNKNOWN_OUTCOME, "unknown_outcome", "", 0, false, 0);
        } else {
            record->is_told = true;
            world_reply(&world, asked, REPLY_OK, "ok", "", 3, false, 0);
        }
    }
}

static void be_the_door(void) {
    for (uint32_t i = 0; i < PENDING_MAX; i++) {
        struct pending *pending = &run.pending[i];
        if (pending->is_used && pending->due_ms <= world.monotonic_ms) answer(pending);
        if (pending->is_used || !world_ask(&world, &pending->asked)) continue;
        pending->is_used = true;
        pending->record = record_of(pending->asked.correlation);
        pending->due_ms = world.monotonic_ms + (int64_t)prng_below(&run.prng, 200);
        assert_int_not_equal(run.records[pending->record].kind, UNREADABLE);
        bool is_running = false;
        for (uint32_t j = 0; j < PENDING_MAX; j++) {
            const struct pending *other = &run.pending[j];
            if (j != i && other->is_used && uuid_equal(other->asked.id, pending->asked.id)) is_running = true;
        }
        if (is_running) {
            run.in_progress++;
            pending->is_used = false;
            world_reply(&world, &pending->asked, REPLY_IN_PROGRESS, "in_progress", "", 0, false, 0);
        } else if (chance(20)) {
            answer(pending); /* at once */
        }
    }
}

/* Notes land or are lost, and the reports say what they like about it. */
static void be_the_command_log(void) {
    for (; run.note_next < world.note_count; run.note_next++) {
        const struct intake_note *note = &world.notes[run.note_next % INTAKE_NOTES_MAX];
        struct record *record = &run.records[record_of(world_header(note, COMMAND_HEADER_CORRELATION))];
        bool is_refusal = world_header(note, COMMAND_HEADER_REFUSED)[0] != '\0';
        assert_int_equal(is_refusal, record->kind != GOOD);
        bool has_landed = !chance(15);
        if (has_landed) *(is_refusal ? &record->is_noted_refused : &record->is_noted_repeated) = true;
        if (!has_landed) run.lost_notes++;
        if (chance(10)) continue;
        enum topic_report_result said = has_landed && !chance(20) ? TOPIC_DELIVERED : TOPIC_UNCERTAIN;
        world_report_note(&world, run.note_next, said);
    }
}

static void be_the_group(void) {
    for (uint32_t i = 0; i < TOPICS; i++) {
        bool has = fake_intake_has(&world.group, i);
        if (!has && (run.is_calm || prng_chance(&run.prng, 20))) {
            fake_intake_give(&world.group, i);
        } else if (has && chance(1)) {
            run.moves++;
            fake_intake_take(&world.group, i);
        }
    }
    if (prng_chance(&run.prng, 20)) fake_intake_commit(&world.group);
    if (chance(1) && prng_chance(&run.prng, 50)) {
        run.kills++;
        for (uint32_t i = 0; i < PENDING_MAX; i++) run.pending[i].is_used = false;
        world_stop(&world);
        for (uint32_t i = 0; i < TOPICS; i++) run.done[i] = world.topics.topics[i].committed;
        world_start(&world);
        world.group.done = on_done;
    }
}

static bool all_are_done(void) {
    for (uint32_t i = 0; i < TOPICS; i++) {
        if (world.topics.topics[i].committed != world.topics.topics[i].end) return false;
    }
    return run.record_count == RECORDS;
}

static void run_seed(uint64_t seed) {
    memset(&run, 0, sizeof run);
    run.prng = prng_seed(seed);
    world_init(&world, TOPICS);
    intake_free(world.intake);
    fake_intake_fini(&world.group);
    world.options.limits.refused_per_second_max = 1000000; /* test_intake.c looks at the rate */
    world_start(&world);
    world.group.done = on_done;
    uint32_t steps = 0;
    while (!all_are_done() && steps++ < STEPS_MAX) {
        run.is_calm = run.record_count == RECORDS && steps > 3000;
        for (uint64_t n = prng_below(&run.prng, 6); n > 0 && run.record_count < RECORDS; n--) put_record();
        world.append_status = chance(5) ? STATUS_FULL : STATUS_OK;
        be_the_group();
        be_the_door();
        world_pass(&world, (int64_t)prng_below(&run.prng, 30));
        be_the_command_log();
        assert_true(intake_look(world.intake).waiting <= TOPICS * 8);
    }
    assert_true(all_are_done());
    for (uint32_t i = 0; i < RECORDS; i++) assert_true(run.records[i].is_done && is_settled(&run.records[i]));
    print_message("seed %llu: %u steps, %u kills, %u moves, %u notes, %u of them lost, %u repeats, %u in progress, "
                  "%u forgotten, %u busy\n",
                  (unsigned long long)seed, steps, run.kills, run.moves, world.note_count, run.lost_notes, run.repeats,
                  run.in_progress, run.forgotten, run.busy);
    /* A run that never meets one of these has not tried it. */
    assert_true(run.kills > 0 && run.moves > 0 && run.lost_notes > 0 && run.repeats > 0 && run.in_progress > 0 &&
                run.forgotten > 0 && run.busy > 0);
    assert_int_equal(world.results[INTAKE_DROPPED], 0);
    world_fini(&world);
}

static void every_record_has_its_outcome(void **state) {
    (void)state;
    const char *given = getenv("BHR_TEST_SEED");
    uint64_t first = given == NULL ? 1 : strtoull(given, NULL, 10), count = given == NULL ? 4 : 1;
    for (uint64_t seed = first; seed < first + count; seed++) run_seed(seed);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(every_record_has_its_outcome)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
