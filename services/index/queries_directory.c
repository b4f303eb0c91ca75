/* The index's queries that show no person: work list, board, organisations, services and professionals. Runs on the door's
 * thread over a read transaction. */
#include "lib/base/assert.h"
#include "lib/base/civil_time.h"
#include "services/index/core/query.h"
#include "services/index/glue.h"

/* UK wall time of an instant. */
static int64_t uk_ms(int64_t ms) {
    return ms + civil_uk_offset_minutes(ms) * INT64_C(60000);
}

void index_day_of(int64_t ms, char ret_day[INDEX_DATE_MAX + 1]) {
    char instant[CIVIL_INSTANT_SIZE];
    civil_format_instant(uk_ms(ms), instant);
    memcpy(ret_day, instant, INDEX_DATE_MAX);
    ret_day[INDEX_DATE_MAX] = '\0';
}

static uint32_t tell(const struct wire_table *table, const void *plain, struct arena *arena, struct buffer *out,
                     struct service_refusal *ret_refusal) {
    wire_table_encode(table, plain, arena, out);
    ret_refusal->outcome = OUTCOME_OK;
    return OUTCOME_OK;
}

/* Decodes the request and makes room for the answer; NULL, and why, when either fails. */
static void *begin(const struct wire_table *table, struct slice request, struct arena *arena, void *ret_asked,
                   size_t answer_size, struct service_refusal *ret_refusal) {
    struct wire_fault fault;
    if (!wire_table_decode(table, request, arena, ret_asked, &fault)) {
        index_refuse_invalid(&fault, ret_refusal);
        return NULL;
    }
    ret_refusal->outcome = OUTCOME_TOO_LARGE;
    return arena_alloc(arena, answer_size);
}

INDEX_QUERY(answer_list_pairs) {
    (void)context, (void)ingress, (void)now_ms;
    struct index_list_pairs_request asked;
    struct index_pairs_answer *answer =
        begin(&index_list_pairs_request_wire, request, arena, &asked, sizeof *answer, ret_refusal);
    if (answer == NULL) return ret_refusal->outcome;
    query_pairs(rows, asked.limit == 0 ? INDEX_PAIRS_SHOWN_DEFAULT : asked.limit, answer);
    return tell(&index_pairs_response_wire, answer, arena, out, ret_refusal);
}

INDEX_QUERY(answer_get_board) {
    (void)context, (void)ingress, (void)now_ms, (void)request;
    struct index_board_answer *answer = arena_alloc(arena, sizeof *answer);
    if (answer == NULL) {
        ret_refusal->outcome = OUTCOME_TOO_LARGE;
        return OUTCOME_TOO_LARGE;
    }
    query_board(rows, answer);
    return tell(&index_board_response_wire, answer, arena, out, ret_refusal);
}

INDEX_QUERY(answer_get_organisation) {
    (void)context, (void)ingress;
    struct index_get_organisation_request asked;
    struct index_organisation_answer *answer =
        begin(&index_get_organisation_request_wire, request, arena, &asked, sizeof *answer, ret_refusal);
    if (answer == NULL) return ret_refusal->outcome;
    if (asked.on_date[0] == '\0') index_day_of(now_ms, asked.on_date);
    if (!query_organisation(rows, asked.code, asked.on_date, answer)) {
        ret_refusal->outcome = REFUSED_ORGANISATION_UNKNOWN;
        return REFUSED_ORGANISATION_UNKNOWN;
    }
    return tell(&index_organisation_response_wire, answer, arena, out, ret_refusal);
}

INDEX_QUERY(answer_find_services) {
    (void)context, (void)ingress;
    struct index_find_services_request asked;
    struct index_services_answer *answer =
        begin(&index_find_services_request_wire, request, arena, &asked, sizeof *answer, ret_refusal);
    if (answer == NULL) return ret_refusal->outcome;
    const int64_t day_ms = INT64_C(86400000);
    int64_t at_ms = asked.at_ms == 0 ? now_ms : asked.at_ms, local_ms = uk_ms(at_ms);
    char day[INDEX_DATE_MAX + 1], *space = strchr(asked.postcode, ' ');
    index_day_of(at_ms, day);
    if (space != NULL) *space = '\0'; /* the district is what stands before it */
    /* 1970-01-01 was a Thursday, the fourth day of a week that begins on Monday. */
    struct service_wish wish = {.district = asked.postcode,
                                .kind = asked.kind,
                                .on_date = day,
                                .weekday = (uint32_t)((local_ms / day_ms + 3) % 7 + 1),
                                .minute = (uint32_t)(local_ms % day_ms / INT64_C(60000))};
    query_services(rows, &wish, answer);
    return tell(&index_services_response_wire, answer, arena, out, ret_refusal);
}

INDEX_QUERY(answer_get_practitioner) {
    (void)context, (void)ingress;
    struct index_get_practitioner_request asked;
    struct index_practitioner_answer *answer =
        begin(&index_get_practitioner_request_wire, request, arena, &asked, sizeof *answer, ret_refusal);
    if (answer == NULL) return ret_refusal->outcome;
    if (asked.on_date[0] == '\0') index_day_of(now_ms, asked.on_date);
    bool is_known = asked.by == INDEX_BY_PRACTITIONER_ID ||
                    practitioner_of_registration(rows, &asked.registration, asked.practitioner_id);
    if (!is_known || !query_practitioner(rows, asked.practitioner_id, asked.on_date, answer)) {
        ret_refusal->outcome = REFUSED_PRACTITIONER_UNKNOWN;
        return REFUSED_PRACTITIONER_UNKNOWN;
    }
    return tell(&index_practitioner_response_wire, answer, arena, out, ret_refusal);
}
