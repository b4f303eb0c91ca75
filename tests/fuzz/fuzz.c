/* What every harness stands on: the entry that libFuzzer calls, outcomes by name, inputs in parts and as files. */
#include "tests/fuzz/fuzz.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

enum { HEARD_MAX = 4096 };

struct fuzz_outcomes fuzz_outcomes;
void (*fuzz_take_seed)(struct slice input);
static char heard[HEARD_MAX];
static int file = -1;

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    fuzz_harness.run(slice_of(data, size));
    return 0;
}

static void reach(const char *outcome, size_t size) {
    if (size >= FUZZ_OUTCOME_MAX) size = FUZZ_OUTCOME_MAX - 1;
    for (uint32_t i = 0; i < fuzz_outcomes.count; i++) {
        const char *name = fuzz_outcomes.names[i];
        if (strncmp(name, outcome, size) == 0 && name[size] == '\0') return;
    }
    ASSERT(fuzz_outcomes.count < FUZZ_OUTCOMES_MAX);
    memcpy(fuzz_outcomes.names[fuzz_outcomes.count++], outcome, size);
}

void fuzz_reach(const char *outcome) {
    reach(outcome, strlen(outcome));
}

void fuzz_reach_field(const char *fault) {
    ASSERT(fault[0] != '\0');
    reach(fault, strcspn(fault, ":"));
}

void fuzz_reach_if(bool is_reached, const char *outcome) {
    if (is_reached) fuzz_reach(outcome);
}

void fuzz_seed(struct slice input) {
    ASSERT(fuzz_take_seed != NULL);
    fuzz_take_seed(input);
}

void fuzz_seed_text(const char *text) {
    fuzz_seed(slice_text(text));
}

void fuzz_seed_buffer(struct buffer *buffer) {
    ASSERT(!buffer->is_full);
    fuzz_seed(buffer_slice(buffer));
    buffer->size = 0;
}

struct slice fuzz_part(struct slice *rest) {
    struct cursor cursor = cursor_over(*rest);
    size_t size = cursor_u16(&cursor);
    if (size > cursor.rest.size) size = cursor.rest.size;
    struct slice part = cursor_take(&cursor, size);
    *rest = cursor.rest;
    return part;
}

uint8_t fuzz_byte(struct slice *rest) {
    if (rest->size == 0) return 0;
    uint8_t byte = rest->data[0];
    *rest = slice_of(rest->data + 1, rest->size - 1);
    return byte;
}

void fuzz_put_part(struct buffer *out, struct slice part) {
    ASSERT(part.size <= UINT16_MAX);
    buffer_put_u16(out, (uint16_t)part.size);
    buffer_put(out, part.data, part.size);
}

char *fuzz_text(struct slice input) {
    char *text = malloc(input.size + 1);
    ASSERT(text != NULL);
    if (input.size > 0) memcpy(text, input.data, input.size);
    text[input.size] = '\0';
    return text;
}

const char *fuzz_file(struct slice bytes) {
    if (file < 0) {
        file = memfd_create("fuzz", MFD_CLOEXEC);
        ASSERT(file >= 0 && fchmod(file, 0600) == 0);
    }
    bool is_written = ftruncate(file, 0) == 0 && pwrite(file, bytes.data, bytes.size, 0) == (ssize_t)bytes.size;
    ASSERT(is_written);
    return fuzz_file_path();
}

const char *fuzz_file_path(void) {
    static char path[64];
    ASSERT(file >= 0);
    (void)snprintf(path, sizeof path, "/proc/self/fd/%d", file);
    return path;
}

/* Standard error as a stream becomes memory. What ASSERT and the sanitizers say goes to the descriptor itself. */
void fuzz_listen(void) {
    static FILE *stream;
    if (stream == NULL) {
        stream = fmemopen(heard, sizeof heard, "w");
        ASSERT(stream != NULL);
        stderr = stream;
    }
    rewind(stream);
    heard[0] = '\0';
}

const char *fuzz_heard(void) {
    (void)fflush(stderr);
    heard[sizeof heard - 1] = '\0';
    return heard;
}
