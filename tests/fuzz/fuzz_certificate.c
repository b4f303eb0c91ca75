/* A certificate file: what `bhr` and every process at its start read of it. */
#include "lib/port/tls/certificate.h"
#include "tests/fuzz/fuzz.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static void run(struct slice input) {
    struct certificate_facts facts;
    struct error error = {0};
    enum status status = certificate_read(fuzz_file(input), &facts, &error);
    if (status != STATUS_OK) {
        ASSERT(error.message[0] != '\0');
        fuzz_reach(status_name(status));
        return;
    }
    ASSERT(memchr(facts.name, '\0', sizeof facts.name) != NULL &&
           memchr(facts.issuer, '\0', sizeof facts.issuer) != NULL);
    ASSERT(memchr(facts.hosts, '\0', sizeof facts.hosts) != NULL);
    fuzz_reach(facts.is_authority ? "an authority's" : facts.hosts[0] != '\0' ? "a server's" : "a client's");
    fuzz_reach_if(facts.name[0] == '\0', "without a name");
}

static void seed_file(const char *path) {
    static uint8_t bytes[16 * 1024];
    FILE *file = fopen(path, "rbe");
    ASSERT(file != NULL);
    fuzz_seed(slice_of(bytes, fread(bytes, 1, sizeof bytes, file)));
    (void)fclose(file);
    (void)unlink(path);
}

static void seed(void) {
    char folder[] = "/tmp/bhr-fuzz-XXXXXX", paths[6][64];
    static const char *const names[] = {"ca.crt", "ca.key", "s.crt", "s.key", "c.crt", "c.key"};
    struct error error = {0};
    ASSERT(mkdtemp(folder) != NULL);
    for (int i = 0; i < 6; i++) (void)snprintf(paths[i], sizeof paths[i], "%s/%s", folder, names[i]);
    const struct certificate_order authority = {.name = "authority",
                                                .begins_at_s = 1764000000,
                                                .days = 3650,
                                                .certificate_file = paths[0],
                                                .key_file = paths[1]};
    bool is_made = certificate_make_authority(&authority, &error) == STATUS_OK;
    ASSERT(is_made);
    struct certificate_order order = authority;
    order.days = 30;
    order.name = "booking-1";
    order.hosts = "127.0.0.1,localhost,::1";
    order.certificate_file = paths[2];
    order.key_file = paths[3];
    is_made = certificate_issue(paths[0], paths[1], &order, &error) == STATUS_OK;
    ASSERT(is_made);
    order.hosts = NULL;
    order.certificate_file = paths[4];
    order.key_file = paths[5];
    is_made = certificate_issue(paths[0], paths[1], &order, &error) == STATUS_OK;
    ASSERT(is_made);
    for (int i = 0; i < 6; i++) seed_file(paths[i]);
    (void)rmdir(folder);
}

static const char *const outcomes[] = {"a client's", "a server's", "an authority's", "invalid", "without a name", NULL};
const struct fuzz_harness fuzz_harness = {outcomes, run, seed, 2000};
