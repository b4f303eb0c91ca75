/* Races made on purpose, each where a library that tests/sanitize/tsan.supp names has called us or has lent us memory:
 * ThreadSanitizer must report each of them under those very suppressions (planted_races.py), or they would hide ours.
 *   bhr-planted-race none|thread|libuv|liblmdb|libzmq|librdkafka FOLDER
 * One thread changes a number while another does; "none" does the same under a lock, and must not be reported. */
#include <librdkafka/rdkafka.h>
#include <lmdb.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <uv.h>
#include <zmq.h>

enum { ROUNDS = 1000 };

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static long shared;
static char *lent; /* by LMDB, from its map */

static void require(bool is_good, const char *what) {
    if (is_good) return;
    (void)fprintf(stderr, "bhr-planted-race: %s\n", what);
    exit(2);
}

static void *change(void *context) {
    for (int i = 0; i < ROUNDS; i++) shared++;
    return context;
}

static void *change_locked(void *context) {
    for (int i = 0; i < ROUNDS; i++) {
        pthread_mutex_lock(&mutex);
        shared++;
        pthread_mutex_unlock(&mutex);
    }
    return context;
}

static void on_timer(uv_timer_t *timer) {
    (void)change(NULL);
    uv_close((uv_handle_t *)timer, NULL);
}

static void in_libuv(void) {
    uv_loop_t loop;
    uv_timer_t timer;
    require(uv_loop_init(&loop) == 0 && uv_timer_init(&loop, &timer) == 0, "no loop");
    uv_timer_start(&timer, on_timer, 1, 0);
    uv_run(&loop, UV_RUN_DEFAULT);
    (void)uv_loop_close(&loop);
}

/* The change is to a row of a write transaction, where it lies in LMDB's own page. */
static void *change_lent(void *context) {
    for (int i = 0; i < ROUNDS; i++) lent[0]++;
    return context;
}

static void in_liblmdb(const char *folder, void *(*body)(void *)) {
    MDB_env *env;
    MDB_txn *txn;
    MDB_dbi rows;
    MDB_val key = {.mv_size = 3, .mv_data = "key"}, value = {.mv_size = 5, .mv_data = NULL};
    require(mdb_env_create(&env) == 0 && mdb_env_open(env, folder, MDB_WRITEMAP, 0600) == 0, "no store");
    require(mdb_txn_begin(env, NULL, 0, &txn) == 0 && mdb_dbi_open(txn, NULL, 0, &rows) == 0, "no transaction");
    require(mdb_put(txn, rows, &key, &value, MDB_RESERVE) == 0, "no row");
    lent = value.mv_data;
    pthread_t other;
    require(pthread_create(&other, NULL, change_lent, NULL) == 0, "no thread");
    (void)body(NULL);
    (void)pthread_join(other, NULL);
    mdb_txn_abort(txn);
    mdb_env_close(env);
}

/* libzmq frees what it was lent by calling us, on its own thread or on ours. */
static void on_free(void *data, void *hint) {
    (void)data;
    (void)change(hint);
}

static void in_libzmq(void) {
    static char bytes[] = "lent";
    zmq_msg_t message;
    require(zmq_msg_init_data(&message, bytes, sizeof bytes, on_free, NULL) == 0, "no message");
    (void)zmq_msg_close(&message);
}

static void on_log(const rd_kafka_t *kafka, int level, const char *facility, const char *text) {
    (void)kafka, (void)level, (void)facility, (void)text;
    (void)change(NULL);
}

/* A broker that is not there makes it log, on a thread of its own. */
static void in_librdkafka(void) {
    char text[256];
    rd_kafka_conf_t *conf = rd_kafka_conf_new();
    rd_kafka_conf_set_log_cb(conf, on_log);
    (void)rd_kafka_conf_set(conf, "bootstrap.servers", "127.0.0.1:1", text, sizeof text);
    (void)rd_kafka_conf_set(conf, "debug", "broker", text, sizeof text);
    rd_kafka_t *kafka = rd_kafka_new(RD_KAFKA_PRODUCER, conf, text, sizeof text);
    require(kafka != NULL, text);
    (void)rd_kafka_poll(kafka, 500);
    rd_kafka_destroy(kafka);
}

int main(int argc, char **argv) {
    require(argc == 3, "usage: see the beginning of tests/sanitize/planted_race.c");
    const char *where = argv[1];
    if (strcmp(where, "liblmdb") == 0) {
        in_liblmdb(argv[2], change_lent);
        return 0;
    }
    bool is_locked = strcmp(where, "none") == 0;
    pthread_t other;
    require(pthread_create(&other, NULL, is_locked ? change_locked : change, NULL) == 0, "no thread");
    if (is_locked) {
        (void)change_locked(NULL);
    } else if (strcmp(where, "libuv") == 0) {
        in_libuv();
    } else if (strcmp(where, "libzmq") == 0) {
        in_libzmq();
    } else if (strcmp(where, "librdkafka") == 0) {
        in_librdkafka();
    } else {
        require(strcmp(where, "thread") == 0, "there is no such race");
        (void)change(NULL);
    }
    (void)pthread_join(other, NULL);
    return 0;
}
