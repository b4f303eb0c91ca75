/* Makes, saves, loads and checks CURVE key pairs. It owns nothing and works on any thread. It never prints a secret key,
 * not even in an error. */
#include "lib/port/zmq/zmq_keys.h"

#include "lib/base/assert.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zmq.h>

enum { KEY_BYTES = 32, FILE_TEXT_MAX = 256 };

static enum status read_file(const char *path, char ret_text[FILE_TEXT_MAX], struct error *reterr_error);
static bool take_line(const char **text, const char *name, char ret_key[SOCKET_KEY_TEXT_SIZE + 1]);

enum status zmq_keys_make(struct zmq_keys *ret_keys, struct error *reterr_error) {
    ASSERT(ret_keys != NULL);
    struct zmq_keys keys;
    if (zmq_curve_keypair(keys.public, keys.secret) != 0) {
        return error_set(reterr_error, STATUS_IO, "cannot make a key pair: %s", zmq_strerror(zmq_errno()));
    }
    ASSERT(zmq_keys_is_key(keys.public));
    *ret_keys = keys;
    zmq_keys_wipe(&keys);
    return STATUS_OK;
}

enum status zmq_keys_derive(const char *secret, char ret_public[SOCKET_KEY_TEXT_SIZE + 1], struct error *reterr_error) {
    ASSERT(secret != NULL);
    ASSERT(ret_public != NULL);
    char key[SOCKET_KEY_TEXT_SIZE + 1];
    if (!zmq_keys_is_key(secret) || zmq_curve_public(key, secret) != 0) {
        return error_set(reterr_error, STATUS_INVALID, "this is not a secret key (40 characters of Z85)");
    }
    memcpy(ret_public, key, sizeof key);
    return STATUS_OK;
}

enum status zmq_keys_save(const struct zmq_keys *keys, const char *path, struct error *reterr_error) {
    ASSERT(keys != NULL && path != NULL);
    ASSERT(zmq_keys_is_key(keys->public) && zmq_keys_is_key(keys->secret));
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd < 0) {
        if (errno == EEXIST) return error_set(reterr_error, STATUS_CONFLICT, "there is a key file already: %s", path);
        return error_set(reterr_error, STATUS_IO, "cannot make key file %s: %s", path, strerror(errno));
    }
    bool done = dprintf(fd, "public = %s\nsecret = %s\n", keys->public, keys->secret) > 0 && fsync(fd) == 0;
    int failed = errno;
    if (close(fd) != 0) done = false;
    if (done) return STATUS_OK;
    unlink(path);
    return error_set(reterr_error, STATUS_IO, "cannot write key file %s: %s", path, strerror(failed));
}

enum status zmq_keys_load(const char *path, struct zmq_keys *ret_keys, struct error *reterr_error) {
    ASSERT(path != NULL);
    ASSERT(ret_keys != NULL);
    char text[FILE_TEXT_MAX];
    enum status status = read_file(path, text, reterr_error);
    if (status != STATUS_OK) return status;
    struct zmq_keys keys;
    char derived[SOCKET_KEY_TEXT_SIZE + 1];
    const char *rest = text;
    bool read = take_line(&rest, "public", keys.public) && take_line(&rest, "secret", keys.secret) && *rest == '\0';
    explicit_bzero(text, sizeof text);
    if (!read) {
        return error_set(reterr_error, STATUS_INVALID,
                         "key file %s: expected the lines \"public = ...\" and \"secret = ...\"", path);
    }
    status = zmq_keys_derive(keys.secret, derived, reterr_error);
    if (status == STATUS_OK && strcmp(derived, keys.public) != 0) {
        status = error_set(reterr_error, STATUS_INVALID, "key file %s: the two keys do not belong together", path);
    }
    if (status == STATUS_OK) *ret_keys = keys;
    zmq_keys_wipe(&keys);
    return status;
}

static enum status read_file(const char *path, char ret_text[FILE_TEXT_MAX], struct error *reterr_error) {
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) {
        return error_set(reterr_error, errno == ENOENT ? STATUS_NOT_FOUND : STATUS_IO, "cannot open key file %s: %s",
                         path, strerror(errno));
    }
    struct stat file;
    if (fstat(fd, &file) != 0 || !S_ISREG(file.st_mode) || (file.st_mode & (S_IRWXG | S_IRWXO)) != 0) {
        close(fd);
        return error_set(reterr_error, STATUS_DENIED, "key file %s must be a file for its owner only (chmod 600)",
                         path);
    }
    ssize_t size = read(fd, ret_text, FILE_TEXT_MAX - 1);
    close(fd);
    if (size < 0) return error_set(reterr_error, STATUS_IO, "cannot read key file %s", path);
    ASSERT(size < FILE_TEXT_MAX);
    ret_text[size] = '\0';
    return STATUS_OK;
}

static bool take_line(const char **text, const char *name, char ret_key[SOCKET_KEY_TEXT_SIZE + 1]) {
    ASSERT(*text != NULL);
    const char *at = *text;
    size_t name_size = strlen(name);
    if (strncmp(at, name, name_size) != 0) return false;
    at += name_size;
    if (strncmp(at, " = ", 3) != 0) return false;
    at += 3;
    size_t size = strcspn(at, "\n");
    if (size != SOCKET_KEY_TEXT_SIZE || at[size] != '\n') return false;
    memcpy(ret_key, at, size);
    ret_key[size] = '\0';
    *text = at + size + 1;
    return zmq_keys_is_key(ret_key);
}

bool zmq_keys_is_key(const char *text) {
    ASSERT(text != NULL);
    uint8_t bytes[KEY_BYTES];
    if (strnlen(text, SOCKET_KEY_TEXT_SIZE + 1) != SOCKET_KEY_TEXT_SIZE) return false;
    for (size_t i = 0; i < SOCKET_KEY_TEXT_SIZE; i++) {
        if (text[i] <= ' ' || text[i] > '~') return false;
    }
    bool decodes = zmq_z85_decode(bytes, text) != NULL;
    explicit_bzero(bytes, sizeof bytes);
    return decodes;
}

void zmq_keys_wipe(struct zmq_keys *keys) {
    ASSERT(keys != NULL);
    explicit_bzero(keys, sizeof *keys);
}
