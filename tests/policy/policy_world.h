/* What the tests of the policy share: the methods of a service, and a policy read from text. */
#ifndef BHR_TESTS_POLICY_WORLD_H
#define BHR_TESTS_POLICY_WORLD_H

#include "lib/policy/policy.h"
#include "tests/support/cmocka.h"

#include <stdio.h>
#include <stdlib.h>

#define KEY_A   "Yne@$w-vo<fVvi]a<NY6T1ed:M$fCG*[IaLV{hID"
#define KEY_B   "Yne@#w-vo<fVvi]a<NY6T1ed:M$fCG*[IaLV{hI#"
#define KEY_C   "0001@w-vo<fVvi]a<NY6T1ed:M$fCG*[IaLV{hID"
#define PACKAGE "bhr.booking.v1.BookingService"

static const char *const world_methods[] = {
    PACKAGE "/PublishSession",
    PACKAGE "/Hold",
    PACKAGE "/Book",
    PACKAGE "/Cancel",
    PACKAGE "/FindSlots",
    PACKAGE "/GetBooking",
    PACKAGE "/ListPersonBookings",
};
enum { WORLD_METHODS = sizeof world_methods / sizeof world_methods[0] };

static struct policy policy;
static struct error error;

static inline enum status parse(const char *text) {
    error = (struct error){0};
    return policy_parse(&policy, slice_text(text), world_methods, WORLD_METHODS, &error);
}

static inline void assert_good(const char *text) {
    enum status status = parse(text);
    assert_string_equal(error.message, "");
    assert_int_equal(status, STATUS_OK);
}

static inline void assert_refused(const char *text, const char *message) {
    assert_int_equal(parse(text), STATUS_INVALID);
    assert_string_equal(error.message, message);
    assert_int_equal(error.code, STATUS_INVALID);
}

/* The reason's name, for a request without a user. */
static inline const char *asked(const char *system, const char *method) {
    const struct policy_ask ask = {.system = slice_text(system), .method = slice_text(method), .has_subject = true};
    return policy_reason_name(policy_evaluate(&policy, &ask).reason);
}

#endif
