/* The publisher under chance: two processes that both believe to own the partition, killed and started again, with failing
 * producers, commits whose answer lies or of which only a part lands, transactions that hang, records that arrive when their
 * producer is gone, lost connections and clones in the journal. Whatever is drawn, when it ends both topics hold what the
 * journal says, each record once and in order.
 * BHR_TEST_SEED=<n> plays one seed alone. */
#include "tests/host/publisher_world.h"

#include "tests/support/prng.h"

enum { SEEDS = 400, ROUNDS = 400 };

static struct prng prng;
static uint64_t seed_played;

static uint64_t draw(void *context, uint64_t n) {
    return prng_below(context, n);
}

static void write_journal(void) {
    uint64_t count = prng_below(&prng, 4);
    for (uint64_t i = 0; i < count; i++) {
        if (prng_chance(&prng, 4)) world_log_entry(true);
        if (prng_chance(&prng, 3)) world_log_claim();
        world_log_entry(false);
    }
}

static void disturb(struct process *process) {
    process->producer.faults.fail_per_mille = prng_chance(&prng, 30) ? 60 : 0;
    process->producer.faults.silent_per_mille = prng_chance(&prng, 20) ? 200 : 0;
    process->producer.faults.unclean_per_mille = prng_chance(&prng, 20) ? 300 : 0;
    process->producer.faults.tear_per_mille = prng_chance(&prng, 20) ? 300 : 0;
    process->producer.faults.hang_per_mille = prng_chance(&prng, 30) ? 500 : 0;
    process->producer.faults.late_per_mille = prng_chance(&prng, 30) ? 500 : 0;
    process->reader.nothing_per_mille = prng_chance(&prng, 20) ? 300 : 0;
    if (prng_chance(&prng, 5)) process->reader.pending = prng_chance(&prng, 80) ? TOPIC_DISCONNECTED : TOPIC_FAILED;
}

static void play(uint64_t seed) {
    prng = prng_seed(seed);
    world_begin();
    world.hooks = (struct fake_hooks){.context = &prng, .draw = draw};
    world.batch_max = 1 + (uint32_t)prng_below(&prng, 12);
    for (int round = 0; round < ROUNDS; round++) {
        write_journal();
        uint32_t index = (uint32_t)prng_below(&prng, WORLD_PROCESSES);
        struct process *process = &world.processes[index];
        if (process->publisher == NULL) {
            if (prng_chance(&prng, 30)) world_start(index);
        } else if (prng_chance(&prng, 3)) {
            world_die(index);
        } else {
            disturb(process);
            publisher_own(process->publisher, !prng_chance(&prng, 5));
            for (uint64_t steps = 1 + prng_below(&prng, 8); steps > 0; steps--) {
                (void)world_step(index);
                world.time.now_ms += (int64_t)prng_below(&prng, 60);
            }
            assert_int_not_equal(process->view.state, PUBLISHER_STOPPED);
        }
        world.time.now_ms += (int64_t)prng_below(&prng, 200);
    }
    /* Peace: one owner, and nothing fails any more. */
    world_die(0);
    world_die(1);
    world_start(0);
    world_run(120000); /* enough for transactions of one entry each */
    world_expect_published(world.state.number);
    world_end();
}

static void each_record_comes_once_and_in_order(void **state) {
    (void)state;
    const char *one = getenv("BHR_TEST_SEED");
    uint64_t first = one != NULL ? strtoull(one, NULL, 10) : 1, last = one != NULL ? first : SEEDS;
    for (uint64_t seed = first; seed <= last; seed++) {
        seed_played = seed;
        play(seed);
    }
    seed_played = 0;
}

static int tell_seed(void **state) {
    (void)state;
    if (seed_played != 0) print_message("BHR_TEST_SEED=%llu\n", (unsigned long long)seed_played);
    return 0;
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test_teardown(each_record_comes_once_and_in_order, tell_seed)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
