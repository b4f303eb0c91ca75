/* A professional on a day. Pure but for the rows. */
#include "lib/base/assert.h"
#include "services/index/core/query.h"

/* A span of days that several spans leave open; a last day that is empty is open. */
struct span {
    const char *first, *last;
};

static struct span both(struct span a, const char *first, const char *last) {
    struct slice a_first = slice_text(a.first), a_last = slice_text(a.last);
    if (slice_compare(slice_text(first), a_first) > 0) a.first = first;
    if (a_last.size == 0 || (last[0] != '\0' && slice_compare(slice_text(last), a_last) < 0)) a.last = last;
    return a;
}

static bool has_begun(struct span span, const char *on_date) {
    return slice_compare(slice_text(span.first), slice_text(on_date)) <= 0;
}

static bool has_ended(struct span span, const char *on_date) {
    return span.last[0] != '\0' && slice_compare(slice_text(span.last), slice_text(on_date)) < 0;
}

static void view_role(const struct rows *rows, const struct index_practitioner *practitioner,
                      const struct index_practitioner_role *role, const char *on_date,
                      struct index_role_on_day *ret_view) {
    struct index_organisation_answer where;
    struct span span = {practitioner->opened_date, practitioner->closed_date};
    ret_view->role = *role;
    span = both(span, role->from_date, role->until_date);
    if (query_organisation(rows, role->organisation, on_date, &where)) {
        span = both(span, where.organisation.opened_date, where.organisation.closed_date);
    }
    ret_view->is_open = has_begun(span, on_date) && !has_ended(span, on_date);
    if (has_ended(span, on_date)) memcpy(ret_view->closed_after, span.last, strlen(span.last));
    if (where.has_use_instead) memcpy(ret_view->use_instead, where.use_instead.code, sizeof ret_view->use_instead);
}

bool query_practitioner(const struct rows *rows, const char *practitioner_id, const char *on_date,
                        struct index_practitioner_answer *ret_answer) {
    memset(ret_answer, 0, sizeof *ret_answer);
    struct index_practitioner *practitioner = &ret_answer->practitioner;
    if (!practitioner_row_get(rows, practitioner_id, practitioner)) return false;
    struct span span = {practitioner->opened_date, practitioner->closed_date};
    ret_answer->is_open = has_begun(span, on_date) && !has_ended(span, on_date);
    if (has_ended(span, on_date)) memcpy(ret_answer->closed_after, span.last, strlen(span.last));
    ret_answer->role_count = practitioner->role_count;
    for (uint32_t i = 0; i < practitioner->role_count; i++) {
        view_role(rows, practitioner, &practitioner->roles[i], on_date, &ret_answer->roles[i]);
    }
    return true;
}
