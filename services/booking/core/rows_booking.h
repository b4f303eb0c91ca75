/* Booking's rows: keys, layouts and the scans over them. Every value starts with its version; a new layout is a rebuild of
 * the store, so a row that does not read is a bug or a broken store, never an answer. Keys begin with ids that rise with
 * time, or lie beside their neighbours, so that a command dirties few pages (reliability.md section 6).
 *
 *   table             key                                                         value
 *   SESSION           session id                                                  the session
 *   BY_SERVICE        service, start, session id                                  -
 *   BY_ORGANISATION   organisation, service, start, session id                    -
 *   SLOT              session id, index                                           booked count, holds; no row: wholly free
 *   HOLD              hold id                                                     slot, expiry, who holds it
 *   BOOKING           booking id                                                  all of it, with the sealed details
 *   PERSON            person id, booked or cancelled, start, booking id           end
 *   the tables of rows_person.h follow
 *
 * Pure; used inside the transaction whose rows are handed in. */
#ifndef BHR_BOOKING_CORE_ROWS_BOOKING_H
#define BHR_BOOKING_CORE_ROWS_BOOKING_H

#include "lib/base/rows.h"
#include "services/booking/core/booking.h"
#include "lib/base/row_key.h"

enum booking_table {
    BOOKING_TABLE_SESSION = ROWS_TABLE_SERVICE,
    BOOKING_TABLE_BY_SERVICE,
    BOOKING_TABLE_BY_ORGANISATION,
    BOOKING_TABLE_SLOT,
    BOOKING_TABLE_HOLD,
    BOOKING_TABLE_BOOKING,
    BOOKING_TABLE_PERSON,
    BOOKING_TABLE_LINK,
    BOOKING_TABLE_KIN,
    BOOKING_TABLE_RECORD,
    BOOKING_TABLE_AWAITED,
    BOOKING_TABLE_AWAITED_OF,
    BOOKING_TABLE_SOURCE,
};

/* ---- sessions ---- */

enum { ROW_VERSION = 2 };

bool session_row_get(const struct rows *rows, struct uuid session_id, struct booking_session *ret_session);
/* The session and its two index rows. */
void session_row_put(const struct rows *rows, const struct booking_session *session);

/* Key of an index row; organisation "" for BY_SERVICE. */
struct row_key session_index_key(const char *organisation, const struct booking_session *session);

/* Sessions of one service, or of one organisation and service, in order of start; those that start in
 * [from_ms, until_ms). */
struct session_scan {
    struct row_key prefix, from;
    int64_t until_ms;
};
/* organisation "" scans the whole service. */
void session_scan_begin(struct session_scan *scan, const char *organisation, const char *service_id, int64_t from_ms,
                        int64_t until_ms);
bool session_scan_next(const struct rows *rows, struct session_scan *scan, struct uuid *ret_session_id,
                       int64_t *ret_starts_at_ms);
/* Services of an organisation in byte order: the first one after *service_id ("" for the very first), written back there. */
bool organisation_service_next(const struct rows *rows, const char *organisation,
                               char service_id[BOOKING_SERVICE_ID_MAX + 1]);

/* ---- slots ---- */

struct slot_row {
    uint32_t booked;
    uint32_t hold_count;
    struct slot_row_hold {
        struct uuid hold_id;
        int64_t expires_at_ms;
    } holds[BOOKING_CAPACITY_MAX];
};
/* All zeros when there is no row. */
void slot_row_get(const struct rows *rows, struct booking_slot_id slot_id, struct slot_row *ret_row);
void slot_row_read(struct slice bytes, struct slot_row *ret_row);
/* Removes the row when the slot is wholly free. */
void slot_row_put(const struct rows *rows, struct booking_slot_id slot_id, const struct slot_row *row);
/* Holds whose expiry is still to come: a past one counts as expired whether or not its timer has fired. */
uint32_t slot_row_live_holds(const struct slot_row *row, int64_t now_ms);
/* Drops holds that are past their expiry, and the one named (zero: none). */
void slot_row_drop_holds(struct slot_row *row, int64_t now_ms, struct uuid hold_id);

/* The slots of one session in order, without a look-up per slot: rows exist only where a place is taken. */
struct slot_scan {
    struct uuid session_id;
    bool is_at_end;
    bool is_loaded;
    uint32_t loaded_index;
    struct slot_row loaded;
};
void slot_scan_begin(struct slot_scan *scan, struct uuid session_id);
/* index must rise from call to call. */
void slot_scan_get(const struct rows *rows, struct slot_scan *scan, uint32_t index, struct slot_row *ret_row);

/* What a slot looks like now; free counts places neither booked nor held. */
void slot_view(const struct booking_session *session, uint32_t index, const struct slot_row *row, int64_t now_ms,
               struct booking_slot *ret_slot);

/* ---- holds ---- */

struct hold_row {
    struct booking_slot_id slot_id;
    int64_t held_at_ms, expires_at_ms;
    uint64_t entry_number;
    char by[BOOKING_SYSTEM_MAX + 1];
};
bool hold_row_get(const struct rows *rows, struct uuid hold_id, struct hold_row *ret_row);
void hold_row_put(const struct rows *rows, struct uuid hold_id, const struct hold_row *row);
void hold_row_del(const struct rows *rows, struct uuid hold_id);

/* ---- bookings ---- */

struct booking_row {
    struct booking_slot_id slot_id;
    int64_t starts_at_ms, ends_at_ms;
    enum booking_status status;
    enum booking_cancel_reason cancel_reason;
    struct uuid cancel_id;
    int64_t held_at_ms, booked_at_ms, cancelled_at_ms; /* held and cancelled: 0 when it never was */
    uint64_t held_number, booked_number, cancelled_number;
    char booked_by[BOOKING_SYSTEM_MAX + 1]; /* who held it, too: a hold is booked by its holder only */
    char cancelled_by[BOOKING_SYSTEM_MAX + 1];
    struct uuid person_id;
    struct booking_sealed sealed;
};
bool booking_row_get(const struct rows *rows, struct uuid booking_id, struct booking_row *ret_row);
void booking_row_put(const struct rows *rows, struct uuid booking_id, const struct booking_row *row);

/* ---- bookings of a person ---- */

struct person_row {
    int64_t starts_at_ms, ends_at_ms;
    struct uuid booking_id;
};
void person_row_put(const struct rows *rows, struct uuid person_id, enum booking_status status,
                    const struct person_row *row);
void person_row_del(const struct rows *rows, struct uuid person_id, enum booking_status status,
                    const struct person_row *row);
/* In order of start, from the first that starts at or after from_ms. */
struct person_scan {
    struct row_key prefix, from;
};
void person_scan_begin(struct person_scan *scan, struct uuid person_id, enum booking_status status, int64_t from_ms);
bool person_scan_next(const struct rows *rows, struct person_scan *scan, struct person_row *ret_row);

#endif
