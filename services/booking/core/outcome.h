/* Booking's outcomes: one row each in outcome.def, from which come the codes, the names and docs/OUTCOMES.md. */
#ifndef BHR_BOOKING_CORE_OUTCOME_H
#define BHR_BOOKING_CORE_OUTCOME_H

#include "lib/base/outcome.h"

enum booking_outcome {
#define X(code, NAME, name, status, bars, sentence) REFUSED_##NAME = (code),
#include "services/booking/core/outcome.def"
#undef X
};

enum {
    BOOKING_OUTCOME_COUNT = 0
#define X(code, NAME, name, status, bars, sentence) +1
#include "services/booking/core/outcome.def"
#undef X
};

extern const struct outcome_row booking_outcomes[BOOKING_OUTCOME_COUNT];

#endif
