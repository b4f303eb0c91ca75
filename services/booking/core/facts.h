/* Facts and decisions. gather loads everything a decision may look at into a plain struct; decide looks at nothing else,
 * not even a clock: now_ms is a fact. What could not be found is a field, not a callback (design section 5).
 *
 * Every decide function is a ladder of one-line refusals. Their order is precedence and is tested: already done? comes
 * first (an answer told again), then what is unknown, what is not allowed, what is not possible now, and the event last. */
#ifndef BHR_BOOKING_CORE_FACTS_H
#define BHR_BOOKING_CORE_FACTS_H

#include "lib/base/outcome.h"
#include "services/booking/core/audience.h"
#include "services/booking/core/outcome.h"
#include "services/booking/core/rows_person.h"

/* What is known about one slot and its session. */
struct slot_facts {
    bool is_known; /* the session exists and has that slot */
    struct booking_session session;
    struct booking_slot slot;                 /* as it is now */
    uint32_t booked;                          /* places booked, holds not counted */
    struct booking_alternatives alternatives; /* gathered only when no place is free */
};

struct publish_facts {
    int64_t now_ms;
    bool is_done;       /* a session with the command's entity id exists */
    bool is_overlapped; /* the same organisation has a session of the same service at an overlapping time */
};
struct hold_facts {
    int64_t now_ms;
    bool is_done; /* a hold with the command's entity id exists */
    struct hold_row done;
    struct slot_facts slot;
};
struct book_facts {
    int64_t now_ms;
    bool is_done; /* a booking with the command's entity id exists */
    bool is_hold_known;
    struct hold_row hold;
    struct slot_facts slot; /* of the hold, when the booking is from one */
    bool is_person_busy;    /* the person has a booking at an overlapping time, under whichever pseudonym */
    bool is_link_news;      /* what the index said of the person is newer than the link there is */
    bool is_person_linked;  /* there is a link already */
    bool is_person_awaited; /* or the index will be asked again */
};
struct cancel_facts {
    int64_t now_ms;
    bool is_known;
    struct booking_row booking;
};
/* What the index's journal says. */
struct follow_facts {
    struct follow_at at; /* how far it was followed */
    bool is_the_place;   /* that is where the request leads, by every byte: another journal may have as many records */
    bool is_link_news;   /* of a record or merge: it leads somewhere else than before, and not back */
    struct uuid person_id;  /* whose link it is: the record's pseudonym, or who was merged; zero: nobody's here */
    struct uuid known_id;   /* where it leads: the survivor, or the record's person as of this record */
    bool is_merge_standing; /* of an unmerge: the link there is comes from that merge */
    struct identity_corrected corrected; /* of an unmerge: what was booked meanwhile */
};
struct relink_facts {
    bool is_link_news;
};
struct expire_facts {
    int64_t now_ms;
    bool is_known;
    struct hold_row hold;
};

enum { BOOKING_EVENTS_MAX = 3 };

struct booking_decision {
    uint32_t outcome;
    struct booking_answer answer;
    uint32_t event_count;
    struct booking_event events[BOOKING_EVENTS_MAX];
};

void gather_publish(const struct rows *rows, const struct publish_command *command, int64_t now_ms,
                    struct publish_facts *ret_facts);
void gather_hold(const struct rows *rows, const struct hold_command *command, int64_t now_ms,
                 struct hold_facts *ret_facts);
void gather_book(const struct rows *rows, const struct book_command *command, int64_t now_ms,
                 struct book_facts *ret_facts);
void gather_cancel(const struct rows *rows, const struct cancel_command *command, int64_t now_ms,
                   struct cancel_facts *ret_facts);
void gather_follow(const struct rows *rows, const struct follow_request *request, struct follow_facts *ret_facts);
void gather_relink(const struct rows *rows, const struct relink_order *order, struct relink_facts *ret_facts);
/* Whether what the index said up to the entry `number` is newer than the link there is, and leads somewhere else. */
bool gather_is_link_news(const struct rows *rows, struct uuid person_id, struct uuid known_id, uint64_t number);
void gather_expire(const struct rows *rows, struct uuid hold_id, int64_t now_ms, struct expire_facts *ret_facts);
/* Shared by hold and book. */
void gather_slot(const struct rows *rows, struct booking_slot_id slot_id, const struct booking_ingress *asker,
                 int64_t now_ms, struct slot_facts *ret_facts);

struct booking_decision decide_publish(const struct publish_facts *facts, const struct publish_command *command);
struct booking_decision decide_hold(const struct hold_facts *facts, const struct hold_command *command);
struct booking_decision decide_book(const struct book_facts *facts, const struct book_command *command);
struct booking_decision decide_cancel(const struct cancel_facts *facts, const struct cancel_command *command);
struct booking_decision decide_follow(const struct follow_facts *facts, const struct follow_request *request);
struct booking_decision decide_relink(const struct relink_facts *facts, const struct relink_order *order);
/* Of a timer: OK without an event when the hold is gone. */
struct booking_decision decide_expire(const struct expire_facts *facts, struct uuid hold_id);

/* What a ladder ends in. */
struct booking_decision decision_refused(enum booking_outcome outcome);
struct booking_decision decision_full(enum booking_outcome outcome, const struct slot_facts *slot);
struct booking_decision decision_done(const struct booking_answer *answer);
/* Outcome OK, one zeroed event of that kind to fill in. */
struct booking_decision decision_event(enum booking_event_kind kind);
/* One more, zeroed. */
struct booking_event *decision_add(struct booking_decision *decision, enum booking_event_kind kind);

#endif
