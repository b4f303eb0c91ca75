/* The master key: wraps the keys of persons, so that what lies in their topic is worth nothing without it. Today it is a
 * file (lib/host/master_key_file.h); the port is this narrow so that a key service, which never gives its key away, fits
 * behind it. One thread. */
#ifndef BHR_PORT_MASTER_KEY_H
#define BHR_PORT_MASTER_KEY_H

#include "lib/base/slice.h"

enum { MASTER_KEY_ID_SIZE = 8, MASTER_KEY_PLAIN_SIZE = 32, MASTER_KEY_WRAPPED_SIZE = 24 + MASTER_KEY_PLAIN_SIZE + 16 };

struct master_key {
    void *context;
    uint8_t id[MASTER_KEY_ID_SIZE]; /* which master key this is; tells nothing about it */
    /* Both are bound to bytes that name what the key is for. False: it cannot be had now. */
    bool (*wrap)(void *context, const uint8_t key[MASTER_KEY_PLAIN_SIZE], struct slice bound_to,
                 uint8_t ret_wrapped[MASTER_KEY_WRAPPED_SIZE]);
    /* False too when it was wrapped by another master key or was changed. */
    bool (*unwrap)(void *context, const uint8_t wrapped[MASTER_KEY_WRAPPED_SIZE], struct slice bound_to,
                   uint8_t ret_key[MASTER_KEY_PLAIN_SIZE]);
};

#endif
