/* The keys of persons: processes that share a topic on the fake broker, each with its own table. What one seals the others
 * open; a record without a value takes it from all of them. */
#include "lib/digest/digest.h"
#include "lib/host/master_key_file.h"
#include "lib/host/person_keys.h"
#include "lib/port/fake/process.h"
#include "lib/port/fake/reader.h"
#include "lib/port/fake/writer.h"
#include "lib/wire/exchange/person_key.h"
#include "tests/port/scratch.h"
#include "tests/support/cmocka.h"

#include <stdio.h>

enum { PROCESSES = 3, KEYS_MAX = 1000 };
#define NOW_MS INT64_C(1764000000000)

struct process {
    struct fake_reader reader;
    struct fake_writer writer;
    struct fake_clock clock;
    struct person_keys_ports ports;
    struct person_keys *keys;
    struct vault vault;
};

static struct fake_time time_now;
static struct fake_broker broker;
static struct process processes[PROCESSES];
static struct master_key_file *master_file, *other_file;
static struct master_key master, other_master;
static uint32_t alarm_count;
static char folder[SCRATCH_PATH_MAX];

static void on_alarm(void *context, const char *name, const char *text) {
    assert_true(context == NULL && strlen(name) > 0 && strlen(text) > 0);
    alarm_count++;
}

static void start(int index, const struct master_key *key) {
    struct process *process = &processes[index];
    fake_reader_init(&process->reader, &broker, NULL);
    fake_writer_init(&process->writer, &broker, NULL);
    fake_clock_init(&process->clock, &time_now, (uint64_t)index + 1);
    process->ports = (struct person_keys_ports){.reader = fake_reader_port(&process->reader),
                                                .writer = fake_writer_port(&process->writer),
                                                .clock = fake_clock_port(&process->clock),
                                                .master = key};
    const struct person_keys_listener listener = {.alarm = on_alarm};
    struct error error = {0};
    assert_int_equal(person_keys_open(&process->ports, &listener, KEYS_MAX, &process->keys, &error), STATUS_OK);
    process->vault = person_keys_vault(process->keys);
}

static void stop(int index) {
    struct process *process = &processes[index];
    if (process->keys == NULL) return;
    person_keys_close(&process->keys);
    fake_reader_fini(&process->reader);
    fake_writer_fini(&process->writer);
}

static void step(int index) {
    bool has_settled;
    while (person_keys_step(processes[index].keys, &has_settled)) {
    }
    person_keys_send(processes[index].keys);
}

/* Time goes on, and everything that is on its way arrives. */
static void settle(void) {
    for (int round = 0; round < 8; round++) {
        for (int i = 0; i < PROCESSES; i++) {
            if (processes[i].keys != NULL) step(i);
        }
        time_now.now_ms += 10;
        while (fake_broker_deliver(&broker)) {
        }
    }
}

static int begin(void **state) {
    (void)state;
    time_now = (struct fake_time){.now_ms = NOW_MS};
    alarm_count = 0;
    fake_broker_init(&broker, &time_now);
    (void)fake_log_make(&broker, PERSON_KEYS_TOPIC);
    memset(processes, 0, sizeof processes);
    start(0, &master);
    start(1, &master);
    return 0;
}

static int end(void **state) {
    (void)state;
    for (int i = 0; i < PROCESSES; i++) stop(i);
    fake_broker_fini(&broker);
    return 0;
}

static struct uuid person(uint8_t number) {
    struct uuid id = {{0}};
    id.bytes[15] = number;
    id.bytes[8] = 0x80;
    return id;
}

struct sealed {
    struct vault_box box;
    uint8_t bytes[64];
};

static enum vault_result seal(int index, struct uuid person_id, const char *plain, struct sealed *ret_sealed) {
    struct buffer out = buffer_over(ret_sealed->bytes, sizeof ret_sealed->bytes);
    const struct vault *vault = &processes[index].vault;
    return vault->seal(vault->context, person_id, slice_text(plain), &out, &ret_sealed->box);
}

static enum vault_result open_at(int index, struct uuid person_id, const struct sealed *sealed, char ret_plain[64]) {
    memset(ret_plain, 0, 64);
    struct buffer out = buffer_over(ret_plain, 63);
    const struct vault *vault = &processes[index].vault;
    return vault->open(vault->context, person_id, &sealed->box, &out);
}

static uint64_t awaited(int index) {
    const struct vault *vault = &processes[index].vault;
    return vault->take_awaited(vault->context);
}

static enum vault_key_state state_of(int index, uint64_t number) {
    const struct vault *vault = &processes[index].vault;
    return vault->key_state(vault->context, number);
}
/* What `bhr person erase` does: a record of that key without a value. */
static void destroy(struct uuid key_id) {
    char id[UUID_TEXT_SIZE];
    uuid_format(key_id, id);
    const struct topic_append append = {.topic = PERSON_KEYS_TOPIC, .key = slice_of(id, sizeof id)};
    fake_log_append(&broker, fake_log_find(&broker, PERSON_KEYS_TOPIC), fake_record_make(&broker, &append), 0);
}

static void one_seals_and_all_open(void **state) {
    (void)state;
    struct sealed sealed;
    char plain[64];
    assert_int_equal(seal(0, person(1), "Amara", &sealed), VAULT_UNAVAILABLE); /* the topic was not read yet */
    settle();
    assert_int_equal(seal(0, person(1), "Amara", &sealed), VAULT_DONE);
    uint64_t number = awaited(0);
    assert_true(number > 0);
    assert_int_equal(awaited(0), 0); /* told once */
    assert_int_equal(state_of(0, number), VAULT_KEY_AWAITED);
    struct sealed second;
    assert_int_equal(seal(0, person(1), "Amara again", &second), VAULT_DONE);
    assert_true(uuid_equal(second.box.key_id, sealed.box.key_id)); /* the same key, and it is waited for again */
    assert_int_equal(awaited(0), number);
    assert_int_equal(open_at(1, person(1), &sealed, plain), VAULT_UNAVAILABLE); /* young and not there: not erased */
    settle();
    assert_int_equal(state_of(0, number), VAULT_KEY_KEPT);
    assert_int_equal(open_at(1, person(1), &sealed, plain), VAULT_DONE);
    assert_string_equal(plain, "Amara");
    assert_int_equal(seal(1, person(1), "from elsewhere", &second), VAULT_DONE);
    assert_true(uuid_equal(second.box.key_id, sealed.box.key_id)); /* no second key */
    assert_int_equal(awaited(1), 0);
    assert_int_equal(open_at(0, person(1), &second, plain), VAULT_DONE);
    assert_int_equal(fake_log_find(&broker, PERSON_KEYS_TOPIC)->end, 1);
}

static void one_that_starts_later_opens_too(void **state) {
    (void)state;
    settle();
    struct sealed sealed;
    char plain[64];
    assert_int_equal(seal(0, person(1), "Ben", &sealed), VAULT_DONE);
    settle();
    stop(0);
    stop(1);
    start(2, &master);
    assert_false(person_keys_view(processes[2].keys).is_ready);
    settle();
    assert_true(person_keys_view(processes[2].keys).is_ready);
    assert_int_equal(open_at(2, person(1), &sealed, plain), VAULT_DONE);
    assert_string_equal(plain, "Ben");
}

static void what_was_changed_does_not_open(void **state) {
    (void)state;
    settle();
    struct sealed sealed, changed;
    char plain[64];
    assert_int_equal(seal(0, person(1), "Chidi", &sealed), VAULT_DONE);
    settle();
    assert_int_equal(open_at(0, person(2), &sealed, plain), VAULT_BROKEN); /* somebody else's */
    changed = sealed;
    changed.box.nonce[0] ^= 1;
    assert_int_equal(open_at(0, person(1), &changed, plain), VAULT_BROKEN);
    changed = sealed;
    changed.box.ciphertext.size--;
    assert_int_equal(open_at(0, person(1), &changed, plain), VAULT_BROKEN);
    changed.box.ciphertext.size = 3;
    assert_int_equal(open_at(0, person(1), &changed, plain), VAULT_BROKEN);
    assert_int_equal(alarm_count, 4);
    assert_int_equal(open_at(0, person(1), &sealed, plain), VAULT_DONE);
}

static void two_keys_at_once_both_count_and_both_go(void **state) {
    (void)state;
    settle();
    struct sealed a, b, again;
    char plain[64];
    assert_int_equal(seal(0, person(1), "by the first", &a), VAULT_DONE);
    assert_int_equal(seal(1, person(1), "by the second", &b), VAULT_DONE);
    assert_false(uuid_equal(a.box.key_id, b.box.key_id));
    settle();
    for (int i = 0; i < 2; i++) {
        assert_int_equal(open_at(i, person(1), &a, plain), VAULT_DONE);
        assert_int_equal(open_at(i, person(1), &b, plain), VAULT_DONE);
    }
    destroy(a.box.key_id);
    settle();
    assert_int_equal(open_at(0, person(1), &a, plain), VAULT_ERASED);
    assert_int_equal(open_at(0, person(1), &b, plain), VAULT_DONE);
    destroy(b.box.key_id);
    settle();
    for (int i = 0; i < 2; i++) {
        assert_int_equal(open_at(i, person(1), &a, plain), VAULT_ERASED);
        assert_int_equal(open_at(i, person(1), &b, plain), VAULT_ERASED);
        assert_int_equal(person_keys_view(processes[i].keys).count, 0);
    }
    /* Who comes again gets a new key; what was erased stays so. */
    assert_int_equal(seal(1, person(1), "new", &again), VAULT_DONE);
    settle();
    assert_int_equal(open_at(0, person(1), &again, plain), VAULT_DONE);
    assert_int_equal(open_at(0, person(1), &a, plain), VAULT_ERASED);
}

/* When compaction has removed even the record of the destruction, only time tells. */
static void an_old_key_that_is_nowhere_was_destroyed(void **state) {
    (void)state;
    settle();
    struct sealed sealed;
    char plain[64];
    assert_int_equal(seal(0, person(1), "Dorothy", &sealed), VAULT_DONE); /* never sent: this process dies */
    stop(0);
    settle();
    assert_int_equal(open_at(1, person(1), &sealed, plain), VAULT_UNAVAILABLE);
    time_now.now_ms += 61 * 1000;
    settle();
    assert_int_equal(open_at(1, person(1), &sealed, plain), VAULT_ERASED);
    processes[1].reader.pending = TOPIC_DISCONNECTED; /* now it may have missed something */
    step(1);
    assert_int_equal(open_at(1, person(1), &sealed, plain), VAULT_UNAVAILABLE);
    time_now.now_ms += 2000;
    settle();
    assert_int_equal(open_at(1, person(1), &sealed, plain), VAULT_ERASED);
}

static void another_master_key_is_refused(void **state) {
    (void)state;
    settle();
    struct sealed sealed;
    char plain[64];
    assert_int_equal(seal(0, person(1), "Emre", &sealed), VAULT_DONE);
    settle();
    start(2, &other_master);
    settle();
    struct person_keys_view view = person_keys_view(processes[2].keys);
    assert_true(view.is_wrong_master && !view.is_ready);
    assert_int_equal(open_at(2, person(1), &sealed, plain), VAULT_UNAVAILABLE);
    assert_int_equal(seal(2, person(2), "Farah", &sealed), VAULT_UNAVAILABLE);
    assert_int_equal(alarm_count, 1);
    stop(2);
    start(2, &master); /* restored from its backup */
    settle();
    assert_int_equal(open_at(2, person(1), &sealed, plain), VAULT_DONE);
    assert_string_equal(plain, "Emre");
}

static enum status refuse(void *context, const struct topic_append *append) {
    return context != NULL && append != NULL ? STATUS_UNAVAILABLE : STATUS_OK;
}

static void a_key_that_is_not_taken_is_lost(void **state) {
    (void)state;
    stop(0);
    stop(1);
    start(0, &master);
    person_keys_close(&processes[0].keys);
    processes[0].ports.writer.append = refuse;
    assert_int_equal(person_keys_open(&processes[0].ports, NULL, KEYS_MAX, &processes[0].keys, NULL), STATUS_OK);
    processes[0].vault = person_keys_vault(processes[0].keys);
    settle();
    struct sealed sealed;
    bool has_settled;
    assert_int_equal(seal(0, person(1), "George", &sealed), VAULT_DONE);
    uint64_t number = awaited(0);
    person_keys_send(processes[0].keys);
    assert_int_equal(state_of(0, number), VAULT_KEY_LOST);
    (void)person_keys_step(processes[0].keys, &has_settled);
    assert_true(has_settled);
    assert_int_equal(person_keys_view(processes[0].keys).count, 0);
}

static void a_record_that_is_no_key_is_passed_over(void **state) {
    (void)state;
    struct fake_log *log = fake_log_find(&broker, PERSON_KEYS_TOPIC);
    const struct topic_append junk[] = {
        {.topic = PERSON_KEYS_TOPIC, .key = slice_text("x"), .value = slice_text("y")},
        {.topic = PERSON_KEYS_TOPIC, .value = slice_text("\x0a\x03junk")},
        {.topic = PERSON_KEYS_TOPIC},
    };
    for (size_t i = 0; i < 3; i++) fake_log_append(&broker, log, fake_record_make(&broker, &junk[i]), 2);
    settle();
    assert_true(person_keys_view(processes[0].keys).is_ready);
    assert_int_equal(alarm_count, 6); /* three, in two processes */
    struct sealed sealed;
    assert_int_equal(seal(0, person(1), "Hana", &sealed), VAULT_DONE);
}

static void as_many_as_there_is_room_for(void **state) {
    (void)state;
    settle();
    struct sealed sealed;
    for (int i = 0; i <= KEYS_MAX; i++) {
        struct uuid id = person((uint8_t)i);
        id.bytes[14] = (uint8_t)(i / 256);
        assert_int_equal(seal(0, id, "x", &sealed), i < KEYS_MAX ? VAULT_DONE : VAULT_UNAVAILABLE);
    }
    assert_int_equal(alarm_count, 1);
    settle();
    assert_int_equal(person_keys_view(processes[1].keys).count, KEYS_MAX);
}

static void a_master_key_file_is_judged(void **state) {
    (void)state;
    static const char *const bad[] = {"", "00", "not hexadecimal",
                                      "00112233445566778899aabbccddeeff00112233445566778899aabbccddeef"};
    char path[SCRATCH_PATH_MAX + 16];
    (void)snprintf(path, sizeof path, "%s/bad", folder);
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        FILE *file = fopen(path, "w");
        assert_non_null(file);
        fputs(bad[i], file);
        fclose(file);
        struct master_key_file *opened = NULL;
        struct master_key port;
        struct error error = {0};
        assert_int_equal(master_key_file_open(path, &opened, &port, &error), STATUS_INVALID);
        assert_non_null(strstr(error.message, "master_key_file: a file with 64 hexadecimal digits is expected"));
        assert_null(opened);
    }
    assert_memory_not_equal(master.id, other_master.id, sizeof master.id);
}

static void open_master(const char *name, char digit, struct master_key_file **ret_file, struct master_key *ret_port) {
    char path[SCRATCH_PATH_MAX + 16];
    (void)snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    for (int i = 0; i < 64; i++) fputc(digit, file);
    fputc('\n', file);
    fclose(file);
    struct error error = {0};
    assert_int_equal(master_key_file_open(path, ret_file, ret_port, &error), STATUS_OK);
}

static int group_begin(void **state) {
    (void)state;
    scratch_make(folder);
    open_master("master", '7', &master_file, &master);
    open_master("other", '8', &other_file, &other_master);
    return 0;
}

static int group_end(void **state) {
    (void)state;
    master_key_file_close(&master_file);
    master_key_file_close(&other_file);
    scratch_remove(folder);
    return 0;
}

int main(void) {
    assert_true(digest_init());
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(one_seals_and_all_open, begin, end),
        cmocka_unit_test_setup_teardown(one_that_starts_later_opens_too, begin, end),
        cmocka_unit_test_setup_teardown(what_was_changed_does_not_open, begin, end),
        cmocka_unit_test_setup_teardown(two_keys_at_once_both_count_and_both_go, begin, end),
        cmocka_unit_test_setup_teardown(an_old_key_that_is_nowhere_was_destroyed, begin, end),
        cmocka_unit_test_setup_teardown(another_master_key_is_refused, begin, end),
        cmocka_unit_test_setup_teardown(a_key_that_is_not_taken_is_lost, begin, end),
        cmocka_unit_test_setup_teardown(a_record_that_is_no_key_is_passed_over, begin, end),
        cmocka_unit_test_setup_teardown(as_many_as_there_is_room_for, begin, end),
        cmocka_unit_test(a_master_key_file_is_judged),
    };
    return cmocka_run_group_tests(tests, group_begin, group_end);
}
