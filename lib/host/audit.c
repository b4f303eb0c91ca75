/* From spool to Kafka: what waits is sent in order, what was not written is sent again, what is acknowledged is forgotten.
 * A report says nothing but which record it is about, so an early copy's report may settle a later one: at least once is
 * all that is promised. Owns one item for each place in the spool. Loop's thread. */
#include "lib/host/audit.h"

#include "lib/base/assert.h"
#include "lib/base/civil_time.h"
#include "lib/wire/audit/audit_record.h"

#include <stdlib.h>

static_assert((int)AUDIT_RECORD_MAX <= (int)SPOOL_RECORD_MAX, "every record fits into the spool");

enum item_state {
    ITEM_WAITING, /* to be handed to the writer */
    ITEM_SENT,    /* the writer has it; its report is awaited */
    ITEM_DONE,    /* acknowledged, behind one that is not */
};

struct audit_item {
    enum item_state state;
    bool was_sent; /* ever */
    uint64_t token;
    int64_t put_ms, sent_ms; /* monotonic */
};

struct audit {
    struct audit_options options;
    uint64_t send_from; /* no record before it waits */
    uint64_t hurry_to;  /* somebody waits for a record before it */
    uint32_t in_flight;
    int64_t pause_until_ms; /* monotonic */
    uint64_t taken, acknowledged, sent_again, refused_full;
    const char *trouble;
    uint32_t items_max;
    struct audit_item *items; /* by number % items_max */
};

static bool has_room(void *context);
static enum status put(void *context, struct slice record, uint64_t token);
static void on_report(struct audit *audit, const struct topic_report *report, void *context,
                      void (*acknowledged)(void *context, uint64_t token));
static void forget_done(struct audit *audit);
static bool find_waiting(struct audit *audit);
static int64_t gather_left_ms(struct audit *audit, int64_t now_ms);
static enum status append(struct audit *audit, uint64_t number);
static void wait_again(struct audit *audit, uint64_t number, const char *why);
static void expect_no_reports(struct audit *audit, const char *why);
static struct audit_item *item_of(const struct audit *audit, uint64_t number);
static int64_t now_of(const struct audit *audit);

static enum status put(void *context, struct slice record, uint64_t token) {
    struct audit *audit = context;
    ASSERT(record.size > 0 && record.size <= AUDIT_RECORD_MAX);
    uint64_t number = spool_end(audit->options.spool);
    if (!spool_put(audit->options.spool, record)) return STATUS_FULL;
    *item_of(audit, number) = (struct audit_item){.state = ITEM_WAITING, .token = token, .put_ms = now_of(audit)};
    if (token != 0) audit->hurry_to = number + 1;
    audit->taken++;
    return STATUS_OK;
}

static bool has_room(void *context) {
    struct audit *audit = context;
    if (spool_has_room(audit->options.spool)) return true;
    audit->refused_full++;
    return false;
}

int audit_send(struct audit *audit) {
    int64_t now_ms = now_of(audit);
    uint64_t first = spool_first(audit->options.spool), end = spool_end(audit->options.spool);
    if (first == end) return AUDIT_IDLE_MS;
    const struct audit_item *oldest = item_of(audit, first);
    if (oldest->state == ITEM_SENT && now_ms - oldest->sent_ms > AUDIT_REPORT_MS_MAX) {
        expect_no_reports(audit, "the writer does not say what became of it");
    }
    if (now_ms < audit->pause_until_ms) return (int)(audit->pause_until_ms - now_ms);
    if (audit->send_from < first) audit->send_from = first;
    int64_t left_ms = gather_left_ms(audit, now_ms);
    if (left_ms > 0) return (int)left_ms;
    for (uint32_t i = 0; i < AUDIT_RECORDS_PER_STEP; i++) {
        if (!find_waiting(audit) || audit->in_flight == AUDIT_IN_FLIGHT_MAX) return AUDIT_IDLE_MS;
        enum status status = append(audit, audit->send_from);
        if (status != STATUS_OK) {
            audit->trouble = status_name(status);
            audit->pause_until_ms = now_ms + AUDIT_AGAIN_MS;
            /* A producer that has failed for good takes its reports with it. */
            if (status == STATUS_UNAVAILABLE) expect_no_reports(audit, audit->trouble);
            return AUDIT_AGAIN_MS;
        }
    }
    return 0;
}

/* Moves send_from there. */
static bool find_waiting(struct audit *audit) {
    uint64_t end = spool_end(audit->options.spool);
    while (audit->send_from < end && item_of(audit, audit->send_from)->state != ITEM_WAITING) audit->send_from++;
    return audit->send_from < end;
}

/* How long what waits may wait for more to go with it. */
static int64_t gather_left_ms(struct audit *audit, int64_t now_ms) {
    if (!find_waiting(audit)) return AUDIT_IDLE_MS;
    uint64_t count = spool_end(audit->options.spool) - audit->send_from;
    bool is_due = audit->send_from < audit->hurry_to || count >= AUDIT_RECORDS_PER_STEP;
    return is_due ? 0 : item_of(audit, audit->send_from)->put_ms + audit->options.gather_ms - now_ms;
}

static enum status append(struct audit *audit, uint64_t number) {
    struct slice bytes = spool_at(audit->options.spool, number);
    struct audit_record record;
    const char *fault;
    /* Whatever lies in the spool is sent: a record that this version cannot read may be a newer one's. */
    bool is_readable = audit_record_decode(bytes, &record, &fault);
    char id[UUID_TEXT_SIZE], person[UUID_TEXT_SIZE], time[CIVIL_INSTANT_SIZE];
    struct topic_header headers[7] = {
        {slice_text("ce_type"), slice_text(AUDIT_RECORD_TYPE)},
        {slice_text("ce_specversion"), slice_text("1.0")},
        {slice_text("ce_source"), slice_text(audit->options.source)},
        {slice_text("content-type"), slice_text("application/protobuf")},
    };
    uint32_t count = 4;
    struct slice key = slice_of(NULL, 0);
    if (is_readable) {
        uuid_format(record.audit_id, id);
        civil_format_instant(record.at_ms, time);
        headers[count++] = (struct topic_header){slice_text("ce_id"), slice_of(id, sizeof id)};
        headers[count++] = (struct topic_header){slice_text("ce_time"), slice_of(time, sizeof time)};
        if (record.correlation_id.size > 0) {
            headers[count++] = (struct topic_header){slice_text("ce_correlationid"), record.correlation_id};
        }
        if (!uuid_is_zero(record.person_id)) {
            uuid_format(record.person_id, person);
            key = slice_of(person, sizeof person);
        }
    }
    const struct topic_append append = {
        .topic = AUDIT_TOPIC, .key = key, .value = bytes, .header_count = count, .headers = headers, .token = number};
    enum status status = audit->options.writer.append(audit->options.writer.context, &append);
    if (status != STATUS_OK) return status;
    struct audit_item *item = item_of(audit, number);
    ASSERT(item->state == ITEM_WAITING);
    if (item->was_sent) audit->sent_again++;
    item->was_sent = true;
    item->state = ITEM_SENT;
    item->sent_ms = now_of(audit);
    audit->in_flight++;
    return STATUS_OK;
}

void audit_take_reports(struct audit *audit, void *context, void (*acknowledged)(void *context, uint64_t token)) {
    struct topic_report report;
    for (uint32_t i = 0; i < AUDIT_IN_FLIGHT_MAX; i++) {
        if (!audit->options.writer.report(audit->options.writer.context, &report)) break;
        on_report(audit, &report, context, acknowledged);
    }
    forget_done(audit);
}

static void on_report(struct audit *audit, const struct topic_report *report, void *context,
                      void (*acknowledged)(void *context, uint64_t token)) {
    uint64_t number = report->token;
    const struct spool_file *spool = audit->options.spool;
    if (number < spool_first(spool) || number >= spool_end(spool)) return; /* an earlier copy has settled it */
    struct audit_item *item = item_of(audit, number);
    if (item->state == ITEM_DONE) return;
    switch (report->result) {
    case TOPIC_DELIVERED:
        if (item->state == ITEM_SENT) audit->in_flight--;
        item->state = ITEM_DONE;
        audit->acknowledged++;
        audit->trouble = NULL;
        if (item->token != 0) acknowledged(context, item->token);
        return;
    case TOPIC_REFUSED:
    case TOPIC_UNCERTAIN:
        if (item->state == ITEM_SENT) wait_again(audit, number, report->reason);
        return;
    }
}

static void forget_done(struct audit *audit) {
    struct spool_file *spool = audit->options.spool;
    while (spool_first(spool) < spool_end(spool) && item_of(audit, spool_first(spool))->state == ITEM_DONE) {
        spool_forget_first(spool);
    }
}

static void wait_again(struct audit *audit, uint64_t number, const char *why) {
    struct audit_item *item = item_of(audit, number);
    ASSERT(item->state == ITEM_SENT);
    ASSERT(audit->in_flight > 0);
    item->state = ITEM_WAITING;
    audit->in_flight--;
    if (number < audit->send_from) audit->send_from = number;
    audit->pause_until_ms = now_of(audit) + AUDIT_AGAIN_MS;
    audit->trouble = why;
}

static void expect_no_reports(struct audit *audit, const char *why) {
    uint64_t end = spool_end(audit->options.spool);
    for (uint64_t number = spool_first(audit->options.spool); number < end && audit->in_flight > 0; number++) {
        if (item_of(audit, number)->state == ITEM_SENT) wait_again(audit, number, why);
    }
    ASSERT(audit->in_flight == 0);
}

void audit_look(const struct audit *audit, struct audit_view *ret_view) {
    const struct spool_file *spool = audit->options.spool;
    uint64_t first = spool_first(spool), end = spool_end(spool);
    *ret_view = (struct audit_view){
        .spooled = end - first,
        .oldest_ms = first == end ? 0 : now_of(audit) - item_of(audit, first)->put_ms,
        .taken = audit->taken,
        .acknowledged = audit->acknowledged,
        .sent_again = audit->sent_again,
        .refused_full = audit->refused_full,
        .trouble = audit->trouble,
    };
}

struct audit *audit_new(const struct audit_options *options) {
    ASSERT(options->source[0] != '\0');
    ASSERT(spool_first(options->spool) == 0);
    struct audit *audit = calloc(1, sizeof *audit);
    if (audit == NULL) return NULL;
    audit->options = *options;
    audit->items_max = spool_records_max(options->spool);
    audit->items = calloc(audit->items_max, sizeof *audit->items);
    if (audit->items == NULL) {
        free(audit);
        return NULL;
    }
    for (uint64_t number = 0; number < spool_end(options->spool); number++) {
        item_of(audit, number)->put_ms = now_of(audit);
    }
    return audit;
}

void audit_free(struct audit *audit) {
    if (audit == NULL) return;
    free(audit->items);
    free(audit);
}

struct audit_port audit_port(struct audit *audit) {
    return (struct audit_port){.context = audit, .has_room = has_room, .put = put};
}

static struct audit_item *item_of(const struct audit *audit, uint64_t number) {
    return &audit->items[number % audit->items_max];
}

static int64_t now_of(const struct audit *audit) {
    return audit->options.clock.monotonic_ms(audit->options.clock.context);
}
