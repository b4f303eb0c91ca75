/* Booking's rows about who pseudonyms are. A link leads from a pseudonym to the index's person, and from a person who was
 * merged to the survivor, so persons are trees, as in the index: nothing moves with a merge, and taking it back cuts the
 * tree where it was joined. A pseudonym has no links that lead to it.
 *
 *   table        key                        value
 *   LINK         person id                  parent, merge, number of the index's journal
 *   KIN          parent, person id          -
 *   RECORD       record id                  the pseudonym that it is the local record of
 *   AWAITED      entry number               pseudonym, record, a booking that has its details
 *   AWAITED_OF   person id                  entry number
 *   SOURCE       -                          how far the index was followed
 *
 * Pure; used inside the transaction whose rows are handed in. */
#ifndef BHR_BOOKING_CORE_ROWS_PERSON_H
#define BHR_BOOKING_CORE_ROWS_PERSON_H

#include "services/booking/core/rows_booking.h"

/* ---- links ---- */

struct link_row {
    struct uuid parent_id, merge_id; /* merge zero: by a look-up or a record */
    uint64_t number;
};
bool link_row_get(const struct rows *rows, struct uuid person_id, struct link_row *ret_row);
/* The link and its way back, instead of the one there was. */
void link_row_put(const struct rows *rows, struct uuid person_id, const struct link_row *row);
void link_row_del(const struct rows *rows, struct uuid person_id);

/* Whose the id is by now: the end of its links, or itself. */
struct uuid link_root(const struct rows *rows, struct uuid person_id);
/* Whether a link to parent_id would lead back. */
bool link_would_loop(const struct rows *rows, struct uuid person_id, struct uuid parent_id);

/* Every id of one person: the root, then what leads to it. Keeps one place only, however many there are. */
struct kin_walk {
    struct uuid root_id, at;
    bool is_begun;
};
struct kin_walk kin_walk_of(struct uuid root_id);
bool kin_walk_next(const struct rows *rows, struct kin_walk *walk);

/* ---- local records, and who is awaited ---- */

bool local_record_get(const struct rows *rows, struct uuid record_id, struct uuid *ret_person_id);
void local_record_put(const struct rows *rows, struct uuid record_id, struct uuid person_id);

struct awaited_row {
    struct uuid person_id, record_id, booking_id;
};
bool awaited_row_get(const struct rows *rows, struct uuid person_id, struct awaited_row *ret_row);
/* The first one after the entry *number, which is moved there. */
bool awaited_row_next(const struct rows *rows, uint64_t *number, struct awaited_row *ret_row);
void awaited_row_put(const struct rows *rows, uint64_t number, const struct awaited_row *row);
void awaited_row_del(const struct rows *rows, struct uuid person_id);

/* ---- how far the index was followed ---- */

/* False, and offset -1: not at all. */
bool source_row_get(const struct rows *rows, struct index_followed *ret_followed);
void source_row_put(const struct rows *rows, const struct index_followed *followed);

#endif
