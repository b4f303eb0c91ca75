/* The host's own outcomes as a table in rising order of code. Pure: constant data and a look-up. */
#include "lib/base/outcome.h"

#include "lib/base/assert.h"

#include <stddef.h>

static const struct outcome_row table[] = {
#define X(code, NAME, name, status, bars, sentence) {code, name, status, bars, sentence},
#include "lib/base/outcome_common.def"
#undef X
};

const struct outcome_row *outcome_common_row(uint32_t code) {
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        ASSERT(table[i].code >= 1 && table[i].code <= 99);
        if (table[i].code == code) return &table[i];
    }
    return NULL;
}

const char *reply_status_name(enum reply_status status) {
    switch (status) {
#define X(value, number, name)                                                                                         \
    case value:                                                                                                        \
        return name;
        REPLY_STATUSES(X)
#undef X
    }
    return "?";
}
