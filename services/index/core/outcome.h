/* The index's outcomes: one row each in outcome.def, from which come the codes, the names and docs/OUTCOMES.md. */
#ifndef BHR_INDEX_CORE_OUTCOME_H
#define BHR_INDEX_CORE_OUTCOME_H

#include "lib/base/outcome.h"

enum index_outcome {
#define X(code, NAME, name, status, bars, sentence) REFUSED_##NAME = (code),
#include "services/index/core/outcome.def"
#undef X
};

enum {
    INDEX_OUTCOME_COUNT = 0
#define X(code, NAME, name, status, bars, sentence) +1
#include "services/index/core/outcome.def"
#undef X
};

extern const struct outcome_row index_outcomes[INDEX_OUTCOME_COUNT];

#endif
