/* What CURVE costs at a socket: questions and answers of given sizes between DEALERs and one ROUTER that echoes, in one
 * process, with encryption or without. The suite's door has no plain variant on purpose (lib/port/zmq/zmq_door.h), so this
 * is measured beside it and not in it. Each side has an I/O thread of its own, as two processes would; the asking thread
 * drives all clients, as bench_callers.c does. Prints one JSON object.
 *
 * usage: bhr-bench-curve curve|plain CLIENTS IN_FLIGHT SECONDS QUESTION_BYTES ANSWER_BYTES
 * BYTES: "88", or "60+28" for a message of two frames, as the suite's are: header and body. */
#include "lib/port/zmq/zmq_keys.h"
#include "tests/bench/samples.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <zmq.h>

enum { CLIENTS_MAX = 64, IN_FLIGHT_MAX = 64, BYTES_MAX = 4096, WAIT_MS = 20000, ID_MAX = 256, WARM_PART = 5 };

/* Bytes of a message's frames. */
struct shape {
    size_t first, second; /* second: 0 for none */
};

static struct {
    struct shape question, answer;
    uint32_t in_flight;
    int64_t sent_us[CLIENTS_MAX][IN_FLIGHT_MAX];
    uint64_t asked, answered;
} run;

static void stop(const char *text) {
    (void)fprintf(stderr, "bhr-bench-curve: %s: %s\n", text, zmq_strerror(zmq_errno()));
    exit(1);
}

/* The first frame begins with what is said; both sides say the place of the asker. */
static bool send_message(void *socket, const uint8_t *bytes, const struct shape *shape) {
    if (zmq_send(socket, bytes, shape->first, shape->second > 0 ? ZMQ_SNDMORE : 0) < 0) return false;
    return shape->second == 0 || zmq_send(socket, bytes, shape->second, 0) >= 0;
}

/* False when there is none, and the error of the socket says why. */
static bool receive_message(void *socket, uint8_t bytes[BYTES_MAX], const struct shape *shape, int flags) {
    uint8_t rest[BYTES_MAX];
    int size = zmq_recv(socket, bytes, BYTES_MAX, flags);
    if (size < 0) return false;
    int more = shape->second > 0 ? zmq_recv(socket, rest, sizeof rest, 0) : 0;
    if ((size_t)size != shape->first || (size_t)more != shape->second) stop("a message of another size");
    return true;
}

/* Answers each question with what it began with. Ends with its context. */
static void *answer(void *router) {
    uint8_t id[ID_MAX], bytes[BYTES_MAX];
    for (;;) {
        int id_size = zmq_recv(router, id, sizeof id, 0);
        if (id_size < 0 || !receive_message(router, bytes, &run.question, 0)) break;
        if (zmq_send(router, id, (size_t)id_size, ZMQ_SNDMORE) < 0 || !send_message(router, bytes, &run.answer)) break;
    }
    (void)zmq_close(router);
    return NULL;
}

static void ask(void *dealer, uint32_t client, uint32_t place) {
    static uint8_t bytes[BYTES_MAX];
    (void)memcpy(bytes, &place, sizeof place);
    run.sent_us[client][place] = samples_now_us();
    if (!send_message(dealer, bytes, &run.question)) stop("a question was not taken");
    run.asked++;
}

/* Takes every answer that is there, and asks again in its place until the time is up. */
static void drain(void *dealer, uint32_t client, bool does_ask, struct samples *took) {
    uint8_t bytes[BYTES_MAX];
    while (receive_message(dealer, bytes, &run.answer, ZMQ_DONTWAIT)) {
        uint32_t place;
        (void)memcpy(&place, bytes, sizeof place);
        run.answered++;
        if (took != NULL) samples_add(took, samples_now_us() - run.sent_us[client][place]);
        if (does_ask) ask(dealer, client, place);
    }
}

/* All clients ask for so long; then what is in flight is waited for. */
static void converse(zmq_pollitem_t *dealers, uint32_t count, int64_t until_us, struct samples *took) {
    for (uint32_t i = 0; i < count; i++) {
        for (uint32_t place = 0; place < run.in_flight; place++) ask(dealers[i].socket, i, place);
    }
    while (run.answered < run.asked) {
        if (zmq_poll(dealers, (int)count, WAIT_MS) <= 0) stop("no answer comes");
        bool does_ask = samples_now_us() < until_us;
        for (uint32_t i = 0; i < count; i++) {
            if (dealers[i].revents != 0) drain(dealers[i].socket, i, does_ask, took);
        }
    }
}

static void set(void *socket, int option, const void *value, size_t size) {
    if (zmq_setsockopt(socket, option, value, size) != 0) stop("a socket's option is refused");
}

/* server_key NULL: of the server itself. */
static void set_keys(void *socket, const struct zmq_keys *keys, const char *server_key) {
    if (server_key == NULL) {
        const int is_server = 1;
        set(socket, ZMQ_CURVE_SERVER, &is_server, sizeof is_server);
    } else {
        set(socket, ZMQ_CURVE_SERVERKEY, server_key, strlen(server_key));
    }
    set(socket, ZMQ_CURVE_PUBLICKEY, keys->public, strlen(keys->public));
    set(socket, ZMQ_CURVE_SECRETKEY, keys->secret, strlen(keys->secret));
}

static int64_t cpu_us(void) {
    struct rusage used;
    (void)getrusage(RUSAGE_SELF, &used);
    return (used.ru_utime.tv_sec + used.ru_stime.tv_sec) * INT64_C(1000000) + used.ru_utime.tv_usec +
           used.ru_stime.tv_usec;
}

/* The answering thread takes the ROUTER. */
static pthread_t open_all(void *server_context, void *context, bool is_curve, zmq_pollitem_t *ret_dealers,
                          uint32_t count) {
    struct zmq_keys server, client;
    struct error error = {0};
    if (zmq_keys_make(&server, &error) != STATUS_OK || zmq_keys_make(&client, &error) != STATUS_OK) stop("no keys");
    void *router = zmq_socket(server_context, ZMQ_ROUTER);
    if (router == NULL) stop("no socket");
    if (is_curve) set_keys(router, &server, NULL);
    char endpoint[256];
    size_t endpoint_size = sizeof endpoint;
    if (zmq_bind(router, "tcp://127.0.0.1:*") != 0) stop("no port");
    if (zmq_getsockopt(router, ZMQ_LAST_ENDPOINT, endpoint, &endpoint_size) != 0) stop("no endpoint");
    for (uint32_t i = 0; i < count; i++) {
        void *dealer = zmq_socket(context, ZMQ_DEALER);
        if (dealer == NULL) stop("no socket");
        if (is_curve) set_keys(dealer, &client, server.public);
        if (zmq_connect(dealer, endpoint) != 0) stop("no connection");
        ret_dealers[i] = (zmq_pollitem_t){.socket = dealer, .events = ZMQ_POLLIN};
    }
    pthread_t thread;
    if (pthread_create(&thread, NULL, answer, router) != 0) stop("no thread");
    return thread;
}

static bool take_shape(const char *text, struct shape *ret_shape) {
    char *end;
    ret_shape->first = strtoul(text, &end, 10);
    ret_shape->second = *end == '+' ? strtoul(end + 1, &end, 10) : 0;
    return *end == '\0' && ret_shape->first >= sizeof(uint32_t) && ret_shape->first <= BYTES_MAX &&
           ret_shape->second <= BYTES_MAX;
}

int main(int argc, char **argv) {
    if (argc != 7) stop("usage: see the beginning of tests/bench/bench_curve.c");
    bool is_curve = strcmp(argv[1], "curve") == 0;
    uint32_t count = (uint32_t)strtoul(argv[2], NULL, 10);
    run.in_flight = (uint32_t)strtoul(argv[3], NULL, 10);
    double seconds = strtod(argv[4], NULL);
    bool is_good = count > 0 && count <= CLIENTS_MAX && run.in_flight > 0 && run.in_flight <= IN_FLIGHT_MAX &&
                   take_shape(argv[5], &run.question) && take_shape(argv[6], &run.answer);
    if (!is_good) stop("too many, too large or nothing");
    void *server_context = zmq_ctx_new(), *context = zmq_ctx_new();
    static zmq_pollitem_t dealers[CLIENTS_MAX];
    pthread_t thread = open_all(server_context, context, is_curve, dealers, count);
    converse(dealers, count, samples_now_us() + (int64_t)(seconds * 1e6 / WARM_PART), NULL); /* handshakes included */
    struct samples took = {0};
    uint64_t before = run.answered;
    int64_t begin_us = samples_now_us(), begin_cpu_us = cpu_us();
    converse(dealers, count, begin_us + (int64_t)(seconds * 1e6), &took);
    double took_s = (double)(samples_now_us() - begin_us) / 1e6, count_done = (double)(run.answered - before);
    (void)printf("{\"per_second\": %.0f, \"cpu_us\": %.3f, ", count_done / took_s,
                 (double)(cpu_us() - begin_cpu_us) / count_done);
    samples_print(&took);
    (void)printf("}\n");
    for (uint32_t i = 0; i < count; i++) (void)zmq_close(dealers[i].socket);
    (void)zmq_ctx_shutdown(server_context);
    (void)pthread_join(thread, NULL);
    (void)zmq_ctx_term(server_context);
    (void)zmq_ctx_term(context);
    return 0;
}
