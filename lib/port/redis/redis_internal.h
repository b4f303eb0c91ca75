/* What the files of lib/port/redis share. Nobody else includes it. */
#ifndef BHR_PORT_REDIS_INTERNAL_H
#define BHR_PORT_REDIS_INTERNAL_H

#include "lib/port/redis/redis_cache.h"

#include <hiredis/async.h>
#include <uv.h>

enum redis_command_kind { REDIS_PING, REDIS_PUT, REDIS_DROP, REDIS_ASK };

/* A command on its way, or a question whose answer is still to be told. Redis answers in order, so they stand in line. */
struct redis_command {
    enum redis_command_kind kind;
    uint64_t token;
    cache_answer_function answer; /* of REDIS_ASK */
    void *answer_context;
    uint64_t until_ms;
};

struct redis_line {
    struct redis_command *commands;
    uint32_t first, count, count_max;
};

/* One connection, for as long as libuv holds its handle. hiredis frees its own context whenever it likes; the cleanup
 * hook is the one thing it always calls, so that is where a connection ends. */
struct redis_connection {
    uv_poll_t poll;
    redisAsyncContext *context; /* NULL once hiredis has freed it */
    struct redis_cache *cache;
    int events;
};

struct redis_cache {
    uv_loop_t *loop;
    char socket_path[108];
    struct redis_connection *connection; /* NULL: none, and none is being made */
    bool is_up;                          /* it has answered a PING */
    bool is_closing;
    struct redis_line pending, untold;
    uv_timer_t deadline; /* of the first in line */
    uv_timer_t retry;
    uv_timer_t soon; /* tells the untold on the next turn of the loop */
    uint32_t handles_open;
    uint64_t retry_ms, chance;
    struct redis_cache_figures figures;
};

/* redis_connection.c: hiredis on libuv. NULL when it failed at once. */
struct redis_connection *redis_connection_open(struct redis_cache *cache);
/* Gives it up: its commands are never answered by hiredis. */
void redis_connection_drop(struct redis_connection *connection);

/* redis_cache.c: told by the connection. */
void redis_cache_replied(struct redis_connection *connection, const redisReply *reply);
void redis_cache_lost(struct redis_connection *connection);
void redis_cache_handle_closed(struct redis_cache *cache);

#endif
