/* Reading the journal: always (re)starting AT `applied`, so that a journal which lost what this store had read is
 * recognised before anything is built on it (journal.md section 4). Judging is the rule's; applying is replica_apply.c. */
#include "lib/host/replica_internal.h"

static enum read_result on_record(struct replica *r, const struct topic_record *record, struct judged *ret_judged);
static enum read_result on_anchor(struct replica *r, const struct logged *logged);
static enum read_result on_end(struct replica *r, int64_t offset);
static enum read_result on_early_end(struct replica *r);
static void on_failed(struct replica *r);
static void forget_note(struct replica *r, const struct claim *claim);
static bool follow_one(struct replica *r, const struct judged *judged);

bool replica_follow(struct replica *r) {
    struct id128 own = r->owner;
    for (uint32_t count = 0; count < REPLICA_FOLLOW_RECORDS_MAX; count++) {
        struct judged judged;
        enum read_result result = replica_read_one(r, &judged);
        if (result == READ_RESTARTED) return true;
        if (result == READ_NOTHING) {
            (void)replica_commit(r);
            return false;
        }
        if (result == READ_ENDED) continue;
        if (!replica_transaction(r) || !follow_one(r, &judged)) return true;
        /* The own Claim is committed before anything is decided on it. */
        bool is_own_claim =
            judged.verdict == VERDICT_CLAIM && r->has_owner_id && id128_equal(judged.record.as.claim.owner, own);
        size_t room = r->answer_arena.size_max - r->answer_arena.used;
        if (is_own_claim || room < JOURNAL_RECORD_MAX + 64 || r->answer_count + 1 >= REPLICA_ANSWERS_MAX) break;
    }
    (void)replica_commit(r);
    return true;
}

/* False: the replica was halted or has begun again. */
static bool follow_one(struct replica *r, const struct judged *judged) {
    if (judged->verdict != VERDICT_ENTRY) return true;
    enum replica_stop stop = replica_apply_entry(r, &judged->record.as.entry);
    if (stop == STOP_NONE) return true;
    replica_halt(r, stop);
    return false;
}

enum read_result replica_read_one(struct replica *r, struct judged *ret_judged) {
    ASSERT(r->state != REPLICA_STOPPED);
    if (r->is_reader_lost) {
        if (replica_now(r) < r->read_not_before_ms) return READ_NOTHING;
        replica_read_from_applied(r);
        return READ_RESTARTED;
    }
    struct topic_event event = {.kind = TOPIC_NOTHING};
    r->ports.journal.poll(r->ports.journal.context, &event);
    switch (event.kind) {
    case TOPIC_NOTHING:
        r->read_all_ms = replica_now(r);
        return READ_NOTHING;
    case TOPIC_RECORD:
        return on_record(r, &event.record, ret_judged);
    case TOPIC_END:
        return on_end(r, event.offset);
    case TOPIC_OUT_OF_RANGE:
        replica_halt(r, r->applied >= 0 ? STOP_CUT : STOP_NO_JOURNAL);
        return READ_RESTARTED;
    case TOPIC_DISCONNECTED:
        /* An owner between turns stays owner: it reads again and decides nothing before the anchor has come back. */
        if (r->is_transaction_open) {
            replica_abort(r, "the broker connection was lost");
        } else {
            replica_read_from_applied(r);
        }
        return READ_RESTARTED;
    case TOPIC_FAILED:
        on_failed(r);
        return READ_RESTARTED;
    }
    return READ_NOTHING;
}

static enum read_result on_record(struct replica *r, const struct topic_record *record, struct judged *ret_judged) {
    struct judged judged = {.logged = {.offset = record->offset,
                                       .timestamp_ms = record->timestamp_ms,
                                       .is_log_append_time = record->is_log_append_time,
                                       .value = record->value}};
    if (r->is_anchor_pending) return on_anchor(r, &judged.logged);
    if (record->offset <= r->applied) {
        replica_abort(r, "the journal's reader went back");
        return READ_RESTARTED;
    }
    struct digest chained = r->ports.hash(slice_of(r->journal.prev.bytes, sizeof r->journal.prev.bytes), record->value);
    struct journal_state before = r->journal;
    judged.verdict =
        journal_accept(&r->journal, &r->options.identity, &judged.logged, chained, &judged.record, &judged.is_readable);
    if (journal_verdict_stops(judged.verdict)) {
        replica_halt(r, judged.verdict == VERDICT_STOP_NO_GENESIS ? STOP_NO_JOURNAL : STOP_WRONG_JOURNAL);
        return READ_RESTARTED;
    }
    if (judged.is_readable && judged.record.kind == RECORD_ENTRY &&
        journal_is_suspicious(&before, &judged.record.as.entry, judged.verdict)) {
        if (!r->was_read_on_suspicion) {
            /* A cut journal or a clone looks like this: read again from `applied`, where the anchor tells which. Once is
             * enough until the next commit, or a run of such records would be read again for each of them. */
            r->was_read_on_suspicion = true;
            replica_abort(r, "an entry was decided on another history");
            return READ_RESTARTED;
        }
        replica_alarm(r, "suspicion", "the journal is whole, so a clone or a faulty writer appended an entry");
    }
    r->applied = record->offset;
    r->anchor = replica_anchor(r->ports.hash, &judged.logged);
    if (!journal_verdict_accepts(judged.verdict)) r->rejected++;
    if (judged.verdict == VERDICT_CLAIM) forget_note(r, &judged.record.as.claim);
    if (r->ports.listener.judged != NULL) {
        r->ports.listener.judged(r->ports.listener.context, record->offset, judged.verdict,
                                 judged.is_readable ? &judged.record : NULL);
    }
    *ret_judged = judged;
    return READ_RECORD;
}

/* The first record after reading (re)started is the last one judged before: it must be the same, byte and time. */
static enum read_result on_anchor(struct replica *r, const struct logged *logged) {
    struct digest found = replica_anchor(r->ports.hash, logged);
    if (logged->offset != r->applied || !digest_equal(found, r->anchor)) {
        replica_halt(r, STOP_CUT);
        return READ_RESTARTED;
    }
    r->is_anchor_pending = false;
    if (r->state == REPLICA_OPENING) replica_move(r, REPLICA_FOLLOWING, "the journal continues where the store ends");
    return READ_ENDED;
}

static enum read_result on_end(struct replica *r, int64_t offset) {
    if (r->is_anchor_pending || offset <= r->applied) return on_early_end(r);
    /* An empty journal is waited for: Genesis is written by whoever creates the topics. */
    if (r->journal.has_genesis) r->is_caught_up = true;
    return READ_ENDED;
}

/* The journal ends below what was read from it: it was cut, unless this is a broker that has just become the leader. Until
 * its followers have answered it, it knows an older end, and a fetch is told that one. The range is not told before the
 * leader is sure (KIP-207): so it decides, and until somebody tells it nothing is known. */
static enum read_result on_early_end(struct replica *r) {
    struct topic_range range;
    struct error error = {0};
    const struct topic_admin *admin = &r->ports.admin;
    enum status status = admin->range(admin->context, r->journal_topic, REPLICA_ADMIN_MS_MAX, &range, &error);
    if (status == STATUS_OK && range.end <= r->applied) {
        replica_halt(r, STOP_CUT);
        return READ_RESTARTED;
    }
    replica_alarm(r, "journal_reader", status == STATUS_OK ? "the leader told an old end first" : error.message);
    r->read_not_before_ms = replica_now(r) + REPLICA_RETRY_MS;
    if (r->is_transaction_open) {
        replica_abort(r, "the journal's end is uncertain");
    } else {
        replica_read_from_applied(r);
    }
    return READ_RESTARTED;
}

/* The crash note is dropped once an accepted Claim has carried it (journal.md section 6), also by a claim that was given up
 * and landed late: carried twice, one crash would count twice. */
static void forget_note(struct replica *r, const struct claim *claim) {
    struct work left = replica_note_left(r);
    if (left.kind == WORK_NONE || !work_equal(&left, &claim->crashed_at)) return;
    bool is_ours = (r->has_owner_id && id128_equal(claim->owner, r->owner)) ||
                   (r->has_given_up && id128_equal(claim->owner, r->given_up_owner));
    if (is_ours) r->ports.note.forget(r->ports.note.context);
}

/* Once may be chance; one that fails again at once would be opened and closed without end. */
static void on_failed(struct replica *r) {
    int64_t now_ms = replica_now(r);
    if (now_ms - r->reader_failed_ms < 2 * REPLICA_RETRY_MS) r->read_not_before_ms = now_ms + REPLICA_RETRY_MS;
    r->reader_failed_ms = now_ms;
    replica_abort(r, "the journal's reader failed");
}

void replica_read_from_applied(struct replica *r) {
    ASSERT(!r->is_transaction_open);
    r->is_caught_up = false;
    r->was_read_for_claim = false;
    r->is_anchor_pending = r->applied >= 0;
    r->is_reader_lost = replica_now(r) < r->read_not_before_ms;
    if (r->is_reader_lost) {
        r->ports.journal.unassign(r->ports.journal.context);
        return;
    }
    struct error error = {0};
    enum status status =
        r->ports.journal.assign(r->ports.journal.context, r->journal_topic, r->applied >= 0 ? r->applied : 0, &error);
    if (status == STATUS_OK) return;
    replica_alarm(r, "journal_reader", error.message);
    r->is_reader_lost = true;
    r->read_not_before_ms = replica_now(r) + REPLICA_RETRY_MS;
}

bool replica_load(struct replica *r) {
    ASSERT(!r->is_transaction_open);
    struct rows rows;
    struct error error = {0};
    enum status status = r->ports.store.begin(r->ports.store.context, &rows, &error);
    if (status != STATUS_OK) {
        replica_halt_store(r, status, &error);
        return false;
    }
    struct replica_meta meta;
    enum meta_found found = replica_meta_read(&rows, &meta);
    struct timer_id timer;
    struct slice body;
    r->timer_due_ms = timer_next_due(&rows, NULL, INT64_MAX, &timer, &body) ? timer_due_ms(timer) : INT64_MAX;
    /* A row that cannot be read looks absent: that must not pass for an empty store. */
    status = r->ports.store.check(r->ports.store.context, &error);
    r->ports.store.abort(r->ports.store.context);
    if (status != STATUS_OK) {
        replica_halt_store(r, status, &error);
        return false;
    }
    if (found == META_ABSENT) {
        memset(&r->journal, 0, sizeof r->journal);
        memset(&r->anchor, 0, sizeof r->anchor);
        r->applied = -1;
        return true;
    }
    if (found == META_UNREADABLE || meta.apply_version != r->service->apply_version) {
        replica_halt(r, STOP_STORE_VERSION);
        return false;
    }
    bool is_same_cluster = slice_equal(journal_name_slice(&meta.cluster_id), journal_name_slice(&r->cluster_id));
    if (!digest_equal(meta.identity, r->identity) || !is_same_cluster) {
        replica_halt(r, STOP_WRONG_JOURNAL);
        return false;
    }
    r->journal = meta.journal;
    r->applied = meta.applied;
    r->anchor = meta.anchor;
    return true;
}

bool replica_transaction(struct replica *r) {
    if (r->is_transaction_open) return true;
    struct error error = {0};
    enum status status = r->ports.store.begin(r->ports.store.context, &r->rows, &error);
    if (status != STATUS_OK) {
        replica_halt_store(r, status, &error);
        return false;
    }
    r->is_transaction_open = true;
    r->answer_count = 0;
    arena_reset(&r->answer_arena);
    return true;
}

bool replica_commit(struct replica *r) {
    if (!r->is_transaction_open) return true;
    const struct replica_meta meta = {.apply_version = r->service->apply_version,
                                      .identity = r->identity,
                                      .cluster_id = r->cluster_id,
                                      .applied = r->applied,
                                      .anchor = r->anchor,
                                      .journal = r->journal};
    replica_meta_write(&r->rows, &meta);
    struct timer_id timer;
    struct slice body;
    r->timer_due_ms = timer_next_due(&r->rows, NULL, INT64_MAX, &timer, &body) ? timer_due_ms(timer) : INT64_MAX;
    struct error error = {0};
    enum status status = r->ports.store.commit(r->ports.store.context, &error);
    r->is_transaction_open = false;
    if (status != STATUS_OK) {
        replica_halt_store(r, status, &error);
        return false;
    }
    r->was_read_on_suspicion = false;
    /* Committed: now, and only now, the answers may leave. */
    const struct replica_listener *listener = &r->ports.listener;
    for (uint32_t i = 0; i < r->answer_count; i++) {
        if (listener->answered != NULL) listener->answered(listener->context, &r->answers[i]);
    }
    r->answer_count = 0;
    if (listener->committed != NULL) listener->committed(listener->context, &r->journal);
    return true;
}
