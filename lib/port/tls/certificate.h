/* X.509 certificates of the suite, through libcrypto: one authority, and short-lived certificates from it, one for each
 * principal. P-256 throughout; the common name is the principal, and nothing else is in the subject. Keys are written as
 * PKCS#8 for their owner only and never printed. Any thread; waits for the disk only.
 *
 * A certificate is replaced by writing a new one over it (may_replace): each file changes in one step, and the old
 * certificate stays good until it expires, so that whoever still uses it is not cut off. */
#ifndef BHR_PORT_TLS_CERTIFICATE_H
#define BHR_PORT_TLS_CERTIFICATE_H

#include "lib/base/status.h"

#include <stdbool.h>
#include <stdint.h>

enum {
    CERTIFICATE_NAME_MAX = 64, /* X.520's bound of a common name */
    CERTIFICATE_DAYS_MAX = 7300,
    CERTIFICATE_HOSTS_MAX = 256,
};

struct certificate_order {
    const char *name;    /* its common name: 1 to CERTIFICATE_NAME_MAX of A-Z a-z 0-9 . _ - */
    const char *hosts;   /* "127.0.0.1,localhost": makes it a server's for these addresses; NULL for a client's */
    int64_t begins_at_s; /* seconds since 1970 */
    int days;
    const char *certificate_file, *key_file;
    const char *both_file; /* key and certificate in one, as Kafka brokers read them; NULL for none */
    bool may_replace;      /* else STATUS_CONFLICT where a file exists */
};

/* An authority: signed by itself, good for issuing only. */
enum status certificate_make_authority(const struct certificate_order *order, struct error *reterr_error);
/* Expires no later than the authority. */
enum status certificate_issue(const char *authority_file, const char *authority_key_file,
                              const struct certificate_order *order, struct error *reterr_error);

struct certificate_facts {
    char name[CERTIFICATE_NAME_MAX + 1], issuer[CERTIFICATE_NAME_MAX + 1];
    char hosts[CERTIFICATE_HOSTS_MAX]; /* of a server's, as in an order; else empty */
    bool is_authority;
    int64_t begins_at_s, expires_at_s;
};
/* The first certificate in the file. STATUS_NOT_FOUND when there is no such file. */
enum status certificate_read(const char *path, struct certificate_facts *ret_facts, struct error *reterr_error);

#endif
