/* A request topic with a good record, one that must be refused, and another good one, while one call of the writer that
 * notes refusals in the command log fails: each call, in each way. No record is lost or left for good: each good one is
 * asked, the refusal is noted, and all are committed. */
#include "tests/host/intake_world.h"
#include "tests/support/port_faults.h"

enum { RECORDS = 3, STEPS = 200 };

static struct intake_world world;
static struct faulty_writer faulty;

static void begin(void) {
    world_init(&world, 1);
    world_stop(&world);
    world.ports.writer = faulty_writer_port(&faulty, world.ports.writer);
    world_start(&world);
    (void)world_put(&world, 0, "order-1", "a");
    const char *const without_type[INTAKE_HEADER_COUNT] = {[INTAKE_HEADER_ID] = "order-2"};
    (void)fake_request_put(&world.topics, 0, 0, world.wall_ms, without_type, "b");
    (void)world_put(&world, 0, "order-3", "c");
}

static enum port_fault_end live(void *context, uint32_t n, uint32_t way) {
    uint32_t *again = context, asked_a = 0, asked_c = 0, told = 0;
    begin();
    port_faults_arm(n, way);
    world_give(&world, 0);
    for (int i = 0; i < STEPS; i++) {
        struct intake_asked asked;
        while (world_ask(&world, &asked)) {
            asked_a += strcmp(asked.body, "a") == 0;
            asked_c += strcmp(asked.body, "c") == 0;
            world_reply(&world, &asked, REPLY_OK, "ok", "", 7, false, 0);
        }
        for (; told < world.note_count; told++) world_report_note(&world, told, TOPIC_DELIVERED);
        world_pass(&world, 1000);
        fake_intake_commit(&world.group);
        if (world.topics.topics[0].committed < RECORDS && i % 20 == 19) world_give(&world, 0);
    }
    enum port_fault_end fault = port_faults_end();
    if (world.topics.topics[0].committed != RECORDS) {
        fail_msg("%s: %lld of %d are committed", port_faults_told(), (long long)world.topics.topics[0].committed,
                 RECORDS);
    }
    assert_true(asked_a >= 1 && asked_c >= 1 && world.note_count >= 1);
    assert_int_equal(intake_look(world.intake).waiting, 0);
    *again += world.note_count - 1;
    world_fini(&world);
    return fault;
}

static void whatever_fails_once_no_record_is_lost(void **state) {
    (void)state;
    uint32_t again = 0, came = port_faults_each(live, &again);
    printf("%u faults; a refusal was noted again %u times\n", came, again);
    assert_true(came >= 6);
}

static int end(void **state) {
    (void)state;
    (void)port_faults_end();
    return 0;
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(whatever_fails_once_no_record_is_lost, NULL, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
