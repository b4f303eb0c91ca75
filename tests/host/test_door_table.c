/* The table of requests in flight against a plain array of the same requests: whatever comes and goes in whatever
 * order, each is found by system and id, by token and as the soonest, and its list stays in the order of positions. */
#include "tests/support/cmocka.h"

#include "lib/host/door_internal.h"
#include "tests/support/prng.h"

enum { TABLE_MAX = 40, STEPS = 20000 };

static const struct service_method method = {.name = "bhr.test.v1.TestService/Do", .kind = METHOD_COMMAND};

struct model {
    struct door_table table;
    struct prng prng;
    struct ticket *live[TABLE_MAX];
    uint32_t live_count;
    uint64_t released_token;
};

/* Few ids and two systems, so that the same id is often in the table for both. */
static void take_one(struct model *m) {
    struct door_caller caller = {.method = &method};
    caller.request_id.bytes[15] = (uint8_t)prng_below(&m->prng, 30);
    strcpy(caller.system, prng_chance(&m->prng, 50) ? "a" : "b");
    bool is_command = prng_chance(&m->prng, 80);
    if (is_command && door_table_find(&m->table, slice_text(caller.system), caller.request_id) != NULL) return;
    int64_t due_ms = (int64_t)prng_below(&m->prng, 100);
    struct ticket *ticket = door_table_take(&m->table, is_command ? TICKET_COMMAND : TICKET_QUERY, &caller, due_ms);
    assert_int_equal(ticket == NULL, m->live_count == TABLE_MAX);
    if (ticket == NULL) return;
    m->live[m->live_count++] = ticket;
    if (!is_command) {
        door_table_list_waiting(&m->table, ticket);
    } else if (prng_chance(&m->prng, 70)) {
        ticket->position = (struct position){(uint32_t)prng_below(&m->prng, 2), (int64_t)prng_below(&m->prng, 50)};
        door_table_list_delivered(&m->table, ticket);
    }
}

static void release_one(struct model *m) {
    if (m->live_count == 0) return;
    uint64_t at = prng_below(&m->prng, m->live_count);
    m->released_token = door_table_token(&m->table, m->live[at]);
    door_table_release(&m->table, m->live[at]);
    m->live[at] = m->live[--m->live_count];
}

static void check(const struct model *m) {
    const struct ticket *soonest = door_table_soonest(&m->table);
    assert_int_equal(soonest == NULL, m->live_count == 0);
    uint32_t delivered = 0, waiting = 0;
    for (uint32_t i = 0; i < m->live_count; i++) {
        struct ticket *ticket = m->live[i];
        assert_true(soonest->due_ms <= ticket->due_ms);
        struct slice system = slice_text(ticket->caller.system);
        uint64_t token = door_table_token(&m->table, ticket);
        if (ticket->kind == TICKET_COMMAND) {
            assert_ptr_equal(door_table_find(&m->table, system, ticket->caller.request_id), ticket);
            assert_ptr_equal(door_table_by_token(&m->table, token), ticket);
            delivered += ticket->position.offset >= 0;
        } else {
            waiting++;
        }
    }
    assert_int_equal(m->table.delivered.count, delivered);
    assert_int_equal(m->table.waiting.count, waiting);
    for (const struct ticket *ticket = m->table.delivered.first; ticket != NULL; ticket = ticket->list_next) {
        delivered--;
        const struct ticket *next = ticket->list_next;
        assert_true(next == NULL || position_compare(ticket->position, next->position) <= 0);
    }
    assert_int_equal(delivered, 0);
    assert_null(door_table_by_token(&m->table, m->released_token));
    assert_null(door_table_find(&m->table, slice_text("c"), (struct uuid){{0}}));
    assert_int_equal(m->table.count, m->live_count);
}

static void the_table_agrees_with_a_plain_array(void **state) {
    (void)state;
    static struct model model;
    model = (struct model){.prng = prng_seed(7), .released_token = UINT64_MAX};
    assert_true(door_table_init(&model.table, TABLE_MAX, 1));
    uint32_t full = 0, empty = 0;
    for (int i = 0; i < STEPS; i++) {
        bool is_filling = i / 200 % 2 == 0;
        if (prng_chance(&model.prng, is_filling ? 80 : 20)) {
            take_one(&model);
        } else {
            release_one(&model);
        }
        check(&model);
        full += model.live_count == TABLE_MAX;
        empty += model.live_count == 0;
    }
    assert_true(full > 100);
    assert_true(empty > 100);
    door_table_fini(&model.table);
}

/* Two buckets only: neighbours in a bucket are told apart by system as well as by id. */
static void the_same_id_of_two_systems_is_two_requests(void **state) {
    (void)state;
    struct door_table table;
    assert_true(door_table_init(&table, 2, 0));
    for (uint8_t i = 0; i < 64; i++) {
        struct door_caller caller = {.method = &method, .request_id.bytes = {i}};
        strcpy(caller.system, "a");
        struct ticket *a = door_table_take(&table, TICKET_COMMAND, &caller, 1);
        assert_null(door_table_find(&table, slice_text("b"), caller.request_id));
        strcpy(caller.system, "b");
        struct ticket *b = door_table_take(&table, TICKET_COMMAND, &caller, 2);
        assert_ptr_equal(door_table_find(&table, slice_text("a"), caller.request_id), a);
        assert_ptr_equal(door_table_find(&table, slice_text("b"), caller.request_id), b);
        assert_null(door_table_take(&table, TICKET_COMMAND, &caller, 3));
        door_table_release(&table, a);
        door_table_release(&table, b);
    }
    door_table_fini(&table);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_table_agrees_with_a_plain_array),
        cmocka_unit_test(the_same_id_of_two_systems_is_two_requests),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
