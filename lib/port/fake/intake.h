/* intake_port over topics in memory, one partition each. A topic outlives the process that reads it: what is committed
 * stays so, what is not comes again to whoever is given the topic next. The test gives and takes. One thread. */
#ifndef BHR_PORT_FAKE_INTAKE_H
#define BHR_PORT_FAKE_INTAKE_H

#include "lib/port/fake/fake.h"
#include "lib/port/intake.h"

struct fake_request {
    int64_t offset, timestamp_ms;
    char *headers[INTAKE_HEADER_COUNT]; /* owned; NULL: there is no such header */
    char *value;                        /* owned */
};

struct fake_request_topic {
    size_t count, room;
    struct fake_request *requests; /* in rising order of offsets, which may have gaps */
    int64_t end, committed;
};

/* Topics of one service. */
struct fake_request_topics {
    uint32_t count;
    struct fake_request_topic topics[INTAKE_TOPICS_MAX];
};
void fake_request_topics_init(struct fake_request_topics *topics, uint32_t count);
void fake_request_topics_fini(struct fake_request_topics *topics);
/* Copies; the texts of NULL are left out. Returns the offset. skip offsets are left unused before it. */
int64_t fake_request_put(struct fake_request_topics *topics, uint32_t topic, int64_t skip, int64_t timestamp_ms,
                         const char *const headers[INTAKE_HEADER_COUNT], const char *value);
/* NULL when there is none at that offset. */
const struct fake_request *fake_request_at(const struct fake_request_topics *topics, uint32_t topic, int64_t offset);

struct fake_lane {
    bool is_ours, is_told;
    uint32_t topic;
    int64_t position, done;
};

/* One process's membership in the group. */
struct fake_intake {
    struct fake_request_topics *topics;
    const struct fake_hooks *hooks;
    struct fake_lane lanes[INTAKE_LANES_MAX];
    bool is_troubled;
    uint8_t *lent; /* freed by the next poll or take, so that ASan sees who kept it */
    void *context;
    void (*done)(void *context, uint32_t topic, int64_t offset); /* may be NULL; told of every offset handed in */
};
void fake_intake_init(struct fake_intake *intake, struct fake_request_topics *topics, const struct fake_hooks *hooks);
/* The process died: what was not committed comes again. */
void fake_intake_fini(struct fake_intake *intake);
struct intake_port fake_intake_port(struct fake_intake *intake);
void fake_intake_give(struct fake_intake *intake, uint32_t topic);
/* Commits what is done first. Harmless when it is not ours. */
void fake_intake_take(struct fake_intake *intake, uint32_t topic);
bool fake_intake_has(const struct fake_intake *intake, uint32_t topic);
void fake_intake_commit(struct fake_intake *intake);

#endif
