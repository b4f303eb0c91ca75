/* The publisher's twin. Owns nothing: records and logs are the broker's. One thread; never waits. */
#include "lib/port/fake/publish.h"

#include "lib/base/assert.h"

/* Draws what goes wrong with this call. *ret_is_after: only the answer is wrong, not the effect. */
static bool goes_wrong(struct fake_publisher *publisher, bool is_commit, enum publish_result *ret_result,
                       bool *ret_is_after) {
    publisher->calls++;
    *ret_is_after = false;
    if (publisher->calls == publisher->fail_at) {
        *ret_result = publisher->fail_with;
        *ret_is_after = publisher->fail_after_effect;
        return true;
    }
    bool is_after = is_commit && fake_chance(publisher->hooks, publisher->silent_per_mille);
    if (!is_after && !fake_chance(publisher->hooks, publisher->fail_per_mille)) return false;
    static const enum publish_result wrongs[] = {PUBLISH_RETRY, PUBLISH_ABORTED, PUBLISH_FENCED, PUBLISH_FAILED};
    *ret_result = wrongs[fake_draw(publisher->hooks, sizeof wrongs / sizeof wrongs[0])];
    *ret_is_after = is_after;
    return true;
}

/* Records of a transaction that came to nothing leave their offsets unused, as the broker's readers see it. */
static void forget(struct fake_publisher *publisher) {
    for (uint32_t i = 0; i < publisher->pending_count; i++) publisher->pending_logs[i]->end++;
    publisher->pending_count = 0;
    publisher->is_open = false;
}

static enum publish_result start(void *context) {
    struct fake_publisher *publisher = context;
    fake_at_call(publisher->hooks, "publish.start");
    enum publish_result wrong;
    bool is_after;
    ASSERT(!publisher->is_open);
    if (goes_wrong(publisher, false, &wrong, &is_after)) return wrong;
    publisher->epoch = ++publisher->transactions->epoch;
    publisher->is_broken = false;
    fake_at_call(publisher->hooks, "publish.start done");
    return PUBLISH_OK;
}

static enum publish_result recover(void *context, struct publish_recovered *ret_recovered) {
    struct fake_publisher *publisher = context;
    const struct fake_transactions *transactions = publisher->transactions;
    fake_at_call(publisher->hooks, "publish.recover");
    enum publish_result wrong;
    bool is_after;
    if (goes_wrong(publisher, false, &wrong, &is_after)) return wrong;
    *ret_recovered = (struct publish_recovered){
        .is_known = transactions->is_known, .offset = transactions->offset, .note_size = transactions->note_size};
    memcpy(ret_recovered->note, transactions->note, transactions->note_size);
    return PUBLISH_OK;
}

static bool is_fenced(const struct fake_publisher *publisher) {
    return publisher->epoch != publisher->transactions->epoch;
}

static enum publish_result begin(void *context) {
    struct fake_publisher *publisher = context;
    fake_at_call(publisher->hooks, "publish.begin");
    enum publish_result wrong;
    bool is_after;
    ASSERT(publisher->epoch != 0);
    ASSERT(!publisher->is_open && !publisher->is_broken);
    if (goes_wrong(publisher, false, &wrong, &is_after)) return wrong;
    publisher->is_open = true;
    return PUBLISH_OK;
}

static enum publish_result append(void *context, const struct topic_append *append) {
    struct fake_publisher *publisher = context;
    fake_at_call(publisher->hooks, "publish.append");
    enum publish_result wrong;
    bool is_after;
    ASSERT(publisher->is_open);
    if (goes_wrong(publisher, false, &wrong, &is_after)) {
        publisher->is_broken = true;
        return wrong;
    }
    struct fake_log *log = fake_log_find(publisher->transactions->broker, append->topic);
    if (log == NULL || publisher->pending_count == FAKE_PENDING_MAX) return PUBLISH_FAILED;
    publisher->pending_logs[publisher->pending_count] = log;
    publisher->pending[publisher->pending_count++] = fake_record_make(publisher->transactions->broker, append);
    return PUBLISH_OK;
}

/* Records and position together, or nothing. */
static void land(struct fake_publisher *publisher, const struct publish_position *position) {
    struct fake_transactions *transactions = publisher->transactions;
    for (uint32_t i = 0; i < publisher->pending_count; i++) {
        fake_log_append(transactions->broker, publisher->pending_logs[i], publisher->pending[i], 0);
    }
    publisher->pending_count = 0;
    transactions->is_known = true;
    transactions->offset = position->offset;
    transactions->note_size = position->note.size;
    memcpy(transactions->note, position->note.data, position->note.size);
    transactions->commits++;
}

static enum publish_result commit(void *context, const struct publish_position *position, bool *ret_is_clean) {
    struct fake_publisher *publisher = context;
    fake_at_call(publisher->hooks, "publish.commit");
    enum publish_result wrong = PUBLISH_OK;
    bool is_after = false;
    ASSERT(publisher->is_open && !publisher->is_broken);
    ASSERT(position->note.size <= PUBLISH_NOTE_MAX);
    if (is_fenced(publisher)) {
        forget(publisher);
        return PUBLISH_FENCED;
    }
    bool is_wrong = goes_wrong(publisher, true, &wrong, &is_after);
    bool is_torn = is_wrong && publisher->is_torn;
    if (is_wrong && !is_after && !is_torn) {
        if (wrong != PUBLISH_RETRY) publisher->is_broken = true;
        return wrong;
    }
    if (!is_torn) land(publisher, position);
    fake_at_call(publisher->hooks, "publish.commit done");
    if (is_wrong && !is_torn && wrong == PUBLISH_RETRY)
        return wrong; /* asked again, it lands once more: with nothing in it */
    if (is_wrong && !is_torn) publisher->is_broken = true;
    publisher->is_open = publisher->is_broken && publisher->is_open;
    *ret_is_clean = !is_torn && !fake_chance(publisher->hooks, publisher->unclean_per_mille);
    return is_wrong && !is_torn ? wrong : PUBLISH_OK;
}

static void drop(void *context) {
    struct fake_publisher *publisher = context;
    fake_at_call(publisher->hooks, "publish.drop");
    forget(publisher);
    publisher->epoch = 0;
}

static void publisher_abort(void *context) {
    struct fake_publisher *publisher = context;
    fake_at_call(publisher->hooks, "publish.abort");
    ASSERT(publisher->is_open);
    forget(publisher);
}

static const char *reason(void *context) {
    (void)context;
    return "drawn";
}

void fake_transactions_init(struct fake_transactions *transactions, struct fake_broker *broker) {
    *transactions = (struct fake_transactions){.broker = broker};
}

void fake_publisher_init(struct fake_publisher *publisher, struct fake_transactions *transactions,
                         const struct fake_hooks *hooks) {
    publisher->transactions = transactions;
    publisher->hooks = hooks;
    publisher->fail_per_mille = publisher->silent_per_mille = publisher->unclean_per_mille = 0;
    publisher->calls = publisher->fail_at = 0;
    publisher->fail_with = PUBLISH_OK;
    publisher->fail_after_effect = publisher->is_torn = false;
    publisher->epoch = 0;
    publisher->is_open = publisher->is_broken = false;
    publisher->pending_count = 0;
}

struct publish_port fake_publisher_port(struct fake_publisher *publisher) {
    return (struct publish_port){.context = publisher,
                                 .start = start,
                                 .recover = recover,
                                 .begin = begin,
                                 .append = append,
                                 .commit = commit,
                                 .abort = publisher_abort,
                                 .drop = drop,
                                 .reason = reason};
}
