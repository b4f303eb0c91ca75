/* The strict reader of journal records, beside protobuf-c on the same bytes: whatever the strict reader takes, an ordinary
 * protobuf reader takes too and sees the same in it. So no other reader of the journal sees another history. */
#include <bhr/journal/v1/journal.pb-c.h>

#include "lib/journal/fields.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/journal_seeds.h"

static bool same_bytes(ProtobufCBinaryData data, const uint8_t bytes[16]) {
    return data.len == 16 && memcmp(data.data, bytes, 16) == 0;
}

static bool same_text(const char *text, const struct journal_name *name) {
    /* protobuf-c cuts at a NUL, which the strict reader does not judge. */
    return strlen(text) <= name->size && memcmp(text, name->text, strlen(text)) == 0;
}

static bool same_position(const Bhr__Journal__V1__Position *message, struct position position) {
    return message != NULL && message->generation == position.generation && (int64_t)message->offset == position.offset;
}

static void compare(const Bhr__Journal__V1__Record *message, const struct journal_record *record) {
    if (record->kind == RECORD_GENESIS) {
        const Bhr__Journal__V1__Genesis *genesis = message->genesis;
        ASSERT(message->record_case == BHR__JOURNAL__V1__RECORD__RECORD_GENESIS);
        ASSERT(same_bytes(genesis->journal_id, record->as.genesis.journal_id.bytes));
        ASSERT(same_text(genesis->environment, &record->as.genesis.environment));
        ASSERT(same_text(genesis->locality, &record->as.genesis.locality));
        ASSERT(same_position(genesis->starts_at, record->as.genesis.starts_at));
        fuzz_reach("genesis");
    } else if (record->kind == RECORD_CLAIM) {
        const Bhr__Journal__V1__Claim *claim = message->claim;
        ASSERT(message->record_case == BHR__JOURNAL__V1__RECORD__RECORD_CLAIM);
        ASSERT(claim->epoch == record->as.claim.epoch && same_bytes(claim->owner, record->as.claim.owner.bytes));
        ASSERT((claim->crashed_at != NULL) == (record->as.claim.crashed_at.kind != WORK_NONE));
        fuzz_reach(record->as.claim.crashed_at.kind == WORK_NONE      ? "claim"
                   : record->as.claim.crashed_at.kind == WORK_COMMAND ? "claim after a crash at a command"
                                                                      : "claim after a crash at a timer");
    } else {
        const Bhr__Journal__V1__Entry *entry = message->entry;
        const struct entry *read = &record->as.entry;
        ASSERT(message->record_case == BHR__JOURNAL__V1__RECORD__RECORD_ENTRY);
        ASSERT(entry->epoch == read->epoch && same_bytes(entry->owner, read->owner.bytes));
        ASSERT(entry->number == read->number && same_bytes(entry->prev, read->prev.bytes));
        ASSERT(same_position(entry->resume_at, read->resume_at));
        ASSERT((int64_t)entry->decided_at_ms == read->decided_at_ms);
        ASSERT((entry->command_at != NULL) == (read->kind == ENTRY_COMMAND));
        fuzz_reach(read->kind == ENTRY_COMMAND ? "entry of a command"
                   : read->kind == ENTRY_TIMER ? "entry of a timer"
                                               : "entry of a gap");
    }
}

/* Another writer may have put what the rule reads behind the first field of the body; that is read, but an entry written
 * again with its body as it was would hold it twice. Nobody writes an entry that was read. */
static bool has_rule_fields(struct slice body) {
    struct proto_field field;
    bool is_bad = false;
    while (proto_next(&body, &field, &is_bad)) {
        if (field.number <= FIELD_RULE_MAX) return true;
    }
    return false;
}

static void write_again(struct slice input, const struct journal_record *record) {
    static uint8_t bytes[JOURNAL_RECORD_MAX], bytes_again[JOURNAL_RECORD_MAX];
    struct buffer out = buffer_over(bytes, sizeof bytes), out_again = buffer_over(bytes_again, sizeof bytes_again);
    struct journal_record again;
    journal_record_write(record, &out);
    ASSERT(out.is_full == (input.size > JOURNAL_RECORD_MAX));
    bool is_good = !out.is_full && journal_record_read(buffer_slice(&out), &again);
    ASSERT(is_good && again.kind == record->kind);
    journal_record_write(&again, &out_again);
    ASSERT(slice_equal(buffer_slice(&out), buffer_slice(&out_again)));
    fuzz_reach(slice_equal(buffer_slice(&out), input) ? "canonical" : "in another order");
}

static void run(struct slice input) {
    struct journal_record record;
    if (!journal_record_read(input, &record)) {
        fuzz_reach("refused");
        return;
    }
    if (record.kind == RECORD_ENTRY && has_rule_fields(record.as.entry.body)) {
        fuzz_reach("the rule's fields behind the body");
    } else {
        write_again(input, &record);
    }
    Bhr__Journal__V1__Record *message = bhr__journal__v1__record__unpack(NULL, input.size, input.data);
    if (message == NULL) {
        fuzz_reach("its body is for protobuf-c to refuse");
        return;
    }
    compare(message, &record);
    bhr__journal__v1__record__free_unpacked(message, NULL);
}

static void seed(void) {
    struct journal_record record;
    for (uint32_t i = 0; journal_seed(i, &record); i++) journal_seed_write(&record, fuzz_seed_buffer);
    fuzz_seed(slice_of("", 0));
}

static const char *const outcomes[] = {"canonical",
                                       "claim",
                                       "claim after a crash at a command",
                                       "claim after a crash at a timer",
                                       "entry of a command",
                                       "entry of a gap",
                                       "entry of a timer",
                                       "genesis",
                                       "in another order",
                                       "its body is for protobuf-c to refuse",
                                       "refused",
                                       "the rule's fields behind the body",
                                       NULL};
const struct fuzz_harness fuzz_harness = {outcomes, run, seed, 0};
