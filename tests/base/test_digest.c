/* BLAKE2b-128 against known answers (Python's hashlib), and the incremental form against the whole. */
#include "lib/base/text.h"
#include "lib/digest/digest.h"

#include "tests/support/cmocka.h"

static void assert_digest(struct digest digest, const char *expected) {
    char text[33] = {0};
    text_hex(digest.bytes, sizeof digest.bytes, text);
    assert_string_equal(text, expected);
}

static void known_answers(void **state) {
    (void)state;
    struct slice nothing = {0};
    assert_digest(digest_of(nothing, nothing), "cae66941d9efbd404e4d88758ea67670");
    assert_digest(digest_of(slice_text("abc"), nothing), "cf4ab791c62b8d2b2109c90275287816");
    assert_digest(digest_of(slice_text("a"), slice_text("bc")), "cf4ab791c62b8d2b2109c90275287816");
    uint8_t key[32];
    for (uint8_t i = 0; i < 32; i++) key[i] = i;
    assert_digest(digest_keyed(key, slice_text("abc")), "1a64be47e4729d951c302ee543f97cf3");
    key[31] ^= 1;
    struct digest other = digest_keyed(key, slice_text("abc"));
    assert_false(digest_equal(other, digest_of(slice_text("abc"), nothing)));
    key[31] ^= 1;
    assert_false(digest_equal(other, digest_keyed(key, slice_text("abc"))));
    assert_true(digest_equal(digest_keyed(key, nothing), digest_keyed(key, slice_text(""))));
}

static void a_stream_gives_what_the_whole_gives(void **state) {
    (void)state;
    uint8_t bytes[1000];
    for (size_t i = 0; i < sizeof bytes; i++) bytes[i] = (uint8_t)(i * 7);
    struct digest whole = digest_of(slice_of(bytes, sizeof bytes), (struct slice){0});
    static const size_t steps[] = {1, 2, 3, 64, 127, 128, 129, 999, 1000};
    for (size_t i = 0; i < sizeof steps / sizeof steps[0]; i++) {
        struct digest_stream stream;
        digest_stream_begin(&stream);
        for (size_t at = 0; at < sizeof bytes; at += steps[i]) {
            size_t size = sizeof bytes - at < steps[i] ? sizeof bytes - at : steps[i];
            digest_stream_add(&stream, slice_of(bytes + at, size));
            digest_stream_add(&stream, (struct slice){0});
        }
        assert_true(digest_equal(digest_stream_end(&stream), whole));
    }
}

static void random_bytes_are_not_the_same_twice(void **state) {
    (void)state;
    uint8_t first[32] = {0}, second[32] = {0}, zeros[32] = {0};
    digest_random(first, sizeof first);
    digest_random(second, sizeof second);
    assert_memory_not_equal(first, second, sizeof first);
    assert_memory_not_equal(first, zeros, sizeof first);
    digest_random(zeros, 1);
    uint8_t none[31] = {0};
    assert_memory_equal(zeros + 1, none, sizeof none);
}

int main(void) {
    if (!digest_init()) return 1;
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(known_answers),
        cmocka_unit_test(a_stream_gives_what_the_whole_gives),
        cmocka_unit_test(random_bytes_are_not_the_same_twice),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
