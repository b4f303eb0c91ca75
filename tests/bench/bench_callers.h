/* Callers of a door at the rate they can get: N connections, each with M requests in flight, all driven by one thread as
 * pgbench drives its own (32 threads on two cores would measure the scheduler). Every answer is waited for and counted: a
 * rate is never taken from what was sent. What cannot go on ends the program. One thread. */
#ifndef BHR_BENCH_CALLERS_H
#define BHR_BENCH_CALLERS_H

#include "lib/client/client_zmq.h"
#include "tests/bench/samples.h"

enum { CALLERS_MAX = 64, CALLERS_LIMIT_MS = 20000 /* an answer later than this is a fault of the run */ };
/* A prime: (i * step) mod count visits everything once, neighbours far apart. */
#define CALLERS_STEP UINT64_C(1000003)

struct caller {
    struct client_zmq *connection;
    struct client *client;
    int64_t *started_us; /* of each place in flight; a result's token is its place */
    uint32_t *free_places, free_count;
};

struct callers {
    struct caller of[CALLERS_MAX];
    uint32_t count;
    uint64_t sent, answered, ok;
    struct samples took;
    int64_t last_us, gap_us; /* the last new outcome, and the longest time without one */
};

/* One run: fill sends while a caller has free places; took sees every good answer and makes any other one end the program
 * (NULL: they are shown and counted); the run ends when nothing is in flight and has_more says no. */
struct callers_work {
    void (*fill)(struct caller *caller);
    bool (*has_more)(void);
    void (*took)(struct caller *caller, const struct client_result *result);
};

/* endpoints: comma separated; cut in place. */
void callers_open(struct callers *callers, uint32_t count, uint32_t in_flight, const char *server_key,
                  const char *key_file, char *endpoints);
void callers_run(struct callers *callers, const struct callers_work *work);
/* The place that the next submit of this caller takes. */
uint32_t caller_next_place(const struct caller *caller);
/* Of the call, method, body, user_token and is_query count. */
void callers_submit(struct callers *callers, struct caller *caller, const struct client_call *call, int64_t started_us);
/* "seconds": 1.000, "per_second": 2, "p50_us": ..., "gap_ms": 0.5 (without braces); sorts. */
void callers_print(struct callers *callers, int64_t begin_us);

#endif
