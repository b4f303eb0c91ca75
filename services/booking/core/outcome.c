/* The table of booking's outcomes, made from outcome.def. Constant data; any thread. */
#include "services/booking/core/outcome.h"

const struct outcome_row booking_outcomes[BOOKING_OUTCOME_COUNT] = {
#define X(code, NAME, name, status, bars, sentence) {code, name, status, bars, sentence},
#include "services/booking/core/outcome.def"
#undef X
};
