/* Which processes are alive and what they own, told to Redis once a second with a short life, for `bhr status`. It may
 * vanish at any moment (design invariant 7): nothing reads it but people. */
#ifndef BHR_HOST_PRESENCE_H
#define BHR_HOST_PRESENCE_H

#include "lib/host/config.h"
#include "lib/host/replica.h"
#include "lib/port/cache.h"

#define PRESENCE_PREFIX "bhr:presence:"
enum { PRESENCE_TTL_MS = 4000, PRESENCE_EVERY_MS = 1000 };

/* Key: PRESENCE_PREFIX<service>:<process>. Value: JSON with service, process, pid, state, owns, epoch, number, resume_at,
 * caught_up, in_flight, door, http_port, version, certificate_expires_ms (0 without one), since_ms, time_ms. */
void presence_put(const struct cache *cache, const struct config *config, const struct replica_view *view,
                  uint32_t in_flight, int64_t certificate_expires_s, int64_t since_ms, int64_t now_ms);

#endif
