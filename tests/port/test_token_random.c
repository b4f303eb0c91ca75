/* Bytes that nobody thought of. The entry has the shape that a fuzzer wants and judges each input as a token and as both
 * files; here it is fed with good tokens that were changed a little, and with noise. An input that is not a token that the
 * issuer signed must never name a user. */
#include "tests/port/token_forge.h"
#include "tests/support/prng.h"

enum { ROUNDS = 20000, GOOD_COUNT = 4 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct forge forge;
static char good[GOOD_COUNT][FORGE_TOKEN_MAX];
static size_t good_size[GOOD_COUNT];
static uint32_t counts[TOKEN_NOT_TAKEN + 1];

static bool is_good(const uint8_t *data, size_t size) {
    for (int i = 0; i < GOOD_COUNT; i++) {
        if (size == good_size[i] && memcmp(data, good[i], size) == 0) return true;
    }
    return false;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    uint8_t *copy = malloc(size > 0 ? size : 1); /* so that a byte too far is seen */
    assert_non_null(copy);
    if (size > 0) memcpy(copy, data, size);
    struct token_user user;
    enum token_fault fault = forge_ask(&forge, slice_of(copy, size), &user);
    counts[fault]++;
    if (fault == TOKEN_GOOD && !is_good(data, size)) fail_msg("a token that nobody signed was taken");
    if (fault != TOKEN_GOOD && is_good(data, size)) fail_msg("a good token was refused");
    free(copy);
    return 0;
}

static void change(struct prng *prng, char *text, size_t *size) {
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.=+/\n";
    size_t at = (size_t)prng_below(prng, *size), count = 1 + (size_t)prng_below(prng, 6);
    if (count > *size - at) count = *size - at;
    switch (prng_below(prng, 5)) {
    case 0:
        text[at] = digits[prng_below(prng, sizeof digits - 1)];
        break;
    case 1:
        text[at] = (char)prng_below(prng, 256);
        break;
    case 2:
        memmove(text + at, text + at + count, *size - at - count);
        *size -= count;
        break;
    case 3:
        memmove(text + at + count, text + at, *size - at);
        *size += count;
        break;
    default:
        *size = at;
        break;
    }
}

static void nothing_that_nobody_signed_is_taken(void **state) {
    (void)state;
    struct prng prng = prng_seed(20261123);
    char text[FORGE_TOKEN_MAX];
    for (int round = 0; round < ROUNDS; round++) {
        uint64_t from = prng_below(&prng, GOOD_COUNT + 1);
        size_t size = from < GOOD_COUNT ? good_size[from] : (size_t)prng_below(&prng, 200);
        if (from < GOOD_COUNT) {
            memcpy(text, good[from], size);
        } else {
            for (size_t i = 0; i < size; i++) text[i] = (char)prng_below(&prng, 256);
        }
        for (uint64_t i = prng_below(&prng, 4); i > 0 && size > 0; i--) change(&prng, text, &size);
        (void)LLVMFuzzerTestOneInput((const uint8_t *)text, size);
    }
    /* It got beyond the first question often enough for that to mean something. */
    assert_true(counts[TOKEN_GOOD] > ROUNDS / 10);
    assert_true(counts[TOKEN_MALFORMED] > ROUNDS / 10);
    assert_true(counts[TOKEN_BAD_SIGNATURE] > ROUNDS / 10);
    assert_true(counts[TOKEN_WRONG_ALGORITHM] + counts[TOKEN_UNKNOWN_KEY] > 50);
}

/* Claims that the issuer signed and that are strange all the same: named, or good, never a crash. */
static void strange_claims_are_named(void **state) {
    (void)state;
    static const char *const names[] = {"iss",
                                        "aud",
                                        "sub",
                                        "iat",
                                        "exp",
                                        "nbf",
                                        "azp",
                                        "sid",
                                        "bhr_system",
                                        "bhr_purpose",
                                        "nhsid_nrbac_roles",
                                        "selected_roleid",
                                        "authentication_assurance_level"};
    static const char *const values[] = {"null",
                                         "true",
                                         "0",
                                         "-1",
                                         "1e300",
                                         "[]",
                                         "{}",
                                         "\"\"",
                                         "[[]]",
                                         "[{}]",
                                         "[null]",
                                         "9223372036854775807",
                                         "\"\\u0001\"",
                                         "\"\\ud83d\\ude00\"",
                                         "[{\"role_code\":{},\"org_code\":[]}]"};
    static char token[FORGE_TOKEN_MAX];
    char patch[256];
    for (size_t name = 0; name < sizeof names / sizeof names[0]; name++) {
        for (size_t value = 0; value < sizeof values / sizeof values[0]; value++) {
            (void)snprintf(patch, sizeof patch, "{\"%s\":%s}", names[name], values[value]);
            struct token_user user;
            enum token_fault fault = forge_ask(&forge, forge_token(&forge, NULL, patch, FORGE_ISSUER, token), &user);
            bool may_be_absent = name >= 5 && name != 6 && value == 0;
            bool is_no_role = strcmp(names[name], "nhsid_nrbac_roles") == 0 && strcmp(values[value], "[]") == 0;
            if ((fault == TOKEN_GOOD) == (may_be_absent || is_no_role)) continue;
            fail_msg("%s: found %s", patch, token_fault_name(fault));
        }
    }
}

static int set_up(void **state) {
    (void)state;
    static const char *const patches[GOOD_COUNT] = {"{}", "{\"sid\":null}",
                                                    "{\"bhr_system\":\"gp-demo\",\"authentication_assurance_level\":2}",
                                                    "{\"aud\":[\"a\",\"b\",\"bhr-exchange\"],\"nbf\":1763999000}"};
    forge_open(&forge);
    for (int i = 0; i < GOOD_COUNT; i++) {
        good_size[i] = forge_token(&forge, NULL, patches[i], FORGE_ISSUER, good[i]).size;
    }
    return 0;
}

static int tear_down(void **state) {
    (void)state;
    forge_close(&forge);
    return 0;
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_that_nobody_signed_is_taken),
        cmocka_unit_test(strange_claims_are_named),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
