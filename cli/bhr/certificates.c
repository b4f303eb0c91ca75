/* Certificates as the commands need them. Owns nothing; one thread; reads and writes files only. */
#include "cli/bhr/certificates.h"

#include "lib/base/assert.h"
#include "lib/client/uk_time.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

enum { HOUR_S = 3600, DAY_S = 86400, DAYS_IN_HOURS = 2, DAYS_BAD = 3, DAYS_WARN = 10 };

bool certificates_path(const char *folder, const char *name, const char *end, char ret_path[CERTIFICATES_PATH_MAX]) {
    int size = snprintf(ret_path, CERTIFICATES_PATH_MAX, "%s/%s%s", folder, name, end);
    return size > 0 && size < CERTIFICATES_PATH_MAX;
}

int certificates_issue(struct cli *cli, const struct arguments *arguments, const char *name, const char *hosts,
                       bool may_replace, struct certificate_facts *ret_facts) {
    const char *folder = option_text(arguments, "tls");
    char ca[CERTIFICATES_PATH_MAX], ca_key[CERTIFICATES_PATH_MAX], certificate[CERTIFICATES_PATH_MAX],
        key[CERTIFICATES_PATH_MAX], both[CERTIFICATES_PATH_MAX];
    if (folder == NULL) folder = CERTIFICATES_FOLDER;
    if (!certificates_path(folder, CERTIFICATES_AUTHORITY, ".crt", ca) ||
        !certificates_path(folder, CERTIFICATES_AUTHORITY, ".key", ca_key) ||
        !certificates_path(folder, name, ".crt", certificate) || !certificates_path(folder, name, ".key", key) ||
        !certificates_path(folder, name, ".pem", both)) {
        return command_usage(cli, arguments, "--tls: expected a shorter path");
    }
    const struct certificate_order order = {.name = name,
                                            .hosts = hosts,
                                            .begins_at_s = cli_now_ms(cli) / 1000,
                                            .days = (int)option_number(arguments, "days"),
                                            .certificate_file = certificate,
                                            .key_file = key,
                                            .both_file = hosts != NULL ? both : NULL,
                                            .may_replace = may_replace};
    struct error error;
    enum status status = certificate_issue(ca, ca_key, &order, &error);
    if (status == STATUS_OK) status = certificate_read(certificate, ret_facts, &error);
    if (status == STATUS_OK) return CLI_OK;
    const char *next = status == STATUS_NOT_FOUND  ? "`bhr keys ca` makes the authority first"
                       : status == STATUS_CONFLICT ? "`bhr keys rotate` replaces a certificate"
                                                   : NULL;
    return cli_fail(cli, CLI_USAGE, next, "%s", error.message);
}

void certificates_left(const struct certificate_facts *facts, int64_t now_ms, char ret_text[CERTIFICATES_TEXT_MAX]) {
    char until[UK_TIME_TEXT_MAX];
    int64_t left_s = facts->expires_at_s - now_ms / 1000;
    uk_time_format(facts->expires_at_s * 1000, until);
    if (left_s <= 0) {
        (void)snprintf(ret_text, CERTIFICATES_TEXT_MAX, "EXPIRED %s", until);
    } else {
        bool is_soon = left_s < (int64_t)DAYS_IN_HOURS * DAY_S;
        int64_t unit_s = is_soon ? HOUR_S : DAY_S;
        (void)snprintf(ret_text, CERTIFICATES_TEXT_MAX, "%lld %s, until %s",
                       (long long)((left_s + unit_s / 2) / unit_s), is_soon ? "hours" : "days", until);
    }
}

enum cli_paint certificates_paint(const struct certificate_facts *facts, int64_t now_ms) {
    int64_t left_s = facts->expires_at_s - now_ms / 1000;
    return left_s < (int64_t)DAYS_BAD * DAY_S    ? PAINT_BAD
           : left_s < (int64_t)DAYS_WARN * DAY_S ? PAINT_WARN
                                                 : PAINT_GOOD;
}

static int by_name(const void *a, const void *b) {
    return strcmp(((const struct certificate_facts *)a)->name, ((const struct certificate_facts *)b)->name);
}

void certificates_list(const char *folder, struct certificate_facts ret_facts[CERTIFICATES_LIST_MAX],
                       size_t *ret_count) {
    DIR *dir = opendir(folder);
    const struct dirent *entry;
    *ret_count = 0;
    while (dir != NULL && *ret_count < CERTIFICATES_LIST_MAX && (entry = readdir(dir)) != NULL) {
        size_t size = strlen(entry->d_name);
        char path[CERTIFICATES_PATH_MAX];
        if (size < 5 || strcmp(entry->d_name + size - 4, ".crt") != 0) continue;
        if (!certificates_path(folder, entry->d_name, "", path)) continue;
        if (certificate_read(path, &ret_facts[*ret_count], NULL) == STATUS_OK) ++*ret_count;
    }
    if (dir != NULL) (void)closedir(dir);
    qsort(ret_facts, *ret_count, sizeof ret_facts[0], by_name);
}
