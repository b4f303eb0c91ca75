/* The publisher's twin. Owns nothing: records and logs are the broker's. One thread; never waits. */
#include "lib/port/fake/publish.h"

#include "lib/base/assert.h"

static void end_hanging(struct fake_transactions *transactions, bool is_commit);

static bool is_fenced(const struct fake_publisher *publisher) {
    return publisher->epoch != publisher->transactions->epoch;
}

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
    bool is_after = is_commit && fake_chance(publisher->hooks, publisher->faults.silent_per_mille);
    if (!is_after && !fake_chance(publisher->hooks, publisher->faults.fail_per_mille)) return false;
    static const enum publish_result wrongs[] = {PUBLISH_RETRY, PUBLISH_ABORTED, PUBLISH_FENCED, PUBLISH_FAILED};
    *ret_result = wrongs[fake_draw(publisher->hooks, sizeof wrongs / sizeof wrongs[0])];
    *ret_is_after = is_after;
    return true;
}

static void hang(struct fake_transactions *transactions, struct fake_log *log, struct fake_record *record) {
    ASSERT(transactions->hanging_count < FAKE_PENDING_MAX);
    transactions->hanging_logs[transactions->hanging_count] = log;
    transactions->hanging[transactions->hanging_count++] = record;
}

static uint64_t touched_by(const struct fake_transactions *transactions, const struct fake_log *log) {
    uint64_t epoch = transactions->settled_epoch;
    for (uint32_t i = 0; i < transactions->touched_count; i++) {
        bool is_newer = transactions->touched[i].log == log && transactions->touched[i].epoch > epoch;
        if (is_newer) epoch = transactions->touched[i].epoch;
    }
    return epoch;
}

static void touch(struct fake_transactions *transactions, const struct fake_log *log, uint64_t epoch) {
    uint32_t i = 0;
    while (i < transactions->touched_count && transactions->touched[i].log != log) i++;
    ASSERT(i < FAKE_TOUCHED_MAX);
    if (i == transactions->touched_count) transactions->touched[transactions->touched_count++].log = log;
    transactions->touched[i].epoch = epoch;
}

/* What was on its way arrives now, or not yet. A log refuses what is older than what it has seen. */
static void arrive(struct fake_publisher *publisher) {
    struct fake_transactions *transactions = publisher->transactions;
    if (transactions->late_count == 0 || fake_draw(publisher->hooks, 2) == 0) return;
    for (uint32_t i = 0; i < transactions->late_count; i++) {
        struct fake_log *log = transactions->late[i].log;
        if (transactions->late[i].epoch >= touched_by(transactions, log))
            hang(transactions, log, transactions->late[i].record);
    }
    transactions->late_count = 0;
}

/* Records of a transaction that came to nothing leave their offsets unused, as the broker's readers see it. */
static void forget(struct fake_publisher *publisher) {
    struct fake_transactions *transactions = publisher->transactions;
    bool are_late = publisher->pending_count > 0 && fake_chance(publisher->hooks, publisher->faults.late_per_mille);
    for (uint32_t i = 0; are_late && i < publisher->pending_count; i++) {
        ASSERT(transactions->late_count < FAKE_PENDING_MAX);
        transactions->late[transactions->late_count].log = publisher->pending_logs[i];
        transactions->late[transactions->late_count].record = publisher->pending[i];
        transactions->late[transactions->late_count++].epoch = publisher->epoch;
    }
    if (are_late) publisher->pending_count = 0;
    bool do_hang = publisher->pending_count > 0 && !is_fenced(publisher) &&
                   fake_chance(publisher->hooks, publisher->faults.hang_per_mille);
    for (uint32_t i = 0; i < publisher->pending_count; i++) {
        if (do_hang) {
            hang(transactions, publisher->pending_logs[i], publisher->pending[i]);
        } else {
            publisher->pending_logs[i]->end++;
        }
    }
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
    fake_done(publisher->hooks, "publish.start done");
    return PUBLISH_OK;
}

static enum publish_result recover(void *context, struct publish_recovered *ret_recovered) {
    struct fake_publisher *publisher = context;
    const struct fake_transactions *transactions = publisher->transactions;
    fake_at_call(publisher->hooks, "publish.recover");
    enum publish_result wrong;
    bool is_after;
    if (goes_wrong(publisher, false, &wrong, &is_after)) return wrong;
    if (transactions->does_position_hang) return PUBLISH_RETRY;
    *ret_recovered = (struct publish_recovered){
        .is_known = transactions->is_known, .offset = transactions->offset, .note_size = transactions->note_size};
    memcpy(ret_recovered->note, transactions->note, transactions->note_size);
    fake_done(publisher->hooks, "publish.recover done");
    return PUBLISH_OK;
}

static enum publish_result tail(void *context, const char *topic, struct topic_range range, const char *header,
                                struct publish_tail *ret_tail) {
    struct fake_publisher *publisher = context;
    const struct fake_log *log = fake_log_find(publisher->transactions->broker, topic);
    fake_at_call(publisher->hooks, "publish.tail");
    arrive(publisher);
    enum publish_result wrong;
    bool is_after;
    ASSERT(log != NULL && range.end <= log->end);
    if (goes_wrong(publisher, false, &wrong, &is_after)) return wrong;
    *ret_tail = (struct publish_tail){.is_settled = true, .has_record = log->count > 0};
    for (uint32_t i = 0; i < publisher->transactions->hanging_count; i++) {
        if (publisher->transactions->hanging_logs[i] == log) ret_tail->is_settled = false;
    }
    struct slice value;
    if (log->count == 0 || !topic_header_find(&log->records[log->count - 1]->shown, header, &value)) return PUBLISH_OK;
    ASSERT(value.size <= sizeof ret_tail->value);
    ret_tail->value_size = value.size;
    memcpy(ret_tail->value, value.data, value.size);
    return PUBLISH_OK;
}

static enum publish_result settle(void *context) {
    struct fake_publisher *publisher = context;
    fake_at_call(publisher->hooks, "publish.settle");
    enum publish_result wrong;
    bool is_after;
    ASSERT(publisher->epoch != 0 && !publisher->is_open);
    if (goes_wrong(publisher, false, &wrong, &is_after)) return wrong == PUBLISH_RETRY ? PUBLISH_ABORTED : wrong;
    if (is_fenced(publisher)) return PUBLISH_FENCED;
    struct fake_transactions *transactions = publisher->transactions;
    bool does_hang = transactions->hanging_count > 0 || transactions->does_position_hang;
    if (does_hang && !fake_chance(publisher->hooks, publisher->faults.forget_per_mille)) {
        end_hanging(transactions, false);
        transactions->ended++;
    }
    transactions->settled_epoch = publisher->epoch;
    transactions->settled++;
    fake_done(publisher->hooks, "publish.settle done");
    return PUBLISH_OK;
}

static enum publish_result begin(void *context) {
    struct fake_publisher *publisher = context;
    fake_at_call(publisher->hooks, "publish.begin");
    arrive(publisher);
    enum publish_result wrong;
    bool is_after;
    ASSERT(publisher->epoch != 0);
    ASSERT(!publisher->is_open && !publisher->is_broken);
    if (goes_wrong(publisher, false, &wrong, &is_after)) return wrong;
    publisher->is_open = true;
    fake_done(publisher->hooks, "publish.begin done");
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
    fake_done(publisher->hooks, "publish.append done");
    return PUBLISH_OK;
}

/* What hangs ends as the transaction that ends it. */
static void end_hanging(struct fake_transactions *transactions, bool is_commit) {
    for (uint32_t i = 0; i < transactions->hanging_count; i++) {
        if (is_commit) {
            fake_log_append(transactions->broker, transactions->hanging_logs[i], transactions->hanging[i], 0);
        } else {
            transactions->hanging_logs[i]->end++;
        }
    }
    transactions->hanging_count = 0;
    if (transactions->does_position_hang && is_commit) {
        transactions->is_known = true;
        transactions->offset = transactions->hanging_offset;
        transactions->note_size = transactions->hanging_note_size;
        memcpy(transactions->note, transactions->hanging_note, transactions->hanging_note_size);
    }
    transactions->does_position_hang = false;
}

/* Records and position together; torn: each log and the position for itself, or not yet. */
static void land(struct fake_publisher *publisher, const struct publish_position *position, bool is_torn) {
    struct fake_transactions *transactions = publisher->transactions;
    end_hanging(transactions, true);
    uint64_t parts = is_torn ? fake_draw(publisher->hooks, 8) : 7;
    struct fake_log *first = publisher->pending_count > 0 ? publisher->pending_logs[0] : NULL;
    for (uint32_t i = 0; i < publisher->pending_count; i++) {
        struct fake_log *log = publisher->pending_logs[i];
        touch(transactions, log, publisher->epoch);
        bool does_land = (parts & (log == first ? 1 : 2)) != 0;
        if (does_land) {
            fake_log_append(transactions->broker, log, publisher->pending[i], 0);
        } else {
            hang(transactions, log, publisher->pending[i]);
        }
    }
    publisher->pending_count = 0;
    transactions->hanging_offset = position->offset;
    transactions->hanging_note_size = position->note.size;
    memcpy(transactions->hanging_note, position->note.data, position->note.size);
    transactions->does_position_hang = true;
    transactions->commits++;
    if ((parts & 4) == 0) return;
    uint32_t hanging_count = transactions->hanging_count;
    transactions->hanging_count = 0;
    end_hanging(transactions, true);
    transactions->hanging_count = hanging_count;
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
    bool is_torn_apart = !is_wrong && fake_chance(publisher->hooks, publisher->faults.tear_per_mille);
    if (!is_torn) land(publisher, position, is_torn_apart);
    fake_done(publisher->hooks, "publish.commit done");
    if (is_torn_apart && fake_draw(publisher->hooks, 2) == 0) {
        publisher->is_broken = true;
        return fake_draw(publisher->hooks, 2) == 0 ? PUBLISH_ABORTED : PUBLISH_FENCED;
    }
    if (is_wrong && !is_torn && wrong == PUBLISH_RETRY)
        return wrong; /* asked again, it lands once more: with nothing in it */
    if (is_wrong && !is_torn) publisher->is_broken = true;
    publisher->is_open = publisher->is_broken && publisher->is_open;
    *ret_is_clean = !is_torn && !is_torn_apart && !fake_chance(publisher->hooks, publisher->faults.unclean_per_mille);
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
    transactions->broker = broker;
    transactions->epoch = transactions->settled_epoch = transactions->commits = 0;
    transactions->settled = transactions->ended = 0;
    transactions->touched_count = transactions->late_count = 0;
    transactions->is_known = transactions->does_position_hang = false;
    transactions->offset = 0;
    transactions->note_size = 0;
    transactions->hanging_count = 0;
}

void fake_publisher_init(struct fake_publisher *publisher, struct fake_transactions *transactions,
                         const struct fake_hooks *hooks) {
    publisher->transactions = transactions;
    publisher->hooks = hooks;
    publisher->faults = (struct fake_publisher_faults){0};
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
                                 .tail = tail,
                                 .settle = settle,
                                 .begin = begin,
                                 .append = append,
                                 .commit = commit,
                                 .abort = publisher_abort,
                                 .drop = drop,
                                 .reason = reason};
}
