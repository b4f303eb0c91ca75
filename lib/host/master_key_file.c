/* Wraps keys with one that was read from a file. Owns that key; one thread. */
#include "lib/host/master_key_file.h"

#include "lib/base/assert.h"
#include "lib/base/text.h"
#include "lib/digest/digest.h"
#include "lib/digest/seal.h"

#include <stdio.h>
#include <stdlib.h>

_Static_assert((int)MASTER_KEY_WRAPPED_SIZE == (int)SEAL_NONCE_SIZE + (int)MASTER_KEY_PLAIN_SIZE + (int)SEAL_TAG_SIZE,
               "nonce, key, tag");

struct master_key_file {
    uint8_t *key; /* SEAL_KEY_SIZE bytes */
};

static bool wrap(void *context, const uint8_t key[MASTER_KEY_PLAIN_SIZE], struct slice bound_to,
                 uint8_t ret_wrapped[MASTER_KEY_WRAPPED_SIZE]) {
    const struct master_key_file *file = context;
    digest_random(ret_wrapped, SEAL_NONCE_SIZE);
    seal_close(file->key, ret_wrapped, bound_to, slice_of(key, MASTER_KEY_PLAIN_SIZE), ret_wrapped + SEAL_NONCE_SIZE);
    return true;
}

static bool unwrap(void *context, const uint8_t wrapped[MASTER_KEY_WRAPPED_SIZE], struct slice bound_to,
                   uint8_t ret_key[MASTER_KEY_PLAIN_SIZE]) {
    const struct master_key_file *file = context;
    struct slice sealed = slice_of(wrapped + SEAL_NONCE_SIZE, MASTER_KEY_WRAPPED_SIZE - SEAL_NONCE_SIZE);
    return seal_open(file->key, wrapped, bound_to, sealed, ret_key);
}

static bool read_key(const char *path, uint8_t *ret_key) {
    char text[2 * SEAL_KEY_SIZE + 2] = {0};
    FILE *stream = path[0] != '\0' ? fopen(path, "re") : NULL;
    if (stream == NULL) return false;
    (void)setvbuf(stream, NULL, _IONBF, 0); /* no copy of the key stays in a buffer */
    size_t size = fread(text, 1, sizeof text - 1, stream);
    (void)fclose(stream);
    while (size > 0 && (text[size - 1] == '\n' || text[size - 1] == '\r')) size--;
    bool is_good = text_unhex(slice_of(text, size), ret_key, SEAL_KEY_SIZE);
    seal_wipe(text, sizeof text);
    return is_good;
}

enum status master_key_file_open(const char *path, struct master_key_file **ret_file, struct master_key *ret_port,
                                 struct error *reterr_error) {
    ASSERT(path != NULL);
    struct master_key_file *file = calloc(1, sizeof *file);
    if (file != NULL) file->key = seal_secret_new(SEAL_KEY_SIZE);
    if (file == NULL || file->key == NULL) {
        free(file);
        return error_set(reterr_error, STATUS_NO_MEMORY, "no memory for the master key");
    }
    if (!read_key(path, file->key)) {
        master_key_file_close(&file);
        return error_set(reterr_error, STATUS_INVALID,
                         "master_key_file: a file with 64 hexadecimal digits is expected. Never make a new one while "
                         "bookings exist: restore it from its backup (docs/runbooks/master-key.md)");
    }
    *ret_port = (struct master_key){.context = file, .wrap = wrap, .unwrap = unwrap};
    struct digest id = digest_keyed(file->key, slice_text("which master key"));
    memcpy(ret_port->id, id.bytes, sizeof ret_port->id);
    *ret_file = file;
    return STATUS_OK;
}

void master_key_file_close(struct master_key_file **file_p) {
    struct master_key_file *file = *file_p;
    *file_p = NULL;
    if (file == NULL) return;
    seal_secret_free(file->key);
    free(file);
}
