/* The reactor with its real reader: another service's journal is followed while the door is open and this process owns its
 * partition. Loop's thread. */
#include "lib/host/host_internal.h"

#include "lib/base/assert.h"
#include "lib/digest/digest.h"
#include "lib/host/log.h"
#include "lib/host/metrics.h"
#include "lib/port/uv/system_clock.h"

#include <stdlib.h>

enum { REACT_ADVANCE_MS = 60000 };

static void on_moved(void *context, enum reactor_state from, enum reactor_state to, const char *why) {
    (void)context;
    log_event(LOG_INFO, "reactor_state", LOG_TEXT("from", reactor_state_name(from)),
              LOG_TEXT("to", reactor_state_name(to)), LOG_TEXT("why", why));
}

static void on_alarm(void *context, const char *name, const char *text) {
    (void)context;
    log_event(LOG_ERROR, "alarm", LOG_TEXT("name", name), LOG_TEXT("text", text));
    metrics_add(METRIC_ALARMS, name, NULL, 1);
}

enum status host_react_open(struct host *host, struct door_socket *ret_socket, struct error *reterr_error) {
    const struct config *config = &host->config;
    struct host_peer *peer = &host->peer;
    if (!host_has_peer(host)) return STATUS_OK;
    const char *source = host->service->source->service;
    struct reactor_options options = {.service = host->service, .advance_ms = REACT_ADVANCE_MS};
    bool is_named = topics_name(TOPIC_ID_JOURNAL, source, NULL, options.journal_topic) &&
                    journal_name_set(&options.identity.environment, slice_text(config->environment)) &&
                    journal_name_set(&options.identity.service, slice_text(source)) &&
                    journal_name_set(&options.identity.locality, slice_text(config->locality));
    ASSERT(is_named); /* the configuration was checked */
    struct reactor_ports ports = {
        .store = replica_thread_store(host->replica), .clock = system_clock_port(), .hash = digest_of};
    enum status status =
        kafka_reader_open(&host->kafka, loop_wake_fd(host->loop), &peer->reader, &ports.journal, reterr_error);
    if (status != STATUS_OK) return status;
    const struct reactor_listener listener = {.context = host, .moved = on_moved, .alarm = on_alarm};
    peer->reactor = reactor_new(&options, &ports, &listener);
    if (peer->reactor == NULL) return error_set(reterr_error, STATUS_NO_MEMORY, "no memory to follow a journal");
    *ret_socket = reactor_socket(peer->reactor);
    return STATUS_OK;
}

int host_react_step(struct host *host) {
    if (host->peer.reactor == NULL) return 1000;
    struct replica_view view;
    replica_thread_view(host->replica, &view);
    bool may_ask = view.state == REPLICA_OWNING && host->stage == HOST_SERVING;
    return reactor_step(host->peer.reactor, may_ask);
}

void host_react_watch(struct host *host) {
    struct host_peer *peer = &host->peer;
    if (peer->reactor == NULL) return;
    struct reactor_view view = reactor_look(peer->reactor);
    metrics_set_state(METRIC_REACTOR_STATE, reactor_state_name(view.state));
    metrics_set(METRIC_REACTOR_NUMBER, NULL, NULL, (double)view.number);
    metrics_add(METRIC_REACTOR_REQUESTS, NULL, NULL, view.requests - peer->counted.requests);
    peer->counted = view;
}

void host_react_close(struct host *host) {
    reactor_free(host->peer.reactor);
    host->peer.reactor = NULL;
    kafka_reader_close(&host->peer.reader);
}
