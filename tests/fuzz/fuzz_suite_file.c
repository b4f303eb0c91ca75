/* The file that tells `bhr` where the suite is. */
#include "cli/bhr/suite.h"
#include "tests/fuzz/fuzz.h"

static const char *const faults[] = {"expected it in a section", "expected true or false",  "no such key",
                                     "expected at most 255",     "expected at most 63",     "expected at most 16 items",
                                     "expected [section] or",    "expected at most 32 sec", "expected at most 4"};

static void run(struct slice input) {
    static struct suite suite;
    struct error error = {0};
    enum status status = suite_read(&suite, fuzz_file(input), &error);
    if (status == STATUS_OK) {
        ASSERT(suite.client_count <= SUITE_CLIENTS_MAX && suite.service_count <= SUITE_SERVICES_MAX);
        for (size_t i = 0; i < suite.client_count; i++) {
            ASSERT(suite_client(&suite, suite.clients[i].name) != NULL);
        }
        bool has_endpoints = false;
        for (size_t i = 0; i < suite.service_count; i++) {
            const struct suite_service *service = suite_service(&suite, suite.services[i].name);
            ASSERT(service != NULL && service->data_dirs.count <= SUITE_LIST_MAX);
            has_endpoints = has_endpoints || service->endpoints.count > 1;
        }
        fuzz_reach(suite.client_count > 0 ? "taken with clients" : "taken");
        fuzz_reach_if(has_endpoints, "taken with endpoints");
        return;
    }
    ASSERT(status == STATUS_INVALID && error.message[0] != '\0');
    bool is_named = false;
    for (size_t i = 0; i < sizeof faults / sizeof faults[0]; i++) {
        bool is_this = strstr(error.message, faults[i]) != NULL;
        fuzz_reach_if(is_this, faults[i]);
        is_named = is_named || is_this;
    }
    fuzz_reach_if(!is_named, "something else");
}

static void seed(void) {
    fuzz_seed_text("[suite]\nenvironment = local\nlocality = nel-bhr\nbrokers = 127.0.0.1:1\nkafka_plaintext = true\n"
                   "[service booking]\ndata_dirs = a, b ,c\nendpoints = tcp://127.0.0.1:1, tcp://127.0.0.1:2\n"
                   "[client]\nsystem = 111-nel\nkey_file = k\n[client ops]\nkey_file = o\ntoken_file = t\n");
    fuzz_seed_text("[suite]\nenvironment = local\n");
    fuzz_seed_text("environment = local\n");
    fuzz_seed_text("[suite]\nkafka_plaintext = perhaps\n");
    fuzz_seed_text("[suite]\nnothing = 1\n");
    fuzz_seed_text("[client ]\nkey_file = k\n");
    fuzz_seed_text("[suite]\nno sense\n");
    fuzz_seed_text("[service index]\ndata_dirs = 1,2,3,4,5,6,7,8,9,0,1,2,3,4,5,6,7,8\n");
    fuzz_seed_text("[service a]\nendpoints = 1\n[service b]\nendpoints = 1\n[service c]\nendpoints = 1\n"
                   "[service d]\nendpoints = 1\n[service e]\nendpoints = 1\n");
    fuzz_seed_text("[service a]\nnothing = 1\n");
    static char text[16384];
    size_t size = 0;
    for (int i = 0; i < 36; i++) {
        memcpy(text + size, "[client ?]\nkey_file = k\n", 24);
        text[size + 8] = "abcdefghijklmnopqrstuvwxyz0123456789"[i];
        size += 24;
    }
    fuzz_seed(slice_of(text, size));
    memset(text, 'x', 190);
    memcpy(text, "[suite]\nenvironment = ", 22);
    fuzz_seed(slice_of(text, 190));
}

static const char *const outcomes[] = {"expected [section] or",
                                       "expected at most 16 items",
                                       "expected at most 255",
                                       "expected at most 32 sec",
                                       "expected at most 4",
                                       "expected at most 63",
                                       "expected it in a section",
                                       "expected true or false",
                                       "no such key",
                                       "taken",
                                       "taken with clients",
                                       "taken with endpoints",
                                       NULL};
const struct fuzz_harness fuzz_harness = {outcomes, run, seed, 2000};
