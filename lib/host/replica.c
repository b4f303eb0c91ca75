/* The life of a replica (journal.md section 4). One function per state, in the order of the life; every move goes through
 * replica_move. Reading is in replica_read.c, deciding in replica_turn.c. Runs on the replica's thread only. */
#include "lib/host/replica_internal.h"

#include <stdio.h>
#include <stdlib.h>

static int step_opening(struct replica *r);
static int step_following(struct replica *r);
static int step_claiming(struct replica *r);
static int step_owning(struct replica *r);
static bool may_claim(struct replica *r, const struct membership_view *view);
static void claim(struct replica *r);
static void tend_membership(struct replica *r, struct membership_view *ret_view);
static void note_pause(struct replica *r);
static void housekeeping(struct replica *r);
static void show_position(struct replica *r);
static bool stop_in_order(struct replica *r);
static void step_down(struct replica *r, const char *why);

int replica_step(struct replica *r) {
    ASSERT(r->turn.is_open ? r->state == REPLICA_OWNING : true);
    ASSERT(!r->is_transaction_open || r->turn.is_open);
    note_pause(r);
    housekeeping(r);
    if (r->is_stopping && stop_in_order(r)) return REPLICA_IDLE_MS;
    switch (r->state) {
    case REPLICA_OPENING:
        return step_opening(r);
    case REPLICA_FOLLOWING:
        return step_following(r);
    case REPLICA_CLAIMING:
        return step_claiming(r);
    case REPLICA_OWNING:
        return step_owning(r);
    case REPLICA_STOPPED:
        return REPLICA_IDLE_MS;
    }
    return REPLICA_IDLE_MS;
}

/* Waits for the record at `applied`; an empty store waits for Genesis at offset 0. */
static int step_opening(struct replica *r) {
    bool has_more = replica_follow(r);
    if (r->state == REPLICA_OPENING && r->journal.has_genesis && !r->is_anchor_pending) {
        replica_move(r, REPLICA_FOLLOWING, "the journal was read from its Genesis");
    }
    return has_more ? 0 : REPLICA_IDLE_MS;
}

static int step_following(struct replica *r) {
    struct membership_view view;
    bool has_more = replica_follow(r);
    if (r->state != REPLICA_FOLLOWING) return 0;
    tend_membership(r, &view);
    if (has_more) return 0;
    if (!may_claim(r, &view)) return REPLICA_IDLE_MS;
    if (!r->was_read_for_claim) {
        replica_read_from_applied(r);
        r->was_read_for_claim = true;
        return 0;
    }
    if (r->is_caught_up) claim(r);
    return r->state == REPLICA_CLAIMING ? 0 : REPLICA_IDLE_MS;
}

/* Follows on until its own Claim comes back; only then is anything decided. */
static int step_claiming(struct replica *r) {
    struct membership_view view;
    tend_membership(r, &view); /* the group is served; what it says can wait until the claim is settled */
    uint64_t epoch_before = r->journal.epoch;
    bool has_more = replica_follow(r);
    if (r->state != REPLICA_CLAIMING) return 0;
    if (r->journal.epoch != epoch_before && !id128_equal(r->journal.owner, r->owner)) {
        replica_fenced(r, r->journal.owner);
        return 0;
    }
    if (r->journal.epoch != epoch_before) {
        ASSERT(id128_equal(r->journal.owner, r->owner));
        r->are_commands_checked = false;
        r->is_gap_due = false;
        r->commands_retry_ms = 0;
        r->clock_off_turns = 0;
        replica_move(r, REPLICA_OWNING, "the own claim was read back");
        return 0;
    }
    struct topic_report report;
    while (r->ports.writer.report(r->ports.writer.context, &report)) {
        if (report.token == r->token && report.result != TOPIC_DELIVERED) {
            replica_fail(r, "the claim was not delivered");
            return 0;
        }
        if (report.token == r->token && report.offset >= 0 && report.offset <= r->applied) {
            replica_halt(r, STOP_CUT);
            return 0;
        }
    }
    int64_t left = r->claim_until_ms - replica_now(r);
    if (left <= 0) {
        replica_fail(r, "the claim was not read back in time");
        return 0;
    }
    return has_more ? 0 : left > REPLICA_REPORT_MS ? REPLICA_REPORT_MS : (int)left;
}

static int step_owning(struct replica *r) {
    struct membership_view view;
    tend_membership(r, &view);
    bool is_given_away = !r->is_joined || (view.is_settled && !view.is_assigned);
    if (is_given_away && !r->turn.is_open) {
        step_down(r, "the group gave the partition to another");
        return 0;
    }
    if (replica_turn_step(r)) return 0;
    return r->state == REPLICA_OWNING ? replica_turn_wait_ms(r) : 0;
}

/* Joins when caught up, leaves when it must, serves the group's events. */
static void tend_membership(struct replica *r, struct membership_view *ret_view) {
    struct membership *membership = &r->ports.membership;
    int64_t now_ms = replica_now(r);
    if (r->is_caught_up) r->caught_up_ms = now_ms;
    bool can_read = now_ms - r->caught_up_ms < REPLICA_BEHIND_MS_MAX;
    if (!can_read && r->is_joined) replica_alarm(r, "behind", "the journal cannot be read: leaving the group");
    bool wants_in = r->options.may_own && !r->is_stopping && !r->is_scarce && can_read && now_ms >= r->out_until_ms;
    if (wants_in && !r->is_joined && r->is_caught_up) {
        membership->join(membership->context);
        r->is_joined = true;
    } else if (!wants_in && r->is_joined) {
        membership->leave(membership->context);
        r->is_joined = false;
    }
    *ret_view = membership->poll(membership->context);
    if (!ret_view->is_assigned) r->was_unassigned_since_fence = true;
}

/* Whether to claim is liveness only; whatever is answered here, the journal decides (design invariant 5). */
static bool may_claim(struct replica *r, const struct membership_view *view) {
    if (!r->is_joined || !view->is_assigned) return false;
    if (!r->is_fenced) return true;
    bool is_over = r->was_unassigned_since_fence || replica_now(r) >= r->fenced_until_ms;
    if (is_over) r->is_fenced = false;
    return is_over;
}

static void claim(struct replica *r) {
    ASSERT(r->state == REPLICA_FOLLOWING && r->is_caught_up && !r->has_owner_id && !r->is_transaction_open);
    struct journal_record record = {.kind = RECORD_CLAIM};
    struct claim *mine = &record.as.claim;
    mine->epoch = r->journal.epoch + 1;
    r->ports.clock.random(r->ports.clock.context, mine->owner.bytes, sizeof mine->owner.bytes);
    mine->crashed_at = replica_note_left(r);
    mine->software = slice_text(r->options.software);
    mine->host = slice_text(r->options.host);
    mine->apply_version = r->service->apply_version;
    uint8_t memory[512];
    struct buffer out = buffer_over(memory, sizeof memory);
    journal_record_write(&record, &out);
    ASSERT(!out.is_full);

    r->has_owner_id = true;
    r->owner = mine->owner;
    r->token = ++r->turn.serial << 16;
    r->claims++;
    r->claim_until_ms = replica_now(r) + REPLICA_READ_BACK_MS_MAX;
    replica_move(r, REPLICA_CLAIMING, "the group assigned the partition");
    const struct topic_append append = {.topic = r->journal_topic,
                                        .key = journal_name_slice(&r->options.identity.locality),
                                        .value = buffer_slice(&out),
                                        .token = r->token};
    if (r->ports.writer.append(r->ports.writer.context, &append) != STATUS_OK) {
        replica_fail(r, "the claim could not be appended");
    }
}

void replica_fenced(struct replica *r, struct id128 winner) {
    /* A claim of ours that we gave up and that landed late stands in nobody's way. */
    bool is_late_own = r->has_given_up && id128_equal(winner, r->given_up_owner);
    replica_abort(r, is_late_own ? "a claim given up landed late" : "another claim was accepted");
    r->is_fenced = !is_late_own;
    r->was_unassigned_since_fence = false;
    r->fenced_until_ms = replica_now(r) + REPLICA_FENCED_WAIT_MS;
}

void replica_fail(struct replica *r, const char *why) {
    r->failed_turns++;
    r->failures++;
    replica_abort(r, why);
    if (r->failures < REPLICA_FAILURES_MAX) return;
    uint32_t chance = 0;
    r->ports.clock.random(r->ports.clock.context, &chance, sizeof chance);
    r->failures = 0;
    r->out_until_ms = replica_now(r) + REPLICA_LEAVE_MS_MIN + chance % REPLICA_LEAVE_MS_SPREAD;
    replica_alarm(r, "failures", "three failed turns or claims in a row: leaving the group for a while");
}

void replica_abort(struct replica *r, const char *why) {
    if (r->is_transaction_open) {
        r->ports.store.abort(r->ports.store.context);
        r->is_transaction_open = false;
        r->answer_count = 0;
    }
    step_down(r, why);
    if (r->state == REPLICA_STOPPED || !replica_load(r)) return;
    replica_read_from_applied(r);
}

/* Ends ownership or candidacy: the owner id is forgotten and its producer destroyed, so the two are never seen together
 * again (journal.md section 4, "Abort"). */
static void step_down(struct replica *r, const char *why) {
    bool was_owning = r->state == REPLICA_OWNING;
    r->turn.is_open = false;
    if (r->has_owner_id) {
        r->has_given_up = true;
        r->given_up_owner = r->owner;
        memset(&r->owner, 0, sizeof r->owner);
        r->has_owner_id = false;
        r->ports.writer.drop(r->ports.writer.context);
        r->ports.commands.unassign(r->ports.commands.context);
    }
    r->has_command = false;
    r->are_commands_checked = false;
    r->is_gap_due = false;
    r->was_read_for_claim = false;
    /* Only an owner's note is ours to clear; one left by a crash waits for an accepted Claim to carry it. */
    if (was_owning) replica_note_set(r, &(struct work){.kind = WORK_NONE});
    if (was_owning || r->state == REPLICA_CLAIMING) replica_move(r, REPLICA_FOLLOWING, why);
}

void replica_halt(struct replica *r, enum replica_stop reason) {
    if (r->state == REPLICA_STOPPED) return;
    if (r->is_transaction_open) {
        r->ports.store.abort(r->ports.store.context);
        r->is_transaction_open = false;
        r->answer_count = 0;
    }
    step_down(r, replica_stop_name(reason));
    r->ports.journal.unassign(r->ports.journal.context);
    if (r->is_joined) {
        r->ports.membership.leave(r->ports.membership.context);
        r->is_joined = false;
    }
    r->is_caught_up = false;
    r->stop = reason;
    replica_move(r, REPLICA_STOPPED, replica_stop_sentence(reason));
    if (reason != STOP_SHUTDOWN) replica_alarm(r, replica_stop_name(reason), replica_stop_sentence(reason));
}

static enum replica_stop store_failed(const struct replica *r, enum status status, const struct error *error) {
    ASSERT(status != STATUS_OK);
    replica_alarm(r, "store", error->message);
    return status == STATUS_FULL ? STOP_STORE_FULL : STOP_STORE_FAILED;
}

enum replica_stop replica_check_store(struct replica *r) {
    struct error error = {0};
    enum status status = r->ports.store.check(r->ports.store.context, &error);
    return status == STATUS_OK ? STOP_NONE : store_failed(r, status, &error);
}

void replica_halt_store(struct replica *r, enum status status, const struct error *error) {
    replica_halt(r, store_failed(r, status, error));
}

/* An open turn is waited for: its entries may already be history, and its callers wait. True: nothing else to do. */
static bool stop_in_order(struct replica *r) {
    if (r->turn.is_open) return false;
    replica_halt(r, STOP_SHUTDOWN);
    return true;
}

/* Who was stopped for a while has no news and takes that for the journal's end: it has not caught up before it sees the end
 * again. An owner need not be told: its next turn is judged by the journal. */
static void note_pause(struct replica *r) {
    int64_t now_ms = replica_now(r);
    bool was_stopped = now_ms - r->stepped_ms > REPLICA_PAUSE_MS;
    r->stepped_ms = now_ms;
    if (was_stopped && r->state == REPLICA_FOLLOWING) replica_read_from_applied(r);
}

static void housekeeping(struct replica *r) {
    int64_t now_ms = replica_now(r);
    /* The store's own upkeep waits for the end of an open turn. */
    if (now_ms < r->housekeeping_ms || r->state == REPLICA_STOPPED || r->is_transaction_open) return;
    r->housekeeping_ms = now_ms + REPLICA_HOUSEKEEPING_MS;
    r->ports.store.housekeeping(r->ports.store.context);
    struct store_space space = r->ports.store.space(r->ports.store.context);
    uint32_t map_free = space.map_used_percent < 100 ? 100 - space.map_used_percent : 0;
    uint32_t free_percent = map_free < space.disk_free_percent ? map_free : space.disk_free_percent;
    bool was_scarce = r->is_scarce;
    /* Out of the group before the store is full: somebody with room takes over. */
    r->is_scarce = free_percent < (was_scarce ? REPLICA_FREE_PERCENT_BACK : REPLICA_FREE_PERCENT_MIN);
    if (r->is_scarce && !was_scarce) {
        replica_alarm(r, "store_scarce", "less than a tenth of map or disk is free: not owning");
    }
    if (r->state == REPLICA_OWNING && r->is_joined && now_ms >= r->show_ms) show_position(r);
}

/* For Kafka's own tools (journal.md section 3); what counts is resume_at in the journal. */
static void show_position(struct replica *r) {
    struct position resume_at = r->journal.resume_at;
    if (r->shown_offset == resume_at.offset) return;
    char topic[REPLICA_TOPIC_MAX];
    replica_command_topic(r->service->name, resume_at.generation, topic);
    r->ports.membership.show(r->ports.membership.context, topic, resume_at.offset);
    r->shown_offset = resume_at.offset;
    r->show_ms = replica_now(r) + REPLICA_SHOW_MS;
}

void replica_move(struct replica *r, enum replica_state to, const char *why) {
    static const uint8_t allowed[] = {
        [REPLICA_OPENING] = 1u << REPLICA_FOLLOWING | 1u << REPLICA_STOPPED,
        [REPLICA_FOLLOWING] = 1u << REPLICA_CLAIMING | 1u << REPLICA_STOPPED,
        [REPLICA_CLAIMING] = 1u << REPLICA_OWNING | 1u << REPLICA_FOLLOWING | 1u << REPLICA_STOPPED,
        [REPLICA_OWNING] = 1u << REPLICA_FOLLOWING | 1u << REPLICA_STOPPED,
        [REPLICA_STOPPED] = 0,
    };
    ASSERT((allowed[r->state] & 1u << to) != 0);
    enum replica_state from = r->state;
    r->state = to;
    ASSERT(to != REPLICA_OWNING || (r->has_owner_id && id128_equal(r->journal.owner, r->owner)));
    ASSERT(to != REPLICA_FOLLOWING || !r->has_owner_id);
    if (r->ports.listener.moved != NULL) r->ports.listener.moved(r->ports.listener.context, from, to, why);
}

void replica_alarm(const struct replica *r, const char *name, const char *text) {
    if (r->ports.listener.alarm != NULL) r->ports.listener.alarm(r->ports.listener.context, name, text);
}

void replica_stop(struct replica *r) {
    r->is_stopping = true;
}

struct replica *replica_new(const struct replica_options *options, const struct replica_ports *ports) {
    struct replica *r = calloc(1, sizeof *r);
    if (r == NULL) return NULL;
    r->service = options->service;
    r->options = *options;
    r->ports = *ports;
    r->turn_bytes = buffer_over(malloc(REPLICA_TURN_BYTES_MAX), REPLICA_TURN_BYTES_MAX);
    r->work_arena = arena_over(malloc(REPLICA_WORK_BYTES_MAX), REPLICA_WORK_BYTES_MAX);
    r->answer_arena = arena_over(malloc(REPLICA_ANSWER_BYTES_MAX), REPLICA_ANSWER_BYTES_MAX);
    if (r->turn_bytes.data == NULL || r->work_arena.memory == NULL || r->answer_arena.memory == NULL) {
        replica_free(r);
        return NULL;
    }
    r->identity = replica_identity_digest(ports->hash, &options->identity);
    if (options->cluster_id.size > 0 && !journal_name_set(&r->cluster_id, options->cluster_id)) {
        replica_free(r);
        return NULL;
    }
    replica_journal_topic(options->service->name, r->journal_topic);
    r->state = REPLICA_OPENING;
    r->applied = r->shown_offset = -1;
    r->timer_due_ms = INT64_MAX;
    r->reader_failed_ms = r->caught_up_ms = -REPLICA_BEHIND_MS_MAX;
    r->stepped_ms = r->read_all_ms = replica_now(r);
    if (replica_load(r)) replica_read_from_applied(r);
    return r;
}

void replica_free(struct replica *r) {
    if (r == NULL) return;
    if (r->is_transaction_open) r->ports.store.abort(r->ports.store.context);
    free(r->turn_bytes.data);
    free(r->work_arena.memory);
    free(r->answer_arena.memory);
    free(r);
}

void replica_look(const struct replica *r, struct replica_view *ret_view) {
    *ret_view = (struct replica_view){.state = r->state,
                                      .stop = r->stop,
                                      .is_caught_up = r->is_caught_up,
                                      .read_all_ms = r->read_all_ms,
                                      .turn_is_open = r->turn.is_open,
                                      .applied = r->applied,
                                      .journal = r->journal,
                                      .turns = r->turns,
                                      .entries = r->entries_written,
                                      .rejected = r->rejected,
                                      .claims = r->claims,
                                      .failed_turns = r->failed_turns};
}
