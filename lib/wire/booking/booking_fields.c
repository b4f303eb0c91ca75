/* Judges the fields of booking's messages and copies the good ones into plain structs. The texts come from wire_unpack,
 * so they are clean; here are their lengths, forms and ranges. A fault names field and expectation, never the value. */
#include "lib/wire/booking/booking_pb.h"

#include "lib/base/assert.h"
#include "lib/base/civil_time.h"
#include "lib/base/nhs_number.h"
#include "lib/base/text.h"

static void keep(char *ret_text, size_t size, struct slice text);
static bool has_line_break(struct slice text);
static void read_nhs_number(struct field_reader *reader, const char *text, struct booking_person *ret_person);

void field_session(struct field_reader *outer, const pb_session *message, bool has_id,
                   struct booking_session *ret_session) {
    memset(ret_session, 0, sizeof *ret_session);
    if (message == NULL) {
        field_fail(outer, "session", "expected a session");
        return;
    }
    struct field_reader reader = *outer;
    reader.prefix = "session.";
    if (has_id) {
        field_uuid(&reader, "session_id", message->session_id, false, &ret_session->session_id);
    } else if (message->session_id[0] != '\0') {
        field_fail(&reader, "session_id", "expected nothing: the service gives it");
    }
    field_organisation(&reader, "organisation", message->organisation, false, ret_session->organisation);
    field_service_id(&reader, "service_id", message->service_id, false, ret_session->service_id);
    ret_session->kind = field_kind(&reader, "kind", (int)message->kind, false);
    ret_session->audience = field_audience(&reader, "audience", (int)message->audience);
    field_time(&reader, "starts_at_ms", message->starts_at_ms, &ret_session->starts_at_ms);
    ret_session->slot_minutes =
        field_number(&reader, "slot_minutes", message->slot_minutes, 1, BOOKING_SLOT_MINUTES_MAX, "expected 1 to 240");
    ret_session->slot_count =
        field_number(&reader, "slot_count", message->slot_count, 1, BOOKING_SLOT_COUNT_MAX, "expected 1 to 200");
    ret_session->capacity =
        field_number(&reader, "capacity", message->capacity, 1, BOOKING_CAPACITY_MAX, "expected 1 to 20");
    if (booking_session_end_ms(ret_session) - ret_session->starts_at_ms > BOOKING_SESSION_MS_MAX) {
        field_fail(&reader, "slot_count", "expected at most 24 hours of slots in one session");
    }
    outer->is_bad = reader.is_bad;
}

void field_person(struct field_reader *outer, const pb_person *message, bool is_resolved,
                  struct booking_person *ret_person) {
    memset(ret_person, 0, sizeof *ret_person);
    if (message == NULL) {
        field_fail(outer, "person", "expected who it is for");
        return;
    }
    struct field_reader reader = *outer;
    reader.prefix = "person.";
    read_nhs_number(&reader, message->nhs_number, ret_person);
    field_line(&reader, "family_name", message->family_name, ret_person->family_name, sizeof ret_person->family_name,
               "expected at most 100 bytes on one line");
    field_line(&reader, "given_name", message->given_name, ret_person->given_name, sizeof ret_person->given_name,
               "expected at most 100 bytes on one line");
    struct slice birth_date = slice_text(message->birth_date);
    if (birth_date.size > 0 && !civil_is_date(birth_date)) {
        field_fail(&reader, "birth_date", "expected a date as YYYY-MM-DD, or nothing");
    } else {
        keep(ret_person->birth_date, sizeof ret_person->birth_date, birth_date);
    }
    field_line(&reader, "local_id", message->local_id, ret_person->local_id, sizeof ret_person->local_id,
               "expected at most 64 bytes on one line");
    if (is_resolved) {
        field_uuid(&reader, "person_id", message->person_id, false, &ret_person->person_id);
    } else if (message->person_id[0] != '\0') {
        field_fail(&reader, "person_id", "expected nothing: the service finds it");
    }
    bool is_named = message->family_name[0] != '\0' && message->birth_date[0] != '\0';
    bool is_identified = message->nhs_number[0] != '\0' || message->local_id[0] != '\0' || is_named;
    outer->is_bad = reader.is_bad;
    if (!is_resolved && !is_identified) {
        field_fail(outer, "person", "expected an NHS number, or a family name with birth date, or a local id");
    }
}

void field_contact(struct field_reader *outer, const pb_contact *message, struct booking_contact *ret_contact) {
    memset(ret_contact, 0, sizeof *ret_contact);
    if (message == NULL) return;
    struct field_reader reader = *outer;
    reader.prefix = "contact.";
    struct slice phone = slice_text(message->phone), note = slice_text(message->note);
    if (phone.size > 0 && !text_is_phone(phone, BOOKING_PHONE_MAX)) {
        field_fail(&reader, "phone", "expected 5 to 20 digits with spaces or a leading plus, at most 32 characters");
    } else {
        keep(ret_contact->phone, sizeof ret_contact->phone, phone);
    }
    if (note.size > BOOKING_NOTE_MAX) {
        field_fail(&reader, "note", "expected at most 500 bytes");
    } else {
        keep(ret_contact->note, sizeof ret_contact->note, note);
    }
    outer->is_bad = reader.is_bad;
}

void field_slot(struct field_reader *outer, const pb_slot *message, struct booking_slot *ret_slot) {
    memset(ret_slot, 0, sizeof *ret_slot);
    if (message == NULL) {
        field_fail(outer, "slot", "expected a slot");
        return;
    }
    struct field_reader reader = *outer;
    reader.prefix = "slot.";
    field_slot_id(&reader, "slot_id", message->slot_id, &ret_slot->slot_id);
    field_organisation(&reader, "organisation", message->organisation, false, ret_slot->organisation);
    field_service_id(&reader, "service_id", message->service_id, false, ret_slot->service_id);
    ret_slot->kind = field_kind(&reader, "kind", (int)message->kind, false);
    ret_slot->audience = field_audience(&reader, "audience", (int)message->audience);
    field_time(&reader, "starts_at_ms", message->starts_at_ms, &ret_slot->starts_at_ms);
    field_time(&reader, "ends_at_ms", message->ends_at_ms, &ret_slot->ends_at_ms);
    ret_slot->capacity =
        field_number(&reader, "capacity", message->capacity, 1, BOOKING_CAPACITY_MAX, "expected 1 to 20");
    ret_slot->free = field_number(&reader, "free", message->free, 0, BOOKING_CAPACITY_MAX, "expected 0 to 20");
    outer->is_bad = reader.is_bad;
}

void field_fail(struct field_reader *reader, const char *field, const char *expected) {
    if (reader->is_bad) return;
    reader->is_bad = true;
    wire_fault_set(reader->fault, reader->prefix, field, expected);
}

void field_line(struct field_reader *reader, const char *field, const char *text, char *ret_text, size_t size,
                const char *expected) {
    struct slice line = slice_text(text);
    if (line.size >= size || has_line_break(line)) {
        field_fail(reader, field, expected);
        return;
    }
    keep(ret_text, size, line);
}

void field_token(struct field_reader *reader, const char *field, const char *text, bool may_be_empty, char *ret_text,
                 size_t size, const char *expected) {
    struct slice token = slice_text(text);
    bool is_good = text_is_token(token, size - 1) || (may_be_empty && token.size == 0);
    if (!is_good) {
        field_fail(reader, field, expected);
        return;
    }
    keep(ret_text, size, token);
}

void field_organisation(struct field_reader *reader, const char *field, const char *text, bool may_be_empty,
                        char ret_text[BOOKING_ORGANISATION_MAX + 1]) {
    struct slice code = slice_text(text);
    bool is_good = text_is_ods_code(code) || (may_be_empty && code.size == 0);
    if (!is_good) {
        field_fail(reader, field, "expected an ODS code: 3 to 10 of A-Z 0-9");
        return;
    }
    keep(ret_text, BOOKING_ORGANISATION_MAX + 1, code);
}

void field_service_id(struct field_reader *reader, const char *field, const char *text, bool may_be_empty,
                      char ret_text[BOOKING_SERVICE_ID_MAX + 1]) {
    struct slice id = slice_text(text);
    bool is_token = text_is_token(id, BOOKING_SERVICE_ID_MAX) && memchr(id.data, ':', id.size) == NULL;
    bool is_good = is_token || (may_be_empty && id.size == 0);
    if (!is_good) {
        field_fail(reader, field, "expected 1 to 32 characters of A-Z a-z 0-9 . _ -");
        return;
    }
    keep(ret_text, BOOKING_SERVICE_ID_MAX + 1, id);
}

void field_uuid(struct field_reader *reader, const char *field, const char *text, bool may_be_empty,
                struct uuid *ret_id) {
    struct uuid id = {{0}};
    bool is_empty = text[0] == '\0';
    bool is_good = uuid_parse(slice_text(text), &id) && !uuid_is_zero(id);
    if (is_good || (is_empty && may_be_empty)) {
        *ret_id = id;
        return;
    }
    field_fail(reader, field, "expected a UUID as text");
}

/* Canonical only: one slot has one name. */
void field_slot_id(struct field_reader *reader, const char *field, const char *text, struct booking_slot_id *ret_id) {
    struct slice id = slice_text(text);
    struct booking_slot_id slot_id = {.index = 0};
    uint64_t index = 0;
    bool is_good = id.size > UUID_TEXT_SIZE + 1 && id.data[UUID_TEXT_SIZE] == ':' &&
                   uuid_parse(slice_of(id.data, UUID_TEXT_SIZE), &slot_id.session_id) &&
                   !uuid_is_zero(slot_id.session_id);
    if (is_good) {
        struct slice digits = slice_of(id.data + UUID_TEXT_SIZE + 1, id.size - UUID_TEXT_SIZE - 1);
        bool is_canonical = digits.size == 1 || digits.data[0] != '0';
        is_good = is_canonical && text_u64(digits, &index) && index < BOOKING_SLOT_COUNT_MAX;
    }
    if (!is_good) {
        field_fail(reader, field, "expected <session id>:<index>, a UUID and 0 to 199");
        return;
    }
    slot_id.index = (uint32_t)index;
    *ret_id = slot_id;
}

void field_time(struct field_reader *reader, const char *field, int64_t time_ms, int64_t *ret_ms) {
    if (time_ms < 0 || time_ms > BOOKING_TIME_MS_MAX) {
        field_fail(reader, field, "expected milliseconds since 1970 UTC, before the year 2200");
        return;
    }
    *ret_ms = time_ms;
}

uint32_t field_number(struct field_reader *reader, const char *field, int64_t value, uint32_t min, uint32_t max,
                      const char *expected) {
    ASSERT(min <= max);
    if (value < min || value > max) {
        field_fail(reader, field, expected);
        return min;
    }
    return (uint32_t)value;
}

enum booking_kind field_kind(struct field_reader *reader, const char *field, int value, bool may_be_any) {
    uint32_t min = may_be_any ? BOOKING_KIND_ANY : BOOKING_KIND_IN_PERSON;
    const char *expected = may_be_any ? "expected a kind of appointment, or none" : "expected a kind of appointment";
    return (enum booking_kind)field_number(reader, field, value, min, BOOKING_KIND_VIDEO, expected);
}

enum booking_audience field_audience(struct field_reader *reader, const char *field, int value) {
    return (enum booking_audience)field_number(reader, field, value, BOOKING_AUDIENCE_PRACTICE, BOOKING_AUDIENCE_111,
                                               "expected practice, hub or 111");
}

enum booking_cancel_reason field_reason(struct field_reader *reader, const char *field, int value, bool may_be_none) {
    uint32_t min = may_be_none ? BOOKING_CANCEL_NONE : BOOKING_CANCEL_PERSON;
    return (enum booking_cancel_reason)field_number(reader, field, value, min, BOOKING_CANCEL_ENTERED_IN_ERROR,
                                                    "expected person, organisation or entered in error");
}

static void keep(char *ret_text, size_t size, struct slice text) {
    ASSERT(text.size < size);
    memset(ret_text, 0, size);
    if (text.size > 0) memcpy(ret_text, text.data, text.size);
}

static bool has_line_break(struct slice text) {
    for (size_t i = 0; i < text.size; i++) {
        if (text.data[i] < ' ') return true;
    }
    return false;
}

static void read_nhs_number(struct field_reader *reader, const char *text, struct booking_person *ret_person) {
    if (text[0] == '\0') return;
    char digits[10];
    enum nhs_number_fault fault = nhs_number_parse(slice_text(text), digits);
    if (fault != NHS_NUMBER_GOOD) {
        field_fail(reader, "nhs_number", nhs_number_fault_text(fault));
        return;
    }
    keep(ret_person->nhs_number, sizeof ret_person->nhs_number, slice_of(digits, sizeof digits));
}
