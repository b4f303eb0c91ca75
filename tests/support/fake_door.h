/* A door with everything around it made here: requests are put into its socket, the command log is an array, the
 * store is rows in memory, the clocks stand where the test puts them. The service behind it has one command, one
 * query and one outcome of its own. Owned by the test; one thread; it checks that every snapshot is ended within the
 * request. */
#ifndef BHR_TESTS_SUPPORT_FAKE_DOOR_H
#define BHR_TESTS_SUPPORT_FAKE_DOOR_H

#include "lib/host/door.h"
#include "lib/port/fake/token.h"
#include "lib/wire/audit/audit_record.h"
#include "lib/wire/exchange/exchange.h"
#include "tests/support/rows_array.h"

#define FAKE_DO      "bhr.test.v1.TestService/Do"     /* command; a body that starts with "bad" is refused */
#define FAKE_ASK     "bhr.test.v1.TestService/Ask"    /* query; the body is the name of a row */
#define FAKE_FILE    "bhr.test.v1.TestService/File"   /* the same, audited; the row's name is its organisation, too */
#define FAKE_SECRET  "bhr.test.v1.TestService/Secret" /* query that no system may ask */
#define FAKE_SYSTEM  "111-nel"                        /* 4 in flight, 1,000 per second */
#define FAKE_OTHER   "practice-y1"                    /* 10,000 in flight, 1,000,000 per second */
#define FAKE_WALL_MS INT64_C(1764000000000)
enum { FAKE_OUTCOME_TAKEN = 100, FAKE_BODY_MAX = 256, FAKE_AUDITS_MAX = 64 };

/* One request; what is NULL or zero takes a usual value. */
struct fake_ask {
    const char *system, *method, *body, *correlation_id, *traceparent, *user_token;
    struct uuid id;
    int64_t deadline_ms, min_position;
};

struct fake_reply {
    uint32_t request;           /* the number that fake_door_ask gave */
    struct reply_header header; /* its slices are not kept: see the texts */
    char outcome[EXCHANGE_OUTCOME_MAX + 1], message[EXCHANGE_TEXT_MAX + 1], detail[EXCHANGE_TEXT_MAX + 1];
    char answered_by[EXCHANGE_TEXT_MAX + 1], body[FAKE_BODY_MAX];
    size_t body_size;
};

struct fake_append {
    char topic[TOPIC_NAME_MAX], key[64], value[FAKE_BODY_MAX];
    uint32_t header_count;
    char names[TOPIC_HEADERS_MAX][32], values[TOPIC_HEADERS_MAX][136];
    uint64_t token;
};

struct fake_audit {
    uint8_t bytes[AUDIT_RECORD_MAX];
    size_t size;
    struct audit_record record; /* decoded; borrows from bytes */
    uint64_t token;
};

struct fake_request {
    uint32_t number;
    char system[SOCKET_SYSTEM_MAX + 1];
    uint8_t *header, *body;
    size_t header_size, body_size;
};

struct fake_marker {
    char key[256], value[64];
    int64_t ttl_ms;
    uint64_t token;
    cache_answer_function answer;
    void *answer_context;
};

struct fake_door {
    struct door *door;
    struct door_options options;
    struct door_ports ports;
    struct policy policy;
    int64_t wall_ms, monotonic_ms;

    struct rows_array rows;
    bool store_fails;
    int snapshots;

    uint32_t asked, received; /* requests so far; requests[received] is the next one */
    uint32_t request_count, request_room;
    struct fake_request *requests;
    bool is_surplus; /* what the socket says of each request */
    uint32_t reply_count, reply_room;
    struct fake_reply *replies;
    uint32_t append_count, append_room;
    struct fake_append *appends;
    enum status append_status;
    uint32_t report_count, report_room, reports_taken;
    struct topic_report *reports;
    uint32_t audit_count, audit_max; /* audit_max: how many are taken, all unless the test says otherwise */
    struct fake_audit audits[FAKE_AUDITS_MAX];
    uint32_t marker_count, marker_room, drop_count;
    struct fake_marker *markers;
    bool cache_is_up, cache_answers_at_once;

    struct fake_tokens tokens;
    uint32_t told_count, alarm_count; /* by the listener */
    uint32_t lost_count[2];           /* of replies: gone, unread */
    uint32_t told_tokens[TOKEN_NOT_TAKEN + 1];
    char told_method[EXCHANGE_METHOD_MAX + 1], told_outcome[64], told_system[SOCKET_SYSTEM_MAX + 1];
    int64_t told_took_ms;
};

extern const struct service fake_door_service;
/* Reads a policy over the methods of that service, which "t" stands for; fails the test when it is not good. A '@' stands
 * for a key, another one each time. */
void fake_door_policy(struct policy *ret_policy, const char *text);
#define FAKE_SYSTEM_ROWS "key @; organisation RYX; role 111; in_flight 4; per_second 1000"
struct buffer fake_door_row_key(struct slice name, uint8_t key[static ROWS_KEY_MAX]);

/* Usual options; the store holds a journal that stands at number 10, resume_at (0, 100). fake_door_open may follow
 * after the test has changed options, ports or policy. */
void fake_door_init(struct fake_door *fake);
void fake_door_open(struct fake_door *fake);
void fake_door_close(struct fake_door *fake);
/* Redis that answers when the test says so. Before fake_door_open. */
void fake_door_with_cache(struct fake_door *fake);

/* A new id of version 7 at the fake's wall clock. */
struct uuid fake_door_id(struct fake_door *fake);
/* Puts a request into the socket; returns its number. */
uint32_t fake_door_ask(struct fake_door *fake, const struct fake_ask *ask);
uint32_t fake_door_ask_raw(struct fake_door *fake, const char *system, struct slice header, struct slice body);
/* ask, then one step. */
uint32_t fake_door_do(struct fake_door *fake, const struct fake_ask *ask);
void fake_door_pass(struct fake_door *fake, int64_t ms); /* both clocks go on, then one step */

uint32_t fake_door_replies_to(const struct fake_door *fake, uint32_t request);
/* The only reply to a request; fails the test when there is none or more. */
const struct fake_reply *fake_door_reply_to(const struct fake_door *fake, uint32_t request);
/* Exactly one reply has left, and this is it. */
const struct fake_reply *fake_door_expect(const struct fake_door *fake, uint32_t request, const char *outcome,
                                          enum reply_status status);
void fake_door_expect_none(const struct fake_door *fake, uint32_t request);
/* ask, one step: it was answered so, and nothing was written and nothing waits. */
void fake_door_expect_at_once(struct fake_door *fake, const struct fake_ask *ask, const char *outcome,
                              enum reply_status status);
/* "" when the record has no such header. */
const char *fake_append_header(const struct fake_append *append, const char *name);

/* A delivery report of the append; taken at the next step. */
void fake_door_report(struct fake_door *fake, uint32_t append, enum topic_report_result result, int64_t offset);
/* The replica's news about the command of that append: the row is written, then answered and committed are called. */
void fake_door_decide(struct fake_door *fake, uint32_t append, uint32_t outcome, const char *answer, uint64_t number,
                      int64_t resume_at);
/* Only the row of the answer. */
void fake_door_put_answer(struct fake_door *fake, const char *system, struct uuid id, struct digest digest,
                          uint32_t outcome, const char *answer, uint64_t number);
void fake_door_put_row(struct fake_door *fake, const char *name, const char *value);
struct digest fake_door_digest(const char *method, const char *body);

#endif
