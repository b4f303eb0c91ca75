/* The configuration file of a service process: whatever it holds, the process either runs on a configuration that passed
 * every check or says what is wrong and exits. */
#include "lib/host/config.h"
#include "services/booking/service.h"
#include "tests/fuzz/fuzz.h"

#include <stdlib.h>
#include <unistd.h>

static void forget_environment(void) {
    for (char **entry = environ; *entry != NULL;) {
        char name[128] = "";
        size_t size = strcspn(*entry, "=");
        bool is_ours = strncmp(*entry, "BHR_", 4) == 0 && size < sizeof name;
        if (is_ours) memcpy(name, *entry, size);
        if (is_ours && unsetenv(name) == 0) continue;
        entry++;
    }
}

static const char *const faults[] = {"outside any [section]",
                                     "is given twice",
                                     "there is no such key",
                                     "is not a whole number",
                                     "is out of bounds",
                                     "expected `key = value`",
                                     "is neither",
                                     "a line of text",
                                     "is no name",
                                     "expected host:port",
                                     "there is a door_endpoint"};

#define GOOD                                                                                                           \
    "environment = test\nlocality = nel-bhr\nprocess = booking-1\ndata_dir = d\nbrokers = 127.0.0.1:19092\n"           \
    "kafka_plaintext = true\n"
#define DOOR "door_endpoint = tcp://127.0.0.1:17001\ndoor_key_file = k\npolicy_file = p\npseudonym_key_file = k\n"

static void run(struct slice input) {
    static bool is_ready;
    if (!is_ready) forget_environment();
    is_ready = true;
    char *arguments[] = {"booking", "--config", (char *)(uintptr_t)fuzz_file(input), NULL};
    static struct config config;
    fuzz_listen();
    enum config_action action = config_read(&config, &booking_service, 3, arguments);
    const char *said = fuzz_heard();
    if (action == CONFIG_RUN) {
        ASSERT(said[0] == '\0' && config.process[0] != '\0');
        fuzz_reach("runs");
        return;
    }
    ASSERT(action == CONFIG_EXIT_USAGE && said[0] != '\0');
    for (size_t i = 0; i < sizeof faults / sizeof faults[0]; i++) {
        fuzz_reach_if(strstr(said, faults[i]) != NULL, faults[i]);
    }
}

static void seed(void) {
    fuzz_seed_text(GOOD);
    fuzz_seed_text(GOOD DOOR "master_key_file = m\n");
    fuzz_seed_text(GOOD DOOR);
    fuzz_seed_text(GOOD "brokers =\n");
    fuzz_seed_text("environment = a b\n");
    fuzz_seed_text(GOOD "http_port = 17101\nhttp_port = 17102\n");
    fuzz_seed_text("# a comment\n; another\nhttp_port = 17101\nhttp_port = 17102\n");
    fuzz_seed_text("[section]\nhttp_port = 1\n");
    fuzz_seed_text("no such key = 1\nhttp_port = -1\nhttp_port = 99999999999999999999\n");
    fuzz_seed_text("a line of no sense\n");
    fuzz_seed_text("kafka_plaintext = perhaps\nsession_timeout_ms = 6000\nbrokers = 127.0.0.1:19092\n");
    static char text[1000];
    memset(text, 'x', sizeof text);
    memcpy(text, "brokers = ", 10);
    fuzz_seed(slice_of(text, sizeof text));
    fuzz_seed(slice_of(text, 280));
}

static const char *const outcomes[] = {"a line of text",
                                       "expected `key = value`",
                                       "expected host:port",
                                       "is given twice",
                                       "is neither",
                                       "is no name",
                                       "is not a whole number",
                                       "is out of bounds",
                                       "outside any [section]",
                                       "runs",
                                       "there is a door_endpoint",
                                       "there is no such key",
                                       NULL};
const struct fuzz_harness fuzz_harness = {outcomes, run, seed, 1000};
