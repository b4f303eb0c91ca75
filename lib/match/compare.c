/* From two people to findings (compare.h). Owns nothing; any thread. Pure. */
#include "lib/match/compare.h"

#include "lib/base/assert.h"

enum {
    CLOSE_MIN = 940, /* thousandths of Jaro-Winkler */
    ALIKE_MIN = 880,
    SIMILAR_MIN = 800,
    LINE_CROSSWISE_MIN = 900,
    PART_SIZE_MIN = 4, /* of a name inside a longer one */
    PART_LESS_MIN = 3,
    INWARD_SIZE = 3, /* of a UK postcode: 9AB of RM7 9AB */
    UK_POSTCODE_MIN = 5,
    PHONE_ALIKE_MIN = 5, /* digits in their place; below, one error does not explain it */
    UNKNOWN = -1,        /* a similarity of what is missing; less than any */
};

static int similarity(const struct match_text *a, const struct match_text *b);
static uint8_t level_of(const struct match_text *a, const struct match_text *b, int found);
static void compare_lines(const struct match_view *a, const struct match_view *b, struct match_levels *ret_levels);
static uint8_t compare_dates(struct match_date a, struct match_date b);
static uint8_t compare_postcodes(const struct match_text *a, const struct match_text *b);
static uint8_t compare_houses(const struct match_text *a, const struct match_text *b);
static uint8_t compare_counties(const struct match_text *a, const struct match_text *b);
static uint8_t compare_phones(uint64_t a, uint64_t b);

void match_compare(const struct match_view *a, const struct match_view *b, struct match_levels *ret_levels) {
    match_compare_numbers(a, b, ret_levels);
    match_compare_names(a, b, ret_levels);
    match_compare_homes(a, b, ret_levels);
}

void match_compare_numbers(const struct match_view *a, const struct match_view *b, struct match_levels *ret_levels) {
    bool has_sex = a->sex != MATCH_SEX_UNKNOWN && b->sex != MATCH_SEX_UNKNOWN;
    uint8_t sex = a->sex == b->sex ? MATCH_LEVEL_SAME : MATCH_LEVEL_DIFFERENT;
    ret_levels->of[MATCH_BIRTH] = compare_dates(a->birth, b->birth);
    ret_levels->of[MATCH_SEX] = has_sex ? sex : MATCH_LEVEL_MISSING;
    ret_levels->of[MATCH_PHONE] = compare_phones(a->phone, b->phone);
}

void match_compare_homes(const struct match_view *a, const struct match_view *b, struct match_levels *ret_levels) {
    const struct match_text *town_a = a->lines[MATCH_LINES - 1], *town_b = b->lines[MATCH_LINES - 1];
    ret_levels->of[MATCH_POSTCODE] = compare_postcodes(a->postcode, b->postcode);
    ret_levels->of[MATCH_HOUSE] = compare_houses(a->house, b->house);
    compare_lines(a, b, ret_levels);
    ret_levels->of[MATCH_TOWN] = level_of(town_a, town_b, similarity(town_a, town_b));
    ret_levels->of[MATCH_COUNTY] = compare_counties(a->county, b->county);
}

struct match_view match_view_of(const struct match_person *person) {
    ASSERT(person->family.size <= MATCH_TEXT_MAX && person->given.size <= MATCH_TEXT_MAX);
    return (struct match_view){.family = &person->family,
                               .given = &person->given,
                               .postcode = &person->postcode,
                               .house = &person->house,
                               .lines = {&person->lines[0], &person->lines[1], &person->lines[2]},
                               .county = &person->county,
                               .birth = person->birth,
                               .sex = person->sex,
                               .phone = person->phone};
}

/* ---- texts ---- */

static bool is_same(const struct match_text *a, const struct match_text *b) {
    return a == b || (a->size == b->size && memcmp(a->bytes, b->bytes, a->size) == 0);
}

static int similarity(const struct match_text *a, const struct match_text *b) {
    if (a->size == 0 || b->size == 0) return UNKNOWN;
    if (is_same(a, b)) return 1000;
    unsigned found = match_jaro_winkler(match_text_slice(a), match_text_slice(b));
    return found < 1000 ? (int)found : 999; /* rounded up to it is not the same */
}

/* Errors are counted where letters are alike: Charlotye is one error from Charlotte and four from Charles, whose letters
 * are as like. */
static uint8_t level_of(const struct match_text *a, const struct match_text *b, int found) {
    if (found == UNKNOWN) return MATCH_LEVEL_MISSING;
    if (found == 1000) return MATCH_LEVEL_SAME;
    if (found >= CLOSE_MIN) return MATCH_LEVEL_CLOSE;
    if (found < SIMILAR_MIN) return MATCH_LEVEL_DIFFERENT;
    unsigned distance = match_distance(match_text_slice(a), match_text_slice(b));
    return distance == 1        ? MATCH_LEVEL_TYPO
           : distance == 2      ? MATCH_LEVEL_TYPO_2
           : found >= ALIKE_MIN ? MATCH_LEVEL_ALIKE
                                : MATCH_LEVEL_SIMILAR;
}

/* ---- names ---- */

static bool is_part(const struct match_text *a, const struct match_text *b) {
    const struct match_text *whole = a->size > b->size ? a : b, *part = a->size > b->size ? b : a;
    if (part->size < PART_SIZE_MIN || whole->size < part->size + PART_LESS_MIN) return false;
    return memcmp(whole->bytes, part->bytes, part->size) == 0 ||
           memcmp(whole->bytes + whole->size - part->size, part->bytes, part->size) == 0;
}

static uint8_t given_level(const struct match_text *a, const struct match_text *b, int found) {
    if (found == UNKNOWN || found == 1000) return level_of(a, b, found);
    if ((a->size == 1 || b->size == 1) && a->bytes[0] == b->bytes[0]) return MATCH_LEVEL_INITIAL;
    if (match_is_short_form(match_text_slice(a), match_text_slice(b))) return MATCH_LEVEL_SHORT;
    return level_of(a, b, found);
}

/* Only names that do not fit as they stand are tried crosswise. One that fits crosswise alone has to fit better. */
void match_compare_names(const struct match_view *a, const struct match_view *b, struct match_levels *ret_levels) {
    int given = similarity(a->given, b->given), family = similarity(a->family, b->family);
    if (given < ALIKE_MIN && family < ALIKE_MIN) {
        int there = similarity(a->given, b->family), back = similarity(a->family, b->given);
        bool is_swapped = there >= ALIKE_MIN && back >= ALIKE_MIN;
        bool is_half = there >= CLOSE_MIN || back >= CLOSE_MIN;
        if (is_swapped || is_half) {
            ret_levels->of[MATCH_GIVEN] = is_swapped ? MATCH_LEVEL_SWAPPED : MATCH_LEVEL_HALF_SWAPPED;
            ret_levels->of[MATCH_FAMILY] = MATCH_LEVEL_MISSING;
            return;
        }
    }
    bool may_be_part = family != UNKNOWN && family < CLOSE_MIN;
    ret_levels->of[MATCH_GIVEN] = given_level(a->given, b->given, given);
    ret_levels->of[MATCH_FAMILY] =
        may_be_part && is_part(a->family, b->family) ? MATCH_LEVEL_PART : level_of(a->family, b->family, family);
}

/* ---- dates ---- */

static void digits_of(struct match_date date, uint8_t ret_digits[8]) {
    uint32_t number = date.year * 10000U + date.month * 100U + date.day;
    for (int i = 7; i >= 0; i--, number /= 10) ret_digits[i] = (uint8_t)(number % 10);
}

/* Up to 2; more is 3. Of eight digits each two that differ in one place are one apart, and in two places that are not
 * exchanged two; only beyond that one of the eight may have slipped. */
static unsigned date_distance(struct match_date a, struct match_date b) {
    uint8_t digits_a[8], digits_b[8];
    digits_of(a, digits_a);
    digits_of(b, digits_b);
    int differ = 0, last = 0;
    for (int i = 0; i < 8; i++) {
        if (digits_a[i] == digits_b[i]) continue;
        differ++;
        last = i;
    }
    if (differ <= 1) return (unsigned)differ;
    if (differ == 2) {
        bool is_exchange = digits_a[last] == digits_b[last - 1] && digits_a[last - 1] == digits_b[last];
        return is_exchange ? 1 : 2;
    }
    return match_distance(slice_of(digits_a, 8), slice_of(digits_b, 8)) == 2 ? 2 : 3;
}

static uint8_t compare_dates(struct match_date a, struct match_date b) {
    if (a.year == 0 || b.year == 0) return MATCH_LEVEL_MISSING;
    bool is_year = a.year == b.year, is_month = a.month == b.month, is_day = a.day == b.day;
    if (a.month == 0 || b.month == 0) return is_year ? MATCH_LEVEL_YEAR : MATCH_LEVEL_DIFFERENT;
    if (a.day == 0 || b.day == 0) return is_year && is_month ? MATCH_LEVEL_MONTH : MATCH_LEVEL_DIFFERENT;
    if (is_year && is_month && is_day) return MATCH_LEVEL_SAME;
    if (!is_year && !is_month && !is_day) return MATCH_LEVEL_DIFFERENT; /* where nearly all strangers end */
    unsigned distance = date_distance(a, b);
    if (distance == 1) return MATCH_LEVEL_TYPO;
    if (is_year && a.month == b.day && a.day == b.month) return MATCH_LEVEL_SWAPPED;
    if (is_year + is_month + is_day == 2) return MATCH_LEVEL_TWO_PARTS;
    return distance == 2 ? MATCH_LEVEL_TYPO_2 : MATCH_LEVEL_DIFFERENT;
}

/* ---- where people live ---- */

static size_t area_size(const struct match_text *postcode) {
    size_t size = 0;
    while (size < postcode->size && postcode->bytes[size] >= 'a') size++;
    return size;
}

/* Outward part and area are of UK postcodes, which begin with a letter; others are digits to be typed. */
static uint8_t compare_postcodes(const struct match_text *a, const struct match_text *b) {
    if (a->size == 0 || b->size == 0) return MATCH_LEVEL_MISSING;
    if (is_same(a, b)) return MATCH_LEVEL_SAME;
    size_t area = area_size(a);
    bool is_area = area > 0 && area == area_size(b) && memcmp(a->bytes, b->bytes, area) == 0;
    bool is_outward = area > 0 && a->size >= UK_POSTCODE_MIN && a->size == b->size &&
                      memcmp(a->bytes, b->bytes, a->size - INWARD_SIZE) == 0;
    unsigned distance = match_distance(match_text_slice(a), match_text_slice(b));
    if (distance == 1) return MATCH_LEVEL_TYPO;
    if (is_outward) return MATCH_LEVEL_OUTWARD;
    if (distance == 2) return MATCH_LEVEL_TYPO_2;
    return is_area ? MATCH_LEVEL_AREA : MATCH_LEVEL_DIFFERENT;
}

static uint8_t compare_houses(const struct match_text *a, const struct match_text *b) {
    if (a->size == 0 || b->size == 0) return MATCH_LEVEL_MISSING;
    if (is_same(a, b)) return MATCH_LEVEL_SAME;
    return match_distance(match_text_slice(a), match_text_slice(b)) == 1 ? MATCH_LEVEL_TYPO : MATCH_LEVEL_DIFFERENT;
}

static void compare_lines(const struct match_view *a, const struct match_view *b, struct match_levels *ret_levels) {
    int first = similarity(a->lines[0], b->lines[0]), second = similarity(a->lines[1], b->lines[1]);
    ret_levels->of[MATCH_LINE_1] = level_of(a->lines[0], b->lines[0], first);
    ret_levels->of[MATCH_LINE_2] = level_of(a->lines[1], b->lines[1], second);
    if (first >= ALIKE_MIN || second >= ALIKE_MIN) return;
    bool there = similarity(a->lines[0], b->lines[1]) >= LINE_CROSSWISE_MIN;
    bool back = similarity(a->lines[1], b->lines[0]) >= LINE_CROSSWISE_MIN;
    if (!there && !back) return;
    ret_levels->of[MATCH_LINE_1] = there && back ? MATCH_LEVEL_SWAPPED : MATCH_LEVEL_HALF_SWAPPED;
    ret_levels->of[MATCH_LINE_2] = MATCH_LEVEL_MISSING;
}

/* Short and few: one that is nearly another is another. */
static uint8_t compare_counties(const struct match_text *a, const struct match_text *b) {
    if (a->size == 0 || b->size == 0) return MATCH_LEVEL_MISSING;
    return is_same(a, b) ? MATCH_LEVEL_SAME : MATCH_LEVEL_DIFFERENT;
}

static uint8_t compare_phones(uint64_t a, uint64_t b) {
    if (a == 0 || b == 0) return MATCH_LEVEL_MISSING;
    if (a == b) return MATCH_LEVEL_SAME;
    uint8_t digits_a[10], digits_b[10];
    unsigned alike = 0;
    for (int i = 9; i >= 0; i--, a /= 10, b /= 10) {
        digits_a[i] = (uint8_t)(a % 10);
        digits_b[i] = (uint8_t)(b % 10);
        alike += digits_a[i] == digits_b[i];
    }
    if (alike < PHONE_ALIKE_MIN) return MATCH_LEVEL_DIFFERENT;
    unsigned distance = match_distance(slice_of(digits_a, 10), slice_of(digits_b, 10));
    return distance == 1 ? MATCH_LEVEL_TYPO : MATCH_LEVEL_DIFFERENT;
}

/* ---- names of levels and fields ---- */

const char *match_level_name(enum match_level level) {
    static const char *const names[MATCH_LEVELS] = {
        "missing",
#define LEVEL(level, name) name,
#include "lib/match/levels.def"
#undef LEVEL
    };
    ASSERT((unsigned)level < MATCH_LEVELS);
    return names[level];
}

const char *match_field_name(enum match_field field) {
    static const char *const names[MATCH_FIELDS] = {
#define FIELD(field, name, shared_by, levels) name,
#include "lib/match/levels.def"
#undef FIELD
    };
    ASSERT((unsigned)field < MATCH_FIELDS);
    return names[field];
}

bool match_field_has(enum match_field field, enum match_level level) {
#define IS(level) (UINT32_C(1) << MATCH_LEVEL_##level)
    static const uint32_t levels_of[MATCH_FIELDS] = {
#define FIELD(field, name, shared_by, levels) levels,
#include "lib/match/levels.def"
#undef FIELD
    };
#undef IS
    ASSERT((unsigned)field < MATCH_FIELDS && (unsigned)level < MATCH_LEVELS);
    return (levels_of[field] >> level & 1) != 0;
}

const char *match_circle_name(enum match_circle circle) {
    return circle == MATCH_HOUSEHOLD ? "household" : "neighbours";
}

bool match_field_is_shared(enum match_field field, enum match_circle circle) {
    enum { NOBODY = 0, HOUSEHOLD = 1 << MATCH_HOUSEHOLD, BOTH = 1 << MATCH_HOUSEHOLD | 1 << MATCH_NEIGHBOURS };
    static const uint8_t circles_of[MATCH_FIELDS] = {
#define FIELD(field, name, shared_by, levels) shared_by,
#include "lib/match/levels.def"
#undef FIELD
    };
    ASSERT((unsigned)field < MATCH_FIELDS && (unsigned)circle < MATCH_CIRCLES);
    return (circles_of[field] >> circle & 1) != 0;
}

bool match_field_is_of_home(enum match_field field) {
    return field == MATCH_HOUSE || match_field_is_shared(field, MATCH_NEIGHBOURS);
}
