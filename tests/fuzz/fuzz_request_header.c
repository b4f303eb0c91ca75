/* The header frame of a request, as anybody with a key may send it to the door. What is taken encodes to bytes that decode
 * to the same; what is refused names the field. */
#include "lib/wire/exchange/exchange.h"
#include "tests/fuzz/fuzz.h"

static void run(struct slice input) {
    struct request_header header, again;
    const char *fault = NULL;
    struct uuid id;
    bool has_id = request_header_peek_id(input, &id);
    if (!request_header_decode(input, &header, &fault)) {
        ASSERT(fault != NULL);
        fuzz_reach_field(fault);
        fuzz_reach(has_id ? "refused with an id to answer to" : "refused without an id");
        return;
    }
    ASSERT(has_id && uuid_equal(id, header.request_id));
    ASSERT(header.method.size <= EXCHANGE_METHOD_MAX && header.user_token.size <= EXCHANGE_USER_TOKEN_MAX);
    ASSERT(header.deadline_ms >= 0 && header.min_position >= 0 && exchange_is_user_token(header.user_token));
    uint8_t bytes[EXCHANGE_REQUEST_HEADER_MAX], bytes_again[EXCHANGE_REQUEST_HEADER_MAX];
    struct buffer out = buffer_over(bytes, sizeof bytes), out_again = buffer_over(bytes_again, sizeof bytes_again);
    request_header_encode(&header, &out);
    ASSERT(!out.is_full);
    bool is_good = request_header_decode(buffer_slice(&out), &again, &fault);
    ASSERT(is_good);
    request_header_encode(&again, &out_again);
    ASSERT(slice_equal(buffer_slice(&out), buffer_slice(&out_again)));
    ASSERT(slice_equal(header.method, again.method) && slice_equal(header.user_token, again.user_token));
    ASSERT(header.deadline_ms == again.deadline_ms && header.min_position == again.min_position);
    fuzz_reach("taken");
    fuzz_reach_if(header.user_token.size > 0, "taken with a token");
    fuzz_reach_if(header.correlation_id.size > 0, "taken with a correlation id");
    fuzz_reach_if(header.min_position > 0, "taken with a position");
}

static void seed(void) {
    static uint8_t memory[2 * EXCHANGE_REQUEST_HEADER_MAX];
    struct buffer out = buffer_over(memory, sizeof memory);
    struct request_header good = {.method = slice_text("bhr.booking.v1.BookingService/Book"),
                                  .request_id = uuid_v7_make(1795456800000, (const uint8_t *)"0123456789"),
                                  .correlation_id = slice_text("call-17"),
                                  .traceparent = slice_text("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"),
                                  .user_token = slice_text("e30.e30.AA"),
                                  .deadline_ms = 1795456805000,
                                  .min_position = 17};
    request_header_encode(&good, &out);
    fuzz_seed_buffer(&out);
    struct request_header least = {.method = good.method, .request_id = good.request_id};
    request_header_encode(&least, &out);
    fuzz_seed_buffer(&out);
    struct request_header bad = good;
    bad.method = slice_text("no slash");
    request_header_encode(&bad, &out);
    fuzz_seed_buffer(&out);
    bad = good;
    bad.request_id = (struct uuid){{0}};
    request_header_encode(&bad, &out);
    fuzz_seed_buffer(&out);
    bad = good;
    bad.user_token = slice_text("not a token");
    request_header_encode(&bad, &out);
    fuzz_seed_buffer(&out);
}

static const char *const outcomes[] = {"correlation_id",
                                       "header",
                                       "method",
                                       "refused with an id to answer to",
                                       "refused without an id",
                                       "request_id",
                                       "taken",
                                       "taken with a correlation id",
                                       "taken with a position",
                                       "taken with a token",
                                       "traceparent",
                                       "user_token",
                                       NULL};
const struct fuzz_harness fuzz_harness = {outcomes, run, seed, 0};
