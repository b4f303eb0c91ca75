/* The rows of persons and the walks over them. Pure; a walk holds only its place, so rows may change between two
 * steps. */
#include "services/index/core/rows_index.h"

static bool next_part(const struct rows *rows, struct uuid parent_id, struct uuid after, int64_t as_of_ms,
                      struct uuid *ret_group_id);

bool person_link_get(const struct rows *rows, struct uuid group_id, int64_t as_of_ms, struct person_link *ret_link) {
    struct row_key key = group_key(group_id, GROUP_LINK);
    struct cursor cursor;
    if (!version_get(rows, &key, as_of_ms, &ret_link->since, &cursor)) return false;
    cursor_copy(&cursor, ret_link->parent_id.bytes, sizeof ret_link->parent_id.bytes);
    cursor_copy(&cursor, ret_link->merge_id.bytes, sizeof ret_link->merge_id.bytes);
    ASSERT(cursor_done(&cursor));
    return true;
}

void person_link_put(const struct rows *rows, struct uuid group_id, const struct person_link *link,
                     struct version version) {
    ASSERT(!uuid_is_zero(group_id));
    ASSERT(!uuid_equal(group_id, link->parent_id));
    struct row_value value;
    version_begin(&value, version);
    buffer_put(&value.buffer, link->parent_id.bytes, sizeof link->parent_id.bytes);
    buffer_put(&value.buffer, link->merge_id.bytes, sizeof link->merge_id.bytes);
    struct row_key key = group_key(group_id, GROUP_LINK);
    version_put(rows, &key, version, &value);
    if (uuid_is_zero(link->parent_id)) return;
    row_value_begin(&value, INDEX_ROW_VERSION);
    struct row_key part = group_key(link->parent_id, GROUP_PART);
    row_key_put(&part, group_id.bytes, sizeof group_id.bytes);
    row_put(rows, &part, &value);
}

/* Ends: only a root is ever hung into another tree (apply.c), so there is no way round. */
bool person_root(const struct rows *rows, struct uuid group_id, int64_t as_of_ms, struct uuid *ret_person_id,
                 struct person_hops *hops) {
    if (hops != NULL) memset(hops, 0, sizeof *hops);
    struct person_link link;
    if (!person_link_get(rows, group_id, as_of_ms, &link)) return false;
    while (!uuid_is_zero(link.parent_id)) {
        if (hops != NULL && hops->count < INDEX_HOPS_SHOWN_MAX) hops->ids[hops->count++] = group_id;
        group_id = link.parent_id;
        if (!person_link_get(rows, group_id, as_of_ms, &link)) return false;
    }
    *ret_person_id = group_id;
    return true;
}

struct group_walk group_walk_of(struct uuid person_id, int64_t as_of_ms) {
    ASSERT(!uuid_is_zero(person_id));
    return (struct group_walk){.person_id = person_id, .as_of_ms = as_of_ms};
}

/* Down to the first part, else to the next one beside, else beside the one above. */
bool group_walk_next(const struct rows *rows, struct group_walk *walk) {
    struct uuid none = {{0}}, at = walk->group_id;
    if (uuid_is_zero(at)) {
        walk->group_id = walk->person_id;
        return true;
    }
    if (next_part(rows, at, none, walk->as_of_ms, &walk->group_id)) return true;
    while (!uuid_equal(at, walk->person_id)) {
        struct person_link link;
        if (!person_link_get(rows, at, walk->as_of_ms, &link)) return false;
        ASSERT(!uuid_is_zero(link.parent_id));
        if (next_part(rows, link.parent_id, at, walk->as_of_ms, &walk->group_id)) return true;
        at = link.parent_id;
    }
    return false;
}

static bool next_part(const struct rows *rows, struct uuid parent_id, struct uuid after, int64_t as_of_ms,
                      struct uuid *ret_group_id) {
    struct row_key prefix = group_key(parent_id, GROUP_PART), from = prefix;
    row_key_put(&from, after.bytes, sizeof after.bytes);
    row_key_put_number(&from, 0, 1);
    struct slice tail, ignored;
    while (row_next(rows, &prefix, &from, &tail, &ignored)) {
        struct uuid group_id;
        ASSERT(tail.size == sizeof group_id.bytes);
        memcpy(group_id.bytes, tail.data, sizeof group_id.bytes);
        struct person_link link;
        bool is_part = person_link_get(rows, group_id, as_of_ms, &link) && uuid_equal(link.parent_id, parent_id);
        if (!is_part) continue;
        *ret_group_id = group_id;
        return true;
    }
    return false;
}

struct record_walk record_walk_of(struct uuid person_id, int64_t as_of_ms) {
    return (struct record_walk){.groups = group_walk_of(person_id, as_of_ms)};
}

bool record_walk_next(const struct rows *rows, struct record_walk *walk) {
    while (walk->prefix.size > 0 || group_walk_next(rows, &walk->groups)) {
        if (walk->prefix.size == 0) {
            walk->prefix = group_key(walk->groups.group_id, GROUP_EVER);
            walk->from = walk->prefix;
        }
        struct slice tail, ignored;
        while (row_next(rows, &walk->prefix, &walk->from, &tail, &ignored)) {
            ASSERT(tail.size == sizeof walk->record_id.bytes);
            memcpy(walk->record_id.bytes, tail.data, sizeof walk->record_id.bytes);
            struct uuid group_id;
            bool is_in = record_group_get(rows, walk->record_id, walk->groups.as_of_ms, &group_id) &&
                         uuid_equal(group_id, walk->groups.group_id);
            if (is_in) return true;
        }
        walk->prefix.size = 0;
    }
    return false;
}

/* ---- flags ---- */

static struct row_key flag_key(struct uuid group_id, enum index_flag flag) {
    struct row_key key = group_key(group_id, GROUP_FLAG);
    row_key_put_number(&key, (uint64_t)flag, 1);
    return key;
}

static bool group_has_flag(const struct rows *rows, struct uuid group_id, enum index_flag flag, int64_t as_of_ms) {
    struct row_key key = flag_key(group_id, flag);
    struct cursor cursor;
    struct version version;
    return version_get(rows, &key, as_of_ms, &version, &cursor) && cursor_u8(&cursor) != 0;
}

bool person_has_flag(const struct rows *rows, struct uuid person_id, enum index_flag flag, int64_t as_of_ms) {
    struct group_walk walk = group_walk_of(person_id, as_of_ms);
    while (group_walk_next(rows, &walk)) {
        if (group_has_flag(rows, walk.group_id, flag, as_of_ms)) return true;
    }
    return false;
}

void person_flag_put(const struct rows *rows, struct uuid person_id, enum index_flag flag, bool is_set,
                     struct version version) {
    struct group_walk walk = group_walk_of(person_id, INDEX_NOW);
    while (group_walk_next(rows, &walk)) {
        bool is_changed =
            is_set ? uuid_equal(walk.group_id, person_id) : group_has_flag(rows, walk.group_id, flag, INDEX_NOW);
        if (!is_changed) continue;
        struct row_value value;
        version_begin(&value, version);
        buffer_put_u8(&value.buffer, is_set);
        struct row_key key = flag_key(walk.group_id, flag);
        version_put(rows, &key, version, &value);
    }
}

/* ---- relationships ---- */

void relation_put(const struct rows *rows, struct uuid person_id, const struct index_relationship *relationship,
                  struct version version) {
    struct row_key key = group_key(person_id, GROUP_RELATION);
    row_key_put_number(&key, (uint64_t)relationship->kind, 1);
    row_key_put_text(&key, relationship->organisation);
    row_key_put(&key, relationship->other_person_id.bytes, sizeof relationship->other_person_id.bytes);
    struct row_value value;
    version_begin(&value, version);
    row_put_text(&value.buffer, relationship->from_date);
    row_put_text(&value.buffer, relationship->until_date);
    version_put(rows, &key, version, &value);
}

struct relation_scan relation_scan_of(struct uuid group_id) {
    struct relation_scan scan = {.prefix = group_key(group_id, GROUP_RELATION)};
    scan.from = scan.prefix;
    return scan;
}

bool relation_scan_next(const struct rows *rows, struct relation_scan *scan, int64_t as_of_ms,
                        struct index_relationship *ret_relationship) {
    struct slice tail, ignored;
    while (row_next(rows, &scan->prefix, &scan->from, &tail, &ignored)) {
        struct index_relationship found;
        memset(&found, 0, sizeof found);
        struct cursor key_cursor = cursor_over(tail);
        found.kind = (enum index_relation_kind)cursor_u8(&key_cursor);
        row_take_text(&key_cursor, found.organisation, sizeof found.organisation);
        cursor_copy(&key_cursor, found.other_person_id.bytes, sizeof found.other_person_id.bytes);
        ASSERT(!key_cursor.is_bad);
        struct row_key key = scan->prefix;
        row_key_put(&key, tail.data, tail.size - sizeof(uint64_t));
        /* Past all versions of this one, whichever of them counts. */
        scan->from = key;
        row_key_put_number(&scan->from, UINT64_MAX, 8);
        row_key_put_number(&scan->from, 0, 1);
        struct cursor cursor;
        struct version version;
        if (!version_get(rows, &key, as_of_ms, &version, &cursor)) continue;
        row_take_text(&cursor, found.from_date, sizeof found.from_date);
        row_take_text(&cursor, found.until_date, sizeof found.until_date);
        ASSERT(cursor_done(&cursor));
        *ret_relationship = found;
        return true;
    }
    return false;
}
