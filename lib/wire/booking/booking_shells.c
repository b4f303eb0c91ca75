/* Puts plain structs into generated messages that are about to be packed. Nothing is copied but ids, which become text. */
#include "lib/wire/booking/booking_pb.h"

#include <assert.h>

#include "lib/base/assert.h"

/* The plain enums are numbered as in the contract, so that they cross by a cast. */
#define SAME(plain, generated) static_assert((int)(plain) == (int)(generated), #plain)
SAME(BOOKING_KIND_IN_PERSON, BHR__BOOKING__V1__SLOT_KIND__SLOT_KIND_IN_PERSON);
SAME(BOOKING_KIND_TELEPHONE, BHR__BOOKING__V1__SLOT_KIND__SLOT_KIND_TELEPHONE);
SAME(BOOKING_KIND_VIDEO, BHR__BOOKING__V1__SLOT_KIND__SLOT_KIND_VIDEO);
SAME(BOOKING_AUDIENCE_PRACTICE, BHR__BOOKING__V1__AUDIENCE__AUDIENCE_PRACTICE);
SAME(BOOKING_AUDIENCE_HUB, BHR__BOOKING__V1__AUDIENCE__AUDIENCE_HUB);
SAME(BOOKING_AUDIENCE_111, BHR__BOOKING__V1__AUDIENCE__AUDIENCE_111);
SAME(BOOKING_BOOKED, BHR__BOOKING__V1__BOOKING_STATUS__BOOKING_STATUS_BOOKED);
SAME(BOOKING_CANCELLED, BHR__BOOKING__V1__BOOKING_STATUS__BOOKING_STATUS_CANCELLED);
SAME(BOOKING_CANCEL_PERSON, BHR__BOOKING__V1__CANCEL_REASON__CANCEL_REASON_PERSON);
SAME(BOOKING_CANCEL_ORGANISATION, BHR__BOOKING__V1__CANCEL_REASON__CANCEL_REASON_ORGANISATION);
SAME(BOOKING_CANCEL_ENTERED_IN_ERROR, BHR__BOOKING__V1__CANCEL_REASON__CANCEL_REASON_ENTERED_IN_ERROR);
SAME(BOOKING_COMMAND_PUBLISH, BHR__BOOKING__V1__BOOKING_COMMAND__COMMAND_PUBLISH_SESSION);
SAME(BOOKING_COMMAND_HOLD, BHR__BOOKING__V1__BOOKING_COMMAND__COMMAND_HOLD);
SAME(BOOKING_COMMAND_BOOK, BHR__BOOKING__V1__BOOKING_COMMAND__COMMAND_BOOK);
SAME(BOOKING_COMMAND_CANCEL, BHR__BOOKING__V1__BOOKING_COMMAND__COMMAND_CANCEL);
SAME(BOOKING_EVENT_SESSION_PUBLISHED, BHR__BOOKING__V1__BOOKING_EVENT__EVENT_SESSION_PUBLISHED);
SAME(BOOKING_EVENT_SLOT_HELD, BHR__BOOKING__V1__BOOKING_EVENT__EVENT_SLOT_HELD);
SAME(BOOKING_EVENT_HOLD_EXPIRED, BHR__BOOKING__V1__BOOKING_EVENT__EVENT_HOLD_EXPIRED);
SAME(BOOKING_EVENT_SLOT_BOOKED, BHR__BOOKING__V1__BOOKING_EVENT__EVENT_SLOT_BOOKED);
SAME(BOOKING_EVENT_BOOKING_CANCELLED, BHR__BOOKING__V1__BOOKING_EVENT__EVENT_BOOKING_CANCELLED);
SAME(BOOKING_COMMAND_FOLLOW, BHR__BOOKING__V1__BOOKING_COMMAND__COMMAND_FOLLOW_INDEX);
SAME(BOOKING_COMMAND_RELINK, BHR__BOOKING__V1__BOOKING_COMMAND__COMMAND_RELINK);
SAME(BOOKING_EVENT_INDEX_FOLLOWED, BHR__BOOKING__V1__BOOKING_EVENT__EVENT_INDEX_FOLLOWED);
SAME(BOOKING_EVENT_PERSON_LINKED, BHR__BOOKING__V1__BOOKING_EVENT__EVENT_PERSON_LINKED);
SAME(BOOKING_EVENT_PERSON_UNLINKED, BHR__BOOKING__V1__BOOKING_EVENT__EVENT_PERSON_UNLINKED);
SAME(BOOKING_EVENT_PERSON_AWAITED, BHR__BOOKING__V1__BOOKING_EVENT__EVENT_PERSON_AWAITED);
SAME(BOOKING_EVENT_IDENTITY_CORRECTED, BHR__BOOKING__V1__BOOKING_EVENT__EVENT_IDENTITY_CORRECTED);
SAME(FOLLOW_NONE, BHR__BOOKING__V1__INDEX_CHANGE__INDEX_CHANGE_NONE);
SAME(FOLLOW_RECORD, BHR__BOOKING__V1__INDEX_CHANGE__INDEX_CHANGE_RECORD);
SAME(FOLLOW_MERGE, BHR__BOOKING__V1__INDEX_CHANGE__INDEX_CHANGE_MERGE);
SAME(FOLLOW_UNMERGE, BHR__BOOKING__V1__INDEX_CHANGE__INDEX_CHANGE_UNMERGE);
#undef SAME

static const char *change_text(enum booking_change_kind what);

char *uuid_text(struct uuid id, char ret_text[UUID_TEXT_ROOM]) {
    memset(ret_text, 0, UUID_TEXT_ROOM);
    if (!uuid_is_zero(id)) uuid_format(id, ret_text);
    return ret_text;
}

char *slot_id_text(struct booking_slot_id id, char ret_text[SLOT_TEXT_ROOM]) {
    memset(ret_text, 0, SLOT_TEXT_ROOM);
    if (uuid_is_zero(id.session_id)) return ret_text;
    uuid_format(id.session_id, ret_text);
    char digits[10];
    size_t at = sizeof digits;
    uint32_t index = id.index;
    do {
        digits[--at] = (char)('0' + index % 10);
        index /= 10;
    } while (index > 0);
    ret_text[UUID_TEXT_SIZE] = ':';
    memcpy(ret_text + UUID_TEXT_SIZE + 1, digits + at, sizeof digits - at);
    return ret_text;
}

/* The generated structs have no const; packing does not write through their pointers. */
static char *text_of(const char *text) {
    return (char *)(uintptr_t)text;
}

pb_session *session_fill(struct session_shell *shell, const struct booking_session *session) {
    bhr__booking__v1__session__init(&shell->message);
    shell->message.session_id = uuid_text(session->session_id, shell->id_text);
    shell->message.organisation = text_of(session->organisation);
    shell->message.service_id = text_of(session->service_id);
    shell->message.kind = (Bhr__Booking__V1__SlotKind)session->kind;
    shell->message.audience = (Bhr__Booking__V1__Audience)session->audience;
    shell->message.starts_at_ms = session->starts_at_ms;
    shell->message.slot_minutes = session->slot_minutes;
    shell->message.slot_count = session->slot_count;
    shell->message.capacity = session->capacity;
    return &shell->message;
}

pb_slot *slot_fill(struct slot_shell *shell, const struct booking_slot *slot) {
    bhr__booking__v1__slot__init(&shell->message);
    shell->message.slot_id = slot_id_text(slot->slot_id, shell->id_text);
    shell->message.organisation = text_of(slot->organisation);
    shell->message.service_id = text_of(slot->service_id);
    shell->message.kind = (Bhr__Booking__V1__SlotKind)slot->kind;
    shell->message.audience = (Bhr__Booking__V1__Audience)slot->audience;
    shell->message.starts_at_ms = slot->starts_at_ms;
    shell->message.ends_at_ms = slot->ends_at_ms;
    shell->message.capacity = slot->capacity;
    shell->message.free = slot->free;
    return &shell->message;
}

pb_person *person_fill(struct person_shell *shell, const struct booking_person *person) {
    bhr__booking__v1__person_reference__init(&shell->message);
    shell->message.nhs_number = text_of(person->nhs_number);
    shell->message.family_name = text_of(person->family_name);
    shell->message.given_name = text_of(person->given_name);
    shell->message.birth_date = text_of(person->birth_date);
    shell->message.local_id = text_of(person->local_id);
    shell->message.person_id = uuid_text(person->person_id, shell->id_text);
    return &shell->message;
}

pb_contact *contact_fill(struct contact_shell *shell, const struct booking_contact *contact) {
    bhr__booking__v1__contact__init(&shell->message);
    shell->message.phone = text_of(contact->phone);
    shell->message.note = text_of(contact->note);
    return &shell->message;
}

pb_booking *booking_fill(struct booking_shell *shell, const struct booking_view *view, bool has_history) {
    ASSERT(view->history_count <= BOOKING_HISTORY_MAX);
    bhr__booking__v1__booking__init(&shell->message);
    pb_booking *message = &shell->message;
    message->booking_id = uuid_text(view->booking_id, shell->id_text);
    message->slot = slot_fill(&shell->slot, &view->slot);
    message->person = person_fill(&shell->person, &view->person);
    message->contact = contact_fill(&shell->contact, &view->contact);
    message->erased = view->is_erased;
    message->status = (Bhr__Booking__V1__BookingStatus)view->status;
    message->booked_at_ms = view->booked_at_ms;
    message->booked_by = text_of(view->booked_by);
    message->cancelled_at_ms = view->cancelled_at_ms;
    message->cancel_reason = (Bhr__Booking__V1__CancelReason)view->cancel_reason;
    message->cancelled_by = text_of(view->cancelled_by);
    message->n_history = has_history ? view->history_count : 0;
    message->history = shell->change_pointers;
    for (size_t i = 0; i < message->n_history; i++) {
        pb_change *change = &shell->changes[i];
        bhr__booking__v1__booking_change__init(change);
        change->at_ms = view->history[i].at_ms;
        change->what = text_of(change_text(view->history[i].what));
        change->by = text_of(view->history[i].by);
        change->entry_number = view->history[i].entry_number;
        shell->change_pointers[i] = change;
    }
    return message;
}

static const char *change_text(enum booking_change_kind what) {
    switch (what) {
    case BOOKING_CHANGE_HELD:
        return "held";
    case BOOKING_CHANGE_BOOKED:
        return "booked";
    case BOOKING_CHANGE_CANCELLED:
        return "cancelled";
    }
    bhr_assert_failed("what is one of enum booking_change_kind", __FILE__, __LINE__);
}
