/* A pool of messages, in a list for each system that has some, and those systems in a ring (zmq_inbox.h). It owns the frames
 * that it was given until they are taken. */
#include "lib/port/zmq/zmq_inbox.h"

#include "lib/base/assert.h"

#include <stdlib.h>
#include <string.h>

struct inbox_message {
    zmq_msg_t header, body;
    struct socket_route route;
    struct inbox_message *next;
};

struct inbox_system {
    char name[SOCKET_SYSTEM_MAX + 1];
    struct inbox_message *first, *last;
    size_t count, bytes;
};

struct zmq_inbox {
    struct inbox_message messages[ZMQ_INBOX_MESSAGES_MAX], *free;
    struct inbox_system systems[ZMQ_INBOX_SYSTEMS_MAX]; /* those with something queued, in no order */
    size_t system_count, turn;                          /* whose turn is next */
    size_t count, bytes;
};

static struct inbox_system *find(struct zmq_inbox *inbox, const char *name);
static struct inbox_system *add(struct zmq_inbox *inbox, const char *name);
static void remove_system(struct zmq_inbox *inbox, size_t index);
static size_t size_of(const struct inbox_message *message);

bool zmq_inbox_put(struct zmq_inbox *inbox, const char *system, const struct socket_route *route, zmq_msg_t *header,
                   zmq_msg_t *body) {
    ASSERT(inbox != NULL && route != NULL);
    ASSERT(system[0] != '\0' && strlen(system) <= SOCKET_SYSTEM_MAX);
    struct inbox_system *of = find(inbox, system);
    size_t size = zmq_msg_size(header) + zmq_msg_size(body);
    size_t count = of == NULL ? 0 : of->count, bytes = of == NULL ? 0 : of->bytes;
    if (count >= ZMQ_INBOX_MESSAGES_MAX - inbox->count) return false;
    if (bytes + size > ZMQ_INBOX_BYTES_MAX - inbox->bytes) return false;
    if (of == NULL) of = add(inbox, system);
    if (of == NULL) return false;
    struct inbox_message *message = inbox->free;
    ASSERT(message != NULL);
    inbox->free = message->next;
    message->next = NULL;
    message->route = *route;
    zmq_msg_init(&message->header);
    zmq_msg_init(&message->body);
    (void)zmq_msg_move(&message->header, header);
    (void)zmq_msg_move(&message->body, body);
    if (of->last != NULL) of->last->next = message;
    if (of->first == NULL) of->first = message;
    of->last = message;
    of->count++;
    of->bytes += size;
    inbox->count++;
    inbox->bytes += size;
    return true;
}

bool zmq_inbox_take(struct zmq_inbox *inbox, char ret_system[SOCKET_SYSTEM_MAX + 1], struct socket_route *ret_route,
                    zmq_msg_t *header, zmq_msg_t *body) {
    ASSERT(inbox != NULL);
    if (inbox->system_count == 0) return false;
    if (inbox->turn >= inbox->system_count) inbox->turn = 0;
    struct inbox_system *of = &inbox->systems[inbox->turn];
    struct inbox_message *message = of->first;
    ASSERT(message != NULL && of->count > 0);
    memcpy(ret_system, of->name, sizeof of->name);
    *ret_route = message->route;
    size_t size = size_of(message);
    of->first = message->next;
    if (of->first == NULL) of->last = NULL;
    of->count--;
    of->bytes -= size;
    inbox->count--;
    inbox->bytes -= size;
    (void)zmq_msg_move(header, &message->header);
    (void)zmq_msg_move(body, &message->body);
    zmq_msg_close(&message->header);
    zmq_msg_close(&message->body);
    message->next = inbox->free;
    inbox->free = message;
    if (of->count > 0) {
        inbox->turn++;
    } else {
        remove_system(inbox, inbox->turn);
    }
    return true;
}

bool zmq_inbox_is_empty(const struct zmq_inbox *inbox) {
    ASSERT(inbox != NULL);
    return inbox->count == 0;
}

static struct inbox_system *find(struct zmq_inbox *inbox, const char *name) {
    for (size_t i = 0; i < inbox->system_count; i++) {
        if (strcmp(inbox->systems[i].name, name) == 0) return &inbox->systems[i];
    }
    return NULL;
}

/* NULL when there are too many. */
static struct inbox_system *add(struct zmq_inbox *inbox, const char *name) {
    if (inbox->system_count == ZMQ_INBOX_SYSTEMS_MAX) return NULL;
    struct inbox_system *of = &inbox->systems[inbox->system_count++];
    *of = (struct inbox_system){0};
    memcpy(of->name, name, strlen(name));
    return of;
}

/* Those behind it move up, so that everybody's turn stays where it was. */
static void remove_system(struct zmq_inbox *inbox, size_t index) {
    ASSERT(index < inbox->system_count);
    inbox->system_count--;
    memmove(&inbox->systems[index], &inbox->systems[index + 1],
            (inbox->system_count - index) * sizeof inbox->systems[0]);
}

static size_t size_of(const struct inbox_message *message) {
    return zmq_msg_size(&message->header) + zmq_msg_size(&message->body);
}

struct zmq_inbox *zmq_inbox_new(void) {
    struct zmq_inbox *inbox = calloc(1, sizeof *inbox);
    if (inbox == NULL) return NULL;
    for (size_t i = 0; i < ZMQ_INBOX_MESSAGES_MAX; i++) {
        inbox->messages[i].next = inbox->free;
        inbox->free = &inbox->messages[i];
    }
    return inbox;
}

void zmq_inbox_free(struct zmq_inbox *inbox) {
    if (inbox == NULL) return;
    for (size_t i = 0; i < inbox->system_count; i++) {
        for (struct inbox_message *message = inbox->systems[i].first; message != NULL; message = message->next) {
            zmq_msg_close(&message->header);
            zmq_msg_close(&message->body);
        }
    }
    free(inbox);
}
