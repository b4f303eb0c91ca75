/* What happens around a token that was good: its key goes, its session is revoked, its time runs out, the files of the
 * verifier change or break; and the local issuer whose files they are in demo and tests. */
#include "lib/port/jose/jose_issuer.h"
#include "tests/port/token_forge.h"

static struct forge forge;
static char token[FORGE_TOKEN_MAX];

static enum token_fault ask(struct slice text) {
    return forge_ask(&forge, text, &(struct token_user){0});
}

static uint64_t signatures(void) {
    return jose_verifier_figures(forge.verifier).signatures;
}

static void a_token_is_verified_once_in_five_minutes(void **state) {
    (void)state;
    struct slice good = forge_token(&forge, NULL, NULL, FORGE_ISSUER, token);
    for (int i = 0; i < 100; i++) assert_int_equal(ask(good), TOKEN_GOOD);
    assert_int_equal(signatures(), 1);
    forge.now_ms += JOSE_CACHE_MS_MAX - 1;
    assert_int_equal(ask(good), TOKEN_GOOD);
    assert_int_equal(signatures(), 1);
    forge.now_ms += 1;
    assert_int_equal(ask(good), TOKEN_GOOD);
    assert_int_equal(signatures(), 2);
    forge.now_ms -= 3600 * 1000; /* a clock set back: it is not valid yet, remembered or not */
    assert_int_equal(ask(good), TOKEN_NOT_YET);
}

static void a_bad_token_is_not_remembered(void **state) {
    (void)state;
    struct slice bad = forge_token(&forge, NULL, NULL, FORGE_STRANGER, token);
    for (int i = 0; i < 3; i++) assert_int_equal(ask(bad), TOKEN_BAD_SIGNATURE);
    assert_int_equal(signatures(), 3);
}

static void a_remembered_token_expires(void **state) {
    (void)state;
    struct slice good = forge_token(&forge, NULL, NULL, FORGE_ISSUER, token); /* 600 s and the skew left */
    forge.now_ms += 500 * 1000;
    assert_int_equal(ask(good), TOKEN_GOOD);
    forge.now_ms += 130 * 1000 - 1;
    assert_int_equal(ask(good), TOKEN_GOOD);
    assert_int_equal(signatures(), 1);
    forge.now_ms += 1;
    assert_int_equal(ask(good), TOKEN_EXPIRED);
    assert_int_equal(signatures(), 1);
}

static void a_session_is_revoked_while_it_is_used(void **state) {
    (void)state;
    static char other_token[FORGE_TOKEN_MAX];
    struct slice good = forge_token(&forge, NULL, NULL, FORGE_ISSUER, token);
    struct slice other = forge_token(&forge, NULL, "{\"sid\":\"session-2\"}", FORGE_ISSUER, other_token);
    assert_int_equal(ask(good), TOKEN_GOOD);
    assert_int_equal(ask(other), TOKEN_GOOD);
    forge_write(forge.revoked_path, "# left the service\nsession-0\n  session-1  # stolen card\r\n");
    forge.now_ms += JOSE_LOOK_MS;
    assert_int_equal(ask(good), TOKEN_REVOKED);
    assert_int_equal(ask(other), TOKEN_GOOD);
    assert_int_equal(forge.last_count, 2);
    forge_write(forge.revoked_path, "555000000111\n");
    forge.now_ms += JOSE_LOOK_MS;
    assert_int_equal(ask(good), TOKEN_REVOKED);
    assert_int_equal(ask(other), TOKEN_REVOKED); /* the user, whatever the session */
    forge_write(forge.revoked_path, "");
    forge.now_ms += JOSE_LOOK_MS;
    assert_int_equal(ask(good), TOKEN_GOOD);
    assert_int_equal(forge.reads, 3);
}

static void files_are_looked_at_once_a_second(void **state) {
    (void)state;
    struct slice good = forge_token(&forge, NULL, NULL, FORGE_ISSUER, token);
    assert_int_equal(ask(good), TOKEN_GOOD);
    forge_write(forge.revoked_path, "session-1\n");
    forge.now_ms += JOSE_LOOK_MS - 1;
    assert_int_equal(ask(good), TOKEN_GOOD);
    forge.now_ms += 1;
    assert_int_equal(ask(good), TOKEN_REVOKED);
}

/* A list that cannot be read must not let anybody in again who was on it. */
static void a_broken_revocation_list_leaves_the_last_one(void **state) {
    (void)state;
    struct slice good = forge_token(&forge, NULL, NULL, FORGE_ISSUER, token);
    forge_write(forge.revoked_path, "session-1\n");
    forge.now_ms += JOSE_LOOK_MS;
    assert_int_equal(ask(good), TOKEN_REVOKED);
    forge_write(forge.revoked_path, "session-3\nnot an id\n");
    forge.now_ms += JOSE_LOOK_MS;
    assert_int_equal(ask(good), TOKEN_REVOKED);
    assert_int_equal(forge.refusals, 1);
    assert_non_null(strstr(forge.last_fault, "line 2"));
    assert_int_equal(unlink(forge.revoked_path), 0);
    for (int i = 0; i < 5; i++) {
        forge.now_ms += JOSE_LOOK_MS;
        assert_int_equal(ask(good), TOKEN_REVOKED);
    }
    assert_int_equal(forge.refusals, 2); /* said once, not once a second */
    forge_write(forge.revoked_path, "");
    forge.now_ms += JOSE_LOOK_MS;
    assert_int_equal(ask(good), TOKEN_GOOD);
}

static void a_key_that_has_gone_is_gone(void **state) {
    (void)state;
    struct slice good = forge_token(&forge, NULL, NULL, FORGE_ISSUER, token);
    assert_int_equal(ask(good), TOKEN_GOOD);
    forge_write_keys(&forge, "k2", forge.stranger);
    forge.now_ms += JOSE_LOOK_MS;
    assert_int_equal(ask(good), TOKEN_UNKNOWN_KEY);
    static char other[FORGE_TOKEN_MAX];
    assert_int_equal(ask(forge_token(&forge, "{\"kid\":\"k2\"}", NULL, FORGE_STRANGER, other)), TOKEN_GOOD);
}

/* The same id, another key: what was verified by the old one is verified anew. */
static void a_key_that_was_exchanged_is_another(void **state) {
    (void)state;
    struct slice good = forge_token(&forge, NULL, NULL, FORGE_ISSUER, token);
    assert_int_equal(ask(good), TOKEN_GOOD);
    forge_write_keys(&forge, "k1", forge.stranger);
    forge.now_ms += JOSE_LOOK_MS;
    assert_int_equal(ask(good), TOKEN_BAD_SIGNATURE);
}

static void a_new_key_is_known_at_once(void **state) {
    (void)state;
    assert_int_equal(ask(forge_token(&forge, NULL, NULL, FORGE_ISSUER, token)), TOKEN_GOOD);
    forge_write_keys(&forge, "k2", forge.stranger);
    forge.now_ms += 1; /* far from the next look */
    assert_int_equal(ask(forge_token(&forge, "{\"kid\":\"k2\"}", NULL, FORGE_STRANGER, token)), TOKEN_GOOD);
    assert_int_equal(forge.reads, 1);
}

static void unknown_keys_do_not_make_it_read_all_day(void **state) {
    (void)state;
    assert_int_equal(ask(forge_token(&forge, NULL, NULL, FORGE_ISSUER, token)), TOKEN_GOOD);
    struct slice unknown = forge_token(&forge, "{\"kid\":\"k9\"}", NULL, FORGE_ISSUER, token);
    assert_int_equal(jose_verifier_figures(forge.verifier).readings, 2); /* both files, at the start */
    for (int i = 0; i < 1000; i++) assert_int_equal(ask(unknown), TOKEN_UNKNOWN_KEY);
    assert_int_equal(jose_verifier_figures(forge.verifier).readings, 3);
    forge.now_ms += JOSE_UNKNOWN_KEY_MS;
    for (int i = 0; i < 1000; i++) assert_int_equal(ask(unknown), TOKEN_UNKNOWN_KEY);
    assert_int_equal(jose_verifier_figures(forge.verifier).readings, 4);
    assert_int_equal(forge.reads, 0); /* nothing new in it */
    assert_int_equal(ask(forge_token(&forge, NULL, NULL, FORGE_ISSUER, token)), TOKEN_GOOD);
}

/* Whoever asks with unknown keys does not make it forget what it has verified. */
static void a_reading_without_news_forgets_nothing(void **state) {
    (void)state;
    static char other[FORGE_TOKEN_MAX];
    struct slice good = forge_token(&forge, NULL, NULL, FORGE_ISSUER, token);
    struct slice unknown = forge_token(&forge, "{\"kid\":\"k9\"}", NULL, FORGE_ISSUER, other);
    for (int i = 0; i < 10; i++) {
        assert_int_equal(ask(unknown), TOKEN_UNKNOWN_KEY);
        assert_int_equal(ask(good), TOKEN_GOOD);
        forge.now_ms += JOSE_UNKNOWN_KEY_MS;
    }
    forge_write_keys(&forge, "k1", forge.issuer); /* another file with the same in it */
    forge.now_ms += JOSE_LOOK_MS;
    assert_int_equal(ask(good), TOKEN_GOOD);
    assert_int_equal(signatures(), 1);
}

/* What stays in force when a file breaks is what stood in it before, whether or not a token came in between. */
static void files_are_looked_at_without_a_token(void **state) {
    (void)state;
    assert_int_equal(ask(forge_token(&forge, NULL, NULL, FORGE_ISSUER, token)), TOKEN_GOOD);
    forge_write_keys(&forge, "k2", forge.stranger);
    forge.now_ms += JOSE_LOOK_MS;
    jose_verifier_look(forge.verifier, forge.now_ms);
    forge_write(forge.keys_path, "{");
    forge.now_ms += JOSE_LOOK_MS;
    jose_verifier_look(forge.verifier, forge.now_ms);
    assert_int_equal(forge.refusals, 1);
    assert_int_equal(ask(forge_token(&forge, "{\"kid\":\"k2\"}", NULL, FORGE_STRANGER, token)), TOKEN_GOOD);
}

static void a_broken_key_set_leaves_the_last_one(void **state) {
    (void)state;
    char jwk[512], text[1200];
    forge_jwk(forge.issuer, "k1", "", jwk, sizeof jwk);
    struct slice good = forge_token(&forge, NULL, NULL, FORGE_ISSUER, token);
    const char *const broken[] = {
        "",
        "{",
        "[]",
        "{}",
        "{\"keys\":[]}",
        "{\"keys\":{}}",
        "{\"keys\":[1]}",
        "{\"keys\":[{\"kty\":\"EC\"}]}",
        "{\"keys\":[{\"kid\":\"k1\",\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"AA\",\"y\":\"AA\"}]}", /* no such point */
        "{\"keys\":[{\"kid\":\"k1\",\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"A=AA\"}]}", /* cjose would abort */
        "{\"keys\":[{\"kid\":\"k1\",\"kty\":\"oct\",\"k\":\"AAAA\"}]}",                  /* a shared secret */
        "{\"keys\":[],\"keys\":[]}",
    };
    for (size_t i = 0; i < sizeof broken / sizeof broken[0]; i++) {
        forge_write(forge.keys_path, broken[i]);
        forge.now_ms += JOSE_LOOK_MS;
        assert_int_equal(ask(good), TOKEN_GOOD);
        assert_int_equal(forge.refusals, i + 1);
    }
    (void)snprintf(text, sizeof text, "{\"keys\":[%s,%s]}", jwk, jwk);
    forge_write(forge.keys_path, text);
    forge.now_ms += JOSE_LOOK_MS;
    assert_int_equal(ask(good), TOKEN_GOOD);
    assert_non_null(strstr(forge.last_fault, "given twice"));
    forge_jwk(forge.issuer, "k1", ",\"d\":\"AAAA\"", jwk, sizeof jwk);
    (void)snprintf(text, sizeof text, "{\"keys\":[%s]}", jwk);
    forge_write(forge.keys_path, text);
    forge.now_ms += JOSE_LOOK_MS;
    assert_int_equal(ask(good), TOKEN_GOOD);
    assert_non_null(strstr(forge.last_fault, "secret"));
    assert_int_equal(forge.reads, 0);
}

static void bounds_are_named(void **state) {
    (void)state;
    size_t size_max = 400 * 1024, size = 0;
    char *text = malloc(size_max);
    assert_non_null(text);
    for (int i = 0; i <= JOSE_REVOKED_MAX; i++) size += (size_t)snprintf(text + size, size_max - size, "s%d\n", i);
    forge_write(forge.revoked_path, text);
    forge.now_ms += JOSE_LOOK_MS;
    struct slice good = forge_token(&forge, NULL, "{\"sid\":\"s5000\"}", FORGE_ISSUER, token);
    assert_int_equal(ask(good), TOKEN_GOOD);
    assert_non_null(strstr(forge.last_fault, "at most 10000"));
    *strrchr(text, 's') = '\0';
    forge_write(forge.revoked_path, text);
    forge.now_ms += JOSE_LOOK_MS;
    assert_int_equal(ask(good), TOKEN_REVOKED);
    assert_int_equal(forge.last_count, JOSE_REVOKED_MAX);
    char jwk[512];
    size = (size_t)snprintf(text, size_max, "{\"keys\":[");
    for (int i = 0; i <= JOSE_KEYS_MAX; i++) {
        char kid[16];
        (void)snprintf(kid, sizeof kid, "k%d", i);
        forge_jwk(forge.issuer, kid, "", jwk, sizeof jwk);
        size += (size_t)snprintf(text + size, size_max - size, "%s%s", i > 0 ? "," : "", jwk);
    }
    (void)snprintf(text + size, size_max - size, "]}");
    forge_write(forge.keys_path, text);
    forge.now_ms += JOSE_LOOK_MS;
    (void)ask(good);
    assert_non_null(strstr(forge.last_fault, "1 to 16 keys"));
    free(text);
}

/* More users than there is room for: the oldest are verified again, nothing else. */
static void memory_is_bounded(void **state) {
    (void)state;
    struct token_user user;
    char patch[64];
    for (int i = 0; i < JOSE_CACHE_MAX + 200; i++) {
        (void)snprintf(patch, sizeof patch, "{\"sub\":\"user-%d\"}", i);
        struct slice text = forge_token(&forge, NULL, patch, FORGE_ISSUER, token);
        for (int again = 0; again < 2; again++) {
            assert_int_equal(forge_ask(&forge, text, &user), TOKEN_GOOD);
            assert_int_equal(atoi(user.subject + 5), i);
        }
    }
    assert_int_equal(signatures(), JOSE_CACHE_MAX + 200);
    assert_int_equal(jose_verifier_figures(forge.verifier).remembered, JOSE_CACHE_MAX + 200);
}

static void a_verifier_does_not_open_on_bad_files(void **state) {
    (void)state;
    struct jose_options options = forge_options(&forge);
    struct jose_verifier *verifier = NULL;
    struct error error;
    options.revoked_file = "/nowhere/revoked";
    assert_int_equal(jose_verifier_open(&options, &verifier, &error), STATUS_NOT_FOUND);
    options.revoked_file = "";
    options.key_set_file = forge.revoked_path;
    assert_int_equal(jose_verifier_open(&options, &verifier, &error), STATUS_INVALID);
    assert_null(verifier);
    options.key_set_file = forge.keys_path;
    assert_int_equal(jose_verifier_open(&options, &verifier, &error), STATUS_OK);
    jose_verifier_close(verifier);
}

/* ---- the local issuer ---- */

static enum token_fault ask_signed(const char *key_path) {
    char claims[FORGE_TEXT_MAX];
    forge_patched(forge_claims(), NULL, claims, sizeof claims);
    struct buffer out = buffer_over(token, TOKEN_SIZE_MAX);
    struct error error;
    enum status status = jose_issuer_sign(key_path, slice_text(claims), &out, &error);
    if (status != STATUS_OK) fail_msg("%s", error.message);
    return ask(buffer_slice(&out));
}

static void the_local_issuer_signs_what_is_good(void **state) {
    (void)state;
    char key_path[128], kid[TOKEN_TEXT_MAX + 1], second[TOKEN_TEXT_MAX + 1];
    static char first_token[FORGE_TOKEN_MAX];
    struct error error;
    (void)snprintf(key_path, sizeof key_path, "%s/issuer.key", forge.folder);
    assert_int_equal(unlink(forge.keys_path), 0);
    assert_int_equal(jose_issuer_make(key_path, forge.keys_path, JOSE_EARLIER_NONE, kid, &error), STATUS_OK);
    struct stat found;
    assert_int_equal(stat(key_path, &found), 0);
    assert_int_equal(found.st_mode & 0777, 0600);
    assert_int_equal(ask_signed(key_path), TOKEN_GOOD);
    strcpy(first_token, token);

    assert_int_equal(jose_issuer_make(key_path, forge.keys_path, JOSE_EARLIER_NONE, second, &error), STATUS_CONFLICT);
    assert_int_equal(jose_issuer_make(key_path, forge.keys_path, JOSE_EARLIER_KEEP, second, &error), STATUS_OK);
    assert_string_not_equal(kid, second);
    forge.now_ms += JOSE_UNKNOWN_KEY_MS;
    assert_int_equal(ask_signed(key_path), TOKEN_GOOD);
    assert_int_equal(ask(slice_text(first_token)), TOKEN_GOOD);
    assert_int_equal(forge.last_count, 2);

    assert_int_equal(jose_issuer_make(key_path, forge.keys_path, JOSE_EARLIER_DROP, kid, &error), STATUS_OK);
    forge.now_ms += JOSE_LOOK_MS;
    assert_int_equal(ask_signed(key_path), TOKEN_GOOD);
    assert_int_equal(ask(slice_text(first_token)), TOKEN_UNKNOWN_KEY);

    struct buffer out = buffer_over(token, TOKEN_SIZE_MAX);
    assert_int_equal(chmod(key_path, 0644), 0);
    assert_int_equal(jose_issuer_sign(key_path, slice_text("{}"), &out, &error), STATUS_DENIED);
    assert_int_equal(unlink(key_path), 0);
    assert_int_equal(jose_issuer_sign(key_path, slice_text("{}"), &out, &error), STATUS_NOT_FOUND);
}

static void the_issuer_never_shows_its_secret(void **state) {
    (void)state;
    char key_path[128], kid[TOKEN_TEXT_MAX + 1], text[4096];
    struct error error;
    (void)snprintf(key_path, sizeof key_path, "%s/issuer.key", forge.folder);
    assert_int_equal(jose_issuer_make(key_path, forge.keys_path, JOSE_EARLIER_DROP, kid, &error), STATUS_OK);
    json_t *private = json_load_file(key_path, 0, NULL);
    const char *secret = json_string_value(json_object_get(private, "d"));
    assert_non_null(secret);
    FILE *file = fopen(forge.keys_path, "re");
    assert_non_null(file);
    text[fread(text, 1, sizeof text - 1, file)] = '\0';
    (void)fclose(file);
    assert_null(strstr(text, secret));
    assert_null(strstr(text, "\"d\""));
    json_decref(private);
    assert_int_equal(unlink(key_path), 0);
}

static void a_peek_believes_nothing(void **state) {
    (void)state;
    static char header[TOKEN_SIZE_MAX], claims[TOKEN_SIZE_MAX];
    struct buffer header_out = buffer_over(header, sizeof header), claims_out = buffer_over(claims, sizeof claims);
    struct slice text = forge_token(&forge, "{\"alg\":\"none\"}", NULL, FORGE_NOTHING, token);
    assert_true(jose_peek(text, &header_out, &claims_out));
    assert_memory_equal(header, "{\"alg\":\"none\"", 13);
    assert_false(jose_peek(slice_text("e30"), &header_out, &claims_out));
    assert_false(jose_peek(slice_text("e30.!.x"), &header_out, &claims_out));
    assert_false(jose_peek(slice_text(""), &header_out, &claims_out));
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
        TEST(a_token_is_verified_once_in_five_minutes),
        TEST(a_bad_token_is_not_remembered),
        TEST(a_remembered_token_expires),
        TEST(a_session_is_revoked_while_it_is_used),
        TEST(files_are_looked_at_once_a_second),
        TEST(a_broken_revocation_list_leaves_the_last_one),
        TEST(a_key_that_has_gone_is_gone),
        TEST(a_key_that_was_exchanged_is_another),
        TEST(a_new_key_is_known_at_once),
        TEST(unknown_keys_do_not_make_it_read_all_day),
        TEST(a_reading_without_news_forgets_nothing),
        TEST(files_are_looked_at_without_a_token),
        TEST(a_broken_key_set_leaves_the_last_one),
        TEST(bounds_are_named),
        TEST(memory_is_bounded),
        TEST(a_verifier_does_not_open_on_bad_files),
        TEST(the_local_issuer_signs_what_is_good),
        TEST(the_issuer_never_shows_its_secret),
        TEST(a_peek_believes_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
