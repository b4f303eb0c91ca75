/* Who may come in and what they may ask: a flat file, checked at load (design section 6 "Identity"). Deny by default.
 *
 *   # comment
 *   system 111-nel {
 *       key          <40 characters Z85 of its CURVE public key>
 *       organisation RYX
 *       role         111
 *       methods      bhr.booking.v1.BookingService/FindSlots bhr.booking.v1.BookingService/Hold
 *       in_flight    64        # requests at once, 1-10000
 *       per_second   2000      # sustained requests per second, 1-1000000
 *   }
 *
 * A method may be given as "bhr.booking.v1.BookingService/" followed by a star for all methods of that service.
 * Refused with the line: an unknown word, a key or system named twice, a bad key, a missing row, a method no service has. */
#ifndef BHR_HOST_POLICY_H
#define BHR_HOST_POLICY_H

#include "lib/base/slice.h"
#include "lib/base/status.h"
#include "lib/host/service.h"
#include "lib/port/socket.h"

enum { POLICY_SYSTEMS_MAX = 256, POLICY_METHODS_MAX = 32 };

struct policy_system {
    char id[SOCKET_SYSTEM_MAX + 1];
    char key[SOCKET_KEY_TEXT_SIZE + 1];
    char organisation[16];
    char role[16]; /* "111", "practice", "hub", "operator" */
    uint32_t in_flight_max, per_second_max;
    uint32_t method_count;
    char methods[POLICY_METHODS_MAX][96];
};

struct policy {
    uint32_t system_count;
    struct policy_system systems[POLICY_SYSTEMS_MAX];
};

/* Parses the text of a policy file; on failure *reterr_error names line, word and what was expected. service is the one
 * that this process runs: its methods must exist; methods of other packages are passed over. */
enum status policy_parse(struct policy *ret_policy, struct slice text, const struct service *service,
                         struct error *reterr_error);
enum status policy_load(struct policy *ret_policy, const char *path, const struct service *service,
                        struct error *reterr_error);
/* NULL when nobody has that key or id. */
const struct policy_system *policy_by_key(const struct policy *policy, struct slice key_text);
const struct policy_system *policy_by_id(const struct policy *policy, const char *system_id);
bool policy_allows(const struct policy_system *system, struct slice method);

#endif
