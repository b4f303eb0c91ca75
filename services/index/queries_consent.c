/* What a person permits and refuses and how to reach them, for who need not know more of them. Runs on the door's thread
 * over a read transaction. Nobody is asked here before an appointment is made: that waits for no consent. */
#include "services/index/core/query.h"
#include "services/index/glue.h"
#include "services/index/resolve.h"

bool index_consents_of(const struct service_context *context, const struct rows *rows, struct uuid person_id,
                       const char *on_date, int64_t as_of_ms, struct index_consents_answer *ret_answer) {
    struct preferences_row row;
    memset(ret_answer, 0, sizeof *ret_answer);
    ret_answer->person_id = person_id;
    ret_answer->consent_count = query_consents(rows, person_id, on_date, as_of_ms, ret_answer->consents);
    if (!query_preferences(rows, person_id, as_of_ms, &row)) return true;
    enum vault_result result =
        resolve_open_preferences(context->vault, row.sealed_for_id, &row.sealed, &ret_answer->preferences);
    ret_answer->has_preferences = result == VAULT_DONE;
    if (result != VAULT_DONE) memset(&ret_answer->preferences, 0, sizeof ret_answer->preferences);
    return result != VAULT_UNAVAILABLE;
}

INDEX_QUERY(answer_get_consent) {
    struct index_get_consent_request asked;
    struct index_consents_answer answer;
    struct wire_fault fault;
    struct uuid person_id;
    if (!wire_table_decode(&index_get_consent_request_wire, request, arena, &asked, &fault)) {
        index_refuse_invalid(&fault, ret_refusal);
        return ret_refusal->outcome;
    }
    int64_t as_of_ms = asked.as_of_ms == 0 ? INDEX_NOW : asked.as_of_ms;
    if (asked.on_date[0] == '\0') index_day_of(asked.as_of_ms == 0 ? now_ms : asked.as_of_ms, asked.on_date);
    bool is_known = person_root(rows, asked.person_id, as_of_ms, &person_id, NULL);
    if (is_known) index_put_subject(ret_refusal, person_id);
    bool is_told = is_known && index_may_know(ingress, rows, person_id, as_of_ms);
    ret_refusal->outcome = REFUSED_PERSON_UNKNOWN;
    if (is_told && index_consents_of(context, rows, person_id, asked.on_date, as_of_ms, &answer)) {
        wire_table_encode(&index_consents_response_wire, &answer, arena, out);
        ret_refusal->outcome = OUTCOME_OK;
    } else if (is_told) {
        ret_refusal->outcome = OUTCOME_UNAVAILABLE;
    }
    return ret_refusal->outcome;
}

INDEX_ABOUT(about_get_consent) {
    (void)context, (void)ingress;
    *ret_subject = (struct service_subject){0};
    struct index_get_consent_request asked;
    struct wire_fault fault;
    if (!wire_table_decode(&index_get_consent_request_wire, request, arena, &asked, &fault)) return false;
    int64_t as_of_ms = asked.as_of_ms == 0 ? INDEX_NOW : asked.as_of_ms;
    ret_subject->has_person = person_root(rows, asked.person_id, as_of_ms, &ret_subject->person_id, NULL);
    return ret_subject->has_person;
}
