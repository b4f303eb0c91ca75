/* bhr policy: whether a policy file is good, and what it would say to one request. It reads the file only; nothing is
 * asked of a running service. */
#include "cli/bhr/commands.h"
#include "cli/bhr/services.h"
#include "lib/base/assert.h"
#include "lib/host/policy_file.h"

#include <stdio.h>
#include <stdlib.h>

enum { PATH_ROOM = 1024 };

static int load(struct cli *cli, const char *path, struct policy **ret_policy);
static int read_ask(struct cli *cli, const struct arguments *arguments, const struct policy *policy,
                    struct policy_ask *ret_ask);
static void tell_rules(const struct policy *policy, const struct policy_ask *ask, json_t *list, const struct cli *cli);

/* ---- check ---- */

static int run_check(struct cli *cli, const struct arguments *arguments) {
    struct policy *policy;
    int code = load(cli, arguments->count > 0 ? arguments->items[0] : NULL, &policy);
    if (code != CLI_OK) return code;
    uint32_t revoked = 0;
    for (uint32_t i = 0; i < policy->system_count; i++) revoked += policy->systems[i].is_revoked ? 1 : 0;
    if (cli->is_json) {
        cli_json(json_pack("{sb si si si si si}", "good", 1, "systems", (int)policy->system_count, "revoked",
                           (int)revoked, "rules", (int)policy->rule_count, "rules_of_other_services",
                           (int)policy->passed_over, "cases", (int)policy->case_count));
    }
    cli_say(cli, "%sgood%s: %u systems (%u revoked), %u rules, %u cases as expected", cli_paint(cli, PAINT_GOOD),
            cli_unpaint(cli), policy->system_count, revoked, policy->rule_count, policy->case_count);
    if (policy->passed_over > 0)
        cli_say(cli, "%u rules are about services that this bhr does not know", policy->passed_over);
    for (uint32_t i = 0; i < policy->rule_count; i++) {
        const struct policy_rule *rule = &policy->rules[i];
        if ((rule->conditions >> POLICY_REGISTERED_HERE & 1) == 0) continue;
        cli_say(cli, "line %u: who is registered where is not known yet, so this rule %s", rule->line,
                rule->is_allow ? "allows nothing" : "denies whatever else it names");
    }
    free(policy);
    return CLI_OK;
}

const struct command command_policy_check = {
    .name = "policy check",
    .arguments = "[FILE]",
    .sentence = "Judge a policy file as a service would: rows, shadowed rules, its own test cases",
    .more = "Without FILE it is the file `policy` beside the suite's file.",
    .argument_max = 1,
    .run = run_check,
};

/* ---- why ---- */

static const struct command_option why_options[] = {
    {.name = "file", .value = "FILE", .kind = OPTION_TEXT, .sentence = "The policy; default: beside the suite's file"},
    {.name = "role", .value = "ROLE", .kind = OPTION_TEXT, .sentence = "The user's: roles of the file or codes, R1,R2"},
    {.name = "organisation", .value = "ODS", .kind = OPTION_TEXT, .sentence = "The user's organisation"},
    {.name = "purpose", .value = "PURPOSE", .kind = OPTION_TEXT, .sentence = "What the user does it for"},
    {.name = "about-organisation", .value = "ODS", .kind = OPTION_TEXT, .sentence = "Whose appointments it is about"},
    {.name = "about-service", .value = "ID", .kind = OPTION_TEXT, .sentence = "The service that it is about"},
};

static int run_why(struct cli *cli, const struct arguments *arguments) {
    struct policy *policy;
    int code = load(cli, option_text(arguments, "file"), &policy);
    if (code != CLI_OK) return code;
    struct policy_ask ask;
    code = read_ask(cli, arguments, policy, &ask);
    if (code != CLI_OK) {
        free(policy);
        return code;
    }
    struct policy_verdict verdict = policy_evaluate(policy, &ask);
    bool is_allowed = verdict.reason == POLICY_ALLOWED;
    const char *name = policy_reason_name(verdict.reason);
    if (!cli->is_json) {
        printf("%s%s%s: %s\n", cli_paint(cli, is_allowed ? PAINT_GOOD : PAINT_BAD), name, cli_unpaint(cli),
               policy_reason_sentence(verdict.reason));
        if (verdict.rule != NULL) {
            printf("%s line %u%s%s%s\n",
                   is_allowed || verdict.reason == POLICY_DENIED_RULE ? "decided by" : "closest was",
                   verdict.rule->line, verdict.rule->title[0] != '\0' ? " \"" : "", verdict.rule->title,
                   verdict.rule->title[0] != '\0' ? "\"" : "");
        }
    }
    json_t *list = json_array();
    tell_rules(policy, &ask, list, cli);
    if (cli->is_json) {
        cli_json(json_pack("{sb ss ss si so}", "allowed", (int)is_allowed, "reason", name, "sentence",
                           policy_reason_sentence(verdict.reason), "line",
                           verdict.rule != NULL ? (int)verdict.rule->line : 0, "rules", list));
    } else {
        json_decref(list);
        if (verdict.reason == POLICY_NEEDS_SUBJECT) printf("say more with --about-organisation or --about-service\n");
    }
    free(policy);
    return is_allowed ? CLI_OK : CLI_REFUSED;
}

const struct command command_policy_why = {
    .name = "policy why",
    .arguments = "SYSTEM USER METHOD",
    .sentence = "Which rule lets a system, and the user behind it, call a method, or why none does",
    .more =
        "USER is the id that a token would name, or - when nobody is behind it. METHOD may be its last word alone:\n"
        "  bhr policy why 111-nel - Book --about-service urgent-romford\n"
        "  bhr policy why gp-elm 555021935107 ListPersonBookings --role clinician --purpose direct_care",
    .options = why_options,
    .option_count = sizeof why_options / sizeof why_options[0],
    .argument_min = 3,
    .argument_max = 3,
    .run = run_why,
};

/* Every rule about that system and method, in the order in which they are asked. */
static void tell_rules(const struct policy *policy, const struct policy_ask *ask, json_t *list, const struct cli *cli) {
    for (uint32_t i = 0; i < policy->rule_count; i++) {
        const struct policy_rule *rule = &policy->rules[i];
        enum policy_reason says = policy_rule_says(policy, rule, ask);
        if (says == POLICY_DENIED_METHOD) continue;
        bool is_settled = says == POLICY_ALLOWED || says == POLICY_DENIED_RULE;
        const char *word = is_settled ? "matches" : policy_reason_name(says);
        if (cli->is_json) {
            (void)json_array_append_new(list, json_pack("{si ss ss ss}", "line", (int)rule->line, "kind",
                                                        rule->is_allow ? "allow" : "deny", "title", rule->title, "says",
                                                        word));
        } else {
            printf("  line %-5u %-5s  %-20s %s\n", rule->line, rule->is_allow ? "allow" : "deny", word, rule->title);
        }
    }
}

/* The one method of that full name, or of that last word. */
static const char *method_by_word(const struct policy *policy, const char *word) {
    const char *last = strrchr(word, '/');
    for (uint32_t i = 0; i < policy->method_count; i++) {
        if (strcmp(policy->methods[i], word) == 0) return policy->methods[i];
        const char *name = strrchr(policy->methods[i], '/');
        if (last == NULL && name != NULL && strcmp(name + 1, word) == 0) return policy->methods[i];
    }
    return NULL;
}

static struct slice optional_text(const struct arguments *arguments, const char *name) {
    const char *text = option_text(arguments, name);
    return text != NULL ? slice_text(text) : (struct slice){0};
}

/* A role of the file stands for its codes; the first of them does. */
static struct slice code_of_role(const struct policy *policy, struct slice role) {
    for (uint32_t i = 0; i < policy->role_count; i++) {
        if (!slice_equal(slice_text(policy->roles[i].name), role)) continue;
        for (uint32_t k = 0; k < policy->role_code_count; k++) {
            if ((policy->roles[i].codes >> k & 1) != 0) return slice_text(policy->role_codes[k]);
        }
    }
    return role;
}

static int read_ask(struct cli *cli, const struct arguments *arguments, const struct policy *policy,
                    struct policy_ask *ret_ask) {
    const char *method = method_by_word(policy, arguments->items[2]);
    if (method == NULL) {
        return command_usage(cli, arguments, "METHOD: expected a method of a service, as Book or %s",
                             policy->methods[0]);
    }
    bool has_user = strcmp(arguments->items[1], "-") != 0;
    const char *role = option_text(arguments, "role");
    if (!has_user &&
        (role != NULL || option_is_given(arguments, "purpose") || option_is_given(arguments, "organisation"))) {
        return command_usage(cli, arguments,
                             "USER: expected an id, since --role, --purpose or --organisation is given");
    }
    *ret_ask = (struct policy_ask){
        .system = slice_text(arguments->items[0]),
        .method = slice_text(method),
        .token = has_user ? POLICY_TOKEN_GOOD : POLICY_TOKEN_NONE,
        .user = has_user ? slice_text(arguments->items[1]) : (struct slice){0},
        .user_organisation = optional_text(arguments, "organisation"),
        .purpose = optional_text(arguments, "purpose"),
        .has_subject = option_is_given(arguments, "about-organisation") || option_is_given(arguments, "about-service"),
        .subject = {.organisation = optional_text(arguments, "about-organisation"),
                    .service_id = optional_text(arguments, "about-service")},
    };
    while (role != NULL && *role != '\0' && ret_ask->user_role_count < POLICY_USER_ROLES_MAX) {
        size_t size = strcspn(role, ",");
        ret_ask->user_roles[ret_ask->user_role_count++] = code_of_role(policy, slice_of(role, size));
        role += size + (role[size] == ',');
    }
    return CLI_OK;
}

/* One that has the methods of all of them. */
static const struct service *every_service(void) {
    static struct service_method methods[POLICY_METHODS_MAX];
    static struct service every = {.name = "every", .methods = methods};
    every.method_count = 0;
    for (size_t i = 0; i < SERVICES_COUNT; i++) {
        for (uint32_t k = 0; k < services[i]->method_count; k++) {
            ASSERT(every.method_count < POLICY_METHODS_MAX);
            methods[every.method_count++] = services[i]->methods[k];
        }
    }
    return &every;
}

/* path NULL: the file that `suite.sh configure` writes beside the suite's own. */
static int load(struct cli *cli, const char *path, struct policy **ret_policy) {
    char beside[PATH_ROOM];
    if (path == NULL) {
        int missing = cli_need_suite(cli);
        if (missing != CLI_OK) return missing;
        const char *slash = strrchr(cli->suite.path, '/');
        int size = slash != NULL ? (int)(slash - cli->suite.path) + 1 : 0;
        (void)snprintf(beside, sizeof beside, "%.*spolicy", size, cli->suite.path);
        path = beside;
    }
    struct error error;
    enum status status = STATUS_OK;
    /* Each service passes over what is about the others, so what is left to it must be good by itself. */
    for (size_t i = 0; status == STATUS_OK && i < SERVICES_COUNT; i++) {
        status = policy_load(path, services[i], ret_policy, &error);
        if (status == STATUS_OK) free(*ret_policy);
    }
    if (status == STATUS_OK) status = policy_load(path, every_service(), ret_policy, &error);
    if (status == STATUS_OK) return CLI_OK;
    return cli_fail(cli, status == STATUS_INVALID ? CLI_CHECK : CLI_USAGE,
                    status == STATUS_INVALID ? "a service that runs keeps the policy it has" : NULL, "%s",
                    error.message);
}
