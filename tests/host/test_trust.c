/* Certificates as a process sees them at its start: whose they are, until when, and what Kafka's options become. */
#include "lib/host/trust.h"

#include "tests/support/cmocka.h"

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum { DAY_S = 86400 };
static const int64_t begins_at_s = INT64_C(1800000000);
static const struct service service = {.name = "booking"};
static char home[64];

static void issue(const char *name, const char *file, int days) {
    char certificate[64], key[64];
    struct error error = {0};
    (void)snprintf(certificate, sizeof certificate, "%s.crt", file);
    (void)snprintf(key, sizeof key, "%s.key", file);
    struct certificate_order order = {
        .name = name, .begins_at_s = begins_at_s, .days = days, .certificate_file = certificate, .key_file = key};
    enum status status = strcmp(file, "ca") == 0 ? certificate_make_authority(&order, &error)
                                                 : certificate_issue("ca.crt", "ca.key", &order, &error);
    if (status != STATUS_OK) fail_msg("%s", error.message);
}

static struct config with_files(const char *certificate, const char *publisher, const char *authority) {
    struct config config;
    config_defaults(&config, &service);
    (void)snprintf(config.kafka_certificate_file, CONFIG_TEXT_MAX, "%s", certificate);
    (void)snprintf(config.kafka_key_file, CONFIG_TEXT_MAX, "service.key");
    (void)snprintf(config.kafka_publisher_certificate_file, CONFIG_TEXT_MAX, "%s", publisher);
    (void)snprintf(config.kafka_publisher_key_file, CONFIG_TEXT_MAX, "publisher.key");
    (void)snprintf(config.kafka_ca_file, CONFIG_TEXT_MAX, "%s", authority);
    return config;
}

static void certificates_are_judged_at_the_start(void **state) {
    (void)state;
    static const struct {
        const char *certificate, *publisher, *authority;
        int day;
        enum status status;
        const char *expected;
    } cases[] = {
        {"service.crt", "publisher.crt", "ca.crt", 0, STATUS_OK, ""},
        {"service.crt", "", "ca.crt", 0, STATUS_OK, ""},
        {"service.crt", "publisher.crt", "ca.crt", 9, STATUS_OK, ""},
        {"service.crt", "publisher.crt", "ca.crt", 10, STATUS_DENIED, "publisher.crt has expired"},
        {"service.crt", "publisher.crt", "ca.crt", 30, STATUS_DENIED, "service.crt has expired: bhr keys rotate"},
        {"service.crt", "publisher.crt", "ca.crt", -1, STATUS_DENIED, "service.crt is not good yet"},
        {"publisher.crt", "publisher.crt", "ca.crt", 0, STATUS_DENIED,
         "is the certificate of \"booking-publisher\"; that of \"booking\" is expected"},
        {"service.crt", "service.crt", "ca.crt", 0, STATUS_DENIED, "that of \"booking-publisher\" is expected"},
        {"ca.crt", "publisher.crt", "ca.crt", 0, STATUS_DENIED, "is an authority's certificate"},
        {"service.crt", "publisher.crt", "service.crt", 0, STATUS_DENIED, "is no authority's certificate"},
        {"none.crt", "publisher.crt", "ca.crt", 0, STATUS_NOT_FOUND, "none.crt"},
        {"service.key", "publisher.crt", "ca.crt", 0, STATUS_INVALID, "service.key holds no certificate"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct trust trust;
        struct error error = {0};
        struct config config = with_files(cases[i].certificate, cases[i].publisher, cases[i].authority);
        enum status status = trust_read(&config, begins_at_s + (int64_t)cases[i].day * DAY_S, &trust, &error);
        if (status != cases[i].status || strstr(error.message, cases[i].expected) == NULL) {
            fail_msg("case %zu: %s %s", i, status_name(status), error.message);
        }
    }
}

static void the_first_to_expire_is_told(void **state) {
    (void)state;
    struct trust trust;
    struct config config = with_files("service.crt", "publisher.crt", "ca.crt");
    assert_int_equal(trust_read(&config, begins_at_s, &trust, NULL), STATUS_OK);
    assert_int_equal(trust.count, 3);
    assert_int_equal(trust_expires_at_s(&trust), begins_at_s + 10 * DAY_S);
    config.kafka_plaintext = true;
    assert_int_equal(trust_read(&config, begins_at_s, &trust, NULL), STATUS_OK);
    assert_int_equal(trust.count, 0);
    assert_int_equal(trust_expires_at_s(&trust), 0);
}

static void each_role_shows_its_own_certificate(void **state) {
    (void)state;
    struct config config = with_files("service.crt", "publisher.crt", "ca.crt");
    struct kafka_options own = trust_service_options(&config, 0), publisher = trust_publisher_options(&config, 0);
    assert_string_equal(own.certificate_file, "service.crt");
    assert_string_equal(own.key_file, "service.key");
    assert_string_equal(own.service, "booking");
    assert_string_equal(publisher.certificate_file, "publisher.crt");
    assert_string_equal(publisher.key_file, "publisher.key");
    assert_string_equal(publisher.ca_file, "ca.crt");
}

static const char locked[] = "-----BEGIN %s-----\nProc-Type: 4,ENCRYPTED\n"
                             "DEK-Info: AES-128-CBC,00112233445566778899AABBCCDDEEFF\n\n"
                             "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n-----END %s-----\n";

static void write_locked(const char *path, const char *kind) {
    FILE *file = fopen(path, "we");
    assert_non_null(file);
    assert_true(fprintf(file, locked, kind, kind) > 0);
    assert_int_equal(fclose(file), 0);
}

/* In a process of its own without a terminal; what it asks for goes to standard error. OpenSSL catches signals while it
 * waits for an answer, so its input ends at once: else one that asks would not come back. */
static void asks_nobody(enum status (*read)(void)) {
    int ended;
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        bool is_alone =
            setsid() >= 0 && freopen("/dev/null", "r", stdin) != NULL && freopen("said", "w", stderr) != NULL;
        _exit(is_alone ? (int)read() : 100);
    }
    assert_int_equal(waitpid(child, &ended, 0), child);
    assert_true(WIFEXITED(ended));
    assert_int_equal(WEXITSTATUS(ended), STATUS_INVALID);
    struct stat said;
    assert_int_equal(stat("said", &said), 0);
    assert_int_equal(said.st_size, 0);
}

static enum status read_locked_certificate(void) {
    struct certificate_facts facts;
    return certificate_read("locked.crt", &facts, NULL);
}

static enum status issue_with_locked_key(void) {
    const struct certificate_order order = {
        .name = "x", .begins_at_s = begins_at_s, .days = 1, .certificate_file = "x.crt", .key_file = "x.key"};
    return certificate_issue("ca.crt", "locked.key", &order, NULL);
}

static void nobody_is_asked_for_a_pass_phrase(void **state) {
    (void)state;
    write_locked("locked.crt", "CERTIFICATE");
    write_locked("locked.key", "EC PRIVATE KEY");
    asks_nobody(read_locked_certificate);
    asks_nobody(issue_with_locked_key);
}

static int remove_one(const char *path, const struct stat *found, int kind, struct FTW *place) {
    (void)found, (void)kind, (void)place;
    return remove(path);
}

static int enter(void **state) {
    (void)state;
    (void)snprintf(home, sizeof home, "/tmp/bhr-trust-XXXXXX");
    if (mkdtemp(home) == NULL || chdir(home) != 0) return -1;
    issue("BHR", "ca", 365);
    issue("booking", "service", 30);
    issue("booking-publisher", "publisher", 10);
    return 0;
}

static int leave(void **state) {
    (void)state;
    return chdir("/") == 0 && nftw(home, remove_one, 8, FTW_DEPTH | FTW_PHYS) == 0 ? 0 : -1;
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(certificates_are_judged_at_the_start),
        cmocka_unit_test(the_first_to_expire_is_told),
        cmocka_unit_test(each_role_shows_its_own_certificate),
        cmocka_unit_test(nobody_is_asked_for_a_pass_phrase),
    };
    return cmocka_run_group_tests(tests, enter, leave);
}
