/* What a publisher keeps beside its position: it is read as it was written, and nothing else is read. */
#include "tests/support/cmocka.h"

#include "lib/digest/digest.h"
#include "lib/host/publisher_note.h"
#include "lib/port/publish.h"

_Static_assert((int)PUBLISHER_NOTE_SIZE <= (int)PUBLISH_NOTE_MAX, "the port takes a note");

static void a_note_is_read_as_it_was_written(void **state) {
    (void)state;
    assert_true(digest_init());
    struct publisher_note note = {.before.applied = -1, .after.applied = -1}, read;
    char text[PUBLISHER_NOTE_SIZE];
    publisher_note_write(&note, text);
    assert_true(publisher_note_read(slice_of(text, sizeof text), &read));
    assert_memory_equal(&note, &read, sizeof note);
    note.after.applied = INT64_C(1) << 40;
    note.after.journal = (struct journal_state){
        .has_genesis = true, .journal_id = {{1}}, .epoch = 9, .owner = {{2}}, .number = 77, .prev = {{3}}};
    note.after.anchor = digest_of(slice_text("anchor"), slice_text(""));
    publisher_note_write(&note, text);
    assert_true(publisher_note_read(slice_of(text, sizeof text), &read));
    assert_memory_equal(&note, &read, sizeof note);
    for (size_t cut = 0; cut < sizeof text; cut++) {
        assert_false(publisher_note_read(slice_of(text, cut), &read));
    }
    text[0] = '7';
    assert_false(publisher_note_read(slice_of(text, sizeof text), &read));
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(a_note_is_read_as_it_was_written)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
