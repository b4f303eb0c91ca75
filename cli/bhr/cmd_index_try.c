/* bhr index try-rules: what other matching rules would have answered to the look-ups that each process of the index keeps
 * (docs/adr/0022). One question at a time and few look-ups in each, so that callers hardly wait for it. */
#include "cli/bhr/ask.h"
#include "cli/bhr/commands.h"
#include "cli/bhr/progress.h"
#include "cli/bhr/tried.h"
#include "lib/base/assert.h"
#include "lib/match/rules.h"
#include "lib/wire/index/index_wire.h"
#include "services/index/service.h"

#include <errno.h>
#include <stdio.h>

enum { LIMIT_MAX = 1000000000, EXAMPLES_DEFAULT = 3, BODY_MAX = INDEX_RULES_MAX + 256 };

static const struct command_option options[] = {
    {.name = "since", .value = "TIME", .kind = OPTION_TIME, .sentence = "Only look-ups since then; default all"},
    {.name = "limit",
     .value = "N",
     .kind = OPTION_NUMBER,
     .min = 1,
     .max = LIMIT_MAX,
     .fallback = LIMIT_MAX,
     .sentence = "At most so many look-ups of each process; default all"},
    {.name = "examples",
     .value = "N",
     .kind = OPTION_NUMBER,
     .max = TRIED_EXAMPLES_MAX,
     .fallback = EXAMPLES_DEFAULT,
     .sentence = "So many examples of each kind of change, masked; default 3"},
};

struct run {
    struct cli *cli;
    struct tried *tried;
    struct progress progress;
    struct index_try_request request;
    uint64_t limit, left; /* of one process */
    bool is_over;         /* no other process need be asked */
};

static int read_rules(const struct cli *cli, const char *path, struct index_try_request *request) {
    FILE *file = fopen(path, "re");
    if (file == NULL) return cli_fail(cli, CLI_USAGE, NULL, "%s cannot be opened: %s", path, strerror(errno));
    char more;
    size_t size = fread(request->rules, 1, sizeof request->rules, file);
    bool is_whole = ferror(file) == 0 && fread(&more, 1, 1, file) == 0;
    (void)fclose(file);
    if (!is_whole) {
        return cli_fail(cli, CLI_USAGE, NULL, "%s: expected a file of at most %d bytes", path, (int)INDEX_RULES_MAX);
    }
    request->rules_size = (uint32_t)size;
    struct match_rules rules;
    struct error error;
    if (match_rules_parse(slice_of(request->rules, size), &rules, &error) == STATUS_OK) return CLI_OK;
    return cli_fail(cli, CLI_USAGE, "deploy/local/match.rules is one that is good", "%s: %s", path, error.message);
}

/* What one process cannot do another may: that is said, and the others are asked. What all would refuse ends the run. */
static int explain(struct run *run, const char *endpoint, const struct client_result *result) {
    int code = answer_exit(result);
    run->is_over = code != CLI_UNREACHED && result->status != REPLY_REFUSED;
    if (run->is_over || endpoint == NULL) return answer_report(run->cli, result, NULL);
    return cli_fail(run->cli, (enum cli_exit)code, "its look-ups are left out", "%s: %s", endpoint, result->message);
}

static int ask_next(struct run *run, struct asker *asker, const char *endpoint, struct index_try_answer *ret_answer) {
    static uint8_t memory[BODY_MAX], scratch[2 * BODY_MAX];
    struct buffer body = buffer_over(memory, sizeof memory);
    struct arena arena = arena_over(scratch, sizeof scratch);
    run->request.limit = run->left < INDEX_TRIED_MAX ? (uint32_t)run->left : INDEX_TRIED_MAX;
    wire_table_encode(&index_try_request_wire, &run->request, &arena, &body);
    ASSERT(!body.is_full);
    struct question question = {.method = INDEX_METHOD("TryRules"), .body = buffer_slice(&body), .is_query = true};
    struct client_result result;
    struct wire_fault fault;
    asker_ask(run->cli, asker, &question, &result);
    if (!answer_is_good(&result)) return explain(run, endpoint, &result);
    if (wire_table_decode(&index_try_response_wire, result.body, &asker->arena, ret_answer, &fault)) return CLI_OK;
    run->is_over = true;
    return answer_unreadable(run->cli, fault.text);
}

/* All that one process keeps when it is first asked. */
static int try_process(struct run *run, const char *endpoint) {
    static struct index_try_answer answer;
    struct asker asker;
    uint64_t end = 0;
    int code = asker_open_at(run->cli, &index_service_table, endpoint, NULL, 1, &asker);
    run->is_over = code != CLI_OK;
    if (code != CLI_OK) return code;
    run->request.series = 0;
    run->request.from = 0;
    run->left = run->limit;
    do {
        code = ask_next(run, &asker, endpoint, &answer);
        if (code != CLI_OK) break;
        if (run->request.series == 0) {
            end = answer.end;
            run->progress.total += end - answer.next + answer.tried;
        }
        run->request.series = answer.series;
        run->request.from = answer.next;
        run->left -= answer.tried + answer.unreadable;
        tried_add(run->tried, &answer);
        progress_step(&run->progress, run->tried->tried + run->tried->unreadable);
    } while (answer.next < end && run->left > 0);
    run->tried->dropped += code == CLI_OK ? answer.dropped : 0;
    run->tried->processes += code == CLI_OK;
    asker_close(&asker);
    return code;
}

static int run_try(struct cli *cli, const struct arguments *arguments) {
    static struct tried tried;
    static struct run run;
    const char *path = arguments->items[0];
    tried = (struct tried){.path = path, .examples_max = (uint32_t)option_number(arguments, "examples")};
    run = (struct run){.cli = cli, .tried = &tried, .limit = (uint64_t)option_number(arguments, "limit")};
    run.request.since_ms = option_number(arguments, "since");
    int code = read_rules(cli, path, &run.request);
    if (code == CLI_OK) code = cli_need_suite(cli);
    if (code != CLI_OK) return code;
    const struct suite_service *index = services_in(&cli->suite, &index_service_table);
    size_t count = index != NULL ? index->endpoints.count : 0;
    run.progress = progress_begin(cli, "trying rules", "look-ups", 0);
    /* Without any, the question to nobody in particular says what the suite's file lacks. */
    if (count == 0) code = try_process(&run, NULL);
    for (size_t i = 0; i < count; i++) {
        int end = try_process(&run, index->endpoints.items[i]);
        if (end != CLI_OK) code = end;
        if (run.is_over) break;
    }
    progress_end(&run.progress);
    if (tried.processes == 0 || run.is_over) return code;
    if (cli->is_json) {
        cli_json(tried_json(&tried));
    } else {
        tried_say(cli, &tried);
    }
    if (tried_other_persons(&tried) == 0) return code;
    return cli_fail(cli, CLI_CHECK, "look at each before these rules are used",
                    "%llu look-ups would find another person than they do now",
                    (unsigned long long)tried_other_persons(&tried));
}

const struct command command_index_try_rules = {
    .name = "index try-rules",
    .arguments = "NEW",
    .sentence = "What other matching rules would have answered to the look-ups of the last hours",
    .more = "Both rules answer again, among the people of now, so what differs differs because of the rules. Changes "
            "nothing and asks little at a time. Needs a token of a steward. Exit code 5: a match would become another "
            "person's.\n  bhr --as ops --token me.token index try-rules new.rules --since \"today 08:00\"",
    .options = options,
    .option_count = sizeof options / sizeof options[0],
    .argument_min = 1,
    .argument_max = 1,
    .run = run_try,
};
