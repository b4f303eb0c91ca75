/* Memory of the world around the program under test, which never runs out: a test that lets the program's own requests for
 * memory fail (tests/support/alloc.h) takes away malloc, calloc, realloc and strdup, and passes this by. */
#ifndef BHR_PORT_FAKE_MEMORY_H
#define BHR_PORT_FAKE_MEMORY_H

#include "lib/base/assert.h"

#include <stdlib.h>

/* old grown or shrunk to size bytes; NULL makes a new block. The caller's, to be freed. */
static inline void *fake_memory(void *old, size_t size) {
    void *memory = reallocarray(old, 1, size);
    ASSERT(memory != NULL);
    return memory;
}

#endif
