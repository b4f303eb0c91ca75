/* Open addressing with linear probing, twice as many slots as keys; a removal moves its neighbours back, so that nothing is
 * left behind that would have to be stepped over. Owns its memory; one thread. */
#include "lib/host/person_key_table.h"

#include "lib/base/assert.h"

#include <stdlib.h>
#include <sys/mman.h>

static void index_add(const struct person_key_table *table, uint32_t *index, uint32_t at);
static void index_drop(const struct person_key_table *table, uint32_t *index, uint32_t at);

/* Ids are random or hashes in their last eight bytes. */
static uint32_t home_of_id(const struct person_key_table *table, struct uuid id) {
    uint64_t word;
    memcpy(&word, id.bytes + 8, sizeof word);
    return (uint32_t)(word * 0x9E3779B97F4A7C15u >> 32) & table->slot_mask;
}

static uint32_t home_of_key(const struct person_key_table *table, const uint32_t *index, uint32_t at) {
    const struct person_key *key = &table->keys[at];
    return home_of_id(table, index == table->by_id ? key->key_id : key->person_id);
}

struct person_key *person_key_find(const struct person_key_table *table, struct uuid key_id) {
    for (uint32_t slot = home_of_id(table, key_id); table->by_id[slot] != 0; slot = (slot + 1) & table->slot_mask) {
        struct person_key *key = &table->keys[table->by_id[slot] - 1];
        if (uuid_equal(key->key_id, key_id)) return key;
    }
    return NULL;
}

struct person_key *person_key_of_person(const struct person_key_table *table, struct uuid person_id) {
    struct person_key *found = NULL;
    uint32_t slot = home_of_id(table, person_id);
    for (; table->by_person[slot] != 0; slot = (slot + 1) & table->slot_mask) {
        struct person_key *key = &table->keys[table->by_person[slot] - 1];
        if (!uuid_equal(key->person_id, person_id)) continue;
        if (key->awaited == 0) return key;
        found = key;
    }
    return found;
}

struct person_key *person_key_put(struct person_key_table *table, struct uuid key_id, struct uuid person_id) {
    ASSERT(!uuid_is_zero(key_id) && !uuid_is_zero(person_id));
    ASSERT(person_key_find(table, key_id) == NULL);
    if (table->count == table->count_max) return NULL;
    uint32_t at = table->free_first;
    if (at != 0) {
        at--;
        table->free_first = (uint32_t)table->keys[at].awaited; /* a free one holds the next free one there */
    } else {
        ASSERT(table->used < table->count_max);
        at = table->used++;
    }
    table->keys[at] = (struct person_key){.key_id = key_id, .person_id = person_id};
    index_add(table, table->by_id, at);
    index_add(table, table->by_person, at);
    table->count++;
    return &table->keys[at];
}

bool person_key_remove(struct person_key_table *table, struct uuid key_id) {
    struct person_key *key = person_key_find(table, key_id);
    if (key == NULL) return false;
    uint32_t at = (uint32_t)(key - table->keys);
    index_drop(table, table->by_id, at);
    index_drop(table, table->by_person, at);
    seal_wipe(key, sizeof *key);
    key->awaited = table->free_first;
    table->free_first = at + 1;
    ASSERT(table->count > 0);
    table->count--;
    return true;
}

enum status person_key_table_init(struct person_key_table *table, uint32_t count_max, struct error *reterr_error) {
    ASSERT(count_max > 0 && count_max <= UINT32_MAX / 4);
    uint32_t slot_count = 2;
    while (slot_count < 2 * count_max) slot_count *= 2;
    *table = (struct person_key_table){
        .count_max = count_max, .slot_mask = slot_count - 1, .keys_size = count_max * sizeof table->keys[0]};
    void *keys =
        mmap(NULL, table->keys_size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    table->by_id = calloc(slot_count, sizeof table->by_id[0]);
    table->by_person = calloc(slot_count, sizeof table->by_person[0]);
    if (keys != MAP_FAILED) table->keys = keys;
    if (table->keys == NULL || table->by_id == NULL || table->by_person == NULL) {
        person_key_table_fini(table);
        return error_set(reterr_error, STATUS_NO_MEMORY, "no memory for %u keys of persons", count_max);
    }
    /* Best effort: how much memory may be locked is the system's limit (LimitMEMLOCK). */
    (void)madvise(table->keys, table->keys_size, MADV_DONTDUMP);
    (void)mlock2(table->keys, table->keys_size, MLOCK_ONFAULT);
    return STATUS_OK;
}

void person_key_table_fini(struct person_key_table *table) {
    if (table->keys != NULL) {
        seal_wipe(table->keys, table->used * sizeof table->keys[0]);
        (void)munmap(table->keys, table->keys_size);
    }
    free(table->by_id);
    free(table->by_person);
    *table = (struct person_key_table){0};
}

static void index_add(const struct person_key_table *table, uint32_t *index, uint32_t at) {
    uint32_t slot = home_of_key(table, index, at);
    while (index[slot] != 0) slot = (slot + 1) & table->slot_mask;
    index[slot] = at + 1;
}

/* Every later one of the run that may stand in the hole, because its home is not between the two, moves into it. */
static void index_drop(const struct person_key_table *table, uint32_t *index, uint32_t at) {
    uint32_t hole = home_of_key(table, index, at);
    while (index[hole] != at + 1) {
        ASSERT(index[hole] != 0);
        hole = (hole + 1) & table->slot_mask;
    }
    for (uint32_t slot = (hole + 1) & table->slot_mask; index[slot] != 0; slot = (slot + 1) & table->slot_mask) {
        uint32_t home = home_of_key(table, index, index[slot] - 1);
        bool may_move = ((slot - home) & table->slot_mask) >= ((slot - hole) & table->slot_mask);
        if (!may_move) continue;
        index[hole] = index[slot];
        hole = slot;
    }
    index[hole] = 0;
}
