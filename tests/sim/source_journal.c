/* The journal that booking follows: written as an owner writes it, and what of it concerns bookings. */
#include "tests/sim/source_internal.h"

#include "lib/base/assert.h"
#include "lib/wire/index/index_wire.h"

static void note_items(struct source *source, const struct entry_body *body, int64_t offset);

/* Appends a record as a broker does and judges it, as everybody will. */
static enum journal_verdict append(struct source *source, struct slice value, int64_t *ret_offset) {
    struct sim *sim = source->sim;
    const struct topic_append append = {.topic = SOURCE_JOURNAL, .value = value};
    struct fake_record *record = fake_record_make(&sim->broker, &append);
    int64_t skip = source->journal->end == 0 ? 0 : (int64_t)sim_below(sim, 2); /* Genesis lies at 0 */
    fake_log_append(&sim->broker, source->journal, record, skip);
    const struct topic_record *shown = &record->shown;
    const struct logged logged = {shown->offset, shown->timestamp_ms, shown->is_log_append_time, shown->value};
    struct digest chained = fake_digest(slice_of(source->state.prev.bytes, 16), shown->value);
    struct journal_record read;
    bool is_readable;
    *ret_offset = shown->offset;
    return journal_accept(&source->state, &source->identity, &logged, chained, &read, &is_readable);
}

static enum journal_verdict append_record(struct source *source, const struct journal_record *record,
                                          int64_t *ret_offset) {
    static uint8_t memory[SIZE_MAX_OF_ENTRY];
    struct buffer out = buffer_over(memory, sizeof memory);
    journal_record_write(record, &out);
    ASSERT(!out.is_full);
    return append(source, buffer_slice(&out), ret_offset);
}

void source_genesis(struct source *source) {
    struct journal_record record = {.kind = RECORD_GENESIS};
    int64_t offset;
    record.as.genesis = (struct genesis){.journal_id = {{5}},
                                         .environment = source->identity.environment,
                                         .service = source->identity.service,
                                         .locality = source->identity.locality};
    enum journal_verdict verdict = append_record(source, &record, &offset);
    ASSERT(verdict == VERDICT_GENESIS && offset == 0);
}

void source_claim(struct source *source) {
    struct journal_record record = {.kind = RECORD_CLAIM};
    int64_t offset;
    record.as.claim = (struct claim){.epoch = source->state.epoch + 1, .apply_version = 1};
    uint64_t owner = prng_u64(&source->sim->prng);
    memcpy(record.as.claim.owner.bytes, &owner, sizeof owner);
    enum journal_verdict verdict = append_record(source, &record, &offset);
    ASSERT(verdict == VERDICT_CLAIM);
}

struct journal_record source_entry_of(const struct source *source, const struct entry_body *body, uint8_t *memory,
                                      size_t size) {
    struct buffer out = buffer_over(memory, size);
    entry_body_write(body, &out);
    ASSERT(!out.is_full);
    struct journal_record record = {.kind = RECORD_ENTRY};
    const struct journal_state *state = &source->state;
    int64_t decided_at_ms = source->sim->time.now_ms;
    if (decided_at_ms > state->log_time_ms) decided_at_ms = state->log_time_ms; /* whatever the broker's clock says */
    if (decided_at_ms < state->decided_at_ms) decided_at_ms = state->decided_at_ms;
    record.as.entry = (struct entry){.epoch = state->epoch,
                                     .owner = state->owner,
                                     .number = state->number + 1,
                                     .prev = state->prev,
                                     .resume_at = state->resume_at,
                                     .decided_at_ms = decided_at_ms,
                                     .kind = ENTRY_COMMAND,
                                     .command_at = {0, 1},
                                     .body = buffer_slice(&out)};
    bool is_set = journal_name_set(&record.as.entry.source, slice_text("111-nel"));
    ASSERT(is_set);
    return record;
}

/* What looks like history and is none. */
void source_noise(struct source *source) {
    struct sim *sim = source->sim;
    int64_t offset;
    if (sim_chance(sim, 40) && source->journal->count > 1) {
        size_t index = 1 + sim_below(sim, source->journal->count - 1);
        enum journal_verdict verdict = append(source, source->journal->records[index]->shown.value, &offset);
        ASSERT(!journal_verdict_accepts(verdict));
        return;
    }
    uint8_t memory[256];
    const struct entry_body nothing = {.schema = 1, .outcome = OUTCOME_OK};
    struct journal_record record = source_entry_of(source, &nothing, memory, sizeof memory);
    if (sim_chance(sim, 50)) {
        record.as.entry.epoch--; /* a former owner */
    } else {
        record.as.entry.prev.bytes[0] ^= 1; /* wrong in prev alone: as after a cut, so everybody reads again */
    }
    enum journal_verdict verdict = append_record(source, &record, &offset);
    ASSERT(!journal_verdict_accepts(verdict));
    sim_mark(sim, MARK_SOURCE_NOISE);
}

void source_write_entry(struct source *source, const struct entry_body *body) {
    static uint8_t memory[SIZE_MAX_OF_ENTRY];
    int64_t offset;
    struct journal_record record = source_entry_of(source, body, memory, sizeof memory);
    enum journal_verdict verdict = append_record(source, &record, &offset);
    ASSERT(verdict == VERDICT_ENTRY);
    note_items(source, body, offset);
}

/* ---- what of it concerns bookings ---- */

/* Records that booking told of itself, records that were moved, merges, and merges that were taken back. */
static bool is_of_concern(struct slice bytes, struct source_item *item) {
    static uint8_t memory[INDEX_WIRE_ARENA_SIZE];
    static struct index_event event;
    struct arena arena = arena_over(memory, sizeof memory);
    struct wire_fault fault;
    bool is_read = wire_table_decode(&index_event_wire, bytes, &arena, &event, &fault);
    ASSERT(is_read);
    if (event.kind == INDEX_EVENT_RECORD_REGISTERED) {
        *item = (struct source_item){.kind = SOURCE_RECORD,
                                     .child_id = event.record_registered.record_id,
                                     .parent_id = event.record_registered.person_id};
        return index_text_equal(event.record_registered.source, "booking");
    }
    if (event.kind == INDEX_EVENT_RECORD_MOVED) {
        *item = (struct source_item){.kind = SOURCE_RECORD,
                                     .child_id = event.record_moved.record_id,
                                     .parent_id = event.record_moved.to_person_id};
        return true;
    }
    if (event.kind == INDEX_EVENT_PERSONS_MERGED) {
        *item = (struct source_item){.kind = SOURCE_MERGE,
                                     .child_id = event.persons_merged.other_id,
                                     .parent_id = event.persons_merged.survivor_id,
                                     .merge_id = event.persons_merged.merge_id};
        return true;
    }
    if (event.kind != INDEX_EVENT_PERSONS_UNMERGED) return false;
    *item = (struct source_item){.kind = SOURCE_UNMERGE,
                                 .child_id = event.persons_unmerged.other_id,
                                 .parent_id = event.persons_unmerged.survivor_id,
                                 .merge_id = event.persons_unmerged.merge_id,
                                 .from_ms = event.persons_unmerged.from_ms,
                                 .until_ms = event.persons_unmerged.until_ms};
    return true;
}

static void note_items(struct source *source, const struct entry_body *body, int64_t offset) {
    struct source_item *last = NULL;
    for (uint32_t i = 0; i < body->event_count; i++) {
        struct source_item item;
        if (!is_of_concern(body->events[i], &item)) continue;
        ASSERT(source->item_count < ITEMS_MAX);
        if (last != NULL) last->done = i; /* it is not the record's last */
        last = &source->items[source->item_count++];
        *last = item;
        last->offset = offset;
        last->number = source->state.number;
    }
}

void source_note(struct source *source, const struct entry *entry, int64_t offset) {
    struct entry_body body;
    bool is_read = entry_body_read(entry->body, &body);
    ASSERT(is_read);
    uint32_t before = source->item_count;
    source->state.number = entry->number;
    note_items(source, &body, offset);
    if (source->item_count == before) return;
    if (before > 0 && source->epoch != entry->epoch) sim_mark(source->sim, MARK_BESIDE_TAKEN_OVER);
    source->epoch = entry->epoch;
}

void source_forget(struct source *source, int64_t new_end) {
    struct sim *sim = source->sim;
    source->cut_at = new_end;
    source->item_count = 0;
    sim_mark(sim, MARK_SOURCE_CUT);
    source_disconnect_all(sim);
}

uint32_t source_item_count(const struct source *source) {
    return source->item_count;
}

const struct source_item *source_item(const struct source *source, uint32_t index) {
    ASSERT(index < source->item_count);
    return &source->items[index];
}
