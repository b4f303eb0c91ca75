/* bhr keys: key pairs of systems and doors, the secret behind pseudonyms, and the master key. Writes files that only their
 * owner may read; never prints a secret. */
#include "cli/bhr/certificates.h"
#include "cli/bhr/cluster.h"
#include "cli/bhr/commands.h"
#include "lib/base/text.h"
#include "lib/digest/digest.h"
#include "lib/port/zmq/zmq_keys.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

enum { PATH_ROOM = 512, SECRET_BYTES = 32 };

static int new_certificate(struct cli *cli, const struct arguments *arguments, enum acl_kind kind);
static int path_of(const struct cli *cli, const struct arguments *arguments, const char *name,
                   char ret_path[PATH_ROOM]);

static const struct command_option new_options[] = {
    {.name = "kind",
     .value = "KIND",
     .kind = OPTION_CHOICE,
     .choices = "service|publisher|system|operator|broker",
     .sentence = "Also a certificate for Kafka: service, publisher, system, operator or broker"},
    CERTIFICATES_OPTION_TLS,
    CERTIFICATES_OPTION_DAYS(30),
    {.name = "hosts",
     .value = "LIST",
     .kind = OPTION_TEXT,
     .sentence = "Addresses of a broker, comma separated; default 127.0.0.1,localhost"},
    {.name = "dir", .value = "DIR", .kind = OPTION_TEXT, .sentence = "Where to write NAME.key; default run/keys"},
    {.name = "organisation", .value = "ODS", .kind = OPTION_TEXT, .sentence = "For the policy snippet"},
    {.name = "role",
     .value = "ROLE",
     .kind = OPTION_CHOICE,
     .choices = "111|practice|hub|operator",
     .sentence = "For the policy snippet: 111, practice, hub or operator"},
};

static int run_new(struct cli *cli, const struct arguments *arguments) {
    static const char *const roles[] = {"practice", "111", "practice", "hub", "operator"};
    const char *name = arguments->items[0];
    if (!text_is_token(slice_text(name), SOCKET_SYSTEM_MAX)) {
        return command_usage(cli, arguments, "NAME: expected 1 to %d of A-Z a-z 0-9 . _ : -", (int)SOCKET_SYSTEM_MAX);
    }
    char path[PATH_ROOM];
    int code = CLI_OK;
    if (option_is_given(arguments, "kind")) {
        enum acl_kind kind = (enum acl_kind)(option_number(arguments, "kind") - 1);
        code = new_certificate(cli, arguments, kind);
        if (code != CLI_OK || (kind != ACL_SYSTEM && kind != ACL_OPERATOR)) return code;
    }
    if (code == CLI_OK) code = path_of(cli, arguments, name, path);
    if (code != CLI_OK) return code;
    if (option_is_given(arguments, "kind") && access(path, F_OK) == 0) return CLI_OK; /* who was there before Kafka */
    struct error error;
    struct zmq_keys keys = {0};
    enum status status = zmq_keys_make(&keys, &error);
    if (status == STATUS_OK) status = zmq_keys_save(&keys, path, &error);
    char public[SOCKET_KEY_TEXT_SIZE + 1];
    memcpy(public, keys.public, sizeof public);
    zmq_keys_wipe(&keys);
    if (status != STATUS_OK) {
        const char *next =
            status == STATUS_CONFLICT ? "a key is never overwritten: remove the file, or choose another NAME" : NULL;
        return cli_fail(cli, CLI_USAGE, next, "%s", error.message);
    }
    if (cli->is_json) {
        cli_json(json_pack("{ss so ss}", "name", name, "key_file", cli_json_text(path), "public", public));
        return CLI_OK;
    }
    const char *organisation = option_text(arguments, "organisation");
    printf("# %s holds the key pair; keep it secret. For the policy file:\n", path);
    printf("system %s {\n    key          %s\n    organisation %s\n    role         %s\n", name, public,
           organisation != NULL ? organisation : "F82001", roles[option_number(arguments, "role")]);
    printf("    methods      bhr.booking.v1.BookingService/*\n    in_flight    64\n    per_second   2000\n}\n");
    return CLI_OK;
}

const struct command command_keys_new = {
    .name = "keys new",
    .arguments = "NAME",
    .sentence = "Make a CURVE key pair; prints what the policy file needs. With --kind, a certificate",
    .more = "A system or operator gets both, in DIR of --dir and DIR of --tls; a service, publisher or broker only the "
            "certificate, whose name is its principal. Without --kind there is a CURVE pair only, as a door needs it.",
    .options = new_options,
    .option_count = sizeof new_options / sizeof new_options[0],
    .argument_min = 1,
    .argument_max = 1,
    .run = run_new,
};

static const struct command_option secret_options[] = {
    {.name = "dir", .value = "DIR", .kind = OPTION_TEXT, .sentence = "Where to write NAME.key; default run/keys"},
};

/* 32 random bytes in hexadecimal, in a file NAME.key that is made once and never again. */
static int make_secret(struct cli *cli, const struct arguments *arguments, const char *name, const char *why_keep,
                       const char *what_next) {
    char path[PATH_ROOM];
    int code = path_of(cli, arguments, name, path);
    if (code != CLI_OK) return code;
    uint8_t secret[SECRET_BYTES];
    char text[2 * SECRET_BYTES + 1];
    digest_random(secret, sizeof secret);
    text_hex(secret, sizeof secret, text);
    text[sizeof text - 1] = '\n';
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd < 0 && errno == EEXIST) {
        return cli_fail(cli, CLI_USAGE, why_keep, "%s exists", path);
    }
    if (fd < 0) return cli_fail(cli, CLI_USAGE, NULL, "%s cannot be written: %s", path, strerror(errno));
    bool is_written = write(fd, text, sizeof text) == (ssize_t)sizeof text && fsync(fd) == 0;
    (void)close(fd);
    explicit_bzero(secret, sizeof secret);
    explicit_bzero(text, sizeof text);
    if (!is_written) {
        (void)unlink(path);
        return cli_fail(cli, CLI_UNREACHED, "make room", "%s could not be written whole", path);
    }
    if (cli->is_json) cli_json(json_pack("{so}", "key_file", cli_json_text(path)));
    cli_say(cli, "%s written: %s", path, what_next);
    return CLI_OK;
}

static int run_pseudonym(struct cli *cli, const struct arguments *arguments) {
    return make_secret(cli, arguments, "pseudonym", "keep it: with another key every pseudonym would change",
                       "set it as pseudonym_key_file, the same in every process; losing it loses the pseudonyms");
}

static int run_master(struct cli *cli, const struct arguments *arguments) {
    return make_secret(cli, arguments, "master", "keep it: without it nobody's details can be read any more",
                       "set it as master_key_file, the same in every process, and back it up now, apart from the rest: "
                       "losing it loses every person's details (docs/runbooks/master-key.md)");
}

const struct command command_keys_pseudonym = {
    .name = "keys pseudonym",
    .sentence = "Make the secret behind pseudonymous person ids",
    .options = secret_options,
    .option_count = sizeof secret_options / sizeof secret_options[0],
    .run = run_pseudonym,
};

const struct command command_keys_master = {
    .name = "keys master",
    .sentence = "Make the key that wraps the keys of persons",
    .options = secret_options,
    .option_count = sizeof secret_options / sizeof secret_options[0],
    .run = run_master,
};

static int new_certificate(struct cli *cli, const struct arguments *arguments, enum acl_kind kind) {
    const char *name = arguments->items[0], *hosts = option_text(arguments, "hosts");
    const struct topics_systems nobody = {0};
    const struct acl_names names = cluster_names(&nobody);
    if (!acl_may_be_named(&names, kind, name)) {
        return command_usage(cli, arguments, "NAME: expected %s", acl_kind_expected(kind));
    }
    if (kind != ACL_BROKER && hosts != NULL)
        return command_usage(cli, arguments, "--hosts: expected for a broker only");
    if (kind == ACL_BROKER && hosts == NULL) hosts = "127.0.0.1,localhost";
    if (hosts != NULL && strlen(hosts) >= CERTIFICATE_HOSTS_MAX) {
        return command_usage(cli, arguments, "--hosts: expected at most %d bytes", CERTIFICATE_HOSTS_MAX - 1);
    }
    struct certificate_facts facts;
    int code = certificates_issue(cli, arguments, name, hosts, false, &facts);
    if (code != CLI_OK) return code;
    char left[CERTIFICATES_TEXT_MAX];
    certificates_left(&facts, cli_now_ms(cli), left);
    cli_say(cli, "# certificate of %s, good for %s", facts.name, left);
    if (cli->is_json && kind != ACL_SYSTEM && kind != ACL_OPERATOR) {
        cli_json(json_pack("{ss so}", "name", name, "expires_at", cli_json_time(facts.expires_at_s * 1000)));
    }
    return CLI_OK;
}

static int path_of(const struct cli *cli, const struct arguments *arguments, const char *name,
                   char ret_path[PATH_ROOM]) {
    const char *dir = option_text(arguments, "dir");
    if (dir == NULL) dir = "run/keys";
    int size = snprintf(ret_path, PATH_ROOM, "%s/%s.key", dir, name);
    if (size < 0 || size >= PATH_ROOM) return command_usage(cli, arguments, "--dir: expected a shorter path");
    if (mkdir(dir, 0700) != 0 && errno != EEXIST) {
        return cli_fail(cli, CLI_USAGE, "make its parent first", "%s cannot be made: %s", dir, strerror(errno));
    }
    return CLI_OK;
}
