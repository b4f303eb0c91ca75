/* bhr journal verify: the whole journal through the rule, from outside. What it prints can be compared between two
 * machines: same end and same chain head means same history. */
#include "cli/bhr/cluster.h"
#include "cli/bhr/commands.h"
#include "lib/base/text.h"
#include "lib/client/uk_time.h"

#include <stdio.h>

#define X(verdict, name, sentence) +1
enum { VERDICTS = 0 JOURNAL_VERDICTS(X) };
#undef X

static int judge_all(struct cli *cli, struct journal_stream *stream, const struct topic_range *range);
static int report(const struct cli *cli, const struct journal_verifier *verifier, const struct topic_range *range);
static void print_report(const struct cli *cli, const struct journal_verifier *verifier,
                         const struct topic_range *range, const char *head);
static void print_json(const struct journal_verifier *verifier, const struct topic_range *range, const char *head,
                       const char *wrong);

static const struct command_option options[] = {SERVICE_OPTION};

static int run(struct cli *cli, const struct arguments *arguments) {
    struct cluster cluster;
    int code = cluster_open(cli, services_chosen(arguments), &cluster);
    if (code != CLI_OK) return code;
    struct topic_range range;
    struct journal_stream stream;
    code = cluster_journal_range(cli, &cluster, &range);
    if (code == CLI_OK && range.start > 0) {
        code = cli_fail(cli, CLI_CHECK, "restore the topic from its log files",
                        "the journal begins at offset %lld: its beginning is gone", (long long)range.start);
    }
    if (code == CLI_OK && range.end == 0) {
        code = cli_fail(cli, CLI_CHECK, "`bhr topics apply` begins it", "the journal is empty: it has no Genesis");
    }
    if (code == CLI_OK) code = journal_stream_open(cli, &cluster, &stream);
    if (code == CLI_OK) {
        code = judge_all(cli, &stream, &range);
        if (code == CLI_OK) code = report(cli, &stream.verifier, &range);
        journal_stream_close(&stream);
    }
    cluster_close(&cluster);
    return code;
}

const struct command command_journal_verify = {
    .name = "journal verify",
    .sentence = "The whole journal through the rule: epochs, entries, what was rejected, chain head",
    .more =
        "Rejected records are no fault: zombies may append what they like, it is not history. Wrong are: no Genesis, "
        "another journal than this environment's, a missing beginning, entries that cannot be read.",
    .options = options,
    .option_count = sizeof options / sizeof options[0],
    .run = run,
};

/* Up to the end as it was at the start: a busy journal would never be done otherwise. */
static int judge_all(struct cli *cli, struct journal_stream *stream, const struct topic_range *range) {
    struct progress progress = progress_begin(cli, "verifying", "records", (uint64_t)range->end);
    struct error error;
    struct judged judged;
    while (stream->verifier.offset_next < range->end && !stream->verifier.is_stopped) {
        enum stream_next next = journal_stream_next(cli, stream, CLUSTER_TIMEOUT_MS, &judged, &error);
        if (next == STREAM_RECORD) {
            progress_step(&progress, (uint64_t)judged.logged.offset + 1);
            continue;
        }
        progress_end(&progress);
        if (next == STREAM_QUIET) {
            (void)error_set(&error, STATUS_TIMEOUT, "the journal stayed silent at offset %lld of %lld",
                            (long long)stream->verifier.offset_next, (long long)range->end);
        }
        return cli_fail(cli, CLI_UNREACHED, CLUSTER_NEXT, "%s", error.message);
    }
    progress_end(&progress);
    return CLI_OK;
}

static const char *what_is_wrong(const struct journal_verifier *verifier) {
    if (verifier->is_stopped) {
        bool is_other = verifier->count.rejected_by_verdict[VERDICT_STOP_WRONG_JOURNAL] > 0;
        return journal_verdict_sentence(is_other ? VERDICT_STOP_WRONG_JOURNAL : VERDICT_STOP_NO_GENESIS);
    }
    if (verifier->count.unreadable_bodies > 0) return "accepted entries have bodies that cannot be read";
    return NULL;
}

static int report(const struct cli *cli, const struct journal_verifier *verifier, const struct topic_range *range) {
    const char *wrong = what_is_wrong(verifier);
    char head[2 * sizeof(struct digest) + 1] = "";
    text_hex(verifier->state.prev.bytes, sizeof verifier->state.prev.bytes, head);
    if (cli->is_json)
        print_json(verifier, range, head, wrong);
    else
        print_report(cli, verifier, range, head);
    if (wrong == NULL) return CLI_OK;
    return cli_fail(cli, CLI_CHECK, "do not start a service on it; docs/runbooks say what to do", "%s", wrong);
}

static void print_report(const struct cli *cli, const struct journal_verifier *verifier,
                         const struct topic_range *range, const char *head) {
    const struct journal_count *count = &verifier->count;
    const struct journal_state *state = &verifier->state;
    char id[CLI_UUID_ROOM], at[UK_TIME_TEXT_MAX];
    printf("journal     %s\n", cli_uuid_text(state->journal_id.bytes, id));
    printf("records     %llu, offsets 0 to %lld\n", (unsigned long long)count->records, (long long)range->end - 1);
    printf("history     %llu entries (%llu commands, %llu timers, %llu gaps, %llu repeats), %llu claims\n",
           (unsigned long long)count->entries, (unsigned long long)count->command_entries,
           (unsigned long long)count->timer_entries, (unsigned long long)count->gap_entries,
           (unsigned long long)count->repeats, (unsigned long long)count->claims);
    printf("owner       epoch %llu, owner id %s\n", (unsigned long long)state->epoch,
           cli_uuid_text(state->owner.bytes, id));
    uk_time_format_exact(state->log_time_ms, at);
    printf("chain head  %s at entry %llu, %s\n", head, (unsigned long long)state->number, at);
    printf("resume at   generation %u, offset %lld\n", state->resume_at.generation, (long long)state->resume_at.offset);
    printf("rejected    %s%llu%s\n", count->rejected > 0 ? cli_paint(cli, PAINT_WARN) : "",
           (unsigned long long)count->rejected, cli_unpaint(cli));
    for (int verdict = 0; verdict < VERDICTS; verdict++) {
        if (count->rejected_by_verdict[verdict] == 0) continue;
        printf("  %8llu  %-18s %s\n", (unsigned long long)count->rejected_by_verdict[verdict],
               journal_verdict_name((enum journal_verdict)verdict),
               journal_verdict_sentence((enum journal_verdict)verdict));
    }
    if (what_is_wrong(verifier) == NULL) printf("%sgood%s\n", cli_paint(cli, PAINT_GOOD), cli_unpaint(cli));
}

static void print_json(const struct journal_verifier *verifier, const struct topic_range *range, const char *head,
                       const char *wrong) {
    const struct journal_count *count = &verifier->count;
    const struct journal_state *state = &verifier->state;
    json_t *rejected = json_object();
    for (int verdict = 0; verdict < VERDICTS; verdict++) {
        if (count->rejected_by_verdict[verdict] == 0) continue;
        (void)json_object_set_new(rejected, journal_verdict_name((enum journal_verdict)verdict),
                                  json_integer((json_int_t)count->rejected_by_verdict[verdict]));
    }
    cli_json(json_pack("{sb ss? so sI sI sI sI sI sI sI sI sI so sI ss so sI so}", "good", (int)(wrong == NULL),
                       "wrong", wrong, "journal_id", cli_json_uuid(state->journal_id.bytes), "end",
                       (json_int_t)range->end, "records", (json_int_t)count->records, "claims",
                       (json_int_t)count->claims, "entries", (json_int_t)count->entries, "command_entries",
                       (json_int_t)count->command_entries, "timer_entries", (json_int_t)count->timer_entries,
                       "gap_entries", (json_int_t)count->gap_entries, "repeats", (json_int_t)count->repeats, "epoch",
                       (json_int_t)state->epoch, "owner", cli_json_uuid(state->owner.bytes), "number",
                       (json_int_t)state->number, "chain_head", head, "log_time", cli_json_time(state->log_time_ms),
                       "rejected", (json_int_t)count->rejected, "rejected_by_verdict", rejected));
}
