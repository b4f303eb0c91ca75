/* RequestOutcome and DeadLetter as the generated code reads them: every field under its number, defaults left out, bad text
 * left out. */
#include <bhr/exchange/v1/exchange.pb-c.h>

#include "lib/wire/exchange/public_message.h"
#include "tests/support/cmocka.h"

static const struct outcome_row taken = {.code = 100,
                                         .name = "slot_taken",
                                         .status = REPLY_REFUSED,
                                         .bars = "409 REC_CONFLICT conflict",
                                         .sentence = "somebody else has the slot"};
static const struct uuid request_id = {{1, 0x90, 3, 4, 5, 6, 0x77, 8, 0x89, 10, 11, 12, 13, 14, 15, 16}};
#define REQUEST_ID_TEXT "01900304-0506-7708-890a-0b0c0d0e0f10"

static void test_outcome_has_every_field(void **state) {
    (void)state;
    uint8_t memory[REQUEST_OUTCOME_ROOM];
    struct buffer out = buffer_over(memory, sizeof memory);
    request_outcome_encode(&(struct request_outcome){.request_id = request_id,
                                                     .method = slice_text("Book"),
                                                     .outcome = &taken,
                                                     .detail = slice_text("slot_id: why"),
                                                     .is_repeated = true,
                                                     .answer_type = slice_text("bhr.booking.v1.BookResponse"),
                                                     .answer = slice_text("bytes"),
                                                     .number = UINT64_C(1) << 40},
                           &out);
    assert_false(out.is_full);
    Bhr__Exchange__V1__RequestOutcome *read = bhr__exchange__v1__request_outcome__unpack(NULL, out.size, out.data);
    assert_non_null(read);
    assert_string_equal(read->request_id, REQUEST_ID_TEXT);
    assert_string_equal(read->method, "Book");
    assert_int_equal(read->status, BHR__EXCHANGE__V1__REPLY_STATUS__REPLY_STATUS_REFUSED);
    assert_string_equal(read->outcome, "slot_taken");
    assert_string_equal(read->message, "somebody else has the slot");
    assert_string_equal(read->detail, "slot_id: why");
    assert_string_equal(read->bars, "409 REC_CONFLICT conflict");
    assert_true(read->repeated_answer);
    assert_string_equal(read->answer_type, "bhr.booking.v1.BookResponse");
    assert_int_equal(read->answer.len, 5);
    assert_memory_equal(read->answer.data, "bytes", 5);
    assert_true(read->number == UINT64_C(1) << 40);
    assert_int_equal(read->base.n_unknown_fields, 0);
    bhr__exchange__v1__request_outcome__free_unpacked(read, NULL);
}

static void test_letter_has_every_field(void **state) {
    (void)state;
    uint8_t memory[DEAD_LETTER_MAX];
    struct buffer out = buffer_over(memory, sizeof memory);
    dead_letter_encode(&(struct dead_letter){.request_id = request_id,
                                             .source = slice_text("111-nel"),
                                             .method = slice_text("Cancel"),
                                             .outcome = "unreadable",
                                             .detail = slice_text("booking_id: expected a UUID"),
                                             .generation = 2,
                                             .offset = UINT64_C(1) << 41,
                                             .number = 77},
                       &out);
    assert_false(out.is_full);
    Bhr__Exchange__V1__DeadLetter *read = bhr__exchange__v1__dead_letter__unpack(NULL, out.size, out.data);
    assert_non_null(read);
    assert_string_equal(read->request_id, REQUEST_ID_TEXT);
    assert_string_equal(read->source, "111-nel");
    assert_string_equal(read->method, "Cancel");
    assert_string_equal(read->outcome, "unreadable");
    assert_string_equal(read->detail, "booking_id: expected a UUID");
    assert_int_equal(read->generation, 2);
    assert_true(read->offset == UINT64_C(1) << 41);
    assert_int_equal(read->number, 77);
    assert_int_equal(read->base.n_unknown_fields, 0);
    bhr__exchange__v1__dead_letter__free_unpacked(read, NULL);
}

/* A detail that is no clean text, or endless, is left out; the rest still leaves. */
static void test_bad_detail_is_left_out(void **state) {
    (void)state;
    static char endless[PUBLIC_DETAIL_MAX + 1];
    memset(endless, 'x', sizeof endless);
    const struct slice details[] = {slice_text("a\x01"), slice_text("\xC3"), slice_of(endless, sizeof endless)};
    for (size_t i = 0; i < sizeof details / sizeof details[0]; i++) {
        uint8_t memory[REQUEST_OUTCOME_ROOM];
        struct buffer out = buffer_over(memory, sizeof memory);
        request_outcome_encode(&(struct request_outcome){.outcome = &taken, .detail = details[i]}, &out);
        Bhr__Exchange__V1__RequestOutcome *read = bhr__exchange__v1__request_outcome__unpack(NULL, out.size, out.data);
        assert_non_null(read);
        assert_string_equal(read->detail, "");
        assert_string_equal(read->request_id, "");
        assert_string_equal(read->outcome, "slot_taken");
        bhr__exchange__v1__request_outcome__free_unpacked(read, NULL);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_outcome_has_every_field),
        cmocka_unit_test(test_letter_has_every_field),
        cmocka_unit_test(test_bad_detail_is_left_out),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
