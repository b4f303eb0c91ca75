/* One line per event for people who watch. Pure. Never a name, a number or a whole pseudonym: ids are shown by their
 * last four digits, which are random. */
#include "lib/base/assert.h"
#include "lib/base/text.h"
#include "services/index/core/apply.h"

static void put(struct buffer *out, const char *text) {
    buffer_put(out, text, strlen(text));
}

static void put_id(struct buffer *out, const char *before, struct uuid id) {
    char hex[4];
    text_hex(id.bytes + sizeof id.bytes - 2, 2, hex);
    put(out, before);
    put(out, "..");
    buffer_put(out, hex, sizeof hex);
}

static void put_by(struct buffer *out, const char *who) {
    put(out, " by ");
    put(out, who);
}

/* Of the directory: codes are no secret. */
static void put_entry(struct buffer *out, const char *what, const char *code, const char *by) {
    put(out, what);
    put(out, code);
    put_by(out, by);
}

static void put_one(struct buffer *out, const char *what, struct uuid id, const char *by) {
    put_id(out, what, id);
    put_by(out, by);
}

/* Of two persons. */
static void put_both(struct buffer *out, const char *what, struct uuid id, const char *between, struct uuid other_id,
                     const char *by) {
    put_id(out, what, id);
    put_id(out, between, other_id);
    put_by(out, by);
}

static const char *how_text(enum index_registered how) {
    switch (how) {
    case INDEX_NEW:
        return "registered";
    case INDEX_LINKED:
        return "linked";
    case INDEX_UPDATED:
        return "updated";
    case INDEX_REVIEW:
        return "registered for review";
    }
    bhr_assert_failed("how is one of enum index_registered", __FILE__, __LINE__);
}

static const char *flag_text(enum index_flag flag) {
    switch (flag) {
    case INDEX_FLAG_RESTRICTED:
        return "restricted";
    case INDEX_FLAG_SENSITIVE:
        return "sensitive";
    case INDEX_FLAG_DECEASED:
        return "deceased";
    case INDEX_FLAG_DO_NOT_MATCH:
        return "do not match";
    }
    bhr_assert_failed("flag is one of enum index_flag", __FILE__, __LINE__);
}

static const char *purpose_text(enum index_purpose purpose) {
    static const char *const texts[] = {
        [INDEX_PURPOSE_RECORD_SHARING] = "record sharing",
        [INDEX_PURPOSE_END_OF_LIFE_PLAN] = "end of life plan",
        [INDEX_PURPOSE_CONTACT] = "contact",
        [INDEX_PURPOSE_SECONDARY_USE] = "secondary use",
    };
    ASSERT(purpose >= INDEX_PURPOSE_RECORD_SHARING && purpose <= INDEX_PURPOSE_SECONDARY_USE);
    return texts[purpose];
}

void index_describe(const struct index_event *event, struct buffer *out) {
    switch (event->kind) {
    case INDEX_EVENT_RECORD_REGISTERED:
        put(out, how_text(event->record_registered.how));
        put_id(out, " record ", event->record_registered.record_id);
        put_id(out, " person ", event->record_registered.person_id);
        put_by(out, event->record_registered.by);
        return;
    case INDEX_EVENT_RECORD_MOVED:
        put_id(out, "moved record ", event->record_moved.record_id);
        put_id(out, " from ", event->record_moved.from_person_id);
        put_id(out, " to ", event->record_moved.to_person_id);
        put_by(out, event->record_moved.by);
        return;
    case INDEX_EVENT_PERSONS_MERGED:
        put_both(out, "merged ", event->persons_merged.other_id, " into ", event->persons_merged.survivor_id,
                 event->persons_merged.by);
        return;
    case INDEX_EVENT_MERGE_AWAITS_APPROVAL:
        put_one(out, "merge waits for approval ", event->merge_awaits_approval.merge_id,
                event->merge_awaits_approval.by);
        return;
    case INDEX_EVENT_PERSONS_UNMERGED:
        put_both(out, "unmerged ", event->persons_unmerged.other_id, " from ", event->persons_unmerged.survivor_id,
                 event->persons_unmerged.by);
        return;
    case INDEX_EVENT_PAIR_FOUND:
        put_id(out, "pair found ", event->pair_found.person_id);
        put_id(out, " and ", event->pair_found.other_person_id);
        return;
    case INDEX_EVENT_PAIR_CLAIMED:
        put_one(out, "pair claimed ", event->pair_claimed.pair_id, event->pair_claimed.by);
        return;
    case INDEX_EVENT_PAIR_DECIDED:
        put_one(out, event->pair_decided.is_same ? "pair is one " : "pair is two ", event->pair_decided.pair_id,
                event->pair_decided.by);
        return;
    case INDEX_EVENT_PERSON_FLAGGED:
        put(out, event->person_flagged.is_set ? "flag set: " : "flag cleared: ");
        put(out, flag_text(event->person_flagged.flag));
        put_id(out, " person ", event->person_flagged.person_id);
        put_by(out, event->person_flagged.by);
        return;
    case INDEX_EVENT_RELATIONSHIP_SET:
        put_one(out, "relationship set person ", event->relationship_set.person_id, event->relationship_set.by);
        return;
    case INDEX_EVENT_ORGANISATION_REGISTERED:
        put_entry(out, "organisation ", event->organisation_registered.organisation.code,
                  event->organisation_registered.by);
        return;
    case INDEX_EVENT_SERVICE_REGISTERED:
        put_entry(out, "service ", event->service_registered.service.service_id, event->service_registered.by);
        return;
    case INDEX_EVENT_CONSENT_SET:
        put(out, "consent set: ");
        put(out, purpose_text(event->consent_set.consent.purpose));
        put_id(out, " person ", event->consent_set.person_id);
        put_by(out, event->consent_set.by);
        return;
    case INDEX_EVENT_PREFERENCES_SET:
        put_one(out, "preferences set person ", event->preferences_set.person_id, event->preferences_set.by);
        return;
    case INDEX_EVENT_PRACTITIONER_REGISTERED:
        put_entry(out, "professional ", event->practitioner_registered.practitioner.practitioner_id,
                  event->practitioner_registered.by);
        return;
    }
    bhr_assert_failed("kind is one of enum index_event_kind", __FILE__, __LINE__);
}
