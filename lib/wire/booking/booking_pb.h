/* Inside lib/wire/booking only: the generated messages under short names, the readers that judge their fields and the
 * shells that carry plain structs out. A shell holds its message and the texts that the message points to, so it must stay
 * where it was filled. */
#ifndef BHR_WIRE_BOOKING_BOOKING_PB_H
#define BHR_WIRE_BOOKING_BOOKING_PB_H

#include <bhr/booking/v1/booking.pb-c.h>
#include <bhr/booking/v1/booking_journal.pb-c.h>
#include <bhr/booking/v1/booking_person.pb-c.h>
#include <bhr/booking/v1/booking_service.pb-c.h>
#include <bhr/exchange/v1/sealed.pb-c.h>

#include "lib/wire/exchange/wire_message.h"
#include "services/booking/core/booking.h"

typedef Bhr__Booking__V1__Session pb_session;
typedef Bhr__Booking__V1__Slot pb_slot;
typedef Bhr__Booking__V1__PersonReference pb_person;
typedef Bhr__Booking__V1__Contact pb_contact;
typedef Bhr__Exchange__V1__Sealed pb_sealed;
typedef Bhr__Booking__V1__Booking pb_booking;
typedef Bhr__Booking__V1__BookingChange pb_change;
typedef Bhr__Booking__V1__Ingress pb_ingress;
typedef Bhr__Booking__V1__BookingCommand pb_command;
typedef Bhr__Booking__V1__BookingEvent pb_event;

/* ---- readers: generated -> plain ---- */

/* Of one message. The first bad field fills the fault; later ones are passed over and leave zeros. */
struct field_reader {
    const char *prefix; /* "person." or "" */
    struct wire_fault *fault;
    bool is_bad;
};

static inline struct field_reader field_reader_of(const char *prefix, struct wire_fault *fault) {
    return (struct field_reader){.prefix = prefix, .fault = fault};
}

void field_fail(struct field_reader *reader, const char *field, const char *expected);
/* size is that of the plain field, its terminator included; the text must be shorter and hold no line break or tab. */
void field_line(struct field_reader *reader, const char *field, const char *text, char *ret_text, size_t size,
                const char *expected);
void field_token(struct field_reader *reader, const char *field, const char *text, bool may_be_empty, char *ret_text,
                 size_t size, const char *expected);
void field_organisation(struct field_reader *reader, const char *field, const char *text, bool may_be_empty,
                        char ret_text[BOOKING_ORGANISATION_MAX + 1]);
void field_service_id(struct field_reader *reader, const char *field, const char *text, bool may_be_empty,
                      char ret_text[BOOKING_SERVICE_ID_MAX + 1]);
void field_uuid(struct field_reader *reader, const char *field, const char *text, bool may_be_empty,
                struct uuid *ret_id);
void field_slot_id(struct field_reader *reader, const char *field, const char *text, struct booking_slot_id *ret_id);
void field_time(struct field_reader *reader, const char *field, int64_t time_ms, int64_t *ret_ms);
/* min <= value <= max, else `expected`. */
uint32_t field_number(struct field_reader *reader, const char *field, int64_t value, uint32_t min, uint32_t max,
                      const char *expected);
enum booking_kind field_kind(struct field_reader *reader, const char *field, int value, bool may_be_any);
enum booking_audience field_audience(struct field_reader *reader, const char *field, int value);
enum booking_cancel_reason field_reason(struct field_reader *reader, const char *field, int value, bool may_be_none);

/* Whole messages; NULL is a missing message and as bad as a bad field. The fault goes to `outer`, whose prefix is not
 * used: paths are those of the message ("session.", "person.", "contact.", "slot."). */
void field_session(struct field_reader *outer, const pb_session *message, bool has_id,
                   struct booking_session *ret_session);
/* is_resolved: person_id is there and trusted; else it must be empty, and what is given must identify somebody. */
void field_person(struct field_reader *outer, const pb_person *message, bool is_resolved,
                  struct booking_person *ret_person);
/* May be missing. */
void field_contact(struct field_reader *outer, const pb_contact *message, struct booking_contact *ret_contact);
void field_slot(struct field_reader *outer, const pb_slot *message, struct booking_slot *ret_slot);
/* Judges sizes only: what is inside shows when it is opened. */
void field_sealed(struct field_reader *reader, const pb_sealed *message, struct booking_sealed *ret_sealed);
/* A person in the clear, as apply version 1 wrote one: the same bytes as inside of a seal, with key_id zero. */
void field_clear_details(struct field_reader *reader, const pb_person *person_message,
                         const pb_contact *contact_message, struct uuid *ret_person_id,
                         struct booking_sealed *ret_sealed);

/* ---- shells: plain -> generated ---- */

enum { UUID_TEXT_ROOM = UUID_TEXT_SIZE + 1, SLOT_TEXT_ROOM = UUID_TEXT_SIZE + 1 + 10 + 1 };

struct session_shell {
    pb_session message;
    char id_text[UUID_TEXT_ROOM];
};
struct slot_shell {
    pb_slot message;
    char id_text[SLOT_TEXT_ROOM];
};
struct person_shell {
    pb_person message;
    char id_text[UUID_TEXT_ROOM];
};
struct contact_shell {
    pb_contact message;
};
struct sealed_shell {
    pb_sealed message;
};
struct booking_shell {
    pb_booking message;
    char id_text[UUID_TEXT_ROOM];
    struct slot_shell slot;
    struct person_shell person;
    struct contact_shell contact;
    pb_change changes[BOOKING_HISTORY_MAX];
    pb_change *change_pointers[BOOKING_HISTORY_MAX];
};

/* "" for a zero id. */
char *uuid_text(struct uuid id, char ret_text[UUID_TEXT_ROOM]);
char *slot_id_text(struct booking_slot_id id, char ret_text[SLOT_TEXT_ROOM]);
pb_session *session_fill(struct session_shell *shell, const struct booking_session *session);
pb_slot *slot_fill(struct slot_shell *shell, const struct booking_slot *slot);
pb_person *person_fill(struct person_shell *shell, const struct booking_person *person);
pb_contact *contact_fill(struct contact_shell *shell, const struct booking_contact *contact);
pb_sealed *sealed_fill(struct sealed_shell *shell, const struct booking_sealed *sealed);
pb_booking *booking_fill(struct booking_shell *shell, const struct booking_view *view, bool has_history);

#endif
