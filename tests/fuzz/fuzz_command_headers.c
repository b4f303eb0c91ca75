/* The headers of a record in the command log, read before its value is. Whoever wrote them, the entry about it can be
 * written and is then read by everybody. */
#include "lib/host/replica_internal.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/journal_seeds.h"

static const char *const names[] = {COMMAND_HEADER_SOURCE,    COMMAND_HEADER_ID,          COMMAND_HEADER_DIGEST,
                                    COMMAND_HEADER_DECIDE_BY, COMMAND_HEADER_CORRELATION, COMMAND_HEADER_METHOD,
                                    COMMAND_HEADER_REFUSED,   COMMAND_HEADER_DETAIL};
enum { NAME_COUNT = sizeof names / sizeof names[0] };

static void run(struct slice input) {
    struct topic_record record = {.offset = 503};
    uint8_t which = fuzz_byte(&input);
    for (size_t i = 0; i < NAME_COUNT; i++) {
        if ((which & 1 << i) == 0) continue;
        record.headers[record.header_count++] = (struct topic_header){slice_text(names[i]), fuzz_part(&input)};
    }
    record.value = input;
    struct work_item item;
    replica_work_of_command(&record, 2, &item);
    ASSERT(item.source.size > 0 && item.correlation_id.size <= JOURNAL_NAME_MAX && item.method.size <= 128);
    struct journal_record written = {.kind = RECORD_ENTRY};
    written.as.entry = (struct entry){.epoch = 1,
                                      .number = 1,
                                      .kind = ENTRY_COMMAND,
                                      .source = item.source,
                                      .command_id = item.command_id,
                                      .command_digest = item.command_digest,
                                      .command_at = item.work.position,
                                      .resume_at = {2, 504}};
    struct entry_body body = {.schema = 1,
                              .outcome = 1,
                              .detail = item.refused_detail,
                              .correlation_id = item.correlation_id,
                              .method = item.method},
                      body_again;
    static uint8_t bytes[JOURNAL_RECORD_MAX];
    struct buffer out = buffer_over(bytes, sizeof bytes);
    journal_entry_write_with_body(&written.as.entry, &body, &out);
    struct journal_record read;
    bool is_good = !out.is_full && journal_record_read(buffer_slice(&out), &read) &&
                   entry_body_read(read.as.entry.body, &body_again);
    ASSERT(is_good && slice_equal(body.detail, body_again.detail));
    fuzz_reach(item.are_headers_good ? "good" : item.refused.size > 0 ? "refused at a door" : "unreadable");
    fuzz_reach_if(item.correlation_id.size > 0, "with a correlation id");
    fuzz_reach_if(item.method.size > 0, "with a method");
    fuzz_reach_if(item.refused_detail.size > 0, "with a detail");
}

static void seed_of(uint8_t which, const char *id, const char *digest, const char *decide_by) {
    static uint8_t memory[1024];
    struct buffer out = buffer_over(memory, sizeof memory);
    const char *const values[NAME_COUNT] = {"111-nel", id,     digest,      decide_by,
                                            "call-17", "Book", "too_large", "body: expected at most 1000 bytes"};
    buffer_put_u8(&out, which);
    for (size_t i = 0; i < NAME_COUNT; i++) {
        if ((which & 1 << i) != 0) fuzz_put_part(&out, slice_text(values[i]));
    }
    fuzz_seed_buffer(&out);
}

static void seed(void) {
    static const char id[] = "0193e5b0-7c00-7a11-8b22-123456789abc", digest[] = "00112233445566778899aabbccddeeff";
    seed_of(63, id, digest, "1764000000000");
    seed_of(255, id, digest, "1764000000000");
    seed_of(15, id, digest, "99999999999999999999");
    seed_of(15, id, "0011", "1");
    seed_of(255, "no id", digest, "");
    seed_of(192, "", "", "");
    seed_of(0, "", "", "");
}

static const char *const outcomes[] = {"good",          "refused at a door", "unreadable", "with a correlation id",
                                       "with a detail", "with a method",     NULL};
const struct fuzz_harness fuzz_harness = {outcomes, run, seed, 0};
