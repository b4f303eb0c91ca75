/* In-flight markers in Redis: they tell the other doors that the first request of an id is still running here, so that a
 * caller who asks again elsewhere hears "in progress". Only a command that takes long gets one: a caller asks again after a
 * second or more, and a marker for each would cost more than deciding the command does. Nothing promised rests on them:
 * two copies that meet in the log have one outcome all the same (journal.md section 5). Loop's thread; never waits. */
#include "lib/host/door_internal.h"

#include <stdio.h>

enum {
    MARKER_KEY_MAX = 256,
    MARKER_AFTER_MS = 100, /* in flight for so long, a command gets its marker */
    MARKER_LOOK_MS = 50,   /* how often the table is looked through */
};

static struct slice marker_key(const struct door *door, const struct door_caller *caller, char text[MARKER_KEY_MAX]);
static void put_marker(struct door *door, struct ticket *ticket);
static void on_marker(void *context, uint64_t token, enum cache_answer answer);

int door_mark_slow_ones(struct door *door) {
    const struct cache *cache = &door->ports.cache;
    if (cache->put_if_absent == NULL || door->table.count == 0) return DOOR_IDLE_MS_MAX;
    int64_t left_ms = door->marks_due_ms - door->monotonic_ms;
    if (left_ms > 0) return (int)left_ms;
    door->marks_due_ms = door->monotonic_ms + MARKER_LOOK_MS;
    if (!cache->is_up(cache->context)) return MARKER_LOOK_MS;
    /* An answer that comes from inside the call closes its ticket and moves others in the heap: one that is passed over
     * for that is seen at the next look. */
    for (uint32_t i = door->table.count; i-- > 0;) {
        if (i >= door->table.count) continue;
        struct ticket *ticket = door->table.heap[i];
        bool is_slow = door->monotonic_ms - ticket->caller.started_ms >= MARKER_AFTER_MS;
        bool is_waited_for = door->monotonic_ms < ticket->due_ms;
        if (ticket->kind == TICKET_COMMAND && !ticket->has_marker && is_slow && is_waited_for) put_marker(door, ticket);
    }
    return MARKER_LOOK_MS;
}

/* It ends by itself when its request does. The answer may come before this returns, and close the ticket. */
static void put_marker(struct door *door, struct ticket *ticket) {
    const struct cache *cache = &door->ports.cache;
    ASSERT(ticket->due_ms > door->monotonic_ms);
    ticket->has_marker = true;
    char key[MARKER_KEY_MAX];
    cache->put_if_absent(cache->context, marker_key(door, &ticket->caller, key), slice_text(door->options.process),
                         ticket->due_ms - door->monotonic_ms, door_table_token(&door->table, ticket), on_marker, door);
}

void door_drop_marker(struct door *door, const struct ticket *ticket) {
    if (!ticket->has_marker) return;
    const struct cache *cache = &door->ports.cache;
    char key[MARKER_KEY_MAX];
    cache->drop(cache->context, marker_key(door, &ticket->caller, key), slice_text(door->options.process));
}

/* Another door has written a command of this id. Ours is in the log as well: its entry will repeat the first answer,
 * for whoever asks again. */
static void on_marker(void *context, uint64_t token, enum cache_answer answer) {
    struct door *door = context;
    if (answer != CACHE_HELD_BY_OTHER) return;
    struct ticket *ticket = door_table_by_token(&door->table, token);
    if (ticket == NULL) return;
    door_read_clocks(door);
    door_close_ticket(door, ticket, &(struct door_reply){.outcome = OUTCOME_IN_PROGRESS});
}

/* "bhr:inflight:<service>:<system>:<id>" */
static struct slice marker_key(const struct door *door, const struct door_caller *caller, char text[MARKER_KEY_MAX]) {
    char id[UUID_TEXT_SIZE];
    uuid_format(caller->request_id, id);
    int size = snprintf(text, MARKER_KEY_MAX, "bhr:inflight:%s:%s:%.*s", door->options.service->name, caller->system,
                        (int)sizeof id, id);
    ASSERT(size > 0 && size < MARKER_KEY_MAX);
    return slice_of(text, (size_t)size);
}
