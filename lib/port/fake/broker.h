/* The shared truth of a world: a few topics of one partition each, and the appends that are still on their way. Records
 * are never freed before the broker is, so that history that was cut away can still be looked at. One thread. */
#ifndef BHR_PORT_FAKE_BROKER_H
#define BHR_PORT_FAKE_BROKER_H

#include "lib/port/fake/fake.h"
#include "lib/port/topic.h"

enum { FAKE_LOGS_MAX = 8 };

struct fake_record {
    struct topic_record shown;
    int64_t landed_at_ms; /* true time: readers lag behind this */
};

struct fake_log {
    char topic[TOPIC_NAME_MAX + 1];
    int64_t start, end; /* first offset kept; where the next record will lie */
    size_t count, room;
    struct fake_record **records; /* by offset, which may have gaps */
};

struct fake_writer;

/* One append on its way to the log. */
struct fake_flight {
    int64_t land_at_ms;
    uint64_t order; /* among equals, first sent lands first */
    struct fake_log *log;
    struct fake_record *record;
    struct fake_writer *writer; /* NULL: nobody hears of it any more */
    uint32_t producer;
    uint64_t token;
    bool is_reported_lost; /* the writer is told "uncertain", although it lands */
};

struct fake_chunk;

struct fake_broker {
    const struct fake_time *time;
    int64_t skew_ms;       /* the broker's own clock may be wrong, too */
    bool makes_timestamps; /* false: CreateTime, which is not history */
    int64_t mute_until_ms; /* until then it tells nobody a topic's range, as a leader that has just changed */
    uint32_t log_count;
    struct fake_log logs[FAKE_LOGS_MAX];
    size_t flight_count, flight_room;
    struct fake_flight *flights; /* a heap by land_at_ms, order */
    uint64_t order_next;
    struct fake_chunk *chunks;
    void *context;
    void (*appended)(void *context, const struct fake_log *log, const struct fake_record *record);
};

void fake_broker_init(struct fake_broker *broker, const struct fake_time *time);
void fake_broker_fini(struct fake_broker *broker);
/* Memory that lives as long as the broker. */
void *fake_broker_alloc(struct fake_broker *broker, size_t size);
struct slice fake_broker_copy(struct fake_broker *broker, struct slice bytes);

/* Makes the topic if need be. */
struct fake_log *fake_log_make(struct fake_broker *broker, const char *topic);
/* NULL when there is no such topic. */
struct fake_log *fake_log_find(struct fake_broker *broker, const char *topic);
/* The first record at or after offset, NULL past the end. */
const struct fake_record *fake_log_at_or_after(const struct fake_log *log, int64_t offset);
/* A power cut: the records from new_end on are gone. Flights stay on their way. */
void fake_log_cut(struct fake_log *log, int64_t new_end);
/* Retention: nobody can read records before new_start any more; the world still finds them. */
void fake_log_expire(struct fake_log *log, int64_t new_start);

/* A copy of the append as a record without a place yet. */
struct fake_record *fake_record_make(struct fake_broker *broker, const struct topic_append *append);
/* Puts the record at the end of the log, leaving skip offsets unused before it (as transaction markers do). */
void fake_log_append(struct fake_broker *broker, struct fake_log *log, struct fake_record *record, int64_t skip);

void fake_broker_send(struct fake_broker *broker, const struct fake_flight *flight);
/* When the next flight lands; INT64_MAX when nothing is on its way. */
int64_t fake_broker_next_ms(const struct fake_broker *broker);
/* Lands one flight that is due; false when none is. */
bool fake_broker_deliver(struct fake_broker *broker);
/* The writer goes away: its flights may still land (keep = true) or not, but nobody is told. */
void fake_broker_forget(struct fake_broker *broker, const struct fake_writer *writer);

struct topic_admin fake_broker_admin(struct fake_broker *broker);

#endif
