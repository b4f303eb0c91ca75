/* Bytes of the meta row: a format number, then fixed fields in order. Pure. */
#include "lib/host/replica_meta.h"

#include "lib/base/assert.h"
#include "lib/base/buffer.h"

enum { META_FORMAT = 1, META_SIZE_MAX = 512 };

static struct slice meta_key(void) {
    static const uint8_t key[] = {ROWS_TABLE_META, 's', 't', 'a', 't', 'e'};
    return slice_of(key, sizeof key);
}

enum meta_found replica_meta_read(const struct rows *rows, struct replica_meta *ret_meta) {
    struct slice value;
    if (!rows_get(rows, meta_key(), &value)) return META_ABSENT;
    struct cursor cursor = cursor_over(value);
    if (cursor_u8(&cursor) != META_FORMAT) return META_UNREADABLE;
    struct replica_meta meta = {0};
    meta.apply_version = cursor_u32(&cursor);
    cursor_copy(&cursor, meta.identity.bytes, sizeof meta.identity.bytes);
    uint8_t cluster_size = cursor_u8(&cursor);
    struct slice cluster = cursor_take(&cursor, cluster_size);
    if (cluster.size > 0 && !journal_name_set(&meta.cluster_id, cluster)) return META_UNREADABLE;
    meta.applied = (int64_t)cursor_u64(&cursor);
    cursor_copy(&cursor, meta.anchor.bytes, sizeof meta.anchor.bytes);
    struct slice state = cursor_take(&cursor, JOURNAL_STATE_SIZE);
    if (!cursor_done(&cursor) || !journal_state_read(state, &meta.journal)) return META_UNREADABLE;
    *ret_meta = meta;
    return META_FOUND;
}

void replica_meta_write(const struct rows *rows, const struct replica_meta *meta) {
    uint8_t memory[META_SIZE_MAX];
    struct buffer out = buffer_over(memory, sizeof memory);
    buffer_put_u8(&out, META_FORMAT);
    buffer_put_u32(&out, meta->apply_version);
    buffer_put(&out, meta->identity.bytes, sizeof meta->identity.bytes);
    buffer_put_u8(&out, meta->cluster_id.size);
    buffer_put(&out, meta->cluster_id.text, meta->cluster_id.size);
    buffer_put_u64(&out, (uint64_t)meta->applied);
    buffer_put(&out, meta->anchor.bytes, sizeof meta->anchor.bytes);
    uint8_t state[JOURNAL_STATE_SIZE];
    journal_state_write(&meta->journal, state);
    buffer_put(&out, state, sizeof state);
    ASSERT(!out.is_full);
    rows_put(rows, meta_key(), buffer_slice(&out));
}

struct digest replica_anchor(struct digest (*hash)(struct slice, struct slice), const struct logged *logged) {
    uint8_t place[16];
    struct buffer out = buffer_over(place, sizeof place);
    buffer_put_u64(&out, (uint64_t)logged->offset);
    buffer_put_u64(&out, (uint64_t)logged->timestamp_ms);
    return hash(buffer_slice(&out), logged->value);
}

struct digest replica_identity_digest(struct digest (*hash)(struct slice, struct slice),
                                      const struct journal_identity *identity) {
    uint8_t memory[3 * (JOURNAL_NAME_MAX + 1)];
    struct buffer out = buffer_over(memory, sizeof memory);
    const struct journal_name *names[] = {&identity->environment, &identity->service, &identity->locality};
    for (size_t i = 0; i < 3; i++) {
        buffer_put_u8(&out, names[i]->size);
        buffer_put(&out, names[i]->text, names[i]->size);
    }
    ASSERT(!out.is_full);
    return hash(buffer_slice(&out), slice_of(NULL, 0));
}
