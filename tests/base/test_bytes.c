/* Slices, the bounded writer, the cursor and the arena: what fits, what exactly fits, and what does not. */
#include "lib/base/arena.h"
#include "lib/base/buffer.h"

#include "tests/support/cmocka.h"

static void slices_compare_as_keys_do(void **state) {
    (void)state;
    static const char *const rising[] = {"", "a", "aa", "ab", "b", "ba", "\x7F", "\x80", "\xFF", "\xFF\x01"};
    enum { COUNT = sizeof rising / sizeof rising[0] };
    for (int i = 0; i < COUNT; i++) {
        for (int j = 0; j < COUNT; j++) {
            int order = slice_compare(slice_text(rising[i]), slice_text(rising[j]));
            assert_int_equal((order > 0) - (order < 0), (i > j) - (i < j));
            assert_int_equal(slice_equal(slice_text(rising[i]), slice_text(rising[j])), i == j);
        }
    }
    struct slice nothing = {0};
    assert_true(slice_equal(nothing, slice_text("")));
    assert_true(slice_starts_with(slice_text("abc"), slice_text("ab")));
    assert_true(slice_starts_with(slice_text("abc"), nothing));
    assert_false(slice_starts_with(slice_text("ab"), slice_text("abc")));
    assert_false(slice_starts_with(slice_text("abc"), slice_text("b")));
}

static void numbers_are_written_big_endian_and_read_back(void **state) {
    (void)state;
    uint8_t memory[15];
    struct buffer buffer = buffer_over(memory, sizeof memory);
    buffer_put_u8(&buffer, 0x01);
    buffer_put_u16(&buffer, 0x0203);
    buffer_put_u32(&buffer, 0x04050607);
    buffer_put_u64(&buffer, UINT64_C(0x08090A0B0C0D0E0F));
    assert_false(buffer.is_full); /* exactly filled is not full */
    assert_int_equal(buffer.size, 15);
    for (uint8_t i = 0; i < 15; i++) assert_int_equal(memory[i], i + 1);

    struct cursor cursor = cursor_over(buffer_slice(&buffer));
    assert_int_equal(cursor_u8(&cursor), 0x01);
    assert_int_equal(cursor_u16(&cursor), 0x0203);
    assert_int_equal(cursor_u32(&cursor), 0x04050607);
    assert_false(cursor_done(&cursor));
    assert_true(cursor_u64(&cursor) == UINT64_C(0x08090A0B0C0D0E0F));
    assert_true(cursor_done(&cursor));
}

static void the_first_write_that_does_not_fit_ends_all_writing(void **state) {
    (void)state;
    uint8_t memory[4] = {0xEE, 0xEE, 0xEE, 0xEE};
    struct buffer buffer = buffer_over(memory, 3);
    buffer_put_u8(&buffer, 1);
    buffer_put_u32(&buffer, 2);
    assert_true(buffer.is_full);
    buffer_put_u8(&buffer, 3); /* would fit, but a hole before it would go unnoticed */
    assert_int_equal(buffer.size, 1);
    assert_int_equal(memory[1], 0xEE);
    assert_int_equal(memory[3], 0xEE);

    struct buffer none = buffer_over(NULL, 0);
    buffer_put(&none, NULL, 0);
    assert_false(none.is_full);
    buffer_put(&none, "x", 1);
    assert_true(none.is_full);

    struct buffer huge = buffer_over(memory, 3);
    buffer_put_u8(&huge, 1);
    buffer_put(&huge, memory, SIZE_MAX); /* size + SIZE_MAX would wrap */
    assert_true(huge.is_full);
    assert_int_equal(huge.size, 1);
}

static void reading_past_the_end_is_bad_and_yields_zeros(void **state) {
    (void)state;
    const uint8_t bytes[3] = {0xAA, 0xBB, 0xCC};
    struct cursor cursor = cursor_over(slice_of(bytes, 3));
    assert_int_equal(cursor_u32(&cursor), 0);
    assert_true(cursor.is_bad);
    assert_int_equal(cursor_u8(&cursor), 0); /* bad stays bad, though three bytes are there */
    assert_false(cursor_done(&cursor));

    uint8_t copy[4] = {1, 1, 1, 1};
    cursor = cursor_over(slice_of(bytes, 3));
    cursor_copy(&cursor, copy, 4);
    assert_memory_equal(copy, "\0\0\0\0", 4);
    cursor = cursor_over(slice_of(bytes, 3));
    cursor_copy(&cursor, copy, 3);
    assert_memory_equal(copy, "\xAA\xBB\xCC\0", 4);
    assert_true(cursor_done(&cursor));

    cursor = cursor_over(slice_of(bytes, 3));
    struct slice taken = cursor_take(&cursor, 2);
    assert_ptr_equal(taken.data, bytes);
    assert_int_equal(taken.size, 2);
    taken = cursor_take(&cursor, SIZE_MAX);
    assert_int_equal(taken.size, 0);
    assert_true(cursor.is_bad);

    struct cursor empty = cursor_over((struct slice){0});
    assert_true(cursor_done(&empty));
    cursor_copy(&empty, NULL, 0);
    assert_int_equal(cursor_take(&empty, 0).size, 0);
    assert_true(cursor_done(&empty));
}

static void an_arena_hands_out_aligned_pieces_until_it_is_used_up(void **state) {
    (void)state;
    _Alignas(16) uint8_t memory[64];
    memset(memory, 0xEE, sizeof memory);
    struct arena arena = arena_over(memory, sizeof memory);
    uint8_t *first = arena_alloc(&arena, 1);
    uint8_t *second = arena_zalloc(&arena, 17);
    assert_ptr_equal(first, memory);
    assert_ptr_equal(second, memory + 16);
    assert_int_equal(first[0], 0xEE); /* alloc leaves the memory as it was, zalloc does not */
    for (int i = 0; i < 17; i++) assert_int_equal(second[i], 0);
    assert_int_equal(memory[33], 0xEE);
    assert_null(arena_alloc(&arena, 17));
    assert_ptr_equal(arena_alloc(&arena, 16), memory + 48); /* exactly the rest */
    assert_null(arena_alloc(&arena, 1));
    assert_null(arena_zalloc(&arena, SIZE_MAX));
    arena_reset(&arena);
    assert_ptr_equal(arena_alloc(&arena, 64), memory);

    struct arena crooked = arena_over(memory + 1, 40);
    assert_ptr_equal(arena_alloc(&crooked, 1), memory + 16); /* aligned in memory, not in the arena */
    assert_null(arena_alloc(&crooked, 10));                  /* 41 - 32 = 9 bytes are left */
    assert_ptr_equal(arena_alloc(&crooked, 9), memory + 32);
    assert_null(arena_alloc(&crooked, SIZE_MAX - 4));
}

static void an_arena_copies_or_says_that_it_cannot(void **state) {
    (void)state;
    _Alignas(16) uint8_t memory[16];
    struct arena arena = arena_over(memory, sizeof memory);
    struct slice copy = arena_copy(&arena, slice_text("sixteen letters."));
    assert_true(slice_equal(copy, slice_text("sixteen letters.")));
    assert_ptr_equal(copy.data, memory);
    copy = arena_copy(&arena, slice_text("x"));
    assert_null(copy.data);
    assert_int_equal(copy.size, 0);
    arena_reset(&arena);
    copy = arena_copy(&arena, (struct slice){0});
    assert_non_null(copy.data); /* an empty copy is not a failed one */
    struct arena nowhere = arena_over(NULL, 0);
    assert_null(arena_alloc(&nowhere, 0));
    assert_null(arena_copy(&nowhere, slice_text("x")).data);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(slices_compare_as_keys_do),
        cmocka_unit_test(numbers_are_written_big_endian_and_read_back),
        cmocka_unit_test(the_first_write_that_does_not_fit_ends_all_writing),
        cmocka_unit_test(reading_past_the_end_is_bad_and_yields_zeros),
        cmocka_unit_test(an_arena_hands_out_aligned_pieces_until_it_is_used_up),
        cmocka_unit_test(an_arena_copies_or_says_that_it_cannot),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
