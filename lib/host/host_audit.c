/* The audit trail of a process: its spool beside the store, its own writer, what operators see of it. Loop's thread. */
#include "lib/host/host_internal.h"

#include "lib/base/assert.h"
#include "lib/host/log.h"
#include "lib/host/metrics.h"
#include "lib/port/uv/system_clock.h"
#include "lib/wire/audit/audit_record.h"

#include <stdio.h>

enum {
    HOST_AUDIT_LATE_MS = 5000, /* from then on operators are told that Kafka does not acknowledge */
    HOST_AUDIT_MIB = 1024 * 1024,
};

static bool find_durable_method(const struct service *service, struct slice name, uint32_t *ret_index);

/* audit_durable_methods: names such as ListPersonBookings, comma separated. */
enum status host_audit_prepare(struct host *host, struct error *reterr_error) {
    struct slice rest = slice_text(host->config.audit_durable_methods);
    while (rest.size > 0) {
        const uint8_t *comma = memchr(rest.data, ',', rest.size);
        size_t size = comma != NULL ? (size_t)(comma - rest.data) : rest.size;
        struct slice name = slice_of(rest.data, size);
        rest = comma != NULL ? slice_of(comma + 1, rest.size - size - 1) : slice_of(NULL, 0);
        while (name.size > 0 && name.data[0] == ' ') name = slice_of(name.data + 1, name.size - 1);
        while (name.size > 0 && name.data[name.size - 1] == ' ') name.size--;
        uint32_t index;
        if (!find_durable_method(host->service, name, &index)) {
            return error_set(reterr_error, STATUS_INVALID,
                             "audit_durable_methods: expected names of queries that are audited, found \"%.*s\"",
                             (int)name.size, (const char *)name.data);
        }
        host->durable_methods |= UINT64_C(1) << index;
    }
    return STATUS_OK;
}

static bool find_durable_method(const struct service *service, struct slice name, uint32_t *ret_index) {
    ASSERT(service->method_count <= 64);
    for (uint32_t i = 0; i < service->method_count; i++) {
        const char *slash = strchr(service->methods[i].name, '/');
        ASSERT(slash != NULL);
        if (service->methods[i].audit == AUDIT_NONE || !slice_equal(slice_text(slash + 1), name)) continue;
        *ret_index = i;
        return true;
    }
    return false;
}

enum status host_audit_open(struct host *host, struct audit_port *ret_port, struct error *reterr_error) {
    const struct config *config = &host->config;
    char path[CONFIG_TEXT_MAX + 16];
    (void)snprintf(path, sizeof path, "%s/audit.spool", config->data_dir);
    const struct spool_limits limits = {.bytes_max = (size_t)config->audit_spool_mib_max * HOST_AUDIT_MIB,
                                        .records_max = (uint32_t)config->audit_spool_records_max};
    enum status status = spool_open(path, &limits, &host->spool, reterr_error);
    if (status != STATUS_OK) return status;
    struct audit_options options = {.spool = host->spool, .clock = system_clock_port(), .gather_ms = AUDIT_GATHER_MS};
    (void)snprintf(options.source, sizeof options.source, "/bhr/%.60s/%.60s/%.60s", config->environment,
                   host->service->name, config->locality);
    const char *const topics[] = {AUDIT_TOPIC};
    status = kafka_writer_open(&host->kafka, loop_wake_fd(host->loop), topics, 1, &host->audit_writer, &options.writer,
                               reterr_error);
    if (status != STATUS_OK) return status;
    host->audit = audit_new(&options);
    if (host->audit == NULL) return error_set(reterr_error, STATUS_NO_MEMORY, "no memory for the audit trail");
    uint64_t left = spool_end(host->spool) - spool_first(host->spool);
    if (left > 0) log_event(LOG_INFO, "audit_left_behind", LOG_NUMBER("records", (int64_t)left));
    *ret_port = audit_port(host->audit);
    return STATUS_OK;
}

static void on_acknowledged(void *context, uint64_t token) {
    struct host *host = context;
    door_audited(host->door, token);
}

void host_audit_take_reports(struct host *host) {
    ASSERT(host->door != NULL);
    audit_take_reports(host->audit, host, on_acknowledged);
}

int host_audit_send(struct host *host) {
    return audit_send(host->audit);
}

uint64_t host_audit_spooled(const struct host *host) {
    if (host->audit == NULL) return 0;
    struct audit_view view;
    audit_look(host->audit, &view);
    return view.spooled;
}

void host_audit_watch(struct host *host) {
    if (host->audit == NULL) return;
    struct audit_view view;
    audit_look(host->audit, &view);
    struct audit_view *counted = &host->audit_counted;
    metrics_set(METRIC_AUDIT_SPOOLED, NULL, NULL, (double)view.spooled);
    metrics_set(METRIC_AUDIT_OLDEST_SECONDS, NULL, NULL, (double)view.oldest_ms / 1000.0);
    metrics_add(METRIC_AUDIT_RECORDS, NULL, NULL, view.taken - counted->taken);
    metrics_add(METRIC_AUDIT_ACKNOWLEDGED, NULL, NULL, view.acknowledged - counted->acknowledged);
    metrics_add(METRIC_AUDIT_SENT_AGAIN, NULL, NULL, view.sent_again - counted->sent_again);
    metrics_add(METRIC_AUDIT_REFUSED_FULL, NULL, NULL, view.refused_full - counted->refused_full);
    uint64_t suppressed = host->door != NULL ? door_refusals_suppressed(host->door) : 0;
    metrics_add(METRIC_AUDIT_REFUSALS_SUPPRESSED, NULL, NULL, suppressed - host->refusals_counted);
    host->refusals_counted = suppressed;
    if (view.refused_full > counted->refused_full) {
        log_event(LOG_ERROR, "audit_full", LOG_NUMBER("spooled", (int64_t)view.spooled),
                  LOG_NUMBER("refused", (int64_t)(view.refused_full - counted->refused_full)),
                  LOG_TEXT("text", "what needs a record is answered too_busy until Kafka acknowledges"));
    }
    bool is_late = view.oldest_ms > HOST_AUDIT_LATE_MS;
    if (is_late != host->is_audit_late) {
        log_event(is_late ? LOG_WARN : LOG_INFO, is_late ? "audit_waits" : "audit_flows",
                  LOG_NUMBER("spooled", (int64_t)view.spooled),
                  LOG_TEXT("why", view.trouble != NULL ? view.trouble : ""));
        host->is_audit_late = is_late;
    }
    *counted = view;
}

void host_audit_close(struct host *host) {
    audit_free(host->audit);
    host->audit = NULL;
    kafka_writer_close(&host->audit_writer);
    spool_close(host->spool);
    host->spool = NULL;
}
