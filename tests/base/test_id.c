/* UUIDs: canonical text and the time in version 7. */
#include "lib/base/id.h"

#include "tests/support/cmocka.h"

static struct uuid counted(void) {
    return (struct uuid){
        {0x01, 0x23, 0x45, 0x67, 0x89, 0xAB, 0xCD, 0xEF, 0xFE, 0xDC, 0xBA, 0x98, 0x76, 0x54, 0x32, 0x10}};
}

static void canonical_text_of_either_case_is_read(void **state) {
    (void)state;
    struct uuid id = {{0}};
    assert_true(uuid_parse(slice_text("01234567-89ab-cdef-fedc-ba9876543210"), &id));
    assert_true(uuid_equal(id, counted()));
    id = (struct uuid){{0}};
    assert_true(uuid_parse(slice_text("01234567-89AB-cDeF-FEDC-BA9876543210"), &id));
    assert_true(uuid_equal(id, counted()));
    char text[UUID_TEXT_SIZE + 1] = {0};
    text[UUID_TEXT_SIZE] = '!';
    uuid_format(id, text);
    assert_memory_equal(text, "01234567-89ab-cdef-fedc-ba9876543210!", sizeof text);
}

static void other_text_is_refused_and_the_id_untouched(void **state) {
    (void)state;
    static const char *const refused[] = {
        "",
        "01234567-89ab-cdef-fedc-ba987654321",
        "01234567-89ab-cdef-fedc-ba98765432100",
        "{01234567-89ab-cdef-fedc-ba9876543210}",
        "0123456789abcdeffedcba9876543210",
        "0123456-789ab-cdef-fedc-ba9876543210",
        "01234567-89ab-cdef-fedcb-a9876543210",
        "01234567 89ab-cdef-fedc-ba9876543210",
        "01234567-89ab-cdef-fedc_ba9876543210",
        "01234567-89ab-cdef-fedc-ba987654321g",
        "g1234567-89ab-cdef-fedc-ba9876543210",
        "01234567-89ab-cdef-fedc-ba987654321 ",
        "urn:uuid:01234567-89ab-cdef-fedc-ba98",
    };
    for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++) {
        struct uuid id = counted();
        if (uuid_parse(slice_text(refused[i]), &id)) fail_msg("\"%s\" is no UUID", refused[i]);
        assert_true(uuid_equal(id, counted()));
    }
}

static void version_7_needs_version_and_variant(void **state) {
    (void)state;
    static const struct {
        const char *text;
        bool is_v7;
    } cases[] = {
        {"017f22e2-79b0-7cc3-98c4-dc0c0c07398f", true}, /* RFC 9562, appendix A.6 */
        {"017f22e2-79b0-4cc3-98c4-dc0c0c07398f", false}, {"017f22e2-79b0-6cc3-98c4-dc0c0c07398f", false},
        {"017f22e2-79b0-8cc3-98c4-dc0c0c07398f", false}, {"017f22e2-79b0-7cc3-08c4-dc0c0c07398f", false},
        {"017f22e2-79b0-7cc3-78c4-dc0c0c07398f", false}, {"017f22e2-79b0-7cc3-88c4-dc0c0c07398f", true},
        {"017f22e2-79b0-7cc3-b8c4-dc0c0c07398f", true},  {"017f22e2-79b0-7cc3-c8c4-dc0c0c07398f", false},
        {"00000000-0000-0000-0000-000000000000", false}, {"ffffffff-ffff-ffff-ffff-ffffffffffff", false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct uuid id;
        assert_true(uuid_parse(slice_text(cases[i].text), &id));
        if (uuid_is_v7(id) != cases[i].is_v7) fail_msg("%s", cases[i].text);
    }
}

static void version_7_carries_its_time_and_its_tail(void **state) {
    (void)state;
    struct uuid id;
    assert_true(uuid_parse(slice_text("017f22e2-79b0-7cc3-98c4-dc0c0c07398f"), &id));
    assert_true(uuid_v7_time_ms(id) == INT64_C(1645557742000)); /* RFC 9562: 2022-02-22T19:22:22Z */

    const uint8_t tail[10] = {0xFC, 0xC3, 0xD8, 0xC4, 0xDC, 0x0C, 0x0C, 0x07, 0x39, 0x8F};
    struct uuid made = uuid_v7_make(INT64_C(1645557742000), tail);
    assert_true(uuid_equal(made, id)); /* version and variant replace the tail's own bits */

    static const int64_t times[] = {0, 1, INT64_C(1795372800000), (INT64_C(1) << 48) - 1};
    for (size_t i = 0; i < sizeof times / sizeof times[0]; i++) {
        struct uuid at = uuid_v7_make(times[i], tail);
        assert_true(uuid_is_v7(at));
        assert_true(uuid_v7_time_ms(at) == times[i]);
    }
    struct uuid earlier = uuid_v7_make(255, tail), later = uuid_v7_make(256, tail);
    assert_true(memcmp(earlier.bytes, later.bytes, sizeof earlier.bytes) < 0);
}

static void equality_looks_at_every_byte(void **state) {
    (void)state;
    for (size_t i = 0; i < 16; i++) {
        struct uuid a = counted(), b = counted();
        b.bytes[i] ^= 1;
        assert_false(uuid_equal(a, b));
        struct uuid almost_zero = {{0}};
        assert_true(uuid_is_zero(almost_zero));
        almost_zero.bytes[i] = 1;
        assert_false(uuid_is_zero(almost_zero));
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(canonical_text_of_either_case_is_read),
        cmocka_unit_test(other_text_is_refused_and_the_id_untouched),
        cmocka_unit_test(version_7_needs_version_and_variant),
        cmocka_unit_test(version_7_carries_its_time_and_its_tail),
        cmocka_unit_test(equality_looks_at_every_byte),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
