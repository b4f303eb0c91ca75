/* How a publisher begins: with a producer that fences every one before it, first at the coordinator and then in each topic;
 * with what readers of committed records already see; and with the position. The three agree unless a broker has torn a
 * transaction (docs/adr/0010); then what readers see is the truth, and the entries of the last transaction are read once
 * more to complete it. One thread. */
#include "lib/host/publisher_internal.h"

#include "lib/base/text.h"

#define ENTRY_NUMBER_HEADER "ce_bhrnumber"

static enum publish_result look_at(struct publisher *p, const char *topic, uint64_t *ret_number, bool *ret_is_settled);
static int look_again(struct publisher *p);
static int examine(struct publisher *p, const struct publish_recovered *recovered);
static int begin_anew(struct publisher *p);

int publisher_start(struct publisher *p) {
    const struct publish_port *producer = &p->ports.producer;
    ASSERT(!p->is_transaction_open);
    if (!p->has_producer) {
        enum publish_result result = producer->start(producer->context);
        if (result == PUBLISH_OK) result = producer->settle(producer->context);
        if (result != PUBLISH_OK) return publisher_failed(p, result);
        p->has_producer = true;
    }
    /* Only now: nothing of whoever had the id before can come into the topics any more, or become visible in them. */
    bool are_events_settled, are_dead_settled;
    p->has_public_record = false;
    enum publish_result result = look_at(p, p->options.event_topic, &p->event_number, &are_events_settled);
    if (result == PUBLISH_OK) result = look_at(p, p->options.dead_topic, &p->dead_number, &are_dead_settled);
    if (result != PUBLISH_OK) return p->state == PUBLISHER_STOPPED ? 0 : publisher_failed(p, result);
    if (!are_events_settled || !are_dead_settled) return look_again(p);
    struct publish_recovered recovered;
    result = producer->recover(producer->context, &recovered);
    if (result == PUBLISH_RETRY) return look_again(p); /* a transaction is pending on the position */
    return result == PUBLISH_OK ? examine(p, &recovered) : publisher_failed(p, result);
}

/* The number of the entry that the last visible record of the topic comes from; 0 without one. */
static enum publish_result look_at(struct publisher *p, const char *topic, uint64_t *ret_number, bool *ret_is_settled) {
    const struct publish_port *producer = &p->ports.producer;
    struct topic_range range;
    struct publish_tail tail;
    struct error error = {0};
    if (p->ports.admin.range(p->ports.admin.context, topic, PUBLISHER_ADMIN_MS_MAX, &range, &error) != STATUS_OK) {
        publisher_alarm(p, "publisher_topics", error.message);
        return PUBLISH_RETRY;
    }
    enum publish_result result = producer->tail(producer->context, topic, range, ENTRY_NUMBER_HEADER, &tail);
    if (result != PUBLISH_OK) return result;
    *ret_number = 0;
    *ret_is_settled = tail.is_settled;
    if (!tail.has_record) return PUBLISH_OK;
    p->has_public_record = true;
    if (text_u64(slice_of(tail.value, tail.value_size), ret_number)) return PUBLISH_OK;
    publisher_halt(p, PUBLISHER_STOP_TAIL);
    return PUBLISH_FAILED;
}

/* The settling is only just ending. If it does not, its end was forgotten, too, and the next producer settles again. */
static int look_again(struct publisher *p) {
    int64_t now_ms = publisher_now(p);
    if (p->unsettled_ms == 0) p->unsettled_ms = now_ms;
    if (now_ms - p->unsettled_ms < PUBLISHER_SETTLE_MS) return publisher_failed(p, PUBLISH_RETRY);
    publisher_alarm(p, "publisher_hanging", "a transaction of this publisher hangs in a topic and is ended again");
    publisher_give_up(p, PUBLISH_ABORTED, "the topics did not settle");
    return 0;
}

static int examine(struct publisher *p, const struct publish_recovered *recovered) {
    if (!recovered->is_known) return begin_anew(p);
    struct publisher_note note;
    bool is_read = recovered->note_size <= sizeof recovered->note &&
                   publisher_note_read(slice_of(recovered->note, recovered->note_size), &note);
    if (!is_read || recovered->offset != note.after.applied + 1) {
        publisher_halt(p, PUBLISHER_STOP_NOTE);
        return 0;
    }
    uint64_t number = note.after.journal.number;
    if (number < p->event_number || number < p->dead_number) {
        publisher_alarm(p, "publisher_torn", "records are public beyond the position: they are not published again");
    }
    p->base = note.before;
    p->kept_ms = publisher_now(p);
    publisher_read_from(p, &p->base);
    return 0;
}

/* Without a position either nothing was ever published, or Kafka has forgotten it: offsets of an idle group expire. So the
 * topics decide, and a beginning is committed alone, before the first record can lie in them. */
static int begin_anew(struct publisher *p) {
    if (p->has_public_record) {
        publisher_halt(p, PUBLISHER_STOP_NO_POSITION);
        return 0;
    }
    enum publish_result result = p->ports.producer.begin(p->ports.producer.context);
    if (result != PUBLISH_OK) return publisher_failed(p, result);
    p->is_transaction_open = true;
    p->base = p->read = (struct journal_place){.applied = -1};
    return publisher_commit(p);
}
