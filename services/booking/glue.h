/* Inside services/booking only: what service.c, queries.c and about.c share. */
#ifndef BHR_BOOKING_GLUE_H
#define BHR_BOOKING_GLUE_H

#include "lib/host/service.h"
#include "lib/wire/exchange/wire_message.h"
#include "services/booking/core/booking.h"

/* The host's view of who asks, copied into booking's own struct. */
void booking_ingress_copy(const struct ingress *ingress, struct booking_ingress *ret_ingress);
/* OUTCOME_INVALID with the fault as its detail. */
void booking_refuse_invalid(const struct wire_fault *fault, struct service_refusal *ret_refusal);

uint32_t answer_find_slots(const struct service_context *context, const struct ingress *ingress,
                           const struct rows *rows, int64_t now_ms, struct slice request, struct arena *arena,
                           struct buffer *out, struct service_refusal *ret_refusal);
uint32_t answer_get_booking(const struct service_context *context, const struct ingress *ingress,
                            const struct rows *rows, int64_t now_ms, struct slice request, struct arena *arena,
                            struct buffer *out, struct service_refusal *ret_refusal);
uint32_t answer_list_person_bookings(const struct service_context *context, const struct ingress *ingress,
                                     const struct rows *rows, int64_t now_ms, struct slice request, struct arena *arena,
                                     struct buffer *out, struct service_refusal *ret_refusal);

/* about.c: whose appointments and which person a request is about. */
bool about_publish(const struct service_context *context, const struct ingress *ingress, const struct rows *rows,
                   struct slice request, struct arena *arena, struct service_subject *ret_subject);
bool about_hold(const struct service_context *context, const struct ingress *ingress, const struct rows *rows,
                struct slice request, struct arena *arena, struct service_subject *ret_subject);
bool about_book(const struct service_context *context, const struct ingress *ingress, const struct rows *rows,
                struct slice request, struct arena *arena, struct service_subject *ret_subject);
bool about_cancel(const struct service_context *context, const struct ingress *ingress, const struct rows *rows,
                  struct slice request, struct arena *arena, struct service_subject *ret_subject);
bool about_follow(const struct service_context *context, const struct ingress *ingress, const struct rows *rows,
                  struct slice request, struct arena *arena, struct service_subject *ret_subject);
bool about_relink(const struct service_context *context, const struct ingress *ingress, const struct rows *rows,
                  struct slice request, struct arena *arena, struct service_subject *ret_subject);
bool about_find_slots(const struct service_context *context, const struct ingress *ingress, const struct rows *rows,
                      struct slice request, struct arena *arena, struct service_subject *ret_subject);
bool about_get_booking(const struct service_context *context, const struct ingress *ingress, const struct rows *rows,
                       struct slice request, struct arena *arena, struct service_subject *ret_subject);
bool about_list_person_bookings(const struct service_context *context, const struct ingress *ingress,
                                const struct rows *rows, struct slice request, struct arena *arena,
                                struct service_subject *ret_subject);

#endif
