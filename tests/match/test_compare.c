/* Findings of two people, a row for each: what differs between neighbours is one thing. */
#include "tests/support/cmocka.h"

#include "lib/match/compare.h"

/* What is "" is missing. */
struct described {
    const char *family, *given;
    struct match_date birth;
    const char *postcode, *house, *line_1, *line_2;
};

static struct match_text text_of(const char *text) {
    struct match_text made = {0};
    made.size = (uint8_t)strlen(text);
    assert_true(made.size <= MATCH_TEXT_MAX);
    memcpy(made.bytes, text, made.size);
    return made;
}

static struct match_person person_of(const struct described *described) {
    struct match_person person = {.birth = described->birth};
    person.family = text_of(described->family);
    person.given = text_of(described->given);
    person.postcode = text_of(described->postcode);
    person.house = text_of(described->house);
    person.lines[0] = text_of(described->line_1);
    person.lines[1] = text_of(described->line_2);
    return person;
}

#define BORN                                                                                                           \
    { 1980, 3, 12 }
#define ANNA "okafor", "anna", BORN, "rm79ab", "12", "highst", "romford"

static const struct {
    struct described a, b;
    enum match_field field;
    enum match_level level;
} table[] = {
    {{ANNA}, {ANNA}, MATCH_GIVEN, MATCH_LEVEL_SAME},
    {{ANNA}, {ANNA}, MATCH_FAMILY, MATCH_LEVEL_SAME},
    {{ANNA}, {ANNA}, MATCH_PHONE, MATCH_LEVEL_MISSING},
    {{ANNA}, {ANNA}, MATCH_SEX, MATCH_LEVEL_MISSING},
    /* names */
    {{ANNA}, {"okafor", "ana", BORN, "", "", "", ""}, MATCH_GIVEN, MATCH_LEVEL_TYPO},
    {{"x", "charlotte", BORN, "", "", "", ""},
     {"x", "charlotye", BORN, "", "", "", ""},
     MATCH_GIVEN,
     MATCH_LEVEL_CLOSE},
    {{"x", "charlotte", BORN, "", "", "", ""}, {"x", "charlise", BORN, "", "", "", ""}, MATCH_GIVEN, MATCH_LEVEL_ALIKE},
    {{"x", "coby", BORN, "", "", "", ""}, {"x", "cboyd", BORN, "", "", "", ""}, MATCH_GIVEN, MATCH_LEVEL_TYPO_2},
    {{"x", "jo", BORN, "", "", "", ""}, {"x", "ji", BORN, "", "", "", ""}, MATCH_GIVEN, MATCH_LEVEL_DIFFERENT},
    {{ANNA}, {"okafor", "a", BORN, "", "", "", ""}, MATCH_GIVEN, MATCH_LEVEL_INITIAL},
    {{ANNA}, {"okafor", "b", BORN, "", "", "", ""}, MATCH_GIVEN, MATCH_LEVEL_DIFFERENT},
    {{ANNA}, {"okafor", "", BORN, "", "", "", ""}, MATCH_GIVEN, MATCH_LEVEL_MISSING},
    {{"x", "william", BORN, "", "", "", ""}, {"x", "bill", BORN, "", "", "", ""}, MATCH_GIVEN, MATCH_LEVEL_SHORT},
    {{ANNA}, {"anna", "okafor", BORN, "", "", "", ""}, MATCH_GIVEN, MATCH_LEVEL_SWAPPED},
    {{ANNA}, {"anna", "okafor", BORN, "", "", "", ""}, MATCH_FAMILY, MATCH_LEVEL_MISSING},
    {{ANNA}, {"anna", "", BORN, "", "", "", ""}, MATCH_GIVEN, MATCH_LEVEL_HALF_SWAPPED},
    {{ANNA}, {"anna", "peters", BORN, "", "", "", ""}, MATCH_GIVEN, MATCH_LEVEL_HALF_SWAPPED},
    {{ANNA}, {"okafor", "anna", BORN, "", "", "", ""}, MATCH_GIVEN, MATCH_LEVEL_SAME},
    {{ANNA}, {"okaforpeters", "anna", BORN, "", "", "", ""}, MATCH_FAMILY, MATCH_LEVEL_PART},
    {{ANNA}, {"petersokafor", "anna", BORN, "", "", "", ""}, MATCH_FAMILY, MATCH_LEVEL_PART},
    {{ANNA}, {"okafors", "anna", BORN, "", "", "", ""}, MATCH_FAMILY, MATCH_LEVEL_CLOSE},
    {{ANNA}, {"mensah", "anna", BORN, "", "", "", ""}, MATCH_FAMILY, MATCH_LEVEL_DIFFERENT},
    /* dates */
    {{ANNA}, {"", "", BORN, "", "", "", ""}, MATCH_BIRTH, MATCH_LEVEL_SAME},
    {{ANNA}, {"", "", {1980, 12, 3}, "", "", "", ""}, MATCH_BIRTH, MATCH_LEVEL_SWAPPED},
    {{ANNA}, {"", "", {1980, 3, 21}, "", "", "", ""}, MATCH_BIRTH, MATCH_LEVEL_TYPO},
    {{ANNA}, {"", "", {1990, 3, 12}, "", "", "", ""}, MATCH_BIRTH, MATCH_LEVEL_TYPO},
    {{ANNA}, {"", "", {1980, 3, 29}, "", "", "", ""}, MATCH_BIRTH, MATCH_LEVEL_TWO_PARTS},
    {{ANNA}, {"", "", {1981, 3, 13}, "", "", "", ""}, MATCH_BIRTH, MATCH_LEVEL_TYPO_2},
    {{ANNA}, {"", "", {1980, 3, 0}, "", "", "", ""}, MATCH_BIRTH, MATCH_LEVEL_MONTH},
    {{ANNA}, {"", "", {1980, 0, 0}, "", "", "", ""}, MATCH_BIRTH, MATCH_LEVEL_YEAR},
    {{ANNA}, {"", "", {1981, 0, 0}, "", "", "", ""}, MATCH_BIRTH, MATCH_LEVEL_DIFFERENT},
    {{ANNA}, {"", "", {1980, 4, 0}, "", "", "", ""}, MATCH_BIRTH, MATCH_LEVEL_DIFFERENT},
    {{ANNA}, {"", "", {0, 0, 0}, "", "", "", ""}, MATCH_BIRTH, MATCH_LEVEL_MISSING},
    {{ANNA}, {"", "", {1955, 11, 30}, "", "", "", ""}, MATCH_BIRTH, MATCH_LEVEL_DIFFERENT},
    /* postcodes: UK ones by their parts, others by their digits */
    {{ANNA}, {"", "", BORN, "rm79ab", "", "", ""}, MATCH_POSTCODE, MATCH_LEVEL_SAME},
    {{ANNA}, {"", "", BORN, "rm79ac", "", "", ""}, MATCH_POSTCODE, MATCH_LEVEL_TYPO},
    {{ANNA}, {"", "", BORN, "rm72xy", "", "", ""}, MATCH_POSTCODE, MATCH_LEVEL_OUTWARD},
    {{ANNA}, {"", "", BORN, "rm142xy", "", "", ""}, MATCH_POSTCODE, MATCH_LEVEL_AREA},
    {{ANNA}, {"", "", BORN, "ig13xy", "", "", ""}, MATCH_POSTCODE, MATCH_LEVEL_DIFFERENT},
    {{ANNA}, {"", "", BORN, "", "", "", ""}, MATCH_POSTCODE, MATCH_LEVEL_MISSING},
    {{"", "", BORN, "2119", "", "", ""}, {"", "", BORN, "2191", "", "", ""}, MATCH_POSTCODE, MATCH_LEVEL_TYPO},
    {{"", "", BORN, "2119", "", "", ""}, {"", "", BORN, "2345", "", "", ""}, MATCH_POSTCODE, MATCH_LEVEL_DIFFERENT},
    /* addresses */
    {{ANNA}, {"", "", BORN, "", "12", "highst", ""}, MATCH_HOUSE, MATCH_LEVEL_SAME},
    {{ANNA}, {"", "", BORN, "", "21", "highst", ""}, MATCH_HOUSE, MATCH_LEVEL_TYPO},
    {{ANNA}, {"", "", BORN, "", "345", "highst", ""}, MATCH_HOUSE, MATCH_LEVEL_DIFFERENT},
    {{ANNA}, {"", "", BORN, "", "", "romford", "highst"}, MATCH_LINE_1, MATCH_LEVEL_SWAPPED},
    {{ANNA}, {"", "", BORN, "", "", "romford", "highst"}, MATCH_LINE_2, MATCH_LEVEL_MISSING},
    {{ANNA}, {"", "", BORN, "", "", "", "highst"}, MATCH_LINE_1, MATCH_LEVEL_HALF_SWAPPED},
    {{ANNA}, {"", "", BORN, "", "", "lowrd", ""}, MATCH_LINE_1, MATCH_LEVEL_DIFFERENT},
};

static void each_row_gives_its_finding_both_ways(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        struct match_person a = person_of(&table[i].a), b = person_of(&table[i].b);
        struct match_view view_a = match_view_of(&a), view_b = match_view_of(&b);
        struct match_levels there, back;
        match_compare(&view_a, &view_b, &there);
        match_compare(&view_b, &view_a, &back);
        if (there.of[table[i].field] != table[i].level) {
            print_message("row %zu: %s is %s\n", i, match_field_name(table[i].field),
                          match_level_name((enum match_level)there.of[table[i].field]));
        }
        assert_int_equal(there.of[table[i].field], table[i].level);
        assert_memory_equal(&there, &back, sizeof there);
    }
}

static void phones_are_compared_by_their_digits(void **state) {
    (void)state;
    static const struct {
        uint64_t a, b;
        enum match_level level;
    } rows[] = {
        {7700900123, 7700900123, MATCH_LEVEL_SAME}, {7700900123, 7700900132, MATCH_LEVEL_TYPO},
        {7700900123, 7700900124, MATCH_LEVEL_TYPO}, {7700900123, 2079460000, MATCH_LEVEL_DIFFERENT},
        {7700900123, 0, MATCH_LEVEL_MISSING},       {7700900123, 7700900987, MATCH_LEVEL_DIFFERENT},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct match_person a = {.phone = rows[i].a}, b = {.phone = rows[i].b};
        struct match_view view_a = match_view_of(&a), view_b = match_view_of(&b);
        struct match_levels levels;
        match_compare(&view_a, &view_b, &levels);
        assert_int_equal(levels.of[MATCH_PHONE], rows[i].level);
    }
}

static void fields_find_only_what_they_have(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        struct match_person a = person_of(&table[i].a), b = person_of(&table[i].b);
        struct match_view view_a = match_view_of(&a), view_b = match_view_of(&b);
        struct match_levels levels;
        match_compare(&view_a, &view_b, &levels);
        for (enum match_field field = 0; field < MATCH_FIELDS; field++) {
            enum match_level level = (enum match_level)levels.of[field];
            assert_true(level == MATCH_LEVEL_MISSING || match_field_has(field, level));
        }
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_row_gives_its_finding_both_ways),
        cmocka_unit_test(phones_are_compared_by_their_digits),
        cmocka_unit_test(fields_find_only_what_they_have),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
