/* CURVE key pairs, as Z85 text, in memory and in files:
 *
 *     public = <40 characters>
 *     secret = <40 characters>
 *
 * A key file is readable by its owner only; one that others may read is refused. */
#ifndef BHR_PORT_ZMQ_KEYS_H
#define BHR_PORT_ZMQ_KEYS_H

#include "lib/base/status.h"
#include "lib/port/socket.h"

struct zmq_keys {
    char public[SOCKET_KEY_TEXT_SIZE + 1];
    char secret[SOCKET_KEY_TEXT_SIZE + 1];
};

MUST_CHECK enum status zmq_keys_make(struct zmq_keys *ret_keys, struct error *reterr_error);
/* The public key that belongs to a secret one. */
MUST_CHECK enum status zmq_keys_derive(const char *secret, char ret_public[SOCKET_KEY_TEXT_SIZE + 1],
                                       struct error *reterr_error);
/* STATUS_CONFLICT when there is such a file already: a key is never overwritten. */
MUST_CHECK enum status zmq_keys_save(const struct zmq_keys *keys, const char *path, struct error *reterr_error);
/* STATUS_DENIED when others may read the file, STATUS_INVALID when it is not a key pair. */
MUST_CHECK enum status zmq_keys_load(const char *path, struct zmq_keys *ret_keys, struct error *reterr_error);
/* Whether text is a CURVE key: 40 characters of Z85 that stand for 32 bytes. */
bool zmq_keys_is_key(const char *text);
void zmq_keys_wipe(struct zmq_keys *keys);

#endif
