/* The folder of certificates, run/tls unless told otherwise: ca.crt and ca.key, NAME.crt and NAME.key, and for brokers
 * NAME.pem with both. */
#ifndef BHR_CLI_CERTIFICATES_H
#define BHR_CLI_CERTIFICATES_H

#include "cli/bhr/command.h"
#include "lib/host/acl.h"
#include "lib/port/tls/certificate.h"

#define CERTIFICATES_FOLDER    "run/tls"
#define CERTIFICATES_AUTHORITY "ca"

enum { CERTIFICATES_PATH_MAX = 512, CERTIFICATES_LIST_MAX = 128, CERTIFICATES_DAYS_DEFAULT = 30 };

/* "run/tls/booking.crt" */
bool certificates_path(const char *folder, const char *name, const char *end, char ret_path[CERTIFICATES_PATH_MAX]);

/* What can be asked of a certificate on the command line: --tls and --days, for the tables of `keys new` and `rotate`. */
#define CERTIFICATES_OPTION_TLS                                                                                        \
    {                                                                                                                  \
        .name = "tls", .value = "DIR", .kind = OPTION_TEXT,                                                            \
        .sentence = "Folder of certificates and their authority; default " CERTIFICATES_FOLDER                         \
    }
#define CERTIFICATES_OPTION_DAYS(fallback_days)                                                                        \
    {                                                                                                                  \
        .name = "days", .value = "N", .kind = OPTION_NUMBER, .min = 1, .max = CERTIFICATE_DAYS_MAX,                    \
        .fallback = (fallback_days), .sentence = "How long the certificate is good; default " #fallback_days           \
    }

/* Makes a certificate by the authority in the folder; hosts is NULL for one that is no server's. Returns an exit code,
 * its complaint made. */
int certificates_issue(struct cli *cli, const struct arguments *arguments, const char *name, const char *hosts,
                       bool may_replace, struct certificate_facts *ret_facts);
/* "29 days, until Tue 22 Dec 2026 18:40 GMT" */
enum { CERTIFICATES_TEXT_MAX = 96 };
void certificates_left(const struct certificate_facts *facts, int64_t now_ms, char ret_text[CERTIFICATES_TEXT_MAX]);
enum cli_paint certificates_paint(const struct certificate_facts *facts, int64_t now_ms);

/* Every certificate in the folder that can be read, by name; *ret_count at most CERTIFICATES_LIST_MAX. */
void certificates_list(const char *folder, struct certificate_facts ret_facts[CERTIFICATES_LIST_MAX],
                       size_t *ret_count);

#endif
