/* Which boots may open a store: the one that left it open, and any once it was closed. */
#include "lib/base/boot_mark.h"

#include "tests/support/cmocka.h"

static void a_store_left_open_is_its_boots(void **state) {
    (void)state;
    static const struct {
        const char *what, *mark, *boot_id;
        bool is_trusted;
    } cases[] = {
        {"the same boot", "boot-1\nopen\n", "boot-1", true},
        {"another boot", "boot-1\nopen\n", "boot-2", false},
        {"an id that only begins alike", "boot-12\nopen\n", "boot-1", false},
        {"an id that is longer", "boot-1\nopen\n", "boot-12", false},
        {"closed, another boot", "boot-1\nclosed\n", "boot-2", true},
        {"closed, and the boot is not known", "boot-1\nclosed\n", "", true},
        {"open, and the boot is not known", "boot-1\nopen\n", "", false},
        {"closed, but half written", "boot-1\nclos", "boot-2", false},
        {"no mark at all", "", "boot-1", false},
        {"no mark, and the boot is not known", "", "", false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        if (boot_mark_is_trusted(cases[i].mark, cases[i].boot_id) != cases[i].is_trusted) fail_msg("%s", cases[i].what);
    }
}

static void a_mark_that_was_written_is_read(void **state) {
    (void)state;
    char mark[BOOT_MARK_MAX];
    boot_mark_write("d1b2", false, mark);
    assert_string_equal(mark, "d1b2\nopen\n");
    assert_true(boot_mark_is_trusted(mark, "d1b2"));
    assert_false(boot_mark_is_trusted(mark, "e3"));
    boot_mark_write("d1b2", true, mark);
    assert_string_equal(mark, "d1b2\nclosed\n");
    assert_true(boot_mark_is_trusted(mark, "e3"));
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(a_store_left_open_is_its_boots),
                                       cmocka_unit_test(a_mark_that_was_written_is_read)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
