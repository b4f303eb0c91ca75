/* UUIDs as text, and the time inside version 7. Pure: the random part of a new id is handed in. */
#include "lib/base/id.h"

#include "lib/base/assert.h"
#include "lib/base/text.h"

enum {
    GROUP_COUNT = 5,
    TIME_SIZE = 6, /* of a version 7 id: its first 48 bits */
};
static const struct {
    uint8_t text_at, byte_at, byte_count;
} groups[GROUP_COUNT] = {{0, 0, 4}, {9, 4, 2}, {14, 6, 2}, {19, 8, 2}, {24, 10, 6}};

bool uuid_parse(struct slice text, struct uuid *ret_id) {
    if (text.size != UUID_TEXT_SIZE) return false;
    struct uuid id;
    for (int i = 0; i < GROUP_COUNT; i++) {
        const uint8_t *group = text.data + groups[i].text_at;
        if (i > 0 && group[-1] != '-') return false;
        struct slice digits = slice_of(group, 2u * groups[i].byte_count);
        if (!text_unhex(digits, id.bytes + groups[i].byte_at, groups[i].byte_count)) return false;
    }
    *ret_id = id;
    return true;
}

void uuid_format(struct uuid id, char ret_text[UUID_TEXT_SIZE]) {
    memset(ret_text, '-', UUID_TEXT_SIZE);
    for (int i = 0; i < GROUP_COUNT; i++) {
        text_hex(id.bytes + groups[i].byte_at, groups[i].byte_count, ret_text + groups[i].text_at);
    }
}

bool uuid_is_v7(struct uuid id) {
    return (id.bytes[6] & 0xF0) == 0x70 && (id.bytes[8] & 0xC0) == 0x80;
}

int64_t uuid_v7_time_ms(struct uuid id) {
    int64_t time_ms = 0;
    for (int i = 0; i < TIME_SIZE; i++) time_ms = time_ms << 8 | id.bytes[i];
    return time_ms;
}

struct uuid uuid_v8_make(struct digest digest) {
    struct uuid id;
    _Static_assert(sizeof id.bytes == sizeof digest.bytes, "a digest fills a UUID");
    memcpy(id.bytes, digest.bytes, sizeof id.bytes);
    id.bytes[6] = (uint8_t)(0x80 | (id.bytes[6] & 0x0F));
    id.bytes[8] = (uint8_t)(0x80 | (id.bytes[8] & 0x3F));
    return id;
}

struct uuid uuid_v7_make(int64_t time_ms, const uint8_t tail[10]) {
    ASSERT(time_ms >= 0);
    ASSERT(time_ms < INT64_C(1) << 48);
    struct uuid id;
    for (int i = 0; i < TIME_SIZE; i++) id.bytes[i] = (uint8_t)(time_ms >> (8 * (TIME_SIZE - 1 - i)));
    memcpy(id.bytes + TIME_SIZE, tail, sizeof id.bytes - TIME_SIZE);
    id.bytes[6] = (uint8_t)(0x70 | (id.bytes[6] & 0x0F));
    id.bytes[8] = (uint8_t)(0x80 | (id.bytes[8] & 0x3F));
    return id;
}
