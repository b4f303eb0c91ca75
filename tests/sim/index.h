/* The index in the simulator: what its clients ask, and what its answers must be. */
#ifndef BHR_TESTS_SIM_INDEX_H
#define BHR_TESTS_SIM_INDEX_H

#include "tests/sim/index_model.h"

/* The day of SIM_START_MS, and of everything that a world decides before it ends; times of this year are UTC. */
#define INDEX_TODAY "2027-01-15"

/* index.c: one of a few people, by their number. */
void index_describe(uint32_t number, struct index_demographics *demographics);
const char *index_nhs_number(uint32_t number);
/* On which what was said may be in force, or not. */
const char *index_any_day(struct sim *sim);
/* A request of some client, about whom the model knows. Returns the method. */
const char *index_make_request(struct sim *sim, const struct index_model *model, uint8_t *ret_source,
                               struct slice *ret_request);
/* A command was answered with OK: what may now be asked by anybody, at any door, for ever. */
void index_remember(struct sim *sim, const struct index_model *model, const struct sim_command *command,
                    int64_t position);

/* index_judge.c: a door's answer to a question, from a store at that position. */
void index_judge(struct sim *sim, const struct index_model *model, const struct sim_query *query, uint32_t outcome,
                 uint64_t position, struct slice body);
/* Some of the ids that were ever given, asked of the accepted history's own rows: now, and as of a time before. */
void index_judge_some(struct sim *sim, const struct index_model *model, const struct rows *rows, uint64_t number);

#endif
