/* Every way that a token may be wrong, by mistake or by intent, as one row each: what it is told, and that no user comes of
 * it. The rows before the attacks are good tokens, so that the others differ from one in one thing only. */
#include "tests/port/token_forge.h"

static struct forge forge;

static const struct {
    const char *what, *header, *claims;
    enum forge_signer signer;
    enum token_fault fault;
} rows[] = {
    {"as it should be", NULL, NULL, FORGE_ISSUER, TOKEN_GOOD},
    {"no typ", "{\"typ\":null}", NULL, FORGE_ISSUER, TOKEN_GOOD},
    {"typ of an access token", "{\"typ\":\"at+jwt\"}", NULL, FORGE_ISSUER, TOKEN_GOOD},
    {"several audiences", NULL, "{\"aud\":[\"other\",\"bhr-exchange\"]}", FORGE_ISSUER, TOKEN_GOOD},
    {"no session, no role", NULL, "{\"sid\":null,\"nhsid_nrbac_roles\":null}", FORGE_ISSUER, TOKEN_GOOD},
    {"claims of others", NULL, "{\"name\":\"Dr \\u00c9\",\"nonce\":\"x y\"}", FORGE_ISSUER, TOKEN_GOOD},
    {"bhr_system instead of azp", NULL, "{\"azp\":\"cis2-client\",\"bhr_system\":\"gp-demo\"}", FORGE_ISSUER,
     TOKEN_GOOD},

    {"alg none", "{\"alg\":\"none\"}", NULL, FORGE_NOTHING, TOKEN_WRONG_ALGORITHM},
    {"alg None", "{\"alg\":\"None\"}", NULL, FORGE_NOTHING, TOKEN_WRONG_ALGORITHM},
    {"alg none with a good signature", "{\"alg\":\"none\"}", NULL, FORGE_ISSUER, TOKEN_WRONG_ALGORITHM},
    {"no alg", "{\"alg\":null}", NULL, FORGE_ISSUER, TOKEN_WRONG_ALGORITHM},
    {"alg is no text", "{\"alg\":256}", NULL, FORGE_ISSUER, TOKEN_WRONG_ALGORITHM},
    {"alg in lower case", "{\"alg\":\"es256\"}", NULL, FORGE_ISSUER, TOKEN_WRONG_ALGORITHM},
    {"HS256, the public key's PEM as secret", "{\"alg\":\"HS256\"}", NULL, FORGE_HMAC_PEM, TOKEN_WRONG_ALGORITHM},
    {"HS256, the public point as secret", "{\"alg\":\"HS256\"}", NULL, FORGE_HMAC_POINT, TOKEN_WRONG_ALGORITHM},
    {"ES256 said, HMAC signed", NULL, NULL, FORGE_HMAC_PEM, TOKEN_BAD_SIGNATURE},
    {"RS256, own RSA key", "{\"alg\":\"RS256\"}", NULL, FORGE_RSA, TOKEN_WRONG_ALGORITHM},
    {"RS256, an RSA key of the set", "{\"alg\":\"RS256\",\"kid\":\"r1\"}", NULL, FORGE_RSA, TOKEN_WRONG_ALGORITHM},
    {"ES256 said, an RSA key named", "{\"kid\":\"r1\"}", NULL, FORGE_RSA, TOKEN_WRONG_ALGORITHM},
    {"ES256 said, a P-384 key named", "{\"kid\":\"p1\"}", NULL, FORGE_P384, TOKEN_WRONG_ALGORITHM},
    {"ES256 said, a key for encryption named", "{\"kid\":\"e1\"}", NULL, FORGE_STRANGER, TOKEN_WRONG_ALGORITHM},
    {"ES384", "{\"alg\":\"ES384\",\"kid\":\"p1\"}", NULL, FORGE_P384, TOKEN_WRONG_ALGORITHM},

    {"signed by a stranger's key", NULL, NULL, FORGE_STRANGER, TOKEN_BAD_SIGNATURE},
    {"no signature", NULL, NULL, FORGE_NOTHING, TOKEN_BAD_SIGNATURE},
    {"the signature of another token", NULL, NULL, FORGE_SPLICED, TOKEN_BAD_SIGNATURE},
    {"a signature of zeros", NULL, NULL, FORGE_ZERO, TOKEN_BAD_SIGNATURE},
    {"a signature in DER", NULL, NULL, FORGE_DER, TOKEN_BAD_SIGNATURE},
    {"a signature with a byte more", NULL, NULL, FORGE_LONG, TOKEN_BAD_SIGNATURE},
    {"a signature with a byte less", NULL, NULL, FORGE_SHORT, TOKEN_BAD_SIGNATURE},
    {"brings its own key", "{\"jwk\":{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"AA\",\"y\":\"AA\"}}", NULL,
     FORGE_STRANGER, TOKEN_BAD_SIGNATURE},
    {"says where its key is", "{\"jku\":\"https://evil.example/keys\"}", NULL, FORGE_STRANGER, TOKEN_BAD_SIGNATURE},

    {"no kid", "{\"kid\":null}", NULL, FORGE_ISSUER, TOKEN_UNKNOWN_KEY},
    {"empty kid", "{\"kid\":\"\"}", NULL, FORGE_ISSUER, TOKEN_UNKNOWN_KEY},
    {"kid is a number", "{\"kid\":1}", NULL, FORGE_ISSUER, TOKEN_UNKNOWN_KEY},
    {"a kid that nobody knows", "{\"kid\":\"k2\"}", NULL, FORGE_ISSUER, TOKEN_UNKNOWN_KEY},
    {"a path for a kid", "{\"kid\":\"../../dev/null\"}", NULL, FORGE_STRANGER, TOKEN_UNKNOWN_KEY},
    {"a kid and more", "{\"kid\":\"k1 \"}", NULL, FORGE_ISSUER, TOKEN_UNKNOWN_KEY},
    {"a kid of 65 bytes", "{\"kid\":\"00000000011111111112222222222333333333344444444445555555555666665\"}", NULL,
     FORGE_ISSUER, TOKEN_UNKNOWN_KEY},

    {"crit", "{\"crit\":[\"exp\"]}", NULL, FORGE_ISSUER, TOKEN_MALFORMED},
    {"crit for an unencoded payload", "{\"crit\":[\"b64\"],\"b64\":false}", NULL, FORGE_ISSUER, TOKEN_MALFORMED},
    {"empty crit", "{\"crit\":[]}", NULL, FORGE_ISSUER, TOKEN_MALFORMED},
    {"a logout token", "{\"typ\":\"logout+jwt\"}", NULL, FORGE_ISSUER, TOKEN_MALFORMED},
    {"typ is no text", "{\"typ\":[\"JWT\"]}", NULL, FORGE_ISSUER, TOKEN_MALFORMED},
    {"header with alg twice", "!{\"alg\":\"none\",\"alg\":\"ES256\",\"kid\":\"k1\"}", NULL, FORGE_ISSUER,
     TOKEN_MALFORMED},
    {"header is a list", "![\"ES256\"]", NULL, FORGE_ISSUER, TOKEN_MALFORMED},
    {"header is cut off", "!{\"alg\":\"ES256\",\"kid\":\"k1\"", NULL, FORGE_ISSUER, TOKEN_MALFORMED},
    {"header and more", "!{\"alg\":\"ES256\",\"kid\":\"k1\"}{}", NULL, FORGE_ISSUER, TOKEN_MALFORMED},
    {"empty header", "!", NULL, FORGE_ISSUER, TOKEN_MALFORMED},

    {"claims are a list", NULL, "![1]", FORGE_ISSUER, TOKEN_MALFORMED},
    {"no claims", NULL, "!", FORGE_ISSUER, TOKEN_MALFORMED},
    {"sub twice", NULL, "!{\"sub\":\"a\",\"sub\":\"b\"}", FORGE_ISSUER, TOKEN_MALFORMED},
    {"no sub", NULL, "{\"sub\":null}", FORGE_ISSUER, TOKEN_MALFORMED},
    {"empty sub", NULL, "{\"sub\":\"\"}", FORGE_ISSUER, TOKEN_MALFORMED},
    {"sub is a number", NULL, "{\"sub\":555000000111}", FORGE_ISSUER, TOKEN_MALFORMED},
    {"sub with a line feed", NULL, "{\"sub\":\"a\\nb\"}", FORGE_ISSUER, TOKEN_MALFORMED},
    {"sub of 65 bytes", NULL, "{\"sub\":\"00000000011111111112222222222333333333344444444445555555555666665\"}",
     FORGE_ISSUER, TOKEN_MALFORMED},
    {"no system", NULL, "{\"azp\":null}", FORGE_ISSUER, TOKEN_MALFORMED},
    {"bhr_system is a list, azp is good", NULL, "{\"bhr_system\":[\"111-nel\"]}", FORGE_ISSUER, TOKEN_MALFORMED},
    {"sid is a number", NULL, "{\"sid\":7}", FORGE_ISSUER, TOKEN_MALFORMED},
    {"a purpose of 33 bytes", NULL, "{\"bhr_purpose\":\"000000000111111111122222222223333\"}", FORGE_ISSUER,
     TOKEN_MALFORMED},
    {"no exp", NULL, "{\"exp\":null}", FORGE_ISSUER, TOKEN_MALFORMED},
    {"exp as text", NULL, "{\"exp\":\"1764000600\"}", FORGE_ISSUER, TOKEN_MALFORMED},
    {"exp in a float", NULL, "{\"exp\":1.7640006e9}", FORGE_ISSUER, TOKEN_MALFORMED},
    {"exp beyond all time", NULL, "{\"exp\":9223372036854775807}", FORGE_ISSUER, TOKEN_MALFORMED},
    {"exp beyond all numbers", NULL, "!{\"exp\":92233720368547758070}", FORGE_ISSUER, TOKEN_MALFORMED},
    {"exp below zero", NULL, "{\"exp\":-1}", FORGE_ISSUER, TOKEN_MALFORMED},
    {"exp before iat", NULL, "{\"exp\":1763999900}", FORGE_ISSUER, TOKEN_MALFORMED},
    {"no iat", NULL, "{\"iat\":null}", FORGE_ISSUER, TOKEN_MALFORMED},
    {"nbf as text", NULL, "{\"nbf\":\"now\"}", FORGE_ISSUER, TOKEN_MALFORMED},
    {"no iss", NULL, "{\"iss\":null}", FORGE_ISSUER, TOKEN_MALFORMED},
    {"iss is a list", NULL, "{\"iss\":[\"bhr-test\"]}", FORGE_ISSUER, TOKEN_MALFORMED},
    {"another issuer", NULL, "{\"iss\":\"bhr-test.evil.example\"}", FORGE_ISSUER, TOKEN_WRONG_ISSUER},
    {"the issuer with a slash", NULL, "{\"iss\":\"bhr-test/\"}", FORGE_ISSUER, TOKEN_WRONG_ISSUER},
    {"no aud", NULL, "{\"aud\":null}", FORGE_ISSUER, TOKEN_MALFORMED},
    {"no audience in a list", NULL, "{\"aud\":[]}", FORGE_ISSUER, TOKEN_MALFORMED},
    {"an audience that is no text", NULL, "{\"aud\":[\"bhr-exchange\",1]}", FORGE_ISSUER, TOKEN_MALFORMED},
    {"another audience", NULL, "{\"aud\":\"bhr-exchange-test\"}", FORGE_ISSUER, TOKEN_WRONG_AUDIENCE},
    {"other audiences", NULL, "{\"aud\":[\"a\",\"BHR-EXCHANGE\"]}", FORGE_ISSUER, TOKEN_WRONG_AUDIENCE},
    {"roles are an object", NULL, "{\"nhsid_nrbac_roles\":{}}", FORGE_ISSUER, TOKEN_MALFORMED},
    {"a role is a text", NULL, "{\"nhsid_nrbac_roles\":[\"R8000\"]}", FORGE_ISSUER, TOKEN_MALFORMED},
    {"a role without a code", NULL, "{\"nhsid_nrbac_roles\":[{\"org_code\":\"RYX\"}]}", FORGE_ISSUER, TOKEN_MALFORMED},
    {"a role without an organisation", NULL, "{\"nhsid_nrbac_roles\":[{\"role_code\":\"R8000\"}]}", FORGE_ISSUER,
     TOKEN_MALFORMED},
    {"roles at two organisations, none selected", NULL,
     "{\"nhsid_nrbac_roles\":[{\"role_code\":\"a\",\"org_code\":\"RYX\"},{\"role_code\":\"b\",\"org_code\":\"RF4\"}]}",
     FORGE_ISSUER, TOKEN_MALFORMED},
    {"a selected role that is not held", NULL, "{\"selected_roleid\":\"p9\"}", FORGE_ISSUER, TOKEN_MALFORMED},
    {"nine roles", NULL,
     "{\"nhsid_nrbac_roles\":[{\"role_code\":\"a\",\"org_code\":\"RYX\"},{\"role_code\":\"b\",\"org_code\":\"RYX\"},"
     "{\"role_code\":\"c\",\"org_code\":\"RYX\"},{\"role_code\":\"d\",\"org_code\":\"RYX\"},"
     "{\"role_code\":\"e\",\"org_code\":\"RYX\"},{\"role_code\":\"f\",\"org_code\":\"RYX\"},"
     "{\"role_code\":\"g\",\"org_code\":\"RYX\"},{\"role_code\":\"h\",\"org_code\":\"RYX\"},"
     "{\"role_code\":\"i\",\"org_code\":\"RYX\"}]}",
     FORGE_ISSUER, TOKEN_MALFORMED},
    {"assurance of level 4", NULL, "{\"authentication_assurance_level\":\"AAL4\"}", FORGE_ISSUER, TOKEN_MALFORMED},

    {"expired 29 s ago", NULL, "{\"exp\":1763999971}", FORGE_ISSUER, TOKEN_GOOD},
    {"expired 30 s ago", NULL, "{\"exp\":1763999970}", FORGE_ISSUER, TOKEN_EXPIRED},
    {"expired a year ago", NULL, "{\"iat\":1732000000,\"exp\":1732003600}", FORGE_ISSUER, TOKEN_EXPIRED},
    {"issued 12 h and 30 s ago", NULL, "{\"iat\":1763956770}", FORGE_ISSUER, TOKEN_GOOD},
    {"issued longer ago, good for years", NULL, "{\"iat\":1763956769,\"exp\":1900000000}", FORGE_ISSUER, TOKEN_EXPIRED},
    {"issued 30 s ahead", NULL, "{\"iat\":1764000030}", FORGE_ISSUER, TOKEN_GOOD},
    {"issued 31 s ahead", NULL, "{\"iat\":1764000031}", FORGE_ISSUER, TOKEN_NOT_YET},
    {"good in 30 s", NULL, "{\"nbf\":1764000030}", FORGE_ISSUER, TOKEN_GOOD},
    {"good in 31 s", NULL, "{\"nbf\":1764000031}", FORGE_ISSUER, TOKEN_NOT_YET},
};

static void every_row_is_told_what_is_wrong(void **state) {
    (void)state;
    static char token[FORGE_TOKEN_MAX];
    int wrong = 0;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct slice text = forge_token(&forge, rows[i].header, rows[i].claims, rows[i].signer, token);
        struct token_user user;
        enum token_fault fault = forge_ask(&forge, text, &user);
        enum token_fault again = forge_ask(&forge, text, &user); /* from memory, when it was good */
        if (fault == rows[i].fault && again == rows[i].fault) continue;
        wrong++;
        print_message("%s: expected %s, found %s, then %s\n", rows[i].what, token_fault_name(rows[i].fault),
                      token_fault_name(fault), token_fault_name(again));
    }
    assert_int_equal(wrong, 0);
}

/* The table holds every fault that a verifier can find by itself. */
static void every_fault_has_a_row(void **state) {
    (void)state;
#define X(fault_, name, expected)                                                                                      \
    if (fault_ != TOKEN_OTHER_SYSTEM && fault_ != TOKEN_REVOKED && fault_ != TOKEN_NOT_TAKEN) {                        \
        bool is_found = false;                                                                                         \
        for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) is_found = is_found || rows[i].fault == fault_;      \
        if (!is_found) fail_msg("no row for %s", name);                                                                \
    }
    TOKEN_FAULTS(X)
#undef X
}

static void the_user_is_whom_the_claims_name(void **state) {
    (void)state;
    static char token[FORGE_TOKEN_MAX];
    struct token_user user;
    struct slice text =
        forge_token(&forge, NULL,
                    "{\"authentication_assurance_level\":\"AAL3\",\"bhr_purpose\":\"direct-care\",\"nbf\":1763999950,"
                    "\"selected_roleid\":\"p2\",\"nhsid_nrbac_roles\":["
                    "{\"role_code\":\"R0001\",\"org_code\":\"RYX\",\"person_roleid\":\"p1\"},"
                    "{\"role_code\":\"R0002\",\"org_code\":\"RF4\",\"person_roleid\":\"p2\"}]}",
                    FORGE_ISSUER, token);
    for (int i = 0; i < 2; i++) { /* verified, then remembered */
        assert_int_equal(forge_ask(&forge, text, &user), TOKEN_GOOD);
        assert_string_equal(user.subject, "555000000111");
        assert_string_equal(user.system, "111-nel");
        assert_string_equal(user.session, "session-1");
        assert_string_equal(user.purpose, "direct-care");
        assert_string_equal(user.organisation, "RF4");
        assert_int_equal(user.role_count, 1);
        assert_true(token_user_has_role(&user, slice_text("R0002")));
        assert_false(token_user_has_role(&user, slice_text("R0001")));
        assert_int_equal(user.assurance, 3);
        assert_int_equal(user.issued_at_ms, (FORGE_NOW_S - 60) * 1000);
        assert_int_equal(user.not_before_ms, (FORGE_NOW_S - 50) * 1000);
        assert_int_equal(user.expires_at_ms, (FORGE_NOW_S + 600) * 1000);
    }
    assert_int_equal(jose_verifier_figures(forge.verifier).signatures, 1);
    assert_int_equal(jose_verifier_figures(forge.verifier).remembered, 1);
}

/* What is around the three parts, and how they are written. */
static void a_token_has_one_spelling(void **state) {
    (void)state;
    static char token[FORGE_TOKEN_MAX], changed[FORGE_TOKEN_MAX];
    struct token_user user;
    struct slice good = forge_token(&forge, NULL, NULL, FORGE_ISSUER, token);
    static const struct {
        const char *format;
        enum token_fault fault;
    } around[] = {{"%s", TOKEN_GOOD},
                  {"%s=", TOKEN_BAD_SIGNATURE},
                  {"%s.", TOKEN_BAD_SIGNATURE},
                  {"%s.e30", TOKEN_BAD_SIGNATURE},
                  {" %s", TOKEN_MALFORMED},
                  {"%s ", TOKEN_BAD_SIGNATURE},
                  {".%s", TOKEN_MALFORMED},
                  {"%sA", TOKEN_BAD_SIGNATURE},
                  {"Bearer %s", TOKEN_MALFORMED},
                  {"", TOKEN_MALFORMED},
                  {".", TOKEN_MALFORMED},
                  {"..", TOKEN_MALFORMED},
                  {"...", TOKEN_MALFORMED},
                  {"e30.e30", TOKEN_MALFORMED},
                  {"e30.e30.", TOKEN_WRONG_ALGORITHM},
                  {"\"%s\"", TOKEN_MALFORMED}};
    for (size_t i = 0; i < sizeof around / sizeof around[0]; i++) {
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
#pragma GCC diagnostic ignored "-Wformat-security"
#pragma GCC diagnostic ignored "-Wformat-extra-args"
        int size = snprintf(changed, sizeof changed, around[i].format, token);
#pragma GCC diagnostic pop
        enum token_fault fault = forge_ask(&forge, slice_of(changed, (size_t)size), &user);
        if (fault != around[i].fault) fail_msg("%s: found %s", around[i].format, token_fault_name(fault));
    }
    /* 64 bytes are 85 characters and 2 bits: the four last bits of the last character are nothing, and must be so. */
    memcpy(changed, token, good.size);
    char last = changed[good.size - 1];
    assert_non_null(strchr("AQgw", last));
    changed[good.size - 1] = (char)(last + 1);
    assert_int_equal(forge_ask(&forge, slice_of(changed, good.size), &user), TOKEN_BAD_SIGNATURE);
}

/* Behind a good header. Some of these made cjose 0.6.2 abort the process. */
static void a_payload_that_is_no_base64_is_malformed(void **state) {
    (void)state;
    static char token[FORGE_TOKEN_MAX], changed[FORGE_TOKEN_MAX];
    static const char *const payloads[] = {
        "A", "A=", "AB=C", "A===", "AAAAA", "AAAA=", "AB", "+/+/", "e30=", "e31", "\n"};
    struct token_user user;
    (void)forge_token(&forge, NULL, NULL, FORGE_ISSUER, token);
    const char *signature = strrchr(token, '.');
    for (size_t i = 0; i < sizeof payloads / sizeof payloads[0]; i++) {
        int size =
            snprintf(changed, sizeof changed, "%.*s.%s%s", (int)strcspn(token, "."), token, payloads[i], signature);
        enum token_fault fault = forge_ask(&forge, slice_of(changed, (size_t)size), &user);
        if (fault != TOKEN_MALFORMED) fail_msg("payload %s: found %s", payloads[i], token_fault_name(fault));
    }
}

/* A change of any one character is noticed. */
static void no_character_can_be_changed(void **state) {
    (void)state;
    static char token[FORGE_TOKEN_MAX];
    struct token_user user;
    struct slice good = forge_token(&forge, NULL, NULL, FORGE_ISSUER, token);
    for (size_t i = 0; i < good.size; i++) {
        char was = token[i];
        token[i] = was == 'A' ? 'B' : 'A';
        if (forge_ask(&forge, good, &user) == TOKEN_GOOD) fail_msg("character %zu was changed unnoticed", i);
        token[i] = was;
    }
    assert_int_equal(forge_ask(&forge, good, &user), TOKEN_GOOD);
}

static void sizes_are_bounded(void **state) {
    (void)state;
    static char token[FORGE_TOKEN_MAX], patch[FORGE_TEXT_MAX];
    struct token_user user;
    char name[7000];
    memset(name, 'n', sizeof name - 1);
    name[sizeof name - 1] = '\0';
    (void)snprintf(patch, sizeof patch, "{\"name\":\"%.5500s\"}", name);
    struct slice text = forge_token(&forge, NULL, patch, FORGE_ISSUER, token);
    assert_true(text.size > 7500 && text.size <= TOKEN_SIZE_MAX);
    assert_int_equal(forge_ask(&forge, text, &user), TOKEN_GOOD);
    (void)snprintf(patch, sizeof patch, "{\"name\":\"%.6100s\"}", name);
    text = forge_token(&forge, NULL, patch, FORGE_ISSUER, token);
    assert_true(text.size > TOKEN_SIZE_MAX);
    assert_int_equal(forge_ask(&forge, text, &user), TOKEN_MALFORMED);
    (void)snprintf(patch, sizeof patch, "{\"x\":\"%.1100s\"}", name);
    assert_int_equal(forge_ask(&forge, forge_token(&forge, patch, NULL, FORGE_ISSUER, token), &user), TOKEN_MALFORMED);
    char deep[6000];
    memset(deep, '[', sizeof deep - 1);
    deep[0] = '!';
    deep[sizeof deep - 1] = '\0';
    assert_int_equal(forge_ask(&forge, forge_token(&forge, NULL, deep, FORGE_ISSUER, token), &user), TOKEN_MALFORMED);
}

static int set_up(void **state) {
    (void)state;
    forge_open(&forge);
    return 0;
}

static int tear_down(void **state) {
    (void)state;
    forge_close(&forge);
    return 0;
}

int main(void) {
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(every_row_is_told_what_is_wrong),
        TEST(every_fault_has_a_row),
        TEST(the_user_is_whom_the_claims_name),
        TEST(a_token_has_one_spelling),
        TEST(a_payload_that_is_no_base64_is_malformed),
        TEST(no_character_can_be_changed),
        TEST(sizes_are_bounded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
