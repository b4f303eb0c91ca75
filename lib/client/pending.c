/* The life of one call: sent, answered or not, sent again with the same id, ended. What decides is whether an answer is
 * the last word: "too busy" is not, "slot taken" is. One thread; sends through the client's dealer, else touches nothing. */
#include "lib/client/client_internal.h"

#include "lib/base/assert.h"

static bool is_last_word(const struct reply_header *header);
static bool is_named(struct slice outcome, uint32_t code);
static void rest(struct client *client, struct pending *call, int64_t rest_ms);
static int64_t rest_next(struct pending *call);
static void fill(const struct client *client, const struct pending *call, struct client_result *ret_result);

bool pending_answered(struct client *client, struct pending *call, const struct reply_header *header, struct slice body,
                      struct client_result *ret_result) {
    /* "Your deadline had passed", "your token has expired", "you may not": that says nothing about an earlier attempt of the
     * same call. What was decided is never told as denied. */
    bool is_about_this_attempt_only =
        call->is_perhaps_done && (is_named(header->outcome, OUTCOME_DEADLINE_PASSED) || header->status == REPLY_DENIED);
    if (is_last_word(header) && !is_about_this_attempt_only) {
        fill(client, call, ret_result);
        ret_result->end = CLIENT_ANSWERED;
        ret_result->status = header->status;
        pending_text(ret_result->outcome, sizeof ret_result->outcome, header->outcome);
        pending_text(ret_result->message, sizeof ret_result->message, header->message);
        pending_text(ret_result->detail, sizeof ret_result->detail, header->detail);
        pending_text(ret_result->answered_by, sizeof ret_result->answered_by, header->answered_by);
        ret_result->is_repeated = header->repeated_answer;
        ret_result->position = header->position;
        ret_result->body = body;
        return true;
    }
    call->is_waiting = false;
    call->has_answer = true;
    call->status = header->status;
    call->retry_after_ms = header->retry_after_ms;
    pending_text(call->outcome, sizeof call->outcome, header->outcome);
    pending_text(call->message, sizeof call->message, header->message);
    pending_text(call->answered_by, sizeof call->answered_by, header->answered_by);
    if (header->status == REPLY_IN_PROGRESS || header->status == REPLY_UNKNOWN_OUTCOME) call->is_perhaps_done = true;

    int64_t rest_ms = header->retry_after_ms > 0 ? header->retry_after_ms : rest_next(call);
    int64_t now_ms = client->clock.monotonic_ms(client->clock.context);
    if (header->retry_after_ms > 0 && rest_ms >= call->deadline_ms - now_ms) {
        pending_give_up(client, call, ret_result); /* not before the time is up: no use in waiting for it */
        return true;
    }
    rest(client, call, rest_ms);
    return false;
}

/* Statuses that ask for another try are not the end, but for the outcomes that are kept as the first answer to this id:
 * asking again would only repeat them. */
static bool is_last_word(const struct reply_header *header) {
    switch (header->status) {
    case REPLY_OK:
    case REPLY_REFUSED:
    case REPLY_INVALID:
    case REPLY_DENIED:
    case REPLY_NOT_FOUND:
        return true;
    case REPLY_UNAVAILABLE:
        return is_named(header->outcome, OUTCOME_EXPIRED) || is_named(header->outcome, OUTCOME_SET_ASIDE);
    case REPLY_IN_PROGRESS:
    case REPLY_TOO_BUSY:
    case REPLY_UNKNOWN_OUTCOME:
        return false;
    }
    return true;
}

void pending_send(struct client *client, struct pending *call) {
    uint8_t memory[EXCHANGE_REQUEST_HEADER_MAX];
    struct buffer header = buffer_over(memory, sizeof memory);
    int64_t now_ms = client->clock.monotonic_ms(client->clock.context);
    int64_t left_ms = call->deadline_ms - now_ms;
    const struct request_header fields = {
        .method = slice_text(call->method),
        .request_id = call->request_id,
        .correlation_id = slice_of(call->correlation_id, call->correlation_size),
        .user_token = call->user_token,
        .deadline_ms = client->clock.wall_ms(client->clock.context) + (left_ms > 1 ? left_ms : 1),
        .min_position = call->min_position,
    };
    request_header_encode(&fields, &header);
    ASSERT(!header.is_full);
    struct slice body = slice_of(call->body, call->body_size);
    if (client->dealer.send(client->dealer.context, buffer_slice(&header), body) != STATUS_OK) {
        rest(client, call, CLIENT_CONNECT_MS);
        return;
    }
    call->attempts++;
    call->is_waiting = true;
    call->due_ms = now_ms + client->attempt_ms;
    pending_note_due(client, call);
}

void pending_unanswered(struct pending *call) {
    if (call->is_waiting) call->is_perhaps_done = true;
    call->is_waiting = false;
}

void pending_give_up(struct client *client, struct pending *call, struct client_result *ret_result) {
    pending_unanswered(call);
    fill(client, call, ret_result);
    if (call->is_perhaps_done && !call->is_query) {
        const struct outcome_row *row = outcome_common_row(OUTCOME_UNKNOWN_OUTCOME);
        ret_result->end = CLIENT_NOT_KNOWN;
        ret_result->status = REPLY_UNKNOWN_OUTCOME;
        pending_text(ret_result->outcome, sizeof ret_result->outcome, slice_text(row->name));
        pending_text(ret_result->message, sizeof ret_result->message, slice_text(row->sentence));
    } else if (call->has_answer) {
        ret_result->end = CLIENT_ANSWERED;
        ret_result->status = call->status;
        ret_result->retry_after_ms = call->retry_after_ms;
        pending_text(ret_result->outcome, sizeof ret_result->outcome, slice_text(call->outcome));
        pending_text(ret_result->message, sizeof ret_result->message, slice_text(call->message));
        pending_text(ret_result->answered_by, sizeof ret_result->answered_by, slice_text(call->answered_by));
    } else {
        const char *message =
            call->attempts == 0 ? "no server could be reached; nothing was done" : "no server answered in time";
        ret_result->end = CLIENT_NOT_REACHED;
        ret_result->status = REPLY_UNAVAILABLE;
        pending_text(ret_result->outcome, sizeof ret_result->outcome, slice_text("unavailable"));
        pending_text(ret_result->message, sizeof ret_result->message, slice_text(message));
    }
}

void pending_begin(struct pending *call, const struct client_call *from, struct uuid request_id, uint8_t *body,
                   int64_t now_ms) {
    ASSERT(call->is_used);
    call->request_id = request_id;
    call->method = from->method;
    call->body = body;
    call->body_size = from->body.size;
    if (from->correlation_id.size > 0)
        memcpy(call->correlation_id, from->correlation_id.data, from->correlation_id.size);
    call->correlation_size = from->correlation_id.size;
    call->user_token = from->user_token;
    call->min_position = from->min_position;
    call->is_query = from->is_query;
    call->token = from->token;
    call->submitted_at_ms = now_ms;
    call->deadline_ms = now_ms + from->limit_ms;
    call->due_ms = now_ms;
    call->rest_ms = CLIENT_REST_MS_MIN;
}

void pending_note_due(struct client *client, const struct pending *call) {
    int64_t due_ms = call->due_ms < call->deadline_ms ? call->due_ms : call->deadline_ms;
    if (due_ms < client->due_ms) client->due_ms = due_ms;
}

static void rest(struct client *client, struct pending *call, int64_t rest_ms) {
    ASSERT(rest_ms > 0);
    call->is_waiting = false;
    call->due_ms = client->clock.monotonic_ms(client->clock.context) + rest_ms;
    pending_note_due(client, call);
}

static int64_t rest_next(struct pending *call) {
    int64_t rest_ms = call->rest_ms;
    call->rest_ms = rest_ms * 2 < CLIENT_REST_MS_MAX ? rest_ms * 2 : CLIENT_REST_MS_MAX;
    return rest_ms;
}

static bool is_named(struct slice outcome, uint32_t code) {
    const struct outcome_row *row = outcome_common_row(code);
    ASSERT(row != NULL);
    return slice_equal(outcome, slice_text(row->name));
}

static void fill(const struct client *client, const struct pending *call, struct client_result *ret_result) {
    *ret_result = (struct client_result){
        .request_id = call->request_id,
        .token = call->token,
        .attempts = call->attempts,
        .took_ms = client->clock.monotonic_ms(client->clock.context) - call->submitted_at_ms,
    };
}

void pending_text(char *to, size_t to_size, struct slice text) {
    ASSERT(to_size > 0);
    size_t size = text.size < to_size ? text.size : to_size - 1;
    if (size > 0) memcpy(to, text.data, size);
    to[size] = '\0';
}
