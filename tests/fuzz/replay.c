/* Replays a harness without libFuzzer: the seeds that its own encoders write, every file of the folders given, and
 * mutations of all of them drawn from a fixed seed. Fails when an outcome of the harness's table was not reached by seeds
 * and files alone, or when they reached one that the table does not name.
 *   fuzz_<name> [FOLDER ...]              replay
 *   fuzz_<name> --fuzzed [FOLDER ...]     the same after fuzzing, which may go beyond the table: that is told, no failure
 *   fuzz_<name> --write TO                write the seeds, for libFuzzer to begin with
 *   fuzz_<name> --keep TO FROM          for each outcome that seeds and the files in TO do not reach, keep the smallest
 *                                       of the files in FROM that does, else a mutation */
#include "tests/fuzz/fuzz.h"
#include "tests/support/prng.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>

enum { MUTATIONS_DEFAULT = 4000, MUTATED_MAX = 64 * 1024, PATH_ROOM = 4096 };

struct input {
    uint8_t *data;
    size_t size;
};
struct inputs {
    size_t count, room;
    struct input *items;
};

static struct inputs inputs;
static FILE *out; /* where a person reads, even while a harness listens to standard error */

static int replay(bool may_go_beyond);
static int write_seeds(const char *folder);
static int keep(const char *to, const char *from);
static void mutate(void (*use)(struct slice input));
static void run_once(struct slice input);
static void add(struct slice bytes);
static void add_folder(const char *folder, struct inputs *to);
static void write_input(const char *folder, const char *name, struct slice bytes);

int main(int argc, char **argv) {
    out = stdout;
    fuzz_take_seed = add;
    fuzz_harness.seed();
    if (argc == 3 && strcmp(argv[1], "--write") == 0) return write_seeds(argv[2]);
    if (argc == 4 && strcmp(argv[1], "--keep") == 0) return keep(argv[2], argv[3]);
    bool is_fuzzed = argc > 1 && strcmp(argv[1], "--fuzzed") == 0;
    for (int i = is_fuzzed ? 2 : 1; i < argc; i++) add_folder(argv[i], &inputs);
    return replay(is_fuzzed);
}

static bool is_known(const char *outcome) {
    for (const char *const *name = fuzz_harness.outcomes; *name != NULL; name++) {
        if (strcmp(*name, outcome) == 0) return true;
    }
    return false;
}

static bool is_reached(const char *outcome) {
    for (uint32_t i = 0; i < fuzz_outcomes.count; i++) {
        if (strcmp(fuzz_outcomes.names[i], outcome) == 0) return true;
    }
    return false;
}

static int replay(bool may_go_beyond) {
    for (size_t i = 0; i < inputs.count; i++) run_once(slice_of(inputs.items[i].data, inputs.items[i].size));
    uint32_t named = 0, missing = 0, unknown = 0;
    for (const char *const *name = fuzz_harness.outcomes; *name != NULL; name++, named++) {
        if (is_reached(*name)) continue;
        missing++;
        (void)fprintf(out, "not reached by any seed or file: %s\n", *name);
    }
    uint32_t by_input = fuzz_outcomes.count;
    mutate(run_once);
    for (uint32_t i = 0; i < fuzz_outcomes.count; i++) {
        if (is_known(fuzz_outcomes.names[i])) continue;
        if (i < by_input && !may_go_beyond) unknown++;
        (void)fprintf(out, "not in the harness's table: %s\n", fuzz_outcomes.names[i]);
    }
    (void)fprintf(out, "%zu inputs, %u of %u outcomes\n", inputs.count, named - missing, named);
    return missing + unknown == 0 ? 0 : 1;
}

static int write_seeds(const char *folder) {
    for (size_t i = 0; i < inputs.count; i++) {
        char name[32];
        (void)snprintf(name, sizeof name, "seed-%03zu", i);
        write_input(folder, name, slice_of(inputs.items[i].data, inputs.items[i].size));
    }
    return 0;
}

static int by_size(const void *a, const void *b) {
    size_t first = ((const struct input *)a)->size, second = ((const struct input *)b)->size;
    return first < second ? -1 : first > second ? 1 : 0;
}

static const char *keep_folder;

static void keep_if_new(struct slice input) {
    uint32_t before = fuzz_outcomes.count;
    run_once(input);
    if (fuzz_outcomes.count == before) return;
    char name[FUZZ_OUTCOME_MAX];
    (void)snprintf(name, sizeof name, "%s", fuzz_outcomes.names[before]);
    for (char *at = name; *at != '\0'; at++) {
        bool is_plain = (*at >= 'a' && *at <= 'z') || (*at >= 'A' && *at <= 'Z') || (*at >= '0' && *at <= '9');
        if (!is_plain && *at != '_' && *at != '.') *at = '-';
    }
    write_input(keep_folder, name, input);
    (void)fprintf(out, "kept: %s\n", name);
}

static int keep(const char *to, const char *from) {
    keep_folder = to;
    add_folder(to, &inputs);
    for (size_t i = 0; i < inputs.count; i++) run_once(slice_of(inputs.items[i].data, inputs.items[i].size));
    static struct inputs found;
    add_folder(from, &found);
    if (found.count > 0) qsort(found.items, found.count, sizeof found.items[0], by_size);
    for (size_t i = 0; i < found.count; i++) keep_if_new(slice_of(found.items[i].data, found.items[i].size));
    mutate(keep_if_new);
    return 0;
}

/* One of: a byte changed, a bit flipped, a run taken out, a run put in twice, the end cut off, two inputs spliced. */
static void mutate_once(struct prng *prng, uint8_t *bytes, size_t *size) {
    size_t at = *size == 0 ? 0 : prng_below(prng, *size), run = *size == at ? 0 : 1 + prng_below(prng, *size - at);
    const struct input *other = &inputs.items[prng_below(prng, inputs.count)];
    switch (prng_below(prng, 6)) {
    case 0:
        if (*size > 0) bytes[at] = (uint8_t)prng_u64(prng);
        break;
    case 1:
        if (*size > 0) bytes[at] ^= (uint8_t)(1u << prng_below(prng, 8));
        break;
    case 2:
        memmove(bytes + at, bytes + at + run, *size - at - run);
        *size -= run;
        break;
    case 3:
        if (*size + run > MUTATED_MAX) break;
        memmove(bytes + at + run, bytes + at, *size - at);
        *size += run;
        break;
    case 4:
        *size = at;
        break;
    default: /* the draw is below 6 */
        if (other->size <= at || other->size > MUTATED_MAX) break;
        memcpy(bytes + at, other->data + at, other->size - at);
        *size = other->size;
    }
}

static void mutate(void (*use)(struct slice input)) {
    static uint8_t bytes[MUTATED_MAX];
    struct prng prng = prng_seed(20261129);
    uint32_t count = fuzz_harness.mutations == 0 ? MUTATIONS_DEFAULT : fuzz_harness.mutations;
    for (uint32_t i = 0; i < count; i++) {
        const struct input *from = &inputs.items[prng_below(&prng, inputs.count)];
        size_t size = from->size > MUTATED_MAX ? MUTATED_MAX : from->size;
        if (size > 0) memcpy(bytes, from->data, size);
        for (uint64_t n = 1 + prng_below(&prng, 4); n > 0; n--) mutate_once(&prng, bytes, &size);
        use(slice_of(bytes, size));
    }
}

/* In memory of just its size, so that one byte too far is seen. */
static void run_once(struct slice input) {
    uint8_t *copy = malloc(input.size > 0 ? input.size : 1);
    ASSERT(copy != NULL);
    if (input.size > 0) memcpy(copy, input.data, input.size);
    (void)LLVMFuzzerTestOneInput(copy, input.size);
    free(copy);
}

static void add_to(struct inputs *to, struct slice bytes) {
    if (to->count == to->room) {
        to->room = to->room == 0 ? 64 : 2 * to->room;
        struct input *items = realloc(to->items, to->room * sizeof items[0]);
        ASSERT(items != NULL);
        to->items = items;
    }
    uint8_t *data = malloc(bytes.size > 0 ? bytes.size : 1);
    ASSERT(data != NULL);
    if (bytes.size > 0) memcpy(data, bytes.data, bytes.size);
    to->items[to->count].data = data;
    to->items[to->count++].size = bytes.size;
}

static void add(struct slice bytes) {
    add_to(&inputs, bytes);
}

static void add_folder(const char *folder, struct inputs *to) {
    struct dirent **names;
    int count = scandir(folder, &names, NULL, alphasort);
    for (int i = 0; i < count; i++) {
        static uint8_t bytes[1024 * 1024];
        char path[PATH_ROOM];
        (void)snprintf(path, sizeof path, "%s/%s", folder, names[i]->d_name);
        FILE *file = names[i]->d_name[0] == '.' ? NULL : fopen(path, "rbe");
        if (file != NULL) {
            add_to(to, slice_of(bytes, fread(bytes, 1, sizeof bytes, file)));
            (void)fclose(file);
        }
        free(names[i]);
    }
    if (count >= 0) free(names);
}

static void write_input(const char *folder, const char *name, struct slice bytes) {
    char path[PATH_ROOM];
    (void)snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *file = fopen(path, "wbe");
    ASSERT(file != NULL);
    bool is_written = fwrite(bytes.data, 1, bytes.size, file) == bytes.size;
    ASSERT(fclose(file) == 0 && is_written);
}
