/* The crash note in one mapped page. It owns the mapping and the descriptor; one thread uses it. It never syncs: death
 * of the process is what it is for.
 *
 * A process may die between any two stores, so the current note alternates between two places and the newer one whose
 * checksum holds is the note. Places: [current 0][current 1][left behind]. */
#include "lib/port/lmdb/note_file.h"

#include "lib/base/assert.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

enum { NOTE_FILE_BYTES = 4096, NOTE_PATH_MAX = 512, PLACE_LEFT = 2, PLACE_COUNT = 3 };

struct note_place {
    uint64_t sequence; /* 0: never written */
    uint64_t checksum; /* written last */
    uint64_t size;
    uint8_t bytes[NOTE_SIZE_MAX];
};
static_assert(PLACE_COUNT * sizeof(struct note_place) <= NOTE_FILE_BYTES, "the places fit the page");

struct note_file {
    struct note_place *places; /* the mapping */
    uint64_t sequence;         /* of the newest current note */
    uint8_t left[NOTE_SIZE_MAX];
    size_t left_size;
};

static void note_set(void *context, struct slice bytes);
static struct slice note_left_behind(void *context);
static void note_forget(void *context);
static enum status note_map(const char *path, struct note_place **ret_places, struct error *reterr_error);
static void note_take_over(struct note_file *note);
static void place_write(struct note_place *place, uint64_t sequence, struct slice bytes);
static bool place_holds(const struct note_place *place);
static uint64_t place_checksum(const struct note_place *place);

enum status note_file_open(const char *dir, struct note_file **ret_note, struct error *reterr_error) {
    ASSERT(dir != NULL);
    ASSERT(ret_note != NULL);
    char path[NOTE_PATH_MAX];
    int size = snprintf(path, sizeof path, "%s/note", dir);
    if (size < 0 || (size_t)size >= sizeof path) {
        return error_set(reterr_error, STATUS_INVALID, "the store's directory has too long a name");
    }
    struct note_file *note = calloc(1, sizeof *note);
    if (note == NULL) return error_set(reterr_error, STATUS_NO_MEMORY, "no memory for the crash note");
    enum status status = note_map(path, &note->places, reterr_error);
    if (status != STATUS_OK) {
        free(note);
        return status;
    }
    note_take_over(note);
    *ret_note = note;
    return STATUS_OK;
}

void note_file_close(struct note_file *note) {
    if (note == NULL) return;
    ASSERT(note->places != NULL);
    munmap(note->places, NOTE_FILE_BYTES);
    free(note);
}

struct note note_file_port(struct note_file *note) {
    ASSERT(note != NULL);
    return (struct note){.context = note, .set = note_set, .left_behind = note_left_behind, .forget = note_forget};
}

static void note_set(void *context, struct slice bytes) {
    struct note_file *note = context;
    ASSERT(note != NULL);
    ASSERT(bytes.size <= NOTE_SIZE_MAX);
    note->sequence++;
    place_write(&note->places[note->sequence % 2], note->sequence, bytes);
}

static struct slice note_left_behind(void *context) {
    const struct note_file *note = context;
    ASSERT(note != NULL);
    ASSERT(note->left_size <= NOTE_SIZE_MAX);
    return slice_of(note->left, note->left_size);
}

static void note_forget(void *context) {
    struct note_file *note = context;
    ASSERT(note != NULL);
    place_write(&note->places[PLACE_LEFT], 1, slice_of(NULL, 0));
    note->left_size = 0;
    ASSERT(place_holds(&note->places[PLACE_LEFT]));
}

static enum status note_map(const char *path, struct note_place **ret_places, struct error *reterr_error) {
    ASSERT(path != NULL);
    ASSERT(ret_places != NULL);
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (fd < 0) return error_set(reterr_error, STATUS_IO, "cannot open %s: %s", path, strerror(errno));
    /* Blocks now, so that a full disk is an answer here and not a signal at the first store. */
    int failed = posix_fallocate(fd, 0, NOTE_FILE_BYTES);
    if (failed != 0) {
        close(fd);
        return error_set(reterr_error, STATUS_IO, "cannot reserve %s: %s", path, strerror(failed));
    }
    void *mapping = mmap(NULL, NOTE_FILE_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    failed = errno;
    close(fd);
    if (mapping == MAP_FAILED) {
        return error_set(reterr_error, STATUS_IO, "cannot map %s: %s", path, strerror(failed));
    }
    *ret_places = mapping;
    return STATUS_OK;
}

/* Finds what the last process had in hand, moves it to the left-behind place and only then clears the current one, so
 * that dying here loses nothing. */
static void note_take_over(struct note_file *note) {
    ASSERT(note->places != NULL);
    const struct note_place *newest = NULL;
    for (int i = 0; i < PLACE_LEFT; i++) {
        const struct note_place *place = &note->places[i];
        if (!place_holds(place)) continue;
        if (newest == NULL || place->sequence > newest->sequence) newest = place;
    }
    struct note_place *left = &note->places[PLACE_LEFT];
    note->sequence = newest == NULL ? 0 : newest->sequence;
    if (newest != NULL && newest->size > 0) {
        place_write(left, 1, slice_of(newest->bytes, newest->size));
        note_set(note, slice_of(NULL, 0));
    }
    if (!place_holds(left)) return;
    note->left_size = left->size;
    for (size_t i = 0; i < left->size; i++) note->left[i] = left->bytes[i];
}

/* The order of the stores is the whole point: the checksum leaves first and comes back last. */
static void place_write(struct note_place *place, uint64_t sequence, struct slice bytes) {
    ASSERT(bytes.size <= NOTE_SIZE_MAX);
    ASSERT(sequence > 0);
    *(volatile uint64_t *)&place->checksum = 0;
    atomic_thread_fence(memory_order_seq_cst);
    place->sequence = sequence;
    place->size = bytes.size;
    if (bytes.size > 0) memcpy(place->bytes, bytes.data, bytes.size);
    uint64_t checksum = place_checksum(place);
    atomic_thread_fence(memory_order_seq_cst);
    *(volatile uint64_t *)&place->checksum = checksum;
}

static bool place_holds(const struct note_place *place) {
    ASSERT(place != NULL);
    if (place->sequence == 0 || place->size > NOTE_SIZE_MAX) return false;
    return place->checksum == place_checksum(place);
}

/* FNV-1a over what counts, never 0: it guards against a half-written place, not against an adversary. */
static uint64_t place_checksum(const struct note_place *place) {
    ASSERT(place->size <= NOTE_SIZE_MAX);
    uint64_t hash = 0xcbf29ce484222325u;
    hash = (hash ^ place->sequence) * 0x100000001b3u;
    hash = (hash ^ place->size) * 0x100000001b3u;
    for (size_t i = 0; i < place->size; i++) hash = (hash ^ place->bytes[i]) * 0x100000001b3u;
    return hash | 1;
}
