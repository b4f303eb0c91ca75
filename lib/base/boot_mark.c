/* A mark is two lines: the boot's id, and "open" or "closed". */
#include "lib/base/boot_mark.h"

#include "lib/base/assert.h"

#include <string.h>

void boot_mark_write(const char *boot_id, bool is_closed, char ret_mark[BOOT_MARK_MAX]) {
    const char *state = is_closed ? "\nclosed\n" : "\nopen\n";
    size_t id_size = strlen(boot_id), state_size = strlen(state);
    ASSERT(id_size + state_size < BOOT_MARK_MAX);
    memcpy(ret_mark, boot_id, id_size);
    memcpy(ret_mark + id_size, state, state_size + 1);
}

bool boot_mark_is_trusted(const char *mark, const char *boot_id) {
    static const char closed[] = "\nclosed\n";
    size_t mark_size = strlen(mark), id_size = strlen(boot_id);
    size_t closed_size = sizeof closed - 1;
    if (mark_size >= closed_size && memcmp(mark + mark_size - closed_size, closed, closed_size) == 0) return true;
    bool is_same_boot = id_size > 0 && mark_size > id_size && memcmp(mark, boot_id, id_size) == 0;
    return is_same_boot && mark[id_size] == '\n';
}
