/* Who bookings are for, as plain structs: what booking takes in of the index, and the events that follow from it
 * (proto booking_person.proto). Every booking keeps the pseudonym it was made with; links say whose that is. Pure data;
 * nothing is owned. */
#ifndef BHR_BOOKING_CORE_BOOKING_PERSON_H
#define BHR_BOOKING_CORE_BOOKING_PERSON_H

#include "lib/base/id.h"

enum {
    FOLLOW_PLACE_MAX = 256,      /* what judging the source's next record takes */
    FOLLOW_DONE_MAX = 16,        /* events of one record, counted */
    CORRECTED_BOOKINGS_MAX = 64, /* named in one event */
};

enum follow_change { /* numbered as in proto */
                     FOLLOW_NONE = 1,
                     FOLLOW_RECORD = 2,
                     FOLLOW_MERGE = 3,
                     FOLLOW_UNMERGE = 4,
};

/* How far the source was followed: up to the record at offset; with done > 0 only so many of its events. */
struct follow_at {
    int64_t offset; /* -1: nothing yet */
    uint32_t done;
};
struct follow_request {
    struct follow_at after, to;
    uint32_t place_size;
    uint8_t place[FOLLOW_PLACE_MAX];
    uint64_t number; /* of the source's history */
    enum follow_change change;
    struct uuid child_id, parent_id; /* record and person; or who was merged and the survivor */
    struct uuid merge_id;
    int64_t from_ms, until_ms;
};
/* What the index said of a pseudonym. */
struct relink_order {
    struct uuid person_id, known_id;
    uint64_t known_number; /* of the index's journal, when it said so */
};

struct index_followed {
    uint64_t number;
    struct follow_at at;
    uint32_t place_size;
    uint8_t place[FOLLOW_PLACE_MAX];
};
struct person_linked {
    struct uuid person_id, known_id, merge_id;
    uint64_t number;
};
struct person_awaited {
    struct uuid person_id, record_id, booking_id;
};
struct identity_corrected {
    struct uuid merge_id, survivor_id, other_id;
    int64_t from_ms, until_ms;
    uint32_t booking_count;
    struct uuid booking_ids[CORRECTED_BOOKINGS_MAX];
    bool has_more;
};

static inline bool follow_at_equal(struct follow_at a, struct follow_at b) {
    return a.offset == b.offset && a.done == b.done;
}

#endif
