/* One JSON object; jansson escapes what configuration allowed in. Loop's thread. */
#include "lib/host/presence.h"

#include "lib/base/assert.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

void presence_put(const struct cache *cache, const struct config *config, const struct replica_view *view,
                  uint32_t in_flight, int64_t certificate_expires_s, int64_t since_ms, int64_t now_ms) {
    ASSERT(config->service != NULL);
    if (cache->put == NULL || !cache->is_up(cache->context)) return;
    bool owns = view->state == REPLICA_OWNING;
    json_t *value =
        json_pack("{ss ss si ss sb sI sI sI sb si ss sI ss sI sI sI}", "service", config->service->name, "process",
                  config->process, "pid", (int)getpid(), "state", replica_state_name(view->state), "owns", (int)owns,
                  "epoch", (json_int_t)view->journal.epoch, "number", (json_int_t)view->journal.number, "resume_at",
                  (json_int_t)view->journal.resume_at.offset, "caught_up", (int)view->is_caught_up, "in_flight",
                  (int)in_flight, "door", config->door_endpoint, "http_port", (json_int_t)config->http_port, "version",
                  BHR_VERSION, "certificate_expires_ms", (json_int_t)certificate_expires_s * 1000, "since_ms",
                  (json_int_t)since_ms, "time_ms", (json_int_t)now_ms);
    char *text = value != NULL ? json_dumps(value, JSON_COMPACT) : NULL;
    json_decref(value);
    if (text == NULL) return; /* out of memory: the next second tries again */
    char key[512];
    int size = snprintf(key, sizeof key, PRESENCE_PREFIX "%s:%s", config->service->name, config->process);
    if (size > 0 && (size_t)size < sizeof key) {
        cache->put(cache->context, slice_of(key, (size_t)size), slice_text(text), PRESENCE_TTL_MS);
    }
    free(text);
}
