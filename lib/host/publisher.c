/* The publisher's life: its states, its commits, and what follows when something fails. It owns the machine's memory. One
 * thread; it waits only in the calls of lib/port/publish.h and of admin. */
#include "lib/host/publisher_internal.h"

#include <stdio.h>
#include <stdlib.h>

static int run(struct publisher *p);
static bool is_behind_its_topics(struct publisher *p);
static void on_committed(struct publisher *p);
static void leave(struct publisher *p);
static void unassign(struct publisher *p);
static void drop(struct publisher *p);

int publisher_step(struct publisher *p) {
    ASSERT(p->has_producer || !p->is_transaction_open);
    if (p->state == PUBLISHER_STOPPED) return PUBLISHER_IDLE_MS;
    int64_t now_ms = publisher_now(p);
    if (!p->is_owner) {
        if (p->state != PUBLISHER_IDLE) leave(p);
        if (p->must_unassign && now_ms >= p->not_before_ms) unassign(p);
        return p->must_unassign ? PUBLISHER_PAUSE_MS : PUBLISHER_IDLE_MS;
    }
    if (now_ms < p->not_before_ms) return (int)(p->not_before_ms - now_ms);
    switch (p->state) {
    case PUBLISHER_IDLE:
        publisher_move(p, PUBLISHER_STARTING, "this process owns the partition");
        return 0;
    case PUBLISHER_STARTING:
        return publisher_start(p);
    case PUBLISHER_CONFIRMING:
        return publisher_confirm(p);
    case PUBLISHER_RUNNING:
        return run(p);
    case PUBLISHER_COMMITTING:
        return publisher_commit(p);
    case PUBLISHER_STOPPED:
        break;
    }
    bhr_assert_failed("one of the states", __FILE__, __LINE__);
}

/* The same call again, a little later: most of these have waited already. */
static int again(struct publisher *p) {
    p->not_before_ms = publisher_now(p) + PUBLISHER_PAUSE_MS;
    return PUBLISHER_PAUSE_MS;
}

int publisher_failed(struct publisher *p, enum publish_result result) {
    ASSERT(result != PUBLISH_OK);
    if (result == PUBLISH_RETRY) return again(p);
    publisher_give_up(p, result, p->ports.producer.reason(p->ports.producer.context));
    return 0;
}

static int run(struct publisher *p) {
    int64_t now_ms = publisher_now(p);
    if (!p->is_transaction_open && now_ms < p->began_ms + p->options.interval_ms) {
        return (int)(p->began_ms + p->options.interval_ms - now_ms);
    }
    enum publisher_take taken = publisher_take(p);
    if (taken == TAKE_RESTARTED || taken == TAKE_MORE) return 0;
    if (p->is_at_end && is_behind_its_topics(p)) {
        publisher_halt(p, PUBLISHER_STOP_CUT);
        return 0;
    }
    now_ms = publisher_now(p);
    p->drained_ms = taken == TAKE_NOTHING ? now_ms : 0;
    if (p->is_transaction_open) return publisher_commit(p);
    if (p->is_at_end) p->level_ms = now_ms;
    if (now_ms < p->kept_ms + p->options.keep_ms) return PUBLISHER_IDLE_MS;
    /* Nothing to publish for so long: the position alone, so that it does not expire. */
    enum publish_result result = p->ports.producer.begin(p->ports.producer.context);
    if (result != PUBLISH_OK) return publisher_failed(p, result);
    p->is_transaction_open = true;
    return publisher_commit(p);
}

/* What is public comes from entries that the journal has not got: it was cut below them. The leader decides, not a reader
 * that may have been told an old end (KIP-207). */
static bool is_behind_its_topics(struct publisher *p) {
    uint64_t number = p->read.journal.number;
    if (number >= p->event_number && number >= p->dead_number) return false;
    struct topic_range range;
    struct error error = {0};
    const struct topic_admin *admin = &p->ports.admin;
    enum status status = admin->range(admin->context, p->options.journal_topic, PUBLISHER_ADMIN_MS_MAX, &range, &error);
    return status == STATUS_OK && range.end <= p->read.applied + 1;
}

int publisher_commit(struct publisher *p) {
    ASSERT(p->is_transaction_open);
    ASSERT(p->read.applied >= p->base.applied);
    char text[PUBLISHER_NOTE_SIZE];
    publisher_note_write(&(struct publisher_note){.before = p->base, .after = p->read}, text);
    const struct publish_position position = {.offset = p->read.applied + 1, .note = slice_of(text, sizeof text)};
    bool is_clean = false;
    enum publish_result result = p->ports.producer.commit(p->ports.producer.context, &position, &is_clean);
    if (result == PUBLISH_OK) {
        on_committed(p);
        if (!is_clean) {
            publisher_give_up(p, PUBLISH_OK, "the commit was not clean");
        } else if (!p->is_reading) {
            publisher_read_from(p, &p->base);
        } else if (p->state == PUBLISHER_COMMITTING) {
            publisher_move(p, PUBLISHER_RUNNING, "the commit has answered");
        }
        return 0;
    }
    if (result != PUBLISH_RETRY) return publisher_failed(p, result);
    int64_t now_ms = publisher_now(p);
    if (p->state != PUBLISHER_COMMITTING) {
        p->commit_until_ms = now_ms + PUBLISHER_COMMIT_MS_MAX;
        publisher_move(p, PUBLISHER_COMMITTING, "the commit has not answered yet");
    } else if (now_ms >= p->commit_until_ms) {
        publisher_give_up(p, PUBLISH_ABORTED, "the commit did not answer");
        return 0;
    }
    return again(p);
}

static void on_committed(struct publisher *p) {
    const struct publisher_listener *listener = &p->ports.listener;
    p->is_transaction_open = false;
    p->base = p->read;
    p->kept_ms = publisher_now(p);
    p->was_read_on_suspicion = false;
    if (p->drained_ms > p->level_ms) p->level_ms = p->drained_ms;
    p->transactions++;
    p->entries += p->entry_count;
    p->records += p->record_count;
    if (listener->committed != NULL) {
        listener->committed(listener->context, p->entry_count, p->record_count, p->logged_ms);
    }
    p->entry_count = p->record_count = 0;
    p->record_bytes = 0;
}

void publisher_give_up(struct publisher *p, enum publish_result result, const char *why) {
    ASSERT(result != PUBLISH_RETRY);
    const struct publisher_listener *listener = &p->ports.listener;
    if (listener->gave_up != NULL) listener->gave_up(listener->context, result, why);
    int64_t pause_ms = 0;
    switch (result) {
    case PUBLISH_OK:
        p->recycled++;
        break;
    case PUBLISH_RETRY:
    case PUBLISH_ABORTED:
        p->aborted++;
        pause_ms = PUBLISHER_PAUSE_MS;
        break;
    case PUBLISH_FENCED:
        p->fenced++;
        pause_ms = PUBLISHER_FENCED_MS;
        break;
    case PUBLISH_FAILED:
        p->failed++;
        pause_ms = PUBLISHER_FAILED_MS;
        publisher_alarm(p, "publisher_failed", why);
        break;
    }
    p->not_before_ms = publisher_now(p) + pause_ms;
    if (p->state != PUBLISHER_STARTING) publisher_move(p, PUBLISHER_STARTING, why);
    drop(p);
}

/* Another process owns the partition, or this one ends. */
static void leave(struct publisher *p) {
    if (p->is_transaction_open) p->ports.producer.abort(p->ports.producer.context);
    publisher_move(p, PUBLISHER_IDLE, "this process does not own the partition");
    drop(p);
    p->not_before_ms = publisher_now(p) + PUBLISHER_UNASSIGN_MS;
}

static void unassign(struct publisher *p) {
    p->ports.journal.unassign(p->ports.journal.context);
    p->must_unassign = false;
}

/* The journal's reader is left as it is: what it has is not looked at, and the next assign drops it. */
static void drop(struct publisher *p) {
    p->must_unassign = true;
    p->ports.producer.drop(p->ports.producer.context);
    p->read = p->base; /* what was judged since is not published */
    p->unsettled_ms = 0;
    p->has_producer = p->is_transaction_open = p->is_reading = p->is_anchor_pending = p->is_at_end = false;
    p->entry_count = p->record_count = 0;
    p->record_bytes = 0;
}

void publisher_halt(struct publisher *p, enum publisher_stop reason) {
    ASSERT(reason != PUBLISHER_STOP_NONE);
    if (p->is_transaction_open) p->ports.producer.abort(p->ports.producer.context);
    drop(p);
    p->stop = reason;
    publisher_move(p, PUBLISHER_STOPPED, publisher_stop_sentence(reason));
    publisher_alarm(p, publisher_stop_name(reason), publisher_stop_sentence(reason));
}

void publisher_move(struct publisher *p, enum publisher_state to, const char *why) {
    const struct publisher_listener *listener = &p->ports.listener;
    enum publisher_state from = p->state;
    ASSERT(from != to && from != PUBLISHER_STOPPED);
    p->state = to;
    if (listener->moved != NULL) listener->moved(listener->context, from, to, why);
}

void publisher_alarm(const struct publisher *p, const char *name, const char *text) {
    if (p->ports.listener.alarm != NULL) p->ports.listener.alarm(p->ports.listener.context, name, text);
}

struct publisher *publisher_new(const struct publisher_options *options, const struct publisher_ports *ports) {
    ASSERT(options->batch_max >= 1 && options->batch_max <= PUBLISHER_BATCH_MAX);
    ASSERT(options->interval_ms >= 0 && options->keep_ms > 0);
    ASSERT(ports->hash != NULL && ports->records != NULL);
    struct publisher *p = calloc(1, sizeof *p);
    void *memory = malloc(PUBLIC_RECORDS_ARENA_SIZE);
    if (p == NULL || memory == NULL) {
        free(memory);
        free(p);
        return NULL;
    }
    p->options = *options;
    p->ports = *ports;
    p->arena = arena_over(memory, PUBLIC_RECORDS_ARENA_SIZE);
    p->began_ms = publisher_now(p) - options->interval_ms;
    p->base = p->read = (struct journal_place){.applied = -1};
    return p;
}

void publisher_free(struct publisher *p) {
    if (p == NULL) return;
    free(p->arena.memory);
    free(p);
}

void publisher_own(struct publisher *p, bool is_owner) {
    p->is_owner = is_owner;
}

void publisher_look(const struct publisher *p, struct publisher_view *ret_view) {
    const struct journal_place *published = p->is_transaction_open ? &p->base : &p->read;
    *ret_view = (struct publisher_view){.state = p->state,
                                        .stop = p->stop,
                                        .number = published->journal.number,
                                        .level_ms = p->level_ms,
                                        .transactions = p->transactions,
                                        .entries = p->entries,
                                        .records = p->records,
                                        .aborted = p->aborted,
                                        .fenced = p->fenced,
                                        .failed = p->failed,
                                        .recycled = p->recycled};
}

const char *publisher_state_name(enum publisher_state state) {
    switch (state) {
#define X(value, name)                                                                                                 \
    case value:                                                                                                        \
        return name;
        PUBLISHER_STATES(X)
#undef X
    }
    return "?";
}

const char *publisher_stop_name(enum publisher_stop reason) {
    switch (reason) {
#define X(value, name, sentence)                                                                                       \
    case value:                                                                                                        \
        return name;
        PUBLISHER_STOPS(X)
#undef X
    }
    return "?";
}

const char *publisher_stop_sentence(enum publisher_stop reason) {
    switch (reason) {
#define X(value, name, sentence)                                                                                       \
    case value:                                                                                                        \
        return sentence;
        PUBLISHER_STOPS(X)
#undef X
    }
    return "?";
}
