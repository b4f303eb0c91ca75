/* A service process from its first line to its last. The loop's thread runs this file and the door; the replica has a
 * thread of its own (replica_thread.c). Whatever can be wrong with configuration is found before anything is started. */
#include "lib/host/host_internal.h"

#include "lib/base/assert.h"
#include "lib/digest/digest.h"
#include "lib/host/log.h"
#include "lib/host/metrics.h"
#include "lib/host/topics.h"
#include "lib/port/uv/system_clock.h"
#include "lib/port/zmq/zmq_context.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

enum { HOST_TEND_MS = 1000, HOST_KAFKA_MS_MAX = 3000 };

static int start(struct host *host, struct error *reterr_error);
static void take_all_descriptors(void);
static void hold_signals(void);
static sigset_t stop_signals(void);
static int await_topics(struct host *host, struct error *reterr_error);
static int step(void *context);
static bool is_drained(const struct host *host);
static void on_signal(void *context, int signal_number);
static void wake(void *context);
static void shut_door(struct host *host, const struct replica_view *view);
static void refuse_master_key(struct host *host);
static void enter(struct host *host, enum host_stage stage);
static void end(struct host *host);

int host_run(const struct service *service, int argc, char **argv) {
    struct host *host = calloc(1, sizeof *host);
    if (host == NULL) {
        (void)fprintf(stderr, "%s: no memory\n", service->name); /* there is no log yet */
        return HOST_EXIT_USAGE;
    }
    host->service = service;
    switch (config_read(&host->config, service, argc, argv)) {
    case CONFIG_RUN:
        break;
    case CONFIG_EXIT_OK:
        free(host);
        return HOST_EXIT_OK;
    case CONFIG_EXIT_USAGE:
        free(host);
        return HOST_EXIT_USAGE;
    }
    const struct log_options log = {.service = service->name,
                                    .process = host->config.process,
                                    .is_json = host->config.log_json,
                                    .level_min = LOG_INFO,
                                    .file = STDERR_FILENO};
    log_start(&log);
    metrics_start(service->name);
    struct error error = {0};
    host->exit_code = start(host, &error);
    if (host->exit_code != HOST_EXIT_OK) {
        log_event(LOG_ERROR, "not_started", LOG_TEXT("text", error.message));
    } else if (!host->must_stop) {
        loop_run(host->loop);
    }
    int exit_code = host->exit_code;
    end(host);
    log_event(LOG_INFO, "ended", LOG_NUMBER("exit_code", exit_code));
    log_stop();
    free(host);
    return exit_code;
}

/* HOST_EXIT_OK when the loop can run or must_stop says that it need not, else the exit code; *reterr_error says why. */
static int start(struct host *host, struct error *reterr_error) {
    const struct config *config = &host->config;
    struct clock_port clock = system_clock_port();
    host->started_ms = clock.wall_ms(clock.context);
    take_all_descriptors();
    hold_signals();
    if (!digest_init()) {
        (void)error_set(reterr_error, STATUS_IO, "libsodium does not start");
        return HOST_EXIT_USAGE;
    }
    if (!topics_partition(config->locality, &host->partition)) {
        (void)error_set(reterr_error, STATUS_INVALID, "locality: %s has no partition", config->locality);
        return HOST_EXIT_USAGE;
    }
    if (topics_systems_read(config->request_systems, &host->request_systems, reterr_error) != STATUS_OK) {
        return HOST_EXIT_USAGE;
    }
    if (trust_read(config, host->started_ms / 1000, &host->trust, reterr_error) != STATUS_OK) return HOST_EXIT_USAGE;
    trust_tell(&host->trust, config);
    if (host_door_prepare(host, reterr_error) != STATUS_OK) return HOST_EXIT_USAGE;
    replica_command_topic(host->service->name, 0, host->command_topic);
    host->kafka = trust_service_options(config, host->partition);

    int exit_code = await_topics(host, reterr_error);
    if (exit_code != HOST_EXIT_OK || host->must_stop) return exit_code;
    host->loop = loop_new(step, on_signal, host, reterr_error);
    if (host->loop == NULL) return HOST_EXIT_USAGE;
    const sigset_t stops = stop_signals();
    (void)pthread_sigmask(SIG_UNBLOCK, &stops, NULL);
    host->news = news_new();
    if (host->news == NULL) {
        (void)error_set(reterr_error, STATUS_NO_MEMORY, "no memory for the replica's news");
        return HOST_EXIT_USAGE;
    }
    const struct replica_thread_options replica = {.service = host->service,
                                                   .config = config,
                                                   .partition = host->partition,
                                                   .cluster_id = host->cluster_id,
                                                   .news = host->news,
                                                   .wake = wake,
                                                   .wake_context = host};
    enum status status = replica_thread_open(&replica, &host->replica, reterr_error);
    if (status == STATUS_CONFLICT) return HOST_EXIT_CONFLICT;
    if (status != STATUS_OK) return HOST_EXIT_STORE;
    if (config->publisher_enabled && config->may_own) {
        const struct publisher_thread_options publisher = {
            .service = host->service, .config = config, .partition = host->partition};
        if (publisher_thread_open(&publisher, &host->publisher, reterr_error) != STATUS_OK ||
            publisher_thread_start(host->publisher, reterr_error) != STATUS_OK) {
            return HOST_EXIT_USAGE;
        }
    }
    if (config->redis_socket[0] != '\0') {
        const struct redis_cache_options redis = {.socket_path = config->redis_socket, .uv_loop = loop_uv(host->loop)};
        if (redis_cache_open(&redis, &host->redis, &host->cache, reterr_error) != STATUS_OK) return HOST_EXIT_USAGE;
    }
    if (config->http_port != 0) {
        const struct health_options health = {.uv_loop = loop_uv(host->loop),
                                              .port = (uint16_t)config->http_port,
                                              .context = host,
                                              .is_ready = host_is_ready};
        if (health_open(&host->health, &health, reterr_error) != STATUS_OK) return HOST_EXIT_USAGE;
    }
    if (config->door_endpoint[0] != '\0' && host_keys_open(host, reterr_error) != STATUS_OK) return HOST_EXIT_USAGE;
    if (host_derived_open(host, reterr_error) != STATUS_OK) return HOST_EXIT_USAGE;
    if (replica_thread_start(host->replica, reterr_error) != STATUS_OK) return HOST_EXIT_STORE;
    log_event(LOG_INFO, "started", LOG_TEXT("version", BHR_VERSION), LOG_TEXT("locality", config->locality),
              LOG_TEXT("store", config->data_dir), LOG_NUMBER("pid", getpid()));
    return HOST_EXIT_OK;
}

/* The usual soft limit of 1,024 is there for programs that select(); a door has one descriptor for each connection. */
static void take_all_descriptors(void) {
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
    limit.rlim_cur = limit.rlim_max;
    (void)setrlimit(RLIMIT_NOFILE, &limit);
}

/* Until the loop listens to them. Those that ask for a stop are kept: whoever waits for Kafka looks for them. */
static void hold_signals(void) {
    (void)signal(SIGPIPE, SIG_IGN);
    (void)signal(SIGHUP, SIG_IGN);
    const sigset_t stops = stop_signals();
    (void)pthread_sigmask(SIG_BLOCK, &stops, NULL);
}

static sigset_t stop_signals(void) {
    sigset_t set;
    (void)sigemptyset(&set);
    (void)sigaddset(&set, SIGTERM);
    (void)sigaddset(&set, SIGINT);
    return set;
}

/* Waits for the cluster and for topics as the table declares them; topics that differ are refused. HOST_EXIT_OK also when
 * it was told to stop meanwhile. */
static int await_topics(struct host *host, struct error *reterr_error) {
    struct kafka_admin *admin;
    struct topic_admin port;
    if (kafka_admin_open(&host->kafka, &admin, &port, reterr_error) != STATUS_OK) return HOST_EXIT_USAGE;
    const struct topics_listener silent = {0};
    const struct topics_options options = {.replication_factor = (int32_t)host->config.topic_replicas,
                                           .flush_each_append = host->config.journal_flush,
                                           .systems = &host->request_systems};
    const sigset_t stops = stop_signals();
    const struct timespec second = {.tv_sec = 1};
    enum status status = STATUS_UNAVAILABLE;
    while (!host->must_stop) {
        status = kafka_admin_cluster_id(admin, HOST_KAFKA_MS_MAX, host->cluster_id, reterr_error);
        if (status == STATUS_OK) status = topics_check(admin, host->service->name, &options, &silent, reterr_error);
        if (status == STATUS_OK || status == STATUS_CONFLICT) break;
        log_event(LOG_WARN, "waiting_for_kafka", LOG_TEXT("text", reterr_error->message));
        int signal_number = sigtimedwait(&stops, NULL, &second);
        if (signal_number > 0) on_signal(host, signal_number);
    }
    kafka_admin_close(&admin);
    return status == STATUS_CONFLICT ? HOST_EXIT_REFUSED : HOST_EXIT_OK;
}

/* The loop's thread, whenever something may have happened. */
static int step(void *context) {
    struct host *host = context;
    int64_t now_ms = host_now_ms();
    int next_ms = host_door_step(host);
    struct replica_view view;
    replica_thread_view(host->replica, &view);
    publisher_thread_own(host->publisher, view.state == REPLICA_OWNING);
    if (now_ms >= host->tended_ms + HOST_TEND_MS) {
        host->tended_ms = now_ms;
        host_door_tend(host, now_ms);
        host_watch(host);
    }
    host_policy_tend(host, now_ms);
    if (view.state == REPLICA_STOPPED && host->stage < HOST_STOPPING) shut_door(host, &view);
    switch (host->stage) {
    case HOST_STARTING:
        if (host_keys_state(host) == HOST_KEYS_WRONG_MASTER) refuse_master_key(host);
        if (host->must_stop) {
            enter(host, HOST_STOPPING);
        } else if (view.is_caught_up && host_keys_state(host) == HOST_KEYS_READY) {
            if (host_derived_step(host)) return 0;
            enter(host, HOST_SERVING);
        }
        break;
    case HOST_SERVING:
        if (host->must_stop) enter(host, HOST_DRAINING);
        break;
    case HOST_DRAINING:
        if (is_drained(host) || now_ms >= host->stage_until_ms) {
            enter(host, HOST_STOPPING);
        }
        break;
    case HOST_STOPPING:
        if (view.state == REPLICA_STOPPED) enter(host, HOST_ENDED);
        break;
    case HOST_ENDED:
        break;
    }
    if (host->stage == HOST_DRAINING && next_ms > 20) next_ms = 20;
    return next_ms > HOST_POLICY_MS ? HOST_POLICY_MS : next_ms;
}

/* Records that are still on their way would be sent by the next process; but a store may not be served again soon. */
static bool is_drained(const struct host *host) {
    if (host->door == NULL) return true;
    return door_in_flight(host->door) == 0 && host_audit_spooled(host) == 0;
}

/* With another master key it would show nobody's details and make keys that the other processes cannot open. */
static void refuse_master_key(struct host *host) {
    if (host->must_stop) return;
    log_event(LOG_ERROR, "master_key_refused",
              LOG_TEXT("text",
                       "master_key_file is not the key that the keys of persons were made with: restore that one "
                       "from its backup (docs/runbooks/master-key.md)"));
    host->exit_code = HOST_EXIT_REFUSED;
    host->must_stop = true;
}

/* The process stays, so that its health says why; an operator acts on that. */
static void shut_door(struct host *host, const struct replica_view *view) {
    if (host->door == NULL || host->is_shut) return;
    host->is_shut = true;
    log_event(LOG_ERROR, "door_shut", LOG_TEXT("why", replica_stop_sentence(view->stop)));
    door_shut(host->door);
    host_intake_leave(host);
}

static void enter(struct host *host, enum host_stage stage) {
    ASSERT(stage > host->stage);
    host->stage = stage;
    switch (stage) {
    case HOST_STARTING:
        break;
    case HOST_SERVING:
        if (host->config.door_endpoint[0] != '\0') {
            struct error error = {0};
            host_kept_open(host);
            if (host_door_open(host, &error) != STATUS_OK) {
                log_event(LOG_ERROR, "door_refused", LOG_TEXT("text", error.message));
                host->exit_code = HOST_EXIT_REFUSED;
                host->must_stop = true;
                break;
            }
        }
        log_event(LOG_INFO, "serving", LOG_TEXT("door", host->config.door_endpoint));
        break;
    case HOST_DRAINING:
        log_event(LOG_INFO, "draining", LOG_NUMBER("in_flight", host->door != NULL ? door_in_flight(host->door) : 0));
        host_door_unbind(host);
        host->stage_until_ms = host_now_ms() + host->config.drain_ms_max;
        break;
    case HOST_STOPPING:
        if (host->door != NULL) door_abandon(host->door);
        replica_thread_stop(host->replica);
        publisher_thread_stop(host->publisher);
        host_intake_leave(host); /* last: it may take a moment, and the next owner waits for nobody */
        break;
    case HOST_ENDED:
        loop_stop(host->loop);
        break;
    }
    loop_step_soon(host->loop);
}

static void on_signal(void *context, int signal_number) {
    struct host *host = context;
    if (signal_number == SIGHUP) {
        log_event(LOG_INFO, "reload_asked", LOG_NUMBER("signal", signal_number));
        host->must_reload = true;
        return;
    }
    log_event(LOG_INFO, "stop_asked", LOG_NUMBER("signal", signal_number));
    host->must_stop = true;
}

/* Any thread. */
static void wake(void *context) {
    struct host *host = context;
    loop_wake(host->loop);
}

/* In the reverse order of start; everything may be half there. */
static void end(struct host *host) {
    if (host->loop != NULL) host_door_close(host);
    host_derived_close(host);
    host_kept_close(host);
    host_keys_close(host);
    health_close(host->health);
    redis_cache_close(host->redis);
    publisher_thread_stop(host->publisher);
    publisher_thread_close(host->publisher);
    replica_thread_close(host->replica);
    loop_free(host->loop);
    news_free(host->news);
    zmq_context_end();
    jose_verifier_close(host->tokens);
    policy_keeper_close(host->policy);
}

int64_t host_now_ms(void) {
    struct clock_port clock = system_clock_port();
    return clock.monotonic_ms(clock.context);
}
