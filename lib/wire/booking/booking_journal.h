/* Booking's commands and events as they stand in the command log and the journal (proto booking_journal.proto). Any
 * thread; memory is the caller's arena and buffer. */
#ifndef BHR_WIRE_BOOKING_BOOKING_JOURNAL_H
#define BHR_WIRE_BOOKING_BOOKING_JOURNAL_H

#include "lib/wire/exchange/wire_message.h"
#include "services/booking/core/booking.h"

/* out->is_full when it does not fit. */
void booking_command_encode(const struct booking_command *command, struct buffer *out);
/* Judged like a request: a command log may hold anything. False fills *ret_fault. */
bool booking_command_decode(struct slice bytes, struct arena *arena, struct booking_command *ret_command,
                            struct wire_fault *ret_fault);

/* Memory of the arena; empty with NULL data when there is no room. */
struct slice booking_event_encode(const struct booking_event *event, struct arena *arena);
/* False for bytes that are no event this program knows. BOOKING_EVENT_ARENA_SIZE always suffices for a good one. */
enum { BOOKING_EVENT_ARENA_SIZE = 16 * 1024 };
bool booking_event_decode(struct slice bytes, struct arena *arena, struct booking_event *ret_event);

#endif
