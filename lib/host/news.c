/* Two byte buffers that change places: the replica fills one under the lock, the loop reads the other without it. */
#include "lib/host/news.h"

#include "lib/base/assert.h"
#include "lib/base/buffer.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

enum { NEWS_BYTES_MAX = 8 * 1024 * 1024, NEWS_FIXED_MAX = 128 };

struct news {
    pthread_mutex_t lock;
    struct buffer filling, reading;
    bool has_commit;
    uint64_t number;
    struct position resume_at;
    _Atomic bool is_wanted;
};

static void put_bytes(struct buffer *out, struct slice bytes) {
    buffer_put_u32(out, (uint32_t)bytes.size);
    buffer_put(out, bytes.data, bytes.size);
}

static struct slice take_bytes(struct cursor *cursor) {
    uint32_t size = cursor_u32(cursor);
    return cursor_take(cursor, size);
}

void news_put_answer(struct news *news, const struct replica_answer *answer) {
    if (!atomic_load_explicit(&news->is_wanted, memory_order_acquire)) return;
    size_t size = NEWS_FIXED_MAX + answer->source.size + answer->answer.size + answer->detail.size;
    pthread_mutex_lock(&news->lock);
    struct buffer *out = &news->filling;
    if (out->size + size <= out->size_max) {
        buffer_put(out, answer->command_id.bytes, sizeof answer->command_id.bytes);
        buffer_put(out, answer->command_digest.bytes, sizeof answer->command_digest.bytes);
        buffer_put_u32(out, answer->outcome);
        buffer_put_u8(out, answer->is_repeat);
        buffer_put_u64(out, answer->number);
        put_bytes(out, answer->source);
        put_bytes(out, answer->answer);
        put_bytes(out, answer->detail);
        ASSERT(!out->is_full);
    }
    pthread_mutex_unlock(&news->lock);
}

void news_put_commit(struct news *news, uint64_t number, struct position resume_at) {
    pthread_mutex_lock(&news->lock);
    news->has_commit = true;
    news->number = number;
    news->resume_at = resume_at;
    pthread_mutex_unlock(&news->lock);
}

void news_take(struct news *news, const struct news_reader *reader) {
    pthread_mutex_lock(&news->lock);
    struct buffer full = news->filling;
    news->filling = news->reading;
    news->filling.size = 0;
    news->reading = full;
    bool has_commit = news->has_commit;
    uint64_t number = news->number;
    struct position resume_at = news->resume_at;
    news->has_commit = false;
    pthread_mutex_unlock(&news->lock);

    struct cursor cursor = cursor_over(buffer_slice(&news->reading));
    while (cursor.rest.size > 0) {
        struct replica_answer answer = {0};
        cursor_copy(&cursor, answer.command_id.bytes, sizeof answer.command_id.bytes);
        cursor_copy(&cursor, answer.command_digest.bytes, sizeof answer.command_digest.bytes);
        answer.outcome = cursor_u32(&cursor);
        answer.is_repeat = cursor_u8(&cursor) != 0;
        answer.number = cursor_u64(&cursor);
        answer.source = take_bytes(&cursor);
        answer.answer = take_bytes(&cursor);
        answer.detail = take_bytes(&cursor);
        ASSERT(!cursor.is_bad);
        reader->answered(reader->context, &answer);
    }
    if (has_commit) reader->committed(reader->context, number, resume_at);
}

void news_want_answers(struct news *news, bool is_wanted) {
    atomic_store_explicit(&news->is_wanted, is_wanted, memory_order_release);
}

struct news *news_new(void) {
    struct news *news = calloc(1, sizeof *news);
    if (news == NULL) return NULL;
    pthread_mutex_init(&news->lock, NULL);
    news->filling = buffer_over(malloc(NEWS_BYTES_MAX), NEWS_BYTES_MAX);
    news->reading = buffer_over(malloc(NEWS_BYTES_MAX), NEWS_BYTES_MAX);
    if (news->filling.data == NULL || news->reading.data == NULL) {
        news_free(news);
        return NULL;
    }
    return news;
}

void news_free(struct news *news) {
    if (news == NULL) return;
    free(news->filling.data);
    free(news->reading.data);
    pthread_mutex_destroy(&news->lock);
    free(news);
}
