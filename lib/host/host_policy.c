/* The policy while the process runs: a changed file is read and put in force everywhere at once, and the connections of
 * keys that it does not know any more are ended. A file that is not good is said aloud and changes nothing. Loop's
 * thread. */
#include "lib/host/host_internal.h"

#include "lib/host/log.h"
#include "lib/host/metrics.h"
#include "lib/port/uv/system_clock.h"

static void put_in_force(struct host *host);

void host_policy_tend(struct host *host, int64_t now_ms) {
    if (host->policy == NULL) return;
    bool must_read = host->must_reload;
    if (!must_read && now_ms < host->policy_looked_ms + HOST_POLICY_MS) return;
    host->must_reload = false;
    host->policy_looked_ms = now_ms;
    struct clock_port clock = system_clock_port();
    struct error error = {0};
    switch (policy_keeper_look(host->policy, clock.wall_ms(clock.context), must_read, &error)) {
    case POLICY_SAME:
        break;
    case POLICY_REPLACED:
        put_in_force(host);
        metrics_add(METRIC_POLICY_READS, "read", NULL, 1);
        break;
    case POLICY_REFUSED:
        log_event(LOG_ERROR, "policy_refused", LOG_TEXT("text", error.message));
        metrics_add(METRIC_POLICY_READS, "refused", NULL, 1);
        break;
    }
}

static void put_in_force(struct host *host) {
    const struct policy *policy = policy_keeper_current(host->policy);
    if (host->intake != NULL) intake_set_policy(host->intake, policy);
    uint32_t cut = 0;
    if (host->door != NULL) {
        door_set_policy(host->door, policy);
        if (policy_keeper_lost_a_key(host->policy)) cut = zmq_door_cut(host->socket);
    }
    metrics_add(METRIC_DOOR_CUT, NULL, NULL, cut);
    log_event(LOG_INFO, "policy_read", LOG_NUMBER("systems", policy->system_count),
              LOG_NUMBER("rules", policy->rule_count), LOG_NUMBER("cases", policy->case_count),
              LOG_NUMBER("connections_cut", cut));
}
