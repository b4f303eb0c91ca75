/* Booking's queries: decode -> ask the core -> encode. Runs on the door's thread over a read transaction. */
#include "services/booking/glue.h"
#include "services/booking/identity.h"

#include "lib/base/assert.h"
#include "lib/wire/booking/booking_details.h"
#include "lib/wire/booking/booking_request.h"
#include "services/booking/core/query.h"
#include "services/booking/resolve.h"

static uint32_t open_details(const struct service_context *context, const struct booking_sealed *sealed,
                             struct arena *arena, struct booking_view *view);

uint32_t answer_find_slots(const struct service_context *context, const struct ingress *ingress,
                           const struct rows *rows, int64_t now_ms, struct slice request, struct arena *arena,
                           struct buffer *out, struct service_refusal *ret_refusal) {
    (void)context;
    struct find_slots_request find;
    struct wire_fault fault;
    if (!find_slots_request_decode(request, arena, &find, &fault)) {
        booking_refuse_invalid(&fault, ret_refusal);
        return ret_refusal->outcome;
    }
    struct booking_ingress asker;
    booking_ingress_copy(ingress, &asker);
    struct booking_slot *slots = arena_alloc(arena, (find.limit + 1) * sizeof slots[0]);
    if (slots == NULL) {
        ret_refusal->outcome = OUTCOME_TOO_LARGE;
        return ret_refusal->outcome;
    }
    struct find_slots_result result;
    query_find_slots(rows, &asker, &find, now_ms, slots, &result);
    if (result.outcome == REFUSED_WINDOW_TOO_WIDE) {
        wire_fault_set(&fault, "", "to_ms", "expected at most 14 days after from_ms");
        memcpy(ret_refusal->detail, fault.text, sizeof fault.text);
    }
    ret_refusal->outcome = result.outcome;
    if (result.outcome == OUTCOME_OK) find_slots_response_encode(slots, result.slot_count, result.has_more, out);
    return result.outcome;
}

uint32_t answer_get_booking(const struct service_context *context, const struct ingress *ingress,
                            const struct rows *rows, int64_t now_ms, struct slice request, struct arena *arena,
                            struct buffer *out, struct service_refusal *ret_refusal) {
    (void)ingress;
    struct get_booking_request get;
    struct wire_fault fault;
    if (!get_booking_request_decode(request, arena, &get, &fault)) {
        booking_refuse_invalid(&fault, ret_refusal);
        return ret_refusal->outcome;
    }
    struct booking_view view;
    struct booking_sealed sealed;
    if (!query_get_booking(rows, get.booking_id, now_ms, &view, &sealed)) {
        ret_refusal->outcome = REFUSED_BOOKING_UNKNOWN;
        return ret_refusal->outcome;
    }
    ret_refusal->outcome = open_details(context, &sealed, arena, &view);
    if (ret_refusal->outcome == OUTCOME_OK) get_booking_response_encode(&view, out);
    return ret_refusal->outcome;
}

uint32_t answer_list_person_bookings(const struct service_context *context, const struct ingress *ingress,
                                     const struct rows *rows, int64_t now_ms, struct slice request, struct arena *arena,
                                     struct buffer *out, struct service_refusal *ret_refusal) {
    struct list_person_bookings_request list;
    struct wire_fault fault;
    if (!list_person_bookings_request_decode(request, arena, &list, &fault)) {
        booking_refuse_invalid(&fault, ret_refusal);
        return ret_refusal->outcome;
    }
    list.person.person_id = resolve_person(context->pseudonym_key, ingress->system, &list.person);
    struct person_bookings bookings;
    query_person_bookings(rows, &list, now_ms, &bookings);
    struct booking_view view;
    struct booking_sealed sealed;
    uint32_t count = 0;
    bool has_more = false;
    while (!has_more && person_bookings_next(rows, &bookings, &view, &sealed)) {
        ret_refusal->outcome = open_details(context, &sealed, arena, &view);
        if (ret_refusal->outcome != OUTCOME_OK) return ret_refusal->outcome;
        has_more = count == BOOKING_LIST_MAX || !list_person_bookings_response_add(&view, out);
        count++;
    }
    list_person_bookings_response_end(has_more, out);
    ASSERT(!out->is_full);
    ret_refusal->outcome = OUTCOME_OK;
    return OUTCOME_OK;
}

/* Fills in who the booking is for. An erased person's booking is shown without; one whose key has not come yet is not shown
 * at all, since it would look as if the person were erased. What does not open is the vault's alarm. */
static uint32_t open_details(const struct service_context *context, const struct booking_sealed *sealed,
                             struct arena *arena, struct booking_view *view) {
    enum vault_result result = identity_open(context, sealed, arena, &view->person, &view->contact);
    if (result == VAULT_UNAVAILABLE) return OUTCOME_UNAVAILABLE;
    view->is_erased = result == VAULT_ERASED;
    view->person.person_id = view->known_id; /* what was sealed under the pseudonym is shown as the person's */
    return OUTCOME_OK;
}
