/* FHIR instants and calendar days, at the edges of the calendar and of the accepted form. */
#include "lib/base/civil_time.h"

#include "tests/support/cmocka.h"

#include <stdlib.h>

static const int64_t UNTOUCHED = -77;

static void instants_are_read_as_utc_milliseconds(void **state) {
    (void)state;
    static const struct {
        const char *text;
        int64_t ms;
    } cases[] = {
        {"1970-01-01T00:00:00Z", 0},
        {"1970-01-01T00:00:00.001Z", 1},
        {"1969-12-31T23:59:59.999Z", -1},
        {"2026-11-22T18:40:00.000Z", 1795372800000},
        {"2026-11-22T18:40:00Z", 1795372800000},
        {"2026-11-22T18:40Z", 1795372800000},
        {"2026-11-22T18:40+00:00", 1795372800000},
        {"2026-11-22T18:40:00-00:00", 1795372800000},
        {"2026-11-22T18:40:00.1Z", 1795372800100},
        {"2026-11-22T18:40:00.12Z", 1795372800120},
        {"2026-11-22T18:40:00.123Z", 1795372800123},
        {"2026-11-22T18:40:00.1239Z", 1795372800123},
        {"2026-11-22T18:40:00.1234567Z", 1795372800123},
        {"2026-11-22T18:40:00.9999999Z", 1795372800999},
        {"2026-11-22T18:40:00.123456789Z", 1795372800123},
        {"2026-11-22T18:40:00.0000001+00:00", 1795372800000},
        {"1969-12-31T23:59:59.9999999Z", -1},
        {"2024-02-29T12:00:00Z", 1709208000000},
        {"2000-02-29T23:59:59Z", 951868799000},
        {"2016-03-27T01:30:00+01:00", 1459038600000},
        {"2026-07-01T09:15:30.1234567+01:00", 1782893730123},
        {"2026-01-01T00:30:00+14:00", 1767177000000},
        {"2026-12-31T23:30:00-05:30", 1798779600000},
        {"1900-01-01T00:00:00Z", -2208988800000},
        {"1900-01-01T00:00:00+14:00", -2209039200000},
        {"2200-12-31T23:59:59.999Z", 7289654399999},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        int64_t ms = UNTOUCHED;
        if (!civil_parse_instant(slice_text(cases[i].text), &ms)) fail_msg("%s was refused", cases[i].text);
        if (ms != cases[i].ms) fail_msg("%s was read as %lld", cases[i].text, (long long)ms);
    }
}

static void other_text_is_no_instant(void **state) {
    (void)state;
    static const char *const refused[] = {
        "",
        "2026-11-22",
        "2026-11-22T18:40:00", /* without a zone it is no instant */
        "2026-11-22T18:40",
        "2026-11-22T18Z",
        "2026-11-22 18:40:00Z",
        "2026-11-22t18:40:00Z",
        "2026-11-22T18:40:00z",
        "2026-11-22T18:40:00.Z",
        "2026-11-22T18:40:00,5Z",
        "2026-11-22T18:40:00.1234567890Z", /* ten digits */
        "2026-11-22T18:40:00.12a4Z",
        "2026-11-22T18:40.5Z",
        "2026-11-22T18:40:0Z",
        "2026-11-22T18:40:00ZZ",
        "2026-11-22T18:40:00Z ",
        " 2026-11-22T18:40:00Z",
        "2026-11-22T24:00:00Z",
        "2026-11-22T23:60:00Z",
        "2026-11-22T23:59:60Z", /* a leap second */
        "2026-11-22T18:40:00+1:00",
        "2026-11-22T18:40:00+01",
        "2026-11-22T18:40:00+0100",
        "2026-11-22T18:40:00+01:60",
        "2026-11-22T18:40:00+14:01",
        "2026-11-22T18:40:00+15:00",
        "2026-11-22T18:40:00*01:00",
        "2026-11-22T18:40:00+01:00Z",
        "2026-00-22T18:40:00Z",
        "2026-13-22T18:40:00Z",
        "2026-11-00T18:40:00Z",
        "2026-11-31T18:40:00Z",
        "2026-02-29T18:40:00Z",
        "2100-02-29T18:40:00Z",
        "1900-02-29T18:40:00Z",
        "2024-02-30T18:40:00Z",
        "1899-12-31T23:59:59Z",
        "2201-01-01T00:00:00Z",
        "26-11-22T18:40:00Z",
        "+2026-11-22T18:40:00Z",
        "2026-1-22T18:40:00Z",
        "2026/11/22T18:40:00Z",
        "2026-11-22T-1:40:00Z",
        "2026-11-22T1a:40:00Z",
    };
    for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++) {
        int64_t ms = UNTOUCHED;
        if (civil_parse_instant(slice_text(refused[i]), &ms)) fail_msg("\"%s\" was read", refused[i]);
        assert_true(ms == UNTOUCHED);
    }
}

/* Every prefix of a full instant, in a block of its exact size so that ASan sees a read beyond it. */
static void a_cut_instant_is_refused_without_reading_on(void **state) {
    (void)state;
    static const char whole[] = "2026-11-22T18:40:00.1234567+01:00";
    for (size_t size = 0; size < sizeof whole - 1; size++) {
        char *part = malloc(size == 0 ? 1 : size);
        assert_non_null(part);
        memcpy(part, whole, size);
        int64_t ms;
        if (civil_parse_instant(slice_of(part, size), &ms)) fail_msg("%zu characters were read", size);
        free(part);
    }
}

static void instants_are_written_with_milliseconds_and_z(void **state) {
    (void)state;
    static const struct {
        int64_t ms;
        const char *text;
    } cases[] = {
        {0, "1970-01-01T00:00:00.000Z"},
        {-1, "1969-12-31T23:59:59.999Z"},
        {-86400000, "1969-12-31T00:00:00.000Z"},
        {1795372800007, "2026-11-22T18:40:00.007Z"},
        {1709208000000, "2024-02-29T12:00:00.000Z"},
        {7289654399999, "2200-12-31T23:59:59.999Z"},
        {253402300799999, "9999-12-31T23:59:59.999Z"},
        {253402300800000, "9999-12-31T23:59:59.999Z"},
        {INT64_MAX, "9999-12-31T23:59:59.999Z"},
        {-62167219200000, "0000-01-01T00:00:00.000Z"},
        {INT64_MIN, "0000-01-01T00:00:00.000Z"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char text[CIVIL_INSTANT_SIZE];
        civil_format_instant(cases[i].ms, text);
        if (memcmp(text, cases[i].text, CIVIL_INSTANT_SIZE) != 0) fail_msg("%.24s is not %s", text, cases[i].text);
    }
}

static void what_is_written_is_read_back(void **state) {
    (void)state;
    for (int64_t ms = -2208988800000; ms < 7289654400000;
         ms += 86399983) { /* a prime: walks through the times of day */
        char text[CIVIL_INSTANT_SIZE];
        int64_t back = UNTOUCHED;
        civil_format_instant(ms, text);
        if (!civil_parse_instant(slice_of(text, sizeof text), &back) || back != ms) fail_msg("%.24s", text);
    }
}

/* The calendar walked day by day, against the rule that every schoolchild knows. */
static void days_follow_each_other(void **state) {
    (void)state;
    static const int month_days[12] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    int64_t expected = civil_days(1599, 12, 31);
    assert_true(civil_days(1970, 1, 1) == 0);
    assert_true(civil_days(1850, 1, 1) == -43829);
    assert_true(civil_days(2000, 3, 1) == 11017);
    assert_true(civil_days(2200, 12, 31) == 84370);
    for (int year = 1600; year <= 2410; year++) {
        bool is_leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
        for (int month = 1; month <= 12; month++) {
            int count = month_days[month - 1] + (month == 2 && is_leap);
            for (int day = 1; day <= count; day++) {
                int back_year, back_month, back_day;
                expected++;
                civil_date_of_days(expected, &back_year, &back_month, &back_day);
                bool is_right = civil_days(year, month, day) == expected && back_year == year && back_month == month &&
                                back_day == day;
                if (!is_right) fail_msg("%d-%02d-%02d", year, month, day);
            }
        }
    }
    int year, month, day;
    civil_date_of_days(civil_days(-1, 2, 28), &year, &month, &day);
    assert_true(year == -1 && month == 2 && day == 28);
    civil_date_of_days(civil_days(-400, 2, 29), &year, &month, &day);
    assert_true(year == -400 && month == 2 && day == 29);
}

static void dates_exist_between_1850_and_2200(void **state) {
    (void)state;
    static const struct {
        const char *text;
        bool is_date;
    } cases[] = {
        {"1850-01-01", true},  {"1849-12-31", false},  {"2200-12-31", true},  {"2201-01-01", false},
        {"2024-02-29", true},  {"2023-02-29", false},  {"1900-02-29", false}, {"2000-02-29", true},
        {"2024-04-31", false}, {"2024-04-30", true},   {"2024-4-30", false},  {"2024-04", false},
        {"20240430", false},   {"2024-04-30 ", false}, {"", false},           {"2024-04-3", false},
        {"30-04-2024", false}, {"2024-00-10", false},  {"2024-04-00", false}, {"2024-04-30T00:00Z", false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        if (civil_is_date(slice_text(cases[i].text)) != cases[i].is_date) fail_msg("\"%s\"", cases[i].text);
    }
}

static void uk_clocks_change_twice_a_year(void **state) {
    (void)state;
    static const struct {
        const char *instant;
        int minutes;
    } cases[] = {
        {"2026-03-29T00:59:59.999Z", 0}, {"2026-03-29T01:00:00Z", 60}, {"2026-10-25T00:59:59.999Z", 60},
        {"2026-10-25T01:00:00Z", 0},     {"2024-03-31T01:00:00Z", 60}, {"2024-03-30T12:00:00Z", 0},
        {"2027-10-31T00:30:00Z", 60},    {"2026-11-29T02:06:00Z", 0},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        int64_t ms;
        assert_true(civil_parse_instant(slice_text(cases[i].instant), &ms));
        assert_int_equal(civil_uk_offset_minutes(ms), cases[i].minutes);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(instants_are_read_as_utc_milliseconds),
        cmocka_unit_test(other_text_is_no_instant),
        cmocka_unit_test(a_cut_instant_is_refused_without_reading_on),
        cmocka_unit_test(instants_are_written_with_milliseconds_and_z),
        cmocka_unit_test(what_is_written_is_read_back),
        cmocka_unit_test(days_follow_each_other),
        cmocka_unit_test(dates_exist_between_1850_and_2200),
        cmocka_unit_test(uk_clocks_change_twice_a_year),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
