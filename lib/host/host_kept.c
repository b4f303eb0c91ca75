/* What the service keeps of what it was asked, in a file beside the store. A process that cannot keep anything serves
 * nevertheless, and says so. Loop's thread. */
#include "lib/host/host_internal.h"

#include "lib/base/assert.h"
#include "lib/host/log.h"
#include "lib/host/metrics.h"
#include "lib/port/uv/system_clock.h"

#include <stdio.h>

#define HOUR_MS INT64_C(3600000)
enum { HOST_KEPT_MIB = 1024 * 1024 };

void host_kept_open(struct host *host) {
    const struct service *service = host->service;
    if (service->kept_hours_row == NULL) return;
    struct error error = {0};
    char path[CONFIG_TEXT_MAX + 16];
    (void)snprintf(path, sizeof path, "%s/kept.spool", host->config.data_dir);
    const struct kept_options options = {
        .path = path,
        .bytes_max = (size_t)config_service_number(&host->service_context, service->kept_mib_row) * HOST_KEPT_MIB,
        .age_ms_max = config_service_number(&host->service_context, service->kept_hours_row) * HOUR_MS,
        .clock = system_clock_port()};
    if (kept_open(&options, &host->kept, &error) != STATUS_OK) {
        log_event(LOG_ERROR, "kept_not_opened", LOG_TEXT("text", error.message));
    }
    if (host->kept == NULL) return;
    host->kept_port = kept_port(host->kept);
    host->service_context.kept = &host->kept_port;
}

void host_kept_watch(struct host *host) {
    if (host->kept == NULL) return;
    kept_tend(host->kept);
    struct kept_view view;
    host->kept_port.look(host->kept_port.context, &view);
    metrics_set(METRIC_KEPT, NULL, NULL, (double)(view.end - view.first));
    uint64_t dropped = view.dropped - host->kept_dropped;
    if (dropped == 0) return;
    metrics_add(METRIC_KEPT_DROPPED, NULL, NULL, dropped);
    log_event(LOG_WARN, "kept_dropped", LOG_NUMBER("requests", (int64_t)dropped),
              LOG_TEXT("text", "no key could be had for them, or the file is full before their time is over"));
    host->kept_dropped = view.dropped;
}

void host_kept_close(struct host *host) {
    host->service_context.kept = NULL;
    kept_close(host->kept);
    host->kept = NULL;
}
