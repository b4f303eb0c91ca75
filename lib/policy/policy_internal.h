/* What the files policy*.c share, and nobody else includes. The text is read three times: for who there is, for the
 * rules, for the cases; so that each may name what stands further down. */
#ifndef BHR_POLICY_POLICY_INTERNAL_H
#define BHR_POLICY_POLICY_INTERNAL_H

#include "lib/base/assert.h"
#include "lib/base/refusal.h"
#include "lib/base/text.h"
#include "lib/policy/policy.h"

enum policy_pass { PASS_NAMES, PASS_RULES, PASS_CASES };

/* A short name for the service part of methods: "booking" in "booking/Book". */
struct policy_api {
    char name[POLICY_NAME_MAX + 1];
    char service[POLICY_METHOD_MAX + 1];
};

struct parser {
    struct policy *policy;
    struct slice rest; /* of the text */
    enum policy_pass pass;
    uint32_t line;
    uint32_t block_line; /* where the open block began */
    uint32_t seen;       /* bits: which of the open block's rows have come */
    uint32_t api_count;
    struct policy_api apis[POLICY_APIS_MAX];
    struct error *reterr_error;
};

/* A row of a block: its word and who reads the rest of it. Without is_repeated it comes once at most. */
struct row_kind {
    const char *word;
    enum status (*read)(struct parser *parser, void *block);
    bool is_required, is_repeated;
};
struct block_kind {
    const char *name;     /* "system" */
    const char *expected; /* the words of its rows, as an error names them */
    const struct row_kind *rows;
    uint32_t row_count;
};

/* policy_words.c. A row ends with its line, at a ';' or before a '}'; a '#' starts a comment where a word starts. */
/* The first word of the next row; false at the end of the text. */
bool policy_next_row(struct parser *parser, struct slice *ret_word);
/* The next word of this row; empty at its end. */
struct slice policy_next_word(struct parser *parser);
/* STATUS_INVALID when the row goes on. */
enum status policy_end_row(struct parser *parser);
/* A word that must be a token of at most size_max characters, into text of size_max + 1. */
enum status policy_read_token(struct parser *parser, char *ret_text, size_t size_max, const char *expected);
/* "name" in quotes, or nothing; then the '{'. */
enum status policy_read_title(struct parser *parser, char ret_title[POLICY_TITLE_MAX + 1]);
enum status policy_refuse(const struct parser *parser, struct slice word, const char *expected);
/* The rows up to the '}' of a block, whose '{' was read. */
enum status policy_read_block(struct parser *parser, const struct block_kind *kind, void *block);
/* Goes over a block that is not this pass's matter. */
enum status policy_skip_block(struct parser *parser);

/* policy_parse.c */
uint32_t policy_find_organisation(const struct policy *policy, struct slice code); /* count when it is not there */
/* The row `methods`: adds to *methods those that the program knows. */
enum status policy_read_methods(struct parser *parser, uint64_t *methods);

/* policy_rules.c */
enum status policy_read_rule(struct parser *parser, bool is_allow);
/* The methods row of a system is a rule that allows them without a condition. */
enum status policy_add_simple_rule(struct parser *parser, uint32_t system);

/* policy_shadow.c */
enum status policy_refuse_shadowed(const struct policy *policy, struct error *reterr_error);

/* policy_cases.c */
enum status policy_run_case(struct parser *parser);

static inline bool policy_set_has(const struct policy_set *set, uint32_t i) {
    return (set->words[i / 64] >> (i % 64) & 1) != 0;
}
static inline void policy_set_put(struct policy_set *set, uint32_t i) {
    set->words[i / 64] |= UINT64_C(1) << (i % 64);
}

#endif
