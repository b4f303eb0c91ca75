/* The HTTP server for metrics and health, over a real connection: the input is what arrives, in two pieces. Whatever it
 * is, the connection ends with one answer or, when nothing whole arrived, without any. */
#include "lib/port/uv/http_server.h"
#include "tests/fuzz/fuzz.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>
#include <uv.h>

enum { BODY_MAX = 1024, ANSWER_MAX = 4096, TURNS_MAX = 1000 };
static uv_loop_t loop;
static struct http_server *server;

static void get(void *context, const char *path, struct http_reply *reply) {
    (void)context;
    ASSERT(path[0] == '/' && strchr(path, ' ') == NULL && strchr(path, '?') == NULL);
    if (strcmp(path, "/metrics") != 0 && strcmp(path, "/large") != 0) reply->status = 404;
    for (int i = 0; strcmp(path, "/large") == 0 && i <= BODY_MAX; i++) buffer_put_u8(&reply->body, 'x');
    buffer_put(&reply->body, "text\n", 5);
}

static void begin(void) {
    if (server != NULL) return;
    struct error error;
    ASSERT(uv_loop_init(&loop) == 0);
    const struct http_server_options options = {.uv_loop = &loop, .body_size_max = BODY_MAX, .get = get};
    bool is_open = http_server_open(&server, &options, &error) == STATUS_OK;
    ASSERT(is_open);
}

/* Again after a signal: libFuzzer looks at its clock every few seconds by one. */
static int connect_now(void) {
    struct sockaddr_in address = {
        .sin_family = AF_INET, .sin_port = htons(http_server_port(server)), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    struct linger linger = {.l_onoff = 1}; /* no port waits for a minute after each input */
    for (;;) {
        int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        ASSERT(fd >= 0 && setsockopt(fd, SOL_SOCKET, SO_LINGER, &linger, sizeof linger) == 0);
        if (connect(fd, (const struct sockaddr *)&address, sizeof address) == 0) return fd;
        ASSERT(errno == EINTR);
        (void)close(fd);
    }
}

static void send_piece(int fd, struct slice piece) {
    if (piece.size == 0) return;
    ssize_t sent = send(fd, piece.data, piece.size, MSG_NOSIGNAL);
    (void)sent; /* the server may have answered and gone */
    (void)uv_run(&loop, UV_RUN_NOWAIT);
    (void)uv_run(&loop, UV_RUN_NOWAIT);
}

static void run(struct slice input) {
    static char answer[ANSWER_MAX + 1];
    size_t size = 0;
    begin();
    int fd = connect_now();
    send_piece(fd, fuzz_part(&input));
    send_piece(fd, slice_of(input.data, input.size < 2 * HTTP_HEAD_MAX ? input.size : 2 * HTTP_HEAD_MAX));
    (void)shutdown(fd, SHUT_WR);
    bool has_ended = false;
    for (int turns = 0; turns < TURNS_MAX && !has_ended; turns++) {
        (void)uv_run(&loop, UV_RUN_NOWAIT);
        ssize_t got = recv(fd, answer + size, ANSWER_MAX - size, MSG_DONTWAIT);
        if (got > 0) size += (size_t)got;
        has_ended = got == 0 || (got < 0 && errno != EAGAIN);
    }
    ASSERT(has_ended);
    (void)close(fd);
    (void)uv_run(&loop, UV_RUN_NOWAIT);
    answer[size] = '\0';
    ASSERT(size == 0 || strncmp(answer, "HTTP/1.1 ", 9) == 0);
    answer[size > 12 ? 12 : size] = '\0';
    fuzz_reach(size == 0 ? "no answer" : answer + 9);
}

static void seed_of(const char *first, const char *second) {
    static uint8_t memory[2 * HTTP_HEAD_MAX];
    struct buffer out = buffer_over(memory, sizeof memory);
    fuzz_put_part(&out, slice_text(first));
    buffer_put(&out, second, strlen(second));
    fuzz_seed_buffer(&out);
}

static void seed(void) {
    seed_of("GET /metrics HTTP/1.1\r\n", "Host: 127.0.0.1\r\n\r\n");
    seed_of("GET /nothing?a=b HTTP/1.0\r\n\r\n", "more");
    seed_of("GET /large HTTP/1.1\r\n\r\n", "");
    seed_of("POST /metrics HTTP/1.1\r\n\r\n", "");
    seed_of("GET metrics HTTP/1.1\r\n\r\n", "");
    seed_of("GET /metrics", "");
    static char head[HTTP_HEAD_MAX + 100];
    memset(head, 'a', sizeof head - 1);
    seed_of("GET /metrics HTTP/1.1\r\nX: ", head);
}

static const char *const outcomes[] = {"200", "400", "404", "405", "431", "500", "no answer", NULL};
const struct fuzz_harness fuzz_harness = {outcomes, run, seed, 300};
