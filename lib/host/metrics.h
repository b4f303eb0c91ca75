/* The numbers that operators watch: one table (lib/host/metrics.def) gives the enum, /metrics and docs/METRICS.md.
 *
 *   metrics_add(METRIC_DOOR_REQUESTS, "bhr.booking.v1.BookingService/Book", "ok", 1);
 *   metrics_set(METRIC_DOOR_IN_FLIGHT, NULL, NULL, 12);
 *
 * Hand in a value for each label that the row names, NULL for the others. Any thread, without locks once a pair of values
 * was seen. Bounds: METRICS_SERIES_MAX series in all; beyond it, and for a value of METRICS_VALUE_MAX bytes or more, the
 * value is counted as "other". */
#ifndef BHR_HOST_METRICS_H
#define BHR_HOST_METRICS_H

#include "lib/base/buffer.h"

#include <stdio.h>

enum {
    METRICS_SERIES_MAX = 1024,
    METRICS_VALUE_MAX = 64,
    METRICS_TEXT_MAX = 1024 * 1024, /* ample for metrics_print: some 5,000 lines */
};

enum metric {
#define COUNTER(NAME, ...)   METRIC_##NAME,
#define GAUGE(NAME, ...)     METRIC_##NAME,
#define HISTOGRAM(NAME, ...) METRIC_##NAME,
#include "lib/host/metrics.def"
#undef COUNTER
#undef GAUGE
#undef HISTOGRAM
    METRIC_COUNT
};

/* Sets the start time and says what runs. */
void metrics_start(const char *service);

/* A counter goes up. */
void metrics_add(enum metric metric, const char *first, const char *second, uint64_t amount);
/* A gauge is this now. */
void metrics_set(enum metric metric, const char *first, const char *second, double value);
/* A gauge that names a state: 1 for this value of its first label, 0 for every other one seen so far. */
void metrics_set_state(enum metric metric, const char *state);
/* A histogram saw this. */
void metrics_observe(enum metric metric, const char *first, const char *second, double seconds);

/* Prometheus text format 0.0.4. False when out was too small. */
bool metrics_print(struct buffer *out);
/* docs/METRICS.md */
void metrics_print_markdown(FILE *out);

#endif
