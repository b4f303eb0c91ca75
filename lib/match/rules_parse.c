/* Reads a rules file (rules.h). One row a line: what it is, then its words; '#' starts a comment. Every row that there can
 * be must be there once, so that a weight that was forgotten is not taken for one of nothing. Owns nothing; any thread.
 * Pure.
 *
 *     version 1
 *     people 10000
 *     prior -13100
 *     guard moved -2800
 *     guard household -13900
 *     guard neighbours -9300
 *     rarity family_name 1520000
 *     weight family_name same 9210
 *     household family_name same 7840
 *     neighbours town same 3100
 */
#include "lib/base/assert.h"
#include "lib/base/refusal.h"
#include "lib/base/text.h"
#include "lib/match/rules.h"

enum {
    WEIGHT_MAX = 100000, /* millibits to either side; sums of all fields stay far inside 32 bits */
    VERSION_MAX = 999999999,
    PEOPLE_MAX = 100000000,
    PER_BILLION_MAX = 1000000000,
};

struct parser {
    struct match_rules *rules;
    struct slice rest; /* of the text */
    uint32_t line;
    struct error *reterr_error;
    bool has_version, has_people, has_prior, has_moved, has_circle[MATCH_CIRCLES];
    bool has_rarity[MATCH_FIELDS];
    bool has_weight[MATCH_FIELDS][MATCH_LEVELS], has_shared[MATCH_CIRCLES][MATCH_FIELDS][MATCH_LEVELS];
};

static enum status read_row(struct parser *parser, struct slice word);
static struct slice next_word(struct parser *parser);
static bool next_line(struct parser *parser);
static enum status refuse_missing(const struct parser *parser);

enum status match_rules_parse(struct slice text, struct match_rules *ret_rules, struct error *reterr_error) {
    ASSERT(ret_rules != NULL && reterr_error != NULL);
    struct match_rules rules = {.version = 0};
    struct parser parser = {.rules = &rules, .rest = text, .line = 1, .reterr_error = reterr_error};
    enum status status = STATUS_OK;
    do {
        struct slice word = next_word(&parser);
        if (word.size > 0) status = read_row(&parser, word);
    } while (status == STATUS_OK && next_line(&parser));
    if (status == STATUS_OK) status = refuse_missing(&parser);
    if (status == STATUS_OK) *ret_rules = rules;
    return status;
}

/* ---- words ---- */

static bool is_blank(uint8_t c) {
    return c == ' ' || c == '\t' || c == '\r';
}

/* Of this line; empty at its end or at a comment. */
static struct slice next_word(struct parser *parser) {
    const uint8_t *data = parser->rest.data;
    size_t from = 0, until, end = parser->rest.size;
    while (from < end && is_blank(data[from])) from++;
    until = from;
    if (from == end || data[from] == '#') return (struct slice){0};
    while (until < end && !is_blank(data[until]) && data[until] != '\n') until++;
    parser->rest = slice_of(data + until, end - until);
    return slice_of(data + from, until - from);
}

/* Goes behind the end of this line; false at the end of the text. */
static bool next_line(struct parser *parser) {
    if (parser->rest.size == 0) return false;
    const uint8_t *end = memchr(parser->rest.data, '\n', parser->rest.size);
    if (end == NULL) return false;
    size_t taken = (size_t)(end - parser->rest.data) + 1;
    parser->rest = slice_of(end + 1, parser->rest.size - taken);
    parser->line++;
    return true;
}

static enum status refuse(const struct parser *parser, struct slice word, const char *expected) {
    return refusal_of_word(parser->reterr_error, parser->line, word, expected);
}

/* ---- rows ---- */

static enum status once(const struct parser *parser, struct slice word, bool *has) {
    if (*has) return refuse(parser, word, "this row only once");
    *has = true;
    return STATUS_OK;
}

static enum status end_row(struct parser *parser) {
    struct slice surplus = next_word(parser);
    return surplus.size == 0 ? STATUS_OK : refuse(parser, surplus, "the end of the line");
}

static enum status read_count(struct parser *parser, uint32_t max, const char *expected, uint32_t *ret_count) {
    struct slice word = next_word(parser);
    uint64_t number;
    if (!text_u64(word, &number) || number == 0 || number > max) return refuse(parser, word, expected);
    *ret_count = (uint32_t)number;
    return end_row(parser);
}

static enum status read_millibits(struct parser *parser, int32_t *ret_millibits) {
    struct slice word = next_word(parser);
    bool is_negative = word.size > 0 && word.data[0] == '-';
    struct slice digits = is_negative ? slice_of(word.data + 1, word.size - 1) : word;
    uint64_t number;
    if (!text_u64(digits, &number) || number > WEIGHT_MAX) {
        return refuse(parser, word, "thousandths of a bit, from -100000 to 100000");
    }
    *ret_millibits = is_negative ? -(int32_t)number : (int32_t)number;
    return end_row(parser);
}

static enum status read_field(struct parser *parser, enum match_field *ret_field) {
    struct slice word = next_word(parser);
    for (int field = 0; field < MATCH_FIELDS; field++) {
        if (!slice_equal(word, slice_text(match_field_name((enum match_field)field)))) continue;
        *ret_field = (enum match_field)field;
        return STATUS_OK;
    }
    return refuse(
        parser, word,
        "family_name, given_name, birth_date, sex, postcode, house, address_1, address_2, town, county or phone");
}

static enum status read_level(struct parser *parser, enum match_field *ret_field, enum match_level *ret_level,
                              struct slice *ret_word) {
    enum status status = read_field(parser, ret_field);
    if (status != STATUS_OK) return status;
    *ret_word = next_word(parser);
    for (enum match_level level = MATCH_LEVEL_SAME; level < MATCH_LEVELS; level++) {
        if (!match_field_has(*ret_field, level)) continue;
        *ret_level = level;
        if (slice_equal(*ret_word, slice_text(match_level_name(level)))) return STATUS_OK;
    }
    return refuse(parser, *ret_word, "a level that this field has");
}

static enum status read_weight(struct parser *parser) {
    enum match_field field;
    enum match_level level;
    struct slice word;
    enum status status = read_level(parser, &field, &level, &word);
    if (status == STATUS_OK) status = once(parser, word, &parser->has_weight[field][level]);
    return status == STATUS_OK ? read_millibits(parser, &parser->rules->weights[field][level]) : status;
}

static enum status read_shared(struct parser *parser, enum match_circle circle) {
    enum match_field field;
    enum match_level level;
    struct slice word;
    enum status status = read_level(parser, &field, &level, &word);
    if (status != STATUS_OK) return status;
    if (!match_field_is_shared(field, circle)) return refuse(parser, word, "a field that they share");
    status = once(parser, word, &parser->has_shared[circle][field][level]);
    return status == STATUS_OK ? read_millibits(parser, &parser->rules->circles[circle].weights[field][level]) : status;
}

static enum status read_rarity(struct parser *parser) {
    enum match_field field;
    enum status status = read_field(parser, &field);
    if (status == STATUS_OK) status = once(parser, slice_text("rarity"), &parser->has_rarity[field]);
    if (status != STATUS_OK) return status;
    return read_count(parser, PER_BILLION_MAX, "a number from 1 to 1000000000",
                      &parser->rules->same_per_billion[field]);
}

static enum status read_guard(struct parser *parser) {
    struct match_rules *rules = parser->rules;
    struct slice word = next_word(parser);
    bool *has = slice_equal(word, slice_text("moved")) ? &parser->has_moved : NULL;
    int32_t *millibits = &rules->moved_millibits;
    for (enum match_circle circle = 0; circle < MATCH_CIRCLES; circle++) {
        if (!slice_equal(word, slice_text(match_circle_name(circle)))) continue;
        has = &parser->has_circle[circle];
        millibits = &rules->circles[circle].prior_millibits;
    }
    if (has == NULL) return refuse(parser, word, "moved, household or neighbours");
    enum status status = once(parser, word, has);
    return status == STATUS_OK ? read_millibits(parser, millibits) : status;
}

static enum status read_row(struct parser *parser, struct slice word) {
    struct match_rules *rules = parser->rules;
    enum status status = STATUS_OK;
    if (slice_equal(word, slice_text("weight"))) return read_weight(parser);
    for (enum match_circle circle = 0; circle < MATCH_CIRCLES; circle++) {
        if (slice_equal(word, slice_text(match_circle_name(circle)))) return read_shared(parser, circle);
    }
    if (slice_equal(word, slice_text("rarity"))) return read_rarity(parser);
    if (slice_equal(word, slice_text("guard"))) return read_guard(parser);
    if (slice_equal(word, slice_text("version"))) {
        status = once(parser, word, &parser->has_version);
        return status == STATUS_OK ? read_count(parser, VERSION_MAX, "a number from 1 to 999999999", &rules->version)
                                   : status;
    }
    if (slice_equal(word, slice_text("people"))) {
        status = once(parser, word, &parser->has_people);
        return status == STATUS_OK ? read_count(parser, PEOPLE_MAX, "a number from 1 to 100000000", &rules->people)
                                   : status;
    }
    if (slice_equal(word, slice_text("prior"))) {
        status = once(parser, word, &parser->has_prior);
        return status == STATUS_OK ? read_millibits(parser, &rules->prior_millibits) : status;
    }
    return refuse(parser, word, "version, people, prior, guard, rarity, weight, household or neighbours");
}

/* ---- what is not there ---- */

static enum status refuse_row(const struct parser *parser, const char *row, const char *field, const char *level) {
    struct buffer message = refusal_begin(parser->reterr_error);
    refusal_text(&message, "line ");
    refusal_number(&message, parser->line);
    refusal_text(&message, ": expected before the end a row ");
    refusal_text(&message, row);
    refusal_text(&message, field);
    if (level[0] != '\0') refusal_text(&message, " ");
    refusal_text(&message, level);
    return refusal_end(parser->reterr_error, &message);
}

static enum status refuse_missing(const struct parser *parser) {
    if (!parser->has_version) return refuse_row(parser, "version", "", "");
    if (!parser->has_people) return refuse_row(parser, "people", "", "");
    if (!parser->has_prior) return refuse_row(parser, "prior", "", "");
    if (!parser->has_moved) return refuse_row(parser, "guard moved", "", "");
    for (enum match_circle circle = 0; circle < MATCH_CIRCLES; circle++) {
        if (!parser->has_circle[circle]) return refuse_row(parser, "guard ", match_circle_name(circle), "");
    }
    for (enum match_field field = 0; field < MATCH_FIELDS; field++) {
        const char *name = match_field_name(field);
        if (!parser->has_rarity[field]) return refuse_row(parser, "rarity ", name, "");
        for (enum match_level level = MATCH_LEVEL_MISSING + 1; level < MATCH_LEVELS; level++) {
            if (!match_field_has(field, level)) continue;
            const char *of = match_level_name(level);
            if (!parser->has_weight[field][level]) return refuse_row(parser, "weight ", name, of);
            for (enum match_circle circle = 0; circle < MATCH_CIRCLES; circle++) {
                if (!match_field_is_shared(field, circle) || parser->has_shared[circle][field][level]) continue;
                return refuse_row(parser, circle == MATCH_HOUSEHOLD ? "household " : "neighbours ", name, of);
            }
        }
    }
    return STATUS_OK;
}
