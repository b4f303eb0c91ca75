/* Work that kills its owner (journal.md section 6): one death counts once, however its claim travelled, and what cannot be
 * done any more slows nobody down. */
#include "tests/host/replica_world.h"

/* The first claim is kept back and lands just before the second. */
static struct {
    struct topic_writer twin;
    bool keeps_claim;
    uint8_t kept[512];
    size_t kept_size;
} slow;

static enum status append(void *context, const struct topic_append *append) {
    (void)context;
    if (slow.keeps_claim) {
        assert_in_range(append->value.size, 1, sizeof slow.kept);
        memcpy(slow.kept, append->value.data, append->value.size);
        slow.kept_size = append->value.size;
        slow.keeps_claim = false;
        return STATUS_OK;
    }
    if (slow.kept_size > 0) {
        const struct topic_append late = {.topic = append->topic, .value = slice_of(slow.kept, slow.kept_size)};
        fake_log_append(&world.broker, world.journal, fake_record_make(&world.broker, &late), 0);
        slow.kept_size = 0;
    }
    return slow.twin.append(slow.twin.context, append);
}

static bool report(void *context, struct topic_report *ret_report) {
    (void)context;
    return slow.twin.report(slow.twin.context, ret_report);
}

static void drop(void *context) {
    (void)context;
    slow.twin.drop(slow.twin.context);
}

static int begin(void **state) {
    (void)state;
    world_begin();
    memset(&slow, 0, sizeof slow);
    slow.twin = world.ports.writer;
    world.ports.writer = (struct topic_writer){.append = append, .report = report, .drop = drop};
    return 0;
}

static int end(void **state) {
    (void)state;
    world_end();
    return 0;
}

/* As replica_note_set writes it. */
static void leave_note(const struct work *work) {
    struct buffer out = buffer_over(world.note.file, sizeof world.note.file);
    buffer_put_u8(&out, (uint8_t)work->kind);
    buffer_put_u32(&out, work->position.generation);
    buffer_put_u64(&out, (uint64_t)work->position.offset);
    buffer_put(&out, work->timer.bytes, sizeof work->timer.bytes);
    world.note.file_size = out.size;
}

static void a_note_is_carried_by_one_claim(void **state) {
    (void)state;
    leave_note(&(struct work){.kind = WORK_COMMAND});
    world_start();
    world_own();
    assert_int_equal(world.view.journal.crashes, 1);
    assert_int_equal(world.note.left_size, 0);
    world_die();
    world.time.now_ms += 10000;
    world_start();
    world_own();
    assert_int_equal(world.view.journal.epoch, 2);
    assert_int_equal(world.view.journal.crashes, 1);
}

static void a_claim_that_lands_late_has_carried_it(void **state) {
    (void)state;
    leave_note(&(struct work){.kind = WORK_COMMAND});
    slow.keeps_claim = true;
    world_start();
    world_run(8000);
    assert_int_equal(world.view.state, REPLICA_OWNING);
    assert_int_equal(world.view.journal.epoch, 2);
    assert_int_equal(world.view.journal.crashes, 1);
}

static void work_that_is_gone_slows_nobody(void **state) {
    (void)state;
    world_start();
    world_own();
    (void)world_send(OP_TIMER, 3600000);
    world_run(50);
    struct store store = fake_store_port(&world.store);
    struct rows rows;
    struct work work = {.kind = WORK_TIMER};
    struct slice body;
    assert_int_equal(store.read_begin(store.context, &rows, NULL), STATUS_OK);
    assert_true(timer_next_due(&rows, NULL, INT64_MAX, &work.timer, &body));
    store.read_end(store.context, &rows);
    world_die();
    leave_note(&work);
    world.time.now_ms += 10000;
    world_start();
    world_own();
    assert_int_equal(world.view.journal.crashes, 1);

    uint64_t turns = world.view.turns;
    for (uint32_t i = 0; i < 20; i++) (void)world_send(OP_ADD, 1);
    world_run(100);
    assert_int_equal(world.view.turns - turns, 20); /* one at a time: it could be any of them */
    (void)world_send(OP_CLEAR, 0);
    world_run(50);
    turns = world.view.turns;
    for (uint32_t i = 0; i < 20; i++) (void)world_send(OP_ADD, 1);
    world_run(100);
    assert_int_equal(world.view.turns - turns, 1);
    assert_int_equal(world_number('t'), 40);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_note_is_carried_by_one_claim, begin, end),
        cmocka_unit_test_setup_teardown(a_claim_that_lands_late_has_carried_it, begin, end),
        cmocka_unit_test_setup_teardown(work_that_is_gone_slows_nobody, begin, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
