/* UK wall time, both ways, with the two nights on which the clocks change. */
#include "lib/base/civil_time.h"
#include "lib/client/uk_time.h"
#include "tests/support/cmocka.h"

#include <stdio.h>

static int64_t utc(const char *text) {
    int64_t ms;
    assert_true(civil_parse_instant(slice_text(text), &ms));
    return ms;
}

static const char *now_text = "2026-11-22T23:30:00Z";

static const struct {
    const char *text, *utc; /* utc NULL: refused, and the message holds what is in `why` */
    const char *why;
} rows[] = {
    /* winter and summer */
    {"2026-11-23 08:30", "2026-11-23T08:30:00Z", NULL},
    {"2026-11-23T08:30", "2026-11-23T08:30:00Z", NULL},
    {"2026-11-23 08:30 GMT", "2026-11-23T08:30:00Z", NULL},
    {"2026-11-23 08:30 BST", NULL, "shows GMT, not BST"},
    {"2026-07-01 08:30", "2026-07-01T07:30:00Z", NULL},
    {"2026-07-01 08:30 BST", "2026-07-01T07:30:00Z", NULL},
    {"2026-07-01 08:30 GMT", NULL, "shows BST, not GMT"},
    {"2026-07-01", "2026-06-30T23:00:00Z", NULL},
    {"2026-11-23T08:30:00Z", "2026-11-23T08:30:00Z", NULL},
    {"2026-11-23T08:30:00+01:00", "2026-11-23T07:30:00Z", NULL},
    /* 29 March 2026: 00:59 GMT is followed by 02:00 BST */
    {"2026-03-29 00:59", "2026-03-29T00:59:00Z", NULL},
    {"2026-03-29 01:00", NULL, "never shows"},
    {"2026-03-29 01:59", NULL, "never shows"},
    {"2026-03-29 01:30 GMT", NULL, "never shows"},
    {"2026-03-29 02:00", "2026-03-29T01:00:00Z", NULL},
    /* 25 October 2026: 01:59 BST is followed by 01:00 GMT */
    {"2026-10-25 00:59", "2026-10-24T23:59:00Z", NULL},
    {"2026-10-25 01:00", "2026-10-25T00:00:00Z", NULL},
    {"2026-10-25 01:30 BST", "2026-10-25T00:30:00Z", NULL},
    {"2026-10-25 01:30 GMT", "2026-10-25T01:30:00Z", NULL},
    {"2026-10-25 01:59", "2026-10-25T00:59:00Z", NULL},
    {"2026-10-25 02:00", "2026-10-25T02:00:00Z", NULL},
    {"2026-10-25 02:00 BST", NULL, "shows GMT, not BST"},
    /* far away */
    {"2060-07-01 12:00", "2060-07-01T11:00:00Z", NULL},
    /* words, at 23:30 on 22 November 2026 */
    {"now", "2026-11-22T23:30:00Z", NULL},
    {"today 08:30", "2026-11-22T08:30:00Z", NULL},
    {"today", "2026-11-22T00:00:00Z", NULL},
    {"tomorrow 08:30", "2026-11-23T08:30:00Z", NULL},
    /* not times */
    {"", NULL, "expected"},
    {"8:30", NULL, "expected"},
    {"23/11/2026 08:30", NULL, "expected"},
    {"2026-11-31 08:30", NULL, "expected"},
    {"2026-02-29 08:30", NULL, "expected"},
    {"2026-11-23 24:00", NULL, "expected"},
    {"2026-11-23 08:60", NULL, "expected"},
    {"2026-11-23 08:30 CET", NULL, "expected"},
    {"2026-11-23 08:30 GMT+1", NULL, "expected"},
    {"2026-11-23 ", NULL, "expected"},
    {"tomorrow morning", NULL, "expected"},
    {"todayish", NULL, "expected"},
};

static void every_text_has_its_time(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        int64_t ms = -1;
        struct error error = {0};
        enum status status = uk_time_parse(rows[i].text, utc(now_text), &ms, &error);
        if (rows[i].utc != NULL) {
            if (status != STATUS_OK || ms != utc(rows[i].utc)) fail_msg("\"%s\": %s", rows[i].text, error.message);
        } else {
            if (status != STATUS_INVALID) fail_msg("\"%s\" was taken", rows[i].text);
            if (strstr(error.message, rows[i].why) == NULL) fail_msg("\"%s\": %s", rows[i].text, error.message);
            assert_int_equal(ms, -1);
        }
    }
}

static void the_day_of_the_words_is_the_uk_day(void **state) {
    (void)state;
    int64_t ms;
    struct error error;
    /* 23:30 UTC in summer is 00:30 of the next day in the UK. */
    assert_int_equal(uk_time_parse("today 08:30", utc("2026-07-01T23:30:00Z"), &ms, &error), STATUS_OK);
    assert_int_equal(ms, utc("2026-07-02T07:30:00Z"));
}

static void assert_shown(const char *instant, const char *text, const char *exact) {
    char shown[UK_TIME_TEXT_MAX];
    uk_time_format(utc(instant), shown);
    assert_string_equal(shown, text);
    uk_time_format_exact(utc(instant), shown);
    assert_string_equal(shown, exact);
}

static void times_are_shown_as_the_uk_clock_shows_them(void **state) {
    (void)state;
    assert_shown("2026-11-22T18:40:07.123Z", "Sun 22 Nov 2026 18:40 GMT", "2026-11-22 18:40:07.123 GMT");
    assert_shown("2026-07-01T23:05:00Z", "Thu 02 Jul 2026 00:05 BST", "2026-07-02 00:05:00.000 BST");
    assert_shown("2026-10-25T00:30:00Z", "Sun 25 Oct 2026 01:30 BST", "2026-10-25 01:30:00.000 BST");
    assert_shown("2026-10-25T01:30:00Z", "Sun 25 Oct 2026 01:30 GMT", "2026-10-25 01:30:00.000 GMT");
    assert_shown("2026-03-29T00:59:59.999Z", "Sun 29 Mar 2026 00:59 GMT", "2026-03-29 00:59:59.999 GMT");
    assert_shown("2026-03-29T01:00:00Z", "Sun 29 Mar 2026 02:00 BST", "2026-03-29 02:00:00.000 BST");
}

static void times_from_outside_never_break_showing(void **state) {
    (void)state;
    char shown[UK_TIME_TEXT_MAX];
    const int64_t odd[] = {INT64_MIN, -1, 0, INT64_MAX};
    for (size_t i = 0; i < sizeof odd / sizeof odd[0]; i++) {
        uk_time_format(odd[i], shown);
        assert_true(strlen(shown) > 10);
        uk_time_format_exact(odd[i], shown);
        assert_true(strlen(shown) > 10);
    }
}

static void what_is_shown_can_be_typed_again(void **state) {
    (void)state;
    struct error error;
    /* Every half hour of 2026, ambiguous ones with their zone. */
    for (int64_t ms = utc("2026-01-01T00:00:00Z"); ms < utc("2027-01-01T00:00:00Z"); ms += 30 * 60 * 1000) {
        char exact[UK_TIME_TEXT_MAX], typed[UK_TIME_TEXT_MAX];
        uk_time_format_exact(ms, exact);
        (void)snprintf(typed, sizeof typed, "%.16s%s", exact, strrchr(exact, ' '));
        int64_t again;
        assert_int_equal(uk_time_parse(typed, 0, &again, &error), STATUS_OK);
        assert_int_equal(again, ms);
    }
}

int main(void) {
    struct error error;
    if (uk_time_init(&error) != STATUS_OK) {
        printf("skipped: %s\n", error.message);
        return 77;
    }
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_text_has_its_time),
        cmocka_unit_test(the_day_of_the_words_is_the_uk_day),
        cmocka_unit_test(times_are_shown_as_the_uk_clock_shows_them),
        cmocka_unit_test(times_from_outside_never_break_showing),
        cmocka_unit_test(what_is_shown_can_be_typed_again),
    };
    return cmocka_run_group_tests_name("uk_time", tests, NULL, NULL);
}
