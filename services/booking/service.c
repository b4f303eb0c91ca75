/* Booking as a table: its methods, configuration, outcomes and the thin glue decode -> gather -> decide -> encode.
 * accept runs on the door's thread, decide, fire and apply on the replica's; nothing is kept between calls. */
#include "services/booking/service.h"

#include <stdio.h>

#include "lib/base/assert.h"
#include "lib/wire/booking/booking_client.h"
#include "lib/wire/booking/booking_details.h"
#include "lib/wire/booking/booking_journal.h"
#include "lib/wire/booking/booking_publish.h"
#include "lib/wire/booking/booking_request.h"
#include "services/booking/core/apply.h"
#include "services/booking/core/facts.h"
#include "services/booking/glue.h"
#include "services/booking/identity.h"
#include "services/booking/resolve.h"

_Static_assert((int)WIRE_FAULT_MAX <= (int)SERVICE_DETAIL_MAX, "a fault fits into a detail");
_Static_assert((int)BOOKING_NONCE_SIZE == (int)VAULT_NONCE_SIZE, "the vault's nonce fits");
_Static_assert((int)BOOKING_CIPHERTEXT_MAX == (int)BOOKING_DETAILS_MAX + (int)VAULT_TAG_SIZE, "and its tag");
_Static_assert((int)BOOKING_EVENTS_MAX <= (int)SERVICE_EVENTS_MAX, "every event has its place");

static bool accept_publish(const struct service_context *context, const struct ingress *ingress, struct slice request,
                           struct arena *arena, struct buffer *out, struct service_refusal *ret_refusal);
static bool accept_hold(const struct service_context *context, const struct ingress *ingress, struct slice request,
                        struct arena *arena, struct buffer *out, struct service_refusal *ret_refusal);
static bool accept_book(const struct service_context *context, const struct ingress *ingress, struct slice request,
                        struct arena *arena, struct buffer *out, struct service_refusal *ret_refusal);
static bool accept_cancel(const struct service_context *context, const struct ingress *ingress, struct slice request,
                          struct arena *arena, struct buffer *out, struct service_refusal *ret_refusal);
static void decide(const struct rows *rows, struct slice bytes, int64_t now_ms, struct arena *arena,
                   struct service_decision *ret_decision);
static void fire(const struct rows *rows, struct timer_id timer, struct slice body, int64_t now_ms, struct arena *arena,
                 struct service_decision *ret_decision);
static bool apply(const struct rows *rows, const struct apply_context *context, struct slice bytes);
static size_t describe(struct slice bytes, char *ret_text, size_t size_max);
static bool publish(struct slice bytes, struct arena *arena, struct public_event *ret_event);

static const struct service_method methods[] = {
    {BOOKING_METHOD_PUBLISH_SESSION, METHOD_COMMAND, "bhr.booking.v1.PublishSessionRequest", .accept = accept_publish,
     .about = about_publish},
    {BOOKING_METHOD_HOLD, METHOD_COMMAND, "bhr.booking.v1.HoldRequest", .accept = accept_hold, .about = about_hold},
    {BOOKING_METHOD_BOOK, METHOD_COMMAND, "bhr.booking.v1.BookRequest", .accept = accept_book, .ask = ask_book,
     .about = about_book},
    {BOOKING_METHOD_CANCEL, METHOD_COMMAND, "bhr.booking.v1.CancelRequest", .accept = accept_cancel,
     .about = about_cancel},
    {BOOKING_METHOD_FOLLOW_INDEX, METHOD_COMMAND, "bhr.booking.v1.FollowIndexRequest", .accept = accept_follow,
     .about = about_follow},
    {BOOKING_METHOD_RELINK, METHOD_COMMAND, "bhr.booking.v1.RelinkRequest", .accept = accept_relink, .ask = ask_relink,
     .about = about_relink},
    {BOOKING_METHOD_FIND_SLOTS, METHOD_QUERY, "bhr.booking.v1.FindSlotsRequest", .query = answer_find_slots,
     .about = about_find_slots},
    {BOOKING_METHOD_GET_BOOKING, METHOD_QUERY, "bhr.booking.v1.GetBookingRequest", .audit = AUDIT_SPOOLED,
     .query = answer_get_booking, .about = about_get_booking},
    {BOOKING_METHOD_LIST_PERSON_BOOKINGS, METHOD_QUERY, "bhr.booking.v1.ListPersonBookingsRequest",
     .audit = AUDIT_SPOOLED, .query = answer_list_person_bookings, .about = about_list_person_bookings},
};

static const struct service_config_row config_rows[] = {
    {"hold_ttl_s", 300, 1, BOOKING_HOLD_SECONDS_MAX, "s", "How long a place is held when the caller does not say."},
    {"hold_ttl_s_min", 30, 1, BOOKING_HOLD_SECONDS_MAX, "s", "Shortest time a caller may ask to hold a place."},
    {"hold_ttl_s_max", 1800, 1, BOOKING_HOLD_SECONDS_MAX, "s", "Longest time a caller may ask to hold a place."},
};

const struct service booking_service = {
    .name = "booking",
    .command_type = "bhr.booking.v1.BookingCommand",
    .apply_version = 3,
    .schema = 3,
    .methods = methods,
    .method_count = sizeof methods / sizeof methods[0],
    .config_rows = config_rows,
    .config_row_count = sizeof config_rows / sizeof config_rows[0],
    .outcomes = booking_outcomes,
    .outcome_count = BOOKING_OUTCOME_COUNT,
    .source = &booking_source,
    .decide = decide,
    .fire = fire,
    .apply = apply,
    .describe = describe,
    .publish = publish,
    .publish_answer = booking_answer_public,
};

/* ---- the door: a request becomes a command ---- */

static bool accept_publish(const struct service_context *context, const struct ingress *ingress, struct slice request,
                           struct arena *arena, struct buffer *out, struct service_refusal *ret_refusal) {
    (void)context;
    struct booking_command command = {.kind = BOOKING_COMMAND_PUBLISH};
    struct wire_fault fault;
    if (!publish_request_decode(request, arena, &command.publish.request, &fault)) {
        booking_refuse_invalid(&fault, ret_refusal);
        return false;
    }
    booking_ingress_copy(ingress, &command.publish.ingress);
    booking_command_encode(&command, out);
    return true;
}

static bool accept_hold(const struct service_context *context, const struct ingress *ingress, struct slice request,
                        struct arena *arena, struct buffer *out, struct service_refusal *ret_refusal) {
    struct booking_command command = {.kind = BOOKING_COMMAND_HOLD};
    struct wire_fault fault;
    if (!hold_request_decode(request, arena, &command.hold.request, &fault)) {
        booking_refuse_invalid(&fault, ret_refusal);
        return false;
    }
    int64_t min_s = context->config_number(context, "hold_ttl_s_min");
    int64_t max_s = context->config_number(context, "hold_ttl_s_max");
    uint32_t asked_s = command.hold.request.hold_seconds;
    if (asked_s == 0) {
        command.hold.request.hold_seconds = (uint32_t)context->config_number(context, "hold_ttl_s");
    } else if (asked_s < min_s || asked_s > max_s) {
        snprintf(fault.text, sizeof fault.text, "hold_seconds: expected %lld to %lld, or 0 for the default",
                 (long long)min_s, (long long)max_s);
        booking_refuse_invalid(&fault, ret_refusal);
        return false;
    }
    booking_ingress_copy(ingress, &command.hold.ingress);
    booking_command_encode(&command, out);
    return true;
}

/* From here on the person's details exist only sealed. False when no key can be had now. */
static bool seal_details(const struct service_context *context, const struct book_request *book,
                         struct book_order *order) {
    uint8_t bytes[BOOKING_DETAILS_MAX];
    struct buffer plain = buffer_over(bytes, sizeof bytes);
    booking_details_encode(&book->person, &book->contact, &plain);
    ASSERT(!plain.is_full);
    struct booking_sealed *sealed = &order->sealed;
    struct buffer out = buffer_over(sealed->ciphertext, sizeof sealed->ciphertext);
    struct vault_box box;
    const struct vault *vault = context->vault;
    if (vault->seal(vault->context, order->person_id, buffer_slice(&plain), &out, &box) != VAULT_DONE) return false;
    ASSERT(box.ciphertext.data == sealed->ciphertext);
    sealed->key_id = box.key_id;
    memcpy(sealed->nonce, box.nonce, sizeof sealed->nonce);
    sealed->size = (uint32_t)box.ciphertext.size;
    return true;
}

static bool accept_book(const struct service_context *context, const struct ingress *ingress, struct slice request,
                        struct arena *arena, struct buffer *out, struct service_refusal *ret_refusal) {
    struct book_request book;
    struct wire_fault fault;
    if (!book_request_decode(request, arena, &book, &fault)) {
        booking_refuse_invalid(&fault, ret_refusal);
        return false;
    }
    struct booking_command command = {.kind = BOOKING_COMMAND_BOOK};
    struct book_order *order = &command.book.order;
    order->is_from_hold = book.is_from_hold;
    order->slot_id = book.slot_id;
    order->hold_id = book.hold_id;
    order->person_id = resolve_person(context->pseudonym_key, ingress->system, &book.person);
    identity_fill(context, &book.person, arena, order);
    if (!seal_details(context, &book, order)) {
        ret_refusal->outcome = OUTCOME_UNAVAILABLE;
        return false;
    }
    booking_ingress_copy(ingress, &command.book.ingress);
    booking_command_encode(&command, out);
    return true;
}

static bool accept_cancel(const struct service_context *context, const struct ingress *ingress, struct slice request,
                          struct arena *arena, struct buffer *out, struct service_refusal *ret_refusal) {
    (void)context;
    struct booking_command command = {.kind = BOOKING_COMMAND_CANCEL};
    struct wire_fault fault;
    if (!cancel_request_decode(request, arena, &command.cancel.request, &fault)) {
        booking_refuse_invalid(&fault, ret_refusal);
        return false;
    }
    booking_ingress_copy(ingress, &command.cancel.ingress);
    booking_command_encode(&command, out);
    return true;
}

void booking_ingress_copy(const struct ingress *ingress, struct booking_ingress *ret_ingress) {
    memset(ret_ingress, 0, sizeof *ret_ingress);
    /* The policy file and the request header bound these texts. */
    ASSERT(ingress->system.size <= BOOKING_SYSTEM_MAX && ingress->role.size <= BOOKING_ROLE_MAX);
    ASSERT(ingress->organisation.size <= BOOKING_ASKER_ORGANISATION_MAX);
    ASSERT(ingress->correlation_id.size <= BOOKING_CORRELATION_MAX);
    struct buffer system = buffer_over(ret_ingress->system, BOOKING_SYSTEM_MAX);
    struct buffer organisation = buffer_over(ret_ingress->organisation, BOOKING_ASKER_ORGANISATION_MAX);
    struct buffer role = buffer_over(ret_ingress->role, BOOKING_ROLE_MAX);
    struct buffer correlation_id = buffer_over(ret_ingress->correlation_id, BOOKING_CORRELATION_MAX);
    buffer_put(&system, ingress->system.data, ingress->system.size);
    buffer_put(&organisation, ingress->organisation.data, ingress->organisation.size);
    buffer_put(&role, ingress->role.data, ingress->role.size);
    buffer_put(&correlation_id, ingress->correlation_id.data, ingress->correlation_id.size);
    ret_ingress->received_at_ms = ingress->received_at_ms;
    ret_ingress->entity_id = ingress->entity_id;
}

void booking_refuse_invalid(const struct wire_fault *fault, struct service_refusal *ret_refusal) {
    ret_refusal->outcome = OUTCOME_INVALID;
    memcpy(ret_refusal->detail, fault->text, sizeof fault->text);
}

/* ---- the replica: a command becomes an outcome and its events, events change the rows ---- */

static struct booking_decision decide_command(const struct rows *rows, const struct booking_command *command,
                                              int64_t now_ms) {
    switch (command->kind) {
    case BOOKING_COMMAND_PUBLISH: {
        struct publish_facts facts;
        gather_publish(rows, &command->publish, now_ms, &facts);
        return decide_publish(&facts, &command->publish);
    }
    case BOOKING_COMMAND_HOLD: {
        struct hold_facts facts;
        gather_hold(rows, &command->hold, now_ms, &facts);
        return decide_hold(&facts, &command->hold);
    }
    case BOOKING_COMMAND_BOOK: {
        struct book_facts facts;
        gather_book(rows, &command->book, now_ms, &facts);
        return decide_book(&facts, &command->book);
    }
    case BOOKING_COMMAND_CANCEL: {
        struct cancel_facts facts;
        gather_cancel(rows, &command->cancel, now_ms, &facts);
        return decide_cancel(&facts, &command->cancel);
    }
    case BOOKING_COMMAND_FOLLOW: {
        struct follow_facts facts;
        gather_follow(rows, &command->follow.request, &facts);
        return decide_follow(&facts, &command->follow.request);
    }
    case BOOKING_COMMAND_RELINK: {
        struct relink_facts facts;
        gather_relink(rows, &command->relink.order, &facts);
        return decide_relink(&facts, &command->relink.order);
    }
    }
    bhr_assert_failed("kind is one of enum booking_command_kind", __FILE__, __LINE__);
}

static void encode_events(const struct booking_decision *decision, struct arena *arena,
                          struct service_decision *ret_decision) {
    ASSERT(decision->event_count <= BOOKING_EVENTS_MAX);
    for (uint32_t i = 0; i < decision->event_count; i++) {
        ret_decision->events[i] = booking_event_encode(&decision->events[i], arena);
        /* The arena of one decision holds any event of booking many times over. */
        ASSERT(ret_decision->events[i].data != NULL);
    }
    ret_decision->event_count = decision->event_count;
    ret_decision->outcome = decision->outcome;
}

static void decide(const struct rows *rows, struct slice bytes, int64_t now_ms, struct arena *arena,
                   struct service_decision *ret_decision) {
    memset(ret_decision, 0, sizeof *ret_decision);
    struct booking_command command;
    struct wire_fault fault;
    if (!booking_command_decode(bytes, arena, &command, &fault)) {
        ret_decision->outcome = OUTCOME_UNREADABLE;
        memcpy(ret_decision->detail, fault.text, sizeof fault.text);
        return;
    }
    struct booking_decision decision = decide_command(rows, &command, now_ms);
    encode_events(&decision, arena, ret_decision);
    ret_decision->answer = booking_answer_encode(command.kind, &decision.answer, arena);
}

static void fire(const struct rows *rows, struct timer_id timer, struct slice body, int64_t now_ms, struct arena *arena,
                 struct service_decision *ret_decision) {
    (void)timer;
    memset(ret_decision, 0, sizeof *ret_decision);
    struct uuid hold_id;
    ASSERT(body.size == sizeof hold_id.bytes); /* booking_apply wrote it */
    memcpy(hold_id.bytes, body.data, sizeof hold_id.bytes);
    struct expire_facts facts;
    gather_expire(rows, hold_id, now_ms, &facts);
    struct booking_decision decision = decide_expire(&facts, hold_id);
    encode_events(&decision, arena, ret_decision);
}

static bool apply(const struct rows *rows, const struct apply_context *context, struct slice bytes) {
    uint8_t memory[BOOKING_EVENT_ARENA_SIZE];
    struct arena arena = arena_over(memory, sizeof memory);
    struct booking_event event;
    if (!booking_event_decode(bytes, &arena, &event)) return false;
    booking_apply(rows, context->decided_at_ms, context->number, &event);
    return true;
}

static size_t describe(struct slice bytes, char *ret_text, size_t size_max) {
    uint8_t memory[BOOKING_EVENT_ARENA_SIZE];
    struct arena arena = arena_over(memory, sizeof memory);
    struct booking_event event;
    struct buffer out = buffer_over(ret_text, size_max);
    if (booking_event_decode(bytes, &arena, &event)) {
        booking_describe(&event, &out);
    } else {
        struct slice unknown = slice_text("an event that this version does not know");
        buffer_put(&out, unknown.data, unknown.size);
    }
    return out.size;
}

static bool publish(struct slice bytes, struct arena *arena, struct public_event *ret_event) {
    return booking_event_public(bytes, arena, &ret_event->type, &ret_event->key, &ret_event->value);
}
