/* The promise about what others see: the public topics hold what each accepted entry is to the public, each record once and
 * in order. What must come is written down as entries are accepted, and compared as records land. */
#include "tests/sim/oracle.h"
#include "tests/sim/public.h"

static uint64_t hash_record(struct slice key, struct slice value, uint32_t header_count,
                            const struct topic_header *headers) {
    uint64_t hash = fake_hash(fake_hash(1, key), value);
    for (uint32_t i = 0; i < header_count; i++) {
        hash = fake_hash(fake_hash(hash, headers[i].name), headers[i].value);
    }
    return hash;
}

void oracle_expect_public(struct oracle *oracle, const struct entry *entry) {
    static uint8_t memory[PUBLIC_RECORDS_ARENA_SIZE];
    const struct sim *sim = oracle->sim;
    if (!sim->swarm.has_publisher) return;
    struct arena arena = arena_over(memory, sizeof memory);
    struct public_record records[PUBLIC_RECORDS_MAX];
    struct public_context who = sim_public_context(sim);
    who.journal_id = oracle->state.journal_id;
    uint32_t count = public_records_of_entry(&who, entry, &arena, records);
    if (count == PUBLIC_RECORDS_UNREADABLE) {
        sim_fail(oracle->sim, "unreadable: entry %llu cannot be made public", (unsigned long long)entry->number);
        return;
    }
    for (uint32_t i = 0; i < count; i++) {
        const struct public_record *record = &records[i];
        struct public_expected *expected = record->is_dead_letter ? &oracle->dead : &oracle->events;
        expected->hashes = oracle_room(expected->hashes, expected->count, &expected->room, sizeof *expected->hashes);
        expected->hashes[expected->count++] =
            hash_record(record->key, record->value, record->header_count, record->headers);
    }
}

/* A cut may take away entries that are public already: from then on the topics hold more than history. */
static bool is_right(const struct oracle *oracle, const struct fake_log *log, size_t index) {
    const struct public_expected *expected = log == oracle->sim->dead ? &oracle->dead : &oracle->events;
    if (index >= expected->count) return false;
    const struct topic_record *shown = &log->records[index]->shown;
    return hash_record(shown->key, shown->value, shown->header_count, shown->headers) == expected->hashes[index];
}

void oracle_published(struct oracle *oracle, const struct fake_log *log, const struct fake_record *record) {
    struct sim *sim = oracle->sim;
    ASSERT(log->count > 0 && log->records[log->count - 1] == record);
    if (oracle->is_public_beyond || is_right(oracle, log, log->count - 1)) return;
    if (sim->was_cut) {
        oracle->is_public_beyond = true;
        return;
    }
    sim_fail(sim, "wrong public record: number %zu of %s is not what the journal says comes next", log->count,
             log->topic);
}

void oracle_public_cut(struct oracle *oracle) {
    const struct sim *sim = oracle->sim;
    const struct fake_log *logs[] = {sim->events, sim->dead};
    for (int l = 0; l < 2; l++) {
        for (size_t i = 0; i < logs[l]->count; i++) {
            oracle->is_public_beyond = oracle->is_public_beyond || !is_right(oracle, logs[l], i);
        }
    }
}

bool oracle_is_public_complete(const struct oracle *oracle) {
    if (oracle->is_public_beyond) return true;
    return oracle->sim->events->count == oracle->events.count && oracle->sim->dead->count == oracle->dead.count;
}
