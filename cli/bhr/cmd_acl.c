/* bhr topics acl: who may touch which topic, by the table; what of it the cluster has, what it lacks, and what it allows
 * beyond that. Changes the cluster only when told to. */
#include "cli/bhr/cluster.h"
#include "cli/bhr/commands.h"
#include "cli/bhr/systems.h"
#include "lib/port/kafka/kafka_acl.h"

#include <stdlib.h>

struct acl_view {
    struct cli *cli;
    struct acl_rules expected, found;
    json_t *list;
    size_t missing_count, extra_count;
};

static enum status look(struct acl_view *view, struct cluster *cluster, struct error *reterr_error);
static enum status mend(struct acl_view *view, struct cluster *cluster, const struct arguments *arguments,
                        struct error *reterr_error);
static int verdict(const struct acl_view *view);

static const struct command_option options[] = {
    SYSTEMS_OPTION,
    {.name = "apply", .kind = OPTION_FLAG, .sentence = "Make the rules that are missing"},
    {.name = "remove", .kind = OPTION_FLAG, .sentence = "Remove the rules that the table does not have"},
};

static int run(struct cli *cli, const struct arguments *arguments) {
    struct acl_view *view = calloc(1, sizeof *view);
    if (view == NULL) return cli_fail(cli, CLI_UNREACHED, NULL, "no memory for access rules");
    struct cluster cluster;
    struct topics_systems systems = {0};
    struct error error = {.code = STATUS_OK};
    view->cli = cli;
    int code = cluster_open(cli, services[0], &cluster);
    if (code != CLI_OK) {
        free(view);
        return code;
    }
    code = systems_take(cli, arguments, &systems);
    const struct acl_names names = cluster_names(&systems);
    view->list = json_array();
    enum status status = STATUS_OK;
    if (code == CLI_OK) status = acl_make(&names, &view->expected, &error);
    if (code == CLI_OK && status == STATUS_OK) status = mend(view, &cluster, arguments, &error);
    if (code == CLI_OK && status == STATUS_OK) status = look(view, &cluster, &error);
    cluster_close(&cluster);
    if (code == CLI_OK && status == STATUS_OK) {
        code = verdict(view);
    } else if (code == CLI_OK) {
        code = status == STATUS_NOT_FOUND || status == STATUS_DENIED
                   ? cli_fail(cli, CLI_CHECK, "bhr asks with the certificate in the suite's file", "%s", error.message)
                   : cli_fail(cli, CLI_UNREACHED, CLUSTER_NEXT, "%s", error.message);
    }
    json_decref(view->list);
    free(view);
    return code;
}

const struct command command_topics_acl = {
    .name = "topics acl",
    .arguments = "[NAME ...]",
    .sentence = "Compare the brokers' access rules with the topic table, or apply them",
    .more =
        "Every rule is listed: right, missing, or there and in no table (\"extra\"). Exit code 5 while something is "
        "missing or extra. The principal is the common name of a certificate.",
    .options = options,
    .option_count = sizeof options / sizeof options[0],
    .argument_max = COMMAND_ARGUMENTS_MAX,
    .run = run,
};

static void say(struct acl_view *view, const char *word, enum cli_paint paint, const struct kafka_acl *acl) {
    const struct cli *cli = view->cli;
    char principal[CLI_SAFE_ROOM], name[CLI_SAFE_ROOM];
    (void)cli_safe_text(slice_text(acl->principal), principal);
    (void)cli_safe_text(slice_text(acl->name), name);
    bool is_any_host = strcmp(acl->host, "*") == 0;
    cli_say(cli, "%s%-8s%s %-28s %s%-17s %-11s %s%s%s%s", cli_paint(cli, paint), word, cli_unpaint(cli), principal,
            acl->permission == KAFKA_ACL_ALLOW ? "" : "NOT ", kafka_acl_operation_name(acl->operation),
            kafka_acl_resource_name(acl->resource), name, acl->pattern == KAFKA_ACL_PREFIXED ? "*" : "",
            is_any_host ? "" : " from ", is_any_host ? "" : "one host");
    (void)json_array_append_new(
        view->list,
        json_pack("{ss so ss ss so sb sb}", "finding", word, "principal", cli_json_text(acl->principal), "operation",
                  kafka_acl_operation_name(acl->operation), "resource", kafka_acl_resource_name(acl->resource), "name",
                  cli_json_text(acl->name), "is_prefix", (int)(acl->pattern == KAFKA_ACL_PREFIXED), "is_allowed",
                  (int)(acl->permission == KAFKA_ACL_ALLOW)));
}

static enum status read_found(struct acl_view *view, const struct cluster *cluster, struct error *reterr_error) {
    return kafka_acls_read(&cluster->options, CLUSTER_TIMEOUT_MS, view->found.rules, KAFKA_ACLS_MAX, &view->found.count,
                           reterr_error);
}

static enum status look(struct acl_view *view, struct cluster *cluster, struct error *reterr_error) {
    enum status status = read_found(view, cluster, reterr_error);
    for (size_t i = 0; status == STATUS_OK && i < view->expected.count; i++) {
        const struct kafka_acl *acl = &view->expected.rules[i];
        bool is_there = acl_has(&view->found, acl);
        if (!is_there) view->missing_count++;
        say(view, is_there ? "right" : "missing", is_there ? PAINT_GOOD : PAINT_BAD, acl);
    }
    for (size_t i = 0; status == STATUS_OK && i < view->found.count; i++) {
        const struct kafka_acl *acl = &view->found.rules[i];
        if (acl_has(&view->expected, acl)) continue;
        view->extra_count++;
        say(view, "extra", PAINT_BAD, acl);
    }
    return status;
}

/* What is allowed too much goes first. The broker answers before every broker has heard of it: look comes after, and a
 * rule that it does not see yet is made again by the next run. */
static enum status mend(struct acl_view *view, struct cluster *cluster, const struct arguments *arguments,
                        struct error *reterr_error) {
    struct acl_rules *extra = calloc(1, sizeof *extra);
    if (extra == NULL) return error_set(reterr_error, STATUS_NO_MEMORY, "no memory for access rules");
    enum status status = STATUS_OK;
    if (option_is_given(arguments, "remove")) {
        status = read_found(view, cluster, reterr_error);
        for (size_t i = 0; status == STATUS_OK && i < view->found.count; i++) {
            if (!acl_has(&view->expected, &view->found.rules[i])) extra->rules[extra->count++] = view->found.rules[i];
        }
        if (status == STATUS_OK && extra->count > 0) {
            status = kafka_acls_delete(&cluster->options, CLUSTER_TIMEOUT_MS, extra->rules, extra->count, reterr_error);
        }
    }
    if (status == STATUS_OK && option_is_given(arguments, "apply")) {
        status = kafka_acls_create(&cluster->options, CLUSTER_TIMEOUT_MS, view->expected.rules, view->expected.count,
                                   reterr_error);
    }
    free(extra);
    return status;
}

static int verdict(const struct acl_view *view) {
    const struct cli *cli = view->cli;
    if (cli->is_json) {
        cli_json(json_pack("{sO sI sI}", "rules", view->list, "missing", (json_int_t)view->missing_count, "extra",
                           (json_int_t)view->extra_count));
    }
    cli_say(cli, "%zu rules, %zu missing, %zu that should not be there", view->expected.count, view->missing_count,
            view->extra_count);
    if (view->missing_count == 0 && view->extra_count == 0) return CLI_OK;
    return cli_fail(cli, CLI_CHECK, "--apply makes what is missing, --remove removes what is extra",
                    "the brokers' access rules are not the table's");
}
