/* The small HTTP server on libuv. A connection reads one request, gets one answer and is closed once the other side has
 * closed, or by the sweep when its time is up. All on the loop's thread; places for connections are made at the start.
 *
 *   FREE -accept-> READING -head complete, too long or bad-> ANSWERING -written-> LINGERING -end of input-> CLOSING -> FREE
 *   any but FREE: CLOSING when its time is up, on an error, and when the server closes */
#include "lib/port/uv/http_server.h"

#include "lib/base/assert.h"

#include <stdio.h>
#include <stdlib.h>
#include <uv.h>

enum { BACKLOG = 64, SWEEP_MS = 500, ANSWER_HEAD_MAX = 512 };
enum connection_state { FREE, READING, ANSWERING, LINGERING, CLOSING };

struct connection {
    uv_tcp_t tcp;
    uv_write_t write;
    uv_shutdown_t shutdown;
    struct http_server *server;
    enum connection_state state;
    uint64_t opened_at_ms;
    char head[HTTP_HEAD_MAX + 1]; /* of the request; later what is read and thrown away */
    size_t head_size;
    char *answer;   /* while ANSWERING */
    bool has_ended; /* the other side has closed its half */
};

struct http_server {
    struct http_server_options options;
    uv_loop_t *loop;
    uv_tcp_t listener;
    uv_timer_t sweep;
    uint32_t handles_open; /* the memory goes with the last one */
    bool is_closing;
    bool one_waits; /* a connection that found no place; libuv tells of no other until it is accepted */
    char *body;     /* where the handler writes */
    struct connection connections[HTTP_CONNECTIONS_MAX];
};

static void on_connection(uv_stream_t *listener, int status);
static void on_room(uv_handle_t *handle, size_t wanted, uv_buf_t *ret_room);
static void on_read(uv_stream_t *stream, ssize_t size, const uv_buf_t *room);
static void answer(struct connection *connection);
static int judge(struct connection *connection, char **ret_path);
static void send_answer(struct connection *connection, const struct http_reply *reply);
static void on_written(uv_write_t *write, int status);
static void on_shut_down(uv_shutdown_t *shutdown, int status);
static void on_sweep(uv_timer_t *timer);
static void close_connection(struct connection *connection);
static void on_connection_closed(uv_handle_t *handle);
static void on_handle_closed(uv_handle_t *handle);
static void let_go(struct http_server *server);
static const char *status_text(int status);

enum status http_server_open(struct http_server **ret_server, const struct http_server_options *options,
                             struct error *reterr_error) {
    ASSERT(options->uv_loop != NULL && options->get != NULL);
    ASSERT(options->body_size_max > 0 && options->body_size_max < INT32_MAX);
    struct http_server *server = calloc(1, sizeof *server);
    char *body = malloc(options->body_size_max);
    if (server == NULL || body == NULL) {
        free(server);
        free(body);
        return error_set(reterr_error, STATUS_NO_MEMORY, "no memory for the HTTP server");
    }
    server->options = *options;
    server->loop = options->uv_loop;
    server->body = body;
    server->handles_open = 2;
    uv_tcp_init(server->loop, &server->listener);
    uv_timer_init(server->loop, &server->sweep);
    server->listener.data = server->sweep.data = server;
    struct sockaddr_in address;
    uv_ip4_addr("127.0.0.1", options->port, &address);
    int failed = uv_tcp_bind(&server->listener, (const struct sockaddr *)&address, 0);
    if (failed == 0) failed = uv_listen((uv_stream_t *)&server->listener, BACKLOG, on_connection);
    if (failed != 0) {
        http_server_close(server);
        return error_set(reterr_error, STATUS_CONFLICT, "http_port: cannot listen on 127.0.0.1:%u: %s", options->port,
                         uv_strerror(failed));
    }
    uv_timer_start(&server->sweep, on_sweep, SWEEP_MS, SWEEP_MS);
    *ret_server = server;
    return STATUS_OK;
}

uint16_t http_server_port(const struct http_server *server) {
    struct sockaddr_in address;
    int size = sizeof address;
    int failed = uv_tcp_getsockname(&server->listener, (struct sockaddr *)&address, &size);
    ASSERT(failed == 0);
    return ntohs(address.sin_port);
}

void http_server_close(struct http_server *server) {
    if (server == NULL) return;
    ASSERT(!server->is_closing);
    server->is_closing = true;
    uv_close((uv_handle_t *)&server->listener, on_handle_closed);
    uv_close((uv_handle_t *)&server->sweep, on_handle_closed);
    for (uint32_t i = 0; i < HTTP_CONNECTIONS_MAX; i++) close_connection(&server->connections[i]);
}

static void on_connection(uv_stream_t *listener, int status) {
    struct http_server *server = listener->data;
    if (status != 0 || server->is_closing) return;
    struct connection *connection = NULL;
    for (uint32_t i = 0; i < HTTP_CONNECTIONS_MAX && connection == NULL; i++) {
        if (server->connections[i].state == FREE) connection = &server->connections[i];
    }
    server->one_waits = connection == NULL;
    if (connection == NULL) return;
    connection->server = server;
    connection->state = READING;
    connection->head_size = 0;
    connection->has_ended = false;
    connection->opened_at_ms = uv_now(server->loop);
    uv_tcp_init(server->loop, &connection->tcp);
    connection->tcp.data = connection;
    server->handles_open++;
    if (uv_accept(listener, (uv_stream_t *)&connection->tcp) != 0 ||
        uv_read_start((uv_stream_t *)&connection->tcp, on_room, on_read) != 0) {
        close_connection(connection);
    }
}

static void on_room(uv_handle_t *handle, size_t wanted, uv_buf_t *ret_room) {
    (void)wanted;
    struct connection *connection = handle->data;
    size_t used = connection->state == READING ? connection->head_size : 0;
    *ret_room = uv_buf_init(connection->head + used, (unsigned)(HTTP_HEAD_MAX - used));
}

static void on_read(uv_stream_t *stream, ssize_t size, const uv_buf_t *room) {
    (void)room;
    struct connection *connection = stream->data;
    if (size < 0) {
        /* The end of input is how LINGERING ends; one that still waits for its answer gets it first. */
        connection->has_ended = true;
        if (connection->state != ANSWERING || size != UV_EOF) close_connection(connection);
        return;
    }
    if (connection->state != READING) return; /* whatever follows the request is read and thrown away */
    connection->head_size += (size_t)size;
    ASSERT(connection->head_size <= HTTP_HEAD_MAX);
    connection->head[connection->head_size] = '\0';
    bool is_complete = memmem(connection->head, connection->head_size, "\r\n\r\n", 4) != NULL;
    if (is_complete || connection->head_size == HTTP_HEAD_MAX) answer(connection);
}

static void answer(struct connection *connection) {
    struct http_server *server = connection->server;
    char *path = NULL;
    connection->state = ANSWERING;
    struct http_reply reply = {.status = judge(connection, &path),
                               .content_type = "text/plain; charset=utf-8",
                               .body = buffer_over(server->body, server->options.body_size_max)};
    if (reply.status == 200) server->options.get(server->options.context, path, &reply);
    if (reply.body.is_full) {
        reply.status = 500;
        reply.body.size = 0;
    }
    send_answer(connection, &reply);
}

/* 200 and the path when the head is a GET that can be answered; else the status that says what is wrong with it. */
static int judge(struct connection *connection, char **ret_path) {
    char *line_ends = strstr(connection->head, "\r\n");
    if (line_ends == NULL || strstr(line_ends, "\r\n\r\n") == NULL) {
        return connection->head_size == HTTP_HEAD_MAX ? 431 : 400;
    }
    *line_ends = '\0';
    char *path = strchr(connection->head, ' ');
    char *version = path == NULL ? NULL : strchr(path + 1, ' ');
    if (version == NULL || path[1] != '/' || strncmp(version, " HTTP/1.", 8) != 0) return 400;
    *path++ = *version = '\0';
    path[strcspn(path, "?")] = '\0';
    if (strcmp(connection->head, "GET") != 0) return 405;
    *ret_path = path;
    return 200;
}

static void send_answer(struct connection *connection, const struct http_reply *reply) {
    ASSERT(connection->answer == NULL && connection->state == ANSWERING);
    connection->answer = malloc(ANSWER_HEAD_MAX + reply->body.size);
    if (connection->answer == NULL) {
        close_connection(connection);
        return;
    }
    int head_size = snprintf(connection->answer, ANSWER_HEAD_MAX,
                             "HTTP/1.1 %d %s\r\nContent-Type: %s\r\nContent-Length: %zu\r\nCache-Control: no-store\r\n"
                             "%sConnection: close\r\n\r\n",
                             reply->status, status_text(reply->status), reply->content_type, reply->body.size,
                             reply->status == 405 ? "Allow: GET\r\n" : "");
    ASSERT(head_size > 0 && head_size < ANSWER_HEAD_MAX);
    memcpy(connection->answer + head_size, reply->body.data, reply->body.size);
    uv_buf_t bytes = uv_buf_init(connection->answer, (unsigned)((size_t)head_size + reply->body.size));
    if (uv_write(&connection->write, (uv_stream_t *)&connection->tcp, &bytes, 1, on_written) != 0) {
        close_connection(connection);
    }
}

static void on_written(uv_write_t *write, int status) {
    struct connection *connection = write->handle->data;
    if (connection->state != ANSWERING) return; /* it is closing */
    connection->state = LINGERING;
    if (status != 0 || uv_shutdown(&connection->shutdown, write->handle, on_shut_down) != 0)
        close_connection(connection);
}

/* Closing now, with input unread, could make the kernel throw away what the other side has not read yet: so its end is
 * waited for. */
static void on_shut_down(uv_shutdown_t *shutdown, int status) {
    struct connection *connection = shutdown->handle->data;
    if (connection->state != LINGERING) return;
    if (status != 0 || connection->has_ended) close_connection(connection);
}

static void on_sweep(uv_timer_t *timer) {
    struct http_server *server = timer->data;
    uint64_t now_ms = uv_now(server->loop);
    for (uint32_t i = 0; i < HTTP_CONNECTIONS_MAX; i++) {
        struct connection *connection = &server->connections[i];
        if (now_ms - connection->opened_at_ms >= HTTP_CONNECTION_MS_MAX) close_connection(connection);
    }
}

static void close_connection(struct connection *connection) {
    if (connection->state == FREE || connection->state == CLOSING) return;
    connection->state = CLOSING;
    uv_close((uv_handle_t *)&connection->tcp, on_connection_closed);
}

static void on_connection_closed(uv_handle_t *handle) {
    struct connection *connection = handle->data;
    struct http_server *server = connection->server;
    free(connection->answer);
    connection->answer = NULL;
    connection->state = FREE;
    if (server->one_waits) on_connection((uv_stream_t *)&server->listener, 0);
    let_go(server);
}

static void on_handle_closed(uv_handle_t *handle) {
    let_go(handle->data);
}

static void let_go(struct http_server *server) {
    ASSERT(server->handles_open > 0);
    if (--server->handles_open > 0) return;
    free(server->body);
    free(server);
}

static const char *status_text(int status) {
    switch (status) { /* any number; those that this server and its handler use have a name */
    case 200:
        return "OK";
    case 400:
        return "Bad Request";
    case 404:
        return "Not Found";
    case 405:
        return "Method Not Allowed";
    case 431:
        return "Request Header Fields Too Large";
    case 500:
        return "Internal Server Error";
    case 503:
        return "Service Unavailable";
    default:
        return "Other";
    }
}
