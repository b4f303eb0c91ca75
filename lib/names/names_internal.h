/* What the files of lib/names share, and nobody else includes. */
#ifndef BHR_NAMES_NAMES_INTERNAL_H
#define BHR_NAMES_NAMES_INTERNAL_H

#include "lib/names/names.h"

enum { NAMES_WORDS_MAX = 12, NAMES_WORD_MAX = MATCH_TEXT_MAX };

/* A text as folded words. */
struct names_words {
    uint32_t count;
    struct match_text words[NAMES_WORDS_MAX];
};

/* names_fold.c. Words end at anything but a letter, a digit, an apostrophe or a hyphen; words beyond the most are left. */
void names_split(struct slice text, struct names_words *ret_words);
/* What does not fit is cut. */
void names_append(struct match_text *text, const struct match_text *word);

/* names_address.c */
void names_address(const struct names_record *record, struct match_person *person);

#endif
