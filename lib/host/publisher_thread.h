/* The publisher on a thread of its own, with the real ports and the certificate of its own principal (lib/host/trust.h). It
 * owns them all. It may wait for Kafka as long as it likes: neither the loop nor the replica ever waits for it. */
#ifndef BHR_HOST_PUBLISHER_THREAD_H
#define BHR_HOST_PUBLISHER_THREAD_H

#include "lib/host/config.h"
#include "lib/host/publisher.h"

struct publisher_thread;

struct publisher_thread_options {
    const struct service *service;
    const struct config *config;
    int32_t partition;
};

enum status publisher_thread_open(const struct publisher_thread_options *options, struct publisher_thread **ret_thread,
                                  struct error *reterr_error);
enum status publisher_thread_start(struct publisher_thread *thread, struct error *reterr_error);
/* Asks it to end its transaction and itself. Accepts NULL, as all that follows. */
void publisher_thread_stop(struct publisher_thread *thread);
/* Joins the thread, which must have been asked to stop, and closes everything. */
void publisher_thread_close(struct publisher_thread *thread);

/* Any thread. Whether this process owns the partition; cheap when nothing has changed. */
void publisher_thread_own(struct publisher_thread *thread, bool is_owner);
/* The metrics that compare it with the replica, whose last entry has that number; once a second. */
void publisher_thread_watch(struct publisher_thread *thread, uint64_t number, int64_t now_ms);

#endif
