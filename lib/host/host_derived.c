/* What the service derives from its rows, kept up to date by the loop's thread. A store that cannot be read leaves
 * it as it was: the door says so itself with the next request. */
#include "lib/host/host_internal.h"

#include "lib/base/assert.h"
#include "lib/host/log.h"

enum status host_derived_open(struct host *host, struct error *reterr_error) {
    ASSERT(host->service_context.derived == NULL);
    host->service_context = (struct service_context){.pseudonym_key = host->pseudonym_key,
                                                     .vault = &host->keys.vault,
                                                     .config_number = config_service_number,
                                                     .config = &host->config,
                                                     .rules_file = host->config.rules_file};
    const struct service_derived *service = host->service->derived;
    if (service == NULL || host->config.door_endpoint[0] == '\0') return STATUS_OK;
    host->service_context.derived = service->open(&host->service_context, reterr_error);
    return host->service_context.derived != NULL ? STATUS_OK : STATUS_NO_MEMORY;
}

bool host_derived_step(struct host *host) {
    void *derived = host->service_context.derived;
    if (derived == NULL) return false;
    struct store store = replica_thread_store(host->replica);
    struct rows rows;
    struct error error;
    if (store.read_begin(store.context, &rows, &error) != STATUS_OK) {
        log_event(LOG_ERROR, "derived_not_followed", LOG_TEXT("text", error.message));
        return false;
    }
    bool has_more = host->service->derived->follow(derived, &host->service_context, &rows);
    store.read_end(store.context, &rows);
    return has_more;
}

/* The news were queued after their commit, so one look per queue sees all of them. */
void host_derived_follow(struct host *host) {
    if (host->is_derived_fresh) return;
    host->is_derived_fresh = true;
    while (host_derived_step(host)) {
    }
}

void host_derived_close(struct host *host) {
    if (host->service_context.derived != NULL) host->service->derived->close(host->service_context.derived);
    host->service_context.derived = NULL;
}
