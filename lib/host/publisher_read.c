/* The publisher's way through the journal: it begins AT the record judged last, which must be the same, byte and broker
 * timestamp (journal.md section 4), judges each one by the rule, and appends what an accepted entry is to the public. */
#include "lib/host/publisher_internal.h"

enum read_result { READ_RECORD, READ_NOTHING, READ_RESTARTED };

static enum read_result read_one(struct publisher *p, struct topic_event *ret_event);
static enum publisher_take judge(struct publisher *p, const struct topic_record *record);
static enum publisher_take publish(struct publisher *p, const struct entry *entry, int64_t logged_ms);
static enum publisher_take on_unreadable(struct publisher *p);
static void restart(struct publisher *p, const char *why);
static void on_early_end(struct publisher *p);

enum publisher_take publisher_take(struct publisher *p) {
    ASSERT(p->state == PUBLISHER_RUNNING);
    for (uint32_t i = 0; i < PUBLISHER_STEP_RECORDS_MAX; i++) {
        if (p->entry_count >= p->options.batch_max || p->record_bytes >= PUBLISHER_BATCH_BYTES_MAX) return TAKE_FULL;
        struct topic_event event;
        enum read_result result = read_one(p, &event);
        if (result == READ_NOTHING) return TAKE_NOTHING;
        if (result == READ_RESTARTED) return TAKE_RESTARTED;
        enum publisher_take taken = judge(p, &event.record);
        if (taken != TAKE_MORE) return taken;
    }
    return TAKE_MORE;
}

int publisher_confirm(struct publisher *p) {
    ASSERT(!p->is_transaction_open);
    if (!p->is_reading) {
        publisher_read_from(p, &p->read);
        return 0;
    }
    struct topic_event event;
    enum read_result result = read_one(p, &event);
    if (result == READ_RESTARTED) return 0;
    if (result == READ_NOTHING) return PUBLISHER_IDLE_MS;
    const struct logged logged = {.offset = event.record.offset,
                                  .timestamp_ms = event.record.timestamp_ms,
                                  .is_log_append_time = event.record.is_log_append_time,
                                  .value = event.record.value};
    if (!journal_place_is_at(&p->read, p->ports.hash, &logged)) {
        publisher_halt(p, PUBLISHER_STOP_CUT);
        return 0;
    }
    p->is_anchor_pending = false;
    publisher_move(p, PUBLISHER_RUNNING, "the journal continues where publishing ended");
    return 0;
}

void publisher_read_from(struct publisher *p, const struct journal_place *place) {
    ASSERT(!p->is_transaction_open);
    p->read = *place;
    p->is_at_end = p->must_unassign = false;
    p->is_anchor_pending = place->applied >= 0;
    int64_t offset = p->is_anchor_pending ? place->applied : 0;
    struct error error = {0};
    const struct topic_reader *journal = &p->ports.journal;
    p->is_reading = journal->assign(journal->context, p->options.journal_topic, offset, &error) == STATUS_OK;
    if (!p->is_reading) {
        publisher_alarm(p, "publisher_reader", error.message);
        p->not_before_ms = publisher_now(p) + PUBLISHER_FAILED_MS;
    }
    bool is_running = p->is_reading && !p->is_anchor_pending;
    enum publisher_state to = is_running ? PUBLISHER_RUNNING : PUBLISHER_CONFIRMING;
    if (p->state != to) publisher_move(p, to, is_running ? "nothing is published yet" : "the position is known");
}

/* The next record; everything else that the reader tells is dealt with here. */
static enum read_result read_one(struct publisher *p, struct topic_event *ret_event) {
    ret_event->kind = TOPIC_NOTHING;
    p->ports.journal.poll(p->ports.journal.context, ret_event);
    switch (ret_event->kind) {
    case TOPIC_NOTHING:
        return READ_NOTHING;
    case TOPIC_RECORD:
        p->is_at_end = false;
        return READ_RECORD;
    case TOPIC_END:
        if (p->is_anchor_pending || ret_event->offset <= p->read.applied) {
            on_early_end(p);
            return READ_RESTARTED;
        }
        p->is_at_end = true;
        return READ_NOTHING;
    case TOPIC_OUT_OF_RANGE:
        publisher_halt(p, p->read.applied >= 0 ? PUBLISHER_STOP_CUT : PUBLISHER_STOP_NO_JOURNAL);
        return READ_RESTARTED;
    case TOPIC_DISCONNECTED:
        restart(p, "the broker connection was lost");
        return READ_RESTARTED;
    case TOPIC_FAILED:
        restart(p, "the journal's reader failed");
        p->not_before_ms = publisher_now(p) + PUBLISHER_FAILED_MS;
        return READ_RESTARTED;
    }
    bhr_assert_failed("one of the events of a topic", __FILE__, __LINE__);
}

/* Reads again from where the position of Kafka or, with no transaction open, the judging stands. */
static void restart(struct publisher *p, const char *why) {
    if (p->is_transaction_open) {
        publisher_give_up(p, PUBLISH_ABORTED, why);
    } else {
        const struct journal_place place = p->read;
        publisher_read_from(p, &place);
    }
}

/* A cut, or a leader that is too new to know its end (KIP-207): the range decides, as for a replica. */
static void on_early_end(struct publisher *p) {
    struct topic_range range;
    struct error error = {0};
    const struct topic_admin *admin = &p->ports.admin;
    enum status status = admin->range(admin->context, p->options.journal_topic, PUBLISHER_ADMIN_MS_MAX, &range, &error);
    if (status == STATUS_OK && range.end <= p->read.applied) {
        publisher_halt(p, PUBLISHER_STOP_CUT);
        return;
    }
    restart(p, "the leader told an old end first");
    p->not_before_ms = publisher_now(p) + PUBLISHER_FAILED_MS;
}

static enum publisher_take judge(struct publisher *p, const struct topic_record *record) {
    if (record->offset <= p->read.applied) {
        restart(p, "the journal's reader went back");
        return TAKE_RESTARTED;
    }
    const struct logged logged = {.offset = record->offset,
                                  .timestamp_ms = record->timestamp_ms,
                                  .is_log_append_time = record->is_log_append_time,
                                  .value = record->value};
    struct journal_step step;
    journal_place_judge(&p->read, &p->options.identity, p->ports.hash, &logged, &step);
    if (journal_verdict_stops(step.verdict)) {
        bool has_no_genesis = step.verdict == VERDICT_STOP_NO_GENESIS;
        publisher_halt(p, has_no_genesis ? PUBLISHER_STOP_NO_JOURNAL : PUBLISHER_STOP_WRONG_JOURNAL);
        return TAKE_RESTARTED;
    }
    if (step.is_suspicious && !p->was_read_on_suspicion) {
        p->was_read_on_suspicion = true;
        restart(p, "an entry was decided on another history");
        return TAKE_RESTARTED;
    }
    if (step.verdict == VERDICT_ENTRY) {
        enum publisher_take taken = publish(p, &step.record.as.entry, logged.timestamp_ms);
        if (taken != TAKE_MORE) return taken;
    }
    p->read = step.place;
    return TAKE_MORE;
}

static enum publisher_take publish(struct publisher *p, const struct entry *entry, int64_t logged_ms) {
    const struct publish_port *producer = &p->ports.producer;
    struct public_record records[PUBLIC_RECORDS_MAX];
    arena_reset(&p->arena);
    uint32_t count = p->ports.records(p->ports.records_context, p->read.journal.journal_id, entry, &p->arena, records);
    if (count == PUBLIC_RECORDS_UNREADABLE) return on_unreadable(p);
    ASSERT(count <= PUBLIC_RECORDS_MAX);
    enum publish_result result = PUBLISH_OK;
    uint32_t appended = 0;
    for (uint32_t i = 0; i < count && result == PUBLISH_OK; i++) {
        bool is_public = entry->number <= (records[i].is_dead_letter ? p->dead_number : p->event_number);
        if (is_public) continue;
        if (!p->is_transaction_open) {
            result = producer->begin(producer->context);
            p->is_transaction_open = result == PUBLISH_OK;
            p->began_ms = publisher_now(p);
            if (result != PUBLISH_OK) break;
        }
        const struct topic_append append = {.topic = records[i].is_dead_letter ? p->options.dead_topic
                                                                               : p->options.event_topic,
                                            .key = records[i].key,
                                            .value = records[i].value,
                                            .header_count = records[i].header_count,
                                            .headers = records[i].headers};
        result = producer->append(producer->context, &append);
        p->record_bytes += append.key.size + append.value.size;
        appended++;
    }
    if (result != PUBLISH_OK) {
        /* A full queue cannot be: a transaction is smaller. Half an entry in it is of no use in any case. */
        publisher_give_up(p, result == PUBLISH_RETRY ? PUBLISH_ABORTED : result, producer->reason(producer->context));
        return TAKE_RESTARTED;
    }
    if (appended == 0) return TAKE_MORE;
    p->logged_ms[p->entry_count++] = logged_ms;
    p->record_count += appended;
    return TAKE_MORE;
}

/* What lies before the entry is published first; then reading comes to it again, and nothing is open any more. */
static enum publisher_take on_unreadable(struct publisher *p) {
    if (!p->is_transaction_open) {
        publisher_halt(p, PUBLISHER_STOP_BODY);
        return TAKE_RESTARTED;
    }
    p->is_reading = false;
    return TAKE_FULL;
}
