/* Is bill a form of william? Rows are short_forms.def. Owns nothing; any thread. Pure. */
#include "lib/match/compare.h"

static const struct form {
    struct slice called, name;
} forms[] = {
#define TEXT(word)                                                                                                     \
    { (const uint8_t *)#word, sizeof #word - 1 }
#define FORM(called, name) {TEXT(called), TEXT(name)},
#include "lib/match/short_forms.def"
#undef FORM
#undef TEXT
};

enum { FORMS = sizeof forms / sizeof forms[0] };

/* The first row of what somebody is called, or FORMS. */
static size_t first_of(struct slice called) {
    size_t low = 0, high = FORMS;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (slice_compare(forms[middle].called, called) < 0) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low < FORMS && slice_equal(forms[low].called, called) ? low : FORMS;
}

bool match_is_short_form(struct slice a, struct slice b) {
    size_t first_a = first_of(a), first_b = first_of(b);
    for (size_t i = first_a; i < FORMS && slice_equal(forms[i].called, a); i++) {
        if (slice_equal(forms[i].name, b)) return true;
        for (size_t j = first_b; j < FORMS && slice_equal(forms[j].called, b); j++) {
            if (slice_equal(forms[i].name, forms[j].name)) return true;
        }
    }
    for (size_t j = first_b; j < FORMS && slice_equal(forms[j].called, b); j++) {
        if (slice_equal(forms[j].name, a)) return true;
    }
    return false;
}
