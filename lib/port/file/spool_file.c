/* The spool: a ring of bytes in a mapped file. It owns the mapping and, in memory, where each record lies.
 *
 * A place in the ring is named by the number of bytes ever put before it, which only rises: so the same 64 bits say where
 * a record lies and that it is this round's, and the head of the queue is one aligned word that a process cannot die in
 * the middle of. A record is [position][size][checksum][bytes], padded to 8 bytes, and never wraps: where the rest of the
 * ring is too short it is skipped. What the death of a process left half written fails its checksum and was never told
 * to anybody. */
#include "lib/port/file/spool_file.h"

#include "lib/base/assert.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

enum { SPOOL_HEAD_BYTES = 4096, SPOOL_ALIGN = 8 };
#define SPOOL_MAGIC UINT64_C(0x314C4F4F50535F42) /* "B_SPOOL1" */

struct spool_head {
    uint64_t magic;
    uint64_t ring_size;
    uint64_t head; /* position of the first record */
};

struct spool_record_head {
    uint64_t position;
    uint32_t size;
    uint32_t checksum;
};
static_assert(sizeof(struct spool_record_head) % SPOOL_ALIGN == 0, "a record's bytes begin aligned");
static_assert(SPOOL_BYTES_MIN > SPOOL_HEAD_BYTES + 2 * SPOOL_RECORD_MAX, "the smallest file holds a few records");

struct spool_place {
    uint64_t position;
    uint32_t size;
};

struct spool_file {
    int fd;
    size_t file_size;
    struct spool_head *head; /* the mapping */
    uint8_t *ring;
    uint64_t ring_size, tail; /* tail: position where the next record will lie, or the ring's end before it */
    uint64_t first, end;
    uint32_t places_max;
    struct spool_place *places; /* by number % places_max */
};

static enum status map(struct spool_file *spool, const char *path, struct error *reterr_error);
static enum status make(struct spool_file *spool, const char *path, size_t size, struct error *reterr_error);
static void unmap(struct spool_file *spool);
static uint64_t walk(struct spool_file *spool);
static bool is_record_at(const struct spool_file *spool, uint64_t position, uint32_t *ret_size);
static uint64_t begin_of(const struct spool_file *spool, uint64_t position, size_t size);
static uint64_t room_of(size_t size);
static uint32_t checksum_of(uint64_t position, struct slice bytes);

bool spool_put(struct spool_file *spool, struct slice record) {
    ASSERT(record.size > 0 && record.size <= SPOOL_RECORD_MAX);
    uint64_t position = begin_of(spool, spool->tail, record.size);
    uint64_t end = position + room_of(record.size);
    if (end - spool->head->head > spool->ring_size || spool->end - spool->first == spool->places_max) return false;
    uint8_t *at = spool->ring + position % spool->ring_size;
    struct spool_record_head head = {
        .position = position, .size = (uint32_t)record.size, .checksum = checksum_of(position, record)};
    memcpy(at + sizeof head, record.data, record.size);
    memcpy(at, &head, sizeof head);
    spool->places[spool->end % spool->places_max] =
        (struct spool_place){.position = position, .size = (uint32_t)record.size};
    spool->end++;
    spool->tail = end;
    return true;
}

bool spool_has_room(const struct spool_file *spool) {
    if (spool->end - spool->first == spool->places_max) return false;
    uint64_t position = begin_of(spool, spool->tail, SPOOL_RECORD_MAX);
    return position + room_of(SPOOL_RECORD_MAX) - spool->head->head <= spool->ring_size;
}

struct slice spool_at(const struct spool_file *spool, uint64_t number) {
    ASSERT(number >= spool->first);
    ASSERT(number < spool->end);
    const struct spool_place *place = &spool->places[number % spool->places_max];
    return slice_of(spool->ring + place->position % spool->ring_size + sizeof(struct spool_record_head), place->size);
}

void spool_forget_first(struct spool_file *spool) {
    ASSERT(spool->first < spool->end);
    spool->first++;
    bool is_empty = spool->first == spool->end;
    uint64_t head = is_empty ? spool->tail : spool->places[spool->first % spool->places_max].position;
    *(volatile uint64_t *)&spool->head->head = head;
}

/* The head first: a process that dies in between leaves a whole queue, and what is not overwritten yet will be by the
 * records to come. */
void spool_wipe_first(struct spool_file *spool) {
    struct spool_place place = spool->places[spool->first % spool->places_max];
    spool_forget_first(spool);
    memset(spool->ring + place.position % spool->ring_size, 0, (size_t)room_of(place.size));
}

uint64_t spool_first(const struct spool_file *spool) {
    return spool->first;
}

uint64_t spool_end(const struct spool_file *spool) {
    return spool->end;
}

uint32_t spool_records_max(const struct spool_file *spool) {
    return spool->places_max;
}

enum status spool_open(const char *path, const struct spool_limits *limits, struct spool_file **ret_spool,
                       struct error *reterr_error) {
    ASSERT(limits->bytes_max >= SPOOL_BYTES_MIN && limits->bytes_max % SPOOL_HEAD_BYTES == 0);
    ASSERT(limits->records_max > 0);
    struct spool_file *spool = calloc(1, sizeof *spool);
    if (spool == NULL) return error_set(reterr_error, STATUS_NO_MEMORY, "no memory for the spool");
    spool->fd = -1;
    enum status status = map(spool, path, reterr_error);
    uint64_t left = status == STATUS_OK ? walk(spool) : 0;
    if (status == STATUS_NOT_FOUND || (status == STATUS_OK && left == 0 && spool->file_size != limits->bytes_max)) {
        unmap(spool);
        status = make(spool, path, limits->bytes_max, reterr_error);
    }
    if (status == STATUS_OK) {
        spool->places_max = left > limits->records_max ? (uint32_t)left : limits->records_max;
        spool->places = calloc(spool->places_max, sizeof *spool->places);
        if (spool->places == NULL) status = error_set(reterr_error, STATUS_NO_MEMORY, "no memory for the spool");
    }
    if (status != STATUS_OK) {
        spool_close(spool);
        return status;
    }
    uint64_t found = walk(spool);
    ASSERT(found == left);
    *ret_spool = spool;
    return STATUS_OK;
}

void spool_close(struct spool_file *spool) {
    if (spool == NULL) return;
    unmap(spool);
    free(spool->places);
    free(spool);
}

/* Finds the records from the head on; puts them into the places once there are any. Returns how many. */
static uint64_t walk(struct spool_file *spool) {
    uint64_t head = spool->head->head, position = head, count = 0;
    uint32_t size;
    for (;;) {
        /* Either the next one lies right here, or it did not fit before the ring's end and lies at its beginning. */
        if (!is_record_at(spool, position, &size)) {
            uint64_t begin = (position / spool->ring_size + 1) * spool->ring_size;
            if (position % spool->ring_size == 0 || !is_record_at(spool, begin, &size)) break;
            position = begin;
        }
        if (position + room_of(size) - head > spool->ring_size) break;
        if (spool->places != NULL) {
            spool->places[count] = (struct spool_place){.position = position, .size = size};
        }
        count++;
        position += room_of(size);
    }
    spool->first = 0;
    spool->end = count;
    spool->tail = position;
    return count;
}

static bool is_record_at(const struct spool_file *spool, uint64_t position, uint32_t *ret_size) {
    uint64_t left = spool->ring_size - position % spool->ring_size;
    struct spool_record_head head;
    if (left < sizeof head) return false;
    const uint8_t *at = spool->ring + position % spool->ring_size;
    memcpy(&head, at, sizeof head);
    if (head.position != position || head.size == 0 || head.size > SPOOL_RECORD_MAX || room_of(head.size) > left) {
        return false;
    }
    *ret_size = head.size;
    return head.checksum == checksum_of(position, slice_of(at + sizeof head, head.size));
}

/* Where a record of that size will lie when the one before it ends at position. */
static uint64_t begin_of(const struct spool_file *spool, uint64_t position, size_t size) {
    uint64_t left = spool->ring_size - position % spool->ring_size;
    return room_of(size) <= left ? position : position + left;
}

static uint64_t room_of(size_t size) {
    return (sizeof(struct spool_record_head) + size + SPOOL_ALIGN - 1) / SPOOL_ALIGN * SPOOL_ALIGN;
}

/* FNV-1a: it guards against half-written bytes, not against an adversary. */
static uint32_t checksum_of(uint64_t position, struct slice bytes) {
    uint64_t hash = (0xcbf29ce484222325u ^ position) * 0x100000001b3u;
    hash = (hash ^ bytes.size) * 0x100000001b3u;
    for (size_t i = 0; i < bytes.size; i++) hash = (hash ^ bytes.data[i]) * 0x100000001b3u;
    return (uint32_t)(hash ^ hash >> 32);
}

/* STATUS_NOT_FOUND when there is no file, or one that a process died in while making it. */
static enum status map(struct spool_file *spool, const char *path, struct error *reterr_error) {
    spool->fd = open(path, O_RDWR | O_CLOEXEC);
    if (spool->fd < 0 && errno == ENOENT) return STATUS_NOT_FOUND;
    struct stat facts;
    if (spool->fd < 0 || fstat(spool->fd, &facts) != 0) {
        return error_set(reterr_error, STATUS_IO, "cannot open %s: %s", path, strerror(errno));
    }
    size_t size = (size_t)facts.st_size;
    if (size < SPOOL_BYTES_MIN) return STATUS_NOT_FOUND;
    void *mapping = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, spool->fd, 0);
    if (mapping == MAP_FAILED) return error_set(reterr_error, STATUS_IO, "cannot map %s: %s", path, strerror(errno));
    spool->head = mapping;
    spool->ring = (uint8_t *)mapping + SPOOL_HEAD_BYTES;
    spool->file_size = size;
    spool->ring_size = spool->head->ring_size;
    if (spool->head->magic == 0) return STATUS_NOT_FOUND;
    if (spool->head->magic != SPOOL_MAGIC || spool->ring_size != size - SPOOL_HEAD_BYTES ||
        spool->head->head % SPOOL_ALIGN != 0) {
        return error_set(reterr_error, STATUS_CORRUPT, "%s is no spool: look at it and move it aside", path);
    }
    return STATUS_OK;
}

static enum status make(struct spool_file *spool, const char *path, size_t size, struct error *reterr_error) {
    spool->fd = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (spool->fd < 0) return error_set(reterr_error, STATUS_IO, "cannot make %s: %s", path, strerror(errno));
    /* Blocks now, so that a full disk is an answer here and not a signal at the first store. */
    int failed = posix_fallocate(spool->fd, 0, (off_t)size);
    if (failed != 0) return error_set(reterr_error, STATUS_IO, "cannot reserve %s: %s", path, strerror(failed));
    void *mapping = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, spool->fd, 0);
    if (mapping == MAP_FAILED) return error_set(reterr_error, STATUS_IO, "cannot map %s: %s", path, strerror(errno));
    spool->head = mapping;
    spool->ring = (uint8_t *)mapping + SPOOL_HEAD_BYTES;
    spool->file_size = size;
    spool->ring_size = size - SPOOL_HEAD_BYTES;
    spool->head->ring_size = spool->ring_size;
    /* Position 0 would be what a file of zeros says of itself. */
    spool->head->head = spool->tail = spool->ring_size;
    *(volatile uint64_t *)&spool->head->magic = SPOOL_MAGIC;
    return STATUS_OK;
}

static void unmap(struct spool_file *spool) {
    if (spool->head != NULL) (void)munmap(spool->head, spool->file_size);
    if (spool->fd >= 0) (void)close(spool->fd);
    spool->head = NULL;
    spool->ring = NULL;
    spool->fd = -1;
}
