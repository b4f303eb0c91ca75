/* FindSlots: what the asker may book in a window. Pure but for the rows. Sessions are at most 24 hours long, so the walk
 * starts that much before the window. */
#include "services/booking/core/query.h"

#include "lib/base/assert.h"
#include "services/booking/core/slot_walk.h"

struct search {
    const struct rows *rows;
    const struct find_slots_request *request;
    struct slot_walk_options options;
    struct booking_slot *slots; /* the earliest so far, sorted */
    uint32_t count, count_max;
    uint32_t budget;
};

static void search_service(struct search *search, const char *service_id);
static void keep(struct search *search, const struct booking_slot *slot);
static bool is_before(const struct booking_slot *a, const struct booking_slot *b);

void query_find_slots(const struct rows *rows, const struct booking_ingress *asker,
                      const struct find_slots_request *request, int64_t now_ms, struct booking_slot *slots,
                      struct find_slots_result *ret_result) {
    ASSERT(request->organisation[0] != '\0' || request->service_id[0] != '\0');
    ASSERT(request->limit > 0 && request->limit <= BOOKING_FIND_LIMIT_MAX);
    ASSERT(request->from_ms < request->to_ms);
    memset(ret_result, 0, sizeof *ret_result);
    if (request->to_ms - request->from_ms > BOOKING_WINDOW_MS_MAX) {
        ret_result->outcome = REFUSED_WINDOW_TOO_WIDE;
        return;
    }
    struct search search = {
        .rows = rows,
        .request = request,
        .options = {.organisation = request->organisation,
                    .kind = request->kind,
                    .asker = asker,
                    .now_ms = now_ms,
                    .start_from_ms = request->from_ms,
                    .start_before_ms = request->to_ms,
                    .end_until_ms = request->to_ms},
        .slots = slots,
        .count_max = request->limit + 1,
        .budget = QUERY_FIND_LOOKS_MAX,
    };
    if (request->service_id[0] != '\0') {
        search_service(&search, request->service_id);
    } else {
        char service_id[BOOKING_SERVICE_ID_MAX + 1] = "";
        while (search.budget > 0 && organisation_service_next(rows, request->organisation, service_id)) {
            search_service(&search, service_id);
        }
    }
    if (search.budget == 0) {
        ret_result->outcome = REFUSED_SEARCH_TOO_COSTLY;
        return;
    }
    ret_result->outcome = OUTCOME_OK;
    ret_result->has_more = search.count > request->limit;
    ret_result->slot_count = ret_result->has_more ? request->limit : search.count;
}

static void search_service(struct search *search, const char *service_id) {
    search->options.service_id = service_id;
    struct slot_walk walk;
    slot_walk_begin(&walk, &search->options);
    struct booking_slot slot;
    while (slot_walk_next(search->rows, &walk, &search->budget, &slot)) {
        bool is_all_found = search->count == search->count_max &&
                            walk.session.starts_at_ms > search->slots[search->count - 1].starts_at_ms;
        if (is_all_found) return; /* sessions come in order of start: nothing earlier follows */
        if (slot.free > 0 || search->request->include_full) keep(search, &slot);
    }
}

/* Inserts in order; when there is no room the last one gives way. */
static void keep(struct search *search, const struct booking_slot *slot) {
    ASSERT(search->count <= search->count_max);
    if (search->count == search->count_max) {
        if (!is_before(slot, &search->slots[search->count - 1])) return;
        search->count--;
    }
    uint32_t low = 0, high = search->count;
    while (low < high) {
        uint32_t middle = (low + high) / 2;
        if (is_before(&search->slots[middle], slot)) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    memmove(&search->slots[low + 1], &search->slots[low], (search->count - low) * sizeof search->slots[0]);
    search->slots[low] = *slot;
    search->count++;
}

static bool is_before(const struct booking_slot *a, const struct booking_slot *b) {
    if (a->starts_at_ms != b->starts_at_ms) return a->starts_at_ms < b->starts_at_ms;
    int order = memcmp(a->slot_id.session_id.bytes, b->slot_id.session_id.bytes, sizeof a->slot_id.session_id.bytes);
    return order != 0 ? order < 0 : a->slot_id.index < b->slot_id.index;
}
