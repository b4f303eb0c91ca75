/* The match-rate board: how many records of each source have an NHS number, and why the rest have none. */
#ifndef BHR_INDEX_CORE_BOARD_H
#define BHR_INDEX_CORE_BOARD_H

#include "services/index/core/rows_index.h"

/* Takes the person's records off the board (-1) or puts them on (1). Whoever changes a person takes it off before
 * and puts on what it has become. A zero id is nobody. */
void board_count(const struct rows *rows, struct uuid person_id, int step);

#endif
