/* The promises, judged from outside. The oracle keeps its own record of the journal and its own fold, in the order of the
 * log, as records land. It shares the acceptance rule, the service's pure functions and the answer rows with the product,
 * and nothing of the replica. */
#include "tests/sim/oracle.h"
#include "tests/sim/source.h"

#include "lib/base/assert.h"

#include <stdlib.h>

enum { CLOCK_LEAD_MS_MAX = 60 * 1000 }; /* journal.md section 3; not the product's constant */

static void judge(struct oracle *oracle, const struct fake_record *record);
static bool states_equal(const struct journal_state *a, const struct journal_state *b);
static void mark_rejection(struct sim *sim, const struct journal_state *before, enum journal_verdict verdict,
                           const struct journal_record *record);

void oracle_appended(struct oracle *oracle, const struct fake_record *record) {
    judge(oracle, record);
}

/* An owner id serves one claim (journal.md section 2). Cloned machines draw the same ids, and what the world itself
 * appends has none. */
static void check_owner_id(struct oracle *oracle, const struct claim *claim) {
    if (oracle->sim->has_twins || id128_equal(claim->owner, (struct id128){{0}})) return;
    for (size_t i = 0; i < oracle->claim_count; i++) {
        if (!id128_equal(oracle->claims[i].owner, claim->owner) || oracle->claims[i].epoch == claim->epoch) continue;
        sim_fail(oracle->sim, "owner id used again: in the claims of epochs %llu and %llu",
                 (unsigned long long)oracle->claims[i].epoch, (unsigned long long)claim->epoch);
    }
    oracle->claims = oracle_room(oracle->claims, oracle->claim_count, &oracle->claim_room, sizeof *oracle->claims);
    oracle->claims[oracle->claim_count++] = (struct claimed){claim->owner, claim->epoch};
}

/* Judges one record in the order of the log and folds it if it is history. */
static void judge(struct oracle *oracle, const struct fake_record *record) {
    const struct topic_record *shown = &record->shown;
    struct logged logged = {shown->offset, shown->timestamp_ms, shown->is_log_append_time, shown->value};
    struct digest chained = fake_digest(slice_of(oracle->state.prev.bytes, 16), shown->value);
    struct journal_state before = oracle->state;
    struct journal_record read;
    bool is_readable = false;
    enum journal_verdict verdict =
        journal_accept(&oracle->state, &oracle->sim->identity, &logged, chained, &read, &is_readable);
    uint64_t history;
    memcpy(&history, oracle->state.prev.bytes, sizeof history);
    sim_mix(oracle->sim, history);
    if (!oracle->is_replaying) {
        sim_tell(oracle->sim, NULL, "landed", journal_verdict_name(verdict), shown->offset,
                 is_readable && read.kind == RECORD_ENTRY ? (int64_t)read.as.entry.number : INT64_MIN);
    }
    if (is_readable && read.kind == RECORD_CLAIM && !oracle->is_replaying) check_owner_id(oracle, &read.as.claim);
    if (verdict == VERDICT_CLAIM) sim_mark(oracle->sim, MARK_CLAIM);
    if (verdict == VERDICT_ENTRY) {
        int64_t ahead_ms = read.as.entry.decided_at_ms - oracle->state.log_time_ms;
        if (ahead_ms > CLOCK_LEAD_MS_MAX) {
            sim_fail(oracle->sim, "clock poison: entry %llu is %lld ms ahead of the journal's time",
                     (unsigned long long)read.as.entry.number, (long long)ahead_ms);
        }
        oracle_check_entry(oracle, &before, &read.as.entry);
        if (oracle->sim->follower != NULL) source_note(oracle->sim->follower->source, &read.as.entry, shown->offset);
    }
    if (!journal_verdict_accepts(verdict) && is_readable) mark_rejection(oracle->sim, &before, verdict, &read);
    oracle->rows = oracle_room(oracle->rows, oracle->row_count, &oracle->row_room, sizeof *oracle->rows);
    oracle->rows[oracle->row_count++] = (struct row){shown->offset, verdict, oracle->state, oracle->fold.digest};
}

static const struct row *find_row(const struct row *rows, size_t count, int64_t offset) {
    size_t low = 0, high = count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (rows[middle].offset < offset) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low < count && rows[low].offset == offset ? &rows[low] : NULL;
}

void oracle_judged(struct oracle *oracle, struct process *process, int64_t offset, enum journal_verdict verdict) {
    const struct row *row = find_row(oracle->rows, oracle->row_count, offset);
    if (row != NULL && row->verdict == verdict) return;
    for (size_t i = 0; i < oracle->lost_count; i++) {
        if (oracle->lost[i].offset == offset && oracle->lost[i].verdict == verdict) return;
    }
    sim_fail(oracle->sim, "judged otherwise: p%d says %s about offset %lld", process->index,
             journal_verdict_name(verdict), (long long)offset);
}

void oracle_committed(struct oracle *oracle, struct process *process, const struct journal_state *state) {
    struct replica_view view;
    replica_look(process->replica, &view);
    uint64_t digest = process->store.digest;
    sim_mix(oracle->sim, digest);
    const struct row *row = find_row(oracle->rows, oracle->row_count, view.applied);
    if (row != NULL && row->digest == digest && states_equal(&row->state, state)) return;
    for (size_t i = 0; i < oracle->lost_count; i++) {
        const struct row *lost = &oracle->lost[i];
        if (lost->offset == view.applied && lost->digest == digest && states_equal(&lost->state, state)) return;
    }
    bool is_state_right = row != NULL && states_equal(&row->state, state);
    sim_fail(oracle->sim, "store is not the fold: p%d has committed %s at offset %lld", process->index,
             is_state_right ? "other rows" : "another state", (long long)view.applied);
}

void oracle_answered(struct oracle *oracle, struct process *process, const struct replica_answer *answer) {
    for (size_t i = oracle->fact_count; i-- > 0;) {
        const struct fact *fact = &oracle->facts[i];
        if (!uuid_equal(fact->id, answer->command_id) || !digest_equal(fact->digest, answer->command_digest)) continue;
        if (!slice_equal(journal_name_slice(&fact->source), answer->source)) continue;
        if (fact->outcome != answer->outcome || !slice_equal(fact->answer, answer->answer)) continue;
        if ((fact->repeats != 0) != answer->is_repeat) continue;
        if (answer->number == (answer->is_repeat ? fact->repeats : fact->number)) return;
    }
    sim_fail(oracle->sim, "reply without an accepted entry: p%d answers outcome %u for entry %llu", process->index,
             answer->outcome, (unsigned long long)answer->number);
}

bool oracle_knows(const struct oracle *oracle, struct slice source, struct uuid id, struct digest digest,
                  uint32_t outcome, uint64_t number, struct slice answer) {
    for (size_t i = oracle->fact_count; i-- > 0;) {
        const struct fact *fact = &oracle->facts[i];
        if (!uuid_equal(fact->id, id) || !digest_equal(fact->digest, digest) || fact->outcome != outcome) continue;
        if (!slice_equal(journal_name_slice(&fact->source), source) || !slice_equal(fact->answer, answer)) continue;
        if (number == (fact->repeats != 0 ? fact->repeats : fact->number)) return true;
    }
    return false;
}

struct rows oracle_rows(struct oracle *oracle) {
    struct store store = fake_store_port(&oracle->fold);
    struct rows rows;
    enum status status = store.read_begin(store.context, &rows, NULL);
    ASSERT(status == STATUS_OK);
    return rows;
}

/* The history after the cut is lost: what was told of it may still be found, but is not true any more. */
void oracle_cut(struct oracle *oracle, int64_t new_end) {
    for (size_t i = 0; i < oracle->row_count; i++) {
        if (oracle->rows[i].offset < new_end) continue;
        oracle->lost = oracle_room(oracle->lost, oracle->lost_count, &oracle->lost_room, sizeof *oracle->lost);
        oracle->lost[oracle->lost_count++] = oracle->rows[i];
    }
    if (oracle->sim->follower != NULL) source_forget(oracle->sim->follower->source, new_end);
    size_t facts_before = oracle->fact_count;
    for (size_t i = 0; i < facts_before; i++) oracle->facts[i].is_lost = true;
    fake_store_fini(&oracle->fold);
    fake_store_init(&oracle->fold, NULL);
    oracle->row_count = 0;
    oracle->promise.slot_count = 0;
    if (oracle->index != NULL) index_model_clear(oracle->index);
    if (oracle->follow != NULL) follow_clear(oracle->follow);
    oracle->events.count = oracle->dead.count = 0;
    oracle->state = (struct journal_state){0};
    oracle->is_replaying = true;
    for (size_t i = 0; i < oracle->sim->journal->count; i++) judge(oracle, oracle->sim->journal->records[i]);
    oracle->is_replaying = false;
    oracle_public_cut(oracle);
}

bool oracle_is_converged(struct oracle *oracle) {
    const struct sim *sim = oracle->sim;
    if (oracle->row_count == 0) return false;
    const struct row *last = &oracle->rows[oracle->row_count - 1];
    char topic[REPLICA_TOPIC_MAX];
    replica_command_topic(sim->service.name, sim->generation, topic);
    const struct fake_log *commands = NULL;
    for (uint32_t i = 0; i < sim->broker.log_count; i++) {
        if (strcmp(sim->broker.logs[i].topic, topic) == 0) commands = &sim->broker.logs[i];
    }
    ASSERT(commands != NULL);
    if (last->state.resume_at.generation != sim->generation) return false;
    if (commands->end < last->state.resume_at.offset) return false; /* it was cut, and whoever owns will say so */
    if (fake_log_at_or_after(commands, last->state.resume_at.offset) != NULL) return false;
    for (int i = 0; i < SIM_PROCESSES_MAX; i++) {
        const struct process *process = &sim->processes[i];
        if (process->state == PROCESS_ABSENT) continue;
        if (process->state != PROCESS_UP || process->view.applied != last->offset) return false;
        /* Rows may be equal where histories are not: a store that stands on a claim which was cut away. */
        if (process->store.digest != last->digest || !states_equal(&process->view.journal, &last->state)) return false;
    }
    return true;
}

bool oracle_is_followed(const struct oracle *oracle) {
    if (oracle->follow == NULL) return true;
    if (!follow_is_complete(oracle->follow)) return false;
    follow_compare(oracle->follow);
    return true;
}

bool oracle_any_person(const struct oracle *oracle, uint64_t drawn, struct uuid *ret_person_id) {
    return oracle->follow != NULL && follow_any_person(oracle->follow, drawn, ret_person_id);
}

const struct index_model *oracle_index(const struct oracle *oracle) {
    return oracle->index;
}

const struct journal_state *oracle_state(const struct oracle *oracle) {
    return &oracle->state;
}

struct oracle *oracle_new(struct sim *sim) {
    struct oracle *oracle = calloc(1, sizeof *oracle);
    ASSERT(oracle != NULL);
    oracle->sim = sim;
    if (sim->swarm.kind == SIM_INDEX) oracle->index = index_model_new(sim);
    if (sim->swarm.has_source) oracle->follow = follow_new(sim);
    fake_store_init(&oracle->fold, NULL);
    return oracle;
}

void oracle_free(struct oracle *oracle) {
    fake_store_fini(&oracle->fold);
    free(oracle->rows);
    free(oracle->lost);
    free(oracle->facts);
    free(oracle->claims);
    free(oracle->events.hashes);
    free(oracle->dead.hashes);
    index_model_free(oracle->index);
    follow_free(oracle->follow);
    free(oracle);
}

static void mark_rejection(struct sim *sim, const struct journal_state *before, enum journal_verdict verdict,
                           const struct journal_record *record) {
    if (verdict == VERDICT_CLAIM_EPOCH && record->as.claim.epoch == before->epoch) sim_mark(sim, MARK_CLAIM_LOST);
    if (record->kind != RECORD_ENTRY) return;
    if (verdict == VERDICT_ENTRY_EPOCH && record->as.entry.epoch < before->epoch) sim_mark(sim, MARK_ZOMBIE_ENTRY);
    if (verdict == VERDICT_ENTRY_TIME_AHEAD) sim_mark(sim, MARK_TIME_AHEAD);
    if (verdict != VERDICT_ENTRY_NUMBER || record->as.entry.number <= before->number) return;
    sim_mark(sim, MARK_NUMBER_GAP);
}

static bool states_equal(const struct journal_state *a, const struct journal_state *b) {
    uint8_t bytes_a[JOURNAL_STATE_SIZE], bytes_b[JOURNAL_STATE_SIZE];
    journal_state_write(a, bytes_a);
    journal_state_write(b, bytes_b);
    return memcmp(bytes_a, bytes_b, sizeof bytes_a) == 0;
}

void *oracle_room(void *rows, size_t count, size_t *room, size_t size) {
    if (count < *room) return rows;
    *room = *room == 0 ? 64 : 2 * *room;
    void *grown = realloc(rows, *room * size);
    ASSERT(grown != NULL);
    return grown;
}
