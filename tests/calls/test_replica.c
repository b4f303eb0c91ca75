/* A replica opens, claims, decides turns, fires a timer and stops, while one call of one port fails: each call, in each
 * way. Whatever became of that process, the next one on the same store finishes the work: every command is one accepted
 * entry, the journal verifies, and the store is what the journal folds to. */
#include "tests/host/replica_world.h"
#include "lib/journal/verify.h"
#include "tests/support/port_faults.h"

static struct {
    struct faulty_store store;
    struct faulty_reader journal, commands;
    struct faulty_writer writer;
    struct faulty_admin admin;
    struct faulty_membership membership;
} faulty;

static void stand_before_the_twins(void) {
    struct replica_ports *ports = &world.ports;
    ports->store = faulty_store_port(&faulty.store, ports->store);
    ports->journal = faulty_reader_port(&faulty.journal, ports->journal);
    ports->commands = faulty_reader_port(&faulty.commands, ports->commands);
    ports->writer = faulty_writer_port(&faulty.writer, ports->writer);
    ports->admin = faulty_admin_port(&faulty.admin, ports->admin);
    ports->membership = faulty_membership_port(&faulty.membership, ports->membership);
}

/* By the journal alone: how many commands have been decided, none of them twice, and nothing wrong. */
static uint64_t verify_journal(void) {
    struct journal_verifier verifier;
    journal_verifier_init(&verifier, &world.identity, digest_of);
    bool is_decided[WORLD_COMMANDS_MAX] = {false};
    uint64_t count = 0;
    for (size_t i = 0; i < world.journal->count; i++) {
        const struct topic_record *shown = &world.journal->records[i]->shown;
        const struct logged logged = {.offset = shown->offset,
                                      .timestamp_ms = shown->timestamp_ms,
                                      .is_log_append_time = shown->is_log_append_time,
                                      .value = shown->value};
        struct journal_record record;
        bool is_readable;
        if (journal_verify(&verifier, &logged, &record, &is_readable) != VERDICT_ENTRY) continue;
        if (record.as.entry.kind != ENTRY_COMMAND) continue;
        int64_t offset = record.as.entry.command_at.offset;
        assert_in_range(offset, 0, WORLD_COMMANDS_MAX - 1);
        assert_false(is_decided[offset]);
        is_decided[offset] = true;
        count++;
    }
    assert_false(verifier.is_stopped);
    assert_true(verifier.state.number == world.view.journal.number);
    return count;
}

/* The rows that an empty store gets from the journal. */
static void expect_rebuilt_the_same(void) {
    uint64_t digest = world.store.digest, number = world.view.journal.number;
    world_die();
    fake_store_fini(&world.store);
    fake_store_init(&world.store, NULL);
    world.time.now_ms += 10000;
    world_start();
    for (int i = 0; i < 1000 && world.view.journal.number < number; i++) {
        (void)world_step();
        world.time.now_ms++;
    }
    assert_true(world.view.journal.number == number);
    assert_true(world.store.digest == digest);
}

static enum port_fault_end live(void *context, uint32_t n, uint32_t way) {
    uint32_t *stops = context;
    world_begin();
    stand_before_the_twins();
    port_faults_arm(n, way);
    world_start();
    world_run(500);
    (void)world_send(OP_ADD, 1);
    (void)world_send(OP_TIMER, 200);
    world_run(300);
    (void)world_send(OP_LARGE, 60000);
    world_run(100);
    (void)world_send(OP_ADD, 10);
    world_run(100);
    replica_stop(world.replica);
    world_run(100);
    enum port_fault_end fault = port_faults_end();
    bool is_cut = world.view.stop == STOP_CUT;
    stops[world.view.stop]++;

    world_die();
    if (is_cut) { /* said to be cut: what an operator then does is `bhr store rebuild` */
        fake_store_fini(&world.store);
        fake_store_init(&world.store, NULL);
    }
    world.time.now_ms += 10000;
    world_start();
    world_run(1000);
    uint32_t last = world_send(OP_ADD, 100);
    world_run(500);
    bool is_whole = world.view.state == REPLICA_OWNING && world.outcomes[last] == OUTCOME_OK &&
                    world_number('t') == 112 && world_number('l') == 60000;
    if (!is_whole) {
        fail_msg("%s: %s, total %u, large %u", port_faults_told(), replica_state_name(world.view.state),
                 world_number('t'), world_number('l'));
    }
    assert_int_equal(verify_journal(), 5);
    expect_rebuilt_the_same();
    world_end();
    return fault;
}

static void whatever_fails_once_the_next_process_goes_on(void **state) {
    (void)state;
    uint32_t stops[32] = {0};
    uint32_t came = port_faults_each(live, stops);
    printf("%u faults; stopped in order %u, for a full store %u, for a store that fails %u, as cut %u\n", came,
           stops[STOP_SHUTDOWN], stops[STOP_STORE_FULL], stops[STOP_STORE_FAILED], stops[STOP_CUT]);
    assert_true(came > 100);
    assert_true(stops[STOP_STORE_FULL] > 0 && stops[STOP_CUT] > 0);
}

static int end(void **state) {
    (void)state;
    (void)port_faults_end();
    return 0;
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(whatever_fails_once_the_next_process_goes_on, NULL, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
