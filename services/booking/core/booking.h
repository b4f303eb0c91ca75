/* What booking talks about, as plain structs of fixed size: requests, commands, events and views. The contract of
 * proto/bhr/booking/v1 without its wire form; lib/wire/booking turns one into the other and judges every field, so here
 * all texts are clean, within their bounds, ended by NUL and zero-padded: two equal structs are equal bytes.
 * Times are milliseconds since 1970 UTC. Pure data; nothing is owned. */
#ifndef BHR_BOOKING_CORE_BOOKING_H
#define BHR_BOOKING_CORE_BOOKING_H

#include "lib/base/id.h"
#include "services/booking/core/booking_person.h"

enum {
    BOOKING_SYSTEM_MAX = 64,
    BOOKING_ROLE_MAX = 15,
    BOOKING_CORRELATION_MAX = 64,
    BOOKING_ORGANISATION_MAX = 10,       /* an ODS code */
    BOOKING_ASKER_ORGANISATION_MAX = 15, /* as a policy file may spell it */
    BOOKING_SERVICE_ID_MAX = 32,
    BOOKING_NAME_MAX = 100,
    BOOKING_LOCAL_ID_MAX = 64,
    BOOKING_PHONE_MAX = 32,
    BOOKING_NOTE_MAX = 500,
    BOOKING_NONCE_SIZE = 24,
    BOOKING_DETAILS_MAX = 1024,                        /* PersonDetails, encoded: always fits */
    BOOKING_CIPHERTEXT_MAX = BOOKING_DETAILS_MAX + 16, /* and its tag */
    BOOKING_SLOT_MINUTES_MAX = 240,
    BOOKING_SLOT_COUNT_MAX = 200,
    BOOKING_CAPACITY_MAX = 20,
    BOOKING_HOLD_SECONDS_MAX = 24 * 3600,
    BOOKING_ALTERNATIVES_MAX = 3,
    BOOKING_HISTORY_MAX = 3, /* held, booked, cancelled */
    BOOKING_FIND_LIMIT_DEFAULT = 100,
    BOOKING_FIND_LIMIT_MAX = 500,
    BOOKING_LIST_MAX = 100,
};
#define BOOKING_MINUTE_MS      INT64_C(60000)
#define BOOKING_DAY_MS         (24 * 60 * BOOKING_MINUTE_MS)
#define BOOKING_SESSION_MS_MAX BOOKING_DAY_MS
#define BOOKING_WINDOW_MS_MAX  (14 * BOOKING_DAY_MS)
#define BOOKING_TIME_MS_MAX    INT64_C(7258118400000) /* 2200-01-01 */

/* Numbered as in proto. */
enum booking_audience { BOOKING_AUDIENCE_PRACTICE = 1, BOOKING_AUDIENCE_HUB = 2, BOOKING_AUDIENCE_111 = 3 };
enum booking_kind {
    BOOKING_KIND_ANY = 0, /* only in a search */
    BOOKING_KIND_IN_PERSON = 1,
    BOOKING_KIND_TELEPHONE = 2,
    BOOKING_KIND_VIDEO = 3,
};
enum booking_status { BOOKING_BOOKED = 1, BOOKING_CANCELLED = 2 };
enum booking_cancel_reason {
    BOOKING_CANCEL_NONE = 0, /* only where nothing was cancelled */
    BOOKING_CANCEL_PERSON = 1,
    BOOKING_CANCEL_ORGANISATION = 2,
    BOOKING_CANCEL_ENTERED_IN_ERROR = 3,
};

/* Kinds of bookers, as a policy file spells them. */
#define BOOKING_ROLE_111      "111"
#define BOOKING_ROLE_PRACTICE "practice"
#define BOOKING_ROLE_HUB      "hub"
#define BOOKING_ROLE_OPERATOR "operator"

/* "<session id>:<index>" in text. */
struct booking_slot_id {
    struct uuid session_id;
    uint32_t index;
};

struct booking_session {
    struct uuid session_id;
    char organisation[BOOKING_ORGANISATION_MAX + 1];
    char service_id[BOOKING_SERVICE_ID_MAX + 1];
    enum booking_kind kind;
    enum booking_audience audience;
    int64_t starts_at_ms;
    uint32_t slot_minutes, slot_count, capacity;
};

/* One slot as it is shown. */
struct booking_slot {
    struct booking_slot_id slot_id;
    char organisation[BOOKING_ORGANISATION_MAX + 1];
    char service_id[BOOKING_SERVICE_ID_MAX + 1];
    enum booking_kind kind;
    enum booking_audience audience;
    int64_t starts_at_ms, ends_at_ms;
    uint32_t capacity, free;
};

struct booking_person {
    char nhs_number[10 + 1]; /* ten digits or empty */
    char family_name[BOOKING_NAME_MAX + 1];
    char given_name[BOOKING_NAME_MAX + 1];
    char birth_date[10 + 1]; /* YYYY-MM-DD or empty */
    char local_id[BOOKING_LOCAL_ID_MAX + 1];
    struct uuid person_id; /* pseudonymous; zero in a request */
};

struct booking_contact {
    char phone[BOOKING_PHONE_MAX + 1];
    char note[BOOKING_NOTE_MAX + 1];
};

/* What identifies a person and how to reach them, sealed with a key of theirs (proto PersonDetails): commands, events and
 * rows carry these bytes and look at nothing in them. key_id zero: not sealed, from an entry of apply version 1. */
struct booking_sealed {
    struct uuid key_id;
    uint8_t nonce[BOOKING_NONCE_SIZE];
    uint32_t size;
    uint8_t ciphertext[BOOKING_CIPHERTEXT_MAX];
};

/* Who asked, stamped by the door (lib/host/service.h). */
struct booking_ingress {
    char system[BOOKING_SYSTEM_MAX + 1];
    char organisation[BOOKING_ASKER_ORGANISATION_MAX + 1];
    char role[BOOKING_ROLE_MAX + 1];
    char correlation_id[BOOKING_CORRELATION_MAX + 1];
    int64_t received_at_ms;
    struct uuid entity_id; /* becomes session_id, hold_id, booking_id or cancel_id */
};

/* ---- requests: what a caller asks ---- */

struct publish_request {
    struct booking_session session; /* session_id zero; in a command it is the entity id */
};
struct hold_request {
    struct booking_slot_id slot_id;
    uint32_t hold_seconds; /* 0 in a request: the service's default */
};
struct book_request {
    bool is_from_hold;
    struct booking_slot_id slot_id; /* zero when from a hold */
    struct uuid hold_id;            /* zero when directly */
    struct booking_person person;
    struct booking_contact contact;
};
struct cancel_request {
    struct uuid booking_id;
    enum booking_cancel_reason reason;
};
struct find_slots_request {
    char organisation[BOOKING_ORGANISATION_MAX + 1]; /* empty: any; at least one of the two is given */
    char service_id[BOOKING_SERVICE_ID_MAX + 1];     /* empty: any */
    enum booking_kind kind;
    int64_t from_ms, to_ms;
    bool include_full;
    uint32_t limit; /* 1 .. BOOKING_FIND_LIMIT_MAX; 0 in a request: the default */
};
struct get_booking_request {
    struct uuid booking_id;
};
struct list_person_bookings_request {
    struct booking_person person;
    bool include_past;
    int64_t from_ms;
};

/* ---- commands: accepted requests with who asked ---- */

enum booking_command_kind {
    BOOKING_COMMAND_PUBLISH = 2, /* numbered as the fields of BookingCommand */
    BOOKING_COMMAND_HOLD = 3,
    BOOKING_COMMAND_BOOK = 4,
    BOOKING_COMMAND_CANCEL = 5,
    BOOKING_COMMAND_FOLLOW = 6,
    BOOKING_COMMAND_RELINK = 7,
};
struct publish_command {
    struct booking_ingress ingress;
    struct publish_request request;
};
struct hold_command {
    struct booking_ingress ingress;
    struct hold_request request;
};
/* A book_request whose person was resolved and sealed. */
struct book_order {
    bool is_from_hold;
    struct booking_slot_id slot_id; /* zero when from a hold */
    struct uuid hold_id;            /* zero when directly */
    struct uuid person_id;          /* pseudonymous */
    struct booking_sealed sealed;
    struct uuid known_id; /* who that is in the index; zero when it was not asked or did not say */
    uint64_t known_number;
    struct uuid record_id; /* when it was asked and did not say: the local record that it is told of; else zero */
};
struct book_command {
    struct booking_ingress ingress;
    struct book_order order;
};
struct cancel_command {
    struct booking_ingress ingress;
    struct cancel_request request;
};
struct follow_command {
    struct booking_ingress ingress;
    struct follow_request request;
};
struct relink_command {
    struct booking_ingress ingress;
    struct relink_order order;
};
struct booking_command {
    enum booking_command_kind kind;
    union {
        struct publish_command publish;
        struct hold_command hold;
        struct book_command book;
        struct cancel_command cancel;
        struct follow_command follow;
        struct relink_command relink;
    };
};

/* ---- events: what happened; what one means never changes (journal.md section 2) ---- */

enum booking_event_kind {
    BOOKING_EVENT_SESSION_PUBLISHED = 1, /* numbered as the fields of BookingEvent */
    BOOKING_EVENT_SLOT_HELD = 2,
    BOOKING_EVENT_HOLD_EXPIRED = 3,
    BOOKING_EVENT_SLOT_BOOKED = 4,
    BOOKING_EVENT_BOOKING_CANCELLED = 5,
    BOOKING_EVENT_INDEX_FOLLOWED = 6,
    BOOKING_EVENT_PERSON_LINKED = 7,
    BOOKING_EVENT_PERSON_UNLINKED = 8,
    BOOKING_EVENT_PERSON_AWAITED = 9,
    BOOKING_EVENT_IDENTITY_CORRECTED = 10,
};
struct session_published {
    struct booking_session session;
    char by[BOOKING_SYSTEM_MAX + 1];
};
struct slot_held {
    struct uuid hold_id;
    struct booking_slot_id slot_id;
    int64_t starts_at_ms, expires_at_ms;
    char by[BOOKING_SYSTEM_MAX + 1];
};
struct hold_expired {
    struct uuid hold_id;
    struct booking_slot_id slot_id;
};
struct slot_booked {
    struct uuid booking_id;
    struct booking_slot_id slot_id;
    struct uuid hold_id; /* zero when booked directly */
    int64_t starts_at_ms, ends_at_ms;
    struct uuid person_id;
    struct booking_sealed sealed;
    char by[BOOKING_SYSTEM_MAX + 1];
};
struct booking_cancelled {
    struct uuid booking_id, cancel_id;
    struct booking_slot_id slot_id;
    int64_t starts_at_ms;
    struct uuid person_id;
    enum booking_cancel_reason reason;
    char by[BOOKING_SYSTEM_MAX + 1];
};
struct booking_event {
    enum booking_event_kind kind;
    union {
        struct session_published session_published;
        struct slot_held slot_held;
        struct hold_expired hold_expired;
        struct slot_booked slot_booked;
        struct booking_cancelled booking_cancelled;
        struct index_followed index_followed;
        struct person_linked person_linked;
        struct person_linked person_unlinked;
        struct person_awaited person_awaited;
        struct identity_corrected identity_corrected;
    };
};

/* ---- answers ---- */

struct booking_alternatives {
    uint32_t count;
    struct booking_slot slots[BOOKING_ALTERNATIVES_MAX]; /* nearest in time first */
};
/* Of a command: which fields count is said by its kind and outcome. */
struct booking_answer {
    struct uuid id;           /* session, hold or booking */
    struct booking_slot slot; /* of a hold or booking */
    int64_t at_ms;            /* expires_at_ms of a hold, cancelled_at_ms of a withdrawal */
    struct booking_alternatives alternatives;
};
enum booking_change_kind { BOOKING_CHANGE_HELD = 1, BOOKING_CHANGE_BOOKED = 2, BOOKING_CHANGE_CANCELLED = 3 };
struct booking_change {
    int64_t at_ms;
    enum booking_change_kind what;
    char by[BOOKING_SYSTEM_MAX + 1];
    uint64_t entry_number;
};
/* A booking as it is shown. From the rows come its person_id and, apart, the sealed details; who may open them fills in the
 * rest of person and contact. */
struct booking_view {
    struct uuid booking_id;
    struct booking_slot slot;
    struct booking_person person;
    struct uuid known_id; /* whose it is by now, for whoever is shown it: the index's person, or person_id again */
    struct booking_contact contact;
    bool is_erased; /* the details cannot be opened by anybody any more */
    enum booking_status status;
    int64_t booked_at_ms, cancelled_at_ms;
    enum booking_cancel_reason cancel_reason;
    char booked_by[BOOKING_SYSTEM_MAX + 1];
    char cancelled_by[BOOKING_SYSTEM_MAX + 1];
    uint32_t history_count;
    struct booking_change history[BOOKING_HISTORY_MAX];
};

static inline bool booking_slot_id_equal(struct booking_slot_id a, struct booking_slot_id b) {
    return uuid_equal(a.session_id, b.session_id) && a.index == b.index;
}
static inline int64_t booking_slot_start_ms(const struct booking_session *session, uint32_t index) {
    return session->starts_at_ms + (int64_t)index * session->slot_minutes * BOOKING_MINUTE_MS;
}
static inline int64_t booking_session_end_ms(const struct booking_session *session) {
    return booking_slot_start_ms(session, session->slot_count);
}
/* Equal texts in zero-padded fields; sizes may differ. */
static inline bool booking_text_equal(const char *a, const char *b) {
    return slice_equal(slice_text(a), slice_text(b));
}

#endif
