/* A scenario that is told, and compared with the story that is written down beside it (story_*.txt). A story that is told
 * differently is left in the build folder; to accept it, copy it here. */
#ifndef BHR_TESTS_CORE_BOOKING_STORY_H
#define BHR_TESTS_CORE_BOOKING_STORY_H

#include "tests/core/booking/booking_world.h"

static inline void tell_line(struct world *world, const char *format, ...) __attribute__((format(printf, 2, 3)));
static inline void tell_line(struct world *world, const char *format, ...) {
    char line[256];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(line, sizeof line, format, arguments);
    va_end(arguments);
    size_t room = sizeof world->story - world->story_size;
    int size = snprintf(world->story + world->story_size, room, "             %s\n", line);
    assert_true(size >= 0 && (size_t)size < room);
    world->story_size += (size_t)size;
}

/* Also: the journal replayed into an empty store gives the same rows. */
static inline void compare(const struct world *world, const char *name) {
    char path[512], expected[WORLD_TRACE_MAX] = "";
    snprintf(path, sizeof path, "%s/tests/core/booking/%s", BHR_SOURCE_DIR, name);
    FILE *file = fopen(path, "r");
    if (file != NULL) {
        size_t size = fread(expected, 1, sizeof expected - 1, file);
        expected[size] = '\0';
        fclose(file);
    }
    if (strcmp(world->story, expected) != 0) {
        snprintf(path, sizeof path, "%s/%s", BHR_BINARY_DIR, name);
        file = fopen(path, "w");
        assert_non_null(file);
        fputs(world->story, file);
        fclose(file);
        fail_msg("the story is told differently: compare tests/core/booking/%s with %s", name, path);
    }
    struct digest live = rows_array_digest(&world->array), replayed = world_replay_digest(world);
    assert_true(digest_equal(live, replayed));
}

#endif
