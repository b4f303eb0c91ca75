/* The replica on a thread of its own, with the real ports: Kafka, LMDB, clocks and the crash note. It owns all of them;
 * the loop's thread sees the store through replica_thread_store and the rest through snapshots. */
#ifndef BHR_HOST_REPLICA_THREAD_H
#define BHR_HOST_REPLICA_THREAD_H

#include "lib/host/config.h"
#include "lib/host/news.h"
#include "lib/host/replica.h"

struct replica_thread;

struct replica_thread_options {
    const struct service *service;
    const struct config *config;
    int32_t partition;
    const char *cluster_id;
    struct news *news;
    /* Wakes the loop: news or another state are there. Called on the replica's thread. */
    void (*wake)(void *context);
    void *wake_context;
};

/* Opens store, note and ports. A store that another boot left open is set aside and begun anew (design section 5). */
enum status replica_thread_open(const struct replica_thread_options *options, struct replica_thread **ret_thread,
                                struct error *reterr_error);
enum status replica_thread_start(struct replica_thread *thread, struct error *reterr_error);
/* Asks for an ordered stop; replica_thread_view tells when it is done. */
void replica_thread_stop(struct replica_thread *thread);
/* Joins the thread, which must have been asked to stop, and closes everything. Accepts NULL. */
void replica_thread_close(struct replica_thread *thread);

/* Any thread. */
void replica_thread_view(struct replica_thread *thread, struct replica_view *ret_view);
struct store replica_thread_store(struct replica_thread *thread);
struct store_space replica_thread_space(struct replica_thread *thread);
struct lmdb_figures;
void replica_thread_figures(struct replica_thread *thread, struct lmdb_figures *ret_figures);

#endif
