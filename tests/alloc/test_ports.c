/* Every port is opened with its n-th request for memory refused, for each n: it says STATUS_NO_MEMORY and has left nothing
 * half open, for the next opening of the same folder, address or loop succeeds. No server is needed: opening waits for
 * none. That nothing leaked is for LeakSanitizer to say. */
#include "tests/support/cmocka.h"

#include "lib/digest/digest.h"
#include "lib/host/health.h"
#include "lib/host/master_key_file.h"
#include "lib/port/file/spool_file.h"
#include "lib/port/kafka/kafka.h"
#include "lib/port/lmdb/lmdb_store.h"
#include "lib/port/lmdb/note_file.h"
#include "lib/port/redis/redis_cache.h"
#include "lib/port/tls/tls_stream.h"
#include "lib/port/uv/loop.h"
#include "lib/port/uv/waiter_eventfd.h"
#include "lib/port/zmq/zmq_context.h"
#include "lib/port/zmq/zmq_door_loop.h"
#include "tests/port/scratch.h"
#include "tests/port/token_forge.h"
#include "tests/port/zmq_world.h"
#include "tests/support/alloc.h"

#include <arpa/inet.h>
#include <sys/socket.h>

static char dir[SCRATCH_PATH_MAX];
static struct loop *loop;
static struct forge forge;
static int listener_fd;
static char listener_address[32];
static const char *const topics[] = {"bhr.test.journal.v1", "bhr.test.command.v1"};

static struct kafka_options kafka_at_nobody(void) {
    struct kafka_options options = KAFKA_OPTIONS_DEFAULT;
    options.brokers = "127.0.0.1:1";
    options.service = "test";
    return options;
}

static enum status open_store(struct error *reterr_error) {
    struct lmdb_store *store;
    enum status status =
        lmdb_store_open(&(struct lmdb_options){.dir = dir, .map_bytes = 1 << 24}, &store, reterr_error);
    if (status == STATUS_OK) lmdb_store_close(store, true);
    return status;
}

static enum status open_store_to_read(struct error *reterr_error) {
    struct lmdb_store *store;
    enum status status = lmdb_store_open_read(dir, &store, reterr_error);
    if (status == STATUS_OK) lmdb_store_close(store, false);
    return status;
}

static enum status open_note(struct error *reterr_error) {
    struct note_file *note;
    enum status status = note_file_open(dir, &note, reterr_error);
    if (status == STATUS_OK) note_file_close(note);
    return status;
}

static enum status open_spool(struct error *reterr_error) {
    char path[SCRATCH_PATH_MAX + 8];
    (void)snprintf(path, sizeof path, "%s/spool", dir);
    struct spool_file *spool;
    enum status status = spool_open(path, &(struct spool_limits){SPOOL_BYTES_MIN, 16}, &spool, reterr_error);
    if (status == STATUS_OK) spool_close(spool);
    return status;
}

static enum status open_master_key(struct error *reterr_error) {
    char path[SCRATCH_PATH_MAX + 8];
    (void)snprintf(path, sizeof path, "%s/master", dir);
    struct master_key_file *file;
    struct master_key ignored;
    enum status status = master_key_file_open(path, &file, &ignored, reterr_error);
    if (status == STATUS_OK) master_key_file_close(&file);
    return status;
}

static enum status open_zmq_door(struct error *reterr_error) {
    struct zmq_door *opened;
    const struct zmq_door_options options = {.endpoint = "tcp://127.0.0.1:*", .keys = &door_keys, .lookup = look_up};
    enum status status = zmq_door_open(&options, &opened, reterr_error);
    if (status == STATUS_OK) zmq_door_close(opened);
    return status;
}

static void on_readable(void *context) {
    (void)context;
}

static enum status watch_zmq_door(struct error *reterr_error) {
    struct zmq_door_watch *watch;
    enum status status = zmq_door_watch_start(door, loop_uv(loop), on_readable, NULL, &watch, reterr_error);
    if (status == STATUS_OK) zmq_door_watch_stop(watch);
    return status;
}

static enum status open_zmq_dealer(struct error *reterr_error) {
    struct zmq_dealer *dealer;
    const char *endpoint = "tcp://127.0.0.1:1";
    const struct zmq_dealer_options options = {
        .endpoints = &endpoint, .endpoint_count = 1, .keys = &known, .server_key = door_keys.public};
    enum status status = zmq_dealer_open(&options, &dealer, reterr_error);
    if (status == STATUS_OK) zmq_dealer_close(dealer);
    return status;
}

static enum status open_kafka_reader(struct error *reterr_error) {
    const struct kafka_options options = kafka_at_nobody();
    struct kafka_reader *reader;
    struct topic_reader ignored;
    enum status status = kafka_reader_open(&options, -1, &reader, &ignored, reterr_error);
    if (status == STATUS_OK) kafka_reader_close(&reader);
    return status;
}

static enum status open_kafka_writer(struct error *reterr_error) {
    const struct kafka_options options = kafka_at_nobody();
    struct kafka_writer *writer;
    struct topic_writer ignored;
    enum status status = kafka_writer_open(&options, -1, topics, 2, &writer, &ignored, reterr_error);
    if (status == STATUS_OK) kafka_writer_close(&writer);
    return status;
}

static enum status open_kafka_publisher(struct error *reterr_error) {
    const struct kafka_options options = kafka_at_nobody();
    struct kafka_publisher *publisher;
    struct publish_port ignored;
    enum status status = kafka_publisher_open(&options, topics[0], topics, 2, &publisher, &ignored, reterr_error);
    if (status == STATUS_OK) kafka_publisher_close(&publisher);
    return status;
}

static enum status open_kafka_membership(struct error *reterr_error) {
    const struct kafka_options options = kafka_at_nobody();
    struct kafka_membership *membership;
    struct membership ignored;
    enum status status = kafka_membership_open(&options, -1, topics[1], &membership, &ignored, reterr_error);
    if (status == STATUS_OK) kafka_membership_close(&membership);
    return status;
}

static enum status open_kafka_intake(struct error *reterr_error) {
    const struct kafka_options options = kafka_at_nobody();
    struct kafka_intake *intake;
    struct intake_port ignored;
    enum status status = kafka_intake_open(&options, -1, topics, 2, 1000, &intake, &ignored, reterr_error);
    if (status == STATUS_OK) kafka_intake_close(&intake);
    return status;
}

static enum status open_kafka_admin(struct error *reterr_error) {
    const struct kafka_options options = kafka_at_nobody();
    struct kafka_admin *admin;
    struct topic_admin ignored;
    enum status status = kafka_admin_open(&options, &admin, &ignored, reterr_error);
    if (status == STATUS_OK) kafka_admin_close(&admin);
    return status;
}

static enum status open_redis(struct error *reterr_error) {
    struct redis_cache *cache;
    struct cache ignored;
    const struct redis_cache_options options = {.socket_path = "/nowhere", .uv_loop = loop_uv(loop)};
    enum status status = redis_cache_open(&options, &cache, &ignored, reterr_error);
    if (status == STATUS_OK) redis_cache_close(cache);
    return status;
}

static bool is_ready(void *context, char ret_reason[HEALTH_REASON_MAX]) {
    (void)context;
    (void)ret_reason;
    return true;
}

static enum status open_health(struct error *reterr_error) {
    struct health *health;
    const struct health_options options = {.uv_loop = loop_uv(loop), .is_ready = is_ready};
    enum status status = health_open(&health, &options, reterr_error);
    if (status == STATUS_OK) health_close(health);
    return status;
}

static int step(void *context) {
    (void)context;
    return 1000;
}

static enum status open_loop(struct error *reterr_error) {
    struct loop *opened = loop_new(step, NULL, NULL, reterr_error);
    loop_free(opened);
    return opened != NULL ? STATUS_OK : reterr_error->code;
}

static enum status open_waiter(struct error *reterr_error) {
    struct waiter waiter = {0};
    int fd;
    enum status status = waiter_open(&waiter, &fd, reterr_error);
    waiter_close(&waiter);
    return status;
}

static enum status open_verifier(struct error *reterr_error) {
    struct jose_verifier *verifier;
    const struct jose_options options = forge_options(&forge);
    enum status status = jose_verifier_open(&options, &verifier, reterr_error);
    if (status == STATUS_OK) jose_verifier_close(verifier);
    return status;
}

static enum status open_stream(struct error *reterr_error) {
    struct tls_stream *stream;
    const struct tls_stream_options options = {
        .address = listener_address, .ca_file = "", .certificate_file = "", .key_file = "", .timeout_ms = 1000};
    enum status status = tls_stream_open(&options, &stream, reterr_error);
    if (status == STATUS_OK) tls_stream_close(&stream);
    return status;
}

static const struct port {
    const char *name;
    enum status (*open_and_close)(struct error *reterr_error);
} ports[] = {
    {"store", open_store},
    {"store, to read", open_store_to_read},
    {"crash note", open_note},
    {"spool", open_spool},
    {"master key", open_master_key},
    {"door's socket", open_zmq_door},
    {"door's watch", watch_zmq_door},
    {"client's socket", open_zmq_dealer},
    {"Kafka reader", open_kafka_reader},
    {"Kafka writer", open_kafka_writer},
    {"Kafka publisher", open_kafka_publisher},
    {"Kafka membership", open_kafka_membership},
    {"Kafka intake", open_kafka_intake},
    {"Kafka admin", open_kafka_admin},
    {"Redis", open_redis},
    {"health", open_health},
    {"loop", open_loop},
    {"waiter", open_waiter},
    {"token verifier", open_verifier},
    {"stream", open_stream},
};

static bool attempt(void *context, uint32_t n) {
    const struct port *opened = context;
    struct error error = {0};
    alloc_fail(n);
    enum status status = opened->open_and_close(&error);
    bool has_failed = alloc_end();
    enum status expected = has_failed ? STATUS_NO_MEMORY : STATUS_OK;
    if (status != expected || (has_failed && error.message[0] == '\0')) {
        fail_msg("%s, request %u: expected %s, found %s: %s", opened->name, n, status_name(expected),
                 status_name(status), error.message);
    }
    return has_failed;
}

static void each_port_says_no_memory(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof ports / sizeof ports[0]; i++) {
        struct port opened = ports[i];
        uint32_t requests = alloc_each(attempt, &opened);
        printf("%s: %u requests\n", opened.name, requests);
        assert_true(requests > 0);
    }
}

static void listen_somewhere(void) {
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof address;
    listener_fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(listener_fd, (struct sockaddr *)&address, sizeof address), 0);
    assert_int_equal(listen(listener_fd, 64), 0);
    assert_int_equal(getsockname(listener_fd, (struct sockaddr *)&address, &size), 0);
    (void)snprintf(listener_address, sizeof listener_address, "127.0.0.1:%u", ntohs(address.sin_port));
}

static int begin(void **state) {
    scratch_make(dir);
    char path[64];
    (void)snprintf(path, sizeof path, "%.50s/master", dir);
    forge_write(path, "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f\n");
    struct error error = {0};
    assert_int_equal(open_store(&error), STATUS_OK); /* so that there is one to read */
    loop = loop_new(step, NULL, NULL, &error);
    assert_non_null(loop);
    forge_open(&forge);
    listen_somewhere();
    return set_up(state);
}

static int end(void **state) {
    loop_free(loop);
    forge_close(&forge);
    (void)close(listener_fd);
    scratch_remove(dir);
    return tear_down(state);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(each_port_says_no_memory, begin, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
