/* The load generator: many clients with many bookings in flight each, from one thread. It publishes the sessions that it
 * books into, each booking is for another person, and it counts what it is told. */
#ifndef BHR_CLI_LOAD_H
#define BHR_CLI_LOAD_H

#include "cli/bhr/ask.h"
#include "cli/bhr/histogram.h"

enum { LOAD_CLIENTS_MAX = 256, LOAD_IN_FLIGHT_MAX = 4096, LOAD_OUTCOMES_MAX = 32, LOAD_SLOTS_PER_SESSION = 200 };

/* Who goes along with a load. Either function may be NULL. */
struct load_listener {
    void *context;
    bool (*goes_on)(void *context); /* asked all the time; false: no more bookings, as if the time were up */
    /* A caller was told yes. */
    void (*booked)(void *context, struct uuid request_id);
};

struct load_plan {
    uint32_t clients, in_flight; /* in_flight: of each client */
    uint64_t count;              /* bookings in all; 0: as many as seconds allow */
    int64_t seconds;             /* 0: as long as count takes */
    int64_t warmup_seconds;      /* before anything is counted */
    uint32_t per_second;         /* at most so many bookings; 0: as many as are answered */
    uint32_t fixed_slots;        /* fight for so many slots; 0: each booking has a place of its own */
    uint32_t capacity;           /* places of a slot */
    const char *organisation;    /* whose slots */
    const char *publish_as;      /* [client NAME] that publishes; NULL: the one that books */
    struct load_listener listener;
};

struct load_outcome {
    char name[EXCHANGE_OUTCOME_MAX + 1];
    uint64_t count;
};

struct load_result {
    uint64_t asked, answered; /* counted ones, after the warm-up */
    uint64_t booked;          /* outcome ok, of all since the beginning */
    uint64_t places;          /* that existed for them */
    uint64_t repeated, retries;
    double seconds;
    uint64_t gap_us;             /* the longest time without an answer while somebody waited for one */
    struct histogram latency_us; /* of answered ones */
    uint32_t outcome_count;
    struct load_outcome outcomes[LOAD_OUTCOMES_MAX]; /* the last one takes what has no room */
};

/* Returns an exit code; on CLI_OK *ret_result is filled. */
int load_run(struct cli *cli, const struct load_plan *plan, struct load_result *ret_result);

#endif
