/* What operators see of a process, gathered once a second: metrics, presence, readiness. Loop's thread. */
#include "lib/host/host_internal.h"

#include "lib/host/log.h"
#include "lib/host/metrics.h"
#include "lib/host/presence.h"
#include "lib/port/lmdb/lmdb_store.h"
#include "lib/port/uv/system_clock.h"

#include <dirent.h>
#include <stdio.h>
#include <sys/resource.h>

enum { BEHIND_MS = 3000 }; /* an idle replica looks every second */

static bool is_behind(const struct replica_view *view);
static void watch_descriptors(void);

bool host_is_ready(void *context, char ret_reason[HEALTH_REASON_MAX]) {
    struct host *host = context;
    struct replica_view view;
    replica_thread_view(host->replica, &view);
    const char *reason = NULL;
    if (view.state == REPLICA_STOPPED) {
        (void)snprintf(ret_reason, HEALTH_REASON_MAX, "%s: %s", replica_stop_name(view.stop),
                       replica_stop_sentence(view.stop));
        return false;
    }
    if (host->stage == HOST_DRAINING || host->stage == HOST_STOPPING) {
        reason = "it is stopping";
    } else if (!view.journal.has_genesis) {
        reason = "the journal is empty: `bhr topics apply` begins it";
    } else if (!view.is_caught_up) {
        reason = "the journal's end is not reached yet";
    } else if (is_behind(&view)) {
        reason = "it is behind: for some seconds it has not read all that was there of the journal";
    } else if (host_keys_state(host) == HOST_KEYS_WRONG_MASTER) {
        reason = "the master key is not the one that the keys of persons were made with: restore it";
    } else if (host_keys_state(host) == HOST_KEYS_READING) {
        reason = "the end of the topic of keys is not reached yet";
    } else if (host->stage != HOST_SERVING) {
        reason = "the door is not open yet";
    }
    if (reason != NULL) (void)snprintf(ret_reason, HEALTH_REASON_MAX, "%s", reason);
    return reason == NULL;
}

/* Whoever was stopped for a while, or is slower than the owner, reads what is old without ever seeing the end. */
static bool is_behind(const struct replica_view *view) {
    return host_now_ms() - view->read_all_ms > BEHIND_MS;
}

void host_watch(struct host *host) {
    struct replica_view view;
    replica_thread_view(host->replica, &view);
    struct replica_view *counted = &host->counted;
    metrics_add(METRIC_REPLICA_TURNS, NULL, NULL, view.turns - counted->turns);
    metrics_add(METRIC_REPLICA_ENTRIES, NULL, NULL, view.entries - counted->entries);
    metrics_add(METRIC_REPLICA_TURN_FAILED, NULL, NULL, view.failed_turns - counted->failed_turns);
    metrics_add(METRIC_REPLICA_CLAIMS, NULL, NULL, view.claims - counted->claims);
    *counted = view;
    struct lmdb_figures figures;
    replica_thread_figures(host->replica, &figures);
    metrics_add(METRIC_STORE_COMMITS, NULL, NULL, figures.commits - host->commits_counted);
    metrics_add(METRIC_STORE_PAGES_WRITTEN, NULL, NULL, figures.pages_written - host->pages_counted);
    host->commits_counted = figures.commits;
    host->pages_counted = figures.pages_written;

    if (host->tokens != NULL) {
        struct clock_port wall = system_clock_port();
        jose_verifier_look(host->tokens, wall.wall_ms(wall.context));
        uint64_t signatures = jose_verifier_figures(host->tokens).signatures;
        metrics_add(METRIC_USER_TOKEN_SIGNATURES, NULL, NULL, signatures - host->signatures_counted);
        host->signatures_counted = signatures;
    }

    metrics_set(METRIC_REPLICA_APPLIED_OFFSET, NULL, NULL, (double)view.applied);
    metrics_set(METRIC_REPLICA_JOURNAL_NUMBER, NULL, NULL, (double)view.journal.number);
    metrics_set(METRIC_REPLICA_CAUGHT_UP, NULL, NULL, view.is_caught_up && !is_behind(&view));
    metrics_set_state(METRIC_REPLICA_STATE, replica_state_name(view.state));
    publisher_thread_watch(host->publisher, view.journal.number, host_now_ms());
    struct store_space space = replica_thread_space(host->replica);
    metrics_set(METRIC_STORE_MAP_USED_PERCENT, NULL, NULL, space.map_used_percent);
    metrics_set(METRIC_STORE_DISK_FREE_PERCENT, NULL, NULL, space.disk_free_percent);
    host_keys_watch(host);
    uint32_t in_flight = host->door != NULL ? door_in_flight(host->door) : 0;
    metrics_set(METRIC_DOOR_IN_FLIGHT, NULL, NULL, in_flight);
    metrics_set(METRIC_COMMAND_BACKLOG, NULL, NULL, host->door != NULL ? (double)door_backlog_waiting(host->door) : 0);
    watch_descriptors();
    struct intake_view requests = {0};
    if (host->intake != NULL) requests = intake_look(host->intake);
    metrics_set(METRIC_INTAKE_WAITING, NULL, NULL, requests.waiting);
    metrics_set(METRIC_INTAKE_LAG, NULL, NULL, (double)requests.lag);
    metrics_set(METRIC_KAFKA_UP, NULL, NULL, view.is_caught_up);
    bool is_redis_up = host->cache.is_up != NULL && host->cache.is_up(host->cache.context);
    metrics_set(METRIC_REDIS_UP, NULL, NULL, is_redis_up);
    host_audit_watch(host);
    host_kept_watch(host);
    host_react_watch(host);
    struct clock_port clock = system_clock_port();
    int64_t wall_ms = clock.wall_ms(clock.context);
    trust_count(&host->trust, wall_ms / 1000);
    presence_put(&host->cache, &host->config, &view, in_flight, trust_expires_at_s(&host->trust), host->started_ms,
                 wall_ms);
    log_tell_suppressed();
}

/* Each connection is one; without any left nobody new is let in, and Kafka and Redis cannot be reached again. */
static void watch_descriptors(void) {
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0) metrics_set(METRIC_PROCESS_MAX_FDS, NULL, NULL, (double)limit.rlim_cur);
    DIR *directory = opendir("/proc/self/fd");
    if (directory == NULL) return;
    uint32_t count = 0;
    for (const struct dirent *entry = readdir(directory); entry != NULL; entry = readdir(directory)) {
        if (entry->d_name[0] != '.') count++;
    }
    closedir(directory);
    metrics_set(METRIC_PROCESS_OPEN_FDS, NULL, NULL, count);
}
