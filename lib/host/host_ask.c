/* The other service that this one asks: a client over ZeroMQ on the loop, beside the door. It need not be there: without
 * a connection every question ends at once, and nothing waits. Loop's thread. */
#include "lib/host/host_internal.h"

#include "lib/base/assert.h"
#include "lib/digest/digest.h"
#include "lib/host/log.h"
#include "lib/port/uv/system_clock.h"

#include <stdio.h>

enum { ASK_IN_FLIGHT_MAX = 4096, ASK_POLL_MS = 10, ASK_DENIED_MS = 60000 };

bool host_has_peer(const struct host *host) {
    return host->service->source != NULL && host->config.index_endpoints[0] != '\0' &&
           host->config.door_endpoint[0] != '\0';
}

static enum status ask(void *context, const struct ask_question *question) {
    struct host *host = context;
    /* The client would go on trying until the limit, and the caller would wait for nothing. */
    if (!zmq_dealer_is_open(client_zmq_dealer(host->peer.connection))) return STATUS_UNAVAILABLE;
    struct client_call call = {.method = question->method,
                               .body = question->body,
                               .correlation_id = question->correlation_id,
                               .limit_ms = question->limit_ms,
                               .is_query = question->is_query,
                               .token = question->token};
    struct error error;
    return client_submit(host->peer.client, &call, &error);
}

/* A policy that does not let this service ask is no reason to refuse bookings, but somebody should know. */
static void tell_denied(struct host *host, const struct client_result *result) {
    int64_t now_ms = host_now_ms();
    if (host->peer.denied_logged_ms != 0 && now_ms < host->peer.denied_logged_ms + ASK_DENIED_MS) return;
    host->peer.denied_logged_ms = now_ms;
    log_event(LOG_WARN, "ask_denied", LOG_TEXT("outcome", result->outcome), LOG_TEXT("text", result->message));
}

static bool next(void *context, struct ask_answer *ret_answer) {
    struct host *host = context;
    struct client_result result;
    if (!client_next(host->peer.client, &result)) return false;
    bool is_final = result.status == REPLY_OK || result.status == REPLY_REFUSED || result.status == REPLY_NOT_FOUND ||
                    result.status == REPLY_INVALID;
    if (result.status == REPLY_DENIED) tell_denied(host, &result);
    *ret_answer = (struct ask_answer){.token = result.token,
                                      .is_answered = result.end == CLIENT_ANSWERED && is_final,
                                      .is_ok = result.status == REPLY_OK,
                                      .body = result.body,
                                      .position = result.position > 0 ? (uint64_t)result.position : 0};
    return true;
}

static void on_readable(void *context) {
    struct host *host = context;
    loop_step_soon(host->loop);
}

static size_t split(char *text, const char *ret_words[ZMQ_DEALER_ENDPOINTS_MAX]) {
    size_t count = 0;
    for (char *rest = text, *word; (word = strtok_r(rest, ", ", &rest)) != NULL;) {
        if (count == ZMQ_DEALER_ENDPOINTS_MAX) return 0;
        ret_words[count++] = word;
    }
    return count;
}

enum status host_ask_open(struct host *host, struct ask_port *ret_port, struct error *reterr_error) {
    const struct config *config = &host->config;
    struct host_peer *peer = &host->peer;
    if (!host_has_peer(host)) return STATUS_OK;
    char text[sizeof config->index_endpoints];
    const char *endpoints[ZMQ_DEALER_ENDPOINTS_MAX];
    memcpy(text, config->index_endpoints, sizeof text);
    size_t count = split(text, endpoints);
    if (count == 0 || strlen(config->index_server_key) != SOCKET_KEY_TEXT_SIZE || config->index_key_file[0] == '\0') {
        return error_set(reterr_error, STATUS_INVALID,
                         "index_endpoints: 1 to %d doors are expected, with index_server_key and index_key_file",
                         ZMQ_DEALER_ENDPOINTS_MAX);
    }
    struct zmq_keys keys;
    enum status status = zmq_keys_load(config->index_key_file, &keys, reterr_error);
    if (status != STATUS_OK) return status;
    const struct zmq_dealer_options options = {.endpoints = endpoints,
                                               .endpoint_count = count,
                                               .keys = &keys,
                                               .server_key = config->index_server_key,
                                               .queue_messages_max = ASK_IN_FLIGHT_MAX};
    struct client_dealer dealer;
    status = client_zmq_open(&options, &peer->connection, &dealer, reterr_error);
    zmq_keys_wipe(&keys);
    if (status != STATUS_OK) return status;
    const struct client_options limits = {.in_flight_max = ASK_IN_FLIGHT_MAX};
    struct clock_port clock = system_clock_port();
    peer->client = client_new(&limits, &dealer, &clock);
    if (peer->client == NULL) return error_set(reterr_error, STATUS_NO_MEMORY, "no memory to ask the index");
    struct zmq_dealer *sockets = client_zmq_dealer(peer->connection);
    for (size_t i = 0; status == STATUS_OK && i < count; i++) {
        status =
            zmq_dealer_watch_start(sockets, i, loop_uv(host->loop), on_readable, host, &peer->watches[i], reterr_error);
    }
    *ret_port = (struct ask_port){.context = host, .ask = ask, .next = next};
    return status;
}

int host_ask_next_ms(const struct host *host) {
    bool is_waiting = host->peer.client != NULL && client_in_flight(host->peer.client) > 0;
    return is_waiting ? ASK_POLL_MS : 1000;
}

void host_ask_close(struct host *host) {
    struct host_peer *peer = &host->peer;
    for (size_t i = 0; i < ZMQ_DEALER_ENDPOINTS_MAX; i++) {
        zmq_door_watch_stop(peer->watches[i]);
        peer->watches[i] = NULL;
    }
    client_free(peer->client);
    client_zmq_close(peer->connection);
    peer->client = NULL;
    peer->connection = NULL;
}
