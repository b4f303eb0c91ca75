/* The log: builds a line, decides whether it is one too many, writes it. It owns the process's one logger (a process has
 * one stderr) and a small table that counts what it did not write. Any thread; formatting takes no lock, and a line is a
 * single write, which a pipe takes whole up to 4096 bytes. It never fails and never waits for anything but that write. */
#include "lib/host/log.h"

#include "lib/base/assert.h"
#include "lib/base/civil_time.h"
#include "lib/host/log_format.h"
#include "lib/host/metrics.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

enum {
    LOG_NAME_MAX = 64,
    HEAD_MAX = 512,
    TAIL_MAX = 64,
    FIELDS_MAX = LOG_LINE_MAX - HEAD_MAX - TAIL_MAX,
    WINDOW_MS = 1000
};
static_assert(LOG_LINE_MAX <= 4096, "a pipe takes no more in one piece");

/* What was written of one event in the present second, and what was not since its last line. */
struct event_count {
    char event[LOG_NAME_MAX];
    enum log_level level;
    int64_t window_started_ms;
    uint64_t last_hash;
    uint32_t lines;
    int64_t suppressed;
};

static struct {
    pthread_mutex_t lock; /* over all below */
    char service[LOG_NAME_MAX], process[LOG_NAME_MAX];
    bool is_text;
    enum log_level level_min;
    int file;
    int64_t (*wall_ms)(void);
    uint32_t event_count;
    struct event_count events[LOG_EVENTS_MAX];
} logger = {.lock = PTHREAD_MUTEX_INITIALIZER, .level_min = LOG_INFO, .file = STDERR_FILENO};

static bool is_one_too_many(enum log_level level, const char *event, uint64_t hash, int64_t now_ms,
                            int64_t *ret_suppressed);
static void write_line(enum log_level level, const char *event, int64_t now_ms, struct slice fields, bool is_cut,
                       int64_t suppressed);
static void put_head(struct buffer *line, enum log_level level, const char *event, int64_t now_ms);
static void put(struct buffer *line, const char *text);
static uint64_t hash_of(enum log_level level, struct slice fields);
static int64_t wall_now_ms(void);

void log_write(enum log_level level, const char *event, const struct log_field *fields, size_t field_count) {
    ASSERT(event != NULL && strlen(event) < LOG_NAME_MAX);
    if (level < logger.level_min) return;
    uint8_t memory[FIELDS_MAX];
    struct buffer text = buffer_over(memory, sizeof memory);
    bool is_cut = false;
    for (size_t i = 0; i < field_count; i++) {
        if (!log_put_field(&text, &fields[i], !logger.is_text)) is_cut = true;
    }
    int64_t now_ms = wall_now_ms(), suppressed = 0;
    if (is_one_too_many(level, event, hash_of(level, buffer_slice(&text)), now_ms, &suppressed)) return;
    write_line(level, event, now_ms, buffer_slice(&text), is_cut, suppressed);
}

/* Counts the line; true when it is not to be written. *ret_suppressed is what the line has to own up to. */
static bool is_one_too_many(enum log_level level, const char *event, uint64_t hash, int64_t now_ms,
                            int64_t *ret_suppressed) {
    bool is_too_many = false;
    pthread_mutex_lock(&logger.lock);
    struct event_count *count = NULL;
    for (uint32_t i = 0; i < logger.event_count && count == NULL; i++) {
        if (strcmp(logger.events[i].event, event) == 0) count = &logger.events[i];
    }
    if (count == NULL && logger.event_count < LOG_EVENTS_MAX) {
        count = &logger.events[logger.event_count++];
        *count = (struct event_count){.window_started_ms = now_ms};
        memcpy(count->event, event, strlen(event) + 1);
    }
    if (count != NULL) { /* an event that has no place in the table is always written */
        if (now_ms < count->window_started_ms || now_ms >= count->window_started_ms + WINDOW_MS) {
            count->window_started_ms = now_ms;
            count->lines = 0;
        }
        is_too_many = count->lines >= LOG_LINES_PER_SECOND_MAX || (count->lines > 0 && count->last_hash == hash);
        count->level = level;
        count->last_hash = hash;
        *ret_suppressed = count->suppressed;
        count->suppressed = is_too_many ? count->suppressed + 1 : 0;
        if (!is_too_many) count->lines++;
    }
    pthread_mutex_unlock(&logger.lock);
    return is_too_many;
}

void log_tell_suppressed(void) {
    int64_t now_ms = wall_now_ms();
    for (uint32_t i = 0; i < LOG_EVENTS_MAX; i++) {
        pthread_mutex_lock(&logger.lock);
        struct event_count count = i < logger.event_count ? logger.events[i] : (struct event_count){0};
        if (count.suppressed > 0) logger.events[i].suppressed = 0;
        pthread_mutex_unlock(&logger.lock);
        if (count.suppressed > 0) {
            write_line(count.level, count.event, now_ms, (struct slice){0}, false, count.suppressed);
        }
    }
}

static void write_line(enum log_level level, const char *event, int64_t now_ms, struct slice fields, bool is_cut,
                       int64_t suppressed) {
    uint8_t memory[LOG_LINE_MAX];
    struct buffer line = buffer_over(memory, sizeof memory);
    put_head(&line, level, event, now_ms);
    buffer_put(&line, fields.data, fields.size);
    if (is_cut) log_put_field(&line, &LOG_FLAG("cut", true), !logger.is_text);
    if (suppressed > 0) log_put_field(&line, &LOG_NUMBER("suppressed", suppressed), !logger.is_text);
    put(&line, logger.is_text ? "\n" : "}\n");
    ASSERT(!line.is_full);
    metrics_add(METRIC_LOG_LINES, log_level_name(level), NULL, 1);
    ssize_t written;
    do {
        written = write(logger.file, line.data, line.size);
    } while (written < 0 && errno == EINTR);
}

static void put_head(struct buffer *line, enum log_level level, const char *event, int64_t now_ms) {
    char time[CIVIL_INSTANT_SIZE];
    civil_format_instant(now_ms, time);
    if (logger.is_text) {
        buffer_put(line, time, sizeof time);
        put(line, " ");
        put(line, log_level_name(level));
        put(line, strlen(log_level_name(level)) < 5 ? "  " : " ");
        put(line, event);
        return;
    }
    put(line, "{\"time\":\"");
    buffer_put(line, time, sizeof time);
    put(line, "\",\"level\":\"");
    put(line, log_level_name(level));
    put(line, "\",\"event\":\"");
    put(line, event);
    put(line, "\"");
    if (logger.service[0] != '\0') log_put_field(line, &LOG_TEXT("service", logger.service), true);
    if (logger.process[0] != '\0') log_put_field(line, &LOG_TEXT("process", logger.process), true);
    ASSERT(line->size <= HEAD_MAX);
}

void log_start(const struct log_options *options) {
    ASSERT(options->service != NULL && options->process != NULL);
    pthread_mutex_lock(&logger.lock);
    snprintf(logger.service, sizeof logger.service, "%s", options->service);
    snprintf(logger.process, sizeof logger.process, "%s", options->process);
    logger.is_text = !options->is_json;
    logger.level_min = options->level_min;
    logger.file = options->file;
    logger.wall_ms = options->wall_ms;
    logger.event_count = 0;
    pthread_mutex_unlock(&logger.lock);
}

void log_stop(void) {
    log_tell_suppressed();
    log_start(&(struct log_options){
        .service = "", .process = "", .is_json = true, .level_min = LOG_INFO, .file = STDERR_FILENO});
}

const char *log_level_name(enum log_level level) {
    static const char *const names[] = {
#define X(level, name) name,
        LOG_LEVELS(X)
#undef X
    };
    ASSERT((size_t)level < sizeof names / sizeof names[0]);
    return names[level];
}

/* FNV-1a: equal lines have equal hashes; two different ones that share one cost a line in the log, nothing else. */
static uint64_t hash_of(enum log_level level, struct slice fields) {
    uint64_t hash = 0xcbf29ce484222325u ^ (uint64_t)level;
    for (size_t i = 0; i < fields.size; i++) hash = (hash ^ fields.data[i]) * 0x100000001b3u;
    return hash;
}

static int64_t wall_now_ms(void) {
    if (logger.wall_ms != NULL) return logger.wall_ms();
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void put(struct buffer *line, const char *text) {
    buffer_put(line, text, strlen(text));
}
