/* The index's rows: keys, layouts and walks. Every value starts with its version; a new layout is a rebuild of the
 * store.
 *
 * A person is a tree of groups. Every group began with a record, or with one that was taken out of another, and has
 * an id for ever. A merge hangs one tree into another by its root, an unmerge cuts it off again: no record moves, so
 * that nothing has to be put back, and what came in since stays where it came in. What may change is kept in
 * versions, newest first, none ever overwritten: "as of" is the newest version that is not younger than that, and
 * now is as of INDEX_NOW.
 *
 *   table          key                                  value
 *   RECORD         record id, what of it, and then for
 *     SAID         newest entry first                   where it is from, hash, status, sealed details: a version
 *     WAS          newest entry first                   the group it is in: a version
 *   GROUP          group id, what of it, and then for
 *     LINK         newest entry first                   the group it hangs in and by which merge, or none: a version
 *     FLAG         flag, newest entry first             set or not: a version
 *     PART         group id                             -            every group that ever hung in it
 *     EVER         record id                            -            every record that was ever in it
 *     RELATION     kind, other side, newest first       dates: a version
 *     CONSENT      purpose, newest entry first          decision, dates, by whom: a version
 *     PREFERENCES  newest entry first                   sealed, and under which id: a version
 *     PAIR_OF      group id                             pair id      both ways round
 *     HISTORY      entry, what                          when, by whom, which record, which other person
 *   BY_NHS         hash of NHS number, record id        -            every record that ever had it
 *   MERGE          merge id                             who, from when until when, state
 *   PAIR           pair id                              two persons, evidence, state
 *   OPEN_PAIR      found at, pair id                    -
 *   CHANGED        entry, record id                     -            the last ones: who follows reads here
 *   BOARD          organisation, source                 counts
 *   ORGANISATION   code                                 all of it
 *   SERVICE        service id                           all of it
 *   PRACTITIONER   SDS user id                          all of it
 *   REGISTERED     body, number                         SDS user id of whose it is
 *
 * What is known of a record lies together, and what is known of a group: a look-up among millions waits for the pages that
 * it touches, so it should touch few.
 *
 * Pure; used inside the transaction whose rows are handed in. */
#ifndef BHR_INDEX_CORE_ROWS_INDEX_H
#define BHR_INDEX_CORE_ROWS_INDEX_H

#include "lib/base/row_key.h"
#include "lib/base/rows.h"
#include "services/index/core/index_answer.h"

enum index_table {
    INDEX_TABLE_RECORD = ROWS_TABLE_SERVICE,
    INDEX_TABLE_GROUP,
    INDEX_TABLE_BY_NHS,
    INDEX_TABLE_MERGE,
    INDEX_TABLE_PAIR,
    INDEX_TABLE_OPEN_PAIR,
    INDEX_TABLE_CHANGED,
    INDEX_TABLE_BOARD,
    INDEX_TABLE_ORGANISATION,
    INDEX_TABLE_SERVICE,
    INDEX_TABLE_PRACTITIONER,
    INDEX_TABLE_REGISTERED,
};
/* What a look-up asks for comes first. */
enum record_part { RECORD_SAID, RECORD_WAS };
enum group_part {
    GROUP_LINK,
    GROUP_FLAG,
    GROUP_PART,
    GROUP_EVER,
    GROUP_RELATION,
    GROUP_CONSENT,
    GROUP_PREFERENCES,
    GROUP_PAIR_OF,
    GROUP_HISTORY,
};
enum { INDEX_ROW_VERSION = 1 };

static inline struct row_key record_key(struct uuid record_id, enum record_part part) {
    struct row_key key = row_key_of_id(INDEX_TABLE_RECORD, record_id);
    row_key_put_number(&key, (uint64_t)part, 1);
    return key;
}
static inline struct row_key group_key(struct uuid group_id, enum group_part part) {
    struct row_key key = row_key_of_id(INDEX_TABLE_GROUP, group_id);
    row_key_put_number(&key, (uint64_t)part, 1);
    return key;
}

/* When and by which entry something became so. */
struct version {
    int64_t at_ms;
    uint64_t number;
};
/* The newest version under the key (without its entry) that is not younger than as_of_ms; the cursor is past the
 * time. */
bool version_get(const struct rows *rows, const struct row_key *key, int64_t as_of_ms, struct version *ret_version,
                 struct cursor *ret_cursor);
/* The next one under the key that is not younger, from the newest on: *from is the key at first. */
bool version_next(const struct rows *rows, const struct row_key *key, struct row_key *from, int64_t as_of_ms,
                  struct version *ret_version, struct cursor *ret_cursor);
/* Begins the value with the time; version_put writes it. */
void version_begin(struct row_value *value, struct version version);
void version_put(const struct rows *rows, const struct row_key *key, struct version version,
                 const struct row_value *value);

/* Sealed bytes in a value; back into a zeroed struct. */
void sealed_put(struct buffer *buffer, const struct index_sealed *sealed);
void sealed_take(struct cursor *cursor, struct index_sealed *ret_sealed);

/* ---- records (rows_record.c) ---- */

struct record_row {
    char organisation[INDEX_ORGANISATION_MAX + 1];
    char source[INDEX_SOURCE_MAX + 1];
    struct index_hash nhs_hash;
    enum index_nhs_status nhs_number_status;
    uint32_t fields;
    struct index_sealed sealed;
    struct version version;
};
bool record_row_get(const struct rows *rows, struct uuid record_id, int64_t as_of_ms, struct record_row *ret_row);
/* With its row in BY_NHS. */
void record_row_put(const struct rows *rows, struct uuid record_id, const struct record_row *row);
static inline bool record_is_verified(const struct record_row *row) {
    return row->nhs_number_status == INDEX_NHS_VERIFIED && !index_hash_is_zero(row->nhs_hash);
}
bool record_group_get(const struct rows *rows, struct uuid record_id, int64_t as_of_ms, struct uuid *ret_group_id);
void record_group_put(const struct rows *rows, struct uuid record_id, struct uuid group_id, struct version version);
/* Records that ever had the number: the first one after *record_id (zero: the very first), written back there. */
bool record_by_nhs_next(const struct rows *rows, struct index_hash nhs_hash, struct uuid *record_id);

/* Which records changed last, in order; from entry `from.number` on, past its record. Rows are kept for
 * CHANGED_ENTRIES. */
enum { CHANGED_ENTRIES = 65536 };
struct changed {
    uint64_t number;
    struct uuid record_id;
};
void changed_put(const struct rows *rows, struct changed changed);
bool changed_next(const struct rows *rows, struct changed *from);
/* Every record's id: the first one after *record_id (zero: the very first), written back there. */
bool record_next(const struct rows *rows, struct uuid *record_id);

/* ---- persons (rows_person.c) ---- */

struct person_link {
    struct uuid parent_id, merge_id; /* zero: it is a person by itself */
    struct version since;            /* told by get only */
};
bool person_link_get(const struct rows *rows, struct uuid group_id, int64_t as_of_ms, struct person_link *ret_link);
void person_link_put(const struct rows *rows, struct uuid group_id, const struct person_link *link,
                     struct version version);
/* The person that the group is of. False when the group was not there then. hops, which may be NULL, takes the ids
 * on the way there, the asked one first and the found one not; of more than INDEX_HOPS_SHOWN_MAX the first. */
struct person_hops {
    uint32_t count;
    struct uuid ids[INDEX_HOPS_SHOWN_MAX];
};
bool person_root(const struct rows *rows, struct uuid group_id, int64_t as_of_ms, struct uuid *ret_person_id,
                 struct person_hops *hops);

/* All groups of a person, itself first; all records of a person. */
struct group_walk {
    struct uuid person_id, group_id; /* group_id zero: not begun */
    int64_t as_of_ms;
};
struct group_walk group_walk_of(struct uuid person_id, int64_t as_of_ms);
bool group_walk_next(const struct rows *rows, struct group_walk *walk);
struct record_walk {
    struct group_walk groups;
    struct row_key prefix, from; /* size 0: between groups */
    struct uuid record_id;
};
struct record_walk record_walk_of(struct uuid person_id, int64_t as_of_ms);
bool record_walk_next(const struct rows *rows, struct record_walk *walk);

bool person_has_flag(const struct rows *rows, struct uuid person_id, enum index_flag flag, int64_t as_of_ms);
/* Setting marks the person; clearing clears every group of theirs. */
void person_flag_put(const struct rows *rows, struct uuid person_id, enum index_flag flag, bool is_set,
                     struct version version);

void relation_put(const struct rows *rows, struct uuid person_id, const struct index_relationship *relationship,
                  struct version version);
/* The first one of a group after *relationship (kind 0: the very first), written back there as it was then. */
struct relation_scan {
    struct row_key prefix, from;
};
struct relation_scan relation_scan_of(struct uuid group_id);
bool relation_scan_next(const struct rows *rows, struct relation_scan *scan, int64_t as_of_ms,
                        struct index_relationship *ret_relationship);

enum change_kind {
    CHANGE_REGISTERED = 1,
    CHANGE_UPDATED,
    CHANGE_LINKED,
    CHANGE_UNLINKED,
    CHANGE_MERGED,
    CHANGE_UNMERGED,
    CHANGE_FLAGGED,
    CHANGE_RELATED,
    CHANGE_SUSPECTED,
    CHANGE_DECIDED,
    CHANGE_CONSENTED,
    CHANGE_PREFERRED,
};
void history_put(const struct rows *rows, struct uuid group_id, enum change_kind what,
                 const struct index_change *change);
/* In order of entries; the first one after *from (entry 0: the very first). */
struct history_scan {
    struct row_key prefix, from;
};
struct history_scan history_scan_of(struct uuid group_id);
bool history_scan_next(const struct rows *rows, struct history_scan *scan, struct index_change *ret_change);

/* ---- consents and preferences (rows_consent.c) ---- */

struct consent_row {
    struct index_consent consent;
    char by[INDEX_SYSTEM_MAX + 1];
    struct version version;
};
void consent_row_put(const struct rows *rows, struct uuid group_id, const struct consent_row *row);
/* What was said under the group's own id and is in force that day: the newest that has the day in it. */
bool consent_row_on(const struct rows *rows, struct uuid group_id, enum index_purpose purpose, const char *on_date,
                    int64_t as_of_ms, struct consent_row *ret_row);

struct preferences_row {
    struct uuid sealed_for_id;
    struct index_sealed sealed;
    struct version version;
};
void preferences_row_put(const struct rows *rows, struct uuid group_id, const struct preferences_row *row);
bool preferences_row_get(const struct rows *rows, struct uuid group_id, int64_t as_of_ms,
                         struct preferences_row *ret_row);

/* ---- merges and pairs (rows_work.c) ---- */

enum merge_state { MERGE_WAITING = 1, MERGE_DONE = 2, MERGE_UNDONE = 3 };
struct merge_row {
    struct uuid survivor_id, other_id;
    enum merge_state state;
    int64_t from_ms, until_ms;
    char by[INDEX_SYSTEM_MAX + 1], approved_by[INDEX_SYSTEM_MAX + 1];
};
bool merge_row_get(const struct rows *rows, struct uuid merge_id, struct merge_row *ret_row);
void merge_row_put(const struct rows *rows, struct uuid merge_id, const struct merge_row *row);

enum pair_state { PAIR_OPEN = 1, PAIR_SAME = 2, PAIR_DIFFERENT = 3 };
struct pair_row {
    struct index_pair pair; /* pair_id is the key's */
    enum pair_state state;
    char decided_by[INDEX_SYSTEM_MAX + 1];
};
bool pair_row_get(const struct rows *rows, struct uuid pair_id, struct pair_row *ret_row);
/* With its rows in OPEN_PAIR and PAIR_OF. */
void pair_row_put(const struct rows *rows, struct uuid pair_id, const struct pair_row *row);
/* Pairs of a group: the first one after *other_id (zero: the very first), written back there. */
bool pair_of_next(const struct rows *rows, struct uuid group_id, struct uuid *other_id, struct uuid *ret_pair_id);
struct open_pair_scan {
    struct row_key prefix, from;
};
struct open_pair_scan open_pair_scan_begin(void);
bool open_pair_scan_next(const struct rows *rows, struct open_pair_scan *scan, struct pair_row *ret_row);

/* ---- directory and board (rows_directory.c, rows_practitioner.c) ---- */

bool organisation_row_get(const struct rows *rows, const char *code, struct index_organisation *ret_organisation);
void organisation_row_put(const struct rows *rows, const struct index_organisation *organisation);
bool service_row_get(const struct rows *rows, const char *service_id, struct index_service *ret_service);
void service_row_put(const struct rows *rows, const struct index_service *service);
struct directory_scan {
    struct row_key prefix, from;
};
struct directory_scan service_scan_begin(void);
bool service_scan_next(const struct rows *rows, struct directory_scan *scan, struct index_service *ret_service);
/* By SDS user id, and whose a registration is. */
bool practitioner_row_get(const struct rows *rows, const char *practitioner_id,
                          struct index_practitioner *ret_practitioner);
bool practitioner_of_registration(const struct rows *rows, const struct index_registration *registration,
                                  char ret_practitioner_id[INDEX_PRACTITIONER_ID_MAX + 1]);
/* With its rows in REGISTERED; numbers that it had and has no more are free again. */
void practitioner_row_put(const struct rows *rows, const struct index_practitioner *practitioner);
void board_row_get(const struct rows *rows, const char *organisation, const char *source,
                   struct index_board_row *ret_row);
void board_row_put(const struct rows *rows, const struct index_board_row *row);
struct directory_scan board_scan_begin(void);
bool board_scan_next(const struct rows *rows, struct directory_scan *scan, struct index_board_row *ret_row);

#endif
