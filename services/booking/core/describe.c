/* One line per event for people who watch. Pure. Never a name, NHS number, telephone number or whole pseudonym: ids are
 * shown by their last four digits, which are random where the first ones are only time. */
#include "services/booking/core/apply.h"

#include "lib/base/assert.h"
#include "lib/base/civil_time.h"
#include "lib/base/text.h"

static void put(struct buffer *out, const char *text) {
    buffer_put(out, text, strlen(text));
}

static void put_id(struct buffer *out, struct uuid id) {
    char hex[4];
    text_hex(id.bytes + sizeof id.bytes - 2, 2, hex);
    put(out, "..");
    buffer_put(out, hex, sizeof hex);
}

static void put_count(struct buffer *out, uint32_t count) {
    char digits[10];
    size_t at = sizeof digits;
    do {
        digits[--at] = (char)('0' + count % 10);
        count /= 10;
    } while (count > 0);
    buffer_put(out, digits + at, sizeof digits - at);
}

static void put_slot(struct buffer *out, struct booking_slot_id slot_id) {
    put(out, " slot ");
    put_id(out, slot_id.session_id);
    put(out, ":");
    put_count(out, slot_id.index);
}

/* To the minute: "2026-11-23T18:40Z". */
static void put_minute(struct buffer *out, int64_t time_ms) {
    char instant[CIVIL_INSTANT_SIZE];
    civil_format_instant(time_ms, instant);
    buffer_put(out, instant, 16);
    put(out, "Z");
}

/* To the second: "18:45:00Z". */
static void put_clock(struct buffer *out, int64_t time_ms) {
    char instant[CIVIL_INSTANT_SIZE];
    civil_format_instant(time_ms, instant);
    buffer_put(out, instant + 11, 8);
    put(out, "Z");
}

static void put_by(struct buffer *out, const char *system) {
    put(out, " by ");
    put(out, system);
}

static void put_session(struct buffer *out, const struct booking_session *session) {
    put_minute(out, session->starts_at_ms);
    put(out, " session ");
    put_id(out, session->session_id);
    put(out, " of ");
    put(out, session->organisation);
    put(out, " ");
    put(out, session->service_id);
    put(out, ", ");
    put_count(out, session->slot_count);
    put(out, " slots of ");
    put_count(out, session->slot_minutes);
    put(out, " min for ");
    put_count(out, session->capacity);
}

static void put_link(struct buffer *out, const char *what, const char *whom, const struct person_linked *link) {
    put(out, what);
    put(out, " person ");
    put_id(out, link->person_id);
    put(out, whom);
    put_id(out, link->known_id);
}

void booking_describe(const struct booking_event *event, struct buffer *out) {
    switch (event->kind) {
    case BOOKING_EVENT_SESSION_PUBLISHED:
        put(out, "published ");
        put_session(out, &event->session_published.session);
        put_by(out, event->session_published.by);
        return;
    case BOOKING_EVENT_SLOT_HELD:
        put(out, "held ");
        put_minute(out, event->slot_held.starts_at_ms);
        put_slot(out, event->slot_held.slot_id);
        put(out, " until ");
        put_clock(out, event->slot_held.expires_at_ms);
        put_by(out, event->slot_held.by);
        return;
    case BOOKING_EVENT_HOLD_EXPIRED:
        put(out, "hold ran out ");
        put_id(out, event->hold_expired.hold_id);
        put_slot(out, event->hold_expired.slot_id);
        return;
    case BOOKING_EVENT_SLOT_BOOKED:
        put(out, "booked ");
        put_minute(out, event->slot_booked.starts_at_ms);
        put_slot(out, event->slot_booked.slot_id);
        put(out, " person ");
        put_id(out, event->slot_booked.person_id);
        put_by(out, event->slot_booked.by);
        return;
    case BOOKING_EVENT_BOOKING_CANCELLED:
        put(out, "cancelled ");
        put_minute(out, event->booking_cancelled.starts_at_ms);
        put_slot(out, event->booking_cancelled.slot_id);
        put(out, " person ");
        put_id(out, event->booking_cancelled.person_id);
        put_by(out, event->booking_cancelled.by);
        return;
    case BOOKING_EVENT_INDEX_FOLLOWED:
        put(out, "followed the index to record ");
        put_count(out, (uint32_t)event->index_followed.at.offset);
        return;
    case BOOKING_EVENT_PERSON_LINKED:
        put_link(out, "linked", " to ", &event->person_linked);
        return;
    case BOOKING_EVENT_PERSON_UNLINKED:
        put_link(out, "unlinked", " from ", &event->person_unlinked);
        return;
    case BOOKING_EVENT_PERSON_AWAITED:
        put(out, "the index does not know yet person ");
        put_id(out, event->person_awaited.person_id);
        return;
    case BOOKING_EVENT_IDENTITY_CORRECTED:
        put(out, "to be looked at, since person ");
        put_id(out, event->identity_corrected.other_id);
        put(out, " is not ");
        put_id(out, event->identity_corrected.survivor_id);
        put(out, ": bookings ");
        put_count(out, event->identity_corrected.booking_count);
        return;
    }
    bhr_assert_failed("kind is one of enum booking_event_kind", __FILE__, __LINE__);
}
