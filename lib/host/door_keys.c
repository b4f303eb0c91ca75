/* Commands that wait for a key: what identifies their person is sealed with a key that Kafka has not yet acknowledged, and
 * they are written to the command log only when it has, because a booking that nobody can ever read would be a promise to
 * nobody (lib/port/vault.h). Each is kept in its ticket, whole; there are as many as there are tickets. Loop's thread. */
#include "lib/host/door_internal.h"

#include <stdlib.h>

uint64_t door_take_awaited(const struct door *door) {
    const struct vault *vault = door->options.service_context.vault;
    return vault != NULL && vault->take_awaited != NULL ? vault->take_awaited(vault->context) : 0;
}

bool door_hold_back(struct door *door, struct ticket *ticket, const struct topic_append *record, uint64_t key) {
    ASSERT(ticket->kind == TICKET_COMMAND && ticket->unsent == NULL);
    ASSERT(record->header_count <= DOOR_HEADERS_MAX && key != 0);
    size_t size = record->value.size;
    for (uint32_t i = 0; i < record->header_count; i++) size += record->headers[i].value.size;
    struct unsent_command *unsent = malloc(sizeof *unsent + size);
    if (unsent == NULL) return false;
    *unsent =
        (struct unsent_command){.key = key, .value_size = record->value.size, .header_count = record->header_count};
    struct buffer bytes = buffer_over(unsent->bytes, size);
    buffer_put(&bytes, record->value.data, record->value.size);
    for (uint32_t i = 0; i < record->header_count; i++) {
        unsent->names[i] = record->headers[i].name; /* static text */
        unsent->sizes[i] = record->headers[i].value.size;
        buffer_put(&bytes, record->headers[i].value.data, record->headers[i].value.size);
    }
    ASSERT(!bytes.is_full);
    ticket->unsent = unsent;
    door_table_list_unsent(&door->table, ticket);
    return true;
}

static void let_go(struct door *door, struct ticket *ticket) {
    struct unsent_command *unsent = ticket->unsent;
    struct topic_header headers[DOOR_HEADERS_MAX];
    const uint8_t *at = unsent->bytes + unsent->value_size;
    for (uint32_t i = 0; i < unsent->header_count; i++) {
        headers[i] = (struct topic_header){unsent->names[i], slice_of(at, unsent->sizes[i])};
        at += unsent->sizes[i];
    }
    const struct topic_append record = {.value = slice_of(unsent->bytes, unsent->value_size),
                                        .header_count = unsent->header_count,
                                        .headers = headers,
                                        .token = door_table_token(&door->table, ticket)};
    ticket->position = (struct position){.generation = door->resume_at.generation, .offset = -1};
    ticket->unsent = NULL;
    door_table_unlist(ticket);
    door_burst_put(door, &record);
    free(unsent);
}

void door_keys_settled(struct door *door) {
    const struct vault *vault = door->options.service_context.vault;
    ASSERT(vault != NULL && vault->key_state != NULL);
    door_read_clocks(door);
    struct ticket *next;
    for (struct ticket *ticket = door->table.unsent.first; ticket != NULL; ticket = next) {
        next = ticket->list_next;
        switch (vault->key_state(vault->context, ticket->unsent->key)) {
        case VAULT_KEY_AWAITED:
            break;
        case VAULT_KEY_KEPT:
            let_go(door, ticket);
            break;
        case VAULT_KEY_LOST:
            door_close_ticket(door, ticket, &(struct door_reply){.outcome = OUTCOME_UNAVAILABLE});
            break;
        }
    }
    door_burst_send(door);
}
