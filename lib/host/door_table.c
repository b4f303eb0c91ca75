/* The requests in flight: one slot each, reserved when the door opens, and four ways to find one: by system and id, by
 * token, by deadline (a heap) and by position in the command log (a list). Pure memory work; the loop's thread only.
 * An own small table instead of a library's, because it must neither allocate per request nor end the process. */
#include "lib/host/door_internal.h"

#include <stdlib.h>

static uint64_t key_hash(const struct door_table *table, struct slice system, struct uuid request_id);
static struct ticket **bucket_of(const struct door_table *table, struct slice system, struct uuid request_id);
static void bucket_remove(struct door_table *table, struct ticket *ticket);
static void heap_put(struct door_table *table, uint32_t index, struct ticket *ticket);
static void heap_rise(struct door_table *table, uint32_t index, struct ticket *ticket);
static void heap_sink(struct door_table *table, uint32_t index, struct ticket *ticket);
static void heap_remove(struct door_table *table, struct ticket *ticket);
static void list_insert_after(struct ticket_list *list, struct ticket *before, struct ticket *ticket);
static void list_remove(struct ticket *ticket);

struct ticket *door_table_take(struct door_table *table, enum ticket_kind kind, const struct door_caller *caller,
                               int64_t due_ms) {
    ASSERT(kind != TICKET_FREE);
    ASSERT(table->count <= table->count_max);
    struct ticket *ticket = table->free;
    if (ticket == NULL) return NULL;
    table->free = ticket->bucket_next;
    uint32_t serial = ticket->serial + 1;
    *ticket = (struct ticket){.kind = kind, .caller = *caller, .due_ms = due_ms, .serial = serial};
    ticket->position.offset = -1;
    if (kind == TICKET_COMMAND) {
        struct ticket **bucket = bucket_of(table, slice_text(caller->system), caller->request_id);
        ticket->bucket_next = *bucket;
        *bucket = ticket;
    }
    heap_rise(table, table->count, ticket);
    table->count++;
    return ticket;
}

void door_table_release(struct door_table *table, struct ticket *ticket) {
    ASSERT(ticket->kind != TICKET_FREE);
    ASSERT(table->count > 0);
    if (ticket->kind == TICKET_COMMAND) bucket_remove(table, ticket);
    if (ticket->list != NULL) list_remove(ticket);
    heap_remove(table, ticket);
    free(ticket->query_bytes);
    free(ticket->asked);
    free(ticket->unsent);
    ticket->query_bytes = NULL;
    ticket->asked = NULL;
    ticket->unsent = NULL;
    free(ticket->held_bytes);
    ticket->held_bytes = NULL;
    ticket->kind = TICKET_FREE;
    ticket->bucket_next = table->free;
    table->free = ticket;
}

struct ticket *door_table_find(const struct door_table *table, struct slice system, struct uuid request_id) {
    for (struct ticket *ticket = *bucket_of(table, system, request_id); ticket != NULL; ticket = ticket->bucket_next) {
        ASSERT(ticket->kind == TICKET_COMMAND);
        if (!uuid_equal(ticket->caller.request_id, request_id)) continue;
        if (slice_equal(slice_text(ticket->caller.system), system)) return ticket;
    }
    return NULL;
}

uint64_t door_table_token(const struct door_table *table, const struct ticket *ticket) {
    ASSERT(ticket >= table->slots);
    ASSERT(ticket < table->slots + table->count_max);
    return (uint64_t)ticket->serial << 32 | (uint64_t)(ticket - table->slots);
}

struct ticket *door_table_by_token(const struct door_table *table, uint64_t token) {
    uint64_t slot = token & UINT32_MAX;
    if (slot >= table->count_max) return NULL;
    struct ticket *ticket = &table->slots[slot];
    bool is_this_use = ticket->kind != TICKET_FREE && ticket->serial == token >> 32;
    return is_this_use ? ticket : NULL;
}

struct ticket *door_table_soonest(const struct door_table *table) {
    return table->count == 0 ? NULL : table->heap[0];
}

/* Reports come in the order of offsets but for a lost connection, so the right place is nearly always the end. */
void door_table_list_delivered(struct door_table *table, struct ticket *ticket) {
    ASSERT(ticket->kind == TICKET_COMMAND);
    ASSERT(ticket->position.offset >= 0);
    struct ticket *before = table->delivered.last;
    while (before != NULL && position_compare(before->position, ticket->position) > 0) before = before->list_previous;
    list_insert_after(&table->delivered, before, ticket);
}

void door_table_list_waiting(struct door_table *table, struct ticket *ticket) {
    ASSERT(ticket->kind == TICKET_QUERY);
    list_insert_after(&table->waiting, table->waiting.last, ticket);
}

void door_table_list_unsent(struct door_table *table, struct ticket *ticket) {
    ASSERT(ticket->kind == TICKET_COMMAND);
    list_insert_after(&table->unsent, table->unsent.last, ticket);
}

void door_table_unlist(struct ticket *ticket) {
    list_remove(ticket);
}

bool door_table_init(struct door_table *table, uint32_t count_max, uint64_t seed) {
    ASSERT(count_max > 0);
    uint32_t bucket_count = 1;
    while (bucket_count < count_max) bucket_count *= 2;
    *table = (struct door_table){.count_max = count_max, .bucket_mask = bucket_count - 1, .seed = seed};
    table->slots = calloc(count_max, sizeof *table->slots);
    table->heap = calloc(count_max, sizeof(struct ticket *));
    table->buckets = calloc(bucket_count, sizeof(struct ticket *));
    if (table->slots == NULL || table->heap == NULL || table->buckets == NULL) {
        door_table_fini(table);
        return false;
    }
    for (uint32_t i = count_max; i > 0; i--) {
        table->slots[i - 1].bucket_next = table->free;
        table->free = &table->slots[i - 1];
    }
    return true;
}

void door_table_fini(struct door_table *table) {
    for (uint32_t i = 0; i < table->count; i++) {
        free(table->heap[i]->query_bytes);
        free(table->heap[i]->held_bytes);
        free(table->heap[i]->asked);
        free(table->heap[i]->unsent);
    }
    free(table->slots);
    free(table->heap);
    free(table->buckets);
    *table = (struct door_table){0};
}

/* Seeded by chance, so that nobody can choose ids that all fall into one bucket (multiply and mix, as splitmix64). */
static uint64_t key_hash(const struct door_table *table, struct slice system, struct uuid request_id) {
    uint64_t hash = table->seed;
    uint64_t words[2];
    memcpy(words, request_id.bytes, sizeof words);
    for (size_t i = 0; i < 2 + system.size; i++) {
        hash ^= i < 2 ? words[i] : system.data[i - 2];
        hash = (hash ^ hash >> 30) * 0xBF58476D1CE4E5B9u;
    }
    return hash ^ hash >> 31;
}

static struct ticket **bucket_of(const struct door_table *table, struct slice system, struct uuid request_id) {
    return &table->buckets[key_hash(table, system, request_id) & table->bucket_mask];
}

static void bucket_remove(struct door_table *table, struct ticket *ticket) {
    struct ticket **link = bucket_of(table, slice_text(ticket->caller.system), ticket->caller.request_id);
    while (*link != ticket) {
        ASSERT(*link != NULL);
        link = &(*link)->bucket_next;
    }
    *link = ticket->bucket_next;
}

static void heap_put(struct door_table *table, uint32_t index, struct ticket *ticket) {
    ASSERT(index < table->count_max);
    table->heap[index] = ticket;
    ticket->heap_index = index;
}

static void heap_rise(struct door_table *table, uint32_t index, struct ticket *ticket) {
    while (index > 0) {
        struct ticket *parent = table->heap[(index - 1) / 2];
        if (parent->due_ms <= ticket->due_ms) break;
        heap_put(table, index, parent);
        index = (index - 1) / 2;
    }
    heap_put(table, index, ticket);
}

static void heap_sink(struct door_table *table, uint32_t index, struct ticket *ticket) {
    for (;;) {
        uint32_t child = 2 * index + 1;
        if (child >= table->count) break;
        bool has_right = child + 1 < table->count;
        if (has_right && table->heap[child + 1]->due_ms < table->heap[child]->due_ms) child++;
        if (table->heap[child]->due_ms >= ticket->due_ms) break;
        heap_put(table, index, table->heap[child]);
        index = child;
    }
    heap_put(table, index, ticket);
}

/* The last one takes the place of the one that leaves, and finds its level from there. */
static void heap_remove(struct door_table *table, struct ticket *ticket) {
    uint32_t index = ticket->heap_index;
    ASSERT(index < table->count);
    ASSERT(table->heap[index] == ticket);
    table->count--;
    struct ticket *last = table->heap[table->count];
    if (last == ticket) return;
    heap_sink(table, index, last);
    heap_rise(table, last->heap_index, last);
}

/* before NULL: at the start. */
static void list_insert_after(struct ticket_list *list, struct ticket *before, struct ticket *ticket) {
    ASSERT(ticket->list == NULL);
    struct ticket *after = before == NULL ? list->first : before->list_next;
    ticket->list = list;
    ticket->list_previous = before;
    ticket->list_next = after;
    if (before == NULL) {
        list->first = ticket;
    } else {
        before->list_next = ticket;
    }
    if (after == NULL) {
        list->last = ticket;
    } else {
        after->list_previous = ticket;
    }
    list->count++;
}

static void list_remove(struct ticket *ticket) {
    struct ticket_list *list = ticket->list;
    ASSERT(list != NULL);
    ASSERT(list->count > 0);
    if (ticket->list_previous == NULL) {
        list->first = ticket->list_next;
    } else {
        ticket->list_previous->list_next = ticket->list_next;
    }
    if (ticket->list_next == NULL) {
        list->last = ticket->list_previous;
    } else {
        ticket->list_next->list_previous = ticket->list_previous;
    }
    list->count--;
    ticket->list = NULL;
}
