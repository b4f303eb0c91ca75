/* The intake: a second socket of the door, whose requests are the records of request topics (design section 6). The door
 * does not know that they come from Kafka. The intake keeps each record until what became of it is where it is kept for
 * ever, and only then tells the group that it is done; so none is lost, whatever dies.
 *
 * The walk of one record: taken from its lane -> a request (intake_request.h) -> waits for its turn -> at the door ->
 *   an outcome is in the journal                                    -> done
 *   the first answer again, without a new entry                     -> noted in the command log, so that its owner's entry
 *                                                                      becomes an outcome event -> done
 *   refused at the door, or unreadable already here                 -> noted there, too (above refused_per_second_max of its
 *                                                                      topic: counted and dropped) -> done
 *   not now (too busy, too fast, unavailable, in progress, unknown) -> its lane pauses, then it is at the door again
 * A lane's records are done in any order and told to the group in theirs. A paused lane stops no other.
 *
 * When the group takes a lane away, what is not done comes again elsewhere: under the same id, so nothing is done twice.
 * Loop's thread; never waits. */
#ifndef BHR_HOST_INTAKE_H
#define BHR_HOST_INTAKE_H

#include "lib/policy/policy.h"
#include "lib/host/service.h"
#include "lib/port/clock.h"
#include "lib/port/intake.h"
#include "lib/port/socket.h"
#include "lib/port/topic.h"

enum {
    INTAKE_LANE_RECORDS_MAX = 256,       /* of one lane, not yet done; or the policy's in_flight where that is less */
    INTAKE_RECORDS_MAX = 1024,           /* of all lanes */
    INTAKE_BYTES_MAX = 16 * 1024 * 1024, /* of all lanes */
    INTAKE_LANE_SHARE = 4,               /* a lane with fewer takes some, however many the others have */
};

/* What became of a record; the label of a metric. X(NAME, "name") */
#define INTAKE_RESULTS(X)                                                                                              \
    X(DECIDED, "decided")   /* its outcome is in the journal */                                                        \
    X(REPEATED, "repeated") /* it was decided before, and is told again */                                             \
    X(REFUSED, "refused")   /* at the door; noted */                                                                   \
    X(DROPPED, "dropped")   /* refused, and too many of its topic are: counted only */

enum intake_result {
#define X(NAME, name) INTAKE_##NAME,
    INTAKE_RESULTS(X)
#undef X
};
const char *intake_result_name(enum intake_result result);

struct intake_limits {
    size_t request_bytes_max;
    int64_t deadline_ms;             /* from when a record is handed to the door */
    uint32_t refused_per_second_max; /* refusals noted per topic */
};

struct intake_ports {
    struct intake_port topics;
    struct topic_writer writer; /* to the command log; nobody else's */
    struct clock_port clock;
    struct digest (*hash)(struct slice a, struct slice b);
};

/* Any function may be NULL. */
struct intake_listener {
    void *context;
    void (*done)(void *context, const char *system, enum intake_result result);
    /* Refused: outcome and detail as they are noted. */
    void (*refused)(void *context, const char *system, const char *outcome, struct slice detail);
    /* A lane came or went. */
    void (*moved)(void *context, const char *system, int32_t partition, bool is_given);
    void (*trouble)(void *context, const char *reason);
};

struct intake_options {
    const struct service *service;
    const struct policy *policy; /* borrowed; replaced by intake_set_policy */
    struct intake_limits limits;
    char locality[64]; /* key of the command log */
    uint32_t topic_count;
    char systems[INTAKE_TOPICS_MAX][SOCKET_SYSTEM_MAX + 1]; /* whose each topic is */
};

struct intake;
/* NULL when there is no memory. Until intake_set_generation nothing is noted. */
struct intake *intake_new(const struct intake_options *options, const struct intake_ports *ports,
                          const struct intake_listener *listener);
void intake_free(struct intake *intake);
/* For the door (lib/host/door.h). */
struct door_socket intake_socket(struct intake *intake);

/* Serves group, reports and pauses. Call it after the door's step. Returns in how many milliseconds it wants to be called
 * again at the latest; 0: now, and the door before it. */
int intake_step(struct intake *intake);
/* Borrowed until the next call. */
void intake_set_policy(struct intake *intake, const struct policy *policy);
/* Of the command log that is written to. */
void intake_set_generation(struct intake *intake, uint32_t generation);
/* Hands nothing more to the door. */
void intake_drain(struct intake *intake);
/* Lets go of everything; from now on neither topics nor writer are used. Replies that still come are passed over. */
void intake_leave(struct intake *intake);

struct intake_view {
    uint32_t lanes, waiting; /* waiting: records taken and not done */
    int64_t lag;             /* records in the topics of these lanes that are not done */
};
struct intake_view intake_look(const struct intake *intake);

#endif
