/* bhr topics apply, check: the topics as the table says, and the journal's Genesis. */
#include "cli/bhr/cluster.h"
#include "cli/bhr/commands.h"
#include "cli/bhr/systems.h"
#include "lib/client/uk_time.h"
#include "lib/host/genesis.h"
#include "lib/host/topics.h"

#include <stdio.h>

static void on_finding(void *context, const struct topics_finding *finding);
static int run_service(struct cli *cli, const struct service *service, const struct topics_options *topics,
                       bool may_write, json_t *list, json_t *journals);
static enum status begin_journal(const struct cli *cli, struct cluster *cluster, bool may_write,
                                 struct genesis_found *ret_found, struct error *reterr_error);
static void tell_journal(const struct cli *cli, const struct service *service, const struct genesis_found *genesis,
                         json_t *journals);

struct findings {
    const struct cli *cli;
    json_t *list;
};

static const struct command_option options[] = {
    {.name = "replication",
     .value = "N",
     .kind = OPTION_NUMBER,
     .min = 1,
     .max = 9,
     .fallback = 1,
     .sentence = "Copies of each topic: 1 on one broker, 3 in live use; default 1"},
    SYSTEMS_OPTION,
    {.name = "service",
     .value = SERVICES_WORDS,
     .kind = OPTION_CHOICE,
     .choices = SERVICES_WORDS,
     .sentence = "Only this service's; default all that the suite's file names"},
    {.name = "generation",
     .value = "N",
     .kind = OPTION_NUMBER,
     .max = 1000000,
     .sentence = "Of the command topic: N takes the place of N-1, which is damaged (docs/runbooks/command-log.md); "
                 "with --service"},
    {.name = "flush", .kind = OPTION_FLAG, .sentence = "The journal is on disk before an append counts (slower)"},
};

static int run(struct cli *cli, const struct arguments *arguments, bool may_write) {
    struct topics_systems systems = {0};
    int code = cli_need_suite(cli);
    if (code == CLI_OK) code = systems_take(cli, arguments, &systems);
    if (code != CLI_OK) return code;
    bool is_one = option_is_given(arguments, "service");
    if (option_is_given(arguments, "generation") && !is_one) {
        return command_usage(cli, arguments, "--generation: expected --service with it: each has its own");
    }
    const struct topics_options topics = {.replication_factor = (int32_t)option_number(arguments, "replication"),
                                          .flush_each_append = option_is_given(arguments, "flush"),
                                          .systems = &systems,
                                          .command_generation = (uint32_t)option_number(arguments, "generation")};
    json_t *list = json_array(), *journals = json_array();
    bool is_any = false;
    for (size_t i = 0; code == CLI_OK && i < SERVICES_COUNT; i++) {
        bool is_meant =
            is_one ? services_chosen(arguments) == services[i] : services_in(&cli->suite, services[i]) != NULL;
        if (!is_meant) continue;
        code = run_service(cli, services[i], &topics, may_write, list, journals);
        is_any = true;
    }
    if (!is_any) {
        code = cli_fail(cli, CLI_USAGE, "add it, or choose one with --service", "%s: there is no [service NAME]",
                        cli->suite.path);
    }
    if (cli->is_json && code == CLI_OK) {
        cli_json(json_pack("{sO sO}", "topics", list, "journals", journals));
    }
    json_decref(list);
    json_decref(journals);
    return code;
}

static int run_service(struct cli *cli, const struct service *service, const struct topics_options *topics,
                       bool may_write, json_t *list, json_t *journals) {
    struct cluster cluster;
    int code = cluster_open(cli, service, &cluster);
    if (code != CLI_OK) return code;
    struct findings findings = {.cli = cli, .list = list};
    const struct topics_listener listener = {.context = &findings, .found = on_finding};
    struct error error = {.code = STATUS_OK};
    struct genesis_found genesis = {0};
    enum status status =
        (may_write ? topics_apply : topics_check)(cluster.admin, service->name, topics, &listener, &error);
    if (status == STATUS_OK) status = begin_journal(cli, &cluster, may_write, &genesis, &error);
    cluster_close(&cluster);
    if (status == STATUS_OK) {
        tell_journal(cli, service, &genesis, journals);
        return CLI_OK;
    }
    if (status == STATUS_NOT_FOUND) {
        return cli_fail(cli, CLI_CHECK, may_write ? NULL : "`bhr topics apply` makes it", "%s", error.message);
    }
    if (status == STATUS_CONFLICT || status == STATUS_CORRUPT) {
        return cli_fail(
            cli, CLI_CHECK,
            "nothing was changed: a topic that exists is the operator's to mend, or this is another cluster", "%s",
            error.message);
    }
    return cli_fail(cli, CLI_UNREACHED, CLUSTER_NEXT, "%s", error.message);
}

static void tell_journal(const struct cli *cli, const struct service *service, const struct genesis_found *genesis,
                         json_t *journals) {
    char id[CLI_UUID_ROOM], at[UK_TIME_TEXT_MAX];
    uk_time_format(genesis->logged_at_ms, at);
    cli_uuid_text(genesis->genesis.journal_id.bytes, id);
    cli_say(cli, "%sjournal%s    %s  of %s, %s %s", cli_paint(cli, PAINT_GOOD), cli_unpaint(cli), id, service->name,
            genesis->is_new ? "begun now," : "begun", at);
    (void)json_array_append_new(journals,
                                json_pack("{ss ss sb so}", "service", service->name, "journal_id", id, "begun_now",
                                          (int)genesis->is_new, "begun_at", cli_json_time(genesis->logged_at_ms)));
}

static int run_apply(struct cli *cli, const struct arguments *arguments) {
    return run(cli, arguments, true);
}

static int run_check(struct cli *cli, const struct arguments *arguments) {
    return run(cli, arguments, false);
}

const struct command command_topics_apply = {
    .name = "topics apply",
    .arguments = "[NAME ...]",
    .sentence = "Make the topics that are missing and begin the journal",
    .more =
        "Never changes a topic that exists: where one differs it says so and stops. May be run any number of times.",
    .options = options,
    .option_count = sizeof options / sizeof options[0],
    .argument_max = COMMAND_ARGUMENTS_MAX,
    .run = run_apply,
};
const struct command command_topics_check = {
    .name = "topics check",
    .arguments = "[NAME ...]",
    .sentence = "Compare the topics with what they must be",
    .options = options,
    .option_count = sizeof options / sizeof options[0],
    .argument_max = COMMAND_ARGUMENTS_MAX,
    .run = run_check,
};

static void on_finding(void *context, const struct topics_finding *finding) {
    struct findings *findings = context;
    const struct cli *cli = findings->cli;
    static const char *const words[] = {"created", "right", "missing", "differs"};
    static const enum cli_paint paints[] = {PAINT_GOOD, PAINT_GOOD, PAINT_BAD, PAINT_BAD};
    bool differs = finding->kind == TOPICS_DIFFERS;
    char more[256] = "";
    if (differs) {
        (void)snprintf(more, sizeof more, "  %s: expected %s, found %s", finding->setting, finding->expected,
                       finding->found);
    }
    cli_say(cli, "%s%-10s%s %s%s", cli_paint(cli, paints[finding->kind]), words[finding->kind], cli_unpaint(cli),
            finding->topic, more);
    (void)json_array_append_new(findings->list,
                                json_pack("{ss ss ss ss ss}", "topic", finding->topic, "finding", words[finding->kind],
                                          "setting", differs ? finding->setting : "", "expected",
                                          differs ? finding->expected : "", "found", differs ? finding->found : ""));
}

static enum status begin_journal(const struct cli *cli, struct cluster *cluster, bool may_write,
                                 struct genesis_found *ret_found, struct error *reterr_error) {
    struct kafka_reader *reader = NULL;
    struct kafka_writer *writer = NULL;
    struct genesis_ports ports = {.admin = cluster->admin_port, .waiter = cluster->waiter, .clock = cli->clock};
    const char *topics[] = {cluster->journal_topic};
    enum status status = kafka_reader_open(&cluster->options, cluster->wake_fd, &reader, &ports.reader, reterr_error);
    if (status == STATUS_OK && may_write) {
        status =
            kafka_writer_open(&cluster->options, cluster->wake_fd, topics, 1, &writer, &ports.writer, reterr_error);
    }
    if (status == STATUS_OK) {
        status = (may_write ? genesis_ensure : genesis_check)(&ports, &cluster->identity, CLUSTER_TIMEOUT_MS, ret_found,
                                                              reterr_error);
    }
    kafka_writer_close(&writer);
    kafka_reader_close(&reader);
    return status;
}
