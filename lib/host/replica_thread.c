/* The thread around replica_step only waits: on one eventfd that journal, commands, reports, group and stop all write to.
 * The listener logs and counts here, and hands answers and commits to the door through lib/host/news.h. */
#include "lib/host/replica_thread.h"

#include "lib/base/assert.h"
#include "lib/digest/digest.h"
#include "lib/host/host.h"
#include "lib/host/log.h"
#include "lib/host/metrics.h"
#include "lib/host/trust.h"
#include "lib/port/kafka/kafka.h"
#include "lib/port/lmdb/lmdb_store.h"
#include "lib/port/lmdb/note_file.h"
#include "lib/port/uv/system_clock.h"
#include "lib/port/uv/waiter_eventfd.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

struct replica_thread {
    struct replica_thread_options options;
    struct kafka_options kafka;
    char command_topic[REPLICA_TOPIC_MAX], journal_topic[REPLICA_TOPIC_MAX];
    struct waiter waiter;
    int wake_fd;
    struct lmdb_store *store;
    struct note_file *note;
    struct kafka_reader *journal, *commands;
    struct kafka_writer *writer;
    struct kafka_membership *membership;
    struct kafka_admin *admin;
    struct replica_ports ports;
    struct replica *replica;

    pthread_t thread;
    bool is_started;
    _Atomic bool must_stop;
    pthread_mutex_t view_lock;
    struct replica_view view;
};

static void *run(void *argument);
static void show_view(struct replica_thread *t);
static struct replica_listener listener_of(struct replica_thread *t);
static enum status open_store(struct replica_thread *t, struct error *reterr_error);
static enum status open_kafka(struct replica_thread *t, struct error *reterr_error);
static void on_kafka_line(void *context, int level, const char *text);

static void *run(void *argument) {
    struct replica_thread *t = argument;
    for (;;) {
        if (atomic_load(&t->must_stop)) replica_stop(t->replica);
        int wait_ms = replica_step(t->replica);
        show_view(t);
        if (t->view.state == REPLICA_STOPPED) {
            /* What the store could not take is not in it: a new process opens it as it was (journal.md section 4). */
            if (t->view.stop == STOP_STORE_FAILED) _exit(HOST_EXIT_STORE);
            if (atomic_load(&t->must_stop)) return NULL;
        }
        if (wait_ms > 0) t->waiter.wait(t->waiter.context, wait_ms);
    }
}

static void show_view(struct replica_thread *t) {
    struct replica_view view;
    replica_look(t->replica, &view);
    pthread_mutex_lock(&t->view_lock);
    bool has_changed = view.state != t->view.state || view.is_caught_up != t->view.is_caught_up;
    t->view = view;
    pthread_mutex_unlock(&t->view_lock);
    if (has_changed) t->options.wake(t->options.wake_context);
}

static void on_answered(void *context, const struct replica_answer *answer) {
    struct replica_thread *t = context;
    news_put_answer(t->options.news, answer);
}

static void on_committed(void *context, const struct journal_state *state) {
    struct replica_thread *t = context;
    news_put_commit(t->options.news, state->number, state->resume_at);
    t->options.wake(t->options.wake_context);
}

static void on_moved(void *context, enum replica_state from, enum replica_state to, const char *why) {
    (void)context;
    enum log_level level = to == REPLICA_STOPPED ? LOG_WARN : LOG_INFO;
    log_event(level, "replica_moved", LOG_TEXT("from", replica_state_name(from)),
              LOG_TEXT("to", replica_state_name(to)), LOG_TEXT("why", why));
    metrics_set_state(METRIC_REPLICA_STATE, replica_state_name(to));
}

static void on_alarm(void *context, const char *name, const char *text) {
    (void)context;
    log_event(LOG_ERROR, "alarm", LOG_TEXT("name", name), LOG_TEXT("text", text));
    metrics_add(METRIC_ALARMS, name, NULL, 1);
    if (strcmp(name, "set_aside") == 0) metrics_add(METRIC_SET_ASIDE, NULL, NULL, 1);
    if (strcmp(name, "unreadable") == 0) metrics_add(METRIC_UNREADABLE, NULL, NULL, 1);
}

static void on_judged(void *context, int64_t offset, enum journal_verdict verdict,
                      const struct journal_record *record) {
    (void)context;
    metrics_add(METRIC_JOURNAL_RECORDS, journal_verdict_name(verdict), NULL, 1);
    if (!journal_verdict_accepts(verdict)) {
        metrics_add(METRIC_JOURNAL_REJECTED, NULL, NULL, 1);
        log_event(LOG_WARN, "record_rejected", LOG_NUMBER("offset", offset),
                  LOG_TEXT("verdict", journal_verdict_name(verdict)));
    } else if (verdict == VERDICT_CLAIM) {
        ASSERT(record != NULL);
        log_event(LOG_INFO, "claim_accepted", LOG_NUMBER("offset", offset),
                  LOG_NUMBER("epoch", (int64_t)record->as.claim.epoch), LOG_BYTES("host", record->as.claim.host));
    }
}

static struct replica_listener listener_of(struct replica_thread *t) {
    return (struct replica_listener){.context = t,
                                     .answered = on_answered,
                                     .committed = on_committed,
                                     .moved = on_moved,
                                     .alarm = on_alarm,
                                     .judged = on_judged};
}

enum status replica_thread_open(const struct replica_thread_options *options, struct replica_thread **ret_thread,
                                struct error *reterr_error) {
    struct replica_thread *t = calloc(1, sizeof *t);
    if (t == NULL) return error_set(reterr_error, STATUS_NO_MEMORY, "no memory for the replica");
    t->options = *options;
    pthread_mutex_init(&t->view_lock, NULL);
    const struct config *config = options->config;
    replica_command_topic(options->service->name, 0, t->command_topic);
    replica_journal_topic(options->service->name, t->journal_topic);
    enum status status = waiter_open(&t->waiter, &t->wake_fd, reterr_error);
    if (status == STATUS_OK) status = open_store(t, reterr_error);
    if (status == STATUS_OK) status = open_kafka(t, reterr_error);
    if (status == STATUS_OK) {
        t->ports.store = lmdb_store_port(t->store);
        t->ports.note = note_file_port(t->note);
        t->ports.clock = system_clock_port();
        t->ports.hash = digest_of;
        t->ports.listener = listener_of(t);
        struct replica_options replica = {
            .service = options->service, .cluster_id = slice_text(options->cluster_id), .may_own = config->may_own};
        (void)snprintf(replica.software, sizeof replica.software, "%s", BHR_VERSION);
        (void)snprintf(replica.host, sizeof replica.host, "%.90s", config->process);
        bool is_named = journal_name_set(&replica.identity.environment, slice_text(config->environment)) &&
                        journal_name_set(&replica.identity.service, slice_text(options->service->name)) &&
                        journal_name_set(&replica.identity.locality, slice_text(config->locality));
        t->replica = is_named ? replica_new(&replica, &t->ports) : NULL;
        if (!is_named) {
            status = error_set(reterr_error, STATUS_INVALID, "environment and locality: 1 to 64 bytes are expected");
        } else if (t->replica == NULL) {
            status = error_set(reterr_error, STATUS_NO_MEMORY, "no memory for the replica");
        }
    }
    if (status != STATUS_OK) {
        replica_thread_close(t);
        return status;
    }
    show_view(t);
    *ret_thread = t;
    return STATUS_OK;
}

static enum status open_store(struct replica_thread *t, struct error *reterr_error) {
    const struct config *config = t->options.config;
    const struct lmdb_options options = {.dir = config->data_dir,
                                         .map_bytes = (uint64_t)config->store_map_mib << 20,
                                         .writemap = config->store_writemap};
    enum status status = lmdb_store_open(&options, &t->store, reterr_error);
    if (status == STATUS_CORRUPT) {
        char aside[LMDB_PATH_MAX];
        log_event(LOG_WARN, "store_set_aside", LOG_TEXT("why", reterr_error->message));
        status = lmdb_store_set_aside(config->data_dir, aside, reterr_error);
        if (status == STATUS_OK) status = lmdb_store_open(&options, &t->store, reterr_error);
    }
    return status == STATUS_OK ? note_file_open(config->data_dir, &t->note, reterr_error) : status;
}

static enum status open_kafka(struct replica_thread *t, struct error *reterr_error) {
    t->kafka = trust_service_options(t->options.config, t->options.partition);
    t->kafka.log = (struct kafka_log){.line = on_kafka_line};
    const char *const topics[] = {t->journal_topic};
    struct replica_ports *ports = &t->ports;
    enum status status = kafka_reader_open(&t->kafka, t->wake_fd, &t->journal, &ports->journal, reterr_error);
    if (status == STATUS_OK) {
        status = kafka_reader_open(&t->kafka, t->wake_fd, &t->commands, &ports->commands, reterr_error);
    }
    if (status == STATUS_OK) {
        struct kafka_options writer = t->kafka;
        writer.are_reports_quiet = true;
        status = kafka_writer_open(&writer, t->wake_fd, topics, 1, &t->writer, &ports->writer, reterr_error);
    }
    if (status == STATUS_OK) {
        status = kafka_membership_open(&t->kafka, t->wake_fd, t->command_topic, &t->membership, &ports->membership,
                                       reterr_error);
    }
    return status == STATUS_OK ? kafka_admin_open(&t->kafka, &t->admin, &ports->admin, reterr_error) : status;
}

static void on_kafka_line(void *context, int level, const char *text) {
    (void)context;
    log_event(level <= 4 ? LOG_WARN : LOG_DEBUG, "kafka", LOG_TEXT("text", text));
}

enum status replica_thread_start(struct replica_thread *t, struct error *reterr_error) {
    if (pthread_create(&t->thread, NULL, run, t) != 0) {
        return error_set(reterr_error, STATUS_NO_MEMORY, "the replica's thread could not be started");
    }
    t->is_started = true;
    return STATUS_OK;
}

void replica_thread_stop(struct replica_thread *t) {
    atomic_store(&t->must_stop, true);
    t->waiter.wake(t->waiter.context);
}

void replica_thread_close(struct replica_thread *t) {
    if (t == NULL) return;
    if (t->is_started) {
        ASSERT(atomic_load(&t->must_stop));
        pthread_join(t->thread, NULL);
    }
    replica_free(t->replica);
    kafka_membership_close(&t->membership);
    kafka_reader_close(&t->journal);
    kafka_reader_close(&t->commands);
    kafka_writer_close(&t->writer);
    kafka_admin_close(&t->admin);
    note_file_close(t->note);
    lmdb_store_close(t->store, true);
    waiter_close(&t->waiter);
    pthread_mutex_destroy(&t->view_lock);
    free(t);
}

void replica_thread_view(struct replica_thread *t, struct replica_view *ret_view) {
    pthread_mutex_lock(&t->view_lock);
    *ret_view = t->view;
    pthread_mutex_unlock(&t->view_lock);
}

struct store replica_thread_store(struct replica_thread *t) {
    return t->ports.store;
}

struct store_space replica_thread_space(struct replica_thread *t) {
    return t->ports.store.space(t->ports.store.context);
}

void replica_thread_figures(struct replica_thread *t, struct lmdb_figures *ret_figures) {
    lmdb_store_figures(t->store, ret_figures);
}
