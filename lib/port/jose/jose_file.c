/* A small file that somebody may replace at any time, and the two encodings inside tokens: base64url and JSON, both read
 * more strictly than their libraries would. Owns the last reading of a file; one thread. */
#include "lib/port/jose/jose_internal.h"

#include "lib/base/assert.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static void note(struct jose_file *file, const struct stat *found);
static int64_t modified_ns(const struct stat *found);
static bool read_all(int fd, uint8_t *bytes, size_t size_max, size_t *ret_size);
static int digit(uint8_t character);

enum status jose_file_read(struct jose_file *file, struct error *reterr_error) {
    jose_file_drop(file);
    int fd = open(file->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    struct stat found;
    if (fd < 0 || fstat(fd, &found) != 0) {
        enum status status = error_set(reterr_error, errno == ENOENT ? STATUS_NOT_FOUND : STATUS_IO,
                                       "%s cannot be read: %s", file->path, strerror(errno));
        if (fd >= 0) (void)close(fd);
        file->is_missing = true;
        return status;
    }
    /* What is written from here on makes the file newer than this note of it. */
    note(file, &found);
    if (!S_ISREG(found.st_mode) || found.st_size > JOSE_FILE_MAX) {
        (void)close(fd);
        return error_set(reterr_error, STATUS_INVALID, "%s: expected a file of at most 1 MiB", file->path);
    }
    uint8_t *bytes = malloc(JOSE_FILE_MAX);
    size_t size = 0;
    bool is_read = bytes != NULL && read_all(fd, bytes, JOSE_FILE_MAX, &size);
    int failed = errno;
    (void)close(fd);
    if (!is_read) {
        free(bytes);
        return error_set(reterr_error, bytes == NULL ? STATUS_NO_MEMORY : STATUS_IO, "%s cannot be read: %s",
                         file->path, strerror(failed));
    }
    file->text = slice_of(bytes, size);
    return STATUS_OK;
}

static bool read_all(int fd, uint8_t *bytes, size_t size_max, size_t *ret_size) {
    size_t size = 0;
    while (size < size_max) {
        ssize_t taken = read(fd, bytes + size, size_max - size);
        if (taken < 0 && errno == EINTR) continue;
        if (taken < 0) return false;
        if (taken == 0) break;
        size += (size_t)taken;
    }
    *ret_size = size;
    return true;
}

bool jose_file_has_changed(const struct jose_file *file) {
    struct stat found;
    if (stat(file->path, &found) != 0) return !file->is_missing;
    return file->is_missing || file->device != (int64_t)found.st_dev || file->inode != (int64_t)found.st_ino ||
           file->size != (int64_t)found.st_size || file->modified_ns != modified_ns(&found);
}

void jose_file_drop(struct jose_file *file) {
    free((void *)(uintptr_t)file->text.data);
    file->text = slice_of(NULL, 0);
}

static void note(struct jose_file *file, const struct stat *found) {
    file->is_missing = false;
    file->device = (int64_t)found->st_dev;
    file->inode = (int64_t)found->st_ino;
    file->size = (int64_t)found->st_size;
    file->modified_ns = modified_ns(found);
}

static int64_t modified_ns(const struct stat *found) {
    return (int64_t)found->st_mtim.tv_sec * 1000000000 + found->st_mtim.tv_nsec;
}

bool jose_decode(struct slice text, uint8_t *ret_bytes, size_t size_max, size_t *ret_size) {
    size_t size = text.size / 4 * 3 + (text.size % 4 == 0 ? 0 : text.size % 4 - 1);
    if (text.size % 4 == 1 || size > size_max) return false;
    uint32_t bits = 0, bit_count = 0;
    size_t at = 0;
    for (size_t i = 0; i < text.size; i++) {
        int value = digit(text.data[i]);
        if (value < 0) return false;
        bits = bits << 6 | (uint32_t)value;
        bit_count += 6;
        if (bit_count < 8) continue;
        bit_count -= 8;
        ASSERT(at < size);
        ret_bytes[at++] = (uint8_t)(bits >> bit_count);
        bits &= (1U << bit_count) - 1;
    }
    ASSERT(at == size);
    if (bits != 0) return false;
    *ret_size = size;
    return true;
}

static int digit(uint8_t character) {
    if (character >= 'A' && character <= 'Z') return character - 'A';
    if (character >= 'a' && character <= 'z') return character - 'a' + 26;
    if (character >= '0' && character <= '9') return character - '0' + 52;
    if (character == '-') return 62;
    return character == '_' ? 63 : -1;
}

json_t *jose_object(struct slice text) {
    if (text.size == 0) return NULL;
    json_error_t error;
    json_t *value = json_loadb((const char *)text.data, text.size, JSON_REJECT_DUPLICATES, &error);
    if (json_is_object(value)) return value;
    json_decref(value);
    return NULL;
}

struct slice jose_text(const json_t *object, const char *name) {
    const json_t *value = json_object_get(object, name);
    if (!json_is_string(value)) return slice_of(NULL, 0);
    return slice_of(json_string_value(value), json_string_length(value));
}
