/* Genesis: appended once, judged by the rule like any other record. Two callers at once do no harm: the second Genesis is
 * not history, and both read the same offset 0 back. */
#include "lib/host/genesis.h"

#include "lib/base/assert.h"
#include "lib/host/replica.h"

#include <stdio.h>

enum { WAIT_MS_MAX = 200 };

struct work_place {
    const struct genesis_ports *ports;
    const struct journal_identity *identity;
    int timeout_ms;
    int64_t until_ms; /* monotonic */
    char journal_topic[REPLICA_TOPIC_MAX], command_topic[REPLICA_TOPIC_MAX];
};

static struct work_place place_of(const struct genesis_ports *ports, const struct journal_identity *identity,
                                  int timeout_ms);
static enum status journal_is_empty(const struct work_place *place, bool *ret_is_empty, struct error *reterr_error);
static enum status append_genesis(const struct work_place *place, struct error *reterr_error);
static enum status judge_first(const struct work_place *place, struct genesis_found *ret_found,
                               struct error *reterr_error);
static enum status judge(const struct work_place *place, const struct topic_record *record,
                         struct genesis_found *ret_found, struct error *reterr_error);
static bool time_is_up(const struct work_place *place);

enum status genesis_ensure(const struct genesis_ports *ports, const struct journal_identity *identity, int timeout_ms,
                           struct genesis_found *ret_found, struct error *reterr_error) {
    struct work_place place = place_of(ports, identity, timeout_ms);
    bool is_empty;
    enum status status = journal_is_empty(&place, &is_empty, reterr_error);
    /* A topic made a moment ago is not known everywhere in the cluster at once. */
    while ((status == STATUS_NOT_FOUND || status == STATUS_UNAVAILABLE) && !time_is_up(&place)) {
        ports->waiter.wait(ports->waiter.context, WAIT_MS_MAX);
        status = journal_is_empty(&place, &is_empty, reterr_error);
    }
    if (status == STATUS_OK && is_empty) status = append_genesis(&place, reterr_error);
    if (status != STATUS_OK) return status;
    struct genesis_found found = {0};
    status = judge_first(&place, &found, reterr_error);
    if (status != STATUS_OK) return status;
    *ret_found = found;
    ret_found->is_new = is_empty;
    return STATUS_OK;
}

enum status genesis_check(const struct genesis_ports *ports, const struct journal_identity *identity, int timeout_ms,
                          struct genesis_found *ret_found, struct error *reterr_error) {
    struct work_place place = place_of(ports, identity, timeout_ms);
    bool is_empty;
    enum status status = journal_is_empty(&place, &is_empty, reterr_error);
    if (status != STATUS_OK) return status;
    if (is_empty) {
        return error_set(reterr_error, STATUS_NOT_FOUND, "%s is empty: it has no Genesis yet", place.journal_topic);
    }
    return judge_first(&place, ret_found, reterr_error);
}

static struct work_place place_of(const struct genesis_ports *ports, const struct journal_identity *identity,
                                  int timeout_ms) {
    ASSERT(timeout_ms > 0);
    ASSERT(identity->environment.size > 0 && identity->service.size > 0 && identity->locality.size > 0);
    struct work_place place = {.ports = ports, .identity = identity, .timeout_ms = timeout_ms};
    place.until_ms = ports->clock.monotonic_ms(ports->clock.context) + timeout_ms;
    char service[JOURNAL_NAME_MAX + 1] = "";
    memcpy(service, identity->service.text, identity->service.size);
    replica_journal_topic(service, place.journal_topic);
    replica_command_topic(service, 0, place.command_topic);
    return place;
}

static enum status journal_is_empty(const struct work_place *place, bool *ret_is_empty, struct error *reterr_error) {
    const struct topic_admin *admin = &place->ports->admin;
    struct topic_range range;
    enum status status = admin->range(admin->context, place->journal_topic, place->timeout_ms, &range, reterr_error);
    if (status != STATUS_OK) return status;
    if (range.start > 0) {
        return error_set(reterr_error, STATUS_CORRUPT,
                         "%s begins at offset %lld: its Genesis is gone; restore the topic from its log files",
                         place->journal_topic, (long long)range.start);
    }
    *ret_is_empty = range.end == 0;
    return STATUS_OK;
}

/* What the delivery report says is only a hint: the read-back decides. */
static enum status append_genesis(const struct work_place *place, struct error *reterr_error) {
    const struct genesis_ports *ports = place->ports;
    struct topic_range commands;
    enum status status =
        ports->admin.range(ports->admin.context, place->command_topic, place->timeout_ms, &commands, reterr_error);
    if (status != STATUS_OK) return status;

    struct journal_record record = {.kind = RECORD_GENESIS};
    record.as.genesis = (struct genesis){.environment = place->identity->environment,
                                         .service = place->identity->service,
                                         .locality = place->identity->locality,
                                         .starts_at = {.generation = 0, .offset = commands.end}};
    ports->clock.random(ports->clock.context, record.as.genesis.journal_id.bytes, sizeof(struct id128));
    uint8_t memory[512];
    struct buffer value = buffer_over(memory, sizeof memory);
    journal_record_write(&record, &value);
    ASSERT(!value.is_full);

    const struct topic_append append = {.topic = place->journal_topic,
                                        .key = journal_name_slice(&place->identity->locality),
                                        .value = buffer_slice(&value)};
    for (;;) {
        status = ports->writer.append(ports->writer.context, &append);
        if (status == STATUS_OK) return STATUS_OK;
        if (time_is_up(place)) {
            return error_set(reterr_error, status, "%s: Genesis could not be appended (%s)", place->journal_topic,
                             status_name(status));
        }
        ports->waiter.wait(ports->waiter.context, WAIT_MS_MAX);
    }
}

static enum status judge_first(const struct work_place *place, struct genesis_found *ret_found,
                               struct error *reterr_error) {
    const struct topic_reader *reader = &place->ports->reader;
    enum status status = reader->assign(reader->context, place->journal_topic, 0, reterr_error);
    if (status != STATUS_OK) return status;
    struct topic_report report;
    struct topic_event event;
    for (;;) {
        const struct topic_writer *writer = &place->ports->writer;
        while (writer->report != NULL && writer->report(writer->context, &report)) {
            if (report.result != TOPIC_REFUSED) continue;
            reader->unassign(reader->context);
            return error_set(reterr_error, STATUS_IO, "%s: the broker refused Genesis: %s", place->journal_topic,
                             report.reason != NULL ? report.reason : "no reason given");
        }
        reader->poll(reader->context, &event);
        if (event.kind == TOPIC_RECORD) break;
        if (event.kind == TOPIC_OUT_OF_RANGE || event.kind == TOPIC_FAILED) {
            status = error_set(reterr_error, STATUS_IO, "%s: offset 0 cannot be read: %s", place->journal_topic,
                               event.reason != NULL ? event.reason : "no reason given");
            reader->unassign(reader->context);
            return status;
        }
        if (time_is_up(place)) {
            reader->unassign(reader->context);
            return error_set(reterr_error, STATUS_TIMEOUT, "%s: nothing came back from offset 0 in %d ms",
                             place->journal_topic, place->timeout_ms);
        }
        if (event.kind != TOPIC_DISCONNECTED) place->ports->waiter.wait(place->ports->waiter.context, WAIT_MS_MAX);
    }
    status = judge(place, &event.record, ret_found, reterr_error);
    reader->unassign(reader->context);
    return status;
}

static enum status judge(const struct work_place *place, const struct topic_record *record,
                         struct genesis_found *ret_found, struct error *reterr_error) {
    const struct logged logged = {.offset = record->offset,
                                  .timestamp_ms = record->timestamp_ms,
                                  .is_log_append_time = record->is_log_append_time,
                                  .value = record->value};
    struct journal_state state = {0};
    struct journal_record read;
    bool is_readable = false;
    const struct digest no_chain = {{0}}; /* what follows Genesis is not judged here */
    enum journal_verdict verdict = journal_accept(&state, place->identity, &logged, no_chain, &read, &is_readable);
    if (verdict == VERDICT_GENESIS) {
        *ret_found = (struct genesis_found){.genesis = read.as.genesis, .logged_at_ms = record->timestamp_ms};
        return STATUS_OK;
    }
    if (verdict == VERDICT_STOP_WRONG_JOURNAL && is_readable && read.kind == RECORD_GENESIS) {
        const struct genesis *genesis = &read.as.genesis;
        return error_set(reterr_error, STATUS_CONFLICT, "%s belongs to %.*s / %.*s / %.*s, not to %.*s / %.*s / %.*s",
                         place->journal_topic, (int)genesis->environment.size, genesis->environment.text,
                         (int)genesis->service.size, genesis->service.text, (int)genesis->locality.size,
                         genesis->locality.text, (int)place->identity->environment.size,
                         place->identity->environment.text, (int)place->identity->service.size,
                         place->identity->service.text, (int)place->identity->locality.size,
                         place->identity->locality.text);
    }
    return error_set(reterr_error, STATUS_CONFLICT, "%s: %s", place->journal_topic, journal_verdict_sentence(verdict));
}

static bool time_is_up(const struct work_place *place) {
    return place->ports->clock.monotonic_ms(place->ports->clock.context) >= place->until_ms;
}
