/* The keys of persons in a service process: master key, the topic of keys, and the vault that the door is handed. Loop's
 * thread. A process without a door needs none: it never seals and never opens. */
#include "lib/host/host_internal.h"

#include "lib/base/assert.h"
#include "lib/host/log.h"
#include "lib/host/metrics.h"
#include "lib/port/uv/system_clock.h"

static void on_alarm(void *context, const char *name, const char *text) {
    (void)context;
    log_event(LOG_ERROR, "alarm", LOG_TEXT("name", name), LOG_TEXT("text", text));
    metrics_add(METRIC_ALARMS, name, NULL, 1);
}

enum status host_keys_prepare(struct host *host, struct error *reterr_error) {
    struct host_keys *keys = &host->keys;
    return master_key_file_open(host->config.master_key_file, &keys->master_file, &keys->master, reterr_error);
}

enum status host_keys_open(struct host *host, struct error *reterr_error) {
    struct host_keys *keys = &host->keys;
    ASSERT(keys->master_file != NULL);
    keys->kafka = host->kafka;
    keys->kafka.partition = 0; /* one for all localities: a person may be seen in any */
    struct person_keys_ports ports = {.clock = system_clock_port(), .master = &keys->master};
    const struct person_keys_listener listener = {.alarm = on_alarm};
    static const char *const topics[] = {PERSON_KEYS_TOPIC};
    int wake_fd = loop_wake_fd(host->loop);
    enum status status = kafka_reader_open(&keys->kafka, wake_fd, &keys->reader, &ports.reader, reterr_error);
    if (status == STATUS_OK) {
        status = kafka_writer_open(&keys->kafka, wake_fd, topics, 1, &keys->writer, &ports.writer, reterr_error);
    }
    if (status == STATUS_OK) {
        uint32_t count_max = (uint32_t)host->config.person_keys_max;
        status = person_keys_open(&ports, &listener, count_max, &keys->keys, reterr_error);
    }
    if (status == STATUS_OK) keys->vault = person_keys_vault(keys->keys);
    return status;
}

bool host_keys_step(struct host *host) {
    struct host_keys *keys = &host->keys;
    if (keys->keys == NULL) return false;
    bool has_settled;
    bool has_more = person_keys_step(keys->keys, &has_settled);
    if (has_settled && host->door != NULL) door_keys_settled(host->door);
    return has_more;
}

void host_keys_send(struct host *host) {
    if (host->keys.keys != NULL) person_keys_send(host->keys.keys);
}

enum host_keys_state host_keys_state(const struct host *host) {
    if (host->keys.keys == NULL) return HOST_KEYS_READY;
    struct person_keys_view view = person_keys_view(host->keys.keys);
    if (view.is_wrong_master) return HOST_KEYS_WRONG_MASTER;
    return view.is_ready ? HOST_KEYS_READY : HOST_KEYS_READING;
}

void host_keys_watch(struct host *host) {
    struct host_keys *keys = &host->keys;
    if (keys->keys == NULL) return;
    struct person_keys_view view = person_keys_view(keys->keys);
    metrics_set(METRIC_PERSON_KEYS, NULL, NULL, view.count);
    metrics_add(METRIC_PERSON_KEYS_MADE, NULL, NULL, view.made - keys->counted.made);
    metrics_add(METRIC_PERSON_KEYS_DESTROYED, NULL, NULL, view.destroyed - keys->counted.destroyed);
    keys->counted = view;
}

void host_keys_close(struct host *host) {
    struct host_keys *keys = &host->keys;
    person_keys_close(&keys->keys);
    kafka_reader_close(&keys->reader);
    kafka_writer_close(&keys->writer);
    master_key_file_close(&keys->master_file);
}
