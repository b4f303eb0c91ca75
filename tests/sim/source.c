/* The index that booking follows: decides what its own clients and booking ask, and writes it down. */
#include "tests/sim/source_internal.h"

#include "lib/base/assert.h"
#include "lib/wire/index/index_wire.h"
#include "services/index/service.h"
#include "tests/sim/door.h"
#include "tests/sim/index.h"

#include <stdlib.h>

/* Bookings come only once somebody owns. */
enum { BEGIN_MS_MAX = 2000, GAP_MS_MIN = 400 };

static bool decide(struct source *source, const struct ingress *ingress, const struct service_method *method,
                   struct slice request, struct entry_body *body, struct slice *ret_answer);
static void follow_derived(struct source *source);

/* ---- what happens ---- */

static const struct service_method *method_named(const char *name) {
    for (uint32_t i = 0; i < index_service_table.method_count; i++) {
        if (strcmp(index_service_table.methods[i].name, name) == 0) return &index_service_table.methods[i];
    }
    bhr_assert_failed("a method of the index", __FILE__, __LINE__);
}

static struct ingress ingress_of(struct source *source, const char *system, const char *organisation) {
    struct sim *sim = source->sim;
    uint8_t tail[10];
    for (int i = 0; i < 10; i++) tail[i] = (uint8_t)sim_below(sim, 256);
    return (struct ingress){.system = slice_text(system),
                            .organisation = slice_text(organisation),
                            .received_at_ms = sim->time.now_ms,
                            .entity_id = uuid_v7_make(sim->time.now_ms, tail)};
}

/* One entry, of one command or now and then of two: a journal may say several things at once. */
static void happen(struct source *source) {
    struct sim *sim = source->sim;
    struct entry_body body = {.schema = 1, .outcome = OUTCOME_OK};
    uint32_t commands = sim_chance(sim, 20) ? 2 : 1;
    for (uint32_t i = 0; i < commands; i++) {
        uint8_t asker;
        struct slice request, answer;
        const char *name = index_make_request(sim, source->model, &asker, &request);
        struct ingress ingress = ingress_of(source, sim_systems[asker].id, sim_systems[asker].organisation);
        (void)decide(source, &ingress, method_named(name), request, &body, &answer);
    }
    source_write_entry(source, &body);
    follow_derived(source);
}

void source_disconnect_all(struct sim *sim) {
    for (int i = 0; i < SIM_PROCESSES_MAX; i++) {
        if (sim->processes[i].state != PROCESS_UP) continue;
        sim_door_disconnect(sim->processes[i].door, sim_chance(sim, 30), sim_chance(sim, 30));
    }
}

static void be_cut(struct source *source) {
    struct sim *sim = source->sim;
    int64_t lost = 1 + (int64_t)sim_below(sim, 20), new_end = source->journal->end - lost;
    if (new_end < 2 || source->cut_at != INT64_MAX) return;
    source->cut_at = new_end;
    fake_log_cut(source->journal, new_end);
    uint32_t kept = 0;
    for (uint32_t i = 0; i < source->item_count; i++) {
        if (source->items[i].offset < new_end) source->items[kept++] = source->items[i];
    }
    source->item_count = kept;
    sim_mark(sim, MARK_SOURCE_CUT);
    sim_tell(sim, NULL, "the index's journal is cut to", "", new_end, INT64_MIN);
    /* Whoever decides there has its store built again from what is left. */
    source->state = (struct journal_state){0};
    fake_store_fini(&source->rows);
    fake_store_init(&source->rows, NULL);
    index_model_clear(source->model);
    struct store store = fake_store_port(&source->rows);
    for (size_t i = 0; i < source->journal->count; i++) {
        const struct topic_record *shown = &source->journal->records[i]->shown;
        const struct logged logged = {shown->offset, shown->timestamp_ms, shown->is_log_append_time, shown->value};
        struct digest chained = fake_digest(slice_of(source->state.prev.bytes, 16), shown->value);
        struct journal_record read;
        struct entry_body body;
        bool is_readable;
        enum journal_verdict verdict =
            journal_accept(&source->state, &source->identity, &logged, chained, &read, &is_readable);
        if (verdict != VERDICT_ENTRY || !entry_body_read(read.as.entry.body, &body)) continue;
        struct rows rows;
        enum status status = store.begin(store.context, &rows, NULL);
        ASSERT(status == STATUS_OK);
        const struct apply_context at = {.decided_at_ms = read.as.entry.decided_at_ms, .number = read.as.entry.number};
        for (uint32_t k = 0; k < body.event_count; k++) {
            (void)index_service_table.apply(&rows, &at, body.events[k]);
            index_model_event(source->model, &read.as.entry, body.events[k]);
        }
        status = store.commit(store.context, NULL);
        ASSERT(status == STATUS_OK);
    }
    source_claim(source);
    source_disconnect_all(sim);
}

static void go_away(struct source *source) {
    struct sim *sim = source->sim;
    source->away_until_ms = sim->time.now_ms + 1 + (int64_t)sim_below(sim, sim_chance(sim, 50) ? 500 : 9000);
    source_disconnect_all(sim);
    sim_mark(sim, MARK_SOURCE_AWAY);
    sim_tell(sim, NULL, "the index is away for ms", "", source->away_until_ms - sim->time.now_ms, INT64_MIN);
}

void source_step(struct source *source) {
    struct sim *sim = source->sim;
    const struct sim_swarm *swarm = &sim->swarm;
    int64_t gap_ms_max = swarm->load_gap_ms_max > GAP_MS_MIN ? swarm->load_gap_ms_max : GAP_MS_MIN;
    source->due_ms = sim->time.now_ms + 1 + (int64_t)sim_below(sim, (uint64_t)gap_ms_max);
    if (sim->is_healing || ++source->steps > STEPS_MAX) {
        source->due_ms = INT64_MAX;
        return;
    }
    sim_event(sim, -1);
    if (source_is_away(source)) return; /* and nothing happens there */
    if (sim_chance(sim, swarm->source_away_percent)) go_away(source);
    if (sim_chance(sim, swarm->source_noise_percent)) source_noise(source);
    if (sim_chance(sim, 8)) source_claim(source);
    if (sim_chance(sim, swarm->source_cut_percent)) be_cut(source);
    happen(source);
}

uint32_t source_answer(struct source *source, const char *name, struct slice asked, struct slice *ret_answer,
                       uint64_t *ret_number) {
    const struct service_method *method = method_named(name);
    struct ingress ingress = ingress_of(source, "booking", SOURCE_ORGANISATION);
    uint32_t outcome = OUTCOME_OK;
    *ret_answer = (struct slice){0};
    if (method->kind == METHOD_COMMAND) {
        struct entry_body body = {.schema = 1, .outcome = OUTCOME_OK};
        if (!decide(source, &ingress, method, asked, &body, ret_answer)) return OUTCOME_INVALID;
        source_write_entry(source, &body);
        follow_derived(source);
    } else {
        struct store store = fake_store_port(&source->rows);
        struct rows rows;
        struct arena arena = arena_over(source->memory, sizeof source->memory);
        struct buffer out = buffer_over(source->answer, sizeof source->answer);
        struct service_refusal refusal = {0};
        enum status status = store.read_begin(store.context, &rows, NULL);
        ASSERT(status == STATUS_OK);
        outcome =
            method->query(&source->context, &ingress, &rows, source->sim->time.now_ms, asked, &arena, &out, &refusal);
        *ret_answer = buffer_slice(&out);
    }
    *ret_number = source->state.number;
    return outcome;
}

static void follow_derived(struct source *source) {
    struct store store = fake_store_port(&source->rows);
    struct rows rows;
    enum status status = store.read_begin(store.context, &rows, NULL);
    ASSERT(status == STATUS_OK);
    while (index_service_table.derived->follow(source->context.derived, &source->context, &rows)) {
    }
}

/* From a request to events that are applied; false when the index does not take it. */
static bool decide(struct source *source, const struct ingress *ingress, const struct service_method *method,
                   struct slice request, struct entry_body *body, struct slice *ret_answer) {
    struct arena arena = arena_over(source->memory, sizeof source->memory);
    struct buffer out = buffer_over(source->command, sizeof source->command);
    struct service_refusal refusal = {0};
    struct store store = fake_store_port(&source->rows);
    struct rows rows;
    enum status status = store.begin(store.context, &rows, NULL);
    ASSERT(status == STATUS_OK);
    struct service_context context = source->context;
    context.rows = &rows;
    bool is_taken = method->accept(&context, ingress, request, &arena, &out, &refusal);
    struct service_decision decision = {0};
    uint8_t memory[64];
    const struct entry_body nothing = {.schema = 1};
    const struct entry entry = source_entry_of(source, &nothing, memory, sizeof memory).as.entry;
    if (is_taken) index_service_table.decide(&rows, buffer_slice(&out), entry.decided_at_ms, &arena, &decision);
    const struct apply_context at = {.decided_at_ms = entry.decided_at_ms, .number = entry.number};
    for (uint32_t i = 0; i < decision.event_count && body->event_count < JOURNAL_EVENTS_MAX; i++) {
        struct slice event = fake_broker_copy(&source->sim->broker, decision.events[i]);
        body->events[body->event_count++] = event;
        bool is_applied = index_service_table.apply(&rows, &at, event);
        ASSERT(is_applied);
        index_model_event(source->model, &entry, event);
    }
    *ret_answer = decision.answer;
    status = store.commit(store.context, NULL);
    ASSERT(status == STATUS_OK);
    return is_taken;
}

/* ---- life ---- */

static int64_t config_number(const struct service_context *context, const char *name) {
    (void)context;
    for (uint32_t i = 0; i < index_service_table.config_row_count; i++) {
        const struct service_config_row *row = &index_service_table.config_rows[i];
        if (strcmp(row->name, name) == 0) return row->default_value;
    }
    bhr_assert_failed("a configuration row of that name", __FILE__, __LINE__);
}

struct source *source_new(struct sim *sim) {
    struct source *source = malloc(sizeof *source);
    struct error error = {0};
    ASSERT(source != NULL);
    memset(source, 0, offsetof(struct source, items));
    source->sim = sim;
    source->cut_at = INT64_MAX;
    if (sim->beside != NULL) {
        source->journal = sim->beside->journal;
        source->identity = sim->beside->identity;
        source->due_ms = INT64_MAX;
        return source;
    }
    source->journal = fake_log_make(&sim->broker, SOURCE_JOURNAL);
    source->identity = sim->identity;
    bool is_set = journal_name_set(&source->identity.service, slice_text("index"));
    ASSERT(is_set);
    fake_store_init(&source->rows, NULL);
    source->context = sim_service_context(sim);
    source->context.config_number = config_number;
    source->context.derived = index_service_table.derived->open(&source->context, &error);
    ASSERT(source->context.derived != NULL);
    source->model = index_model_new(sim);
    source_genesis(source);
    source_claim(source);
    source->due_ms = sim->time.now_ms + (int64_t)sim_below(sim, BEGIN_MS_MAX);
    return source;
}

void source_free(struct source *source) {
    if (source == NULL) return;
    if (source->model == NULL) { /* a world beside had all that */
        free(source);
        return;
    }
    index_service_table.derived->close(source->context.derived);
    index_model_free(source->model);
    fake_store_fini(&source->rows);
    free(source);
}

int64_t source_due_ms(const struct source *source) {
    return source == NULL ? INT64_MAX : source->due_ms;
}

void source_heal(struct source *source) {
    if (source == NULL) return;
    source->due_ms = INT64_MAX;
    source->away_until_ms = 0;
}

const struct fake_log *source_journal(const struct source *source) {
    return source == NULL ? NULL : source->journal;
}

const struct journal_identity *source_identity(const struct source *source) {
    return &source->identity;
}

const struct index_model *source_model(const struct source *source) {
    return source->model == NULL ? oracle_index(source->sim->beside->oracle) : source->model;
}

struct fake_broker *source_broker(const struct source *source) {
    return source->model == NULL ? &source->sim->beside->broker : &source->sim->broker;
}

/* A world beside is away while nobody owns there. */
bool source_is_away(const struct source *source) {
    const struct sim *beside = source->sim->beside;
    for (int i = 0; beside != NULL && i < SIM_PROCESSES_MAX; i++) {
        const struct process *process = &beside->processes[i];
        if (process->state == PROCESS_UP && process->view.state == REPLICA_OWNING) return false;
    }
    if (beside != NULL) return true;
    return source->away_until_ms > source->sim->time.now_ms;
}

int64_t source_cut_at(const struct source *source) {
    return source->cut_at;
}
