/* The strict protobuf reader: one way to write each message, and everything else is refused. */
#include "lib/base/proto_wire.h"

#include "tests/support/cmocka.h"
#include "tests/support/prng.h"

#define BYTES(literal)                                                                                                 \
    { (const uint8_t *)(literal), sizeof(literal) - 1 }

static void good_fields_are_read(void **state) {
    (void)state;
    static const struct {
        struct slice message;
        uint32_t number;
        enum proto_type type;
        uint64_t value;
        size_t bytes_size;
    } cases[] = {
        {BYTES("\x08\x00"), 1, PROTO_VARINT, 0, 0},
        {BYTES("\x08\x7F"), 1, PROTO_VARINT, 127, 0},
        {BYTES("\x08\x80\x01"), 1, PROTO_VARINT, 128, 0},
        {BYTES("\x08\xAC\x02"), 1, PROTO_VARINT, 300, 0},
        {BYTES("\x08\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\x01"), 1, PROTO_VARINT, UINT64_MAX, 0},
        {BYTES("\x08\x80\x80\x80\x80\x80\x80\x80\x80\x80\x01"), 1, PROTO_VARINT, UINT64_C(1) << 63, 0},
        {BYTES("\x09\x01\x02\x03\x04\x05\x06\x07\x08"), 1, PROTO_FIXED64, UINT64_C(0x0807060504030201), 0},
        {BYTES("\x0D\x01\x02\x03\x84"), 1, PROTO_FIXED32, 0x84030201, 0},
        {BYTES("\x12\x00"), 2, PROTO_BYTES, 0, 0},
        {BYTES("\x12\x03\x00\x08\x00"), 2, PROTO_BYTES, 0, 3},
        {BYTES("\x78\x01"), 15, PROTO_VARINT, 1, 0},
        {BYTES("\x80\x01\x01"), 16, PROTO_VARINT, 1, 0},
        {BYTES("\xF8\xFF\xFF\xFF\x0F\x01"), (1 << 29) - 1, PROTO_VARINT, 1, 0},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct slice rest = cases[i].message;
        struct proto_field field;
        bool is_bad = true;
        if (!proto_next(&rest, &field, &is_bad)) fail_msg("case %zu was refused", i);
        assert_false(is_bad);
        assert_int_equal(field.number, cases[i].number);
        assert_int_equal(field.type, cases[i].type);
        assert_true(field.value == cases[i].value);
        assert_int_equal(field.bytes.size, cases[i].bytes_size);
        assert_int_equal(rest.size, 0);
        assert_false(proto_next(&rest, &field, &is_bad));
        assert_false(is_bad); /* the end is not an error */
    }
}

static void malformed_fields_are_refused(void **state) {
    (void)state;
    static const struct {
        const char *what;
        struct slice message;
    } cases[] = {
        {"field number 0", BYTES("\x00\x01")},
        {"field number 0, bytes", BYTES("\x02\x00")},
        {"field number 2^29", BYTES("\x80\x80\x80\x80\x10\x01")},
        {"field number far above", BYTES("\xF8\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\x01\x01")},
        {"start of a group", BYTES("\x0B\x0C")},
        {"end of a group", BYTES("\x0C")},
        {"type 6", BYTES("\x0E\x00")},
        {"type 7", BYTES("\x0F\x00")},
        {"tag cut", BYTES("\x80")},
        {"tag with a longer form", BYTES("\x88\x00\x01")},
        {"no value", BYTES("\x08")},
        {"value cut", BYTES("\x08\x80")},
        {"zero in two bytes", BYTES("\x08\x80\x00")},
        {"one in two bytes", BYTES("\x08\x81\x00")},
        {"127 in ten bytes", BYTES("\x08\xFF\x80\x80\x80\x80\x80\x80\x80\x80\x00")},
        {"65 bits", BYTES("\x08\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\x02")},
        {"eleven bytes", BYTES("\x08\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\x81\x00")},
        {"length cut", BYTES("\x12")},
        {"length beyond the end", BYTES("\x12\x01")},
        {"length one beyond the end", BYTES("\x12\x03\x01\x02")},
        {"length of 2^64 - 1", BYTES("\x12\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\x01")},
        {"length with a longer form", BYTES("\x12\x81\x00\x01")},
        {"fixed64 cut", BYTES("\x09\x01\x02\x03\x04\x05\x06\x07")},
        {"fixed32 cut", BYTES("\x0D\x01\x02\x03")},
        {"fixed32 without bytes", BYTES("\x0D")},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct slice rest = cases[i].message;
        struct proto_field field = {.number = 77};
        bool is_bad = false;
        if (proto_next(&rest, &field, &is_bad)) fail_msg("%s was read", cases[i].what);
        if (!is_bad) fail_msg("%s was taken for the end", cases[i].what);
        assert_int_equal(field.number, 77);
        assert_ptr_equal(rest.data, cases[i].message.data);
    }
}

static void fields_are_written_even_when_zero_and_sized_right(void **state) {
    (void)state;
    uint8_t memory[32];
    struct buffer out = buffer_over(memory, sizeof memory);
    proto_put_varint(&out, 1, 0);
    proto_put_varint(&out, 16, 300);
    proto_put_bytes(&out, 2, (struct slice){0});
    proto_put_bytes(&out, 3, slice_text("bhr"));
    static const struct slice expected = BYTES("\x08\x00\x80\x01\xAC\x02\x12\x00\x1A\x03"
                                               "bhr");
    assert_true(slice_equal(buffer_slice(&out), expected));

    static const size_t sizes[] = {0, 1, 127, 128, 16383, 16384};
    static const uint32_t numbers[] = {1, 15, 16, 2047, 2048, (1 << 29) - 1};
    static uint8_t large[16384 + 16];
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        for (size_t j = 0; j < sizeof numbers / sizeof numbers[0]; j++) {
            struct buffer room = buffer_over(large, sizeof large);
            static const uint8_t zeros[16384];
            proto_put_bytes(&room, numbers[j], slice_of(zeros, sizes[i]));
            assert_false(room.is_full);
            assert_int_equal(room.size, proto_bytes_size(numbers[j], sizes[i]));
        }
    }
}

/* Whatever bytes are read as a message, writing the fields again gives the same bytes: there is no second way. */
static void what_is_read_has_one_way_to_be_written(void **state) {
    (void)state;
    struct prng prng = prng_seed(1);
    int read_count = 0;
    for (int round = 0; round < 200000; round++) {
        uint8_t bytes[12], again[24];
        size_t size = (size_t)prng_below(&prng, sizeof bytes) + 1;
        for (size_t i = 0; i < size; i++)
            bytes[i] = (uint8_t)(prng_u64(&prng) & (prng_chance(&prng, 50) ? 0x0F : 0xFF));
        struct slice rest = slice_of(bytes, size);
        struct buffer out = buffer_over(again, sizeof again);
        struct proto_field field;
        bool is_bad, has_fixed = false;
        while (proto_next(&rest, &field, &is_bad)) {
            if (field.type == PROTO_VARINT) proto_put_varint(&out, field.number, field.value);
            if (field.type == PROTO_BYTES) proto_put_bytes(&out, field.number, field.bytes);
            has_fixed = has_fixed || field.type == PROTO_FIXED32 || field.type == PROTO_FIXED64;
        }
        if (is_bad || has_fixed) continue;
        read_count++;
        assert_true(slice_equal(buffer_slice(&out), slice_of(bytes, size)));
    }
    assert_true(read_count > 1000); /* else the draw no longer tests anything */
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(good_fields_are_read),
        cmocka_unit_test(malformed_fields_are_refused),
        cmocka_unit_test(fields_are_written_even_when_zero_and_sized_right),
        cmocka_unit_test(what_is_read_has_one_way_to_be_written),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
