/* Records as sources send them, and the people they become. */
#include "tests/support/cmocka.h"
#include "tests/support/prng.h"

#include "lib/names/names.h"

static const struct {
    const char *sent, *folded;
} names[] = {
    {"Smith", "smith"},
    {"O'Neill", "oneill"},
    {"O\xE2\x80\x99Neill", "oneill"},
    {"Smith-Jones", "smithjones"},
    {"van der Berg", "vanderberg"},
    {"Zo\xC3\xAB", "zoe"},  /* one code point */
    {"Zoe\xCC\x88", "zoe"}, /* a letter and a mark */
    {"Stra\xC3\x9F"
     "e",
     "strasse"},                 /* sharp s */
    {"\xC5\x81ukasz", "lukasz"}, /* stroke: not taken apart by Unicode */
    {"S\xC3\xB8ren", "soren"},
    {"\xC3\x86thelred", "aethelred"},
    {"I\xCC\x87pek", "ipek"},
    {"\xC4\xB0pek", "ipek"},                  /* Turkish capital */
    {"\xEF\xAC\x81nn", "finn"},               /* a ligature */
    {"\xD0\x98\xD0\xB2\xD0\xB0\xD0\xBD", ""}, /* Cyrillic: nothing Latin to compare */
    {"Smi\xFFth", "smith"},                   /* not UTF-8 */
    {"  ", ""},
    {"", ""},
    {"Wolfeschlegelsteinhausenbergerdorffwelche", "wolfeschlegelsteinhausenbergerd"},
};

static void names_are_folded(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        struct match_text folded;
        names_fold(slice_text(names[i].sent), &folded);
        char shown[MATCH_TEXT_MAX + 1] = {0};
        memcpy(shown, folded.bytes, folded.size);
        assert_string_equal(shown, names[i].folded);
    }
}

static struct match_person person_of(const struct names_record *record) {
    struct match_person person;
    names_person(record, &person);
    return person;
}

static void assert_text(const struct match_text *text, const char *expected) {
    char shown[MATCH_TEXT_MAX + 1] = {0};
    memcpy(shown, text->bytes, text->size);
    assert_string_equal(shown, expected);
}

static void the_first_given_name_counts(void **state) {
    (void)state;
    static const struct {
        const char *sent, *expected;
    } rows[] = {{"Mary Jane", "mary"},
                {"Mary-Jane", "maryjane"},
                {"Mr John", "john"},
                {"Dr", "dr"},
                {" ", ""},
                {"Jos\xC3\xA9 Luis", "jose"},
                {"J. R.", "j"}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct match_person person = person_of(&(struct names_record){.given_name = slice_text(rows[i].sent)});
        assert_text(&person.given, rows[i].expected);
    }
}

static void dates_may_be_partly_missing(void **state) {
    (void)state;
    static const struct {
        const char *sent;
        struct match_date expected;
    } rows[] = {{"1980-03-12", {1980, 3, 12}}, {"19800312", {1980, 3, 12}},    {"1980-03", {1980, 3, 0}},
                {"1980", {1980, 0, 0}},        {"1980-13-40", {1980, 13, 40}}, {"", {0, 0, 0}},
                {"12/3/80", {0, 0, 0}},        {"1980-00-12", {1980, 0, 0}},   {"1980-03-123", {0, 0, 0}}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct match_person person = person_of(&(struct names_record){.birth_date = slice_text(rows[i].sent)});
        assert_int_equal(person.birth.year, rows[i].expected.year);
        assert_int_equal(person.birth.month, rows[i].expected.month);
        assert_int_equal(person.birth.day, rows[i].expected.day);
    }
}

static void phones_are_their_last_ten_digits(void **state) {
    (void)state;
    static const char *const same[] = {"07700 900123", "+44 7700 900123", "0044-7700-900123", "(0)7700900123"};
    for (size_t i = 0; i < sizeof same / sizeof same[0]; i++) {
        struct match_person person = person_of(&(struct names_record){.phone = slice_text(same[i])});
        assert_true(person.phone == 7700900123);
    }
    assert_true(person_of(&(struct names_record){.phone = slice_text("999")}).phone == 0);
}

static const struct {
    const char *lines[NAMES_ADDRESS_LINES_MAX];
    uint32_t count;
    const char *house, *line_1, *line_2, *town;
} addresses[] = {
    {{"12 High Street", "Romford"}, 2, "12", "highst", "", "romford"},
    {{"12, High St.", "Collier Row", "ROMFORD"}, 3, "12", "highst", "collierrow", "romford"},
    {{"12a High Street"}, 1, "12a", "highst", "", ""},
    {{"12 A High Street"}, 1, "12a", "highst", "", ""},
    {{"Flat 3, 12 High Street", "Romford"}, 2, "12", "highst", "", "romford"},
    {{"12", "High Street", "Romford"}, 3, "12", "highst", "", "romford"},
    {{"Rose Cottage", "Church Lane", "Upminster"}, 3, "", "rosecott", "churchln", "upminster"},
    {{"St John's Road", "", "Ilford"}, 3, "", "stjohnsrd", "", "ilford"},
    {{"", "", ""}, 3, "", "", "", ""},
};

static void addresses_are_taken_apart(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof addresses / sizeof addresses[0]; i++) {
        struct names_record record = {.address_line_count = addresses[i].count};
        for (uint32_t k = 0; k < addresses[i].count; k++) record.address_lines[k] = slice_text(addresses[i].lines[k]);
        struct match_person person = person_of(&record);
        assert_text(&person.house, addresses[i].house);
        assert_text(&person.lines[0], addresses[i].line_1);
        assert_text(&person.lines[1], addresses[i].line_2);
        assert_text(&person.lines[2], addresses[i].town);
    }
    struct match_person apart =
        person_of(&(struct names_record){.house = slice_text("7"), .postcode = slice_text("rm7 9AB")});
    assert_text(&apart.house, "7");
    assert_text(&apart.postcode, "rm79ab");
}

/* Whatever comes, what is made of it is letters and digits, with zeros behind. */
static void any_bytes_become_a_person(void **state) {
    (void)state;
    struct prng prng = prng_seed(20261129);
    static uint8_t bytes[10240];
    for (int round = 0; round < 300; round++) {
        size_t size = prng_below(&prng, round % 50 == 0 ? sizeof bytes : 60);
        for (size_t i = 0; i < size; i++) bytes[i] = (uint8_t)prng_u64(&prng);
        struct slice any = slice_of(bytes, size);
        struct match_person person = person_of(&(struct names_record){.family_name = any,
                                                                      .given_name = any,
                                                                      .birth_date = any,
                                                                      .address_lines = {any, any, any},
                                                                      .address_line_count = 3,
                                                                      .postcode = any,
                                                                      .phone = any});
        const struct match_text *texts[] = {&person.family, &person.given, &person.postcode, &person.lines[0]};
        for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
            assert_true(texts[i]->size <= MATCH_TEXT_MAX);
            for (int k = 0; k < MATCH_TEXT_MAX; k++) {
                char c = texts[i]->bytes[k];
                bool is_folded = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
                assert_true(k < texts[i]->size ? is_folded : c == '\0');
            }
        }
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_are_folded),
        cmocka_unit_test(the_first_given_name_counts),
        cmocka_unit_test(dates_may_be_partly_missing),
        cmocka_unit_test(phones_are_their_last_ten_digits),
        cmocka_unit_test(addresses_are_taken_apart),
        cmocka_unit_test(any_bytes_become_a_person),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
