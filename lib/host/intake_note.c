/* What the command log is told of a record that leaves no entry by itself, because whoever asks over Kafka can only hear
 * over Kafka (docs/adr/0013): a refusal at the door, and a request that was decided before. A note is a command record
 * without a value; the owner makes an Entry of it, the publisher an event. A note stands when its delivery report says so;
 * until then it is appended again: two of them are two entries that say the same. Loop's thread. */
#include "lib/host/intake_internal.h"

#include "lib/base/civil_time.h"
#include "lib/base/text.h"

#include <stdio.h>

enum { NOTE_HEADERS_MAX = 11 };

static bool take_refusal(struct intake *intake, uint32_t topic);
static bool append(struct intake *intake, const struct intake_lane *lane, const struct intake_item *item);

void intake_refuse(struct intake *intake, struct intake_lane *lane, struct intake_item *item, const char *outcome,
                   struct slice detail) {
    const struct intake_listener *listener = &intake->listener;
    const char *system = intake_system(intake, lane);
    if (listener->refused != NULL) listener->refused(listener->context, system, outcome, detail);
    if (!take_refusal(intake, lane->topic)) {
        intake_finish(intake, lane, item, INTAKE_DROPPED);
        return;
    }
    item->is_refusal = true;
    (void)snprintf(item->refused, sizeof item->refused, "%s", outcome);
    size_t size = detail.size < sizeof item->detail ? detail.size : sizeof item->detail - 1;
    if (size > 0) memcpy(item->detail, detail.data, size);
    item->detail[size] = '\0';
    item->due_ms = intake->monotonic_ms;
    intake_lane_set(intake, lane, item, INTAKE_TO_NOTE);
}

void intake_repeat(struct intake *intake, struct intake_lane *lane, struct intake_item *item) {
    ASSERT(item->method != NULL);
    item->is_refusal = false;
    item->due_ms = intake->monotonic_ms;
    intake_lane_set(intake, lane, item, INTAKE_TO_NOTE);
}

/* A bucket of one second's refusals, filled as time goes by. */
static bool take_refusal(struct intake *intake, uint32_t topic) {
    struct intake_refusals *refusals = &intake->refusals[topic];
    int64_t per_second = intake->options.limits.refused_per_second_max;
    refusals->milli_tokens += (intake->monotonic_ms - refusals->refilled_ms) * per_second;
    if (refusals->milli_tokens > per_second * 1000) refusals->milli_tokens = per_second * 1000;
    refusals->refilled_ms = intake->monotonic_ms;
    if (refusals->milli_tokens < 1000) return false;
    refusals->milli_tokens -= 1000;
    return true;
}

int intake_append_due(struct intake *intake, struct intake_lane *lane) {
    int64_t next_ms = intake->monotonic_ms + INTAKE_IDLE_MS_MAX;
    for (uint32_t i = 0; i < lane->count && lane->note_count > 0; i++) {
        struct intake_item *item = intake_lane_at(lane, lane->first + i);
        if (item->state != INTAKE_TO_NOTE && item->state != INTAKE_NOTED) continue;
        if (item->due_ms <= intake->monotonic_ms) {
            bool is_sent = append(intake, lane, item);
            item->due_ms = intake->monotonic_ms + (is_sent ? INTAKE_NOTE_MS_MAX : INTAKE_PAUSE_MS);
            intake_lane_set(intake, lane, item, is_sent ? INTAKE_NOTED : INTAKE_TO_NOTE);
        }
        if (item->due_ms < next_ms) next_ms = item->due_ms;
    }
    ASSERT(next_ms >= intake->monotonic_ms);
    return (int)(next_ms - intake->monotonic_ms);
}

void intake_take_reports(struct intake *intake) {
    struct topic_report report;
    for (uint32_t i = 0; i < INTAKE_RECORDS_MAX; i++) {
        if (!intake->ports.writer.report(intake->ports.writer.context, &report)) return;
        struct intake_lane *lane = NULL;
        struct intake_item *item = intake_by_token(intake, report.token, &lane);
        if (item == NULL || item->state != INTAKE_NOTED) continue;
        if (report.result == TOPIC_DELIVERED) {
            intake_finish(intake, lane, item, item->is_refusal ? INTAKE_REFUSED : INTAKE_REPEATED);
        } else {
            item->due_ms = intake->monotonic_ms + INTAKE_PAUSE_MS;
            intake_lane_set(intake, lane, item, INTAKE_TO_NOTE);
        }
    }
}

static void put(struct topic_header *headers, uint32_t *count, const char *name, struct slice value) {
    ASSERT(*count < NOTE_HEADERS_MAX);
    headers[(*count)++] = (struct topic_header){slice_text(name), value};
}

/* False when the command log does not take it now. */
static bool append(struct intake *intake, const struct intake_lane *lane, const struct intake_item *item) {
    if (!intake->has_topic) return false;
    char id[UUID_TEXT_SIZE], digest[2 * sizeof item->digest.bytes], time[CIVIL_INSTANT_SIZE], decide_by[24];
    uuid_format(item->id, id);
    text_hex(item->digest.bytes, sizeof item->digest.bytes, digest);
    civil_format_instant(intake->wall_ms, time);
    int decide_by_size = snprintf(decide_by, sizeof decide_by, "%lld", (long long)intake->wall_ms);
    ASSERT(decide_by_size > 0 && (size_t)decide_by_size < sizeof decide_by);
    struct topic_header headers[NOTE_HEADERS_MAX];
    uint32_t count = 0;
    put(headers, &count, COMMAND_HEADER_SOURCE, slice_text(intake_system(intake, lane)));
    put(headers, &count, COMMAND_HEADER_ID, slice_of(id, sizeof id));
    put(headers, &count, COMMAND_HEADER_DIGEST, slice_of(digest, sizeof digest));
    put(headers, &count, COMMAND_HEADER_DECIDE_BY, slice_of(decide_by, (size_t)decide_by_size));
    put(headers, &count, "ce_specversion", slice_text("1.0"));
    put(headers, &count, "ce_time", slice_of(time, sizeof time));
    struct slice correlation_id = slice_of(item->bytes, item->correlation_size);
    struct slice traceparent = slice_of(item->bytes + item->correlation_size, item->traceparent_size);
    if (item->method != NULL) put(headers, &count, COMMAND_HEADER_METHOD, service_method_rpc(item->method));
    if (correlation_id.size > 0) put(headers, &count, COMMAND_HEADER_CORRELATION, correlation_id);
    if (traceparent.size > 0) put(headers, &count, "traceparent", traceparent);
    if (item->is_refusal) {
        put(headers, &count, COMMAND_HEADER_REFUSED, slice_text(item->refused));
        put(headers, &count, COMMAND_HEADER_DETAIL, slice_text(item->detail));
    }
    const struct topic_append record = {
        .topic = intake->command_topic,
        .key = slice_text(intake->options.locality),
        .header_count = count,
        .headers = headers,
        .token = intake_token(intake, lane, item),
    };
    return intake->ports.writer.append(intake->ports.writer.context, &record) == STATUS_OK;
}
