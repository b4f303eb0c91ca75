/* What the index's journal means for bookings: an event becomes a request of booking to itself. Pure (lib/host/reactor.h
 * runs it). */
#include "services/booking/identity.h"

#include "lib/base/assert.h"
#include "lib/wire/booking/booking_client.h"
#include "lib/wire/booking/booking_person.h"
#include "lib/wire/index/index_wire.h"
#include "services/booking/core/rows_person.h"

static void place(const struct rows *rows, struct service_place *ret_place);
static enum service_reaction react(const struct service_news *news, struct arena *arena,
                                   struct service_request *ret_request);
static bool errand(const struct rows *rows, uint64_t *after, struct arena *arena, struct service_request *ret_request);
static enum follow_change meaning(const struct index_event *event, struct follow_request *request);

const struct service_source booking_source = {.service = "index", .place = place, .react = react, .errand = errand};

_Static_assert((int)FOLLOW_PLACE_MAX == (int)SERVICE_PLACE_MAX, "a place is kept whole");
_Static_assert((int)FOLLOW_DONE_MAX >= (int)SERVICE_EVENTS_MAX, "every event of a record is counted");

static void place(const struct rows *rows, struct service_place *ret_place) {
    struct index_followed followed;
    (void)source_row_get(rows, &followed);
    *ret_place =
        (struct service_place){.offset = followed.at.offset, .done = followed.at.done, .size = followed.place_size};
    memcpy(ret_place->bytes, followed.place, followed.place_size);
}

static enum service_reaction react(const struct service_news *news, struct arena *arena,
                                   struct service_request *ret_request) {
    struct follow_request request;
    memset(&request, 0, sizeof request);
    ASSERT(news->to.size <= sizeof request.place);
    request.change = FOLLOW_NONE;
    if (news->event.size > 0) {
        struct index_event *event = arena_alloc(arena, sizeof *event);
        struct wire_fault fault;
        bool is_readable = event != NULL && wire_table_decode(&index_event_wire, news->event, arena, event, &fault);
        if (!is_readable) return REACTION_UNREADABLE;
        request.change = meaning(event, &request);
        if (request.change == FOLLOW_NONE) return REACTION_NONE;
    }
    request.after = (struct follow_at){.offset = news->after.offset, .done = news->after.done};
    request.to = (struct follow_at){.offset = news->to.offset, .done = news->to.done};
    request.place_size = news->to.size;
    memcpy(request.place, news->to.bytes, news->to.size);
    request.number = news->number;
    ret_request->method = BOOKING_METHOD_FOLLOW_INDEX;
    ret_request->body = wire_table_encode_to_arena(&booking_follow_request_wire, &request, arena);
    return ret_request->body.data != NULL ? REACTION_REQUEST : REACTION_UNREADABLE;
}

/* Records of other sources are of no concern: their persons are found by look-up. One of booking's own is, also when the
 * index had it already: whoever tells of it again awaits an answer. Every merge is, because anybody may be booked. */
static enum follow_change meaning(const struct index_event *event, struct follow_request *request) {
    switch (event->kind) {
    case INDEX_EVENT_RECORD_REGISTERED:
        request->child_id = event->record_registered.record_id;
        request->parent_id = event->record_registered.person_id;
        return index_text_equal(event->record_registered.source, BOOKING_RECORD_SOURCE) ? FOLLOW_RECORD : FOLLOW_NONE;
    case INDEX_EVENT_RECORD_MOVED:
        request->child_id = event->record_moved.record_id;
        request->parent_id = event->record_moved.to_person_id;
        return FOLLOW_RECORD;
    case INDEX_EVENT_PERSONS_MERGED:
        request->child_id = event->persons_merged.other_id;
        request->parent_id = event->persons_merged.survivor_id;
        request->merge_id = event->persons_merged.merge_id;
        return FOLLOW_MERGE;
    case INDEX_EVENT_PERSONS_UNMERGED:
        request->child_id = event->persons_unmerged.other_id;
        request->parent_id = event->persons_unmerged.survivor_id;
        request->merge_id = event->persons_unmerged.merge_id;
        request->from_ms = event->persons_unmerged.from_ms;
        request->until_ms = event->persons_unmerged.until_ms;
        return FOLLOW_UNMERGE;
    case INDEX_EVENT_MERGE_AWAITS_APPROVAL:
    case INDEX_EVENT_PAIR_FOUND:
    case INDEX_EVENT_PAIR_CLAIMED:
    case INDEX_EVENT_PAIR_DECIDED:
    case INDEX_EVENT_PERSON_FLAGGED:
    case INDEX_EVENT_RELATIONSHIP_SET:
    case INDEX_EVENT_ORGANISATION_REGISTERED:
    case INDEX_EVENT_SERVICE_REGISTERED:
    case INDEX_EVENT_CONSENT_SET:
    case INDEX_EVENT_PREFERENCES_SET:
    case INDEX_EVENT_PRACTITIONER_REGISTERED:
        return FOLLOW_NONE;
    }
    bhr_assert_failed("kind is one of enum index_event_kind", __FILE__, __LINE__);
}

static bool errand(const struct rows *rows, uint64_t *after, struct arena *arena, struct service_request *ret_request) {
    struct awaited_row awaited;
    if (!awaited_row_next(rows, after, &awaited)) return false;
    const struct relink_order order = {.person_id = awaited.person_id};
    ret_request->method = BOOKING_METHOD_RELINK;
    ret_request->body = wire_table_encode_to_arena(&booking_relink_request_wire, &order, arena);
    return ret_request->body.data != NULL;
}
