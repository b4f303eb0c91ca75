/* One question to the service and what is said about its answer: the same words, JSON and exit code for every command. */
#ifndef BHR_CLI_ASK_H
#define BHR_CLI_ASK_H

#include "cli/bhr/services.h"
#include "lib/base/arena.h"
#include "lib/client/client_zmq.h"
#include "lib/port/token.h"

struct asker {
    struct client *client;
    struct client_zmq *connection;
    struct arena arena; /* for decoding answers; reset by every question */
    char *token;        /* of the user; NULL for none */
};

/* Connects to that service as the client that --as names; name overrides it unless NULL. Returns an exit code; CLI_OK
 * leaves *ret_asker to be closed. */
int asker_open(struct cli *cli, const struct service *service, const char *name, uint32_t in_flight_max,
               struct asker *ret_asker);
/* The same to one process of it, for what each process has of its own; NULL: to any. */
int asker_open_at(struct cli *cli, const struct service *service, const char *endpoint, const char *name,
                  uint32_t in_flight_max, struct asker *ret_asker);
void asker_close(struct asker *asker);

struct question {
    const char *method;
    struct slice body;
    bool is_query;
    struct uuid request_id;  /* zeros: a new one */
    const char *correlation; /* NULL for none */
};
void asker_ask(const struct cli *cli, struct asker *asker, const struct question *question,
               struct client_result *ret_result);

/* What every call of the asker carries. */
static inline struct slice asker_token(const struct asker *asker) {
    return slice_text(asker->token != NULL ? asker->token : "");
}

/* The exit code that this answer means. */
int answer_exit(const struct client_result *result);
static inline bool answer_is_good(const struct client_result *result) {
    return result->end == CLIENT_ANSWERED && result->status == REPLY_OK;
}
/* Says how it ended and what to do next; body (may be NULL) is taken and becomes "answer" in the JSON. In text an answer
 * that is good gets one dim line; the command prints the rest itself. Returns answer_exit. */
int answer_report(const struct cli *cli, const struct client_result *result, json_t *body);
/* The service's bytes could not be read: says so and returns CLI_UNREACHED. */
int answer_unreadable(const struct cli *cli, const char *fault);

#define OPTION_ROW_ID                                                                                                  \
    {                                                                                                                  \
        .name = "id", .value = "UUID", .kind = OPTION_UUID,                                                            \
        .sentence = "Request id of an earlier try: asks again, and never does it twice"                                \
    }
#define OPTION_ROW_CORRELATION                                                                                         \
    {                                                                                                                  \
        .name = "correlation", .value = "TEXT", .kind = OPTION_TEXT,                                                   \
        .sentence = "Correlation id of the patient's journey, at most 64 of A-Z a-z 0-9 . _ : -"                       \
    }

#endif
