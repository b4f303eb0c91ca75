/* One turn of an owner (journal.md section 4, "Owning"): take what is queued, decide and append it on one open write
 * transaction, read it back, commit, and only then let the answers go. The open transaction is the speculative state:
 * whatever goes wrong, it is aborted and never happened. */
#include "lib/host/replica_internal.h"

static bool turn_begin(struct replica *r);
static bool is_gathering(const struct replica *r);
static void gather_after(struct replica *r, uint32_t sent);
static bool turn_fill(struct replica *r);
static bool turn_append(struct replica *r, const struct work_item *item);
static bool turn_send(struct replica *r);
static bool turn_read_back(struct replica *r);
static bool turn_end(struct replica *r, int64_t log_time_ms);
static bool serve_reports(struct replica *r);
static bool watch_others(struct replica *r);
static bool prepare_commands(struct replica *r);
static bool take_command(struct replica *r);

bool replica_turn_step(struct replica *r) {
    ASSERT(r->state == REPLICA_OWNING);
    if (!serve_reports(r)) return true;
    if (r->turn.is_open) return turn_read_back(r);
    if (!watch_others(r)) return true;
    return turn_begin(r);
}

int replica_turn_wait_ms(const struct replica *r) {
    if (r->turn.is_open) {
        int64_t left = r->turn.started_monotonic_ms + REPLICA_READ_BACK_MS_MAX - replica_now(r);
        return left < 0 ? 0 : left > REPLICA_REPORT_MS ? REPLICA_REPORT_MS : (int)left;
    }
    /* Nothing begins before the journal is read again; a record wakes us. */
    if (!r->is_caught_up) return REPLICA_IDLE_MS;
    int64_t left = REPLICA_IDLE_MS;
    if (r->has_command) left = r->gather_until_ms - replica_now(r);
    if (r->timer_due_ms != INT64_MAX) {
        int64_t due = r->timer_due_ms - r->ports.clock.wall_ms(r->ports.clock.context);
        if (left > due) left = due;
    }
    /* A due timer waits, too, until the command log was asked for again. */
    int64_t retry_ms = r->are_commands_checked ? 0 : r->commands_retry_ms - replica_now(r);
    if (left < retry_ms) left = retry_ms;
    return left < 0 ? 0 : left > REPLICA_IDLE_MS ? REPLICA_IDLE_MS : (int)left;
}

/* True when a turn was begun. Nothing waits when idle: what is queued now is the group that is committed together. */
static bool turn_begin(struct replica *r) {
    if (!r->is_caught_up) return false;
    if (!prepare_commands(r)) return r->state != REPLICA_OWNING;
    int64_t wall_ms = r->ports.clock.wall_ms(r->ports.clock.context);
    int64_t decided_at_ms = wall_ms > r->journal.decided_at_ms ? wall_ms : r->journal.decided_at_ms;
    bool is_timer_due = r->timer_due_ms <= decided_at_ms;
    if (!r->is_gap_due && !is_timer_due && !take_command(r)) return r->state != REPLICA_OWNING;
    if (!r->is_gap_due && !is_timer_due && is_gathering(r)) return false;

    if (!replica_transaction(r)) return true;
    r->turn = (struct turn){.is_open = true,
                            .serial = r->turn.serial + 1,
                            .started_wall_ms = wall_ms,
                            .started_monotonic_ms = replica_now(r),
                            .decided_at_ms = decided_at_ms,
                            .spec = r->journal};
    r->turn_bytes.size = 0;
    r->turn_bytes.is_full = false;
    if (!turn_fill(r)) return true;
    replica_note_set(r, &(struct work){.kind = WORK_NONE});
    ASSERT(r->turn.sent > 0);
    return true;
}

/* Callers who wait for each answer come back together, in the moment after a commit. A turn that began with the first of
 * them would leave the others for a turn of their own, and what a turn costs apart from its entries (requests to the
 * broker, wakes of threads) is what a busy suite is made of. Under load, then, a turn waits a moment for as many commands
 * as there were callers before; alone, nobody waits. */
static bool is_gathering(const struct replica *r) {
    ASSERT(r->has_command);
    if (replica_now(r) >= r->gather_until_ms) return false;
    return r->ports.commands.waiting(r->ports.commands.context) + 1 < r->gather_count;
}

static void gather_after(struct replica *r, uint32_t sent) {
    if (sent < REPLICA_GATHER_ENTRIES) return;
    uint32_t queued = r->are_commands_checked ? r->ports.commands.waiting(r->ports.commands.context) : 0;
    r->gather_count = sent + queued < REPLICA_TURN_ENTRIES_MAX ? sent + queued : REPLICA_TURN_ENTRIES_MAX;
    r->gather_until_ms = replica_now(r) + REPLICA_GATHER_MS;
}

/* For one more entry of the largest size, and its answer. */
static bool has_room(const struct replica *r) {
    size_t bytes = r->turn_bytes.size_max - r->turn_bytes.size;
    size_t answers = r->answer_arena.size_max - r->answer_arena.used;
    return bytes >= JOURNAL_RECORD_MAX && answers >= JOURNAL_RECORD_MAX + 64;
}

/* After a crash, one piece of work at a time, so that the next note names the culprit. A timer that was cleared since
 * cannot do it again. */
static uint32_t entries_at_once(const struct replica *r) {
    const struct work *crashed_at = &r->journal.crashed_at;
    if (crashed_at->kind == WORK_NONE) return REPLICA_TURN_ENTRIES_MAX;
    bool is_gone = crashed_at->kind == WORK_TIMER && !timer_is_set(&r->rows, crashed_at->timer);
    return is_gone ? REPLICA_TURN_ENTRIES_MAX : 1;
}

/* Gap first, then timers (at most half), then commands. False: the turn failed. */
static bool turn_fill(struct replica *r) {
    uint32_t entries_max = entries_at_once(r);
    if (r->is_gap_due) {
        const struct work_item gap = {.kind = ENTRY_GAP, .work = {.kind = WORK_NONE}};
        return turn_append(r, &gap) && turn_send(r);
    }
    uint32_t timers_max = entries_max == 1 ? 1 : entries_max / 2;
    struct timer_id timer;
    struct slice body;
    while (r->turn.sent < timers_max && has_room(r) &&
           timer_next_due(&r->rows, NULL, r->turn.decided_at_ms, &timer, &body)) {
        uint8_t copy[64];
        ASSERT(body.size <= sizeof copy);
        memcpy(copy, body.data, body.size);
        const struct work_item item = {
            .kind = ENTRY_TIMER, .work = {.kind = WORK_TIMER, .timer = timer}, .timer_body = slice_of(copy, body.size)};
        if (!turn_append(r, &item)) return false;
    }
    while (r->turn.sent < entries_max && has_room(r) && take_command(r)) {
        struct work_item item;
        replica_work_of_command(&r->command.record, r->turn.spec.resume_at.generation, &item);
        r->has_command = false;
        if (!turn_append(r, &item)) return false;
    }
    return r->state == REPLICA_OWNING && r->turn.is_open && turn_send(r);
}

/* Decides one piece of work, encodes it, applies what the encoded entry decodes to, hands it over. False: it failed. */
static bool turn_append(struct replica *r, const struct work_item *item) {
    struct turn *turn = &r->turn;
    struct entry entry = {.epoch = turn->spec.epoch,
                          .owner = turn->spec.owner,
                          .number = turn->spec.number + 1,
                          .prev = turn->spec.prev,
                          .resume_at = turn->spec.resume_at,
                          .decided_at_ms = turn->decided_at_ms,
                          .kind = item->kind,
                          .source = item->source,
                          .command_id = item->command_id,
                          .command_digest = item->command_digest,
                          .command_at = item->work.position,
                          .timer = item->work.timer};
    if (item->kind == ENTRY_COMMAND) entry.resume_at.offset = item->work.position.offset + 1;
    if (item->kind == ENTRY_GAP) entry.resume_at = r->gap_to;

    struct entry_body body;
    replica_decide(r, item, &turn->spec, turn->decided_at_ms, &body);
    size_t begin = r->turn_bytes.size;
    for (int attempt = 0;; attempt++) {
        ASSERT(attempt < 2);
        ASSERT(r->turn_bytes.size == begin);
        r->turn_bytes.is_full = false;
        journal_entry_write_with_body(&entry, &body, &r->turn_bytes);
        if (!r->turn_bytes.is_full) break;
        body = (struct entry_body){.schema = r->service->schema,
                                   .outcome = OUTCOME_TOO_LARGE,
                                   .correlation_id = item->correlation_id,
                                   .method = item->method};
    }
    struct slice bytes = slice_of(r->turn_bytes.data + begin, r->turn_bytes.size - begin);
    struct journal_record decoded;
    bool is_readable = journal_record_read(bytes, &decoded);
    ASSERT(is_readable && decoded.kind == RECORD_ENTRY);
    enum replica_stop stop = replica_apply_entry(r, &decoded.as.entry);
    if (stop != STOP_NONE) {
        ASSERT(stop == STOP_STORE_FULL || stop == STOP_STORE_FAILED); /* what this program wrote, it can read */
        replica_halt(r, stop);
        return false;
    }

    struct turn_entry *sent = &r->entries[turn->sent];
    sent->bytes = bytes;
    sent->chained = r->ports.hash(slice_of(turn->spec.prev.bytes, sizeof turn->spec.prev.bytes), bytes);
    turn->spec.prev = sent->chained;
    turn->spec.number++;
    turn->spec.resume_at = entry.resume_at;
    turn->spec.decided_at_ms = turn->decided_at_ms;
    turn->sent++;
    return turn->sent - turn->appended < REPLICA_BURST_ENTRIES || turn_send(r);
}

/* Entries go to the writer in bursts: one by one, each would be a request to the broker of its own, and the requests
 * would cost more than deciding does. False: the turn failed. */
static bool turn_send(struct replica *r) {
    struct turn *turn = &r->turn;
    ASSERT(turn->appended <= turn->sent);
    if (!serve_reports(r)) return false;
    /* What was decided on rows that a failed store has hidden or lost must never become history. */
    enum replica_stop stop = replica_check_store(r);
    if (stop != STOP_NONE) {
        replica_halt(r, stop);
        return false;
    }
    while (turn->appended < turn->sent) {
        const struct topic_append append = {.topic = r->journal_topic,
                                            .key = journal_name_slice(&r->options.identity.locality),
                                            .value = r->entries[turn->appended].bytes,
                                            .token = turn->serial << 16 | turn->appended};
        turn->appended++;
        if (r->ports.writer.append(r->ports.writer.context, &append) == STATUS_OK) continue;
        replica_fail(r, "an entry could not be appended");
        return false;
    }
    return true;
}

/* Reads until every entry sent has come back, byte for byte and accepted. True: something moved. */
static bool turn_read_back(struct replica *r) {
    struct turn *turn = &r->turn;
    struct judged judged;
    bool has_moved = false;
    for (;;) {
        enum read_result result = replica_read_one(r, &judged);
        if (result == READ_RESTARTED) return true;
        if (result == READ_NOTHING) break;
        has_moved = true;
        if (result == READ_ENDED) continue;
        bool is_own_entry = judged.is_readable && judged.record.kind == RECORD_ENTRY &&
                            id128_equal(judged.record.as.entry.owner, r->owner);
        bool is_own_claim = judged.is_readable && judged.record.kind == RECORD_CLAIM &&
                            id128_equal(judged.record.as.claim.owner, r->owner);
        if (judged.verdict == VERDICT_CLAIM) {
            replica_fenced(r, judged.record.as.claim.owner);
            return true;
        }
        if (judged.verdict == VERDICT_ENTRY) {
            /* Only the current owner's entries are accepted, so this one is under our id: ours, or a clone's. */
            ASSERT(is_own_entry);
            if (turn->read_back >= turn->sent || !slice_equal(judged.logged.value, r->entries[turn->read_back].bytes)) {
                replica_alarm(r, "clone", "an entry under our own id is not the one we sent: this machine was cloned");
                replica_abort(r, "a clone decides under our id");
                return true;
            }
            turn->read_back++;
            if (turn->read_back == turn->sent) return turn_end(r, judged.logged.timestamp_ms);
        } else if (is_own_entry || is_own_claim) {
            replica_fail(r, "an own record was rejected");
            return true;
        }
    }
    if (replica_now(r) - turn->started_monotonic_ms >= REPLICA_READ_BACK_MS_MAX) {
        replica_fail(r, "the turn was not read back in time");
        return true;
    }
    return has_moved;
}

static bool turn_end(struct replica *r, int64_t log_time_ms) {
    struct turn *turn = &r->turn;
    ASSERT(turn->read_back == turn->sent && turn->sent > 0);
    ASSERT(r->journal.number == turn->spec.number && digest_equal(r->journal.prev, turn->spec.prev));
    uint32_t sent = turn->sent;
    turn->is_open = false;
    if (!replica_commit(r)) return true;
    if (r->is_gap_due) r->commands_retry_ms = 0;
    r->is_gap_due = false;
    r->failures = 0;
    r->turns++;
    r->entries_written += sent;
    gather_after(r, sent);

    int64_t now_ms = r->ports.clock.wall_ms(r->ports.clock.context);
    int64_t early = turn->started_wall_ms - log_time_ms, late = log_time_ms - now_ms;
    int64_t off = early > late ? early : late;
    if (off > REPLICA_CLOCK_ALARM_MS) replica_alarm(r, "clock", "this clock and the broker's disagree");
    r->clock_off_turns = off > REPLICA_CLOCK_LEAVE_MS ? r->clock_off_turns + 1 : 0;
    if (r->clock_off_turns >= REPLICA_CLOCK_LEAVE_TURNS) {
        r->clock_off_turns = 0;
        r->failures = REPLICA_FAILURES_MAX;
        replica_fail(r, "this clock is wrong");
    }
    return true;
}

/* Reports are hints: only bad ones matter. False: the ownership ended. */
static bool serve_reports(struct replica *r) {
    struct topic_report report;
    while (r->ports.writer.report(r->ports.writer.context, &report)) {
        bool is_of_turn = r->turn.is_open && report.token >> 16 == r->turn.serial;
        if (!is_of_turn) continue;
        uint32_t index = (uint32_t)(report.token & 0xffff);
        if (index < r->turn.read_back) continue;
        if (report.result != TOPIC_DELIVERED) {
            replica_fail(r, "an entry was not delivered");
            return false;
        }
        if (report.offset >= 0 && report.offset <= r->applied) {
            /* It was appended below where we read, and we never saw it: what we read is gone (journal.md section 4). */
            replica_halt(r, STOP_CUT);
            return false;
        }
    }
    return true;
}

/* Between turns: what others appended. Rejected records are passed over; anything accepted ends the ownership, since only
 * a foreign claim or a clone's entry can be. False: it ended. */
static bool watch_others(struct replica *r) {
    for (;;) {
        struct judged judged;
        enum read_result result = replica_read_one(r, &judged);
        if (result == READ_RESTARTED) return false;
        if (result == READ_NOTHING) break;
        if (result == READ_ENDED) continue;
        if (!replica_transaction(r)) return false;
        if (judged.verdict == VERDICT_CLAIM) {
            replica_fenced(r, judged.record.as.claim.owner);
            return false;
        }
        if (judged.verdict == VERDICT_ENTRY) {
            replica_alarm(r, "clone", "an entry under our own id is not one we sent: this machine was cloned");
            replica_abort(r, "a clone decides under our id");
            return false;
        }
    }
    return replica_commit(r);
}

/* The command log must reach where the next decision starts (journal.md section 5, "On taking over"). False: not now. */
static bool prepare_commands(struct replica *r) {
    if (r->are_commands_checked) return true;
    if (replica_now(r) < r->commands_retry_ms) return false;
    r->commands_retry_ms = replica_now(r) + REPLICA_HOUSEKEEPING_MS;
    struct position resume_at = r->journal.resume_at;
    char topic[REPLICA_TOPIC_MAX];
    struct topic_range range;
    struct error error = {0};
    const struct topic_admin *admin = &r->ports.admin;
    replica_command_topic(r->service->name, resume_at.generation + 1, topic);
    enum status next = admin->range(admin->context, topic, REPLICA_ADMIN_MS_MAX, &range, &error);
    if (next == STATUS_OK) {
        r->gap_to = (struct position){.generation = resume_at.generation + 1, .offset = 0};
        r->is_gap_due = true;
        return true;
    }
    if (next != STATUS_NOT_FOUND) {
        replica_alarm(r, "command_log", error.message);
        return false;
    }
    replica_command_topic(r->service->name, resume_at.generation, topic);
    if (admin->range(admin->context, topic, REPLICA_ADMIN_MS_MAX, &range, &error) != STATUS_OK) {
        replica_alarm(r, "command_log", error.message);
        return false;
    }
    if (range.end < resume_at.offset) {
        replica_halt(r, STOP_COMMANDS_BEHIND);
        return false;
    }
    if (range.start > resume_at.offset) {
        r->gap_to = (struct position){.generation = resume_at.generation, .offset = range.start};
        r->is_gap_due = true;
        return true;
    }
    if (r->ports.commands.assign(r->ports.commands.context, topic, resume_at.offset, &error) != STATUS_OK) return false;
    r->has_command = false;
    r->are_commands_checked = true;
    return true;
}

/* True when r->command holds the next command. */
static bool take_command(struct replica *r) {
    while (!r->has_command && r->are_commands_checked) {
        r->ports.commands.poll(r->ports.commands.context, &r->command);
        int64_t from = r->turn.is_open ? r->turn.spec.resume_at.offset : r->journal.resume_at.offset;
        switch (r->command.kind) {
        case TOPIC_NOTHING:
            return false;
        case TOPIC_END:
            break;
        case TOPIC_RECORD:
            r->has_command = r->command.record.offset >= from;
            break;
        case TOPIC_OUT_OF_RANGE:
        case TOPIC_DISCONNECTED:
        case TOPIC_FAILED:
            /* Asked anew between turns: what this turn has taken so far stays good. */
            r->are_commands_checked = false;
            return false;
        }
    }
    return r->has_command;
}
