/* What may be asked of the index's rows. Pure and read-only; runs on the door's thread over a read transaction.
 * as_of_ms is INDEX_NOW, or what was believed then is asked for. */
#ifndef BHR_INDEX_CORE_QUERY_H
#define BHR_INDEX_CORE_QUERY_H

#include "services/index/core/outcome.h"
#include "services/index/core/rows_index.h"

/* False when nobody had that id then. Of the records the view holds what is not sealed; sealed[i] is that of
 * records[i], and has room for INDEX_RECORDS_SHOWN_MAX. */
bool query_person(const struct rows *rows, struct uuid person_id, int64_t as_of_ms, struct index_person *ret_person,
                  struct index_sealed *ret_sealed);
/* OUTCOME_OK, REFUSED_PERSON_UNKNOWN or REFUSED_SEVERAL_PERSONS: by every record that had the number then, or ever
 * before. */
uint32_t query_by_nhs(const struct rows *rows, struct index_hash nhs_hash, int64_t as_of_ms,
                      struct index_find_answer *ret_answer);
uint32_t query_by_record(const struct rows *rows, struct uuid record_id, int64_t as_of_ms,
                         struct index_find_answer *ret_answer);

/* What is in force that day, at most one of each purpose, in their order; returns how many. What was said after a merge
 * counts before what was said under either id; else a refusal counts before a permission, whoever of them it was. */
uint32_t query_consents(const struct rows *rows, struct uuid person_id, const char *on_date, int64_t as_of_ms,
                        struct index_recorded_consent ret_consents[INDEX_PURPOSES]);
/* The newest of all that were recorded for the person, under whichever id. */
bool query_preferences(const struct rows *rows, struct uuid person_id, int64_t as_of_ms,
                       struct preferences_row *ret_row);

/* Oldest first; pairs of two who became one since are left out. */
void query_pairs(const struct rows *rows, uint32_t limit, struct index_pairs_answer *ret_answer);
void query_board(const struct rows *rows, struct index_board_answer *ret_answer);

/* False when there is no such organisation. Successors are followed over as many steps as there are, but never
 * round. */
bool query_organisation(const struct rows *rows, const char *code, const char *on_date,
                        struct index_organisation_answer *ret_answer);
/* False when there is no such professional. Each role is open when role, professional and organisation are. */
bool query_practitioner(const struct rows *rows, const char *practitioner_id, const char *on_date,
                        struct index_practitioner_answer *ret_answer);
/* Open that day, weekday and minute (UK time), of that kind ("": any), and for that district. */
struct service_wish {
    const char *district, *kind, *on_date;
    uint32_t weekday, minute;
};
void query_services(const struct rows *rows, const struct service_wish *wish, struct index_services_answer *ret_answer);

#endif
