/* Who bookings are for: what the door asks the index, what booking takes in of the index's journal, and what it asks of
 * itself for persons whom the index did not know. */
#ifndef BHR_BOOKING_IDENTITY_H
#define BHR_BOOKING_IDENTITY_H

#include "lib/host/service.h"
#include "lib/port/vault.h"
#include "services/booking/core/booking.h"

/* Under this name the index knows booking's local records. */
#define BOOKING_RECORD_SOURCE "booking"

/* Book and Relink (struct service_method). */
bool ask_book(const struct service_context *context, const struct ingress *ingress, struct slice request,
              const struct service_answer *last, struct arena *arena, struct service_question *ret_question);
bool ask_relink(const struct service_context *context, const struct ingress *ingress, struct slice request,
                const struct service_answer *last, struct arena *arena, struct service_question *ret_question);

bool accept_relink(const struct service_context *context, const struct ingress *ingress, struct slice request,
                   struct arena *arena, struct buffer *out, struct service_refusal *ret_refusal);
bool accept_follow(const struct service_context *context, const struct ingress *ingress, struct slice request,
                   struct arena *arena, struct buffer *out, struct service_refusal *ret_refusal);

/* Fills in who the index says the person of the order is, or the local record that it is told of. */
void identity_fill(const struct service_context *context, const struct booking_person *person, struct arena *arena,
                   struct book_order *order);

/* Fills all of person but person_id, which says whose the details are, and contact. */
enum vault_result identity_open(const struct service_context *context, const struct booking_sealed *sealed,
                                struct arena *arena, struct booking_person *person, struct booking_contact *contact);

extern const struct service_source booking_source;

#endif
