/* The ZAP handler: one thread with a REP socket that answers libzmq's question "may this key connect?". It owns that
 * thread and the table of domains. Register and unregister belong to whoever opens and closes doors, one at a time; the
 * lookup runs on the handler's thread under the table's lock. It never lets anything in that it does not understand. */
#include "lib/port/zmq/zmq_zap.h"

#include "lib/base/assert.h"
#include "lib/port/zmq/zmq_context.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <zmq.h>

/* The frames of a request: version, request id, domain, address, routing id, mechanism, key. */
enum { ZAP_VERSION, ZAP_REQUEST, ZAP_DOMAIN, ZAP_ADDRESS, ZAP_ROUTE, ZAP_MECHANISM, ZAP_KEY, ZAP_FRAMES };
enum {
    ZAP_FRAME_MAX = 64,
    ZAP_KEY_BYTES = 32,
    PROPERTY_SIZE = 1 + sizeof ZMQ_ZAP_KEY_PROPERTY - 1 + 4 + SOCKET_KEY_TEXT_SIZE,
};
static const char ZAP_ENDPOINT[] = "inproc://zeromq.zap.01";
static const char STOP_ENDPOINT[] = "inproc://bhr.zap.stop";

struct zap_domain {
    char name[ZMQ_ZAP_DOMAIN_SIZE_MAX + 1]; /* "" when free */
    zmq_lookup_function lookup;
    void *lookup_context;
    bool turns_away;
    uint64_t refused;
};

/* 200: come in, as `system`. 300: not now; libzmq closes without a word and the client tries again. 400: never. */
struct zap_verdict {
    const char *code, *text;
    char system[SOCKET_SYSTEM_MAX + 1];
    char key[SOCKET_KEY_TEXT_SIZE + 1];
};

struct zap_frame {
    uint8_t bytes[ZAP_FRAME_MAX];
    size_t size; /* above ZAP_FRAME_MAX: cut */
};

static pthread_mutex_t table_mutex = PTHREAD_MUTEX_INITIALIZER; /* guards the table */
static struct zap_domain table[ZMQ_ZAP_DOMAINS_MAX];
static uint32_t domain_count;
static pthread_t zap_thread; /* these three belong to register and unregister */
static void *stop_socket;
static void *zap_sockets[2]; /* of the thread: ZAP, stop */

static enum status start_thread(struct error *reterr_error);
static void stop_thread(void);
static void close_sockets(void);
static void *answer_requests(void *context);
static size_t receive_request(void *socket, struct zap_frame frames[ZAP_FRAMES]);
static struct zap_verdict judge(const struct zap_frame frames[ZAP_FRAMES], size_t count);
static bool frame_is(const struct zap_frame *frame, const char *text);
static void send_answer(void *socket, const struct zap_frame *request, const struct zap_verdict *verdict);
static void put_key_property(const char key[SOCKET_KEY_TEXT_SIZE + 1], uint8_t ret_property[PROPERTY_SIZE]);
static struct zap_domain *find(const void *name, size_t size);

enum status zmq_zap_register(const char *domain, zmq_lookup_function lookup, void *lookup_context,
                             struct error *reterr_error) {
    ASSERT(domain != NULL && lookup != NULL);
    ASSERT(domain[0] != '\0' && strlen(domain) <= ZMQ_ZAP_DOMAIN_SIZE_MAX);
    if (domain_count == 0) {
        enum status status = start_thread(reterr_error);
        if (status != STATUS_OK) return status;
    }
    pthread_mutex_lock(&table_mutex);
    ASSERT(find(domain, strlen(domain)) == NULL);
    struct zap_domain *entry = find("", 0);
    if (entry != NULL) {
        *entry = (struct zap_domain){.lookup = lookup, .lookup_context = lookup_context};
        memcpy(entry->name, domain, strlen(domain));
        domain_count++;
    }
    pthread_mutex_unlock(&table_mutex);
    if (entry != NULL) return STATUS_OK;
    return error_set(reterr_error, STATUS_FULL, "zap: no more than %d doors in one process", ZMQ_ZAP_DOMAINS_MAX);
}

void zmq_zap_unregister(const char *domain) {
    ASSERT(domain != NULL && domain[0] != '\0');
    pthread_mutex_lock(&table_mutex);
    struct zap_domain *entry = find(domain, strlen(domain));
    ASSERT(entry != NULL);
    *entry = (struct zap_domain){0};
    domain_count--;
    pthread_mutex_unlock(&table_mutex);
    if (domain_count == 0) stop_thread();
}

void zmq_zap_turn_away(const char *domain) {
    ASSERT(domain != NULL && domain[0] != '\0');
    pthread_mutex_lock(&table_mutex);
    struct zap_domain *entry = find(domain, strlen(domain));
    ASSERT(entry != NULL);
    entry->turns_away = true;
    pthread_mutex_unlock(&table_mutex);
}

uint64_t zmq_zap_refused(const char *domain) {
    ASSERT(domain != NULL);
    pthread_mutex_lock(&table_mutex);
    const struct zap_domain *entry = find(domain, strlen(domain));
    uint64_t refused = entry == NULL ? 0 : entry->refused;
    pthread_mutex_unlock(&table_mutex);
    return refused;
}

/* Sockets are bound here and handed to the thread, so that the handler is there before a door can be. */
static enum status start_thread(struct error *reterr_error) {
    ASSERT(stop_socket == NULL);
    void *context = zmq_context_get();
    if (context != NULL) {
        zap_sockets[0] = zmq_socket(context, ZMQ_REP);
        zap_sockets[1] = zmq_socket(context, ZMQ_PAIR);
        stop_socket = zmq_socket(context, ZMQ_PAIR);
    }
    int linger_ms = 0, failed = EMFILE;
    bool made = zap_sockets[0] != NULL && zap_sockets[1] != NULL && stop_socket != NULL;
    if (made) {
        zmq_setsockopt(zap_sockets[0], ZMQ_LINGER, &linger_ms, sizeof linger_ms);
        made = zmq_bind(zap_sockets[0], ZAP_ENDPOINT) == 0 && zmq_bind(zap_sockets[1], STOP_ENDPOINT) == 0 &&
               zmq_connect(stop_socket, STOP_ENDPOINT) == 0;
        failed = zmq_errno();
    }
    if (made) {
        /* Signals are for other threads: one that broke off a send here would leave half an answer. */
        sigset_t all, before;
        sigfillset(&all);
        pthread_sigmask(SIG_BLOCK, &all, &before);
        failed = pthread_create(&zap_thread, NULL, answer_requests, NULL);
        pthread_sigmask(SIG_SETMASK, &before, NULL);
        made = failed == 0;
    }
    if (made) return STATUS_OK;
    close_sockets();
    return error_set(reterr_error, STATUS_IO, "zap: cannot start the handler: %s", zmq_strerror(failed));
}

static void stop_thread(void) {
    ASSERT(stop_socket != NULL);
    int sent;
    do {
        sent = zmq_send(stop_socket, "", 0, 0);
    } while (sent < 0 && zmq_errno() == EINTR);
    ASSERT(sent == 0);
    int failed = pthread_join(zap_thread, NULL);
    ASSERT(failed == 0);
    /* Closing alone frees the names some time later; the next start needs them now. */
    zmq_unbind(zap_sockets[0], ZAP_ENDPOINT);
    zmq_unbind(zap_sockets[1], STOP_ENDPOINT);
    close_sockets();
}

static void close_sockets(void) {
    void **const all[] = {&zap_sockets[0], &zap_sockets[1], &stop_socket};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        if (*all[i] != NULL) zmq_close(*all[i]);
        *all[i] = NULL;
    }
}

static void *answer_requests(void *context) {
    (void)context;
    zmq_pollitem_t items[2] = {{.socket = zap_sockets[0], .events = ZMQ_POLLIN},
                               {.socket = zap_sockets[1], .events = ZMQ_POLLIN}};
    for (;;) {
        if (zmq_poll(items, 2, -1) < 0) {
            ASSERT(zmq_errno() == EINTR);
            continue;
        }
        if ((items[1].revents & ZMQ_POLLIN) != 0) return NULL;
        if ((items[0].revents & ZMQ_POLLIN) == 0) continue;
        struct zap_frame frames[ZAP_FRAMES] = {0};
        size_t count = receive_request(items[0].socket, frames);
        if (count == 0) continue;
        struct zap_verdict verdict = judge(frames, count);
        send_answer(items[0].socket, &frames[ZAP_REQUEST], &verdict);
    }
}

/* The number of frames, also beyond those kept; 0 when there is no request. */
static size_t receive_request(void *socket, struct zap_frame frames[ZAP_FRAMES]) {
    ASSERT(socket != NULL);
    size_t count = 0;
    int more = 1;
    while (more != 0) {
        struct zap_frame surplus;
        struct zap_frame *frame = count < ZAP_FRAMES ? &frames[count] : &surplus;
        int size = zmq_recv(socket, frame->bytes, sizeof frame->bytes, ZMQ_DONTWAIT);
        if (size < 0 && zmq_errno() == EINTR) continue;
        if (size < 0) return 0;
        frame->size = (size_t)size;
        count++;
        size_t more_size = sizeof more;
        int failed = zmq_getsockopt(socket, ZMQ_RCVMORE, &more, &more_size);
        ASSERT(failed == 0);
    }
    return count;
}

static struct zap_verdict judge(const struct zap_frame frames[ZAP_FRAMES], size_t count) {
    struct zap_verdict verdict = {.code = "400", .text = "unknown key"};
    char *key = verdict.key;
    bool understood = count == ZAP_FRAMES && frame_is(&frames[ZAP_VERSION], "1.0") &&
                      frame_is(&frames[ZAP_MECHANISM], "CURVE") && frames[ZAP_KEY].size == ZAP_KEY_BYTES &&
                      zmq_z85_encode(key, frames[ZAP_KEY].bytes, ZAP_KEY_BYTES) != NULL;
    if (!understood || frames[ZAP_DOMAIN].size > ZMQ_ZAP_DOMAIN_SIZE_MAX || frames[ZAP_DOMAIN].size == 0)
        return verdict;
    pthread_mutex_lock(&table_mutex);
    struct zap_domain *entry = find(frames[ZAP_DOMAIN].bytes, frames[ZAP_DOMAIN].size);
    if (entry != NULL && entry->turns_away) {
        verdict = (struct zap_verdict){.code = "300", .text = "not now"};
    } else if (entry != NULL && entry->lookup(entry->lookup_context, key, verdict.system)) {
        ASSERT(verdict.system[0] != '\0' && memchr(verdict.system, '\0', sizeof verdict.system) != NULL);
        verdict.code = "200";
        verdict.text = "OK";
    } else if (entry != NULL) {
        verdict.system[0] = '\0';
        entry->refused++;
    }
    pthread_mutex_unlock(&table_mutex);
    return verdict;
}

static bool frame_is(const struct zap_frame *frame, const char *text) {
    return frame->size == strlen(text) && memcmp(frame->bytes, text, frame->size) == 0;
}

static void send_answer(void *socket, const struct zap_frame *request, const struct zap_verdict *verdict) {
    ASSERT(socket != NULL);
    ASSERT((verdict->code[0] == '2') == (verdict->system[0] != '\0'));
    size_t request_size = request->size <= ZAP_FRAME_MAX ? request->size : 0;
    zmq_send(socket, "1.0", 3, ZMQ_SNDMORE);
    zmq_send(socket, request->bytes, request_size, ZMQ_SNDMORE);
    zmq_send(socket, verdict->code, strlen(verdict->code), ZMQ_SNDMORE);
    zmq_send(socket, verdict->text, strlen(verdict->text), ZMQ_SNDMORE);
    zmq_send(socket, verdict->system, strlen(verdict->system), ZMQ_SNDMORE);
    uint8_t property[PROPERTY_SIZE];
    bool is_in = verdict->code[0] == '2';
    if (is_in) put_key_property(verdict->key, property);
    zmq_send(socket, property, is_in ? sizeof property : 0, 0);
}

/* Metadata of RFC 27: size and name, then size and value. */
static void put_key_property(const char key[SOCKET_KEY_TEXT_SIZE + 1], uint8_t ret_property[PROPERTY_SIZE]) {
    static const uint8_t head[] = {
        sizeof ZMQ_ZAP_KEY_PROPERTY - 1, 'X', '-', 'K', 'e', 'y', 0, 0, 0, SOCKET_KEY_TEXT_SIZE};
    static_assert(sizeof head + SOCKET_KEY_TEXT_SIZE == PROPERTY_SIZE, "name and value fill it");
    ASSERT(strlen(key) == SOCKET_KEY_TEXT_SIZE);
    memcpy(ret_property, head, sizeof head);
    memcpy(ret_property + sizeof head, key, SOCKET_KEY_TEXT_SIZE);
}

static struct zap_domain *find(const void *name, size_t size) {
    ASSERT(size <= ZMQ_ZAP_DOMAIN_SIZE_MAX);
    for (size_t i = 0; i < ZMQ_ZAP_DOMAINS_MAX; i++) {
        if (strlen(table[i].name) == size && memcmp(table[i].name, name, size) == 0) return &table[i];
    }
    return NULL;
}
