/* The table of the index's outcomes, made from outcome.def. Constant data; any thread. */
#include "services/index/core/outcome.h"

const struct outcome_row index_outcomes[INDEX_OUTCOME_COUNT] = {
#define X(code, NAME, name, status, bars, sentence) {code, name, status, bars, sentence},
#include "services/index/core/outcome.def"
#undef X
};
