/* The policy file of a running process: read at start, and again when it has changed or somebody asks for it. A file that
 * is not good changes nothing: the policy that was read last stays in force, and the caller is told once.
 *
 * Ownership: the loop's thread owns the keeper; policy_keeper_knows may be asked by any thread at any time. A policy that
 * was replaced lives until the next one replaces its successor, so that whoever took it in this turn of the loop may
 * finish. */
#ifndef BHR_HOST_POLICY_FILE_H
#define BHR_HOST_POLICY_FILE_H

#include "lib/host/service.h"
#include "lib/policy/policy.h"
#include "lib/port/socket.h"

/* The policy is the caller's, to be freed. */
MUST_CHECK enum status policy_load(const char *path, const struct service *service, struct policy **ret_policy,
                                   struct error *reterr_error);

struct policy_keeper;

enum policy_news {
    POLICY_SAME,
    POLICY_REPLACED, /* policy_keeper_current is another one */
    POLICY_REFUSED,  /* the file is not good, and is looked at again when it changes */
};

MUST_CHECK enum status policy_keeper_open(const char *path, const struct service *service,
                                          struct policy_keeper **ret_keeper, struct error *reterr_error);
/* When nobody asks policy_keeper_knows any more. Accepts NULL. */
void policy_keeper_close(struct policy_keeper *keeper);
const struct policy *policy_keeper_current(const struct policy_keeper *keeper);
/* Looks whether the file has changed; must_read reads it in any case. wall_ms is now: a file written within the last
 * 50 ms may not be whole yet and is left for the next look. POLICY_REFUSED fills *reterr_error. */
enum policy_news policy_keeper_look(struct policy_keeper *keeper, int64_t wall_ms, bool must_read,
                                    struct error *reterr_error);
/* Whether a key of the policy before is now nobody's, or another system's. */
bool policy_keeper_lost_a_key(const struct policy_keeper *keeper);
/* Whether a system of the current policy has that key, and which: a zmq_lookup_function with the keeper as context. */
bool policy_keeper_knows(void *keeper, const char *key, char ret_system[SOCKET_SYSTEM_MAX + 1]);

#endif
