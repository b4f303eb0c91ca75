/* The small values that records are made of: names, work, and the names of verdicts. Pure. */
#include "lib/journal/accept.h"

#include "lib/base/assert.h"

bool journal_name_set(struct journal_name *ret_name, struct slice text) {
    _Static_assert(JOURNAL_NAME_MAX <= UINT8_MAX, "the size of a name is one byte");
    if (text.size == 0 || text.size > JOURNAL_NAME_MAX) return false;
    /* The rest is zeroed so that equal names are equal bytes. */
    *ret_name = (struct journal_name){.size = (uint8_t)text.size};
    memcpy(ret_name->text, text.data, text.size);
    return true;
}

bool work_equal(const struct work *a, const struct work *b) {
    return a->kind == b->kind && position_compare(a->position, b->position) == 0 && timer_id_equal(a->timer, b->timer);
}

const char *journal_verdict_name(enum journal_verdict verdict) {
    switch (verdict) {
#define X(verdict, name, sentence)                                                                                     \
    case verdict:                                                                                                      \
        return name;
        JOURNAL_VERDICTS(X)
#undef X
    }
    bhr_assert_failed("a verdict of the table", __FILE__, __LINE__);
}

const char *journal_verdict_sentence(enum journal_verdict verdict) {
    switch (verdict) {
#define X(verdict, name, sentence)                                                                                     \
    case verdict:                                                                                                      \
        return sentence;
        JOURNAL_VERDICTS(X)
#undef X
    }
    bhr_assert_failed("a verdict of the table", __FILE__, __LINE__);
}
