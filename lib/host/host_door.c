/* The loop's side of the ring: the door with its real socket, writer and cache. Loop's thread, but for the key look-up,
 * which the socket asks on its own thread (policy_file.h). */
#include "lib/host/host_internal.h"

#include "lib/base/assert.h"
#include "lib/base/text.h"
#include "lib/digest/digest.h"
#include "lib/host/log.h"
#include "lib/host/metrics.h"
#include "lib/port/uv/system_clock.h"

#include <stdio.h>
#include <stdlib.h>

enum {
    HOST_PROBE_MS = 2000,
    HOST_REQUESTS_PER_STEP = 256,
    HOST_BUSY_MS = 5000, /* after the last request in flight the replica goes on handing over answers for so long */
};

static enum status read_pseudonym_key(struct host *host, struct error *reterr_error);
static enum status open_tokens(struct host *host, struct error *reterr_error);

static void on_readable(void *context) {
    struct host *host = context;
    loop_step_soon(host->loop);
}

static void on_replied(void *context, const char *system, const char *method, const char *outcome,
                       enum reply_status status, int64_t took_ms) {
    (void)context;
    /* Who asks is in the log of refusals by policy, never a metric's label. */
    if (status == REPLY_DENIED) log_event(LOG_WARN, "denied", LOG_TEXT("system", system), LOG_TEXT("method", method));
    metrics_add(METRIC_DOOR_REQUESTS, method, reply_status_name(status), 1);
    metrics_add(METRIC_COMMANDS, outcome, NULL, 1);
    metrics_observe(METRIC_DOOR_REQUEST_SECONDS, method, NULL, (double)took_ms / 1000.0);
    if (status == REPLY_TOO_BUSY || status == REPLY_DENIED || status == REPLY_INVALID) {
        metrics_add(METRIC_DOOR_REFUSED, outcome, NULL, 1);
    }
}

static void on_reply_lost(void *context, const char *system, bool is_unread) {
    (void)context;
    if (is_unread) log_event(LOG_WARN, "reply_unread", LOG_TEXT("system", system));
    metrics_add(METRIC_DOOR_REPLIES_LOST, is_unread ? "unread" : "gone", NULL, 1);
}

static void on_alarm(void *context, const char *name, const char *text) {
    (void)context;
    log_event(LOG_ERROR, "alarm", LOG_TEXT("name", name), LOG_TEXT("text", text));
    metrics_add(METRIC_ALARMS, name, NULL, 1);
}

static void on_token_judged(void *context, const char *system, enum token_fault fault) {
    (void)context;
    metrics_add(METRIC_USER_TOKENS, token_fault_name(fault), NULL, 1);
    if (fault == TOKEN_GOOD) return;
    log_event(LOG_WARN, "user_token_refused", LOG_TEXT("system", system), LOG_TEXT("why", token_fault_name(fault)));
}

static void on_token_file(void *context, const char *path, uint32_t count, const char *fault) {
    (void)context;
    if (fault == NULL) {
        log_event(LOG_INFO, "token_file_read", LOG_TEXT("path", path), LOG_NUMBER("count", count));
    } else {
        log_event(LOG_ERROR, "token_file_refused", LOG_TEXT("path", path), LOG_TEXT("text", fault));
        metrics_add(METRIC_ALARMS, "token_file", NULL, 1);
    }
}

static void on_answered(void *context, const struct replica_answer *answer) {
    struct host *host = context;
    if (host->door == NULL) return;
    host_derived_follow(host);
    door_answered(host->door, answer);
}

static void on_committed(void *context, uint64_t number, struct position resume_at) {
    struct host *host = context;
    if (host->door != NULL) {
        host_derived_follow(host);
        door_committed(host->door, number, resume_at);
    }
    if (host->intake != NULL) intake_set_generation(host->intake, resume_at.generation);
}

int host_door_step(struct host *host) {
    const struct news_reader reader = {.context = host, .answered = on_answered, .committed = on_committed};
    host->is_derived_fresh = false;
    news_take(host->news, &reader);
    bool has_more_keys = host_keys_step(host);
    if (host->door == NULL) return has_more_keys ? 0 : 1000;
    host_audit_take_reports(host);
    int next_ms = door_step(host->door);
    host_keys_send(host);
    int audit_ms = host_audit_send(host);
    if (audit_ms < next_ms) next_ms = audit_ms;
    int react_ms = host_react_step(host);
    if (react_ms < next_ms) next_ms = react_ms;
    int ask_ms = host_ask_next_ms(host);
    if (ask_ms < next_ms) next_ms = ask_ms;
    int intake_ms = host->intake != NULL ? intake_step(host->intake) : next_ms;
    if (intake_ms < next_ms) next_ms = intake_ms;
    int64_t now_ms = host_now_ms();
    if (door_in_flight(host->door) > 0) host->busy_ms = now_ms;
    news_want_answers(host->news, now_ms - host->busy_ms < HOST_BUSY_MS);
    return has_more_keys ? 0 : next_ms;
}

void host_door_tend(struct host *host, int64_t now_ms) {
    if (host->socket == NULL) return;
    uint32_t ended = zmq_door_end_unread(host->socket, now_ms);
    if (ended == 0) return;
    log_event(LOG_WARN, "unread_ended", LOG_NUMBER("connections", ended));
    metrics_add(METRIC_DOOR_UNREAD_ENDED, NULL, NULL, ended);
}

enum status host_door_prepare(struct host *host, struct error *reterr_error) {
    const struct config *config = &host->config;
    if (config->door_endpoint[0] == '\0') return STATUS_OK;
    if (config->policy_file[0] == '\0' || config->door_key_file[0] == '\0') {
        return error_set(reterr_error, STATUS_INVALID,
                         "policy_file and door_key_file are expected when door_endpoint is set");
    }
    enum status status = policy_keeper_open(config->policy_file, host->service, &host->policy, reterr_error);
    if (status == STATUS_OK) status = host_audit_prepare(host, reterr_error);
    if (status == STATUS_OK) status = read_pseudonym_key(host, reterr_error);
    if (status == STATUS_OK) status = host_keys_prepare(host, reterr_error);
    if (status == STATUS_OK && config->token_issuer[0] != '\0') status = open_tokens(host, reterr_error);
    return status;
}

static enum status open_tokens(struct host *host, struct error *reterr_error) {
    const struct config *config = &host->config;
    const struct jose_options options = {.issuer = config->token_issuer,
                                         .audience = config->token_audience,
                                         .key_set_file = config->token_key_set_file,
                                         .revoked_file = config->token_revoked_file,
                                         .skew_ms = config->token_skew_s * 1000,
                                         .age_ms_max = config->token_age_s_max * 1000,
                                         .listener = host,
                                         .on_read = on_token_file};
    return jose_verifier_open(&options, &host->tokens, reterr_error);
}

static enum status read_pseudonym_key(struct host *host, struct error *reterr_error) {
    char text[2 * sizeof host->pseudonym_key + 2] = {0};
    const char *path = host->config.pseudonym_key_file;
    FILE *file = path[0] != '\0' ? fopen(path, "re") : NULL;
    size_t size = file != NULL ? fread(text, 1, sizeof text - 1, file) : 0;
    if (file != NULL) (void)fclose(file);
    while (size > 0 && (text[size - 1] == '\n' || text[size - 1] == '\r')) size--;
    if (!text_unhex(slice_of(text, size), host->pseudonym_key, sizeof host->pseudonym_key)) {
        return error_set(reterr_error, STATUS_INVALID,
                         "pseudonym_key_file: a file with 64 hexadecimal digits is expected (bhr keys pseudonym)");
    }
    return STATUS_OK;
}

enum status host_door_open(struct host *host, struct error *reterr_error) {
    const struct config *config = &host->config;
    struct door_options options = {
        .service = host->service,
        .policy = policy_keeper_current(host->policy),
        .limits = {.in_flight_max = (uint32_t)config->in_flight_max,
                   .request_bytes_max = (uint32_t)config->request_bytes_max,
                   .deadline_default_ms = config->deadline_default_ms,
                   .deadline_ms_max = config->deadline_ms_max,
                   .ask_ms_max = config->index_wait_ms,
                   .position_wait_ms_max = config->position_wait_ms_max,
                   .command_backlog_max = config->command_backlog_max,
                   .requests_per_step_max = HOST_REQUESTS_PER_STEP,
                   .audit_refusals_max = (uint32_t)config->audit_refusals_per_minute_max},
        .durable_methods = host->durable_methods,
        .service_context = host->service_context,
    };
    (void)snprintf(options.process, sizeof options.process, "%.63s", config->process);
    (void)snprintf(options.locality, sizeof options.locality, "%.63s", config->locality);
    struct door_ports ports = {.store = replica_thread_store(host->replica),
                               .cache = host->cache,
                               .clock = system_clock_port(),
                               .hash = digest_of};
    if (host->tokens != NULL) ports.tokens = jose_verifier_port(host->tokens);
    const char *const topics[] = {host->command_topic};
    struct zmq_keys keys;
    enum status status = zmq_keys_load(config->door_key_file, &keys, reterr_error);
    if (status != STATUS_OK) return status;
    /* Reports need not wake us: the answer comes by the replica, and the step looks at them often enough. */
    struct kafka_options kafka = host->kafka;
    kafka.are_reports_quiet = true;
    status = kafka_writer_open(&kafka, loop_wake_fd(host->loop), topics, 1, &host->writer, &ports.writer, reterr_error);
    if (status == STATUS_OK) status = host_audit_open(host, &ports.audit, reterr_error);
    if (status == STATUS_OK) {
        const struct zmq_door_options socket = {.endpoint = config->door_endpoint,
                                                .keys = &keys,
                                                .lookup = policy_keeper_knows,
                                                .lookup_context = host->policy};
        status = zmq_door_open(&socket, &host->socket, reterr_error);
    }
    /* CURVE without a key check lets every key in: nothing is served before the opposite was seen. */
    if (status == STATUS_OK) {
        status = zmq_door_probe(zmq_door_endpoint(host->socket), keys.public, HOST_PROBE_MS, reterr_error);
    }
    zmq_keys_wipe(&keys);
    if (status != STATUS_OK) return status;
    ports.socket = zmq_door_port(host->socket);
    status = host_intake_open(host, &ports.intake, reterr_error);
    if (status == STATUS_OK) status = host_ask_open(host, &ports.ask, reterr_error);
    if (status == STATUS_OK) status = host_react_open(host, &ports.own, reterr_error);
    if (status != STATUS_OK) return status;
    const struct policy_system *own = policy_by_id(options.policy, host->service->name);
    if (host_has_peer(host) && (own == NULL || !text_is_ods_code(slice_text(own->organisation)))) {
        return error_set(reterr_error, STATUS_INVALID,
                         "policy_file: a system %s with an organisation is expected when index_endpoints is set",
                         host->service->name);
    }
    if (own != NULL) {
        memcpy(host->own_organisation, own->organisation, sizeof own->organisation);
        options.service_context.own_organisation = slice_text(host->own_organisation);
    }
    const struct door_listener listener = {.context = host,
                                           .replied = on_replied,
                                           .reply_lost = on_reply_lost,
                                           .alarm = on_alarm,
                                           .token_judged = on_token_judged};
    host->door = door_new(&options, &ports, &listener);
    if (host->door == NULL) return error_set(reterr_error, STATUS_NO_MEMORY, "no memory for the door");
    return zmq_door_watch_start(host->socket, loop_uv(host->loop), on_readable, host, &host->watch, reterr_error);
}

void host_door_unbind(struct host *host) {
    if (host->door == NULL) return;
    zmq_door_drain(host->socket);
    door_drain(host->door);
    if (host->intake != NULL) intake_drain(host->intake);
}

void host_door_close(struct host *host) {
    zmq_door_watch_stop(host->watch);
    host->watch = NULL;
    door_free(host->door);
    host->door = NULL;
    host_intake_close(host);
    host_react_close(host);
    host_ask_close(host);
    kafka_writer_close(&host->writer);
    host_audit_close(host);
    zmq_door_close(host->socket);
    host->socket = NULL;
}
