/* The two files beside a token verifier: the issuer's key set and the list of what is revoked. The first byte says which. */
#include "lib/port/jose/jose_internal.h"
#include "tests/fuzz/fuzz.h"

static void reach_fault(const struct error *error) {
    const char *expected = strstr(error->message, "expected"), *twice = strstr(error->message, "given twice");
    ASSERT(error->message[0] != '\0');
    fuzz_reach(expected != NULL ? expected : twice != NULL ? twice : error->message);
}

static void run_key_set(struct slice input) {
    struct jose_key_set set;
    struct error error = {0};
    if (jose_key_set_parse(input, &set, &error) != STATUS_OK) {
        reach_fault(&error);
        return;
    }
    ASSERT(set.count > 0 && set.count <= JOSE_KEYS_MAX);
    for (uint32_t i = 0; i < set.count; i++) {
        ASSERT(jose_key_set_find(&set, slice_text(set.keys[i].kid)) == &set.keys[i]);
        fuzz_reach(set.keys[i].jwk != NULL ? "a key for ES256" : "a key of another kind");
    }
    jose_key_set_drop(&set);
}

static void run_revoked(struct slice input) {
    struct jose_revoked revoked;
    struct error error = {0};
    if (jose_revoked_parse(input, &revoked, &error) != STATUS_OK) {
        reach_fault(&error);
        return;
    }
    for (uint32_t i = 0; i < revoked.count; i++) ASSERT(jose_revoked_has(&revoked, revoked.ids[i]));
    ASSERT(!jose_revoked_has(&revoked, "an id that no line can be"));
    fuzz_reach(revoked.count > 0 ? "some are revoked" : "nobody is revoked");
    jose_revoked_drop(&revoked);
}

static void run(struct slice input) {
    if ((fuzz_byte(&input) & 1) == 0)
        run_key_set(input);
    else
        run_revoked(input);
}

static void seed(void) {
    /* RFC 7515 appendix A.3. */
#define POINT                                                                                                          \
    "\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU\","                          \
    "\"y\":\"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0\""
    fuzz_seed_text(" {\"keys\":[{" POINT ",\"kid\":\"k1\",\"use\":\"sig\",\"alg\":\"ES256\"},"
                   "{" POINT ",\"kid\":\"e1\",\"use\":\"enc\"},{\"kty\":\"RSA\",\"kid\":\"r1\"}]}");
    fuzz_seed_text(" {\"keys\":[{" POINT ",\"kid\":\"k1\"},{" POINT ",\"kid\":\"k1\"}]}");
    fuzz_seed_text(" {\"keys\":[{" POINT ",\"kid\":\"k1\",\"d\":\"AA\"}]}");
    fuzz_seed_text(" {\"keys\":[{" POINT "}]}");
    fuzz_seed_text(" {\"keys\":[{\"kty\":\"EC\",\"crv\":\"P-256\",\"kid\":\"k1\",\"x\":\"AA\",\"y\":\"AA\"}]}");
    fuzz_seed_text(" {\"keys\":[]}");
    fuzz_seed_text(" {}");
    fuzz_seed_text("!# nobody\n\n");
    fuzz_seed_text("!session-1\n555000000111\nsession-1\n");
    fuzz_seed_text("!two words\n");
#undef POINT
}

static const char *const outcomes[] = {"a key for ES256",
                                       "a key of another kind",
                                       "expected 1 to 16 keys",
                                       "expected 1 to 64 of A-Z a-z 0-9 . _ : -",
                                       "expected a JSON object with an array \"keys\"",
                                       "expected a kid of 1 to 64 bytes",
                                       "expected a point of P-256",
                                       "expected a public key, and it holds a secret",
                                       "given twice",
                                       "nobody is revoked",
                                       "some are revoked",
                                       NULL};
const struct fuzz_harness fuzz_harness = {outcomes, run, seed, 0};
