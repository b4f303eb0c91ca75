/* One piece of work becomes the body of an entry. The order of the questions is the precedence of the answers: crash note,
 * headers, age of the id, repeat, time limit, and only then the service (journal.md sections 5 and 6). */
#include "lib/host/replica_internal.h"

#include "lib/base/nhs_number.h"
#include "lib/base/text.h"

static bool is_set_aside(const struct replica *r, const struct work *work);
static void decide_command(struct replica *r, const struct work_item *item, int64_t decided_at_ms,
                           struct entry_body *ret_body);
static bool tell_again(const struct replica *r, const struct work_item *item, struct entry_body *ret_body);
static void tell_refused(const struct work_item *item, struct arena *arena, struct entry_body *ret_body);
static void body_of_decision(const struct service_decision *decision, struct arena *arena, struct entry_body *ret_body);

void replica_decide(struct replica *r, const struct work_item *item, const struct journal_state *spec,
                    int64_t decided_at_ms, struct entry_body *ret_body) {
    ASSERT(r->is_transaction_open);
    *ret_body = (struct entry_body){
        .schema = r->service->schema, .correlation_id = item->correlation_id, .method = item->method};
    arena_reset(&r->work_arena);
    if (item->kind == ENTRY_GAP) {
        ret_body->outcome = OUTCOME_EXPIRED_UNDECIDED;
        ret_body->gap_from = spec->resume_at;
        ret_body->gap_to = r->gap_to;
        return;
    }
    if (item->refused.size > 0) {
        tell_refused(item, &r->work_arena, ret_body);
        return;
    }
    if (is_set_aside(r, &item->work)) {
        /* A copy of a command that was decided keeps its first answer; its value is not looked at either way. */
        bool is_told_again = item->kind == ENTRY_COMMAND && item->are_headers_good && tell_again(r, item, ret_body);
        if (!is_told_again) ret_body->outcome = OUTCOME_SET_ASIDE;
        return;
    }
    replica_note_set(r, &item->work);
    if (item->kind == ENTRY_COMMAND) {
        decide_command(r, item, decided_at_ms, ret_body);
    } else {
        struct service_decision decision = {0};
        r->service->fire(&r->rows, item->work.timer, item->timer_body, decided_at_ms, &r->work_arena, &decision);
        body_of_decision(&decision, &r->work_arena, ret_body);
    }
}

static void decide_command(struct replica *r, const struct work_item *item, int64_t decided_at_ms,
                           struct entry_body *ret_body) {
    if (!item->are_headers_good) {
        ret_body->outcome = OUTCOME_UNREADABLE;
        ret_body->detail = slice_text("headers: source, id, digest and decide_by are expected");
        return;
    }
    if (answers_id_is_too_old(item->command_id, decided_at_ms)) {
        ret_body->outcome = OUTCOME_TOO_OLD;
        return;
    }
    if (answers_id_is_from_future(item->command_id, decided_at_ms)) {
        ret_body->outcome = OUTCOME_FROM_FUTURE;
        return;
    }
    if (tell_again(r, item, ret_body)) return;
    if (item->decide_by_ms < decided_at_ms) {
        ret_body->outcome = OUTCOME_EXPIRED;
        return;
    }
    struct service_decision decision = {0};
    r->service->decide(&r->rows, item->value, decided_at_ms, &r->work_arena, &decision);
    body_of_decision(&decision, &r->work_arena, ret_body);
}

/* True when the id has its answer: the first one is told again, or other content under the same id is refused. */
static bool tell_again(const struct replica *r, const struct work_item *item, struct entry_body *ret_body) {
    struct answer_row first;
    if (!answers_find(&r->rows, journal_name_slice(&item->source), item->command_id, &first)) return false;
    if (!digest_equal(first.command_digest, item->command_digest)) {
        ret_body->outcome = OUTCOME_ID_REUSED;
        return true;
    }
    ret_body->outcome = first.outcome;
    ret_body->answer = first.answer;
    ret_body->detail = first.detail;
    ret_body->repeats = first.number;
    return true;
}

/* Nothing is decided: the entry is how a caller who cannot be answered directly hears of the refusal. */
static void tell_refused(const struct work_item *item, struct arena *arena, struct entry_body *ret_body) {
    ASSERT(item->kind == ENTRY_COMMAND);
    size_t size_max = item->refused.size + 2 + item->refused_detail.size;
    struct buffer detail = buffer_over(arena_alloc(arena, size_max), size_max);
    ASSERT(detail.data != NULL);
    buffer_put(&detail, item->refused.data, item->refused.size);
    if (item->refused_detail.size > 0) {
        buffer_put(&detail, ": ", 2);
        buffer_put(&detail, item->refused_detail.data, item->refused_detail.size);
    }
    ASSERT(!detail.is_full);
    ret_body->outcome = OUTCOME_REFUSED_AT_DOOR;
    ret_body->detail = buffer_slice(&detail);
}

static void body_of_decision(const struct service_decision *decision, struct arena *arena,
                             struct entry_body *ret_body) {
    ASSERT(decision->outcome != 0);
    ASSERT(decision->event_count <= SERVICE_EVENTS_MAX);
    ret_body->outcome = decision->outcome;
    ret_body->answer = decision->answer;
    if (decision->detail[0] != '\0') ret_body->detail = arena_copy(arena, slice_text(decision->detail));
    ret_body->event_count = decision->event_count;
    for (uint32_t i = 0; i < decision->event_count; i++) ret_body->events[i] = decision->events[i];
}

static bool is_set_aside(const struct replica *r, const struct work *work) {
    return r->journal.crashes >= 3 && work_equal(&r->journal.crashed_at, work);
}

/* The header's value when it is a token of that size without an NHS number in it, else nothing: what only informs never
 * stands in the way of a command. */
static struct slice token_of(const struct topic_record *record, const char *name, size_t size_max) {
    struct slice value;
    bool is_good =
        topic_header_find(record, name, &value) && text_is_token(value, size_max) && !nhs_number_is_in(value);
    return is_good ? value : slice_of(NULL, 0);
}

static void read_refusal(const struct topic_record *record, struct work_item *item) {
    struct slice detail;
    item->refused = token_of(record, COMMAND_HEADER_REFUSED, COMMAND_REFUSED_MAX);
    bool has_detail = topic_header_find(record, COMMAND_HEADER_DETAIL, &detail) && detail.size <= COMMAND_DETAIL_MAX &&
                      text_is_clean(detail) && !nhs_number_is_in(detail);
    if (has_detail) item->refused_detail = detail;
}

/* Every entry about a command names one; this one has no name that can be read. */
static void name_unreadable(struct work_item *item) {
    bool is_set = journal_name_set(&item->source, slice_text("unreadable"));
    ASSERT(is_set);
    memset(&item->command_id, 0, sizeof item->command_id);
    memset(&item->command_digest, 0, sizeof item->command_digest);
}

/* A request may be refused because it has no good id: then its entry has as much of a name as could be read. */
static void name_refused(const struct topic_record *record, struct work_item *item) {
    name_unreadable(item);
    struct slice source, id, digest;
    struct digest read;
    if (topic_header_find(record, COMMAND_HEADER_SOURCE, &source) && text_is_token(source, JOURNAL_NAME_MAX)) {
        bool is_set = journal_name_set(&item->source, source);
        ASSERT(is_set);
    }
    if (topic_header_find(record, COMMAND_HEADER_ID, &id)) (void)uuid_parse(id, &item->command_id);
    bool has_digest =
        topic_header_find(record, COMMAND_HEADER_DIGEST, &digest) && text_unhex(digest, read.bytes, sizeof read.bytes);
    if (has_digest) item->command_digest = read;
}

void replica_work_of_command(const struct topic_record *record, uint32_t generation, struct work_item *ret_item) {
    struct work_item item = {
        .kind = ENTRY_COMMAND,
        .work = {.kind = WORK_COMMAND, .position = {.generation = generation, .offset = record->offset}},
        .value = record->value,
        .correlation_id = token_of(record, COMMAND_HEADER_CORRELATION, COMMAND_CORRELATION_MAX),
        .method = token_of(record, COMMAND_HEADER_METHOD, COMMAND_METHOD_MAX),
    };
    read_refusal(record, &item);
    struct slice source, id, digest, decide_by;
    uint64_t decide_by_ms = 0;
    item.are_headers_good = topic_header_find(record, COMMAND_HEADER_SOURCE, &source) &&
                            topic_header_find(record, COMMAND_HEADER_ID, &id) &&
                            topic_header_find(record, COMMAND_HEADER_DIGEST, &digest) &&
                            topic_header_find(record, COMMAND_HEADER_DECIDE_BY, &decide_by) &&
                            text_is_token(source, JOURNAL_NAME_MAX) && journal_name_set(&item.source, source) &&
                            uuid_parse(id, &item.command_id) && uuid_is_v7(item.command_id) &&
                            text_unhex(digest, item.command_digest.bytes, sizeof item.command_digest.bytes) &&
                            text_u64(decide_by, &decide_by_ms) && decide_by_ms <= (uint64_t)INT64_MAX;
    if (item.are_headers_good) {
        item.decide_by_ms = (int64_t)decide_by_ms;
    } else if (item.refused.size > 0) {
        name_refused(record, &item);
    } else {
        name_unreadable(&item);
    }
    *ret_item = item;
}

enum { NOTE_BYTES = 1 + 4 + 8 + 16 };
static_assert((int)NOTE_BYTES <= (int)NOTE_SIZE_MAX, "the crash note fits its file");

void replica_note_set(struct replica *r, const struct work *work) {
    uint8_t memory[NOTE_BYTES];
    struct buffer out = buffer_over(memory, sizeof memory);
    if (work->kind != WORK_NONE) {
        buffer_put_u8(&out, (uint8_t)work->kind);
        buffer_put_u32(&out, work->position.generation);
        buffer_put_u64(&out, (uint64_t)work->position.offset);
        buffer_put(&out, work->timer.bytes, sizeof work->timer.bytes);
    }
    r->ports.note.set(r->ports.note.context, buffer_slice(&out));
}

struct work replica_note_left(const struct replica *r) {
    struct work work = {.kind = WORK_NONE};
    struct cursor cursor = cursor_over(r->ports.note.left_behind(r->ports.note.context));
    if (cursor.rest.size == 0) return work;
    uint8_t kind = cursor_u8(&cursor);
    struct position position = {.generation = cursor_u32(&cursor)};
    position.offset = (int64_t)cursor_u64(&cursor);
    struct timer_id timer;
    cursor_copy(&cursor, timer.bytes, sizeof timer.bytes);
    if (!cursor_done(&cursor)) return work;
    if (kind == WORK_COMMAND && position.offset >= 0) {
        work = (struct work){.kind = WORK_COMMAND, .position = position};
    } else if (kind == WORK_TIMER) {
        work = (struct work){.kind = WORK_TIMER, .timer = timer};
    }
    return work;
}
