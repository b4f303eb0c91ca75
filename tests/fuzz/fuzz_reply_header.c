/* The header frame of a reply, as a client gets it from whatever answers. */
#include "lib/wire/exchange/exchange.h"
#include "tests/fuzz/fuzz.h"

static void run(struct slice input) {
    struct reply_header header, again;
    const char *fault = NULL;
    if (!reply_header_decode(input, &header, &fault)) {
        ASSERT(fault != NULL);
        fuzz_reach_field(fault);
        return;
    }
    ASSERT(header.outcome.size <= EXCHANGE_OUTCOME_MAX && header.position >= 0);
    ASSERT(reply_status_name(header.status)[0] != '\0');
    uint8_t bytes[EXCHANGE_REPLY_HEADER_MAX], bytes_again[EXCHANGE_REPLY_HEADER_MAX];
    struct buffer out = buffer_over(bytes, sizeof bytes), out_again = buffer_over(bytes_again, sizeof bytes_again);
    reply_header_encode(&header, &out);
    ASSERT(!out.is_full);
    bool is_good = reply_header_decode(buffer_slice(&out), &again, &fault);
    ASSERT(is_good);
    reply_header_encode(&again, &out_again);
    ASSERT(slice_equal(buffer_slice(&out), buffer_slice(&out_again)));
    ASSERT(again.status == header.status && again.position == header.position);
    fuzz_reach("taken");
    fuzz_reach(uuid_is_zero(header.request_id) ? "taken without an id" : "taken with an id");
    fuzz_reach(reply_status_name(header.status));
    fuzz_reach_if(header.repeated_answer, "repeated");
}

static void seed(void) {
    static uint8_t memory[2 * EXCHANGE_REPLY_HEADER_MAX];
    struct buffer out = buffer_over(memory, sizeof memory);
    struct reply_header good = {.request_id = uuid_v7_make(1795456800000, (const uint8_t *)"0123456789"),
                                .status = REPLY_OK,
                                .repeated_answer = true,
                                .outcome = slice_text("ok"),
                                .message = slice_text("done"),
                                .detail = slice_text("slot_id: expected a slot"),
                                .position = 4711,
                                .retry_after_ms = 250,
                                .answered_by = slice_text("booking-1")};
    for (int status = REPLY_OK; status <= REPLY_UNKNOWN_OUTCOME; status++) {
        good.status = (enum reply_status)status;
        reply_header_encode(&good, &out);
        fuzz_seed_buffer(&out);
    }
    struct reply_header least = {.status = REPLY_INVALID, .outcome = slice_text("invalid")};
    reply_header_encode(&least, &out);
    fuzz_seed_buffer(&out);
}

static const char *const outcomes[] = {"answered_by",
                                       "denied",
                                       "detail",
                                       "header",
                                       "in_progress",
                                       "invalid",
                                       "message",
                                       "not_found",
                                       "ok",
                                       "outcome",
                                       "position",
                                       "refused",
                                       "repeated",
                                       "request_id",
                                       "retry_after_ms",
                                       "status",
                                       "taken",
                                       "taken with an id",
                                       "taken without an id",
                                       "too_busy",
                                       "unavailable",
                                       "unknown_outcome",
                                       NULL};
const struct fuzz_harness fuzz_harness = {outcomes, run, seed, 0};
