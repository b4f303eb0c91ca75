/* Configuration: the order of authority, and that everything wrong is refused with the place and what was expected. */
#include "lib/host/config.h"

#include "tests/support/cmocka.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

static const struct service_config_row rows[] = {
    {"hold_ttl_s", 300, 30, 900, "s", "How long a hold lasts."},
    {"shift_min", 0, -720, 720, "minutes", "A number that may be negative."},
};
static const struct service service = {.name = "booking", .config_rows = rows, .config_row_count = 2};

enum { OUTPUT_MAX = 32 * 1024 };

struct run {
    enum config_action action;
    struct config config;
    char out[OUTPUT_MAX], err[OUTPUT_MAX];
};
static struct run run;
static char file_path[64];

static void read_back(FILE *file, char *ret_text) {
    rewind(file);
    ret_text[fread(ret_text, 1, OUTPUT_MAX - 1, file)] = '\0';
    fclose(file);
}

/* Runs config_read as a process would see it, and keeps what it printed. */
static void read_with(char **arguments, int count) {
    char *argv[24] = {(char *)"bhr-booking"};
    for (int i = 0; i < count; i++) argv[i + 1] = arguments[i];
    FILE *out = tmpfile(), *err = tmpfile();
    fflush(stdout);
    fflush(stderr);
    int old_out = dup(STDOUT_FILENO), old_err = dup(STDERR_FILENO);
    dup2(fileno(out), STDOUT_FILENO);
    dup2(fileno(err), STDERR_FILENO);
    run.action = config_read(&run.config, &service, count + 1, argv);
    fflush(stdout);
    fflush(stderr);
    dup2(old_out, STDOUT_FILENO);
    dup2(old_err, STDERR_FILENO);
    close(old_out);
    close(old_err);
    read_back(out, run.out);
    read_back(err, run.err);
}
#define READ_WITH(...)                                                                                                 \
    do {                                                                                                               \
        char *words[] = {__VA_ARGS__};                                                                                 \
        read_with(words, (int)(sizeof words / sizeof words[0]));                                                       \
    } while (0)
#define PLAIN   "--set", "kafka_plaintext=true"
#define NO_DOOR "--set", "door_endpoint=", PLAIN

static void write_file(const char *text) {
    FILE *file = fopen(file_path, "w");
    assert_non_null(file);
    fputs(text, file);
    fclose(file);
}

static int set_up(void **state) {
    (void)state;
    strcpy(file_path, "/tmp/bhr-test-config-XXXXXX");
    int descriptor = mkstemp(file_path);
    return descriptor < 0 ? -1 : close(descriptor);
}

static int tear_down(void **state) {
    (void)state;
    unsetenv("BHR_HTTP_PORT");
    unsetenv("BHR_HTTP_PROT");
    unsetenv("BHR_TEST_ANYTHING");
    unsetenv("BHR_REDIS_SOCKET");
    return unlink(file_path);
}

static void expect_refusal(const char *text) {
    if (run.action != CONFIG_EXIT_USAGE || strstr(run.err, text) == NULL) {
        fail_msg("expected a refusal that says\n  %s\ngot action %d and\n  %s", text, (int)run.action, run.err);
    }
}

static void defaults_are_the_tables(void **state) {
    (void)state;
    struct config config;
    config_defaults(&config, &service);
    assert_string_equal(config.environment, "local");
    assert_int_equal(config.http_port, 17101);
    assert_true(config.may_own);
    struct service_context context = {.config = &config};
    assert_int_equal(config_service_number(&context, "hold_ttl_s"), 300);
    assert_int_equal(config_service_number(&context, "shift_min"), 0);
}

static void the_command_line_wins_over_environment_over_file(void **state) {
    (void)state;
    write_file("http_port = 1\nstore_map_mib = 32\nhold_ttl_s = 60\nbrokers = kafka:9092 ; a comment\n# another\n\n");
    setenv("BHR_HTTP_PORT", "3", 1);
    READ_WITH(NO_DOOR, "--config", file_path);
    assert_int_equal(run.action, CONFIG_RUN);
    assert_string_equal(run.err, "");
    assert_int_equal(run.config.http_port, 3);
    assert_int_equal(run.config.store_map_mib, 32);
    assert_int_equal(run.config.service_values[0], 60);
    assert_string_equal(run.config.brokers, "kafka:9092");
    READ_WITH(NO_DOOR, "--config", file_path, "--set", "http_port=4", "--set", "shift_min=-60");
    assert_int_equal(run.config.http_port, 4);
    assert_int_equal(run.config.service_values[1], -60);
}

static void an_empty_process_name_is_service_and_pid(void **state) {
    (void)state;
    char expected[64];
    snprintf(expected, sizeof expected, "booking-%ld", (long)getpid());
    READ_WITH(NO_DOOR);
    assert_string_equal(run.config.process, expected);
    READ_WITH(NO_DOOR, "--set", "process=b1");
    assert_string_equal(run.config.process, "b1");
}

static void errors_in_a_file_name_its_line(void **state) {
    (void)state;
    static const struct {
        const char *text, *expected; /* expected stands after "path:" */
    } cases[] = {
        {"http_port = 65535\n", NULL},
        {"http_port = 65536\n", "1: http_port: 65536 is out of bounds; expected 0 to 65535 port"},
        {"\nhttp_port = -1\n", "2: http_port: -1 is out of bounds; expected 0 to 65535 port"},
        {"http_port = 80 80\n", "1: http_port: \"80 80\" is not a whole number; expected 0 to 65535 port"},
        {"http_port = 0x50\n", "1: http_port: \"0x50\" is not a whole number"},
        {"http_port = 99999999999999999999\n", "1: http_port: \"99999999999999999999\" is not a whole number"},
        {"http_port =\n", "1: http_port: \"\" is not a whole number"},
        {"# one\nhttp_prot = 1\n", "2: http_prot: there is no such key"},
        {"may_own = true\n", NULL},
        {"may_own = yes\n", "1: may_own: \"yes\" is neither; expected true or false"},
        {"http_port = 1\nmay_own = true\nhttp_port = 1\n", "3: http_port: is given twice; expected once"},
        {"http_port = 1\n  may_own = false\n", NULL},
        {"http_port = 1\n  2\n", "2: expected `key = value`"},
        {"http_port\n", "1: expected `key = value`"},
        {"[host]\nhttp_port = 1\n", "2: http_port: expected a key outside any [section]"},
        {"environment = two words\n", NULL /* judged as a whole, see below */},
        {"data_dir = \x01\n", "1: data_dir: expected at most 255 bytes of UTF-8 without control characters"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char expected[256];
        write_file(cases[i].text);
        READ_WITH(NO_DOOR, "--config", file_path);
        if (cases[i].expected == NULL) {
            assert_null(strstr(run.err, file_path));
            continue;
        }
        snprintf(expected, sizeof expected, "bhr-booking: %s:%s", file_path, cases[i].expected);
        expect_refusal(strstr(expected, ": ") + 2);
    }
}

static void a_line_that_is_too_long_is_refused_not_cut(void **state) {
    (void)state;
    char text[600];
    snprintf(text, sizeof text, "# first\nprocess = %0400d\nhttp_port = 7\n", 1);
    write_file(text);
    READ_WITH(NO_DOOR, "--config", file_path);
    expect_refusal(":2: expected a line of text of at most 198 bytes");
    assert_int_equal(run.config.http_port, 7);
    assert_null(strstr(run.err, ":3:"));
}

static void every_error_is_said_at_once(void **state) {
    (void)state;
    write_file("one = 1\ntwo = 2\n");
    setenv("BHR_HTTP_PORT", "many", 1);
    READ_WITH("--config", file_path, "--set", "http_port=-5", "--set", "nothing");
    expect_refusal(":1: one: there is no such key");
    expect_refusal(":2: two: there is no such key");
    expect_refusal("BHR_HTTP_PORT: http_port: \"many\" is not a whole number");
    expect_refusal("--set http_port=-5: http_port: -5 is out of bounds");
    expect_refusal("--set nothing: expected KEY=VALUE");
}

static void unknown_names_in_the_environment_are_refused(void **state) {
    (void)state;
    setenv("BHR_TEST_ANYTHING", "1", 1);
    READ_WITH(NO_DOOR);
    assert_int_equal(run.action, CONFIG_RUN);
    setenv("BHR_HTTP_PROT", "1", 1);
    READ_WITH(NO_DOOR);
    expect_refusal("BHR_HTTP_PROT: no key has this name in the environment");
}

static void a_key_is_known_in_the_environment_whatever_it_begins_with(void **state) {
    (void)state;
    setenv("BHR_REDIS_SOCKET", "/tmp/redis.sock", 1);
    READ_WITH(NO_DOOR);
    assert_int_equal(run.action, CONFIG_RUN);
    assert_string_equal(run.config.redis_socket, "/tmp/redis.sock");
}

static void the_command_line_is_judged_too(void **state) {
    (void)state;
    READ_WITH(NO_DOOR, "--set", "http_port=1", "--set", "http_port=2");
    expect_refusal("--set http_port=2: http_port: is given twice");
    READ_WITH("--nonsense");
    expect_refusal("nonsense");
    READ_WITH("word");
    expect_refusal("expected the options that --help lists");
    READ_WITH("--config", "/nowhere/at/all");
    expect_refusal("/nowhere/at/all: cannot be read: No such file or directory");
}

static void values_that_belong_together_are_checked(void **state) {
    (void)state;
    READ_WITH(NO_DOOR, "--set", "deadline_default_ms=5001", "--set", "deadline_ms_max=5001");
    assert_int_equal(run.action, CONFIG_RUN);
    READ_WITH(NO_DOOR, "--set", "deadline_default_ms=5001", "--set", "deadline_ms_max=5000");
    expect_refusal("deadline_default_ms: 5001 is above deadline_ms_max, which is 5000");
    READ_WITH(NO_DOOR, "--set", "environment=two words");
    expect_refusal("environment: \"two words\" is no name");
    READ_WITH(NO_DOOR, "--set", "locality=");
    expect_refusal("locality: \"\" is no name");
    READ_WITH(PLAIN, "--set", "door_key_file=k", "--set", "policy_file=p");
    expect_refusal("pseudonym_key_file: expected a path, as there is a door_endpoint");
    READ_WITH(PLAIN, "--set", "door_key_file=k", "--set", "policy_file=p", "--set", "pseudonym_key_file=s");
    expect_refusal("master_key_file: expected a path, as there is a door_endpoint");
    READ_WITH(PLAIN, "--set", "door_key_file=k", "--set", "policy_file=p", "--set", "pseudonym_key_file=s", "--set",
              "master_key_file=m");
    assert_int_equal(run.action, CONFIG_RUN);
}

static void plain_text_must_be_said(void **state) {
    (void)state;
#define OWN   "--set", "kafka_ca_file=a", "--set", "kafka_certificate_file=c", "--set", "kafka_key_file=k"
#define OTHER "--set", "kafka_publisher_certificate_file=p"
    READ_WITH("--set", "door_endpoint=");
    expect_refusal("kafka_ca_file: expected a path");
    expect_refusal("or kafka_plaintext = true");
    READ_WITH("--set", "door_endpoint=", OWN);
    expect_refusal("kafka_publisher_certificate_file: expected a path");
    READ_WITH("--set", "door_endpoint=", OWN, "--set", "may_own=false");
    assert_int_equal(run.action, CONFIG_RUN); /* who only reads needs no publisher */
    READ_WITH("--set", "door_endpoint=", OWN, OTHER);
    expect_refusal("kafka_publisher_key_file: expected a path");
    READ_WITH(NO_DOOR, "--set", "kafka_key_file=k");
    expect_refusal("kafka_key_file: is of no use with kafka_plaintext = true");
}

static void help_lists_every_row_and_reads_nothing(void **state) {
    (void)state;
    READ_WITH("--help", "--set", "http_port=wrong");
    assert_int_equal(run.action, CONFIG_EXIT_OK);
#define TEXT(name, ...)   assert_non_null(strstr(run.out, "  " #name " = "));
#define NUMBER(name, ...) assert_non_null(strstr(run.out, "  " #name " = "));
#define FLAG(name, ...)   assert_non_null(strstr(run.out, "  " #name " = "));
#include "lib/host/config.def"
#undef TEXT
#undef NUMBER
#undef FLAG
    assert_non_null(strstr(run.out, "hold_ttl_s = 300"));
    assert_non_null(strstr(run.out, "(30 to 900 s)\n      How long a hold lasts."));
    assert_non_null(strstr(run.out, "--check-config"));
    READ_WITH("--version");
    assert_int_equal(run.action, CONFIG_EXIT_OK);
    assert_non_null(strstr(run.out, " " BHR_VERSION "\n"));
}

static void check_says_good_or_refuses(void **state) {
    (void)state;
    READ_WITH(NO_DOOR, "--check-config");
    assert_int_equal(run.action, CONFIG_EXIT_OK);
    assert_non_null(strstr(run.out, "the configuration is good"));
    READ_WITH(PLAIN, "--check-config");
    expect_refusal("door_key_file: expected a path");
    assert_string_equal(run.out, "");
}

/* What --print-config prints is a file that --config reads to the same configuration. */
static void the_printed_configuration_reads_back(void **state) {
    (void)state;
    setenv("BHR_HTTP_PORT", "3", 1);
    READ_WITH(NO_DOOR, "--print-config", "--set", "hold_ttl_s=45", "--set", "process=b1");
    assert_int_equal(run.action, CONFIG_EXIT_OK);
    assert_non_null(strstr(run.out, "\nhttp_port = 3 "));
    assert_non_null(strstr(run.out, " ; environment\n"));
    assert_non_null(strstr(run.out, " ; command line\n"));
    assert_non_null(strstr(run.out, " ; default\n"));
    struct config first = run.config;
    write_file(run.out);
    unsetenv("BHR_HTTP_PORT");
    READ_WITH("--config", file_path);
    assert_string_equal(run.err, "");
    assert_int_equal(run.action, CONFIG_RUN);
    assert_memory_equal(&first, &run.config, sizeof first);
}

int main(void) {
#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)
    program_invocation_short_name = (char *)"bhr-booking";
    const struct CMUnitTest tests[] = {
        TEST(defaults_are_the_tables),
        TEST(the_command_line_wins_over_environment_over_file),
        TEST(an_empty_process_name_is_service_and_pid),
        TEST(errors_in_a_file_name_its_line),
        TEST(a_line_that_is_too_long_is_refused_not_cut),
        TEST(every_error_is_said_at_once),
        TEST(unknown_names_in_the_environment_are_refused),
        TEST(a_key_is_known_in_the_environment_whatever_it_begins_with),
        TEST(the_command_line_is_judged_too),
        TEST(values_that_belong_together_are_checked),
        TEST(plain_text_must_be_said),
        TEST(help_lists_every_row_and_reads_nothing),
        TEST(check_says_good_or_refuses),
        TEST(the_printed_configuration_reads_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
