/* The one place where a reply leaves: outcome in, header and body out. Loop's thread. It never waits: a connection
 * that is gone or does not read loses its reply, and its caller asks again with the same id. */
#include "lib/host/door_internal.h"

#include "lib/base/text.h"

void door_reply(struct door *door, const struct door_caller *caller, const struct door_reply *reply) {
    const struct outcome_row *row = door_outcome_row(door, reply->outcome);
    struct reply_header header = {
        .request_id = caller->request_id,
        .status = row->status,
        .repeated_answer = reply->is_repeated,
        .outcome = slice_text(row->name),
        .message = slice_text(row->sentence),
        /* A header that its reader must refuse would be silence. */
        .detail = text_is_clean(reply->detail) ? reply->detail : slice_of(NULL, 0),
        .position = (int64_t)reply->position,
        .retry_after_ms = reply->retry_after_ms,
        .answered_by = slice_text(door->options.process),
    };
    ASSERT(header.position >= 0);
    uint8_t bytes[EXCHANGE_REPLY_HEADER_MAX];
    struct buffer out = buffer_over(bytes, sizeof bytes);
    reply_header_encode(&header, &out);
    ASSERT(!out.is_full);
    enum status sent = caller->socket->send(caller->socket->context, &caller->route, buffer_slice(&out), reply->body);
    if (sent != STATUS_OK && door->listener.reply_lost != NULL) {
        door->listener.reply_lost(door->listener.context, caller->system, sent == STATUS_FULL);
    }
    if (door->listener.replied != NULL) {
        const char *method = caller->method == NULL ? "" : caller->method->name;
        door->listener.replied(door->listener.context, caller->system, method, row->name, row->status,
                               door->monotonic_ms - caller->started_ms);
    }
}

/* An accepted entry of a newer version may hold an outcome that this program does not know. It must not be told as
 * anything that it may not be. */
const struct outcome_row *door_outcome_row(struct door *door, uint32_t code) {
    const struct outcome_row *row = service_outcome(door->options.service, code);
    if (row != NULL) return row;
    door_alarm(door, "outcome", "an entry holds an outcome that this version does not know: install a newer one");
    row = outcome_common_row(OUTCOME_UNKNOWN_OUTCOME);
    ASSERT(row != NULL);
    return row;
}
