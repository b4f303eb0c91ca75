/* Booking's world with an index beside it: what it answers when it is asked, and what its journal says. Each record of its
 * journal has one event, and is followed as the host's reactor does it. */
#ifndef BHR_TESTS_CORE_BOOKING_IDENTITY_WORLD_H
#define BHR_TESTS_CORE_BOOKING_IDENTITY_WORLD_H

#include "tests/core/booking/booking_world.h"

#include "lib/wire/booking/booking_person.h"
#include "lib/wire/index/index_wire.h"
#include "services/booking/core/rows_person.h"
#include "services/booking/identity.h"

static const struct caller SELF = {"booking", "Y99001", ""};
static uint64_t index_number; /* entries of its journal, one a record */

static inline struct uuid index_id(uint8_t n) {
    struct uuid id = {{0xAA, 0, 0, 0, 0, 0, 0x80, 0, 0x80, 0, 0, 0, 0, 0, 0, n}};
    return id;
}

/* What it answers from now on: not_there, nobody, or that person, who came to it by those hops. */
enum index_says { INDEX_NOT_ASKED, INDEX_NOT_THERE, INDEX_KNOWS_NOBODY, INDEX_KNOWS };
static inline void index_answers(enum index_says says, struct uuid person_id, struct uuid hop_id) {
    static struct service_answer answer;
    static uint8_t memory[8192];
    struct arena arena = arena_over(memory, sizeof memory);
    struct index_find_answer found;
    memset(&found, 0, sizeof found);
    found.person_id = person_id;
    found.superseded_count = uuid_is_zero(hop_id) ? 0 : 1;
    found.superseded_ids[0] = hop_id;
    answer = (struct service_answer){
        .is_answered = says >= INDEX_KNOWS_NOBODY, .is_ok = says == INDEX_KNOWS, .position = index_number};
    if (says == INDEX_KNOWS) answer.body = wire_table_encode_to_arena(&index_find_response_wire, &found, &arena);
    world_context.answer = says == INDEX_NOT_ASKED ? NULL : &answer;
}

/* One request of booking to itself. */
static inline struct world_reply world_self(struct world *world, const struct service_request *request) {
    uint8_t bytes[BOOKING_REQUEST_MAX];
    struct buffer buffer = buffer_over(bytes, sizeof bytes);
    buffer_put(&buffer, request->body.data, request->body.size);
    bool is_follow = strcmp(request->method, BOOKING_METHOD_FOLLOW_INDEX) == 0;
    return world_send(world, &SELF, is_follow ? BOOKING_COMMAND_FOLLOW : BOOKING_COMMAND_RELINK, request->method,
                      &buffer);
}

/* A record of the index's journal, followed after what was followed so far or before; false when it is of no concern. */
static inline bool index_has(struct world *world, const struct service_place *after, const struct service_place *to,
                             const struct index_event *event, struct world_reply *ret_reply) {
    static uint8_t memory[256 * 1024];
    struct arena arena = arena_over(memory, sizeof memory);
    struct service_news news = {.number = index_number, .after = *after, .to = *to};
    news.event = wire_table_encode_to_arena(&index_event_wire, event, &arena);
    assert_non_null(news.event.data);
    struct service_request request;
    enum service_reaction reaction = booking_source.react(&news, &arena, &request);
    assert_int_not_equal(reaction, REACTION_UNREADABLE);
    if (reaction == REACTION_NONE) return false;
    *ret_reply = world_self(world, &request);
    return true;
}

/* The next record of the index's journal. */
static inline bool index_happens(struct world *world, const struct index_event *event, struct world_reply *ret_reply) {
    struct service_place after;
    booking_source.place(&world->read_only, &after);
    const struct service_place to = {.offset = (int64_t)++index_number, .size = 3, .bytes = "abc"};
    return index_has(world, &after, &to, event, ret_reply);
}

static inline struct index_event index_merged(uint8_t merge, uint8_t survivor, uint8_t other) {
    struct index_event event;
    memset(&event, 0, sizeof event);
    event.kind = INDEX_EVENT_PERSONS_MERGED;
    event.persons_merged.merge_id = index_id(merge);
    event.persons_merged.survivor_id = index_id(survivor);
    event.persons_merged.other_id = index_id(other);
    memcpy(event.persons_merged.reason, "same", 5);
    memcpy(event.persons_merged.by, "ops", 4);
    return event;
}

static inline struct index_event index_unmerged(uint8_t merge, uint8_t survivor, uint8_t other, int64_t from_ms,
                                                int64_t until_ms) {
    struct index_event event;
    memset(&event, 0, sizeof event);
    event.kind = INDEX_EVENT_PERSONS_UNMERGED;
    event.persons_unmerged.merge_id = index_id(merge);
    event.persons_unmerged.survivor_id = index_id(survivor);
    event.persons_unmerged.other_id = index_id(other);
    event.persons_unmerged.from_ms = from_ms;
    event.persons_unmerged.until_ms = until_ms;
    memcpy(event.persons_unmerged.reason, "two", 4);
    memcpy(event.persons_unmerged.by, "ops", 4);
    return event;
}

static inline struct index_event index_moved(struct uuid record_id, uint8_t from, uint8_t to) {
    struct index_event event;
    memset(&event, 0, sizeof event);
    event.kind = INDEX_EVENT_RECORD_MOVED;
    event.record_moved.record_id = record_id;
    event.record_moved.from_person_id = index_id(from);
    event.record_moved.to_person_id = index_id(to);
    memcpy(event.record_moved.reason, "hers", 5);
    memcpy(event.record_moved.by, "ops", 4);
    return event;
}

static inline struct index_event index_registered(struct uuid record_id, struct uuid person_id, const char *source,
                                                  enum index_registered how) {
    struct index_event event;
    memset(&event, 0, sizeof event);
    event.kind = INDEX_EVENT_RECORD_REGISTERED;
    struct index_record_registered *record = &event.record_registered;
    record->record_id = record_id;
    record->person_id = person_id;
    record->how = how;
    memcpy(record->organisation, "Y99001", 7);
    memcpy(record->source, source, strlen(source));
    record->sealed.key_id = index_id(200);
    memset(record->sealed.nonce, 1, sizeof record->sealed.nonce);
    record->sealed.size = 40;
    memcpy(record->by, "booking", 8);
    return event;
}

static inline struct booking_session identity_session(void) {
    struct booking_session session = {.kind = BOOKING_KIND_IN_PERSON,
                                      .audience = BOOKING_AUDIENCE_HUB,
                                      .starts_at_ms = at("2026-11-23T18:40:00Z"),
                                      .slot_minutes = 10,
                                      .slot_count = 6,
                                      .capacity = 3};
    memcpy(session.organisation, "F82001", 7);
    memcpy(session.service_id, "gp-routine", 11);
    return session;
}

static inline struct world_reply identity_book(struct world *world, struct uuid session_id, uint32_t slot,
                                               const char *nhs_number) {
    struct book_request request = {.is_from_hold = false, .slot_id = {.session_id = session_id, .index = slot}};
    memcpy(request.person.nhs_number, nhs_number, strlen(nhs_number));
    return world_book(world, &NEL_111, &request);
}

/* Whose a booking is shown as. */
static inline struct uuid identity_shown(struct world *world, struct uuid booking_id) {
    struct booking_view view;
    assert_int_equal(world_get(world, &HUB, booking_id, &view), OUTCOME_OK);
    return view.person.person_id;
}

static inline uint32_t identity_count(struct world *world, const char *nhs_number) {
    struct list_person_bookings_request request = {.include_past = true};
    memcpy(request.person.nhs_number, nhs_number, strlen(nhs_number));
    struct list_person_bookings_response response;
    assert_int_equal(world_list(world, &NEL_111, &request, &response), OUTCOME_OK);
    for (uint32_t i = 1; i < response.booking_count; i++) {
        assert_true(response.bookings[i - 1].slot.starts_at_ms <= response.bookings[i].slot.starts_at_ms);
    }
    return response.booking_count;
}

#endif
