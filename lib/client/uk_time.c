/* Wall time by glibc's own tables: the zone Europe/London is loaded once. A wall time is turned into UTC by trying the two
 * offsets that the zone knows and asking which of them the zone agrees with; so ambiguous and missing hours need no rule of
 * their own. Any thread after uk_time_init. */
#include "lib/client/uk_time.h"

#include "lib/base/assert.h"
#include "lib/base/civil_time.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { SECOND_MS = 1000, MINUTE_MS = 60 * SECOND_MS, HOUR_MS = 60 * MINUTE_MS };
#define DAY_MS   (24LL * HOUR_MS)
#define TIME_MAX (231LL * 366 * DAY_MS) /* beyond 2200, within what four digits of a year can show */

static const char expected[] = "expected a UK time such as \"2026-11-23 08:30\", \"tomorrow 08:30\" or \"now\"";

/* A wall clock's reading as if it were UTC, and the zone that was named with it. */
struct wall {
    int64_t as_utc_ms;
    enum { ZONE_NONE, ZONE_GMT, ZONE_BST } zone;
};

static bool read_wall(const char *text, int64_t now_ms, struct wall *ret_wall);
static enum status wall_to_utc(const struct wall *wall, const char *text, int64_t *ret_ms, struct error *reterr_error);
static bool read_day(const char **text, int64_t now_ms, int64_t *ret_days);
static bool read_digits(const char **text, int count, int *ret_value);
static bool read_word(const char **text, const char *word);
static struct tm local_of(int64_t ms);

enum status uk_time_parse(const char *text, int64_t now_ms, int64_t *ret_ms, struct error *reterr_error) {
    ASSERT(text != NULL);
    ASSERT(ret_ms != NULL);
    if (civil_parse_instant(slice_text(text), ret_ms)) return STATUS_OK;
    if (strcmp(text, "now") == 0) {
        *ret_ms = now_ms;
        return STATUS_OK;
    }
    struct wall wall;
    if (!read_wall(text, now_ms, &wall)) return error_set(reterr_error, STATUS_INVALID, "%s", expected);
    return wall_to_utc(&wall, text, ret_ms, reterr_error);
}

enum status uk_time_init(struct error *reterr_error) {
    if (setenv("TZ", "Europe/London", 1) != 0) return error_set(reterr_error, STATUS_NO_MEMORY, "time zone: no memory");
    tzset();
    /* Without its tables glibc takes any zone for UTC and says nothing: so ask for a summer day. */
    struct tm summer = local_of(1751328000000); /* 2025-07-01 00:00 UTC */
    if (summer.tm_gmtoff == 3600) return STATUS_OK;
    return error_set(reterr_error, STATUS_NOT_FOUND,
                     "this machine does not know the time zone Europe/London; install the package tzdata");
}

void uk_time_format(int64_t ms, char ret_text[UK_TIME_TEXT_MAX]) {
    struct tm local = local_of(ms);
    size_t size = strftime(ret_text, UK_TIME_TEXT_MAX, "%a %d %b %Y %H:%M %Z", &local);
    ASSERT(size > 0);
}

void uk_time_format_exact(int64_t ms, char ret_text[UK_TIME_TEXT_MAX]) {
    struct tm local = local_of(ms);
    int part_ms = ms < 0 ? 0 : (int)(ms % SECOND_MS);
    char clock[UK_TIME_TEXT_MAX / 2], zone[8];
    size_t clock_size = strftime(clock, sizeof clock, "%Y-%m-%d %H:%M:%S", &local);
    size_t zone_size = strftime(zone, sizeof zone, "%Z", &local);
    ASSERT(clock_size > 0 && zone_size > 0);
    (void)snprintf(ret_text, UK_TIME_TEXT_MAX, "%s.%03d %s", clock, part_ms, zone);
}

/* Which of the zone's two offsets makes this reading true? None: the hour that is skipped. Both: the hour that is shown
 * twice, and BST comes first. */
static enum status wall_to_utc(const struct wall *wall, const char *text, int64_t *ret_ms, struct error *reterr_error) {
    int64_t as_bst_ms = wall->as_utc_ms - HOUR_MS, as_gmt_ms = wall->as_utc_ms;
    bool is_bst = local_of(as_bst_ms).tm_gmtoff == 3600;
    bool is_gmt = local_of(as_gmt_ms).tm_gmtoff == 0;
    if (!is_bst && !is_gmt) {
        return error_set(reterr_error, STATUS_INVALID,
                         "the UK clock never shows \"%s\": it goes forward from 01:00 to 02:00 that night", text);
    }
    if (wall->zone == ZONE_BST && !is_bst) {
        return error_set(reterr_error, STATUS_INVALID, "the UK clock shows GMT, not BST, at \"%s\"", text);
    }
    if (wall->zone == ZONE_GMT && !is_gmt) {
        return error_set(reterr_error, STATUS_INVALID, "the UK clock shows BST, not GMT, at \"%s\"", text);
    }
    *ret_ms = is_bst && wall->zone != ZONE_GMT ? as_bst_ms : as_gmt_ms;
    return STATUS_OK;
}

/* day [(" " | "T") hh:mm [" " ("GMT" | "BST")]] */
static bool read_wall(const char *text, int64_t now_ms, struct wall *ret_wall) {
    int64_t days;
    if (!read_day(&text, now_ms, &days)) return false;
    struct wall wall = {.as_utc_ms = days * DAY_MS, .zone = ZONE_NONE};
    if (*text != '\0') {
        if (*text != ' ' && *text != 'T') return false;
        text++;
        int hour, minute;
        if (!read_digits(&text, 2, &hour) || !read_word(&text, ":") || !read_digits(&text, 2, &minute)) return false;
        if (hour > 23 || minute > 59) return false;
        wall.as_utc_ms += hour * (int64_t)HOUR_MS + minute * (int64_t)MINUTE_MS;
        if (read_word(&text, " GMT"))
            wall.zone = ZONE_GMT;
        else if (read_word(&text, " BST"))
            wall.zone = ZONE_BST;
    }
    if (*text != '\0') return false;
    *ret_wall = wall;
    return true;
}

/* "2026-11-23", "today" or "tomorrow" as days since 1970. */
static bool read_day(const char **text, int64_t now_ms, int64_t *ret_days) {
    struct tm today = local_of(now_ms);
    int64_t days_today = civil_days(today.tm_year + 1900, today.tm_mon + 1, today.tm_mday);
    bool is_tomorrow = read_word(text, "tomorrow");
    if (is_tomorrow || read_word(text, "today")) {
        *ret_days = days_today + (is_tomorrow ? 1 : 0);
        return true;
    }
    int year, month, day;
    if (!read_digits(text, 4, &year) || !read_word(text, "-") || !read_digits(text, 2, &month) ||
        !read_word(text, "-") || !read_digits(text, 2, &day)) {
        return false;
    }
    if (year < 1971 || year > 2200 || month < 1 || month > 12 || day < 1 || day > 31) return false;
    int64_t days = civil_days(year, month, day);
    int same_year, same_month, same_day;
    civil_date_of_days(days, &same_year, &same_month, &same_day);
    if (same_month != month || same_day != day) return false; /* 31 June */
    *ret_days = days;
    return true;
}

static bool read_digits(const char **text, int count, int *ret_value) {
    int value = 0;
    for (int i = 0; i < count; i++) {
        char c = (*text)[i];
        if (c < '0' || c > '9') return false;
        value = value * 10 + (c - '0');
    }
    *text += count;
    *ret_value = value;
    return true;
}

static bool read_word(const char **text, const char *word) {
    size_t size = strlen(word);
    if (strncmp(*text, word, size) != 0) return false;
    *text += size;
    return true;
}

static struct tm local_of(int64_t ms) {
    if (ms < 0) ms = 0;
    if (ms > TIME_MAX) ms = TIME_MAX;
    time_t seconds = (time_t)(ms / SECOND_MS);
    struct tm local;
    struct tm *is_good = localtime_r(&seconds, &local);
    ASSERT(is_good != NULL);
    return local;
}
