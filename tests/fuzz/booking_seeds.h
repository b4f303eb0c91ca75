/* Good values of everything booking reads, for the harnesses of its decoders. */
#ifndef BHR_TESTS_FUZZ_BOOKING_SEEDS_H
#define BHR_TESTS_FUZZ_BOOKING_SEEDS_H

#include "services/booking/core/booking.h"
#include "tests/fuzz/fuzz.h"

#define SEED_NOW_MS INT64_C(1795456800000)

static inline struct uuid seed_uuid(int64_t after_ms) {
    return uuid_v7_make(SEED_NOW_MS + after_ms, (const uint8_t *)"0123456789");
}

static inline struct booking_slot_id seed_slot_id(void) {
    return (struct booking_slot_id){.session_id = seed_uuid(1), .index = 3};
}

static inline struct booking_session seed_session(void) {
    return (struct booking_session){.session_id = seed_uuid(1),
                                    .organisation = "F82001",
                                    .service_id = "gp-routine",
                                    .kind = BOOKING_KIND_VIDEO,
                                    .audience = BOOKING_AUDIENCE_111,
                                    .starts_at_ms = SEED_NOW_MS + BOOKING_DAY_MS,
                                    .slot_minutes = 15,
                                    .slot_count = 12,
                                    .capacity = 2};
}

static inline struct booking_slot seed_slot(void) {
    struct booking_session session = seed_session();
    return (struct booking_slot){.slot_id = seed_slot_id(),
                                 .organisation = "F82001",
                                 .service_id = "gp-routine",
                                 .kind = session.kind,
                                 .audience = session.audience,
                                 .starts_at_ms = booking_slot_start_ms(&session, 3),
                                 .ends_at_ms = booking_slot_start_ms(&session, 4),
                                 .capacity = 2,
                                 .free = 1};
}

static inline struct booking_person seed_person(void) {
    return (struct booking_person){.nhs_number = "9434765919",
                                   .family_name = "O'Neil-\xC5\x81ukasz",
                                   .given_name = "Zo\xC3\xAB",
                                   .birth_date = "1984-02-29",
                                   .local_id = "A/123",
                                   .person_id = seed_uuid(2)};
}

static inline struct booking_contact seed_contact(void) {
    return (struct booking_contact){.phone = "+44 20 7946 0000", .note = "ring twice\nsecond floor"};
}

static inline struct booking_sealed seed_sealed(void) {
    struct booking_sealed sealed = {.key_id = seed_uuid(3), .size = 64};
    memset(sealed.nonce, 0x11, sizeof sealed.nonce);
    memset(sealed.ciphertext, 0x22, sealed.size);
    return sealed;
}

static inline struct booking_ingress seed_ingress(void) {
    return (struct booking_ingress){.system = "111-nel",
                                    .organisation = "RYX",
                                    .role = "111",
                                    .correlation_id = "call-17",
                                    .received_at_ms = SEED_NOW_MS,
                                    .entity_id = seed_uuid(4)};
}

static inline struct follow_request seed_follow(void) {
    return (struct follow_request){.after = {40, 0},
                                   .to = {42, 1},
                                   .place_size = 3,
                                   .place = {1, 2, 3},
                                   .number = 7,
                                   .change = FOLLOW_UNMERGE,
                                   .child_id = seed_uuid(8),
                                   .parent_id = seed_uuid(9),
                                   .merge_id = seed_uuid(10),
                                   .from_ms = SEED_NOW_MS - 1000,
                                   .until_ms = SEED_NOW_MS + 1000};
}

/* Publish, hold, book directly, book a hold, cancel, follow, relink, book somebody known; false beyond the last. */
static inline bool seed_command(uint32_t index, struct booking_command *ret_command) {
    struct booking_command command = {.kind = BOOKING_COMMAND_PUBLISH};
    if (index == 0) command.publish = (struct publish_command){seed_ingress(), {seed_session()}};
    if (index == 1) {
        command.kind = BOOKING_COMMAND_HOLD;
        command.hold = (struct hold_command){seed_ingress(), {seed_slot_id(), 300}};
    }
    if (index == 2 || index == 3) {
        command.kind = BOOKING_COMMAND_BOOK;
        command.book.ingress = seed_ingress();
        command.book.order =
            (struct book_order){.is_from_hold = index == 3, .person_id = seed_uuid(2), .sealed = seed_sealed()};
        if (index == 2) command.book.order.slot_id = seed_slot_id();
        if (index == 3) command.book.order.hold_id = seed_uuid(5);
    }
    if (index == 4) {
        command.kind = BOOKING_COMMAND_CANCEL;
        command.cancel = (struct cancel_command){seed_ingress(), {seed_uuid(6), BOOKING_CANCEL_PERSON}};
    }
    if (index == 5) {
        command.kind = BOOKING_COMMAND_FOLLOW;
        command.follow = (struct follow_command){seed_ingress(), seed_follow()};
    }
    if (index == 6) {
        command.kind = BOOKING_COMMAND_RELINK;
        command.relink = (struct relink_command){seed_ingress(), {seed_uuid(2), seed_uuid(8), 9}};
    }
    if (index == 7) {
        command.kind = BOOKING_COMMAND_BOOK;
        command.book.ingress = seed_ingress();
        command.book.order = (struct book_order){.slot_id = seed_slot_id(),
                                                 .person_id = seed_uuid(12),
                                                 .sealed = seed_sealed(),
                                                 .known_id = seed_uuid(8),
                                                 .known_number = 9,
                                                 .record_id = seed_uuid(11)};
    }
    if (index < 8) *ret_command = command;
    return index < 8;
}

static inline void seed_person_event(struct booking_event *event) {
    switch ((int)event->kind) {
    case BOOKING_EVENT_INDEX_FOLLOWED:
        event->index_followed =
            (struct index_followed){.number = 6, .at = {40, 0}, .place_size = 3, .place = {1, 2, 3}};
        break;
    case BOOKING_EVENT_PERSON_LINKED:
        event->person_linked = (struct person_linked){seed_uuid(8), seed_uuid(9), seed_uuid(10), 5};
        break;
    case BOOKING_EVENT_PERSON_UNLINKED:
        event->person_unlinked = (struct person_linked){seed_uuid(13), seed_uuid(9), seed_uuid(10), 6};
        break;
    case BOOKING_EVENT_PERSON_AWAITED:
        event->person_awaited = (struct person_awaited){seed_uuid(2), seed_uuid(11), seed_uuid(6)};
        break;
    default:
        event->identity_corrected = (struct identity_corrected){.merge_id = seed_uuid(10),
                                                                .survivor_id = seed_uuid(9),
                                                                .other_id = seed_uuid(8),
                                                                .from_ms = SEED_NOW_MS,
                                                                .until_ms = SEED_NOW_MS + 1,
                                                                .booking_count = 2,
                                                                .booking_ids = {seed_uuid(6), seed_uuid(7)},
                                                                .has_more = true};
        break;
    }
}

static inline bool seed_event(uint32_t index, struct booking_event *ret_event) {
    struct booking_slot slot = seed_slot();
    struct booking_event event = {.kind = (enum booking_event_kind)(index + 1)};
    switch (event.kind) {
    case BOOKING_EVENT_SESSION_PUBLISHED:
        event.session_published = (struct session_published){seed_session(), "practice-a"};
        break;
    case BOOKING_EVENT_SLOT_HELD:
        event.slot_held =
            (struct slot_held){seed_uuid(5), slot.slot_id, slot.starts_at_ms, SEED_NOW_MS + 300000, "111-nel"};
        break;
    case BOOKING_EVENT_HOLD_EXPIRED:
        event.hold_expired = (struct hold_expired){seed_uuid(5), slot.slot_id};
        break;
    case BOOKING_EVENT_SLOT_BOOKED:
        event.slot_booked = (struct slot_booked){.booking_id = seed_uuid(6),
                                                 .slot_id = slot.slot_id,
                                                 .hold_id = seed_uuid(5),
                                                 .starts_at_ms = slot.starts_at_ms,
                                                 .ends_at_ms = slot.ends_at_ms,
                                                 .person_id = seed_uuid(2),
                                                 .sealed = seed_sealed(),
                                                 .by = "111-nel"};
        break;
    case BOOKING_EVENT_BOOKING_CANCELLED:
        event.booking_cancelled = (struct booking_cancelled){.booking_id = seed_uuid(6),
                                                             .cancel_id = seed_uuid(7),
                                                             .slot_id = slot.slot_id,
                                                             .starts_at_ms = slot.starts_at_ms,
                                                             .person_id = seed_uuid(2),
                                                             .reason = BOOKING_CANCEL_PERSON,
                                                             .by = "111-nel"};
        break;
    case BOOKING_EVENT_INDEX_FOLLOWED:
    case BOOKING_EVENT_PERSON_LINKED:
    case BOOKING_EVENT_PERSON_UNLINKED:
    case BOOKING_EVENT_PERSON_AWAITED:
    case BOOKING_EVENT_IDENTITY_CORRECTED:
        seed_person_event(&event);
        break;
    }
    if (index < 10) *ret_event = event;
    return index < 10;
}

static inline struct booking_view seed_view(void) {
    struct booking_view view = {.booking_id = seed_uuid(6),
                                .slot = seed_slot(),
                                .person = seed_person(),
                                .contact = seed_contact(),
                                .status = BOOKING_CANCELLED,
                                .booked_at_ms = SEED_NOW_MS,
                                .cancelled_at_ms = SEED_NOW_MS + 1000,
                                .cancel_reason = BOOKING_CANCEL_PERSON,
                                .booked_by = "111-nel",
                                .cancelled_by = "practice-a",
                                .history_count = BOOKING_HISTORY_MAX};
    for (uint32_t i = 0; i < view.history_count; i++) {
        view.history[i] = (struct booking_change){.at_ms = SEED_NOW_MS + i,
                                                  .what = (enum booking_change_kind)(i + 1),
                                                  .by = "111-nel",
                                                  .entry_number = i + 1};
    }
    return view;
}

#endif
