/* The writer's twin: draws the fate of each append when it is made. Owns its reports; one thread; never waits. */
#include "lib/port/fake/writer.h"

#include "lib/base/assert.h"

static void push_report(struct fake_writer *writer, struct topic_report report, int64_t ready_at_ms);
static int64_t delay(const struct fake_writer *writer, int64_t max_ms);

static enum status append(void *context, const struct topic_append *append) {
    struct fake_writer *writer = context;
    const struct fake_writer_faults *faults = &writer->faults;
    const struct fake_hooks *hooks = writer->hooks;
    fake_at_call(hooks, "writer.append");
    if (fake_chance(hooks, faults->refuse_per_mille)) {
        return fake_draw(hooks, 2) == 0 ? STATUS_FULL : STATUS_UNAVAILABLE;
    }
    struct fake_log *log = fake_log_find(writer->broker, append->topic);
    if (log == NULL) return STATUS_UNAVAILABLE;
    writer->append_count++;
    int64_t now_ms = writer->broker->time->now_ms;
    struct fake_flight flight = {
        .land_at_ms = now_ms + delay(writer, faults->delay_ms_max),
        .log = log,
        .record = fake_record_make(writer->broker, append),
        .writer = writer,
        .producer = writer->producer,
        .token = append->token,
    };
    struct topic_report uncertain = {append->token, TOPIC_UNCERTAIN, -1, "timed out"};
    if (fake_chance(hooks, faults->lost_per_mille)) {
        if (fake_draw(hooks, 4) == 0) uncertain.result = TOPIC_REFUSED;
        push_report(writer, uncertain, now_ms + delay(writer, FAKE_REPORT_MS_MAX));
    } else {
        if (fake_chance(hooks, faults->late_per_mille)) {
            flight.land_at_ms = now_ms + delay(writer, faults->late_ms_max);
            flight.is_reported_lost = true;
            push_report(writer, uncertain, now_ms + delay(writer, FAKE_REPORT_MS_MAX));
        } else {
            if (flight.land_at_ms < writer->last_land_at_ms) flight.land_at_ms = writer->last_land_at_ms;
            writer->last_land_at_ms = flight.land_at_ms;
            flight.is_reported_lost = fake_chance(hooks, faults->uncertain_per_mille);
            if (flight.is_reported_lost) push_report(writer, uncertain, now_ms + delay(writer, FAKE_REPORT_MS_MAX));
            if (fake_chance(hooks, faults->silent_per_mille)) flight.writer = NULL;
        }
        fake_broker_send(writer->broker, &flight);
        if (fake_chance(hooks, faults->twice_per_mille)) {
            flight.land_at_ms += delay(writer, faults->late_ms_max);
            flight.record = fake_record_make(writer->broker, append);
            flight.writer = NULL;
            fake_broker_send(writer->broker, &flight);
        }
    }
    fake_done(hooks, "writer.append done");
    return STATUS_OK;
}

static bool report(void *context, struct topic_report *ret_report) {
    struct fake_writer *writer = context;
    fake_at_call(writer->hooks, "writer.report");
    if (fake_writer_next_ms(writer) > writer->broker->time->now_ms) return false;
    *ret_report = writer->reports[writer->report_first];
    writer->report_first = (writer->report_first + 1) % FAKE_REPORTS_MAX;
    writer->report_count--;
    fake_done(writer->hooks, "writer.report done");
    return true;
}

/* What is on the wire may land all the same. */
static void drop(void *context) {
    struct fake_writer *writer = context;
    fake_at_call(writer->hooks, "writer.drop");
    fake_writer_fini(writer);
    writer->producer++;
    writer->last_land_at_ms = 0;
    fake_done(writer->hooks, "writer.drop done");
}

void fake_writer_init(struct fake_writer *writer, struct fake_broker *broker, const struct fake_hooks *hooks) {
    writer->broker = broker;
    writer->hooks = hooks;
    writer->faults = (struct fake_writer_faults){0};
    writer->producer = 0;
    writer->append_count = 0;
    writer->last_land_at_ms = 0;
    writer->report_first = writer->report_count = 0;
}

void fake_writer_fini(struct fake_writer *writer) {
    fake_broker_forget(writer->broker, writer);
    writer->report_first = writer->report_count = 0;
}

struct topic_writer fake_writer_port(struct fake_writer *writer) {
    return (struct topic_writer){.context = writer, .append = append, .report = report, .drop = drop};
}

void fake_writer_landed(struct fake_writer *writer, const struct fake_flight *flight) {
    ASSERT(flight->record->shown.offset >= 0);
    ASSERT(flight->producer == writer->producer);
    struct topic_report told = {flight->token, TOPIC_DELIVERED, flight->record->shown.offset, "delivered"};
    push_report(writer, told, writer->broker->time->now_ms + delay(writer, writer->faults.delay_ms_max));
}

int64_t fake_writer_next_ms(const struct fake_writer *writer) {
    return writer->report_count == 0 ? INT64_MAX : writer->ready_at_ms[writer->report_first];
}

static void push_report(struct fake_writer *writer, struct topic_report report, int64_t ready_at_ms) {
    if (writer->report_count == FAKE_REPORTS_MAX) return;
    size_t last = (writer->report_first + writer->report_count++) % FAKE_REPORTS_MAX;
    writer->reports[last] = report;
    writer->ready_at_ms[last] = ready_at_ms;
}

static int64_t delay(const struct fake_writer *writer, int64_t max_ms) {
    return max_ms <= 0 ? 0 : (int64_t)fake_draw(writer->hooks, (uint64_t)max_ms + 1);
}
