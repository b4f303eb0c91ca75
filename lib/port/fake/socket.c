/* The door's socket as a twin. Owns the messages in its inbox; one thread; never waits. */
#include "lib/port/fake/socket.h"

#include "lib/base/assert.h"
#include "lib/port/fake/memory.h"

#include <stdio.h>
#include <stdlib.h>

static bool receive(void *context, struct socket_request *ret_request) {
    struct fake_socket *socket = context;
    fake_at_call(socket->hooks, "socket.receive");
    free(socket->lent);
    socket->lent = NULL;
    if (socket->count == 0) return false;
    const struct fake_message *message = &socket->inbox[socket->first];
    socket->first = (socket->first + 1) % FAKE_INBOX_MAX;
    socket->count--;
    socket->lent = message->bytes;
    *ret_request = (struct socket_request){.route = message->route,
                                           .header = slice_of(message->bytes, message->header_size),
                                           .body = slice_of(message->bytes + message->header_size, message->body_size)};
    memcpy(ret_request->system, message->system, sizeof ret_request->system);
    fake_done(socket->hooks, "socket.receive done");
    return true;
}

static enum status send_reply(void *context, const struct socket_route *route, struct slice header, struct slice body) {
    struct fake_socket *socket = context;
    fake_at_call(socket->hooks, "socket.send");
    enum status status = socket->reply == NULL ? STATUS_NOT_FOUND : socket->reply(socket->context, route, header, body);
    fake_done(socket->hooks, "socket.send done");
    return status;
}

bool fake_socket_put(struct fake_socket *socket, const struct socket_route *route, const char *system,
                     struct slice header, struct slice body) {
    if (socket->count == FAKE_INBOX_MAX) return false;
    struct fake_message *message = &socket->inbox[(socket->first + socket->count++) % FAKE_INBOX_MAX];
    *message = (struct fake_message){.route = *route, .header_size = header.size, .body_size = body.size};
    int size = snprintf(message->system, sizeof message->system, "%s", system);
    ASSERT(size >= 0 && (size_t)size < sizeof message->system);
    message->bytes = fake_memory(NULL, header.size + body.size + 1);
    if (header.size > 0) memcpy(message->bytes, header.data, header.size);
    if (body.size > 0) memcpy(message->bytes + header.size, body.data, body.size);
    return true;
}

void fake_socket_init(struct fake_socket *socket, const struct fake_hooks *hooks) {
    *socket = (struct fake_socket){.hooks = hooks};
}

void fake_socket_fini(struct fake_socket *socket) {
    for (size_t i = 0; i < socket->count; i++) free(socket->inbox[(socket->first + i) % FAKE_INBOX_MAX].bytes);
    free(socket->lent);
    *socket = (struct fake_socket){0};
}

struct door_socket fake_socket_port(struct fake_socket *socket) {
    return (struct door_socket){.context = socket, .receive = receive, .send = send_reply};
}
