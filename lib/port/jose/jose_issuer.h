/* A local issuer of users' tokens, for demo and tests: a P-256 key in a file for its owner only, and the set of its public
 * keys beside it, as an identity provider would publish it. A live suite trusts the NHS's issuer and has no such file. */
#ifndef BHR_PORT_JOSE_JOSE_ISSUER_H
#define BHR_PORT_JOSE_JOSE_ISSUER_H

#include "lib/base/buffer.h"
#include "lib/base/status.h"
#include "lib/port/token.h"

enum jose_earlier {
    JOSE_EARLIER_NONE, /* the first key: STATUS_CONFLICT when there is one already */
    JOSE_EARLIER_KEEP, /* a new key signs; tokens of earlier ones are good until they expire */
    JOSE_EARLIER_DROP, /* tokens of earlier keys are good no longer */
};

/* Makes a key and writes both files, each as a whole. */
MUST_CHECK enum status jose_issuer_make(const char *key_file, const char *key_set_file, enum jose_earlier earlier,
                                        char ret_kid[TOKEN_TEXT_MAX + 1], struct error *reterr_error);
/* Appends a token over these claims (JSON text) to out. STATUS_DENIED when others may read the key file. */
MUST_CHECK enum status jose_issuer_sign(const char *key_file, struct slice claims, struct buffer *out,
                                        struct error *reterr_error);

/* What a token says of itself, header and claims as JSON text, without any belief in it. False when it cannot be read. */
bool jose_peek(struct slice token, struct buffer *out_header, struct buffer *out_claims);

#endif
