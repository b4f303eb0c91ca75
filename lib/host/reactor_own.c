/* The reactor's side of the door: one request out, its reply in. Loop's thread. */
#include "lib/host/reactor_internal.h"

static bool receive(void *context, struct socket_request *ret_request);
static enum status take_reply(void *context, const struct socket_route *route, struct slice header, struct slice body);

struct door_socket reactor_socket(struct reactor *reactor) {
    return (struct door_socket){.context = reactor, .receive = receive, .send = take_reply};
}

void reactor_ask(struct reactor *r, const struct service_request *request, struct uuid id, bool is_errand) {
    struct own_request *own = &r->own;
    ASSERT(own->state == OWN_NONE);
    ASSERT(request->body.size <= sizeof own->body);
    own->state = OWN_WAITS;
    own->is_errand = is_errand;
    own->serial++;
    own->due_ms = 0;
    own->id = id;
    own->method = request->method;
    own->size = request->body.size;
    if (own->size > 0) memcpy(own->body, request->body.data, own->size);
}

static bool receive(void *context, struct socket_request *ret_request) {
    struct reactor *r = context;
    struct own_request *own = &r->own;
    if (own->state != OWN_WAITS || reactor_now(r) < own->due_ms) return false;
    const struct request_header header = {.method = slice_text(own->method), .request_id = own->id};
    struct buffer out = buffer_over(r->header, sizeof r->header);
    request_header_encode(&header, &out);
    ASSERT(!out.is_full);
    *ret_request = (struct socket_request){.header = buffer_slice(&out), .body = slice_of(own->body, own->size)};
    static_assert(sizeof own->serial <= SOCKET_ROUTE_MAX, "a route leads back to its request");
    ret_request->route.size = sizeof own->serial;
    memcpy(ret_request->route.bytes, &own->serial, sizeof own->serial);
    /* A service is a system of its own in the policy, under its own name. */
    struct slice system = slice_text(r->options.service->name);
    ASSERT(system.size <= SOCKET_SYSTEM_MAX);
    memcpy(ret_request->system, system.data, system.size);
    own->state = OWN_AT_DOOR;
    return true;
}

static enum status take_reply(void *context, const struct socket_route *route, struct slice header, struct slice body) {
    struct reactor *r = context;
    struct own_request *own = &r->own;
    uint64_t serial;
    (void)body;
    ASSERT(route->size == sizeof serial);
    memcpy(&serial, route->bytes, sizeof serial);
    if (serial != own->serial || own->state != OWN_AT_DOOR) return STATUS_NOT_FOUND;
    struct reply_header reply;
    const char *fault;
    bool is_read = reply_header_decode(header, &reply, &fault);
    ASSERT(is_read); /* the door wrote it */
    own->state = OWN_ENDED;
    own->status = reply.status;
    own->is_told_again = reply.repeated_answer;
    own->is_set_aside = slice_equal(reply.outcome, slice_text(outcome_common_row(OUTCOME_SET_ASIDE)->name));
    return STATUS_OK;
}
