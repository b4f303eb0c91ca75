/* Inside services/index only: what service.c and the files of queries share. */
#ifndef BHR_INDEX_GLUE_H
#define BHR_INDEX_GLUE_H

#include "lib/host/service.h"
#include "lib/match/rules.h"
#include "lib/wire/index/index_wire.h"

/* OUTCOME_INVALID with the fault as its detail. */
void index_refuse_invalid(const struct wire_fault *fault, struct service_refusal *ret_refusal);
/* Whom a query is about, whatever it answers. */
void index_put_subject(struct service_refusal *ret_refusal, struct uuid person_id);
/* Whose record it is: of the asker's own organisation, unless an operator says another one. False: it is not theirs. */
bool index_own_key(const struct ingress *ingress, struct index_record_key *key, struct wire_fault *ret_fault);

/* The UK day of an instant. */
void index_day_of(int64_t ms, char ret_day[INDEX_DATE_MAX + 1]);
/* Who is marked sensitive is answered as somebody who is not there, unless a human asks whose role may know. */
bool index_may_know(const struct ingress *ingress, const struct rows *rows, struct uuid person_id, int64_t as_of_ms);
/* What a person said that is in force that day, and how to reach them. False when a key has not come yet: it would look as
 * if nothing had been said. */
bool index_consents_of(const struct service_context *context, const struct rows *rows, struct uuid person_id,
                       const char *on_date, int64_t as_of_ms, struct index_consents_answer *ret_answer);

#define INDEX_QUERY(name)                                                                                              \
    uint32_t name(const struct service_context *context, const struct ingress *ingress, const struct rows *rows,       \
                  int64_t now_ms, struct slice request, struct arena *arena, struct buffer *out,                       \
                  struct service_refusal *ret_refusal)
INDEX_QUERY(answer_find_person);
INDEX_QUERY(answer_trace_person);
INDEX_QUERY(answer_try_rules);
INDEX_QUERY(answer_get_person);
INDEX_QUERY(answer_list_pairs);
INDEX_QUERY(answer_get_board);
INDEX_QUERY(answer_get_organisation);
INDEX_QUERY(answer_find_services);
INDEX_QUERY(answer_get_consent);
INDEX_QUERY(answer_get_practitioner);

/* Who fits a description, as this asker may know it; rules: NULL for those in use. *ret_like: the record most like it,
 * whoever may know of it; zero without one. */
void index_trace(const struct service_context *context, const struct ingress *ingress, const struct rows *rows,
                 const struct match_rules *rules, const struct index_trace_request *asked,
                 struct index_trace_answer *ret_answer, struct uuid *ret_like);
/* Keeps a look-up for a while where that is wanted (try_rules.c); allocates nothing but in the request's arena. */
void index_keep(const struct service_context *context, struct arena *arena, const struct index_trace_request *asked,
                struct uuid like);

/* Whom a request is about. */
#define INDEX_ABOUT(name)                                                                                              \
    bool name(const struct service_context *context, const struct ingress *ingress, const struct rows *rows,           \
              struct slice request, struct arena *arena, struct service_subject *ret_subject)
INDEX_ABOUT(about_find_person);
INDEX_ABOUT(about_get_person);
INDEX_ABOUT(about_get_consent);

#endif
