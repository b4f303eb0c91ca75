/* Connects with the keys of the configuration, asks, and reports. Owns the connection and the arena of an asker; one
 * thread. Never prints a request's body: it may hold personal data. */
#include "cli/bhr/ask.h"

#include "cli/bhr/token_file.h"
#include "lib/base/assert.h"
#include "lib/base/text.h"
#include "lib/client/uk_time.h"

#include <stdio.h>
#include <stdlib.h>

enum { ANSWER_MEMORY_BYTES = 4 * 1024 * 1024 };

static int take_token(const struct cli *cli, const struct suite_client *client, char **ret_token);
static int complain(const struct cli *cli, const struct client_result *result);

int asker_open(struct cli *cli, const struct service *service, const char *name, uint32_t in_flight_max,
               struct asker *ret_asker) {
    return asker_open_at(cli, service, NULL, name, in_flight_max, ret_asker);
}

int asker_open_at(struct cli *cli, const struct service *service, const char *endpoint, const char *name,
                  uint32_t in_flight_max, struct asker *ret_asker) {
    int code = cli_need_suite(cli);
    if (code != CLI_OK) return code;
    const struct suite *suite = &cli->suite;
    const char *as = name != NULL ? name : cli->as;
    const struct suite_client *client = suite_client(suite, as);
    if (client == NULL || client->key_file[0] == '\0') {
        return cli_fail(cli, CLI_USAGE, "add it, or choose another with --as", "%s: [client%s%s] has no key_file",
                        suite->path, as != NULL ? " " : "", as != NULL ? as : "");
    }
    const struct suite_service *reached = services_in(suite, service);
    if (reached == NULL || reached->endpoints.count == 0 || suite->server_key[0] == '\0') {
        return cli_fail(cli, CLI_USAGE, "add them, or run `make up`",
                        "%s: [service %s] needs endpoints and [suite] server_key to reach the service", suite->path,
                        service->name);
    }
    struct error error;
    struct zmq_keys keys;
    if (zmq_keys_load(client->key_file, &keys, &error) != STATUS_OK) {
        return cli_fail(cli, CLI_USAGE, "make one with `bhr keys new`, or run `make up`", "%s", error.message);
    }
    const char *endpoints[SUITE_LIST_MAX] = {endpoint};
    for (size_t i = 0; endpoint == NULL && i < reached->endpoints.count; i++)
        endpoints[i] = reached->endpoints.items[i];
    const struct zmq_dealer_options options = {.endpoints = endpoints,
                                               .endpoint_count = endpoint != NULL ? 1 : reached->endpoints.count,
                                               .keys = &keys,
                                               .server_key = suite->server_key,
                                               .queue_messages_max = (int)in_flight_max + 16};
    struct asker asker = {0};
    code = take_token(cli, client, &asker.token);
    if (code != CLI_OK) {
        zmq_keys_wipe(&keys);
        return code;
    }
    struct client_dealer dealer;
    enum status status = client_zmq_open(&options, &asker.connection, &dealer, &error);
    zmq_keys_wipe(&keys);
    if (status != STATUS_OK) {
        free(asker.token);
        return cli_fail(cli, CLI_USAGE, NULL, "%s: %s", suite->path, error.message);
    }
    const struct client_options client_options = {.in_flight_max = in_flight_max};
    asker.client = client_new(&client_options, &dealer, &cli->clock);
    asker.arena = arena_over(malloc(ANSWER_MEMORY_BYTES), ANSWER_MEMORY_BYTES);
    if (asker.client == NULL || asker.arena.memory == NULL) {
        asker_close(&asker);
        return cli_fail(cli, CLI_UNREACHED, NULL, "no memory");
    }
    *ret_asker = asker;
    return CLI_OK;
}

static int take_token(const struct cli *cli, const struct suite_client *client, char **ret_token) {
    const char *given = cli->token != NULL ? cli->token : client->token_file;
    if (given[0] == '\0') return CLI_OK;
    char *token = malloc(TOKEN_SIZE_MAX + 1);
    if (token == NULL) return cli_fail(cli, CLI_UNREACHED, NULL, "no memory");
    struct error error;
    if (token_file_read(given, token, &error) != STATUS_OK) {
        free(token);
        return cli_fail(cli, CLI_USAGE, "`bhr token new` makes one", "%s: %s",
                        cli->token != NULL ? "--token" : "token_file", error.message);
    }
    *ret_token = token;
    return CLI_OK;
}

void asker_close(struct asker *asker) {
    client_free(asker->client);
    client_zmq_close(asker->connection);
    free(asker->arena.memory);
    free(asker->token);
    *asker = (struct asker){0};
}

void asker_ask(const struct cli *cli, struct asker *asker, const struct question *question,
               struct client_result *ret_result) {
    ASSERT(question->method != NULL);
    arena_reset(&asker->arena);
    const char *correlation = question->correlation != NULL ? question->correlation : "";
    const struct client_call call = {.method = question->method,
                                     .body = question->body,
                                     .request_id = question->request_id,
                                     .correlation_id = slice_text(correlation),
                                     .user_token = asker_token(asker),
                                     .limit_ms = cli->limit_ms,
                                     .is_query = question->is_query};
    client_call(asker->client, &call, ret_result);
}

int answer_exit(const struct client_result *result) {
    if (result->end == CLIENT_NOT_REACHED) return CLI_UNREACHED;
    switch (result->status) {
    case REPLY_OK:
        return CLI_OK;
    case REPLY_REFUSED:
    case REPLY_DENIED:
    case REPLY_NOT_FOUND:
        return CLI_REFUSED;
    case REPLY_INVALID:
        return CLI_USAGE;
    case REPLY_TOO_BUSY:
    case REPLY_UNAVAILABLE:
        return CLI_UNREACHED;
    case REPLY_IN_PROGRESS:
    case REPLY_UNKNOWN_OUTCOME:
        return CLI_UNKNOWN;
    }
    return CLI_UNKNOWN;
}

int answer_report(const struct cli *cli, const struct client_result *result, json_t *body) {
    if (cli->is_json) {
        json_t *report =
            json_pack("{ss so so so so sb sI so sI so sI}", "status", reply_status_name(result->status), "outcome",
                      cli_json_text(result->outcome), "message", cli_json_text(result->message), "detail",
                      cli_json_text(result->detail), "request_id", cli_json_uuid(result->request_id.bytes), "repeated",
                      (int)result->is_repeated, "position", (json_int_t)result->position, "answered_by",
                      cli_json_text(result->answered_by), "attempts", (json_int_t)result->attempts, "answer",
                      body != NULL ? body : json_null(), "took_ms", (json_int_t)result->took_ms);
        cli_json(report);
        return answer_exit(result);
    }
    json_decref(body);
    if (!answer_is_good(result)) return complain(cli, result);
    char id[CLI_UUID_ROOM];
    cli_say(cli, "%s%srequest %s%s%s, %lld ms%s", cli_paint(cli, PAINT_DIM),
            result->is_repeated ? "answered before: " : "", cli_uuid_text(result->request_id.bytes, id),
            result->answered_by[0] != '\0' ? ", answered by " : "", result->answered_by, (long long)result->took_ms,
            cli_unpaint(cli));
    return CLI_OK;
}

int answer_unreadable(const struct cli *cli, const char *fault) {
    return cli_fail(cli, CLI_UNREACHED, "are bhr and the service of the same version?", "the answer cannot be read: %s",
                    fault);
}

static int complain(const struct cli *cli, const struct client_result *result) {
    char id[CLI_UUID_ROOM], again[160], next[192];
    cli_uuid_text(result->request_id.bytes, id);
    (void)snprintf(again, sizeof again, "the same command with --id %s; it is never done twice", id);
    const char *what = reply_status_name(result->status), *hint = NULL;
    switch (result->status) {
    case REPLY_UNKNOWN_OUTCOME:
    case REPLY_IN_PROGRESS:
        hint = again;
        break;
    case REPLY_TOO_BUSY:
        (void)snprintf(next, sizeof next, "come back in %lld ms", (long long)result->retry_after_ms);
        hint = next;
        break;
    case REPLY_UNAVAILABLE:
        hint = "`bhr status` shows who is up; `make up` starts the suite";
        break;
    case REPLY_DENIED:
        hint = strcmp(result->outcome, "user_token_refused") == 0
                   ? "sign in again: `bhr token new`, then --token"
                   : "choose another client with --as, or have the policy file of the service allow it";
        break;
    case REPLY_OK:
    case REPLY_REFUSED:
    case REPLY_INVALID:
    case REPLY_NOT_FOUND:
        break;
    }
    bool is_named = strcmp(what, result->outcome) != 0;
    return cli_fail(cli, (enum cli_exit)answer_exit(result), hint, "%s%s%s%s%s%s: %s%s%s", cli_paint(cli, PAINT_BAD),
                    what, cli_unpaint(cli), is_named ? " (" : "", is_named ? result->outcome : "", is_named ? ")" : "",
                    result->message, result->detail[0] != '\0' ? "; " : "", result->detail);
}
