/* What a fuzz harness is: bytes from outside go into one decoder, what came of them has a name, and every name in the
 * harness's table must be reached by its seeds and its corpus. Too little coverage is a failure like a crash is.
 *
 * One harness is one program, tests/fuzz/fuzz_<name>.c, built twice: with replay.c by any compiler (ctest `fuzz/<name>`)
 * and with libFuzzer by clang (scripts/fuzz.sh). One thread. */
#ifndef BHR_TESTS_FUZZ_FUZZ_H
#define BHR_TESTS_FUZZ_FUZZ_H

#include "lib/base/assert.h"
#include "lib/base/buffer.h"
#include "lib/base/status.h"

struct fuzz_harness {
    const char *const *outcomes; /* ended by NULL */
    /* Judges one input and says by fuzz_reach what came of it. What it may not survive ends in ASSERT or a sanitizer. */
    void (*run)(struct slice input);
    /* Hands good inputs, and such as are wrong in one place, to fuzz_seed. */
    void (*seed)(void);
    uint32_t mutations; /* that a replay draws; 0 for the usual number */
};
extern const struct fuzz_harness fuzz_harness;

/* The outcome of this input, or one of several. */
void fuzz_reach(const char *outcome);
/* The same for a fault's text: what stands before the first colon, "person.family_name". */
void fuzz_reach_field(const char *fault);
/* Also what stands for the outcome when only a number is known. */
void fuzz_reach_if(bool is_reached, const char *outcome);

/* Copied. */
void fuzz_seed(struct slice input);
void fuzz_seed_text(const char *text);
/* For encoders of seeds: fails when what was written did not fit, else hands it on and empties the buffer. */
void fuzz_seed_buffer(struct buffer *buffer);

/* An input of several parts: each begins with its length in two bytes, and the last may be cut off. */
struct slice fuzz_part(struct slice *rest);
uint8_t fuzz_byte(struct slice *rest);
void fuzz_put_part(struct buffer *out, struct slice part);

/* The input as text ended by NUL, on the heap so that reading beyond it is seen. The caller frees it. */
char *fuzz_text(struct slice input);
/* The path of a file for its owner only that holds these bytes, until the next call. Nothing is left behind. */
const char *fuzz_file(struct slice bytes);
/* The same file as it is now. */
const char *fuzz_file_path(void);
/* What the program under test would print goes nowhere; what has just been printed since the last call, cut to fit. */
void fuzz_listen(void);
const char *fuzz_heard(void);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* ---- between fuzz.c and replay.c ---- */

enum { FUZZ_OUTCOMES_MAX = 256, FUZZ_OUTCOME_MAX = 64 };
struct fuzz_outcomes {
    uint32_t count;
    char names[FUZZ_OUTCOMES_MAX][FUZZ_OUTCOME_MAX];
};
extern struct fuzz_outcomes fuzz_outcomes; /* all that were reached since somebody emptied it */
extern void (*fuzz_take_seed)(struct slice input);

#endif
