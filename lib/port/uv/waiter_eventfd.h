/* The real waiter: one eventfd. Whoever has news writes to it, also librdkafka (rd_kafka_queue_io_event_enable with the
 * eight bytes WAITER_WAKE_BYTES), and the one thread that owns the waiter sleeps on it. A wake before the wait is not
 * lost: the next wait returns at once. */
#ifndef BHR_PORT_UV_WAITER_EVENTFD_H
#define BHR_PORT_UV_WAITER_EVENTFD_H

#include "lib/base/status.h"
#include "lib/port/waiter.h"

#include <stdint.h>

/* What to write to the descriptor: an eventfd takes eight bytes, no fewer. */
extern const uint64_t WAITER_WAKE_BYTES;

/* *ret_fd is non-blocking and stays the waiter's: borrowed until waiter_close. */
MUST_CHECK enum status waiter_open(struct waiter *ret_waiter, int *ret_fd, struct error *reterr_error);
/* Nobody may wake it any more. Harmless on a waiter of all zeros. */
void waiter_close(struct waiter *waiter);

#endif
