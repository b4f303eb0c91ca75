/* Checks users' tokens: JWS in compact form, ES256 only, the key by its id from a local JWK set (RFC 7515, 7517, 7519,
 * 8725). It never fetches a key and never believes one that a token brings along.
 *
 * Ownership: opened and used on one thread, the door's. Bounds: a key set of JOSE_KEYS_MAX keys, a revocation list of
 * JOSE_REVOKED_MAX lines, JOSE_CACHE_MAX tokens remembered for JOSE_CACHE_MS_MAX each.
 *
 * Both files are read again when they have changed, looked at once a second at most, when a token comes or the host asks
 * for it; a token whose key is unknown has the key set read at once, ten times a second at most. A file that cannot be
 * read, or is not what it must be, changes nothing: what was read last stays in force, and the listener is told. */
#ifndef BHR_PORT_JOSE_JOSE_VERIFIER_H
#define BHR_PORT_JOSE_JOSE_VERIFIER_H

#include "lib/base/status.h"
#include "lib/port/token.h"

enum {
    JOSE_KEYS_MAX = 16,
    JOSE_REVOKED_MAX = 10000,
    JOSE_CACHE_MAX = 1024,
    JOSE_CACHE_MS_MAX = 300000,
    JOSE_LOOK_MS = 1000,       /* between two looks at the files */
    JOSE_UNKNOWN_KEY_MS = 100, /* between two readings for the sake of unknown keys */
};

struct jose_options {
    const char *issuer, *audience;
    const char *key_set_file;
    const char *revoked_file; /* session and user ids, one a line, # begins a comment; "" for none */
    int64_t skew_ms;          /* by how much the issuer's clock and ours may differ */
    int64_t age_ms_max;       /* a token older than this has expired, whatever it says */

    void *listener;
    /* A file was read after the start. fault is NULL, or what is wrong with it: then the last good reading stays in force.
     * May be NULL. */
    void (*on_read)(void *listener, const char *path, uint32_t count, const char *fault);
};

struct jose_figures {
    uint64_t signatures; /* verified; a token seen before needs none */
    uint64_t remembered; /* answered from memory */
    uint64_t readings;   /* of either file, changed or not */
};

struct jose_verifier;

/* Copies the options' texts. Both files must be there and good. */
MUST_CHECK enum status jose_verifier_open(const struct jose_options *options, struct jose_verifier **ret_verifier,
                                          struct error *reterr_error);
/* Accepts NULL. */
void jose_verifier_close(struct jose_verifier *verifier);
struct token_port jose_verifier_port(struct jose_verifier *verifier);
/* Looks whether a file has changed, if that was not done within the last second: so that what stays in force when a file
 * breaks is what stood in it a second before. */
void jose_verifier_look(struct jose_verifier *verifier, int64_t now_ms);
struct jose_figures jose_verifier_figures(const struct jose_verifier *verifier);

#endif
