/* The cache over Redis: commands in a line with a deadline each, and a connection that comes and goes. It owns the
 * connection, three timers and both lines. The loop's thread only. It never waits, and it never takes silence for an
 * answer: what is not answered in time is CACHE_UNKNOWN.
 *
 *   AWAY ──retry──► CONNECTING ──PONG──► UP        lost or too slow, from either: the line is answered UNKNOWN, AWAY */
#include "lib/port/redis/redis_internal.h"

#include "lib/base/assert.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

enum { CONNECT_MS_MAX = 1000, RETRY_MS_MIN = 100, RETRY_MS_MAX = 5000, HANDLE_COUNT = 3 };

/* Only who set a value may delete it. */
static const char DROP_SCRIPT[] =
    "if redis.call('get', KEYS[1]) == ARGV[1] then return redis.call('del', KEYS[1]) else return 0 end";

static bool is_up(void *context);
static void put(void *context, struct slice key, struct slice value, int64_t ttl_ms);
static void put_if_absent(void *context, struct slice key, struct slice value, int64_t ttl_ms, uint64_t token,
                          cache_answer_function answer, void *answer_context);
static void drop(void *context, struct slice key, struct slice value);
static bool may_send(const struct redis_cache *cache);
static void on_reply(redisAsyncContext *context, void *reply, void *data);
static void sent(struct redis_cache *cache, int result, struct redis_command command);
static void connect_now(uv_timer_t *timer);
static void connect_later(struct redis_cache *cache);
static void on_deadline(uv_timer_t *timer);
static void set_deadline(struct redis_cache *cache);
static void tell_later(struct redis_cache *cache, const struct redis_command *command);
static void tell_untold(uv_timer_t *timer);
static void tell_unknown(struct redis_cache *cache, const struct redis_command *command);
static bool line_push(struct redis_line *line, const struct redis_command *command);
static bool line_take(struct redis_line *line, struct redis_command *ret_command);
static void on_handle_closed(uv_handle_t *handle);

enum status redis_cache_open(const struct redis_cache_options *options, struct redis_cache **ret_cache,
                             struct cache *ret_port, struct error *reterr_error) {
    ASSERT(options != NULL && options->socket_path != NULL && options->uv_loop != NULL);
    ASSERT(ret_cache != NULL && ret_port != NULL);
    struct redis_cache *cache = calloc(1, sizeof *cache);
    if (cache == NULL) return error_set(reterr_error, STATUS_NO_MEMORY, "no memory for the cache");
    size_t size = strlen(options->socket_path);
    cache->pending =
        (struct redis_line){calloc(REDIS_PENDING_MAX, sizeof(struct redis_command)), 0, 0, REDIS_PENDING_MAX};
    cache->untold = (struct redis_line){calloc(REDIS_UNTOLD_MAX, sizeof(struct redis_command)), 0, 0, REDIS_UNTOLD_MAX};
    bool has_lines = cache->pending.commands != NULL && cache->untold.commands != NULL;
    if (!has_lines || size == 0 || size >= sizeof cache->socket_path) {
        free(cache->pending.commands);
        free(cache->untold.commands);
        free(cache);
        if (!has_lines) return error_set(reterr_error, STATUS_NO_MEMORY, "no memory for the cache");
        return error_set(reterr_error, STATUS_INVALID, "the path of Redis' socket must have 1 to 107 bytes");
    }
    memcpy(cache->socket_path, options->socket_path, size);
    cache->loop = options->uv_loop;
    cache->retry_ms = RETRY_MS_MIN;
    if (getrandom(&cache->chance, sizeof cache->chance, GRND_NONBLOCK) < 0) cache->chance = uv_hrtime();
    cache->chance |= 1;
    struct sigaction broken_pipe;
    if (sigaction(SIGPIPE, NULL, &broken_pipe) == 0 && broken_pipe.sa_handler == SIG_DFL) signal(SIGPIPE, SIG_IGN);
    uv_timer_t *const timers[HANDLE_COUNT] = {&cache->deadline, &cache->retry, &cache->soon};
    for (size_t i = 0; i < HANDLE_COUNT; i++) {
        uv_timer_init(cache->loop, timers[i]);
        timers[i]->data = cache;
    }
    cache->handles_open = HANDLE_COUNT;
    uv_timer_start(&cache->retry, connect_now, 0, 0);
    *ret_port =
        (struct cache){.context = cache, .is_up = is_up, .put = put, .put_if_absent = put_if_absent, .drop = drop};
    *ret_cache = cache;
    return STATUS_OK;
}

void redis_cache_close(struct redis_cache *cache) {
    if (cache == NULL) return;
    ASSERT(!cache->is_closing);
    cache->is_closing = true;
    if (cache->connection != NULL) redis_connection_drop(cache->connection);
    tell_untold(&cache->soon);
    uv_close((uv_handle_t *)&cache->deadline, on_handle_closed);
    uv_close((uv_handle_t *)&cache->retry, on_handle_closed);
    uv_close((uv_handle_t *)&cache->soon, on_handle_closed);
}

static bool is_up(void *context) {
    const struct redis_cache *cache = context;
    ASSERT(cache != NULL);
    ASSERT(!cache->is_up || cache->connection != NULL);
    return cache->is_up;
}

static void put(void *context, struct slice key, struct slice value, int64_t ttl_ms) {
    struct redis_cache *cache = context;
    ASSERT(cache != NULL && key.size > 0);
    ASSERT(ttl_ms > 0);
    if (!may_send(cache)) {
        cache->figures.dropped++;
        return;
    }
    const void *bytes = value.size == 0 ? (const void *)"" : value.data;
    int result = redisAsyncCommand(cache->connection->context, on_reply, NULL, "SET %b %b PX %lld", key.data, key.size,
                                   bytes, value.size, (long long)ttl_ms);
    sent(cache, result, (struct redis_command){.kind = REDIS_PUT});
}

static void put_if_absent(void *context, struct slice key, struct slice value, int64_t ttl_ms, uint64_t token,
                          cache_answer_function answer, void *answer_context) {
    struct redis_cache *cache = context;
    ASSERT(cache != NULL && key.size > 0);
    ASSERT(ttl_ms > 0 && answer != NULL);
    struct redis_command command = {
        .kind = REDIS_ASK, .token = token, .answer = answer, .answer_context = answer_context};
    if (!may_send(cache)) {
        tell_later(cache, &command);
        return;
    }
    const void *bytes = value.size == 0 ? (const void *)"" : value.data;
    int result = redisAsyncCommand(cache->connection->context, on_reply, NULL, "SET %b %b NX PX %lld", key.data,
                                   key.size, bytes, value.size, (long long)ttl_ms);
    sent(cache, result, command);
}

static void drop(void *context, struct slice key, struct slice value) {
    struct redis_cache *cache = context;
    ASSERT(cache != NULL);
    ASSERT(key.size > 0);
    if (!may_send(cache)) {
        cache->figures.dropped++;
        return;
    }
    const void *bytes = value.size == 0 ? (const void *)"" : value.data;
    int result = redisAsyncCommand(cache->connection->context, on_reply, NULL, "EVAL %s 1 %b %b", DROP_SCRIPT, key.data,
                                   key.size, bytes, value.size);
    sent(cache, result, (struct redis_command){.kind = REDIS_DROP});
}

static bool may_send(const struct redis_cache *cache) {
    ASSERT(cache->pending.count <= cache->pending.count_max);
    return cache->is_up && !cache->is_closing && cache->pending.count < cache->pending.count_max;
}

/* A command that hiredis took is answered in its turn or lost with the connection. */
static void sent(struct redis_cache *cache, int result, struct redis_command command) {
    if (result != REDIS_OK) {
        if (command.kind == REDIS_ASK) tell_later(cache, &command);
        if (command.kind != REDIS_ASK) cache->figures.dropped++;
        return;
    }
    /* The loop's clock stands still during a callback; the deadline counts from now. */
    uv_update_time(cache->loop);
    command.until_ms = uv_now(cache->loop) + (command.kind == REDIS_PING ? CONNECT_MS_MAX : REDIS_COMMAND_MS_MAX);
    bool pushed = line_push(&cache->pending, &command);
    ASSERT(pushed);
    if (cache->pending.count == 1) set_deadline(cache);
}

static void on_reply(redisAsyncContext *context, void *reply, void *data) {
    (void)data;
    ASSERT(context->data != NULL);
    /* Without a reply the connection is about to go, and its line with it. */
    if (reply != NULL) redis_cache_replied(context->data, reply);
}

void redis_cache_replied(struct redis_connection *connection, const redisReply *reply) {
    struct redis_cache *cache = connection->cache;
    struct redis_command command;
    if (cache->connection != connection) return;
    bool expected = line_take(&cache->pending, &command);
    ASSERT(expected);
    cache->figures.answered++;
    bool is_error = reply->type == REDIS_REPLY_ERROR;
    if (is_error) cache->figures.errors++;
    set_deadline(cache);
    switch (command.kind) {
    case REDIS_PING:
        cache->is_up = !is_error;
        if (!is_error) cache->retry_ms = RETRY_MS_MIN;
        if (is_error) redis_connection_drop(connection); /* loading, or it wants a password: later perhaps */
        break;
    case REDIS_PUT:
    case REDIS_DROP:
        break;
    case REDIS_ASK:
        if (reply->type == REDIS_REPLY_STATUS) {
            command.answer(command.answer_context, command.token, CACHE_SET);
        } else if (reply->type == REDIS_REPLY_NIL) {
            command.answer(command.answer_context, command.token, CACHE_HELD_BY_OTHER);
        } else {
            tell_unknown(cache, &command);
        }
        break;
    }
}

/* The connection is forgotten before anybody is told, because whoever is told may ask again at once. */
void redis_cache_lost(struct redis_connection *connection) {
    struct redis_cache *cache = connection->cache;
    ASSERT(cache != NULL);
    if (cache->connection != connection) return;
    cache->connection = NULL;
    cache->is_up = false;
    if (!cache->is_closing) connect_later(cache);
    struct redis_command command;
    while (line_take(&cache->pending, &command)) {
        if (command.kind == REDIS_ASK) tell_unknown(cache, &command);
    }
    if (!cache->is_closing) set_deadline(cache);
}

static void connect_now(uv_timer_t *timer) {
    struct redis_cache *cache = timer->data;
    ASSERT(cache->connection == NULL && cache->pending.count == 0);
    ASSERT(!cache->is_closing);
    cache->figures.generation++;
    cache->connection = redis_connection_open(cache);
    if (cache->connection == NULL) {
        connect_later(cache);
        return;
    }
    sent(cache, redisAsyncCommand(cache->connection->context, on_reply, NULL, "PING"),
         (struct redis_command){.kind = REDIS_PING});
    if (cache->pending.count == 0) redis_connection_drop(cache->connection);
}

/* Between a half and the whole of a pause that doubles: many processes must not come back in step. */
static void connect_later(struct redis_cache *cache) {
    ASSERT(cache->connection == NULL);
    ASSERT(cache->retry_ms >= RETRY_MS_MIN && cache->retry_ms <= RETRY_MS_MAX);
    cache->chance ^= cache->chance << 13;
    cache->chance ^= cache->chance >> 7;
    cache->chance ^= cache->chance << 17;
    uint64_t half_ms = cache->retry_ms / 2;
    uv_timer_start(&cache->retry, connect_now, half_ms + cache->chance % (half_ms + 1), 0);
    cache->retry_ms = cache->retry_ms * 2 > RETRY_MS_MAX ? RETRY_MS_MAX : cache->retry_ms * 2;
}

/* The loop itself may have been busy, with the answer lying unread in the socket: one look before giving up. */
static void on_deadline(uv_timer_t *timer) {
    struct redis_cache *cache = timer->data;
    struct redis_connection *connection = cache->connection;
    ASSERT(connection != NULL && cache->pending.count > 0);
    if (connection->context != NULL) redisAsyncHandleRead(connection->context);
    if (cache->connection != connection || cache->pending.count == 0) return;
    if (cache->pending.commands[cache->pending.first].until_ms > uv_now(cache->loop)) return;
    cache->figures.timed_out++;
    redis_connection_drop(connection);
}

static void set_deadline(struct redis_cache *cache) {
    const struct redis_line *line = &cache->pending;
    ASSERT(line->count <= line->count_max);
    if (cache->is_closing) return;
    if (line->count == 0) {
        uv_timer_stop(&cache->deadline);
        return;
    }
    uint64_t now_ms = uv_now(cache->loop), until_ms = line->commands[line->first].until_ms;
    uv_timer_start(&cache->deadline, on_deadline, until_ms > now_ms ? until_ms - now_ms : 0, 0);
}

static void tell_later(struct redis_cache *cache, const struct redis_command *command) {
    ASSERT(command->kind == REDIS_ASK);
    if (cache->is_closing || !line_push(&cache->untold, command)) {
        tell_unknown(cache, command);
        return;
    }
    if (cache->untold.count == 1) uv_timer_start(&cache->soon, tell_untold, 0, 0);
}

/* Only those that are there now: who asks again from its answer waits for the next turn. */
static void tell_untold(uv_timer_t *timer) {
    struct redis_cache *cache = timer->data;
    uint32_t count = cache->untold.count;
    struct redis_command command;
    for (uint32_t i = 0; i < count && line_take(&cache->untold, &command); i++) tell_unknown(cache, &command);
    if (cache->untold.count > 0 && !cache->is_closing) uv_timer_start(&cache->soon, tell_untold, 0, 0);
}

static void tell_unknown(struct redis_cache *cache, const struct redis_command *command) {
    ASSERT(command->kind == REDIS_ASK);
    ASSERT(command->answer != NULL);
    cache->figures.unknown++;
    command->answer(command->answer_context, command->token, CACHE_UNKNOWN);
}

static bool line_push(struct redis_line *line, const struct redis_command *command) {
    ASSERT(line->commands != NULL);
    if (line->count == line->count_max) return false;
    line->commands[(line->first + line->count) % line->count_max] = *command;
    line->count++;
    return true;
}

static bool line_take(struct redis_line *line, struct redis_command *ret_command) {
    ASSERT(line->count <= line->count_max);
    if (line->count == 0) return false;
    *ret_command = line->commands[line->first];
    line->first = (line->first + 1) % line->count_max;
    line->count--;
    return true;
}

static void on_handle_closed(uv_handle_t *handle) {
    redis_cache_handle_closed(handle->data);
}

void redis_cache_handle_closed(struct redis_cache *cache) {
    ASSERT(cache != NULL);
    ASSERT(cache->handles_open > 0);
    cache->handles_open--;
    if (cache->handles_open > 0 || !cache->is_closing) return;
    ASSERT(cache->connection == NULL && cache->pending.count == 0);
    free(cache->pending.commands);
    free(cache->untold.commands);
    free(cache);
}

void redis_cache_figures(const struct redis_cache *cache, struct redis_cache_figures *ret_figures) {
    ASSERT(cache != NULL);
    ASSERT(ret_figures != NULL);
    *ret_figures = cache->figures;
}
