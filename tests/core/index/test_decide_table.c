/* Runs decide.table: a line sets facts and command, the last word is what must come of it. Every outcome that a
 * command can have must stand in the table. */
#include <stdio.h>
#include <stdlib.h>

#include "services/index/core/facts.h"
#include "tests/support/cmocka.h"

enum { LINE_MAX_SIZE = 256, WORDS_MAX = 10, LINES_MAX = 200 };
#define TABLE_PATH BHR_SOURCE_DIR "/tests/core/index/decide.table"

struct line {
    char text[LINE_MAX_SIZE];
    char *words[WORDS_MAX];
    int count;
};
static bool is_seen[INDEX_OUTCOME_COUNT];

static struct uuid id_of(uint8_t number) {
    return (struct uuid){{number, 0, 0, 0, 0, 0, 0x80, 0, 0x80}};
}

/* Whether the line says it, before its last word. */
static bool says(const struct line *line, const char *word) {
    for (int i = 1; i < line->count - 1; i++) {
        if (strcmp(line->words[i], word) == 0) return true;
    }
    return false;
}

static const char *value_of(const struct line *line, const char *name) {
    size_t size = strlen(name);
    for (int i = 1; i < line->count - 1; i++) {
        if (strncmp(line->words[i], name, size) == 0 && line->words[i][size] == '=') return line->words[i] + size + 1;
    }
    return NULL;
}

static bool is_unknown(const struct line *line, const char *name) {
    const char *value = value_of(line, name);
    return value != NULL && strcmp(value, "unknown") == 0;
}

static struct person_facts person(const struct line *line, const char *name, uint8_t number) {
    struct person_facts facts = {.is_known = !is_unknown(line, name), .record_count = 2};
    if (facts.is_known) facts.person_id = id_of(number);
    facts.is_do_not_match = says(line, "flagged");
    return facts;
}

static void add_like(const struct line *line, const char *name, struct index_register_order *order,
                     struct register_facts *facts) {
    const char *value = value_of(line, name);
    if (value == NULL) return;
    uint32_t i = order->proposal_count++;
    bool is_second = i == 1;
    order->proposals[i].record_id = id_of((uint8_t)(0x20 + i));
    order->proposals[i].match.posterior_ppm = (uint32_t)strtoul(value, NULL, 10) * 1000;
    struct candidate_facts *candidate = &facts->candidates[i];
    candidate->person_id = id_of(is_second && !says(line, "same_person") ? 0x31 : 0x30);
    candidate->is_usable = !says(line, "flagged") && !says(line, "unknown") && !says(line, "told_apart");
    candidate->is_conflicting = says(line, "conflicting");
    candidate->is_cross_checked = is_second ? says(line, "both_checked") : says(line, "checked");
}

static void run_register(const struct line *line, struct index_command *command, struct index_decision *decision) {
    struct register_facts facts = {.is_known = says(line, "known")};
    if (facts.is_known) facts.person_id = id_of(0x11);
    struct index_register_order *order = &command->record;
    order->record_id = id_of(0x10);
    order->link_ppm = 990000;
    order->review_ppm = 500000;
    add_like(line, "like", order, &facts);
    add_like(line, "second", order, &facts);
    (void)decide_register(&facts, command, decision);
}

static void run_link(const struct line *line, struct index_command *command, struct index_decision *decision) {
    struct link_facts facts = {.is_record_known = !is_unknown(line, "record"),
                               .is_conflicting = says(line, "conflicting")};
    facts.from =
        (struct person_facts){.is_known = true, .person_id = id_of(1), .record_count = says(line, "alone") ? 1 : 2};
    facts.to = person(line, "person", says(line, "there") ? 1 : 2);
    command->link_record = (struct index_link_request){.record_id = id_of(0x10), .person_id = id_of(2)};
    (void)decide_link(&facts, command, decision);
}

static void run_unlink(const struct line *line, struct index_command *command, struct index_decision *decision) {
    struct link_facts facts = {.is_record_known = !is_unknown(line, "record")};
    facts.from =
        (struct person_facts){.is_known = true, .person_id = id_of(1), .record_count = says(line, "alone") ? 1 : 2};
    command->unlink_record = (struct index_unlink_request){.record_id = id_of(0x10)};
    (void)decide_unlink(&facts, command, decision);
}

static void run_merge(const struct line *line, struct index_command *command, struct index_decision *decision) {
    struct merge_facts facts = {.is_done = says(line, "done"), .is_conflicting = says(line, "conflicting")};
    facts.done.state = MERGE_DONE;
    facts.survivor = person(line, "survivor", 1);
    facts.other = person(line, "other", says(line, "same") ? 1 : 2);
    facts.survivor.is_do_not_match |= says(line, "survivor_flagged");
    facts.other.is_do_not_match |= says(line, "other_flagged");
    facts.is_approval_known = !is_unknown(line, "approval");
    memcpy(facts.approved.by, says(line, "own") ? "user-1" : "user-2", 7);
    command->merge_persons = (struct index_merge_request){.survivor_id = id_of(1), .other_id = id_of(2)};
    if (says(line, "approves")) command->merge_persons.approves_merge_id = id_of(0x40);
    (void)decide_merge(&facts, command, decision);
    if (decision->event_count == 0) return;
    /* Who approves is not who asked, and the merge keeps the name that was approved. */
    struct uuid expected = says(line, "approves") ? id_of(0x40) : command->ingress.entity_id;
    assert_memory_equal(&decision->answer.merge_id, &expected, sizeof expected);
    if (!says(line, "approves")) return;
    assert_string_equal(decision->events[0].persons_merged.by, "user-2");
    assert_string_equal(decision->events[0].persons_merged.approved_by, "user-1");
}

static void run_unmerge(const struct line *line, struct index_command *command, struct index_decision *decision) {
    struct unmerge_facts facts = {.now_ms = 9000, .is_known = !is_unknown(line, "merge")};
    facts.merge = (struct merge_row){.survivor_id = id_of(1), .other_id = id_of(2), .from_ms = 5000};
    facts.merge.state = says(line, "waiting") ? MERGE_WAITING : says(line, "undone") ? MERGE_UNDONE : MERGE_DONE;
    facts.is_survivor_merged = says(line, "merged_again");
    command->unmerge_persons.merge_id = id_of(0x40);
    (void)decide_unmerge(&facts, command, decision);
    if (decision->event_count == 0) return;
    assert_int_equal(decision->answer.unmerged.from_ms, 5000);
    assert_int_equal(decision->answer.unmerged.until_ms, 9000);
}

static struct pair_facts pair_facts_of(const struct line *line) {
    struct pair_facts facts = {.is_known = !is_unknown(line, "pair"), .is_conflicting = says(line, "conflicting")};
    facts.pair.state = says(line, "decided") ? PAIR_DIFFERENT : PAIR_OPEN;
    const char *claimed_by = value_of(line, "claimed");
    if (claimed_by != NULL) memcpy(facts.pair.pair.claimed_by, claimed_by, strlen(claimed_by));
    facts.person = person(line, "person", 1);
    facts.other = person(line, "other", says(line, "one_already") ? 1 : 2);
    return facts;
}

static void run_claim(const struct line *line, struct index_command *command, struct index_decision *decision) {
    struct pair_facts facts = pair_facts_of(line);
    command->claim_pair.pair_id = id_of(0x50);
    (void)decide_claim(&facts, command, decision);
}

static void run_decide(const struct line *line, struct index_command *command, struct index_decision *decision) {
    struct pair_facts facts = pair_facts_of(line);
    command->decide_pair = (struct index_decide_request){.pair_id = id_of(0x50), .is_same = !says(line, "two")};
    (void)decide_pair(&facts, command, decision);
}

static void run_flag(const struct line *line, struct index_command *command, struct index_decision *decision) {
    struct flag_facts facts = {.person = person(line, "person", 1)};
    command->flag_person =
        (struct index_flag_request){.person_id = id_of(1), .flag = INDEX_FLAG_SENSITIVE, .is_set = true};
    (void)decide_flag(&facts, command, decision);
}

static void run_relate(const struct line *line, struct index_command *command, struct index_decision *decision) {
    struct flag_facts facts = {.person = person(line, "person", 1),
                               .other = person(line, "other", says(line, "same") ? 1 : 2),
                               .is_organisation_known = !is_unknown(line, "organisation")};
    struct index_relationship *r = &command->set_relationship.relationship;
    command->set_relationship.person_id = id_of(1);
    *r = (struct index_relationship){
        .kind = INDEX_RELATION_PRACTICE, .organisation = "F82001", .from_date = "2026-03-01"};
    if (says(line, "carer")) {
        *r = (struct index_relationship){
            .kind = INDEX_RELATION_CARER, .other_person_id = id_of(2), .from_date = "2026-03-01"};
    }
    const char *until = value_of(line, "until");
    if (until != NULL) memcpy(r->until_date, strcmp(until, "before") == 0 ? "2026-02-28" : "2026-03-01", 10);
    (void)decide_relation(&facts, command, decision);
}

static struct directory_facts directory_facts_of(const struct line *line) {
    return (struct directory_facts){.is_the_same = says(line, "the_same"),
                                    .is_other_known = !is_unknown(line, "other")};
}

static void run_organisation(const struct line *line, struct index_command *command, struct index_decision *decision) {
    struct directory_facts facts = directory_facts_of(line);
    struct index_organisation *o = &command->register_organisation.organisation;
    *o = (struct index_organisation){.code = "F82001", .name = "A", .kind = "other", .opened_date = "2026-03-01"};
    const char *until = value_of(line, "until");
    if (until != NULL) memcpy(o->closed_date, strcmp(until, "before") == 0 ? "2026-02-28" : "2026-03-01", 10);
    (void)decide_organisation(&facts, command, decision);
}

static void run_service(const struct line *line, struct index_command *command, struct index_decision *decision) {
    struct directory_facts facts = directory_facts_of(line);
    struct index_service *s = &command->register_service.service;
    *s =
        (struct index_service){.service_id = "hub", .organisation = "F82001", .name = "A", .opened_date = "2026-03-01"};
    if (value_of(line, "until") != NULL) memcpy(s->closed_date, "2026-02-28", 10);
    (void)decide_service(&facts, command, decision);
}

static void run_consent(const struct line *line, struct index_command *command, struct index_decision *decision) {
    struct flag_facts facts = {.person = person(line, "person", 1)};
    command->set_consent = (struct index_consent_request){
        .person_id = id_of(2),
        .consent = {.purpose = INDEX_PURPOSE_CONTACT, .decision = INDEX_DENY, .from_date = "2026-03-01"}};
    const char *until = value_of(line, "until");
    if (until != NULL) {
        memcpy(command->set_consent.consent.until_date, strcmp(until, "before") == 0 ? "2026-02-28" : "2026-03-01", 10);
    }
    (void)decide_consent(&facts, command, decision);
    if (decision->event_count == 0) return;
    assert_memory_equal(&decision->events[0].consent_set.person_id, &facts.person.person_id, sizeof(struct uuid));
}

static void run_preferences(const struct line *line, struct index_command *command, struct index_decision *decision) {
    struct flag_facts facts = {.person = person(line, "person", 1)};
    command->set_preferences =
        (struct index_preferences_order){.person_id = id_of(2), .sealed_for_id = id_of(2), .sealed = {.size = 40}};
    (void)decide_preferences(&facts, command, decision);
    if (decision->event_count == 0) return;
    /* Who it is sealed for stays, whoever they are now: with another id it does not open. */
    assert_memory_equal(&decision->events[0].preferences_set.sealed_for_id, &command->set_preferences.sealed_for_id,
                        sizeof(struct uuid));
}

static void run_practitioner(const struct line *line, struct index_command *command, struct index_decision *decision) {
    struct directory_facts facts = directory_facts_of(line);
    facts.is_registration_taken = says(line, "taken");
    struct index_practitioner *p = &command->register_practitioner.practitioner;
    *p = (struct index_practitioner){.practitioner_id = "555000000111",
                                     .name = "A",
                                     .opened_date = "2026-03-01",
                                     .role_count = 2,
                                     .roles = {{.code = "R8000", .organisation = "F82001", .from_date = "2026-03-01"},
                                               {.code = "R8003", .organisation = "F82001", .from_date = "2026-03-01"}}};
    const char *until = value_of(line, "until"), *role_until = value_of(line, "role_until");
    if (until != NULL) memcpy(p->closed_date, strcmp(until, "before") == 0 ? "2026-02-28" : "2026-03-01", 10);
    if (role_until != NULL) {
        memcpy(p->roles[1].until_date, strcmp(role_until, "before") == 0 ? "2026-02-28" : "2026-03-01", 10);
    }
    (void)decide_practitioner(&facts, command, decision);
}

static const struct {
    const char *name;
    enum index_command_kind kind;
    void (*run)(const struct line *line, struct index_command *command, struct index_decision *decision);
} commands[] = {
    {"register", INDEX_COMMAND_REGISTER, run_register},
    {"link", INDEX_COMMAND_LINK, run_link},
    {"unlink", INDEX_COMMAND_UNLINK, run_unlink},
    {"merge", INDEX_COMMAND_MERGE, run_merge},
    {"unmerge", INDEX_COMMAND_UNMERGE, run_unmerge},
    {"claim", INDEX_COMMAND_CLAIM, run_claim},
    {"decide", INDEX_COMMAND_DECIDE, run_decide},
    {"flag", INDEX_COMMAND_FLAG, run_flag},
    {"relate", INDEX_COMMAND_RELATION, run_relate},
    {"organisation", INDEX_COMMAND_ORGANISATION, run_organisation},
    {"service", INDEX_COMMAND_SERVICE, run_service},
    {"consent", INDEX_COMMAND_CONSENT, run_consent},
    {"preferences", INDEX_COMMAND_PREFERENCES, run_preferences},
    {"practitioner", INDEX_COMMAND_PRACTITIONER, run_practitioner},
};

/* What the table calls a decision. */
static const char *name_of(enum index_command_kind kind, const struct index_decision *decision) {
    static const char *const registered[] = {"", "new", "linked", "updated", "review"};
    for (uint32_t i = 0; i < INDEX_OUTCOME_COUNT; i++) {
        if (index_outcomes[i].code != decision->outcome) continue;
        is_seen[i] = true;
        return index_outcomes[i].name;
    }
    assert_int_equal(decision->outcome, OUTCOME_OK);
    if (decision->event_count == 0) return "again";
    bool has_pair = decision->event_count == 2;
    if (kind == INDEX_COMMAND_REGISTER) {
        enum index_registered how = decision->answer.record.how;
        if (how == INDEX_UPDATED && has_pair) return "updated+pair";
        assert_int_equal(has_pair, how == INDEX_REVIEW);
        return registered[how];
    }
    return decision->event_count == 2 ? "ok+merge" : "ok";
}

/* Whose name a decision bears: the human's where there is one, else the system's. */
static const char *by_of(const struct index_event *event) {
    switch (event->kind) {
    case INDEX_EVENT_RECORD_MOVED:
        return event->record_moved.by;
    case INDEX_EVENT_PERSONS_MERGED:
        return event->persons_merged.approved_by[0] != '\0' ? event->persons_merged.approved_by
                                                            : event->persons_merged.by;
    case INDEX_EVENT_MERGE_AWAITS_APPROVAL:
        return event->merge_awaits_approval.by;
    case INDEX_EVENT_PERSONS_UNMERGED:
        return event->persons_unmerged.by;
    case INDEX_EVENT_PAIR_CLAIMED:
        return event->pair_claimed.by;
    case INDEX_EVENT_PAIR_DECIDED:
        return event->pair_decided.by;
    case INDEX_EVENT_PERSON_FLAGGED:
        return event->person_flagged.by;
    case INDEX_EVENT_RELATIONSHIP_SET:
        return event->relationship_set.by;
    case INDEX_EVENT_CONSENT_SET:
        return event->consent_set.by;
    case INDEX_EVENT_PREFERENCES_SET:
        return event->preferences_set.by;
    case INDEX_EVENT_ORGANISATION_REGISTERED:
        return event->organisation_registered.by;
    case INDEX_EVENT_SERVICE_REGISTERED:
        return event->service_registered.by;
    case INDEX_EVENT_PRACTITIONER_REGISTERED:
        return event->practitioner_registered.by;
    case INDEX_EVENT_RECORD_REGISTERED:
    case INDEX_EVENT_PAIR_FOUND:
        return NULL; /* what a system knows, not what somebody did */
    }
    fail();
    return NULL;
}

static void check_by(const struct index_command *command, const struct index_decision *decision) {
    const char *expected = command->ingress.user[0] != '\0' ? "user-1" : "council-a";
    for (uint32_t i = 0; i < decision->event_count; i++) {
        const char *by = by_of(&decision->events[i]);
        if (by != NULL) assert_string_equal(by, expected);
    }
}

/* Lines in which it matters that the asker is user-1. */
static bool needs_a_human(const struct line *line) {
    return says(line, "approves") || value_of(line, "claimed") != NULL;
}

/* As that user asks, "" for a system by itself. */
static const char *decide_line(const struct line *line, size_t at, const char *user) {
    static struct index_command command;
    static struct index_decision decision;
    memset(&command, 0, sizeof command);
    memset(&decision, 0, sizeof decision);
    command.ingress.entity_id = id_of(0x60);
    memcpy(command.ingress.system, "council-a", 9);
    memcpy(command.ingress.user, user, strlen(user));
    command.kind = commands[at].kind;
    commands[at].run(line, &command, &decision);
    check_by(&command, &decision);
    return name_of(command.kind, &decision);
}

static void run_line(struct line *line, uint32_t number) {
    for (size_t i = 0; i < sizeof commands / sizeof commands[0]; i++) {
        if (strcmp(line->words[0], commands[i].name) != 0) continue;
        if (!needs_a_human(line)) (void)decide_line(line, i, "");
        const char *expected = line->words[line->count - 1], *found = decide_line(line, i, "user-1");
        if (strcmp(expected, found) != 0) fail_msg("line %u: %s instead of %s", number, found, expected);
        return;
    }
    fail_msg("line %u: no command is called %s", number, line->words[0]);
}

static void test_every_line(void **state) {
    (void)state;
    FILE *file = fopen(TABLE_PATH, "r");
    assert_non_null(file);
    struct line line;
    uint32_t number = 0, cases = 0;
    while (fgets(line.text, sizeof line.text, file) != NULL) {
        number++;
        line.count = 0;
        if (line.text[0] == '#') continue;
        char *rest = line.text;
        for (char *word = strtok_r(rest, " \n", &rest); word != NULL; word = strtok_r(NULL, " \n", &rest)) {
            assert_in_range(line.count, 0, WORDS_MAX - 1);
            line.words[line.count++] = word;
        }
        if (line.count == 0) continue;
        run_line(&line, number);
        cases++;
    }
    (void)fclose(file);
    assert_true(cases > 50);
}

/* Queries have outcomes of their own; every other one must have been decided above. */
static void test_every_outcome_stands_in_the_table(void **state) {
    (void)state;
    for (uint32_t i = 0; i < INDEX_OUTCOME_COUNT; i++) {
        uint32_t code = index_outcomes[i].code;
        bool is_of_query = code == REFUSED_TOO_LITTLE_TO_GO_BY || code == REFUSED_SEVERAL_PERSONS ||
                           code == REFUSED_NOTHING_KEPT || code == REFUSED_SERIES_ENDED ||
                           code == REFUSED_PRACTITIONER_UNKNOWN;
        if (!is_seen[i] && !is_of_query) fail_msg("no line ends in %s", index_outcomes[i].name);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_line),
        cmocka_unit_test(test_every_outcome_stands_in_the_table),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
