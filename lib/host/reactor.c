/* The reactor's life: from place to place of the source, and errands in between. Loop's thread. */
#include "lib/host/reactor_internal.h"

#include <stdlib.h>

static void end_request(struct reactor *r);
static void end_news(struct reactor *r, bool is_done);
static void end_errand(struct reactor *r, bool is_done);
static bool find_errand(struct reactor *r);
static void raise_alarm(const struct reactor *r, const char *name, const char *text);

const char *reactor_state_name(enum reactor_state state) {
    static const char *const names[] = {
#define X(NAME, name) name,
        REACTOR_STATES(X)
#undef X
    };
    return names[state];
}

int reactor_step(struct reactor *r, bool is_owner) {
    int64_t now_ms = reactor_now(r);
    if (r->state == REACTOR_STOPPED) return REACTOR_IDLE_MS;
    if (!is_owner) {
        if (r->state != REACTOR_IDLE) {
            r->ports.journal.unassign(r->ports.journal.context);
            r->own.state = OWN_NONE; /* a reply that still comes finds nobody */
            r->early_ends = 0;
            reactor_move(r, REACTOR_IDLE, "somebody else owns the partition");
        }
        return REACTOR_IDLE_MS;
    }
    if (r->state == REACTOR_IDLE) reactor_open_again(r, 0, "the partition is ours");
    if (r->own.state == OWN_ENDED) end_request(r);
    if (r->state == REACTOR_STOPPED) return REACTOR_IDLE_MS;
    if (r->own.state == OWN_WAITS) return r->own.due_ms > now_ms ? (int)(r->own.due_ms - now_ms) : 0;
    if (r->own.state == OWN_AT_DOOR) return REACTOR_IDLE_MS; /* the door's step sees the reply first */
    if (r->not_before_ms > now_ms) return (int)(r->not_before_ms - now_ms);
    if (r->state == REACTOR_OPENING) reactor_begin(r);
    bool has_more = (r->state == REACTOR_CONFIRMING || r->state == REACTOR_FOLLOWING) && reactor_take(r);
    if (r->own.state == OWN_NONE && !has_more && find_errand(r)) has_more = true;
    if (has_more || r->own.state == OWN_WAITS) return 0;
    if (r->state == REACTOR_OPENING) return r->not_before_ms > now_ms ? (int)(r->not_before_ms - now_ms) : 0;
    int64_t left_ms = r->errands_due_ms - now_ms;
    return left_ms < 1 ? 1 : left_ms < REACTOR_IDLE_MS ? (int)left_ms : REACTOR_IDLE_MS;
}

/* What could not be done now is asked again under the same id; what was done, or never will be, ends. News that were
 * decided too late never will be under their id: they are asked for under another one. */
static void end_request(struct reactor *r) {
    struct own_request *own = &r->own;
    switch (own->status) {
    case REPLY_OK:
        r->requests++;
        own->is_errand ? end_errand(r, true) : end_news(r, true);
        return;
    case REPLY_REFUSED:
    case REPLY_INVALID:
    case REPLY_DENIED:
    case REPLY_NOT_FOUND:
        r->requests++;
        r->refused++;
        own->is_errand ? end_errand(r, true) : end_news(r, false);
        return;
    case REPLY_UNAVAILABLE:
        if (own->is_errand) {
            end_errand(r, false); /* whom it needs is away: later */
            return;
        }
        if (own->is_set_aside) {
            own->state = OWN_NONE;
            reactor_halt(r, "what an event of the source's journal means was set aside");
            return;
        }
        if (own->is_told_again) {
            end_news(r, false);
            return;
        }
        break;
    case REPLY_IN_PROGRESS:
    case REPLY_TOO_BUSY:
    case REPLY_UNKNOWN_OUTCOME:
        break;
    }
    own->state = OWN_WAITS;
    own->due_ms = reactor_now(r) + REACTOR_PAUSE_MS;
}

static void end_news(struct reactor *r, bool is_done) {
    struct own_request *own = &r->own;
    own->state = OWN_NONE;
    if (!is_done) {
        r->attempt++;
        reactor_open_again(r, REACTOR_PAUSE_MS, "a request to the service itself was refused or came too late");
        return;
    }
    r->attempt = 0;
    r->kept_offset = own->offset;
    r->kept_done = own->done;
    r->kept_ms = reactor_now(r);
    r->passed = 0;
    r->was_read_on_suspicion = false;
    if (own->done > 0) {
        reactor_open_again(r, 0, "more events of the record are to be followed");
    } else {
        r->read = own->after;
    }
}

/* Errands are looked at in their order; when one cannot be done for now, all wait. */
static void end_errand(struct reactor *r, bool is_done) {
    r->own.state = OWN_NONE;
    if (is_done) {
        r->errand_after = r->errand_taken;
        r->errands_due_ms = 0;
    } else {
        r->errands_due_ms = reactor_now(r) + REACTOR_ERRANDS_MS;
    }
}

static bool find_errand(struct reactor *r) {
    int64_t now_ms = reactor_now(r);
    const struct service_source *source = r->options.service->source;
    if (source->errand == NULL || now_ms < r->errands_due_ms) return false;
    if (now_ms >= r->errands_again_ms) {
        r->errands_again_ms = now_ms + REACTOR_ERRANDS_AGAIN_MS;
        r->errand_after = 0;
    }
    struct rows rows;
    struct error error;
    if (r->ports.store.read_begin(r->ports.store.context, &rows, &error) != STATUS_OK) return false;
    struct service_request request;
    arena_reset(&r->arena);
    r->errand_taken = r->errand_after;
    bool is_found = source->errand(&rows, &r->errand_taken, &r->arena, &request);
    r->ports.store.read_end(r->ports.store.context, &rows);
    if (!is_found) {
        r->errands_due_ms = now_ms + REACTOR_ERRANDS_MS;
        return false;
    }
    uint8_t tail[10];
    r->ports.clock.random(r->ports.clock.context, tail, sizeof tail);
    reactor_ask(r, &request, uuid_v7_make(r->ports.clock.wall_ms(r->ports.clock.context), tail), true);
    return true;
}

void reactor_move(struct reactor *r, enum reactor_state to, const char *why) {
    enum reactor_state from = r->state;
    r->state = to;
    if (from != to && r->listener.moved != NULL) r->listener.moved(r->listener.context, from, to, why);
}

void reactor_halt(struct reactor *r, const char *why) {
    r->ports.journal.unassign(r->ports.journal.context);
    reactor_move(r, REACTOR_STOPPED, why);
    raise_alarm(r, "source_stopped", why);
}

static void raise_alarm(const struct reactor *r, const char *name, const char *text) {
    if (r->listener.alarm != NULL) r->listener.alarm(r->listener.context, name, text);
}

void reactor_open_again(struct reactor *r, int64_t pause_ms, const char *why) {
    r->not_before_ms = pause_ms > 0 ? reactor_now(r) + pause_ms : 0;
    reactor_move(r, REACTOR_OPENING, why);
}

struct reactor_view reactor_look(const struct reactor *r) {
    return (struct reactor_view){
        .state = r->state, .number = r->read.journal.number, .requests = r->requests, .refused = r->refused};
}

struct reactor *reactor_new(const struct reactor_options *options, const struct reactor_ports *ports,
                            const struct reactor_listener *listener) {
    ASSERT(options->service->source != NULL && options->advance_ms > 0);
    struct reactor *r = calloc(1, sizeof *r);
    if (r == NULL) return NULL;
    r->options = *options;
    r->ports = *ports;
    if (listener != NULL) r->listener = *listener;
    r->arena = arena_over(malloc(REACTOR_ARENA_SIZE), REACTOR_ARENA_SIZE);
    if (r->arena.memory == NULL) {
        free(r);
        return NULL;
    }
    r->read.applied = r->kept_offset = -1;
    return r;
}

void reactor_free(struct reactor *r) {
    if (r == NULL) return;
    free(r->arena.memory);
    free(r);
}
