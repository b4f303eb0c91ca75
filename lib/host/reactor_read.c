/* The reactor's way through the source's journal: it begins AT the record judged last, which must be the same, byte and
 * broker timestamp (journal.md section 4), judges each one by the rule, and turns what is of concern into a request. */
#include "lib/host/reactor_internal.h"

enum taken { TAKEN_MORE, TAKEN_NOTHING, TAKEN_ENOUGH };

static enum taken take_one(struct reactor *r);
static enum taken confirm(struct reactor *r, const struct logged *logged);
static enum taken judge(struct reactor *r, const struct logged *logged);
static bool is_the_record(const struct reactor *r, const struct logged *logged);
static bool react(struct reactor *r, const struct entry *entry, const struct journal_place *next);
static void keep_place(struct reactor *r);
static enum taken on_end(struct reactor *r, int64_t end);

void reactor_begin(struct reactor *r) {
    struct rows rows;
    struct error error = {0};
    struct service_place place;
    r->not_before_ms = reactor_now(r) + REACTOR_FAILED_MS;
    if (r->ports.store.read_begin(r->ports.store.context, &rows, &error) != STATUS_OK) return;
    r->options.service->source->place(&rows, &place);
    r->ports.store.read_end(r->ports.store.context, &rows);
    r->kept_offset = place.offset;
    r->kept_done = place.done;
    r->kept_ms = reactor_now(r);
    r->passed = 0;
    r->read = (struct journal_place){.applied = -1};
    struct cursor cursor = cursor_over(slice_of(place.bytes, place.size));
    bool is_place = place.offset < 0 || journal_place_read(&cursor, &r->read);
    memset(&r->kept_anchor, 0, sizeof r->kept_anchor);
    if (is_place && place.done > 0) cursor_copy(&cursor, r->kept_anchor.bytes, sizeof r->kept_anchor.bytes);
    is_place = is_place && (place.offset < 0 || cursor_done(&cursor));
    /* With more events of a record to come, the place is the one before it. */
    if (!is_place || (place.done > 0 ? r->read.applied >= place.offset : r->read.applied != place.offset)) {
        reactor_halt(r, "the place in the source's journal cannot be read");
        return;
    }
    int64_t offset = r->read.applied >= 0 ? r->read.applied : 0;
    const struct topic_reader *journal = &r->ports.journal;
    if (journal->assign(journal->context, r->options.journal_topic, offset, &error) != STATUS_OK) return;
    r->not_before_ms = 0;
    bool is_confirmed = r->read.applied < 0;
    reactor_move(r, is_confirmed ? REACTOR_FOLLOWING : REACTOR_CONFIRMING,
                 is_confirmed ? "nothing was followed yet" : "the place is known");
}

bool reactor_take(struct reactor *r) {
    for (uint32_t i = 0; i < REACTOR_STEP_RECORDS_MAX; i++) {
        enum taken taken = take_one(r);
        if (taken == TAKEN_ENOUGH) return false;
        bool must_keep = r->passed >= REACTOR_ADVANCE_RECORDS ||
                         (r->passed > 0 && reactor_now(r) - r->kept_ms >= r->options.advance_ms);
        if (r->state == REACTOR_FOLLOWING && must_keep) {
            keep_place(r);
            return false;
        }
        if (taken == TAKEN_NOTHING) return false;
    }
    return true;
}

static enum taken take_one(struct reactor *r) {
    struct topic_event event = {.kind = TOPIC_NOTHING};
    r->ports.journal.poll(r->ports.journal.context, &event);
    switch (event.kind) {
    case TOPIC_NOTHING:
        return TAKEN_NOTHING;
    case TOPIC_RECORD: {
        const struct logged logged = {.offset = event.record.offset,
                                      .timestamp_ms = event.record.timestamp_ms,
                                      .is_log_append_time = event.record.is_log_append_time,
                                      .value = event.record.value};
        return r->state == REACTOR_CONFIRMING ? confirm(r, &logged) : judge(r, &logged);
    }
    case TOPIC_END:
        return on_end(r, event.offset);
    case TOPIC_OUT_OF_RANGE:
        if (r->read.applied < 0) break; /* the source's journal has not begun */
        reactor_halt(r, "the source's journal does not have any more what was followed");
        return TAKEN_ENOUGH;
    case TOPIC_DISCONNECTED:
    case TOPIC_FAILED:
        break;
    }
    reactor_open_again(r, REACTOR_FAILED_MS, "the source is away");
    return TAKEN_ENOUGH;
}

/* A cut, or a leader that is too new to know its end (KIP-207): asking for long enough tells. What is counted is what was
 * asked, not the time since the first one, in which the process may have been paused or the source away. */
static enum taken on_end(struct reactor *r, int64_t end) {
    bool is_early = r->state == REACTOR_CONFIRMING || end <= r->read.applied;
    if (!is_early) {
        r->early_ends = 0;
        return TAKEN_NOTHING;
    }
    r->early_ends++;
    if (r->early_ends >= REACTOR_EARLY_ENDS_MAX) {
        reactor_halt(r, "the source's journal ends before what was followed");
    } else {
        reactor_open_again(r, REACTOR_FAILED_MS, "the source's journal ends early");
    }
    return TAKEN_ENOUGH;
}

static enum taken confirm(struct reactor *r, const struct logged *logged) {
    if (!journal_place_is_at(&r->read, r->ports.hash, logged)) {
        reactor_halt(r, "the source's journal is not the one that was followed");
        return TAKEN_ENOUGH;
    }
    r->early_ends = 0;
    reactor_move(r, REACTOR_FOLLOWING, "the source's journal continues where it was followed to");
    return TAKEN_MORE;
}

static enum taken judge(struct reactor *r, const struct logged *logged) {
    if (logged->offset <= r->read.applied) {
        reactor_open_again(r, 0, "the source's reader went back");
        return TAKEN_ENOUGH;
    }
    if (r->kept_done > 0 && r->read.applied < r->kept_offset && !is_the_record(r, logged)) {
        reactor_halt(r, "the source's journal is not the one of which a record was followed in part");
        return TAKEN_ENOUGH;
    }
    struct journal_step step;
    journal_place_judge(&r->read, &r->options.identity, r->ports.hash, logged, &step);
    if (journal_verdict_stops(step.verdict)) {
        reactor_halt(r, journal_verdict_sentence(step.verdict));
        return TAKEN_ENOUGH;
    }
    if (step.is_suspicious && !r->was_read_on_suspicion) {
        r->was_read_on_suspicion = true;
        reactor_open_again(r, 0, "an entry was decided on another history");
        return TAKEN_ENOUGH;
    }
    if (step.verdict == VERDICT_ENTRY && react(r, &step.record.as.entry, &step.place)) return TAKEN_ENOUGH;
    r->read = step.place;
    r->passed++;
    return TAKEN_MORE;
}

/* Of which some events were followed, or one before it. */
static bool is_the_record(const struct reactor *r, const struct logged *logged) {
    if (logged->offset < r->kept_offset) return true;
    const struct journal_place kept = {.applied = r->kept_offset, .anchor = r->kept_anchor};
    return journal_place_is_at(&kept, r->ports.hash, logged);
}

/* "This place after that one", and where the event stands between them. */
static struct service_news news_of(const struct reactor *r, const struct journal_place *to, int64_t offset,
                                   uint32_t done) {
    struct service_news news = {.after = {.offset = r->kept_offset, .done = r->kept_done},
                                .to = {.offset = offset, .done = done, .size = JOURNAL_PLACE_SIZE},
                                .number = to->journal.number};
    struct buffer out = buffer_over(news.to.bytes, sizeof news.to.bytes);
    journal_place_write(to, &out);
    ASSERT(!out.is_full && out.size == JOURNAL_PLACE_SIZE);
    return news;
}

/* The same in the middle of a record's events: the place before it, since it is read again, and which record it is. */
static struct service_news news_in(const struct reactor *r, const struct journal_place *record, uint32_t done) {
    struct service_news news = news_of(r, &r->read, record->applied, done);
    memcpy(news.to.bytes + news.to.size, record->anchor.bytes, sizeof record->anchor.bytes);
    news.to.size += sizeof record->anchor.bytes;
    return news;
}

/* Of the event's time, so that whoever follows it makes the same one. Of an old event it is the same for hours: a request
 * that ends its owner is set aside the third time that it is seen, and would never be under an id of each owner's own. */
static struct uuid id_of(const struct reactor *r, const struct service_news *news, int64_t time_ms) {
    uint8_t bytes[4 * 8];
    struct buffer out = buffer_over(bytes, sizeof bytes);
    buffer_put_u64(&out, (uint64_t)news->after.offset);
    buffer_put_u32(&out, news->after.done);
    buffer_put_u64(&out, (uint64_t)news->to.offset);
    buffer_put_u32(&out, news->to.done);
    buffer_put_u32(&out, r->attempt);
    struct digest tail = r->ports.hash(slice_of(news->to.bytes, news->to.size), buffer_slice(&out));
    int64_t wall_ms = r->ports.clock.wall_ms(r->ports.clock.context);
    if (time_ms > wall_ms) time_ms = wall_ms;
    int64_t oldest_ms = wall_ms - REACTOR_ID_AGE_MS_MAX;
    if (time_ms < oldest_ms) time_ms = oldest_ms - oldest_ms % REACTOR_ID_STEP_MS + REACTOR_ID_STEP_MS;
    return uuid_v7_make(time_ms, tail.bytes);
}

static void put_on_its_way(struct reactor *r, const struct service_news *news, const struct service_request *request,
                           const struct journal_place *after, int64_t time_ms) {
    r->own.offset = news->to.offset;
    r->own.done = news->to.done;
    r->own.after = *after;
    reactor_ask(r, request, id_of(r, news, time_ms), false);
}

/* What the event means; of several that mean something the next one, and then its record is read again. Events that were
 * followed before are passed over. True: the reactor has something to wait for. */
static bool react(struct reactor *r, const struct entry *entry, const struct journal_place *next) {
    struct entry_body body;
    if (!entry_body_read(entry->body, &body)) {
        reactor_halt(r, "an entry of the source's journal cannot be read");
        return true;
    }
    const struct service_source *source = r->options.service->source;
    struct service_request request;
    struct service_news news;
    bool is_found = false;
    uint32_t found = 0, first = next->applied == r->kept_offset ? r->kept_done : 0;
    for (uint32_t i = first; i < body.event_count; i++) {
        struct service_news tried = news_of(r, next, next->applied, 0);
        struct service_request ignored;
        tried.event = body.events[i];
        if (!is_found) arena_reset(&r->arena);
        enum service_reaction reaction = source->react(&tried, &r->arena, is_found ? &ignored : &request);
        if (reaction == REACTION_UNREADABLE) {
            reactor_halt(r, "an event of the source's journal means nothing to this version");
            return true;
        }
        if (reaction == REACTION_NONE) continue;
        if (!is_found) {
            is_found = true;
            found = i;
            news = tried;
            continue;
        }
        /* There is another one: only the first is followed now, and the place stays before the record. */
        news = news_in(r, next, i);
        news.number = next->journal.number;
        news.event = body.events[found];
        arena_reset(&r->arena);
        reaction = source->react(&news, &r->arena, &request);
        ASSERT(reaction == REACTION_REQUEST);
        break;
    }
    if (!is_found) return false;
    put_on_its_way(r, &news, &request, next, entry->decided_at_ms);
    return true;
}

/* Nothing for a while was of concern: so that not all of it is read again. */
static void keep_place(struct reactor *r) {
    struct service_news news = news_of(r, &r->read, r->read.applied, 0);
    struct service_request request;
    arena_reset(&r->arena);
    enum service_reaction reaction = r->options.service->source->react(&news, &r->arena, &request);
    ASSERT(reaction == REACTION_REQUEST);
    put_on_its_way(r, &news, &request, &r->read, r->ports.clock.wall_ms(r->ports.clock.context));
}
