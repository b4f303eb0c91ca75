/* What does the index's journal, or its answer, change for bookings? Whose they are, never whether or where. Pure. */
#include "services/booking/core/facts.h"

#include "lib/base/assert.h"

static void link(struct booking_decision *decision, const struct follow_facts *facts,
                 const struct follow_request *request);
static void unlink(struct booking_decision *decision, const struct follow_facts *facts,
                   const struct follow_request *request);

struct booking_decision decide_follow(const struct follow_facts *facts, const struct follow_request *request) {
    ASSERT(request->to.offset >= 0 && request->place_size > 0);
    struct booking_answer nothing = {.at_ms = 0};
    if (facts->is_the_place) return decision_done(&nothing);
    if (!follow_at_equal(facts->at, request->after)) return decision_refused(REFUSED_SOURCE_OUT_OF_STEP);

    struct booking_decision decision = decision_event(BOOKING_EVENT_INDEX_FOLLOWED);
    struct index_followed *followed = &decision.events[0].index_followed;
    followed->number = request->number;
    followed->at = request->to;
    followed->place_size = request->place_size;
    memcpy(followed->place, request->place, request->place_size);
    if (facts->is_link_news) link(&decision, facts, request);
    if (request->change == FOLLOW_UNMERGE) unlink(&decision, facts, request);
    return decision;
}

struct booking_decision decide_relink(const struct relink_facts *facts, const struct relink_order *order) {
    struct booking_answer nothing = {.at_ms = 0};
    if (!facts->is_link_news) return decision_done(&nothing);

    struct booking_decision decision = decision_event(BOOKING_EVENT_PERSON_LINKED);
    struct person_linked *linked = &decision.events[0].person_linked;
    linked->person_id = order->person_id;
    linked->known_id = order->known_id;
    linked->number = order->known_number;
    return decision;
}

static void link(struct booking_decision *decision, const struct follow_facts *facts,
                 const struct follow_request *request) {
    ASSERT(!uuid_is_zero(facts->person_id));
    struct person_linked *linked = &decision_add(decision, BOOKING_EVENT_PERSON_LINKED)->person_linked;
    linked->person_id = facts->person_id;
    linked->known_id = facts->known_id;
    linked->merge_id = request->merge_id;
    linked->number = request->number;
}

/* Who was touched is told also when the link was never made here: a look-up had followed the merge. */
static void unlink(struct booking_decision *decision, const struct follow_facts *facts,
                   const struct follow_request *request) {
    if (facts->is_merge_standing) {
        struct person_linked *unlinked = &decision_add(decision, BOOKING_EVENT_PERSON_UNLINKED)->person_unlinked;
        unlinked->person_id = request->child_id;
        unlinked->known_id = request->parent_id;
        unlinked->merge_id = request->merge_id;
        unlinked->number = request->number;
    }
    if (facts->corrected.booking_count == 0) return;
    decision_add(decision, BOOKING_EVENT_IDENTITY_CORRECTED)->identity_corrected = facts->corrected;
}
