/* What a reader of the contract says to a message that somebody else has written. */
#ifndef BHR_TESTS_WIRE_JUDGE_H
#define BHR_TESTS_WIRE_JUDGE_H

#include "lib/wire/exchange/wire_table.h"
#include "tests/support/cmocka.h"

/* The fault's text, "" for none; it is gone at the next call. */
static inline const char *judge_plain(const struct wire_table *table, const void *plain) {
    static uint8_t memory[256 * 1024], out[32 * 1024];
    static struct wire_fault fault;
    struct arena arena = arena_over(memory, sizeof memory);
    struct slice bytes = wire_table_encode_to_arena(table, plain, &arena);
    assert_non_null(bytes.data);
    fault.text[0] = '\0';
    assert_in_range(table->plain_size, 1, sizeof out);
    (void)wire_table_decode(table, bytes, &arena, out, &fault);
    return fault.text;
}

#endif
