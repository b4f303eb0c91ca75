/* Facts for FollowIndex and Relink. Pure but for the rows. */
#include "services/booking/core/facts.h"

#include "lib/base/assert.h"

enum { CORRECTED_LOOKS_MAX = 1000 }; /* bookings looked at for one correction */

static void gather_corrected(const struct rows *rows, const struct follow_request *request,
                             struct identity_corrected *ret_corrected);

void gather_follow(const struct rows *rows, const struct follow_request *request, struct follow_facts *ret_facts) {
    memset(ret_facts, 0, sizeof *ret_facts);
    struct index_followed followed;
    (void)source_row_get(rows, &followed);
    ret_facts->at = followed.at;
    ret_facts->is_the_place = follow_at_equal(followed.at, request->to) && followed.place_size == request->place_size &&
                              memcmp(followed.place, request->place, request->place_size) == 0;
    struct link_row link;
    switch (request->change) {
    case FOLLOW_NONE:
        return;
    case FOLLOW_RECORD:
        if (!local_record_get(rows, request->child_id, &ret_facts->person_id)) return;
        /* The index puts a record where its person is at that time, and a later unmerge leaves it there. */
        ret_facts->known_id = link_root(rows, request->parent_id);
        ret_facts->is_link_news = gather_is_link_news(rows, ret_facts->person_id, ret_facts->known_id, request->number);
        return;
    case FOLLOW_MERGE:
        ret_facts->person_id = request->child_id;
        ret_facts->known_id = request->parent_id;
        ret_facts->is_link_news = gather_is_link_news(rows, request->child_id, request->parent_id, request->number);
        return;
    case FOLLOW_UNMERGE:
        ret_facts->person_id = request->child_id;
        ret_facts->is_merge_standing =
            link_row_get(rows, request->child_id, &link) && uuid_equal(link.merge_id, request->merge_id);
        gather_corrected(rows, request, &ret_facts->corrected);
        return;
    }
    bhr_assert_failed("change is one of enum follow_change", __FILE__, __LINE__);
}

void gather_relink(const struct rows *rows, const struct relink_order *order, struct relink_facts *ret_facts) {
    memset(ret_facts, 0, sizeof *ret_facts);
    ret_facts->is_link_news = gather_is_link_news(rows, order->person_id, order->known_id, order->known_number);
}

bool gather_is_link_news(const struct rows *rows, struct uuid person_id, struct uuid known_id, uint64_t number) {
    struct link_row link;
    ASSERT(!uuid_is_zero(person_id) && !uuid_is_zero(known_id));
    if (link_would_loop(rows, person_id, known_id)) return false;
    if (!link_row_get(rows, person_id, &link)) return true;
    return number > link.number && !uuid_equal(link.parent_id, known_id);
}

/* Adds what was decided of one pseudonym's bookings in that time. */
static void add_corrected(const struct rows *rows, struct uuid person_id, enum booking_status status, uint32_t *looks,
                          struct identity_corrected *corrected) {
    struct person_scan scan;
    struct person_row row;
    person_scan_begin(&scan, person_id, status, 0);
    while (person_scan_next(rows, &scan, &row)) {
        struct booking_row booking;
        bool is_known = booking_row_get(rows, row.booking_id, &booking);
        ASSERT(is_known);
        bool is_meant = booking.booked_at_ms >= corrected->from_ms && booking.booked_at_ms <= corrected->until_ms;
        bool has_room = corrected->booking_count < CORRECTED_BOOKINGS_MAX;
        if (is_meant && has_room) corrected->booking_ids[corrected->booking_count++] = row.booking_id;
        if ((is_meant && !has_room) || ++*looks > CORRECTED_LOOKS_MAX) {
            corrected->has_more = true;
            return;
        }
    }
}

/* Whoever asked for either was told that both are one, so every booking of both may be for the other. */
static void gather_corrected(const struct rows *rows, const struct follow_request *request,
                             struct identity_corrected *ret_corrected) {
    ret_corrected->merge_id = request->merge_id;
    ret_corrected->survivor_id = request->parent_id;
    ret_corrected->other_id = request->child_id;
    ret_corrected->from_ms = request->from_ms;
    ret_corrected->until_ms = request->until_ms;
    uint32_t looks = 0;
    struct kin_walk walk = kin_walk_of(link_root(rows, request->parent_id));
    while (!ret_corrected->has_more && kin_walk_next(rows, &walk)) {
        add_corrected(rows, walk.at, BOOKING_BOOKED, &looks, ret_corrected);
        if (!ret_corrected->has_more) add_corrected(rows, walk.at, BOOKING_CANCELLED, &looks, ret_corrected);
    }
}
