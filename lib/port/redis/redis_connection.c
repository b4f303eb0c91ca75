/* hiredis on libuv. The adapter that hiredis 0.14 brings says nothing when a connection is refused (reliability.md 5);
 * this one passes every failure on as readable and writable, so that hiredis meets it and cleans up. It owns the
 * connection's memory until libuv has closed the handle. The loop's thread only. It never touches a context after its
 * cleanup, and never frees one inside a reply. */
#include "lib/port/redis/redis_internal.h"

#include "lib/base/assert.h"

#include <stdlib.h>

static void on_poll(uv_poll_t *handle, int status, int events);
static void add_read(void *data);
static void delete_read(void *data);
static void add_write(void *data);
static void delete_write(void *data);
static void watch(struct redis_connection *connection, int events);
static void clean_up(void *data);
static void on_closed(uv_handle_t *handle);

struct redis_connection *redis_connection_open(struct redis_cache *cache) {
    ASSERT(cache != NULL);
    redisAsyncContext *context = redisAsyncConnectUnix(cache->socket_path);
    if (context == NULL) return NULL;
    struct redis_connection *connection = calloc(1, sizeof *connection);
    if (context->err != 0 || connection == NULL || uv_poll_init(cache->loop, &connection->poll, context->c.fd) != 0) {
        redisAsyncFree(context);
        free(connection);
        return NULL;
    }
    cache->handles_open++;
    connection->poll.data = connection;
    connection->cache = cache;
    connection->context = context;
    context->data = connection;
    context->ev.data = connection;
    context->ev.addRead = add_read;
    context->ev.delRead = delete_read;
    context->ev.addWrite = add_write;
    context->ev.delWrite = delete_write;
    context->ev.cleanup = clean_up;
    return connection;
}

void redis_connection_drop(struct redis_connection *connection) {
    ASSERT(connection != NULL);
    if (connection->context != NULL) redisAsyncFree(connection->context);
}

/* Each of the two calls may end the connection. */
static void on_poll(uv_poll_t *handle, int status, int events) {
    struct redis_connection *connection = handle->data;
    ASSERT(connection != NULL);
    if (status < 0) events = UV_READABLE | UV_WRITABLE;
    if (connection->context != NULL && (events & UV_READABLE) != 0) redisAsyncHandleRead(connection->context);
    if (connection->context != NULL && (events & UV_WRITABLE) != 0) redisAsyncHandleWrite(connection->context);
}

static void add_read(void *data) {
    struct redis_connection *connection = data;
    watch(connection, connection->events | UV_READABLE);
}

static void delete_read(void *data) {
    struct redis_connection *connection = data;
    watch(connection, connection->events & ~UV_READABLE);
}

static void add_write(void *data) {
    struct redis_connection *connection = data;
    watch(connection, connection->events | UV_WRITABLE);
}

static void delete_write(void *data) {
    struct redis_connection *connection = data;
    watch(connection, connection->events & ~UV_WRITABLE);
}

static void watch(struct redis_connection *connection, int events) {
    ASSERT(connection->context != NULL);
    if (connection->events == events) return;
    connection->events = events;
    int failed = events == 0 ? uv_poll_stop(&connection->poll) : uv_poll_start(&connection->poll, events, on_poll);
    ASSERT(failed == 0);
}

/* hiredis frees its context right after this. */
static void clean_up(void *data) {
    struct redis_connection *connection = data;
    ASSERT(connection != NULL);
    ASSERT(connection->context != NULL);
    connection->context = NULL;
    uv_close((uv_handle_t *)&connection->poll, on_closed);
    redis_cache_lost(connection);
}

static void on_closed(uv_handle_t *handle) {
    struct redis_connection *connection = handle->data;
    ASSERT(connection->context == NULL);
    redis_cache_handle_closed(connection->cache);
    free(connection);
}
