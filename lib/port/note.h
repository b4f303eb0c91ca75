/* The crash note: which piece of work is in hand right now, kept in a small mapped file beside the store so that it
 * survives the death of the process (journal.md section 6). Setting it costs a few stores to memory. */
#ifndef BHR_PORT_NOTE_H
#define BHR_PORT_NOTE_H

#include "lib/base/slice.h"

enum { NOTE_SIZE_MAX = 64 };

struct note {
    void *context;
    void (*set)(void *context, struct slice bytes); /* at most NOTE_SIZE_MAX; an empty slice clears it */
    /* What was set when the last process died, read once at opening; empty when it stepped down in order. Borrowed for
     * the life of the port. set does not change what this returns; forget does. */
    struct slice (*left_behind)(void *context);
    void (*forget)(void *context);
};

#endif
