/* What the processes last said of themselves, for `bhr status`: all keys with a prefix. For tools, not for services. */
#ifndef BHR_PORT_REDIS_PRESENCE_H
#define BHR_PORT_REDIS_PRESENCE_H

#include "lib/base/slice.h"
#include "lib/base/status.h"

enum { REDIS_PRESENCE_KEYS_MAX = 1000, REDIS_PRESENCE_KEY_SIZE_MAX = 255 };

/* Borrowed during the call. */
typedef void (*redis_presence_function)(void *context, struct slice key, struct slice value);

/* Calls each once per living key, ordered by key. Blocks, at most timeout_ms in all. STATUS_UNAVAILABLE when Redis is not
 * there, STATUS_TIMEOUT when it is slow, STATUS_FULL when there are more than REDIS_PRESENCE_KEYS_MAX (none is shown). */
MUST_CHECK enum status redis_presence_list(const char *socket_path, const char *prefix, int timeout_ms,
                                           redis_presence_function each, void *context, struct error *reterr_error);

#endif
