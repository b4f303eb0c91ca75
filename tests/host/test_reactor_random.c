/* Random worlds: owners die, change and overlap, requests are lost, decided late and answered late, the source comes and
 * goes. In the end every event that is of concern was taken in once and in order, and nobody has stopped. */
#include "tests/host/reactor_world.h"
#include "tests/support/prng.h"
#include "tests/support/seeds.h"

enum { SEEDS = 150, TICKS = 400, LATE_MAX = 64 };

/* Requests that reached the command log and are not decided yet. */
struct late {
    uint32_t count;
    struct asked asked[LATE_MAX];
};
static struct late late;
static struct prng prng;
static char expected[WORLD_TAKEN_MAX];
static uint32_t seen_repeats, seen_out_of_step, seen_deaths, seen_events;

static uint32_t draw(uint32_t n) {
    return (uint32_t)prng_below(&prng, n);
}

static void source_goes_on(void) {
    char events[64] = "";
    uint32_t count = 1 + draw(JOURNAL_EVENTS_MAX);
    for (uint32_t i = 0; i < count; i++) {
        bool is_of_concern = draw(3) > 0;
        char event[8];
        (void)snprintf(event, sizeof event, "%c%c", is_of_concern ? '!' : '.', (int)('a' + draw(26)));
        (void)snprintf(events + strlen(events), sizeof events - strlen(events), "%s ", event);
        if (!is_of_concern) continue;
        strcat(expected, event);
        seen_events++;
    }
    if (draw(20) == 0) world_log_claim();
    if (draw(12) == 0) world_strays("!of another history");
    world_happens(events);
}

static void decide_one(uint32_t i) {
    struct asked asked = late.asked[i];
    late.asked[i] = late.asked[--late.count];
    uint32_t done = world.done_count, out_of_step = world.out_of_step_count;
    enum reply_status status = draw(10) == 0 ? REPLY_UNAVAILABLE : world_decide(&asked);
    seen_out_of_step += world.out_of_step_count - out_of_step;
    seen_repeats += status == REPLY_OK && world.done_count == done;
    bool is_heard = draw(10) > 0 && world.processes[asked.process].reactor != NULL;
    if (is_heard) world_reply(&asked, draw(12) == 0 ? REPLY_UNKNOWN_OUTCOME : status);
}

static void hear(uint32_t process) {
    struct asked asked;
    if (!world_hear(process, &asked)) return;
    if (draw(12) == 0) {
        /* It never reached the log, and its caller hears so or nothing at all; then it runs into its deadline. */
        world_reply(&asked, draw(2) == 0 ? REPLY_UNAVAILABLE : REPLY_UNKNOWN_OUTCOME);
    } else if (late.count < LATE_MAX) {
        late.asked[late.count++] = asked;
    }
}

/* A caller that heard nothing is told at its deadline. */
static void deadlines(uint32_t process) {
    struct asked asked = {.process = process};
    if (world.processes[process].reactor == NULL) return;
    for (uint32_t i = 0; i < late.count; i++) {
        if (late.asked[i].process == process) return;
    }
    asked.id = world.last_id;
    uint64_t serial = 0;
    for (serial = 1; serial < 2000; serial++) {
        asked.route.size = sizeof serial;
        memcpy(asked.route.bytes, &serial, sizeof serial);
        world_reply(&asked, REPLY_UNKNOWN_OUTCOME);
    }
}

static void tick(void) {
    switch (draw(14)) {
    case 0:
    case 1:
        if (strlen(expected) < WORLD_TAKEN_MAX - 64) source_goes_on();
        break;
    case 2: {
        uint32_t victim = draw(WORLD_PROCESSES);
        if (draw(3) > 0) break;
        seen_deaths += world.processes[victim].reactor != NULL;
        world_die(victim);
        break;
    }
    case 3: {
        uint32_t who = draw(WORLD_PROCESSES);
        if (world.processes[who].reactor == NULL) world_start(who, draw(2) == 0);
        break;
    }
    case 4: {
        uint32_t who = draw(WORLD_PROCESSES);
        if (world.processes[who].reactor != NULL) world.processes[who].is_owner = draw(2) == 0;
        break;
    }
    case 5: {
        uint32_t who = draw(WORLD_PROCESSES);
        if (world.processes[who].reactor == NULL) break;
        world.processes[who].reader.pending = draw(2) == 0 ? TOPIC_DISCONNECTED : TOPIC_FAILED;
        world.processes[who].reader.is_leader_new = draw(3) == 0;
        break;
    }
    case 6:
        deadlines(draw(WORLD_PROCESSES));
        break;
    default:
        if (late.count > 0) decide_one(draw(late.count));
        break;
    }
    for (uint32_t p = 0; p < WORLD_PROCESSES; p++) {
        if (world.processes[p].reactor == NULL) continue;
        hear(p);
        assert_true(reactor_step(world.processes[p].reactor, world.processes[p].is_owner) >= 0);
    }
    world.time.now_ms += 1 + draw(120);
    /* Never something else than the beginning of what it will be. */
    assert_memory_equal(world.taken, expected, strlen(world.taken));
}

static void run(uint64_t seed) {
    prng = prng_seed(seed);
    memset(expected, 0, sizeof expected);
    late.count = 0;
    void *state = NULL;
    (void)begin(&state);
    world_start(0, true);
    for (int i = 0; i < TICKS; i++) tick();
    /* No more faults: one owner, and whatever is still in the log is decided. */
    while (late.count > 0) decide_one(0);
    for (uint32_t p = 0; p < WORLD_PROCESSES; p++) world_die(p);
    world_start(draw(WORLD_PROCESSES), true);
    world_run(10000);
    assert_string_equal(world.taken, expected);
    assert_int_equal(world.alarm_count, 0);
    (void)end(&state);
}

static void test_random_worlds(void **state) {
    (void)state;
    if (!seeds_each(run, SEEDS)) return;
    print_message("%u events, %u deaths, %u repeats, %u out of step\n", seen_events, seen_deaths, seen_repeats,
                  seen_out_of_step);
    assert_true(seen_events > 20 * SEEDS && seen_deaths > SEEDS && seen_repeats > SEEDS / 4 && seen_out_of_step > 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test_teardown(test_random_worlds, seeds_tell_failing)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
