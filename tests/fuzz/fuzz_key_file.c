/* Files that hold a key: CURVE pairs and the master key. The first byte says which. */
#include "lib/digest/digest.h"
#include "lib/host/master_key_file.h"
#include "lib/port/zmq/zmq_keys.h"
#include "tests/fuzz/fuzz.h"

#include <stdio.h>

static void run_curve(struct slice input) {
    struct zmq_keys keys;
    struct error error = {0};
    enum status status = zmq_keys_load(fuzz_file(input), &keys, &error);
    if (status != STATUS_OK) {
        ASSERT(status == STATUS_INVALID);
        bool is_a_pair = strstr(error.message, "belong together") != NULL;
        fuzz_reach(is_a_pair ? "two keys of two pairs" : "no key pair");
        return;
    }
    char derived[SOCKET_KEY_TEXT_SIZE + 1];
    bool is_good = zmq_keys_is_key(keys.public) && zmq_keys_derive(keys.secret, derived, &error) == STATUS_OK;
    ASSERT(is_good && strcmp(derived, keys.public) == 0);
    fuzz_reach("a key pair");
}

static void run_master(struct slice input) {
    struct master_key_file *file = NULL;
    struct master_key port;
    struct error error = {0};
    if (master_key_file_open(fuzz_file(input), &file, &port, &error) != STATUS_OK) {
        fuzz_reach("no master key");
        return;
    }
    uint8_t wrapped[MASTER_KEY_WRAPPED_SIZE], key[MASTER_KEY_PLAIN_SIZE] = {1}, again[MASTER_KEY_PLAIN_SIZE];
    bool is_same = port.wrap(port.context, key, slice_text("whose"), wrapped) &&
                   port.unwrap(port.context, wrapped, slice_text("whose"), again) &&
                   memcmp(key, again, sizeof key) == 0;
    ASSERT(is_same);
    master_key_file_close(&file);
    fuzz_reach("a master key");
}

static void run(struct slice input) {
    static bool is_ready;
    if (!is_ready) is_ready = digest_init();
    if ((fuzz_byte(&input) & 1) == 0)
        run_curve(input);
    else
        run_master(input);
}

static void seed(void) {
    static const char public[] = "Yne@$w-vo<fVvi]a<NY6T1ed:M$fCG*[IaLV{hID";
    static const char secret[] = "D:)Q[IlAW!ahhC2ac:9*A}h:p?([4%wOTJ%JR%cs";
    char text[256], derived[SOCKET_KEY_TEXT_SIZE + 1];
    struct error error;
    bool is_good = zmq_keys_derive(secret, derived, &error) == STATUS_OK;
    ASSERT(is_good);
    (void)snprintf(text, sizeof text, " public = %s\nsecret = %s\n", derived, secret);
    fuzz_seed_text(text);
    (void)snprintf(text, sizeof text, " public = %s\nsecret = %s\n", secret, public);
    fuzz_seed_text(text);
    fuzz_seed_text(" public = x\n");
    fuzz_seed_text("!000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f\n");
    fuzz_seed_text("!000102030405060708090A0B0C0D0E0F101112131415161718191A1B1C1D1E1F");
    fuzz_seed_text("!0001");
}

static const char *const outcomes[] = {"a key pair",    "a master key",          "no key pair",
                                       "no master key", "two keys of two pairs", NULL};
const struct fuzz_harness fuzz_harness = {outcomes, run, seed, 2000};
