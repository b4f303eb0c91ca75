/* Lists keys with a prefix and their values over a connection of its own. It owns that connection and the list of keys
 * for the length of the call; any thread may call it, and it blocks. No service does: it is for the command line. */
#include "lib/port/redis/redis_presence.h"

#include "lib/base/assert.h"

#include <hiredis/hiredis.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { PATTERN_MAX = 2 * REDIS_PRESENCE_KEY_SIZE_MAX + 2, CURSOR_MAX = 24 };

struct listing {
    redisContext *redis;
    int64_t until_ms;
    char (*keys)[REDIS_PRESENCE_KEY_SIZE_MAX + 1];
    size_t count;
};

static enum status collect(struct listing *listing, const char *prefix, struct error *reterr_error);
static enum status take_page(struct listing *listing, const redisReply *page, char ret_cursor[CURSOR_MAX],
                             struct error *reterr_error);
static enum status show(struct listing *listing, redis_presence_function each, void *context,
                        struct error *reterr_error);
static redisReply *ask(struct listing *listing, enum status *ret_status, struct error *reterr_error,
                       const char *command, const char *first, const char *second);
static void escape_pattern(const char *prefix, char ret_pattern[PATTERN_MAX]);
static int by_text(const void *a, const void *b);
static struct timeval left_until(int64_t until_ms);
static int64_t now_ms(void);

enum status redis_presence_list(const char *socket_path, const char *prefix, int timeout_ms,
                                redis_presence_function each, void *context, struct error *reterr_error) {
    ASSERT(socket_path != NULL && prefix != NULL && each != NULL);
    ASSERT(timeout_ms > 0 && strlen(prefix) <= REDIS_PRESENCE_KEY_SIZE_MAX);
    struct listing listing = {.until_ms = now_ms() + timeout_ms};
    listing.keys = calloc(REDIS_PRESENCE_KEYS_MAX, sizeof *listing.keys);
    if (listing.keys == NULL) return error_set(reterr_error, STATUS_NO_MEMORY, "no memory to list what Redis holds");
    enum status status = STATUS_OK;
    listing.redis = redisConnectUnixWithTimeout(socket_path, left_until(listing.until_ms));
    if (listing.redis == NULL || listing.redis->err != 0) {
        status = error_set(reterr_error, STATUS_UNAVAILABLE, "Redis at %s: %s", socket_path,
                           listing.redis == NULL ? "no memory" : listing.redis->errstr);
    }
    if (status == STATUS_OK) status = collect(&listing, prefix, reterr_error);
    if (status == STATUS_OK) status = show(&listing, each, context, reterr_error);
    if (listing.redis != NULL) redisFree(listing.redis);
    free(listing.keys);
    return status;
}

static enum status collect(struct listing *listing, const char *prefix, struct error *reterr_error) {
    char pattern[PATTERN_MAX], cursor[CURSOR_MAX] = "0";
    escape_pattern(prefix, pattern);
    enum status status = STATUS_OK;
    do {
        redisReply *page = ask(listing, &status, reterr_error, "SCAN %s MATCH %s COUNT 500", cursor, pattern);
        if (page == NULL) return status;
        status = take_page(listing, page, cursor, reterr_error);
        freeReplyObject(page);
    } while (status == STATUS_OK && strcmp(cursor, "0") != 0);
    if (status != STATUS_OK) return status;
    /* A key may come twice while Redis rearranges its table. */
    qsort(listing->keys, listing->count, sizeof *listing->keys, by_text);
    size_t kept = 0;
    for (size_t i = 0; i < listing->count; i++) {
        if (kept > 0 && strcmp(listing->keys[i], listing->keys[kept - 1]) == 0) continue;
        if (kept != i) memcpy(listing->keys[kept], listing->keys[i], sizeof *listing->keys);
        kept++;
    }
    listing->count = kept;
    return STATUS_OK;
}

/* A page is [cursor, [key, ...]]. */
static enum status take_page(struct listing *listing, const redisReply *page, char ret_cursor[CURSOR_MAX],
                             struct error *reterr_error) {
    if (page->type != REDIS_REPLY_ARRAY || page->elements != 2 || page->element[0]->type != REDIS_REPLY_STRING ||
        page->element[0]->len >= CURSOR_MAX || page->element[1]->type != REDIS_REPLY_ARRAY) {
        return error_set(reterr_error, STATUS_INVALID, "Redis answered SCAN in a way that is not understood");
    }
    memcpy(ret_cursor, page->element[0]->str, page->element[0]->len + 1);
    const redisReply *keys = page->element[1];
    for (size_t i = 0; i < keys->elements; i++) {
        const redisReply *key = keys->element[i];
        /* Keys of other makers: too long, or with a NUL. */
        if (key->type != REDIS_REPLY_STRING || key->len > REDIS_PRESENCE_KEY_SIZE_MAX || strlen(key->str) != key->len) {
            continue;
        }
        if (listing->count == REDIS_PRESENCE_KEYS_MAX) {
            return error_set(reterr_error, STATUS_FULL, "Redis holds more than %d such keys", REDIS_PRESENCE_KEYS_MAX);
        }
        memcpy(listing->keys[listing->count++], key->str, key->len + 1);
    }
    return STATUS_OK;
}

static enum status show(struct listing *listing, redis_presence_function each, void *context,
                        struct error *reterr_error) {
    for (size_t i = 0; i < listing->count; i++) {
        enum status status = STATUS_OK;
        redisReply *value = ask(listing, &status, reterr_error, "GET %s", listing->keys[i], NULL);
        if (value == NULL) return status;
        /* Anything else has expired in between. */
        if (value->type == REDIS_REPLY_STRING)
            each(context, slice_text(listing->keys[i]), slice_of(value->str, value->len));
        freeReplyObject(value);
    }
    return STATUS_OK;
}

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
static redisReply *ask(struct listing *listing, enum status *ret_status, struct error *reterr_error,
                       const char *command, const char *first, const char *second) {
    struct timeval left = left_until(listing->until_ms);
    redisReply *reply = NULL;
    if (left.tv_sec > 0 || left.tv_usec > 0) {
        redisSetTimeout(listing->redis, left);
        reply = redisCommand(listing->redis, command, first, second);
    }
    if (reply == NULL) {
        bool is_late = now_ms() >= listing->until_ms;
        *ret_status = is_late ? error_set(reterr_error, STATUS_TIMEOUT, "Redis did not answer in time")
                              : error_set(reterr_error, STATUS_UNAVAILABLE, "Redis: %s", listing->redis->errstr);
        return NULL;
    }
    if (reply->type != REDIS_REPLY_ERROR) return reply;
    *ret_status = error_set(reterr_error, STATUS_UNAVAILABLE, "Redis: %s", reply->str);
    freeReplyObject(reply);
    return NULL;
}
#pragma GCC diagnostic pop

/* In a pattern, [ ] * ? and \ mean something. */
static void escape_pattern(const char *prefix, char ret_pattern[PATTERN_MAX]) {
    size_t size = 0;
    for (const char *at = prefix; *at != '\0'; at++) {
        if (strchr("[]*?\\^", *at) != NULL) ret_pattern[size++] = '\\';
        ret_pattern[size++] = *at;
    }
    ASSERT(size + 2 <= PATTERN_MAX);
    ret_pattern[size++] = '*';
    ret_pattern[size] = '\0';
}

static int by_text(const void *a, const void *b) {
    return strcmp(a, b);
}

/* Never zero while there is time left: for the system a timeout of zero means none. */
static struct timeval left_until(int64_t until_ms) {
    int64_t left_ms = until_ms - now_ms();
    if (left_ms < 0) left_ms = 0;
    return (struct timeval){.tv_sec = left_ms / 1000, .tv_usec = left_ms % 1000 * 1000};
}

static int64_t now_ms(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}
