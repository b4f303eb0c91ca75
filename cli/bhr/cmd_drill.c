/* bhr drill: what an operator practises before the night it happens. */
#include "cli/bhr/commands.h"
#include "cli/bhr/drill.h"

#include <stdio.h>

enum { PER_SECOND = 100 };

static int list(const struct cli *cli, const struct drill_fault *faults, uint32_t count);
static void print_result(const struct cli *cli, const struct drill_result *result);
static json_t *result_json(const char *fault, const struct drill_result *result);
static int verdict(const struct cli *cli, const struct drill_result *result);

static const struct command_option options[] = {
    {.name = "list", .kind = OPTION_FLAG, .sentence = "Say which faults there are"},
    {.name = "per-second",
     .value = "N",
     .kind = OPTION_NUMBER,
     .min = 1,
     .max = 1000,
     .fallback = PER_SECOND,
     .sentence = "How many callers book meanwhile; default 100"},
};

static int run(struct cli *cli, const struct arguments *arguments) {
    bool wants_list = option_is_given(arguments, "list");
    if (wants_list == (arguments->count == 1)) {
        return command_usage(cli, arguments, "expected either FAULT or --list");
    }
    struct drill_fault faults[DRILL_FAULTS_MAX];
    uint32_t count, index = 0;
    int code = drill_need_local(cli);
    if (code == CLI_OK) code = drill_list(cli, faults, &count);
    if (code != CLI_OK || wants_list) return code != CLI_OK ? code : list(cli, faults, count);
    while (index < count && strcmp(faults[index].name, arguments->items[0]) != 0) index++;
    if (index == count) {
        return cli_fail(cli, CLI_USAGE, "`bhr drill --list`", "there is no fault \"%s\"", arguments->items[0]);
    }
    static struct drill_result result;
    code = drill_run(cli, faults[index].name, (uint32_t)option_number(arguments, "per-second"), &result);
    if (code != CLI_OK) return code;
    if (cli->is_json)
        cli_json(result_json(faults[index].name, &result));
    else
        print_result(cli, &result);
    return verdict(cli, &result);
}

const struct command command_drill = {
    .name = "drill",
    .arguments = "[FAULT]",
    .sentence = "Play a fault on the local suite under load; prints what was lost and how long it took",
    .more =
        "Asks for nothing and puts everything back. Plays only on the suite that `make up` started on this machine. "
        "Exit code 5 when a promise was lost or a place given twice; 3 when the suite does not run as it should.\n"
        "  bhr drill owner-kill",
    .options = options,
    .option_count = sizeof options / sizeof options[0],
    .argument_max = 1,
    .run = run,
};

static int list(const struct cli *cli, const struct drill_fault *faults, uint32_t count) {
    json_t *all = json_array();
    for (uint32_t i = 0; i < count; i++) {
        if (!cli->is_json) printf("%-14s %s\n", faults[i].name, faults[i].sentence);
        (void)json_array_append_new(all, json_pack("{ss ss}", "name", faults[i].name, "does", faults[i].sentence));
    }
    if (cli->is_json)
        cli_json(all);
    else
        json_decref(all);
    return CLI_OK;
}

static bool is_clean(const struct drill_result *result) {
    return result->proof.lost == 0 && result->proof.twice == 0 && result->proof.stores_agree;
}

static void print_result(const struct cli *cli, const struct drill_result *result) {
    const struct load_result *load = &result->load;
    const struct drill_proof *proof = &result->proof;
    printf("asked       %llu bookings in %.1f s; %llu were told yes, %llu of them had to ask again\n",
           (unsigned long long)load->asked, load->seconds, (unsigned long long)load->booked,
           (unsigned long long)load->repeated);
    for (uint32_t i = 0; i < load->outcome_count; i++) {
        if (strcmp(load->outcomes[i].name, "ok") == 0) continue;
        printf("otherwise   %llu %s\n", (unsigned long long)load->outcomes[i].count, load->outcomes[i].name);
    }
    printf("%slost        %llu%s of those promises\n", cli_paint(cli, proof->lost == 0 ? PAINT_GOOD : PAINT_BAD),
           (unsigned long long)proof->lost, cli_unpaint(cli));
    printf("%stwice       %llu%s places given to two\n", cli_paint(cli, proof->twice == 0 ? PAINT_GOOD : PAINT_BAD),
           (unsigned long long)proof->twice, cli_unpaint(cli));
    printf("stores      %s\n", proof->stores_agree ? "the same at the same entry" : "DIFFER, or one does not follow");
    printf("journal     %llu new owners, %llu records that are not history\n", (unsigned long long)proof->claims,
           (unsigned long long)proof->rejected);
    printf("took        %.1f s until all was as before; the longest time without an answer was %.2f s\n",
           (double)result->took_ms / 1e3, (double)load->gap_us / 1e6);
}

static json_t *result_json(const char *fault, const struct drill_result *result) {
    const struct load_result *load = &result->load;
    const struct drill_proof *proof = &result->proof;
    return json_pack("{ss sI sI sI sI sI sI sb sI sI sI sI}", "fault", fault, "asked", (json_int_t)load->asked,
                     "answered", (json_int_t)load->answered, "told_yes", (json_int_t)load->booked, "repeated",
                     (json_int_t)load->repeated, "lost", (json_int_t)proof->lost, "twice", (json_int_t)proof->twice,
                     "stores_agree", (int)proof->stores_agree, "claims", (json_int_t)proof->claims, "rejected",
                     (json_int_t)proof->rejected, "took_ms", (json_int_t)result->took_ms, "longest_gap_ms",
                     (json_int_t)(load->gap_us / 1000));
}

static int verdict(const struct cli *cli, const struct drill_result *result) {
    if (!is_clean(result)) {
        return cli_fail(cli, CLI_CHECK, "keep journal, stores and logs and report this: it must never happen",
                        "%llu promises lost, %llu places given twice, stores %s",
                        (unsigned long long)result->proof.lost, (unsigned long long)result->proof.twice,
                        result->proof.stores_agree ? "agree" : "differ");
    }
    uint64_t unanswered = result->load.asked - result->load.answered;
    if (unanswered == 0) return CLI_OK;
    return cli_fail(cli, CLI_UNKNOWN, "`bhr status`; a longer --timeout", "%llu bookings got no answer in time",
                    (unsigned long long)unanswered);
}
