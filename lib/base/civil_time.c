/* Calendar arithmetic in UTC and the one text form of an instant. Pure: it reads no clock and knows no time zones. */
#include "lib/base/civil_time.h"

#include "lib/base/assert.h"
#include "lib/base/buffer.h"

enum {
    FRACTION_DIGITS_MAX = 9, /* nanoseconds, as Java and Go write them */
    MS_PER_SECOND = 1000,
    MS_PER_MINUTE = 60 * MS_PER_SECOND,
    MS_PER_DAY = 24 * 60 * MS_PER_MINUTE,
    DAYS_PER_ERA = 146097,  /* of 400 years, after which the Gregorian calendar repeats */
    DAYS_TO_EPOCH = 719468, /* from 0000-03-01 to 1970-01-01 */
};

static bool take_date(struct cursor *text, int year_min, int year_max, int64_t *ret_days);
static bool take_number(struct cursor *text, size_t digit_count, int min, int max, int *ret_number);
static bool take_fraction(struct cursor *text, int *ret_ms);
static bool take_offset(struct cursor *text, int *ret_minutes);
static bool take_mark(struct cursor *text, uint8_t mark);
static uint8_t peek(const struct cursor *text);
static int days_in_month(int year, int month);
static void put_number(char *text, int digit_count, int64_t number);

bool civil_parse_instant(struct slice text, int64_t *ret_ms) {
    struct cursor at = cursor_over(text);
    int64_t days;
    int hour, minute, second = 0, fraction_ms = 0, offset_minutes = 0;
    if (!take_date(&at, 1900, 2200, &days)) return false;
    if (!take_mark(&at, 'T')) return false;
    if (!take_number(&at, 2, 0, 23, &hour)) return false;
    if (!take_mark(&at, ':')) return false;
    if (!take_number(&at, 2, 0, 59, &minute)) return false;
    if (peek(&at) == ':') {
        if (!take_mark(&at, ':')) return false;
        if (!take_number(&at, 2, 0, 59, &second)) return false;
        if (!take_fraction(&at, &fraction_ms)) return false;
    }
    if (!take_offset(&at, &offset_minutes)) return false;
    if (!cursor_done(&at)) return false;
    int64_t minutes = hour * 60 + minute - offset_minutes;
    *ret_ms = days * MS_PER_DAY + minutes * MS_PER_MINUTE + second * MS_PER_SECOND + fraction_ms;
    return true;
}

void civil_format_instant(int64_t ms, char ret_text[CIVIL_INSTANT_SIZE]) {
    const int64_t ms_min = civil_days(0, 1, 1) * MS_PER_DAY;
    const int64_t ms_max = civil_days(10000, 1, 1) * MS_PER_DAY - 1;
    if (ms < ms_min) ms = ms_min;
    if (ms > ms_max) ms = ms_max;
    int64_t days = ms / MS_PER_DAY;
    int64_t rest_ms = ms % MS_PER_DAY;
    if (rest_ms < 0) {
        rest_ms += MS_PER_DAY;
        days -= 1;
    }
    int year, month, day;
    civil_date_of_days(days, &year, &month, &day);
    ASSERT(year >= 0 && year <= 9999);
    memcpy(ret_text, "0000-00-00T00:00:00.000Z", CIVIL_INSTANT_SIZE);
    put_number(ret_text, 4, year);
    put_number(ret_text + 5, 2, month);
    put_number(ret_text + 8, 2, day);
    put_number(ret_text + 11, 2, rest_ms / (60 * MS_PER_MINUTE));
    put_number(ret_text + 14, 2, rest_ms / MS_PER_MINUTE % 60);
    put_number(ret_text + 17, 2, rest_ms / MS_PER_SECOND % 60);
    put_number(ret_text + 20, 3, rest_ms % MS_PER_SECOND);
}

bool civil_is_date(struct slice text) {
    struct cursor at = cursor_over(text);
    int64_t days;
    return take_date(&at, 1850, 2200, &days) && cursor_done(&at);
}

/* Howard Hinnant, "chrono-compatible low-level date algorithms": years begin in March, so the leap day comes last. */
int64_t civil_days(int year, int month, int day) {
    ASSERT(month >= 1 && month <= 12);
    ASSERT(day >= 1 && day <= 31);
    int64_t march_year = (int64_t)year - (month <= 2);
    int64_t era = (march_year >= 0 ? march_year : march_year - 399) / 400;
    int64_t year_of_era = march_year - era * 400;
    int64_t day_of_year = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1;
    int64_t day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    return era * DAYS_PER_ERA + day_of_era - DAYS_TO_EPOCH;
}

void civil_date_of_days(int64_t days, int *ret_year, int *ret_month, int *ret_day) {
    ASSERT(days > -INT64_C(700000000000));
    ASSERT(days < INT64_C(700000000000));
    int64_t shifted = days + DAYS_TO_EPOCH;
    int64_t era = (shifted >= 0 ? shifted : shifted - (DAYS_PER_ERA - 1)) / DAYS_PER_ERA;
    int64_t day_of_era = shifted - era * DAYS_PER_ERA;
    int64_t year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
    int64_t day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    int64_t march_month = (5 * day_of_year + 2) / 153;
    int month = (int)(march_month < 10 ? march_month + 3 : march_month - 9);
    *ret_day = (int)(day_of_year - (153 * march_month + 2) / 5 + 1);
    *ret_month = month;
    *ret_year = (int)(year_of_era + era * 400 + (month <= 2));
}

static bool take_date(struct cursor *text, int year_min, int year_max, int64_t *ret_days) {
    int year, month, day;
    if (!take_number(text, 4, year_min, year_max, &year)) return false;
    if (!take_mark(text, '-')) return false;
    if (!take_number(text, 2, 1, 12, &month)) return false;
    if (!take_mark(text, '-')) return false;
    if (!take_number(text, 2, 1, days_in_month(year, month), &day)) return false;
    *ret_days = civil_days(year, month, day);
    return true;
}

static bool take_number(struct cursor *text, size_t digit_count, int min, int max, int *ret_number) {
    ASSERT(digit_count >= 1 && digit_count <= 4);
    ASSERT(min <= max);
    struct slice digits = cursor_take(text, digit_count);
    if (digits.size != digit_count) return false;
    int number = 0;
    for (size_t i = 0; i < digit_count; i++) {
        if (digits.data[i] < '0' || digits.data[i] > '9') return false;
        number = number * 10 + (digits.data[i] - '0');
    }
    if (number < min || number > max) return false;
    *ret_number = number;
    return true;
}

/* Nothing, or a point and one to nine digits; digits after the third are read and dropped. */
static bool take_fraction(struct cursor *text, int *ret_ms) {
    *ret_ms = 0;
    if (peek(text) != '.') return true;
    (void)cursor_u8(text);
    int scale = 100, digit_count = 0, ms = 0;
    while (peek(text) >= '0' && peek(text) <= '9') {
        ms += (cursor_u8(text) - '0') * scale;
        scale /= 10;
        digit_count++;
        if (digit_count > FRACTION_DIGITS_MAX) return false;
    }
    *ret_ms = ms;
    return digit_count > 0;
}

/* Z, or a sign and hh:mm; FHIR allows up to 14:00 either way. */
static bool take_offset(struct cursor *text, int *ret_minutes) {
    uint8_t sign = cursor_u8(text);
    *ret_minutes = 0;
    if (sign == 'Z') return true;
    if (sign != '+' && sign != '-') return false;
    int hours, minutes;
    if (!take_number(text, 2, 0, 14, &hours)) return false;
    if (!take_mark(text, ':')) return false;
    if (!take_number(text, 2, 0, hours == 14 ? 0 : 59, &minutes)) return false;
    *ret_minutes = (sign == '-' ? -1 : 1) * (hours * 60 + minutes);
    return true;
}

static bool take_mark(struct cursor *text, uint8_t mark) {
    return cursor_u8(text) == mark;
}

/* 0 at the end: never a character of an instant. */
static uint8_t peek(const struct cursor *text) {
    return text->is_bad || text->rest.size == 0 ? 0 : text->rest.data[0];
}

static int days_in_month(int year, int month) {
    static const uint8_t days[12] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    ASSERT(month >= 1 && month <= 12);
    bool is_leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    return month == 2 && is_leap ? 29 : days[month - 1];
}

static void put_number(char *text, int digit_count, int64_t number) {
    ASSERT(number >= 0);
    for (int i = digit_count - 1; i >= 0; i--) {
        text[i] = (char)('0' + number % 10);
        number /= 10;
    }
    ASSERT(number == 0);
}

/* 1970-01-01 was a Thursday: day 3 was the first Sunday. */
static int64_t last_sunday(int year, int month) {
    int64_t last = civil_days(year, month, 31);
    int64_t weekday = ((last - 3) % 7 + 7) % 7;
    return last - weekday;
}

int civil_uk_offset_minutes(int64_t ms) {
    const int64_t day_ms = INT64_C(86400000), hour_ms = INT64_C(3600000);
    int64_t days = ms / day_ms - (ms % day_ms < 0);
    int year, month, day;
    civil_date_of_days(days, &year, &month, &day);
    int64_t begins_ms = last_sunday(year, 3) * day_ms + hour_ms, ends_ms = last_sunday(year, 10) * day_ms + hour_ms;
    return ms >= begins_ms && ms < ends_ms ? 60 : 0;
}
