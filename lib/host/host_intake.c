/* The intake with its real topics: request topics are read while the door is open, for the systems that the configuration
 * names. Owns the group member and a writer of its own to the command log. Loop's thread. */
#include "lib/host/host_internal.h"

#include "lib/base/assert.h"
#include "lib/digest/digest.h"
#include "lib/host/log.h"
#include "lib/host/metrics.h"
#include "lib/port/uv/system_clock.h"

#include <stdio.h>
#include <stdlib.h>

static void on_done(void *context, const char *system, enum intake_result result) {
    (void)context;
    (void)system; /* never a label */
    metrics_add(METRIC_INTAKE_RECORDS, intake_result_name(result), NULL, 1);
}

static void on_refused(void *context, const char *system, const char *outcome, struct slice detail) {
    (void)context;
    log_event(LOG_WARN, "request_refused", LOG_TEXT("system", system), LOG_TEXT("outcome", outcome),
              LOG_BYTES("detail", detail));
}

static void on_moved(void *context, const char *system, int32_t partition, bool is_given) {
    (void)context;
    log_event(LOG_INFO, "request_topic", LOG_TEXT("system", system), LOG_NUMBER("partition", partition),
              LOG_FLAG("ours", is_given));
}

static void on_trouble(void *context, const char *reason) {
    (void)context;
    log_event(LOG_WARN, "request_topic_trouble", LOG_TEXT("text", reason));
}

/* Names are borrowed by the group member for as long as it lives. */
static enum status open_topics(struct host *host, struct intake_ports *ports, struct error *reterr_error) {
    const char *names[INTAKE_TOPICS_MAX];
    uint32_t count = (uint32_t)host->request_systems.count;
    static_assert((int)TOPICS_SYSTEMS_MAX <= (int)INTAKE_TOPICS_MAX, "every system's topic is read");
    for (uint32_t i = 0; i < count; i++) {
        char *name = host->request_topics[i];
        bool is_named = topics_name(TOPIC_ID_REQUEST, host->service->name, host->request_systems.names[i], name);
        ASSERT(is_named); /* the configuration was checked */
        names[i] = name;
    }
    const char *const command_topics[] = {host->command_topic};
    enum status status = kafka_writer_open(&host->kafka, loop_wake_fd(host->loop), command_topics, 1,
                                           &host->intake_writer, &ports->writer, reterr_error);
    if (status != STATUS_OK) return status;
    return kafka_intake_open(&host->kafka, loop_wake_fd(host->loop), names, count,
                             host->config.request_topic_delete_s * 1000, &host->request_member, &ports->topics,
                             reterr_error);
}

enum status host_intake_open(struct host *host, struct door_socket *ret_socket, struct error *reterr_error) {
    const struct config *config = &host->config;
    ASSERT(host->intake == NULL);
    if (host->request_systems.count == 0) return STATUS_OK;
    struct intake_options *options = calloc(1, sizeof *options);
    if (options == NULL) return error_set(reterr_error, STATUS_NO_MEMORY, "no memory for request topics");
    options->service = host->service;
    options->policy = policy_keeper_current(host->policy);
    options->limits = (struct intake_limits){.request_bytes_max = (size_t)config->request_bytes_max,
                                             .deadline_ms = config->request_topic_deadline_ms,
                                             .refused_per_second_max = (uint32_t)config->refused_per_second};
    options->topic_count = (uint32_t)host->request_systems.count;
    (void)snprintf(options->locality, sizeof options->locality, "%.63s", config->locality);
    for (uint32_t i = 0; i < options->topic_count; i++) {
        const char *system = host->request_systems.names[i];
        (void)snprintf(options->systems[i], sizeof options->systems[i], "%s", system);
        if (policy_by_id(options->policy, system) != NULL) continue;
        log_event(LOG_WARN, "request_topic_unknown", LOG_TEXT("system", system),
                  LOG_TEXT("text", "the policy does not name it: its requests are refused"));
    }
    struct intake_ports ports = {.clock = system_clock_port(), .hash = digest_of};
    const struct intake_listener listener = {
        .context = host, .done = on_done, .refused = on_refused, .moved = on_moved, .trouble = on_trouble};
    enum status status = open_topics(host, &ports, reterr_error);
    if (status == STATUS_OK) host->intake = intake_new(options, &ports, &listener);
    free(options);
    if (status != STATUS_OK) return status;
    if (host->intake == NULL) return error_set(reterr_error, STATUS_NO_MEMORY, "no memory for request topics");
    struct replica_view view;
    replica_thread_view(host->replica, &view);
    intake_set_generation(host->intake, view.journal.resume_at.generation);
    *ret_socket = intake_socket(host->intake);
    return STATUS_OK;
}

void host_intake_leave(struct host *host) {
    if (host->intake != NULL) intake_leave(host->intake);
    kafka_intake_close(&host->request_member);
    kafka_writer_close(&host->intake_writer);
}

void host_intake_close(struct host *host) {
    host_intake_leave(host);
    intake_free(host->intake);
    host->intake = NULL;
}
