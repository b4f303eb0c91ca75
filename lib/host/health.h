/* What a machine asks a process, over HTTP on 127.0.0.1:http_port:
 *   /healthz  200 while the loop turns: else start the process again
 *   /readyz   200 when it should be given work, 503 with the reason when not: else send work elsewhere, and wait
 *   /metrics  the numbers of lib/host/metrics.def, as Prometheus text
 * None of them holds anything of a person. Runs on the loop's thread. */
#ifndef BHR_HOST_HEALTH_H
#define BHR_HOST_HEALTH_H

#include "lib/base/status.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { HEALTH_REASON_MAX = 256 };

struct health_options {
    void *uv_loop; /* loop_uv() of lib/port/uv/loop.h; it outlives health */
    uint16_t port; /* 0 takes a free one: whether to serve at all is for the caller to decide */
    void *context;
    /* False with a short reason for an operator, such as "the journal's end is not reached yet". */
    bool (*is_ready)(void *context, char ret_reason[HEALTH_REASON_MAX]);
};

struct health;

enum status health_open(struct health **ret_health, const struct health_options *options,
                        struct error *reterr_error) MUST_CHECK;
uint16_t health_port(const struct health *health);
/* Asks is_ready no more; its handles leave the loop while that runs on (loop_free lets it). NULL is fine. */
void health_close(struct health *health);

#endif
