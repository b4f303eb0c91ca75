/* A small HTTP server for machines on this host: GET on 127.0.0.1, one handler, one answer per connection. For metrics and
 * health only; what the public sees is the gateway's (docs/adr/0004-health-without-libwebsockets.md). It runs on the
 * process's libuv loop and brings no thread. */
#ifndef BHR_PORT_UV_HTTP_SERVER_H
#define BHR_PORT_UV_HTTP_SERVER_H

#include "lib/base/buffer.h"
#include "lib/base/status.h"

enum {
    HTTP_CONNECTIONS_MAX = 32,     /* one more waits until another has gone */
    HTTP_HEAD_MAX = 4096,          /* bytes of a request; a longer one is answered with 431 */
    HTTP_CONNECTION_MS_MAX = 5000, /* from accept to close, however slow the other side is */
};

struct http_reply {
    int status;               /* 200 unless the handler says otherwise */
    const char *content_type; /* plain text unless the handler says otherwise */
    struct buffer body;       /* one that does not fit becomes a 500 */
};

struct http_server_options {
    void *uv_loop; /* loop_uv(); it outlives the server */
    uint16_t port; /* 0 takes a free one */
    size_t body_size_max;
    void *context;
    void (*get)(void *context, const char *path, struct http_reply *reply);
};

struct http_server;

/* Listens at once. On failure *ret_server is untouched. */
enum status http_server_open(struct http_server **ret_server, const struct http_server_options *options,
                             struct error *reterr_error) MUST_CHECK;
uint16_t http_server_port(const struct http_server *server);
/* Calls get no more. Its handles close, and its memory goes with the last of them, while the loop runs on: loop_free sees
 * to that. Not from inside get. NULL is fine. */
void http_server_close(struct http_server *server);

#endif
