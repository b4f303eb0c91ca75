/* The only two clocks, and the only source of chance. */
#ifndef BHR_PORT_CLOCK_H
#define BHR_PORT_CLOCK_H

#include <stddef.h>
#include <stdint.h>

struct clock_port {
    void *context;
    int64_t (*wall_ms)(void *context);      /* milliseconds since 1970 UTC; may jump */
    int64_t (*monotonic_ms)(void *context); /* never goes back; for time limits */
    void (*random)(void *context, void *ret_bytes, size_t size);
};

#endif
