/* Booking's messages about who bookings are for, as tables (lib/wire/exchange/wire_table.h). Constant data; any thread. */
#ifndef BHR_WIRE_BOOKING_BOOKING_PERSON_H
#define BHR_WIRE_BOOKING_BOOKING_PERSON_H

#include "lib/wire/exchange/wire_table.h"
#include "services/booking/core/booking.h"

extern const struct wire_table booking_follow_request_wire; /* struct follow_request */
extern const struct wire_table booking_relink_request_wire; /* struct relink_order: its person_id */

/* The kinds of command and event that the functions of booking_journal.h leave to these tables. */
extern const struct wire_table booking_person_command_wire;
extern const struct wire_table booking_person_event_wire;

/* Memory in which any of them is packed or read. */
enum { BOOKING_PERSON_ARENA_SIZE = 12 * 1024 };

#endif
