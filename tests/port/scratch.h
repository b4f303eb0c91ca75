/* A directory of one's own for a test, removed with everything in it at the end. */
#ifndef BHR_TESTS_PORT_SCRATCH_H
#define BHR_TESTS_PORT_SCRATCH_H

#include "tests/support/cmocka.h"

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { SCRATCH_PATH_MAX = 200 };

static inline int scratch_unlink(const char *path, const struct stat *entry, int type, struct FTW *where) {
    (void)entry;
    (void)type;
    (void)where;
    return remove(path);
}

static inline void scratch_make(char ret_dir[SCRATCH_PATH_MAX]) {
    snprintf(ret_dir, SCRATCH_PATH_MAX, "/tmp/bhr-test-XXXXXX");
    assert_non_null(mkdtemp(ret_dir));
}

static inline void scratch_remove(const char *dir) {
    assert_int_equal(nftw(dir, scratch_unlink, 16, FTW_DEPTH | FTW_PHYS), 0);
}

#endif
