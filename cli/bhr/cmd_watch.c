/* bhr watch: the journal as it grows, one line for each record, in the words of the service. Events are described by the
 * service itself, which masks what is personal. */
#include "cli/bhr/cluster.h"
#include "cli/bhr/commands.h"
#include "lib/base/assert.h"
#include "lib/client/uk_time.h"

#include <signal.h>
#include <stdio.h>

enum { DESCRIPTION_MAX = 512, TAIL_DEFAULT = 10, QUIET_MS = 500, END_WAIT_MS = CLUSTER_TIMEOUT_MS };

static void print_record(const struct cli *cli, const struct service *service, const struct judged *judged);
static void print_entry(const struct service *service, const struct entry *entry);
static json_t *record_json(const struct service *service, const struct judged *judged);

static volatile sig_atomic_t is_interrupted;

static void on_interrupt(int number) {
    (void)number;
    is_interrupted = 1;
}

static const struct command_option options[] = {
    {.name = "from",
     .value = "OFFSET",
     .kind = OPTION_NUMBER,
     .max = INT64_MAX,
     .fallback = -1,
     .sentence = "Begin at this offset of the journal; default its last 10 records"},
    {.name = "count",
     .letter = 'n',
     .value = "N",
     .kind = OPTION_NUMBER,
     .min = 1,
     .max = INT64_MAX,
     .fallback = INT64_MAX,
     .sentence = "Stop after so many records"},
    SERVICE_OPTION,
    {.name = "no-follow", .kind = OPTION_FLAG, .sentence = "Stop at the journal's present end"},
};

static int watch(struct cli *cli, const struct arguments *arguments, const struct service *service,
                 struct journal_stream *stream, const struct topic_range *range) {
    int64_t from = option_number(arguments, "from"), count = option_number(arguments, "count");
    bool follows = !option_is_given(arguments, "no-follow");
    if (from < 0) from = range->end > TAIL_DEFAULT ? range->end - TAIL_DEFAULT : 0;
    struct progress progress = progress_begin(cli, "reading the journal", "records", (uint64_t)from);
    while (count > 0 && !is_interrupted) {
        if (!follows && stream->verifier.offset_next >= range->end) break;
        struct judged judged;
        struct error error;
        enum stream_next next = journal_stream_next(cli, stream, follows ? QUIET_MS : END_WAIT_MS, &judged, &error);
        if (next == STREAM_FAILED) return cli_fail(cli, CLI_UNREACHED, CLUSTER_NEXT, "%s", error.message);
        if (next == STREAM_QUIET && !follows && !is_interrupted) {
            return cli_fail(cli, CLI_UNREACHED, CLUSTER_NEXT, "the journal stayed silent at offset %lld of %lld",
                            (long long)stream->verifier.offset_next, (long long)range->end);
        }
        if (next == STREAM_QUIET) continue;
        if (judged.logged.offset < from) {
            progress_step(&progress, (uint64_t)judged.logged.offset);
            continue;
        }
        progress_end(&progress);
        if (cli->is_json)
            cli_json_line(record_json(service, &judged));
        else
            print_record(cli, service, &judged);
        if (follows) fflush(stdout);
        count--;
        if (journal_verdict_stops(judged.verdict)) {
            return cli_fail(cli, CLI_CHECK, "is this the right cluster and environment?", "%s",
                            journal_verdict_sentence(judged.verdict));
        }
    }
    progress_end(&progress);
    return CLI_OK;
}

static int run(struct cli *cli, const struct arguments *arguments) {
    const struct sigaction action = {.sa_handler = on_interrupt};
    (void)sigaction(SIGINT, &action, NULL);
    (void)sigaction(SIGTERM, &action, NULL);
    struct cluster cluster;
    const struct service *service = services_chosen(arguments);
    int code = cluster_open(cli, service, &cluster);
    if (code != CLI_OK) return code;
    struct topic_range range;
    struct journal_stream stream;
    code = cluster_journal_range(cli, &cluster, &range);
    if (code == CLI_OK) code = journal_stream_open(cli, &cluster, &stream);
    if (code == CLI_OK) {
        code = watch(cli, arguments, service, &stream, &range);
        journal_stream_close(&stream);
    }
    cluster_close(&cluster);
    return code;
}

const struct command command_watch = {
    .name = "watch",
    .sentence = "The journal as it grows, one line for each record",
    .more = "A line: offset, broker's time, then genesis, claim or entry. Reads from the beginning, because only the "
            "whole history says which record is part of it; what is not is shown with the reason. Personal data is "
            "masked. With -o json one object for each line.",
    .options = options,
    .option_count = sizeof options / sizeof options[0],
    .run = run,
};

static void print_record(const struct cli *cli, const struct service *service, const struct judged *judged) {
    char at[UK_TIME_TEXT_MAX], id[CLI_UUID_ROOM], host[CLI_SAFE_ROOM], software[CLI_SAFE_ROOM];
    uk_time_format_exact(judged->logged.timestamp_ms, at);
    printf("%s%8lld  %s%s  ", cli_paint(cli, PAINT_DIM), (long long)judged->logged.offset, at, cli_unpaint(cli));
    bool is_accepted = journal_verdict_accepts(judged->verdict);
    if (!is_accepted)
        printf("%s%s%s  ", cli_paint(cli, PAINT_BAD), journal_verdict_name(judged->verdict), cli_unpaint(cli));
    if (!judged->is_readable) {
        printf("%zu bytes that are no record\n", judged->logged.value.size);
        return;
    }
    const struct journal_record *record = &judged->record;
    switch (record->kind) {
    case RECORD_GENESIS:
        printf("genesis  %s  journal %s\n", cli_safe_text(journal_name_slice(&record->as.genesis.environment), host),
               cli_uuid_text(record->as.genesis.journal_id.bytes, id));
        break;
    case RECORD_CLAIM:
        printf("%sclaim%s    epoch %llu by %s, version %s%s\n", cli_paint(cli, PAINT_WARN), cli_unpaint(cli),
               (unsigned long long)record->as.claim.epoch, cli_safe_text(record->as.claim.host, host),
               cli_safe_text(record->as.claim.software, software),
               record->as.claim.crashed_at.kind != WORK_NONE ? ", after a crash" : "");
        break;
    case RECORD_ENTRY:
        print_entry(service, &record->as.entry);
        break;
    }
}

static void print_entry(const struct service *service, const struct entry *entry) {
    char text[CLI_SAFE_ROOM];
    printf("entry %llu  ", (unsigned long long)entry->number);
    switch (entry->kind) {
    case ENTRY_COMMAND:
        printf("%s  ", cli_safe_text(journal_name_slice(&entry->source), text));
        break;
    case ENTRY_TIMER:
        printf("timer  ");
        break;
    case ENTRY_GAP:
        printf("gap  ");
        break;
    }
    struct entry_body body;
    if (!entry_body_read(entry->body, &body)) {
        printf("a body that this version cannot read\n");
        return;
    }
    if (body.method.size > 0) printf("%s  ", cli_safe_text(body.method, text));
    const struct outcome_row *row = service_outcome(service, body.outcome);
    printf("%s", row != NULL ? row->name : "an outcome that this version does not know");
    if (body.repeats != 0) printf(" (repeats entry %llu)", (unsigned long long)body.repeats);
    if (body.detail.size > 0) printf(" (%s)", cli_safe_text(body.detail, text));
    for (uint32_t i = 0; i < body.event_count; i++) {
        char line[DESCRIPTION_MAX];
        size_t size = service->describe(body.events[i], line, sizeof line);
        ASSERT(size <= sizeof line);
        printf("%s%s", i == 0 ? ": " : "; ", cli_safe_text(slice_of(line, size), text));
    }
    putchar('\n');
}

/* null when it is no text that JSON can hold. */
static json_t *json_text(struct slice text) {
    json_t *json = json_stringn((const char *)text.data, text.size);
    return json != NULL ? json : json_null();
}

static void entry_json(const struct service *service, const struct entry *entry, json_t *to) {
    static const char *const kinds[] = {"command", "timer", "gap"};
    (void)json_object_set_new(to, "number", json_integer((json_int_t)entry->number));
    (void)json_object_set_new(to, "epoch", json_integer((json_int_t)entry->epoch));
    (void)json_object_set_new(to, "decided_at", cli_json_time(entry->decided_at_ms));
    (void)json_object_set_new(to, "entry_kind", json_string(kinds[entry->kind]));
    if (entry->kind == ENTRY_COMMAND) {
        (void)json_object_set_new(to, "source", json_stringn(entry->source.text, entry->source.size));
        (void)json_object_set_new(to, "command_id", cli_json_uuid(entry->command_id.bytes));
    }
    struct entry_body body;
    if (!entry_body_read(entry->body, &body)) return;
    if (body.method.size > 0) (void)json_object_set_new(to, "method", json_text(body.method));
    if (body.correlation_id.size > 0) (void)json_object_set_new(to, "correlation_id", json_text(body.correlation_id));
    if (body.detail.size > 0) (void)json_object_set_new(to, "detail", json_text(body.detail));
    const struct outcome_row *row = service_outcome(service, body.outcome);
    (void)json_object_set_new(to, "outcome", row != NULL ? json_string(row->name) : json_integer(body.outcome));
    if (body.repeats != 0) (void)json_object_set_new(to, "repeats", json_integer((json_int_t)body.repeats));
    json_t *events = json_array();
    for (uint32_t i = 0; i < body.event_count; i++) {
        char text[DESCRIPTION_MAX];
        size_t size = service->describe(body.events[i], text, sizeof text);
        (void)json_array_append_new(events, json_stringn(text, size));
    }
    (void)json_object_set_new(to, "events", events);
}

static json_t *record_json(const struct service *service, const struct judged *judged) {
    json_t *to = json_pack("{sI so ss sb}", "offset", (json_int_t)judged->logged.offset, "at",
                           cli_json_time(judged->logged.timestamp_ms), "verdict", journal_verdict_name(judged->verdict),
                           "accepted", (int)journal_verdict_accepts(judged->verdict));
    if (!judged->is_readable) return to;
    const struct journal_record *record = &judged->record;
    switch (record->kind) {
    case RECORD_GENESIS:
        (void)json_object_set_new(to, "kind", json_string("genesis"));
        (void)json_object_set_new(to, "journal_id", cli_json_uuid(record->as.genesis.journal_id.bytes));
        break;
    case RECORD_CLAIM:
        (void)json_object_set_new(to, "kind", json_string("claim"));
        (void)json_object_set_new(to, "epoch", json_integer((json_int_t)record->as.claim.epoch));
        (void)json_object_set_new(to, "host",
                                  json_stringn((const char *)record->as.claim.host.data, record->as.claim.host.size));
        (void)json_object_set_new(to, "owner", cli_json_uuid(record->as.claim.owner.bytes));
        break;
    case RECORD_ENTRY:
        (void)json_object_set_new(to, "kind", json_string("entry"));
        entry_json(service, &record->as.entry, to);
        break;
    }
    return to;
}
