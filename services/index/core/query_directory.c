/* Organisations and services on a day, the board and the work list. Pure but for the rows. */
#include "lib/base/assert.h"
#include "services/index/core/query.h"

/* Dates as YYYY-MM-DD sort like days; an empty last day is open. */
static bool is_open_on(const char *opened_date, const char *closed_date, const char *on_date) {
    struct slice day = slice_text(on_date);
    bool has_begun = slice_compare(slice_text(opened_date), day) <= 0;
    return has_begun && (closed_date[0] == '\0' || slice_compare(day, slice_text(closed_date)) <= 0);
}

bool query_organisation(const struct rows *rows, const char *code, const char *on_date,
                        struct index_organisation_answer *ret_answer) {
    memset(ret_answer, 0, sizeof *ret_answer);
    if (!organisation_row_get(rows, code, &ret_answer->organisation)) return false;
    struct index_organisation at = ret_answer->organisation, slow = at;
    ret_answer->is_open = is_open_on(at.opened_date, at.closed_date, on_date);
    if (ret_answer->is_open) return true;
    /* One walks twice as fast as the other: they meet only where successors go round (Floyd). */
    for (bool moves_slow = false;; moves_slow = !moves_slow) {
        if (at.successor[0] == '\0' || !organisation_row_get(rows, at.successor, &at)) return true;
        if (moves_slow && !organisation_row_get(rows, slow.successor, &slow)) return true;
        if (is_open_on(at.opened_date, at.closed_date, on_date)) break;
        if (index_text_equal(at.code, slow.code)) return true;
    }
    ret_answer->has_use_instead = true;
    ret_answer->use_instead = at;
    return true;
}

static bool is_for(const struct index_service *service, const struct service_wish *wish) {
    bool is_for_district = service->district_count == 0, is_open_then = service->opening_time_count == 0;
    for (uint32_t i = 0; i < service->district_count; i++) {
        is_for_district |= index_text_equal(service->districts[i], wish->district);
    }
    for (uint32_t i = 0; i < service->opening_time_count; i++) {
        const struct index_opening_time *time = &service->opening_times[i];
        is_open_then |=
            time->weekday == wish->weekday && time->from_minute <= wish->minute && wish->minute < time->until_minute;
    }
    bool is_kind = wish->kind[0] == '\0' || index_text_equal(service->kind, wish->kind);
    return is_for_district && is_open_then && is_kind &&
           is_open_on(service->opened_date, service->closed_date, wish->on_date);
}

void query_services(const struct rows *rows, const struct service_wish *wish,
                    struct index_services_answer *ret_answer) {
    memset(ret_answer, 0, sizeof *ret_answer);
    struct directory_scan scan = service_scan_begin();
    struct index_service service;
    while (ret_answer->service_count < INDEX_SERVICES_SHOWN_MAX && service_scan_next(rows, &scan, &service)) {
        if (is_for(&service, wish)) ret_answer->services[ret_answer->service_count++] = service;
    }
}

void query_board(const struct rows *rows, struct index_board_answer *ret_answer) {
    memset(ret_answer, 0, sizeof *ret_answer);
    struct directory_scan scan = board_scan_begin();
    struct index_board_row row;
    while (ret_answer->row_count < INDEX_BOARD_ROWS_MAX && board_scan_next(rows, &scan, &row)) {
        if (row.records > 0) ret_answer->rows[ret_answer->row_count++] = row;
    }
}

void query_pairs(const struct rows *rows, uint32_t limit, struct index_pairs_answer *ret_answer) {
    ASSERT(limit > 0 && limit <= INDEX_PAIRS_SHOWN_MAX);
    memset(ret_answer, 0, sizeof *ret_answer);
    struct open_pair_scan scan = open_pair_scan_begin();
    struct pair_row row;
    while (open_pair_scan_next(rows, &scan, &row)) {
        struct uuid person_id, other_id;
        bool is_known = person_root(rows, row.pair.person_id, INDEX_NOW, &person_id, NULL) &&
                        person_root(rows, row.pair.other_person_id, INDEX_NOW, &other_id, NULL);
        ASSERT(is_known);
        if (uuid_equal(person_id, other_id)) continue;
        if (ret_answer->pair_count == limit) {
            ret_answer->has_more = true;
            return;
        }
        struct index_pair *pair = &ret_answer->pairs[ret_answer->pair_count++];
        *pair = row.pair;
        pair->person_id = person_id;
        pair->other_person_id = other_id;
    }
}
