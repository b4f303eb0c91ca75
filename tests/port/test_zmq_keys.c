/* CURVE key pairs and their files. */
#include "lib/port/zmq/zmq_keys.h"
#include "tests/port/scratch.h"

#include <string.h>
#include <sys/stat.h>

static char dir[SCRATCH_PATH_MAX], path[SCRATCH_PATH_MAX + 8];
static struct zmq_keys keys;

static int set_up(void **state) {
    (void)state;
    scratch_make(dir);
    snprintf(path, sizeof path, "%s/key", dir);
    assert_int_equal(zmq_keys_make(&keys, NULL), STATUS_OK);
    return 0;
}

static int tear_down(void **state) {
    (void)state;
    scratch_remove(dir);
    return 0;
}

static void write_file(const char *text, mode_t mode) {
    unlink(path);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fputs(text, file);
    fclose(file);
    assert_int_equal(chmod(path, mode), 0);
}

static void a_saved_pair_is_loaded_again(void **state) {
    (void)state;
    struct zmq_keys loaded;
    struct stat file;
    assert_int_equal(zmq_keys_save(&keys, path, NULL), STATUS_OK);
    assert_int_equal(stat(path, &file), 0);
    assert_int_equal(file.st_mode & 0777, 0600);
    assert_int_equal(zmq_keys_load(path, &loaded, NULL), STATUS_OK);
    assert_string_equal(loaded.public, keys.public);
    assert_string_equal(loaded.secret, keys.secret);
    assert_int_equal(zmq_keys_save(&keys, path, NULL), STATUS_CONFLICT);
    struct zmq_keys others;
    assert_int_equal(zmq_keys_make(&others, NULL), STATUS_OK);
    assert_string_not_equal(others.secret, keys.secret);
}

static void a_file_that_others_may_read_is_refused(void **state) {
    (void)state;
    struct zmq_keys loaded;
    assert_int_equal(zmq_keys_save(&keys, path, NULL), STATUS_OK);
    static const mode_t MODES[] = {0640, 0604, 0620, 0601};
    for (size_t i = 0; i < sizeof MODES / sizeof *MODES; i++) {
        assert_int_equal(chmod(path, MODES[i]), 0);
        assert_int_equal(zmq_keys_load(path, &loaded, NULL), STATUS_DENIED);
    }
    assert_int_equal(chmod(path, 0400), 0);
    assert_int_equal(zmq_keys_load(path, &loaded, NULL), STATUS_OK);
    assert_int_equal(zmq_keys_load(dir, &loaded, NULL), STATUS_DENIED);
}

static void what_is_not_a_pair_is_refused(void **state) {
    (void)state;
    struct zmq_keys loaded, others;
    struct error error = {0};
    char text[300];
    assert_int_equal(zmq_keys_load(path, &loaded, &error), STATUS_NOT_FOUND);
    assert_int_equal(zmq_keys_make(&others, NULL), STATUS_OK);
    static const char *const SHAPES[] = {
        "public = %s\nsecret = %s",
        "secret = %s\npublic = %s\n",
        "public=%s\nsecret=%s\n",
        "public = %s\nsecret = %s\nmore\n",
        "public = %s",
        "",
        "public = x%s\nsecret = %s\n",
    };
    for (size_t i = 0; i < sizeof SHAPES / sizeof *SHAPES; i++) {
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
#pragma GCC diagnostic ignored "-Wformat-extra-args"
        snprintf(text, sizeof text, SHAPES[i], keys.public, keys.secret);
#pragma GCC diagnostic pop
        write_file(text, 0600);
        assert_int_equal(zmq_keys_load(path, &loaded, &error), STATUS_INVALID);
        assert_null(strstr(error.message, keys.secret));
    }
    snprintf(text, sizeof text, "public = %s\nsecret = %s\n", others.public, keys.secret);
    write_file(text, 0600);
    assert_int_equal(zmq_keys_load(path, &loaded, &error), STATUS_INVALID);
    assert_non_null(strstr(error.message, "do not belong together"));
}

static void keys_are_forty_characters_of_z85(void **state) {
    (void)state;
    char text[SOCKET_KEY_TEXT_SIZE + 2];
    assert_true(zmq_keys_is_key(keys.public));
    memcpy(text, keys.public, sizeof keys.public);
    text[39] = '\0';
    assert_false(zmq_keys_is_key(text));
    memcpy(text, keys.public, sizeof keys.public);
    text[40] = '0';
    text[41] = '\0';
    assert_false(zmq_keys_is_key(text));
    static const char BAD[] = {' ', '\n', '\x7f', '\x80', '"', '~', '|'};
    for (size_t i = 0; i < sizeof BAD; i++) {
        memcpy(text, keys.public, sizeof keys.public);
        text[7] = BAD[i];
        assert_false(zmq_keys_is_key(text));
    }
    assert_false(zmq_keys_is_key("%%%%%%%%%%%%%%%%%%%%%%%%%%%%%%%%%%%%%%%%" /* 40, but no number below 2^32 */));
    char derived[SOCKET_KEY_TEXT_SIZE + 1];
    assert_int_equal(zmq_keys_derive(keys.secret, derived, NULL), STATUS_OK);
    assert_string_equal(derived, keys.public);
    assert_int_equal(zmq_keys_derive("short", derived, NULL), STATUS_INVALID);
    zmq_keys_wipe(&keys);
    static const struct zmq_keys NOTHING;
    assert_memory_equal(&keys, &NOTHING, sizeof keys);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_saved_pair_is_loaded_again, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_file_that_others_may_read_is_refused, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_is_not_a_pair_is_refused, set_up, tear_down),
        cmocka_unit_test_setup_teardown(keys_are_forty_characters_of_z85, set_up, tear_down),
    };
    return cmocka_run_group_tests_name("curve keys", tests, NULL, NULL);
}
