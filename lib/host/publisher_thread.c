/* The thread around publisher_step sleeps on one eventfd that its journal reader, ownership and stop write to. The listener
 * logs and counts. What is shared with the loop is two flags and a small view under a lock. */
#include "lib/host/publisher_thread.h"

#include "lib/base/assert.h"
#include "lib/digest/digest.h"
#include "lib/host/log.h"
#include "lib/host/metrics.h"
#include "lib/host/topics.h"
#include "lib/host/trust.h"
#include "lib/port/uv/system_clock.h"
#include "lib/port/uv/waiter_eventfd.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum {
    PUBLISHER_FETCH_KIB_MAX = 4096,
    PUBLISHER_STUCK_MS = 60000, /* no step for so long: a call of librdkafka does not come back (reliability.md 1.1) */
    PUBLISHER_JOIN_S = 10,
};

struct publisher_thread {
    struct publisher_thread_options options;
    struct kafka_options kafka;
    char group[KAFKA_NAME_MAX], journal_topic[TOPIC_NAME_MAX], event_topic[TOPIC_NAME_MAX], dead_topic[TOPIC_NAME_MAX];
    struct public_context public_context; /* all but the journal's id, which the journal tells */
    struct waiter waiter;
    int wake_fd;
    struct kafka_reader *journal;
    struct kafka_admin *admin;
    struct kafka_publisher *producer;
    struct publisher *publisher;

    pthread_t thread;
    bool is_started;
    _Atomic bool must_stop, is_owner;
    pthread_mutex_t view_lock;
    struct publisher_view view;
    int64_t stepped_ms;
    int64_t owned_ms, stuck_told_ms; /* the loop's: since when this process owns, 0 while it does not */
};

static void *run(void *argument);
static enum status open_kafka(struct publisher_thread *t, struct publisher_ports *ports, struct error *reterr_error);
static enum status open_publisher(struct publisher_thread *t, const struct publisher_ports *ports,
                                  struct error *reterr_error);
static struct publisher_listener listener_of(struct publisher_thread *t);

static int64_t monotonic_ms(void) {
    struct clock_port clock = system_clock_port();
    return clock.monotonic_ms(clock.context);
}

static void *run(void *argument) {
    struct publisher_thread *t = argument;
    bool must_stop = false;
    while (!must_stop) {
        must_stop = atomic_load(&t->must_stop);
        publisher_own(t->publisher, atomic_load(&t->is_owner) && !must_stop);
        int wait_ms = publisher_step(t->publisher);
        pthread_mutex_lock(&t->view_lock);
        publisher_look(t->publisher, &t->view);
        t->stepped_ms = monotonic_ms();
        pthread_mutex_unlock(&t->view_lock);
        if (wait_ms > 0 && !must_stop) t->waiter.wait(t->waiter.context, wait_ms);
    }
    return NULL;
}

static uint32_t records_of(const void *context, struct id128 journal_id, const struct entry *entry, struct arena *arena,
                           struct public_record ret_records[PUBLIC_RECORDS_MAX]) {
    struct public_context who = *(const struct public_context *)context;
    who.journal_id = journal_id;
    return public_records_of_entry(&who, entry, arena, ret_records);
}

static void on_moved(void *context, enum publisher_state from, enum publisher_state to, const char *why) {
    (void)context;
    enum log_level level = to == PUBLISHER_STOPPED ? LOG_ERROR : LOG_INFO;
    log_event(level, "publisher_moved", LOG_TEXT("from", publisher_state_name(from)),
              LOG_TEXT("to", publisher_state_name(to)), LOG_TEXT("why", why));
    metrics_set_state(METRIC_PUBLISHER_STATE, publisher_state_name(to));
}

static void on_alarm(void *context, const char *name, const char *text) {
    (void)context;
    log_event(LOG_ERROR, "alarm", LOG_TEXT("name", name), LOG_TEXT("text", text));
    metrics_add(METRIC_ALARMS, name, NULL, 1);
}

static void on_committed(void *context, uint32_t entry_count, uint32_t record_count, const int64_t *logged_ms) {
    (void)context;
    struct clock_port clock = system_clock_port();
    int64_t now_ms = clock.wall_ms(clock.context);
    metrics_add(METRIC_PUBLISHER_TRANSACTIONS, NULL, NULL, 1);
    metrics_add(METRIC_PUBLISHER_RECORDS, NULL, NULL, record_count);
    for (uint32_t i = 0; i < entry_count; i++) {
        int64_t took_ms = now_ms > logged_ms[i] ? now_ms - logged_ms[i] : 0;
        metrics_observe(METRIC_PUBLISHER_ENTRY_SECONDS, NULL, NULL, (double)took_ms / 1000.0);
    }
}

static void on_gave_up(void *context, enum publish_result result, const char *why) {
    (void)context;
    const char *name = result == PUBLISH_OK        ? "unclean"
                       : result == PUBLISH_ABORTED ? "aborted"
                       : result == PUBLISH_FENCED  ? "fenced"
                                                   : "failed";
    log_event(LOG_WARN, "publisher_gave_up", LOG_TEXT("result", name), LOG_TEXT("why", why));
    metrics_add(METRIC_PUBLISHER_GIVEN_UP, name, NULL, 1);
}

static struct publisher_listener listener_of(struct publisher_thread *t) {
    return (struct publisher_listener){
        .context = t, .moved = on_moved, .alarm = on_alarm, .committed = on_committed, .gave_up = on_gave_up};
}

static void on_kafka_line(void *context, int level, const char *text) {
    (void)context;
    log_event(level <= 4 ? LOG_WARN : LOG_DEBUG, "kafka", LOG_TEXT("text", text));
}

enum status publisher_thread_open(const struct publisher_thread_options *options, struct publisher_thread **ret_thread,
                                  struct error *reterr_error) {
    struct publisher_thread *t = calloc(1, sizeof *t);
    if (t == NULL) return error_set(reterr_error, STATUS_NO_MEMORY, "no memory for the publisher");
    t->options = *options;
    pthread_mutex_init(&t->view_lock, NULL);
    const char *service = options->service->name;
    bool is_named = topics_name(TOPIC_ID_JOURNAL, service, NULL, t->journal_topic) &&
                    topics_name(TOPIC_ID_EVENT, service, NULL, t->event_topic) &&
                    topics_name(TOPIC_ID_DEAD, service, NULL, t->dead_topic);
    enum status status = STATUS_OK;
    if (!is_named) status = error_set(reterr_error, STATUS_INVALID, "the service's name makes no topic");
    struct publisher_ports ports = {.clock = system_clock_port(),
                                    .hash = digest_of,
                                    .records = records_of,
                                    .records_context = &t->public_context,
                                    .listener = listener_of(t)};
    if (status == STATUS_OK) status = waiter_open(&t->waiter, &t->wake_fd, reterr_error);
    if (status == STATUS_OK) status = open_kafka(t, &ports, reterr_error);
    if (status == STATUS_OK) status = open_publisher(t, &ports, reterr_error);
    if (status != STATUS_OK) {
        publisher_thread_close(t);
        return status;
    }
    metrics_set_state(METRIC_PUBLISHER_STATE, publisher_state_name(PUBLISHER_IDLE));
    *ret_thread = t;
    return STATUS_OK;
}

static enum status open_kafka(struct publisher_thread *t, struct publisher_ports *ports, struct error *reterr_error) {
    t->kafka = trust_publisher_options(t->options.config, t->options.partition);
    (void)snprintf(t->group, sizeof t->group, "%s-publisher", t->options.service->name);
    t->kafka.group = t->group;
    t->kafka.fetch_queue_kib_max = PUBLISHER_FETCH_KIB_MAX;
    t->kafka.log = (struct kafka_log){.line = on_kafka_line};
    const char *const topics[] = {t->event_topic, t->dead_topic};
    enum status status = kafka_reader_open(&t->kafka, t->wake_fd, &t->journal, &ports->journal, reterr_error);
    if (status == STATUS_OK) status = kafka_admin_open(&t->kafka, &t->admin, &ports->admin, reterr_error);
    if (status != STATUS_OK) return status;
    return kafka_publisher_open(&t->kafka, t->journal_topic, topics, sizeof topics / sizeof topics[0], &t->producer,
                                &ports->producer, reterr_error);
}

static enum status open_publisher(struct publisher_thread *t, const struct publisher_ports *ports,
                                  struct error *reterr_error) {
    const struct config *config = t->options.config;
    t->public_context = (struct public_context){.service = t->options.service,
                                                .environment = slice_text(config->environment),
                                                .locality = slice_text(config->locality),
                                                .hash = digest_of};
    struct publisher_options options = {.journal_topic = t->journal_topic,
                                        .event_topic = t->event_topic,
                                        .dead_topic = t->dead_topic,
                                        .batch_max = (uint32_t)config->publisher_batch_max,
                                        .interval_ms = config->publisher_interval_ms,
                                        .keep_ms = PUBLISHER_KEEP_MS};
    if (!journal_name_set(&options.identity.environment, slice_text(config->environment)) ||
        !journal_name_set(&options.identity.service, slice_text(t->options.service->name)) ||
        !journal_name_set(&options.identity.locality, slice_text(config->locality))) {
        return error_set(reterr_error, STATUS_INVALID, "environment and locality: 1 to 64 bytes are expected");
    }
    t->publisher = publisher_new(&options, ports);
    if (t->publisher == NULL) return error_set(reterr_error, STATUS_NO_MEMORY, "no memory for the publisher");
    return STATUS_OK;
}

enum status publisher_thread_start(struct publisher_thread *t, struct error *reterr_error) {
    t->stepped_ms = monotonic_ms();
    if (pthread_create(&t->thread, NULL, run, t) != 0) {
        return error_set(reterr_error, STATUS_NO_MEMORY, "the publisher's thread could not be started");
    }
    t->is_started = true;
    return STATUS_OK;
}

void publisher_thread_stop(struct publisher_thread *t) {
    if (t == NULL) return;
    atomic_store(&t->must_stop, true);
    t->waiter.wake(t->waiter.context);
}

void publisher_thread_close(struct publisher_thread *t) {
    if (t == NULL) return;
    if (t->is_started) {
        ASSERT(atomic_load(&t->must_stop));
        struct timespec until;
        (void)clock_gettime(CLOCK_REALTIME, &until);
        until.tv_sec += PUBLISHER_JOIN_S;
        if (pthread_timedjoin_np(t->thread, NULL, &until) != 0) {
            /* It hangs in a call of librdkafka. The process ends, and with it the thread; what it uses stays until then. */
            log_event(LOG_ERROR, "publisher_stuck", LOG_TEXT("text", "its thread did not end and is left behind"));
            return;
        }
    }
    publisher_free(t->publisher);
    kafka_reader_close(&t->journal);
    kafka_admin_close(&t->admin);
    kafka_publisher_close(&t->producer);
    waiter_close(&t->waiter);
    pthread_mutex_destroy(&t->view_lock);
    free(t);
}

void publisher_thread_own(struct publisher_thread *t, bool is_owner) {
    if (t == NULL || atomic_exchange(&t->is_owner, is_owner) == is_owner) return;
    t->waiter.wake(t->waiter.context);
}

void publisher_thread_watch(struct publisher_thread *t, uint64_t number, int64_t now_ms) {
    if (t == NULL) return;
    pthread_mutex_lock(&t->view_lock);
    const struct publisher_view view = t->view;
    int64_t stepped_ms = t->stepped_ms;
    pthread_mutex_unlock(&t->view_lock);
    if (!atomic_load(&t->is_owner)) t->owned_ms = 0;
    if (atomic_load(&t->is_owner) && t->owned_ms == 0) t->owned_ms = now_ms;
    bool is_behind = t->owned_ms != 0 && number > view.number;
    int64_t level_ms = view.level_ms > t->owned_ms ? view.level_ms : t->owned_ms;
    metrics_set(METRIC_PUBLISHER_LAG_ENTRIES, NULL, NULL, is_behind ? (double)(number - view.number) : 0);
    metrics_set(METRIC_PUBLISHER_LAG_SECONDS, NULL, NULL, is_behind ? (double)(now_ms - level_ms) / 1000.0 : 0);
    if (now_ms - stepped_ms < PUBLISHER_STUCK_MS || now_ms - t->stuck_told_ms < PUBLISHER_STUCK_MS) return;
    t->stuck_told_ms = now_ms;
    on_alarm(t, "publisher_stuck",
             "the publisher's thread waits for Kafka and does not come back: restart the process");
}
