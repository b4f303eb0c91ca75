/* The counter: a service whose every answer depends on the whole accepted history, so that a decision on any other
 * history shows. And the wrapper around any service in which poisonous work kills its process. */
#include "tests/sim/sim.h"

#include "lib/journal/record.h"

#include <stdio.h>

enum {
    OP_ADD = 1,
    OP_LATER = 2,
    ACCOUNTS = 5,
    LIMIT = 400,
    HUGE = 1000,
    OUTCOME_LIMIT = 100,
    COMMAND_SIZE = 1 + 1 + 4 + 4 + 10
};
enum { EVENT_ADDED = 1, EVENT_SCHEDULED = 2 };

/* The one thing a decide cannot be handed: whose process it may kill. */
static struct sim *poisoned_sim;

struct totals {
    uint64_t count; /* of all events so far */
    uint64_t total; /* of one account */
};

static struct buffer total_key(uint8_t memory[2], uint8_t account) {
    struct buffer key = buffer_over(memory, 2);
    buffer_put_u8(&key, ROWS_TABLE_SERVICE);
    buffer_put_u8(&key, account);
    return key;
}

static uint64_t number_at(const struct rows *rows, uint8_t account) {
    uint8_t memory[2];
    struct buffer key = total_key(memory, account);
    struct slice value;
    if (!rows_get(rows, buffer_slice(&key), &value)) return 0;
    struct cursor cursor = cursor_over(value);
    return cursor_u64(&cursor);
}

static void number_put(const struct rows *rows, uint8_t account, uint64_t number) {
    uint8_t memory[2], bytes[8];
    struct buffer key = total_key(memory, account), value = buffer_over(bytes, sizeof bytes);
    buffer_put_u64(&value, number);
    rows_put(rows, buffer_slice(&key), buffer_slice(&value));
}

static void answer_with(struct arena *arena, const struct totals *totals, struct service_decision *decision) {
    uint8_t memory[16];
    struct buffer out = buffer_over(memory, sizeof memory);
    buffer_put_u64(&out, totals->count);
    buffer_put_u64(&out, totals->total);
    decision->answer = arena_copy(arena, buffer_slice(&out));
}

/* More than an entry can hold. */
static void answer_hugely(struct arena *arena, struct service_decision *decision) {
    uint8_t *bytes = arena_alloc(arena, JOURNAL_RECORD_MAX);
    ASSERT(bytes != NULL);
    memset(bytes, 7, JOURNAL_RECORD_MAX);
    decision->answer = slice_of(bytes, JOURNAL_RECORD_MAX);
}

static void add(const struct rows *rows, uint8_t account, uint32_t amount, struct arena *arena,
                struct service_decision *decision) {
    struct totals totals = {.count = number_at(rows, 0xff), .total = number_at(rows, account)};
    if (amount == HUGE) {
        decision->outcome = OUTCOME_OK;
        answer_hugely(arena, decision);
        return;
    }
    if (totals.total + amount > LIMIT) {
        decision->outcome = OUTCOME_LIMIT;
        answer_with(arena, &totals, decision);
        return;
    }
    totals.total += amount;
    answer_with(arena, &totals, decision);
    uint8_t memory[6];
    struct buffer event = buffer_over(memory, sizeof memory);
    buffer_put_u8(&event, EVENT_ADDED);
    buffer_put_u8(&event, account);
    buffer_put_u32(&event, amount);
    decision->outcome = OUTCOME_OK;
    decision->events[decision->event_count++] = arena_copy(arena, buffer_slice(&event));
}

static void decide(const struct rows *rows, struct slice command, int64_t now_ms, struct arena *arena,
                   struct service_decision *ret_decision) {
    *ret_decision = (struct service_decision){.outcome = OUTCOME_UNREADABLE};
    struct cursor cursor = cursor_over(command);
    uint8_t op = cursor_u8(&cursor), account = cursor_u8(&cursor);
    uint32_t amount = cursor_u32(&cursor), delay_ms = cursor_u32(&cursor);
    struct uuid thing = {{0}};
    cursor_copy(&cursor, thing.bytes + 6, 10);
    if (!cursor_done(&cursor) || account >= ACCOUNTS || (op != OP_ADD && op != OP_LATER)) {
        (void)snprintf(ret_decision->detail, sizeof ret_decision->detail, "command: %d bytes are expected",
                       COMMAND_SIZE);
        return;
    }
    if (op == OP_ADD) {
        add(rows, account, amount, arena, ret_decision);
        return;
    }
    struct timer_id timer = timer_id_make(now_ms + delay_ms, thing);
    uint8_t memory[32];
    struct buffer event = buffer_over(memory, sizeof memory);
    buffer_put_u8(&event, EVENT_SCHEDULED);
    buffer_put(&event, timer.bytes, sizeof timer.bytes);
    buffer_put_u8(&event, account);
    buffer_put_u32(&event, amount);
    ret_decision->outcome = OUTCOME_OK;
    ret_decision->events[ret_decision->event_count++] = arena_copy(arena, buffer_slice(&event));
}

static void fire(const struct rows *rows, struct timer_id timer, struct slice body, int64_t now_ms, struct arena *arena,
                 struct service_decision *ret_decision) {
    (void)timer;
    (void)now_ms;
    *ret_decision = (struct service_decision){.outcome = OUTCOME_OK};
    struct cursor cursor = cursor_over(body);
    uint8_t account = cursor_u8(&cursor);
    uint32_t amount = cursor_u32(&cursor);
    ASSERT(cursor_done(&cursor));
    add(rows, account, amount, arena, ret_decision);
    if (ret_decision->outcome == OUTCOME_LIMIT) ret_decision->outcome = OUTCOME_OK;
}

static bool apply(const struct rows *rows, const struct apply_context *context, struct slice event) {
    (void)context;
    struct cursor cursor = cursor_over(event);
    uint8_t kind = cursor_u8(&cursor);
    struct timer_id timer = {{0}};
    if (kind == EVENT_SCHEDULED) cursor_copy(&cursor, timer.bytes, sizeof timer.bytes);
    struct slice body = cursor.rest;
    uint8_t account = cursor_u8(&cursor);
    uint32_t amount = cursor_u32(&cursor);
    if (!cursor_done(&cursor)) return false;
    number_put(rows, 0xff, number_at(rows, 0xff) + 1);
    if (kind == EVENT_SCHEDULED) {
        timer_set(rows, timer, body);
    } else {
        number_put(rows, account, number_at(rows, account) + amount);
    }
    return true;
}

static size_t describe(struct slice event, char *ret_text, size_t size_max) {
    int size = snprintf(ret_text, size_max, "event of %zu bytes", event.size);
    return size < 0 ? 0 : (size_t)size < size_max ? (size_t)size : size_max - 1;
}

static bool publish(struct slice event, struct arena *arena, struct public_event *ret_event) {
    (void)arena;
    *ret_event = (struct public_event){slice_text("counter.Event"), slice_of(event.data, 1), event};
    return true;
}

static bool publish_answer(struct slice method, struct slice answer, struct arena *arena, struct slice *ret_type,
                           struct slice *ret_bytes) {
    (void)arena;
    *ret_type = slice_text("counter.Answer");
    *ret_bytes = answer;
    return slice_equal(method, slice_text("Add"));
}

/* LIMIT refuses by name. */
static const struct outcome_row outcomes[] = {
    {OUTCOME_LIMIT, "over_limit", REPLY_REFUSED, "409 REC_CONFLICT conflict", "the account holds no more"},
};

const struct service counter_service = {
    .name = "counter",
    .command_type = "counter",
    .apply_version = 1,
    .schema = 1,
    .decide = decide,
    .fire = fire,
    .apply = apply,
    .describe = describe,
    .publish = publish,
    .publish_answer = publish_answer,
    .outcomes = outcomes,
    .outcome_count = sizeof outcomes / sizeof outcomes[0],
};

struct slice counter_command(struct sim *sim) {
    uint8_t memory[COMMAND_SIZE];
    struct buffer out = buffer_over(memory, sizeof memory);
    buffer_put_u8(&out, sim_chance(sim, 75) ? OP_ADD : OP_LATER);
    buffer_put_u8(&out, (uint8_t)sim_below(sim, ACCOUNTS));
    buffer_put_u32(&out, sim_chance(sim, sim->swarm.huge_percent) ? HUGE : (uint32_t)sim_below(sim, 90));
    buffer_put_u32(&out, (uint32_t)sim_below(sim, 4000));
    for (int i = 0; i < 10; i++) buffer_put_u8(&out, (uint8_t)sim_below(sim, 256));
    ASSERT(!out.is_full);
    return fake_broker_copy(&sim->broker, buffer_slice(&out));
}

uint64_t service_hash(struct slice bytes) {
    uint64_t hash = UINT64_C(0xCBF29CE484222325);
    for (size_t i = 0; i < bytes.size; i++) hash = (hash ^ bytes.data[i]) * UINT64_C(0x100000001B3);
    return hash;
}

/* Poison kills nine times out of ten, so that some of it is decided after all. */
static void maybe_kill(struct slice work, bool is_timer) {
    struct sim *sim = poisoned_sim;
    if (sim == NULL || sim->running == NULL || sim->is_healing) return;
    uint64_t hash = service_hash(work);
    bool is_poison = is_timer ? sim->swarm.do_timers_kill && hash % 6 == 0 : load_is_poison(work);
    for (uint32_t i = 0; i < sim->poison_count; i++) is_poison = is_poison || sim->poison[i] == hash;
    if (!is_poison || !sim_chance(sim, 90)) return;
    struct process *process = sim->running;
    ASSERT(process->is_in_step);
    sim_mark(sim, MARK_POISON);
    process->last_call = "poison";
    longjmp(process->death, 1);
}

static void decide_or_die(const struct rows *rows, struct slice command, int64_t now_ms, struct arena *arena,
                          struct service_decision *ret_decision) {
    maybe_kill(command, false);
    poisoned_sim->pure_service->decide(rows, command, now_ms, arena, ret_decision);
}

static void fire_or_die(const struct rows *rows, struct timer_id timer, struct slice body, int64_t now_ms,
                        struct arena *arena, struct service_decision *ret_decision) {
    maybe_kill(slice_of(timer.bytes, sizeof timer.bytes), true);
    poisoned_sim->pure_service->fire(rows, timer, body, now_ms, arena, ret_decision);
}

void service_with_poison(struct sim *sim, const struct service *pure) {
    sim->pure_service = pure;
    sim->service = *pure;
    sim->service.decide = decide_or_die;
    sim->service.fire = fire_or_die;
}

void service_set_sim(struct sim *sim) {
    poisoned_sim = sim;
}
