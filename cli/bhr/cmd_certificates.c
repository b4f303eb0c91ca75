/* bhr keys ca, keys rotate: the authority of the suite's certificates, and new certificates and keys in place of old ones.
 * Writes files that only their owner may read; never prints a secret. */
#include "cli/bhr/certificates.h"
#include "cli/bhr/commands.h"
#include "lib/port/zmq/zmq_keys.h"

#include <errno.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

enum { DAY_S = 86400 };

static const struct command_option ca_options[] = {
    CERTIFICATES_OPTION_TLS,
    CERTIFICATES_OPTION_DAYS(3650),
};

static int run_ca(struct cli *cli, const struct arguments *arguments) {
    const char *folder = option_text(arguments, "tls");
    char certificate[CERTIFICATES_PATH_MAX], key[CERTIFICATES_PATH_MAX];
    if (folder == NULL) folder = CERTIFICATES_FOLDER;
    if (!certificates_path(folder, CERTIFICATES_AUTHORITY, ".crt", certificate) ||
        !certificates_path(folder, CERTIFICATES_AUTHORITY, ".key", key)) {
        return command_usage(cli, arguments, "--tls: expected a shorter path");
    }
    if (mkdir(folder, 0700) != 0 && errno != EEXIST) {
        return cli_fail(cli, CLI_USAGE, "make its parent first", "%s cannot be made: %s", folder, strerror(errno));
    }
    const struct certificate_order order = {.name = "bhr-authority",
                                            .begins_at_s = cli_now_ms(cli) / 1000,
                                            .days = (int)option_number(arguments, "days"),
                                            .certificate_file = certificate,
                                            .key_file = key};
    struct error error;
    struct certificate_facts facts;
    enum status status = certificate_make_authority(&order, &error);
    if (status == STATUS_OK) status = certificate_read(certificate, &facts, &error);
    if (status != STATUS_OK) {
        const char *next =
            status == STATUS_CONFLICT ? "keep it: with another one every certificate is worth nothing" : NULL;
        return cli_fail(cli, CLI_USAGE, next, "%s", error.message);
    }
    char left[CERTIFICATES_TEXT_MAX];
    certificates_left(&facts, cli_now_ms(cli), left);
    if (cli->is_json) {
        cli_json(json_pack("{so so so}", "certificate_file", cli_json_text(certificate), "key_file", cli_json_text(key),
                           "expires_at", cli_json_time(facts.expires_at_s * 1000)));
    }
    cli_say(cli, "authority        %s, good for %s", certificate, left);
    cli_say(cli, "%s signs every principal: keep it off the machines that only use certificates", key);
    return CLI_OK;
}

const struct command command_keys_ca = {
    .name = "keys ca",
    .sentence = "Make the authority that certificates are from, once",
    .more = "Everybody who talks to Kafka is given ca.crt; ca.key stays with whoever makes certificates.",
    .options = ca_options,
    .option_count = sizeof ca_options / sizeof ca_options[0],
    .run = run_ca,
};

static const struct command_option rotate_options[] = {
    CERTIFICATES_OPTION_TLS,
    CERTIFICATES_OPTION_DAYS(30),
    {.name = "left",
     .value = "DAYS",
     .kind = OPTION_NUMBER,
     .min = 0,
     .max = CERTIFICATE_DAYS_MAX,
     .fallback = CERTIFICATE_DAYS_MAX,
     .sentence = "Only when the certificate is good for fewer days than that; for a daily timer"},
    {.name = "curve", .kind = OPTION_FLAG, .sentence = "The CURVE key pair instead, for the doors"},
    {.name = "dir", .value = "DIR", .kind = OPTION_TEXT, .sentence = "Where NAME.key of --curve is; default run/keys"},
};

static int rotate_curve(struct cli *cli, const struct arguments *arguments);

static int run_rotate(struct cli *cli, const struct arguments *arguments) {
    const char *name = arguments->items[0], *folder = option_text(arguments, "tls");
    if (option_is_given(arguments, "curve")) return rotate_curve(cli, arguments);
    char path[CERTIFICATES_PATH_MAX];
    struct certificate_facts old, new;
    struct error error;
    if (!topics_system_is_good(name)) return command_usage(cli, arguments, "NAME: expected a certificate's name");
    if (!certificates_path(folder != NULL ? folder : CERTIFICATES_FOLDER, name, ".crt", path)) {
        return command_usage(cli, arguments, "--tls: expected a shorter path");
    }
    if (certificate_read(path, &old, &error) != STATUS_OK) {
        return cli_fail(cli, CLI_USAGE, "`bhr keys new NAME --kind KIND` makes it", "%s", error.message);
    }
    if (old.is_authority) {
        return cli_fail(cli, CLI_USAGE, "see docs/runbooks/certificates.md",
                        "an authority is not replaced by a command");
    }
    int64_t left_s = old.expires_at_s - cli_now_ms(cli) / 1000;
    bool is_due = left_s < option_number(arguments, "left") * DAY_S;
    if (is_due) {
        int code = certificates_issue(cli, arguments, name, old.hosts[0] != '\0' ? old.hosts : NULL, true, &new);
        if (code != CLI_OK) return code;
    } else {
        new = old;
    }
    char left[CERTIFICATES_TEXT_MAX];
    certificates_left(&new, cli_now_ms(cli), left);
    if (cli->is_json) {
        cli_json(json_pack("{so sb so}", "certificate_file", cli_json_text(path), "is_new", (int)is_due, "expires_at",
                           cli_json_time(new.expires_at_s * 1000)));
    }
    cli_say(cli, "%-16s %s, good for %s", is_due ? "new" : "kept", path, left);
    if (is_due) {
        cli_say(cli, "the old one stays good until it expires: start its users anew one after another before that");
    }
    return CLI_OK;
}

const struct command command_keys_rotate = {
    .name = "keys rotate",
    .arguments = "NAME",
    .sentence = "Replace a certificate, or with --curve a CURVE key pair, by a new one",
    .more = "Old and new are good side by side: a process uses the certificate that it read when it started, until it "
            "expires. With --curve the old pair is kept in NAME.old.key; put the new public key beside the old one in "
            "the policy file (a system may have two `key` rows), and remove the old row when nobody uses it any more.",
    .options = rotate_options,
    .option_count = sizeof rotate_options / sizeof rotate_options[0],
    .argument_min = 1,
    .argument_max = 1,
    .run = run_rotate,
};

/* The new pair is whole on disk before the old one gives up its name. */
static int rotate_curve(struct cli *cli, const struct arguments *arguments) {
    const char *name = arguments->items[0], *dir = option_text(arguments, "dir");
    char path[CERTIFICATES_PATH_MAX], old_path[CERTIFICATES_PATH_MAX], new_path[CERTIFICATES_PATH_MAX];
    if (dir == NULL) dir = "run/keys";
    if (!certificates_path(dir, name, ".key", path) || !certificates_path(dir, name, ".old.key", old_path) ||
        !certificates_path(dir, name, ".new.key", new_path)) {
        return command_usage(cli, arguments, "--dir: expected a shorter path");
    }
    struct zmq_keys old = {0}, new = {0};
    struct error error;
    enum status status = zmq_keys_load(path, &old, &error);
    (void)unlink(new_path);
    if (status == STATUS_OK) status = zmq_keys_make(&new, &error);
    if (status == STATUS_OK) status = zmq_keys_save(&new, new_path, &error);
    char old_public[SOCKET_KEY_TEXT_SIZE + 1], new_public[SOCKET_KEY_TEXT_SIZE + 1];
    memcpy(old_public, old.public, sizeof old_public);
    memcpy(new_public, new.public, sizeof new_public);
    zmq_keys_wipe(&old);
    zmq_keys_wipe(&new);
    if (status != STATUS_OK) return cli_fail(cli, CLI_USAGE, NULL, "%s", error.message);
    if (rename(path, old_path) != 0 || rename(new_path, path) != 0) {
        return cli_fail(cli, CLI_USAGE, NULL, "%s cannot be replaced: %s", path, strerror(errno));
    }
    if (cli->is_json) {
        cli_json(json_pack("{so so ss ss}", "key_file", cli_json_text(path), "old_key_file", cli_json_text(old_path),
                           "public", new_public, "old_public", old_public));
    }
    cli_say(cli,
            "# %s holds the new pair, %s the old one. For the policy file, both until nobody uses the old one:", path,
            old_path);
    cli_say(cli, "    key          %s\n    key          %s", new_public, old_public);
    return CLI_OK;
}
