/* bhr store digest, copy, rebuild. */
#include "cli/bhr/commands.h"
#include "cli/bhr/stores.h"
#include "lib/base/text.h"

#include <stdio.h>

/* ---- digest ---- */

static const struct command_option digest_options[] = {
    {.name = "data-dir", .value = "DIR", .kind = OPTION_ARGUMENT, .sentence = "The same as the argument DIR"},
};

static int run_digest(struct cli *cli, const struct arguments *arguments) {
    const char *paths[COMMAND_ARGUMENTS_MAX];
    uint32_t count = arguments->count;
    for (uint32_t i = 0; i < count; i++) paths[i] = arguments->items[i];
    if (count == 0) {
        int missing = cli_need_suite(cli);
        if (missing != CLI_OK) return missing;
        for (size_t i = 0; i < cli->suite.service_count; i++) {
            const struct suite_list *dirs = &cli->suite.services[i].data_dirs;
            for (size_t k = 0; k < dirs->count; k++) paths[count++] = dirs->items[k];
        }
        if (count == 0) return command_usage(cli, arguments, "expected DIR: %s names no data_dirs", cli->suite.path);
    }
    struct store_digest all[COMMAND_ARGUMENTS_MAX];
    json_t *list = json_array();
    bool differs = false;
    int code = CLI_OK;
    for (uint32_t i = 0; i < count && code == CLI_OK; i++) {
        code = store_digest(cli, paths[i], &all[i]);
        if (code != CLI_OK) break;
        for (uint32_t j = 0; j < i; j++) differs = differs || store_digests_differ(&all[i], &all[j]);
        char text[2 * sizeof(struct digest) + 1] = "";
        text_hex(all[i].digest.bytes, sizeof all[i].digest.bytes, text);
        if (!cli->is_json) {
            printf("%s  %10llu rows  applied %lld  entry %llu  %s\n", text, (unsigned long long)all[i].row_count,
                   (long long)all[i].applied, (unsigned long long)all[i].number, paths[i]);
        }
        (void)json_array_append_new(list, json_pack("{so ss sI sI sI}", "path", cli_json_text(paths[i]), "digest", text,
                                                    "rows", (json_int_t)all[i].row_count, "applied",
                                                    (json_int_t)all[i].applied, "number", (json_int_t)all[i].number));
    }
    if (cli->is_json && code == CLI_OK)
        cli_json(json_pack("{so sb}", "stores", list, "differ", (int)differs));
    else
        json_decref(list);
    if (code == CLI_OK && differs) {
        return cli_fail(cli, CLI_CHECK, "`bhr store diff A B` shows where; rebuild the one that is wrong",
                        "two stores of the same entry differ");
    }
    return code;
}

const struct command command_store_digest = {
    .name = "store digest",
    .arguments = "[DIR...]",
    .sentence = "A digest over a store's rows; two stores of the same entry have the same",
    .more = "Without DIR: the data directories of the suite's file. The host's own table is left out.",
    .options = digest_options,
    .option_count = sizeof digest_options / sizeof digest_options[0],
    .argument_max = COMMAND_ARGUMENTS_MAX,
    .run = run_digest,
};

/* ---- copy ---- */

static int run_copy(struct cli *cli, const struct arguments *arguments) {
    struct error error;
    enum status status = lmdb_store_copy(arguments->items[0], arguments->items[1], &error);
    if (status != STATUS_OK) {
        return cli_fail_error(
            cli, &error,
            status == STATUS_CONFLICT ? "choose a directory without a store, or `bhr store rebuild` it first" : NULL);
    }
    if (cli->is_json) {
        cli_json(
            json_pack("{so so}", "from", cli_json_text(arguments->items[0]), "to", cli_json_text(arguments->items[1])));
    }
    cli_say(cli, "copied: a process started with data_dir = %s reads on from there", arguments->items[1]);
    return CLI_OK;
}

const struct command command_store_copy = {
    .name = "store copy",
    .arguments = "FROM TO",
    .sentence = "Copy a store for a new replica, beside the process that writes it",
    .argument_min = 2,
    .argument_max = 2,
    .run = run_copy,
};

/* ---- rebuild ---- */

static int run_rebuild(struct cli *cli, const struct arguments *arguments) {
    const char *dir = arguments->items[0];
    char aside[LMDB_PATH_MAX];
    struct error error;
    enum status status = lmdb_store_set_aside(dir, aside, &error);
    if (status == STATUS_CONFLICT) return cli_fail_error(cli, &error, "stop that process, then run this again");
    if (status != STATUS_OK) return cli_fail_error(cli, &error, NULL);
    if (cli->is_json) cli_json(json_pack("{so so}", "dir", cli_json_text(dir), "set_aside", cli_json_text(aside)));
    cli_say(cli,
            "the old store is now %s\nStart the process: it reads the journal from the beginning.\n"
            "Then `bhr store diff %s %s` names what the old store had and the new one has not.",
            aside, aside, dir);
    return CLI_OK;
}

const struct command command_store_rebuild = {
    .name = "store rebuild",
    .arguments = "DIR",
    .sentence = "Set a store aside, so that its process builds a new one from the journal",
    .more = "The process must have been stopped. Nothing is deleted: the old store stays beside the new one.",
    .argument_min = 1,
    .argument_max = 1,
    .run = run_rebuild,
};
