/* bhr token: a local issuer of users' tokens for demo and tests, tokens of it, and what a token says of itself. Writes key
 * files; never prints a private key. */
#include "cli/bhr/commands.h"
#include "cli/bhr/token_file.h"
#include "lib/base/assert.h"
#include "lib/base/civil_time.h"
#include "lib/base/text.h"
#include "lib/digest/digest.h"
#include "lib/port/jose/jose_issuer.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

enum { PATH_ROOM = 512, MINUTES_MAX = 7 * 24 * 60, SESSION_ROOM = 40 };

#define KEYS_DEFAULT "run/keys"

static bool path_in(const char *dir, const char *name, char ret_path[PATH_ROOM]);
static int check_words(const struct cli *cli, const struct arguments *arguments);
static json_t *claims_of(const struct cli *cli, const struct arguments *arguments, const char *session);
static json_t *roles_of(const char *roles, const char *organisation);

/* ---- issuer ---- */

static const struct command_option issuer_options[] = {
    {.name = "dir",
     .value = "DIR",
     .kind = OPTION_TEXT,
     .sentence = "Where to write token-issuer.key and token-keys.json; default " KEYS_DEFAULT},
    {.name = "rotate",
     .kind = OPTION_FLAG,
     .sentence = "A new key signs from now on; tokens of earlier ones are good until they expire"},
    {.name = "drop-earlier",
     .kind = OPTION_FLAG,
     .sentence = "A new key signs from now on; tokens of earlier ones are refused at once"},
};

static int run_issuer(struct cli *cli, const struct arguments *arguments) {
    bool is_rotation = option_is_given(arguments, "rotate"), is_drop = option_is_given(arguments, "drop-earlier");
    if (is_rotation && is_drop) return command_usage(cli, arguments, "expected --rotate or --drop-earlier, not both");
    const char *dir = option_text(arguments, "dir") != NULL ? option_text(arguments, "dir") : KEYS_DEFAULT;
    char key_file[PATH_ROOM], key_set_file[PATH_ROOM], kid[TOKEN_TEXT_MAX + 1];
    if (!path_in(dir, "token-issuer.key", key_file) || !path_in(dir, "token-keys.json", key_set_file)) {
        return command_usage(cli, arguments, "--dir: expected a shorter path");
    }
    if (mkdir(dir, 0700) != 0 && errno != EEXIST) {
        return cli_fail(cli, CLI_USAGE, "make its parent first", "%s cannot be made: %s", dir, strerror(errno));
    }
    enum jose_earlier earlier = is_rotation ? JOSE_EARLIER_KEEP : is_drop ? JOSE_EARLIER_DROP : JOSE_EARLIER_NONE;
    struct error error;
    enum status status = jose_issuer_make(key_file, key_set_file, earlier, kid, &error);
    if (status != STATUS_OK) {
        const char *next = status == STATUS_CONFLICT ? "--rotate makes a new key beside it" : NULL;
        return cli_fail(cli, CLI_USAGE, next, "%s", error.message);
    }
    if (cli->is_json) {
        cli_json(json_pack("{ss so so}", "kid", kid, "key_file", cli_json_text(key_file), "key_set_file",
                           cli_json_text(key_set_file)));
    }
    cli_say(cli,
            "%s signs (key %s): keep it secret, and have none in a live suite.\n%s is for token_key_set_file of "
            "the services.",
            key_file, kid, key_set_file);
    return CLI_OK;
}

const struct command command_token_issuer = {
    .name = "token issuer",
    .sentence = "Make a local issuer of users' tokens, for demo and tests",
    .options = issuer_options,
    .option_count = sizeof issuer_options / sizeof issuer_options[0],
    .run = run_issuer,
};

/* ---- new ---- */

static const struct command_option new_options[] = {
    {.name = "role",
     .value = "ROLE[,ROLE]",
     .kind = OPTION_TEXT,
     .sentence = "Role codes, such as call-handler or S8000:G8000:R8000; at most 8"},
    {.name = "organisation", .value = "ODS", .kind = OPTION_TEXT, .sentence = "Where the roles are held"},
    {.name = "system",
     .value = "NAME",
     .kind = OPTION_TEXT,
     .sentence = "The only system that may send it; default the one that asks (--as)"},
    {.name = "minutes",
     .value = "N",
     .kind = OPTION_NUMBER,
     .min = 1,
     .max = MINUTES_MAX,
     .fallback = 60,
     .sentence = "Good for so long; default 60"},
    {.name = "session",
     .value = "ID",
     .kind = OPTION_TEXT,
     .sentence = "Session id, to be revoked by; default a new one"},
    {.name = "purpose", .value = "TEXT", .kind = OPTION_TEXT, .sentence = "Why the user asks, such as direct-care"},
    {.name = "assurance",
     .value = "1|2|3",
     .kind = OPTION_NUMBER,
     .min = 1,
     .max = 3,
     .fallback = 2,
     .sentence = "Authenticator assurance level; default 2"},
    {.name = "ago",
     .value = "MINUTES",
     .kind = OPTION_NUMBER,
     .max = MINUTES_MAX,
     .sentence = "As if it had been made so long ago: for tests"},
    {.name = "audience", .value = "TEXT", .kind = OPTION_TEXT, .sentence = "Instead of the suite's: for tests"},
    {.name = "issuer", .value = "TEXT", .kind = OPTION_TEXT, .sentence = "Instead of the suite's: for tests"},
    {.name = "key-file", .value = "FILE", .kind = OPTION_TEXT, .sentence = "Instead of the suite's issuer key"},
};

static int run_new(struct cli *cli, const struct arguments *arguments) {
    int code = check_words(cli, arguments);
    if (code == CLI_OK) code = cli_need_suite(cli);
    if (code != CLI_OK) return code;
    const char *key_file = option_text(arguments, "key-file");
    if (key_file == NULL) key_file = cli->suite.token_key_file;
    if (key_file[0] == '\0') {
        return cli_fail(cli, CLI_USAGE, "add it, or run `bhr token issuer` and name the key with --key-file",
                        "%s: [suite] has no token_key_file", cli->suite.path);
    }
    char session[SESSION_ROOM];
    uint8_t bytes[8];
    digest_random(bytes, sizeof bytes);
    text_hex(bytes, sizeof bytes, session);
    session[2 * sizeof bytes] = '\0';
    json_t *claims = claims_of(cli, arguments, session);
    char *text = claims != NULL ? json_dumps(claims, JSON_COMPACT) : NULL;
    if (text == NULL) {
        json_decref(claims);
        return cli_fail(cli, CLI_USAGE, "--as NAME, or --system NAME", "for which system? [client] names none");
    }
    static char token[TOKEN_SIZE_MAX + 1];
    struct buffer out = buffer_over(token, TOKEN_SIZE_MAX);
    struct error error;
    enum status status = jose_issuer_sign(key_file, slice_text(text), &out, &error);
    free(text);
    if (status != STATUS_OK) {
        json_decref(claims);
        return cli_fail(cli, CLI_USAGE, "`bhr token issuer` makes an issuer", "%s", error.message);
    }
    if (cli->is_json) {
        json_t *answer = json_pack("{ss# so}", "token", token, out.size, "claims", claims);
        cli_json(answer);
        return CLI_OK;
    }
    json_decref(claims);
    printf("%.*s\n", (int)out.size, token);
    return CLI_OK;
}

const struct command command_token_new = {
    .name = "token new",
    .arguments = "USER",
    .sentence = "Make a token of the local issuer that says USER asks",
    .more = "  bhr token new 555000000111 --role call-handler --organisation Y90111 >run/me.token\n"
            "  bhr --token run/me.token slots --service clinic",
    .options = new_options,
    .option_count = sizeof new_options / sizeof new_options[0],
    .argument_min = 1,
    .argument_max = 1,
    .run = run_new,
};

static int check_words(const struct cli *cli, const struct arguments *arguments) {
    static const char *const names[] = {"system", "session", "purpose"};
    if (!text_is_token(slice_text(arguments->items[0]), TOKEN_TEXT_MAX)) {
        return command_usage(cli, arguments, "USER: expected 1 to %d of A-Z a-z 0-9 . _ : -", (int)TOKEN_TEXT_MAX);
    }
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        const char *text = option_text(arguments, names[i]);
        size_t size_max = strcmp(names[i], "purpose") == 0 ? TOKEN_PURPOSE_MAX : TOKEN_TEXT_MAX;
        if (text == NULL || text_is_token(slice_text(text), size_max)) continue;
        return command_usage(cli, arguments, "--%s: expected 1 to %zu of A-Z a-z 0-9 . _ : -", names[i], size_max);
    }
    const char *role = option_text(arguments, "role"), *organisation = option_text(arguments, "organisation");
    if ((role == NULL) != (organisation == NULL)) {
        return command_usage(cli, arguments, "expected --role and --organisation together");
    }
    if (organisation != NULL && !text_is_ods_code(slice_text(organisation))) {
        return command_usage(cli, arguments, "--organisation: expected an ODS code, 3 to 10 of A-Z 0-9");
    }
    return CLI_OK;
}

/* NULL when it is not known for which system. */
static json_t *claims_of(const struct cli *cli, const struct arguments *arguments, const char *session) {
    const struct suite *suite = &cli->suite;
    const struct suite_client *client = suite_client(suite, cli->as);
    const char *system = option_text(arguments, "system"), *purpose = option_text(arguments, "purpose");
    if (system == NULL && client != NULL && client->system[0] != '\0') system = client->system;
    if (system == NULL) return NULL;
    const char *issuer = option_text(arguments, "issuer"), *audience = option_text(arguments, "audience");
    const char *given_session = option_text(arguments, "session");
    json_int_t issued_s = cli_now_ms(cli) / 1000 - option_number(arguments, "ago") * 60;
    json_t *claims = json_pack("{ss ss ss sI sI ss ss si}", "iss", issuer != NULL ? issuer : suite->token_issuer, "aud",
                               audience != NULL ? audience : suite->token_audience, "sub", arguments->items[0], "iat",
                               issued_s, "exp", issued_s + option_number(arguments, "minutes") * 60, "azp", system,
                               "sid", given_session != NULL ? given_session : session, "authentication_assurance_level",
                               (int)option_number(arguments, "assurance"));
    ASSERT(claims != NULL);
    if (purpose != NULL) (void)json_object_set_new(claims, "bhr_purpose", json_string(purpose));
    if (option_is_given(arguments, "role")) {
        json_t *roles = roles_of(option_text(arguments, "role"), option_text(arguments, "organisation"));
        (void)json_object_set_new(claims, "nhsid_nrbac_roles", roles);
    }
    return claims;
}

static json_t *roles_of(const char *roles, const char *organisation) {
    json_t *entries = json_array();
    while (*roles != '\0') {
        size_t size = strcspn(roles, ",");
        (void)json_array_append_new(entries, json_pack("{ss# ss}", "role_code", roles, size, "org_code", organisation));
        roles += size + (roles[size] == ',');
    }
    return entries;
}

/* ---- show ---- */

static int run_show(struct cli *cli, const struct arguments *arguments) {
    static char token[TOKEN_SIZE_MAX + 1], header_text[TOKEN_SIZE_MAX], claims_text[TOKEN_SIZE_MAX];
    struct error error;
    if (token_file_read(arguments->items[0], token, &error) != STATUS_OK) return cli_fail_error(cli, &error, NULL);
    struct buffer header = buffer_over(header_text, sizeof header_text);
    struct buffer claims = buffer_over(claims_text, sizeof claims_text);
    if (!jose_peek(slice_text(token), &header, &claims)) {
        return cli_fail(cli, CLI_CHECK, NULL, "this is no token: its header or its claims cannot be read");
    }
    json_t *header_json = json_loadb(header_text, header.size, 0, NULL);
    json_t *claims_json = json_loadb(claims_text, claims.size, 0, NULL);
    cli_json(json_pack("{so sO sb}", "header", header_json, "claims", claims_json, "verified", 0));
    static const char *const times[] = {"iat", "nbf", "exp"};
    for (size_t i = 0; i < sizeof times / sizeof times[0]; i++) {
        const json_t *value = json_object_get(claims_json, times[i]);
        if (!json_is_integer(value)) continue;
        char text[CIVIL_INSTANT_SIZE];
        civil_format_instant(json_integer_value(value) * 1000, text);
        cli_say(cli, "%s %.*s", times[i], CIVIL_INSTANT_SIZE, text);
    }
    json_decref(claims_json);
    cli_say(cli, "Nothing of this was verified.");
    return CLI_OK;
}

const struct command command_token_show = {
    .name = "token show",
    .arguments = "FILE|TOKEN",
    .sentence = "What a token says of itself; believes nothing",
    .argument_min = 1,
    .argument_max = 1,
    .run = run_show,
};

static bool path_in(const char *dir, const char *name, char ret_path[PATH_ROOM]) {
    int size = snprintf(ret_path, PATH_ROOM, "%s/%s", dir, name);
    return size >= 0 && size < PATH_ROOM;
}
