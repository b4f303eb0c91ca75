/* One line on stderr for each event that matters to an operator: JSON, or text for a terminal.
 *
 *   log_event(LOG_INFO, "replica_moved", LOG_TEXT("from", "opening"), LOG_TEXT("to", "following"));
 *   {"time":"2026-11-22T18:40:00.000Z","level":"info","event":"replica_moved","service":"booking","process":"b1",
 *    "from":"opening","to":"following"}
 *
 * No personal data, ever (design invariant 10): no NHS number, no name, no date of birth, nothing of a request's content.
 * Say it with ids, positions, counts and names of systems. As a last net, a valid NHS number inside a text is masked.
 *
 * Ownership: everything handed in is borrowed during the call. Any thread may log; a line is one write.
 * Bounds: a text is cut at LOG_TEXT_MAX bytes; fields that do not fit the line are left out, and it says "cut":true.
 * Of one event, a line equal to the one before it within a second, and lines beyond LOG_LINES_PER_SECOND_MAX, are not
 * written but counted; its next line, or log_tell_suppressed, says how many. */
#ifndef BHR_HOST_LOG_H
#define BHR_HOST_LOG_H

#include "lib/base/id.h"

enum { LOG_TEXT_MAX = 512, LOG_LINE_MAX = 4096, LOG_LINES_PER_SECOND_MAX = 20, LOG_EVENTS_MAX = 128 };

#define LOG_LEVELS(X)                                                                                                  \
    X(LOG_DEBUG, "debug") /* for developers; off unless asked for */                                                   \
    X(LOG_INFO, "info")   /* a change of state as it should be */                                                      \
    X(LOG_WARN, "warn")   /* it goes on, and somebody should look in working hours */                                  \
    X(LOG_ERROR, "error") /* something does not work until somebody acts */

enum log_level {
#define X(level, name) level,
    LOG_LEVELS(X)
#undef X
};
const char *log_level_name(enum log_level level);

struct log_options {
    const char *service, *process; /* copied; stand in every line */
    bool is_json;
    enum log_level level_min;
    int file;                 /* descriptor to write to; 2 is stderr */
    int64_t (*wall_ms)(void); /* NULL for the system's clock */
};

/* Before it, and after log_stop, lines go to stderr as JSON without service and process. */
void log_start(const struct log_options *options);
void log_stop(void);
/* Says what was suppressed of events that have been quiet since. The host calls it every minute, log_stop once more. */
void log_tell_suppressed(void);

enum log_kind { LOG_KIND_NOTHING, LOG_KIND_TEXT, LOG_KIND_HEX, LOG_KIND_ID, LOG_KIND_NUMBER, LOG_KIND_FLAG };

struct log_field {
    const char *name;
    enum log_kind kind;
    int64_t number;
    struct slice bytes;
    struct uuid id;
};

/* NULL is the empty text: an error path that logs must not be the one that crashes. */
static inline struct slice log_slice(const char *text) {
    return slice_text(text == NULL ? "" : text);
}

#define LOG_TEXT(field, text)   ((struct log_field){.name = (field), .kind = LOG_KIND_TEXT, .bytes = log_slice(text)})
#define LOG_BYTES(field, slice) ((struct log_field){.name = (field), .kind = LOG_KIND_TEXT, .bytes = (slice)})
#define LOG_HEX(field, slice)   ((struct log_field){.name = (field), .kind = LOG_KIND_HEX, .bytes = (slice)})
#define LOG_ID(field, uuid)     ((struct log_field){.name = (field), .kind = LOG_KIND_ID, .id = (uuid)})
#define LOG_NUMBER(field, n)    ((struct log_field){.name = (field), .kind = LOG_KIND_NUMBER, .number = (n)})
#define LOG_FLAG(field, is_so)  ((struct log_field){.name = (field), .kind = LOG_KIND_FLAG, .number = (is_so)})
#define LOG_NOTHING             ((struct log_field){.name = ""}) /* for an event without fields */

/* log_event(level, "event", field, ...): at least one field. event and the fields' names are literals in snake_case. */
#define log_event(level, event, ...)                                                                                   \
    log_write((level), (event), (const struct log_field[]){__VA_ARGS__},                                               \
              sizeof((const struct log_field[]){__VA_ARGS__}) / sizeof(struct log_field))

void log_write(enum log_level level, const char *event, const struct log_field *fields, size_t field_count);

#endif
