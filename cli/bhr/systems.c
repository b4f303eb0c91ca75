/* Gathers the outside systems. Owns nothing. */
#include "cli/bhr/systems.h"

int systems_take(const struct cli *cli, const struct arguments *arguments, struct topics_systems *ret_systems) {
    const struct suite_list *listed = &cli->suite.request_systems;
    for (size_t i = 0; i < listed->count; i++) {
        if (topics_systems_add(ret_systems, listed->items[i])) continue;
        return cli_fail(cli, CLI_USAGE, NULL, "%s: request_systems: \"%s\" cannot have topics of its own",
                        cli->suite.path, listed->items[i]);
    }
    for (uint32_t i = 0; i < arguments->count; i++) {
        if (topics_systems_add(ret_systems, arguments->items[i])) continue;
        return command_usage(cli, arguments, "--system: expected at most %d names of 1 to %d of A-Z a-z 0-9 _ -",
                             TOPICS_SYSTEMS_MAX, TOPICS_SYSTEM_MAX);
    }
    return CLI_OK;
}
