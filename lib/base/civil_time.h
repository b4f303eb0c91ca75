/* UTC instants as FHIR writes them. Inside everything is UTC milliseconds since 1970; UK wall time exists only at the
 * edge (lib/client/uk_time.h). */
#ifndef BHR_BASE_CIVIL_TIME_H
#define BHR_BASE_CIVIL_TIME_H

#include "lib/base/slice.h"

enum { CIVIL_INSTANT_SIZE = 24 }; /* "2026-11-22T18:40:00.000Z" */

/* FHIR instant: YYYY-MM-DDThh:mm[:ss[.fraction up to 9 digits]](Z|+hh:mm|-hh:mm), years 1900-2200, real calendar days,
 * no leap second. Fractions below a millisecond are cut. domain.md section 2.1 "Times". */
bool civil_parse_instant(struct slice text, int64_t *ret_ms);
/* 24 characters with milliseconds and Z, no terminator. A time outside the years 0000-9999 is shown as the nearest
 * end, because a time may come from outside and showing it must not fail. */
void civil_format_instant(int64_t ms, char ret_text[CIVIL_INSTANT_SIZE]);
/* A civil date YYYY-MM-DD that exists, years 1850-2200 (birth dates). */
bool civil_is_date(struct slice text);
/* Days since 1970-01-01 of a proleptic Gregorian date (month 1-12, day 1-31), and back. */
int64_t civil_days(int year, int month, int day);
void civil_date_of_days(int64_t days, int *ret_year, int *ret_month, int *ret_day);

/* Minutes that UK wall time is ahead of UTC at that instant: 60 from the last Sunday of March, 01:00 UTC, to the
 * last Sunday of October, 01:00 UTC; else 0. As the law has been since 1996. */
int civil_uk_offset_minutes(int64_t ms);

#endif
