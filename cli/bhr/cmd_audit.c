/* bhr audit person, user, refusals: the privacy officer's questions to the audit trail. Reads the whole topic up to its
 * present end, shows each record once however many copies there are, and writes nothing. Main thread. */
#include "cli/bhr/cluster.h"
#include "cli/bhr/commands.h"
#include "cli/bhr/person_id.h"
#include "lib/client/uk_time.h"
#include "lib/wire/audit/audit_record.h"

#include <stdio.h>
#include <stdlib.h>

enum { SHOWN_MAX = 100000 };

/* Which records are meant, and the ids of those that were shown. */
struct search {
    const struct cli *cli;
    bool wants_person, wants_refusals;
    struct uuid person_id;
    const char *user; /* NULL for any */
    int64_t since_ms, until_ms;
    int64_t unreadable;
    uint32_t shown_count, bucket_count; /* bucket_count: a power of two */
    struct uuid *shown;                 /* open addressing; zeros are free */
};

static int run_search(struct cli *cli, struct search *search);
static int read_trail(struct cluster *cluster, struct search *search, const struct topic_range *range);
static int take(struct search *search, struct slice value);
static bool is_meant(const struct search *search, const struct audit_record *record);
static bool is_new(struct search *search, struct uuid audit_id);
static void print_record(const struct cli *cli, const struct audit_record *record);
static json_t *record_json(const struct audit_record *record);

#define TIME_OPTION_ROWS                                                                                               \
    {.name = "since", .value = "TIME", .kind = OPTION_TIME, .sentence = "Only what happened at or after this"}, {      \
        .name = "until", .value = "TIME", .kind = OPTION_TIME, .sentence = "Only what happened before this"            \
    }

static const struct command_option person_options[] = {PERSON_ID_OPTION_ROWS, TIME_OPTION_ROWS};
static const struct command_option time_options[] = {TIME_OPTION_ROWS};

static struct search search_of(const struct cli *cli, const struct arguments *arguments) {
    return (struct search){
        .cli = cli,
        .since_ms = option_number(arguments, "since"),
        .until_ms = option_is_given(arguments, "until") ? option_number(arguments, "until") : INT64_MAX,
    };
}

static int run_person(struct cli *cli, const struct arguments *arguments) {
    struct search search = search_of(cli, arguments);
    search.wants_person = true;
    int code = person_id_read(cli, arguments, &search.person_id);
    return code == CLI_OK ? run_search(cli, &search) : code;
}

static int run_user(struct cli *cli, const struct arguments *arguments) {
    struct search search = search_of(cli, arguments);
    search.user = arguments->items[0];
    return run_search(cli, &search);
}

static int run_refusals(struct cli *cli, const struct arguments *arguments) {
    struct search search = search_of(cli, arguments);
    search.wants_refusals = true;
    return run_search(cli, &search);
}

#define MORE                                                                                                           \
    "A line: when, read or refused, who (system, organisation, user and role), what, about whom, outcome, why. Reads " \
    "the whole trail. With -o json one object for each line."

const struct command command_audit_person = {
    .name = "audit person",
    .sentence = "Who saw a person's data, and why",
    .more =
        MORE " A person booked by NHS number, by name and birth date, and by a local id has an id for each: ask for "
             "each of them.",
    .options = person_options,
    .option_count = sizeof person_options / sizeof person_options[0],
    .run = run_person,
};
const struct command command_audit_user = {
    .name = "audit user",
    .arguments = "USER",
    .sentence = "What a user saw, and what they were refused",
    .more = MORE " USER is the id in the user's token.",
    .options = time_options,
    .option_count = sizeof time_options / sizeof time_options[0],
    .argument_min = 1,
    .argument_max = 1,
    .run = run_user,
};
const struct command command_audit_refusals = {
    .name = "audit refusals",
    .sentence = "What was refused by policy, and to whom",
    .more = MORE,
    .options = time_options,
    .option_count = sizeof time_options / sizeof time_options[0],
    .run = run_refusals,
};

static int run_search(struct cli *cli, struct search *search) {
    struct cluster cluster;
    int code = cluster_open(cli, services[0], &cluster);
    if (code != CLI_OK) return code;
    search->bucket_count = 1;
    while (search->bucket_count < 2 * SHOWN_MAX) search->bucket_count *= 2;
    search->shown = calloc(search->bucket_count, sizeof *search->shown);
    struct topic_range range;
    struct error error = {0};
    enum status status =
        cluster.admin_port.range(cluster.admin_port.context, AUDIT_TOPIC, CLUSTER_TIMEOUT_MS, &range, &error);
    if (search->shown == NULL) {
        code = cli_fail(cli, CLI_UNREACHED, NULL, "there is no memory");
    } else if (status == STATUS_NOT_FOUND) {
        code = cli_fail(cli, CLI_CHECK, "`bhr topics apply` makes it", "%s", error.message);
    } else if (status != STATUS_OK) {
        code = cli_fail(cli, CLI_UNREACHED, CLUSTER_NEXT, "%s", error.message);
    } else {
        code = read_trail(&cluster, search, &range);
    }
    if (code == CLI_OK && search->shown_count == 0) cli_say(cli, "no records");
    if (code == CLI_OK && search->unreadable > 0) {
        code = cli_fail(cli, CLI_CHECK, "they may be a newer version's: install it",
                        "%lld records of the trail cannot be read", (long long)search->unreadable);
    }
    free(search->shown);
    cluster_close(&cluster);
    return code;
}

static int read_trail(struct cluster *cluster, struct search *search, const struct topic_range *range) {
    const struct cli *cli = search->cli;
    struct kafka_reader *reader = NULL;
    struct topic_reader port;
    struct error error = {0};
    enum status status = kafka_reader_open(&cluster->options, cluster->wake_fd, &reader, &port, &error);
    if (status == STATUS_OK) status = port.assign(port.context, AUDIT_TOPIC, range->start, &error);
    int code = status == STATUS_OK ? CLI_OK : cli_fail_error(cli, &error, CLUSTER_NEXT);
    struct progress progress = progress_begin(cli, "reading the audit trail", "records", (uint64_t)range->end);
    int64_t next = range->start;
    int64_t heard_ms = cli->clock.monotonic_ms(cli->clock.context);
    while (code == CLI_OK && next < range->end) {
        struct topic_event event;
        port.poll(port.context, &event);
        int64_t now_ms = cli->clock.monotonic_ms(cli->clock.context);
        switch (event.kind) {
        case TOPIC_RECORD:
            heard_ms = now_ms;
            next = event.record.offset + 1;
            progress_step(&progress, (uint64_t)next);
            code = take(search, event.record.value);
            break;
        case TOPIC_END:
            if (event.offset >= range->end) next = event.offset;
            break;
        case TOPIC_OUT_OF_RANGE:
        case TOPIC_FAILED:
            code = cli_fail(cli, CLI_UNREACHED, CLUSTER_NEXT, "%s cannot be read on from offset %lld: %s", AUDIT_TOPIC,
                            (long long)next, event.reason != NULL ? event.reason : "no reason given");
            break;
        case TOPIC_NOTHING:
            if (now_ms - heard_ms > CLUSTER_TIMEOUT_MS) {
                code = cli_fail(cli, CLI_UNREACHED, CLUSTER_NEXT, "%s stayed silent at offset %lld of %lld",
                                AUDIT_TOPIC, (long long)next, (long long)range->end);
            } else {
                cluster->waiter.wait(cluster->waiter.context, 100);
            }
            break;
        case TOPIC_DISCONNECTED:
            break;
        }
    }
    progress_end(&progress);
    kafka_reader_close(&reader);
    return code;
}

static int take(struct search *search, struct slice value) {
    const struct cli *cli = search->cli;
    struct audit_record record;
    const char *fault;
    if (!audit_record_decode(value, &record, &fault)) {
        search->unreadable++;
        return CLI_OK;
    }
    if (!is_meant(search, &record) || !is_new(search, record.audit_id)) return CLI_OK;
    if (search->shown_count > SHOWN_MAX) {
        return cli_fail(cli, CLI_CHECK, "ask for less with --since and --until", "there are more than %d records",
                        (int)SHOWN_MAX);
    }
    if (cli->is_json)
        cli_json_line(record_json(&record));
    else
        print_record(cli, &record);
    return CLI_OK;
}

static bool is_meant(const struct search *search, const struct audit_record *record) {
    if (record->at_ms < search->since_ms || record->at_ms >= search->until_ms) return false;
    if (search->wants_person && !uuid_equal(record->person_id, search->person_id)) return false;
    if (search->wants_refusals && record->kind != AUDIT_REFUSAL) return false;
    return search->user == NULL || slice_equal(record->user, slice_text(search->user));
}

/* False for a copy. Ids end in random bytes, which serve as the hash. */
static bool is_new(struct search *search, struct uuid audit_id) {
    uint32_t at;
    memcpy(&at, audit_id.bytes + 12, sizeof at);
    for (;; at++) {
        struct uuid *place = &search->shown[at & (search->bucket_count - 1)];
        if (uuid_equal(*place, audit_id)) return false;
        if (!uuid_is_zero(*place)) continue;
        *place = audit_id;
        search->shown_count++;
        return true;
    }
}

static void print_text(const char *before, struct slice text, const char *after) {
    char safe[CLI_SAFE_ROOM];
    if (text.size > 0) printf("%s%s%s", before, cli_safe_text(text, safe), after);
}

static void print_record(const struct cli *cli, const struct audit_record *record) {
    char at[UK_TIME_TEXT_MAX], id[CLI_UUID_ROOM];
    uk_time_format_exact(record->at_ms, at);
    bool is_refusal = record->kind == AUDIT_REFUSAL;
    printf("%s%s%s  %s%s%s  ", cli_paint(cli, PAINT_DIM), at, cli_unpaint(cli),
           is_refusal ? cli_paint(cli, PAINT_BAD) : "", is_refusal ? "refused" : "read",
           is_refusal ? cli_unpaint(cli) : "");
    print_text("", record->system, "");
    print_text(" (", record->organisation, ")");
    print_text("  user ", record->user, "");
    print_text(" (", record->user_role, ")");
    const uint8_t *slash = record->method.size > 0 ? memchr(record->method.data, '/', record->method.size) : NULL;
    struct slice method = record->method;
    if (slash != NULL) method = slice_of(slash + 1, (size_t)(record->method.data + record->method.size - slash - 1));
    print_text("  ", method, "");
    if (!uuid_is_zero(record->person_id)) printf("  person %s", cli_uuid_text(record->person_id.bytes, id));
    print_text("  of ", record->subject_organisation, "");
    print_text("  ", record->outcome, "");
    print_text("  for ", record->purpose, "");
    print_text("  journey ", record->correlation_id, "");
    if (record->refusals_suppressed > 0) {
        printf("  and %lld refusals before it", (long long)record->refusals_suppressed);
    }
    putchar('\n');
}

static json_t *text_json(struct slice text) {
    return json_stringn((const char *)text.data, text.size);
}

static json_t *id_json(struct uuid id) {
    return uuid_is_zero(id) ? json_null() : cli_json_uuid(id.bytes);
}

static json_t *record_json(const struct audit_record *record) {
    const struct {
        const char *name;
        struct slice text;
    } texts[] = {
        {"service", record->service},
        {"process", record->process},
        {"system", record->system},
        {"organisation", record->organisation},
        {"system_role", record->system_role},
        {"user", record->user},
        {"user_role", record->user_role},
        {"method", record->method},
        {"subject_organisation", record->subject_organisation},
        {"subject_service_id", record->subject_service_id},
        {"purpose", record->purpose},
        {"correlation_id", record->correlation_id},
        {"outcome", record->outcome},
    };
    json_t *to = json_object();
    (void)json_object_set_new(to, "audit_id", cli_json_uuid(record->audit_id.bytes));
    (void)json_object_set_new(to, "at", cli_json_time(record->at_ms));
    (void)json_object_set_new(to, "kind", json_string(audit_kind_name(record->kind)));
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        (void)json_object_set_new(to, texts[i].name,
                                  texts[i].text.size > 0 ? text_json(texts[i].text) : json_string(""));
    }
    (void)json_object_set_new(to, "person_id", id_json(record->person_id));
    (void)json_object_set_new(to, "request_id", id_json(record->request_id));
    (void)json_object_set_new(to, "position", json_integer((json_int_t)record->position));
    (void)json_object_set_new(to, "refusals_suppressed", json_integer((json_int_t)record->refusals_suppressed));
    return to;
}
