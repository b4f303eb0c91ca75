/* The index's clients: three systems that register much the same few people, of whom some are alike, link, unlink, merge
 * and take back, decide suspected pairs, flag, relate, and record what a person permits, refuses and needs; and that ask by
 * id, by record and by description, now and as of then. */
#include "tests/sim/index.h"

#include "lib/base/assert.h"
#include "lib/wire/index/index_wire.h"

#include <stdio.h>

enum { LOCAL_IDS = 12, DESCRIPTIONS = 8, SAID_PERCENT = 30 };

static const char *const nhs_numbers[] = {"9990123403", "9990123411", "9990123438", "9990123446"};
enum { NUMBERS = sizeof nhs_numbers / sizeof nhs_numbers[0] };

static uint8_t request_memory[INDEX_WIRE_ARENA_SIZE];

static struct slice encode(struct sim *sim, const struct wire_table *table, const void *plain) {
    struct arena arena = arena_over(request_memory, sizeof request_memory);
    struct slice bytes = wire_table_encode_to_arena(table, plain, &arena);
    ASSERT(bytes.data != NULL);
    return fake_broker_copy(&sim->broker, bytes);
}

/* ---- people ---- */

/* Local ids of different systems are of one person when they lead to the same description. */
void index_describe(uint32_t local, struct index_demographics *demographics) {
    static const char *const families[] = {"Sandhu", "Okafor", "Featherstonehaugh"};
    uint32_t person = local % DESCRIPTIONS;
    (void)snprintf(demographics->family_name, sizeof demographics->family_name, "%s", families[person % 3]);
    (void)snprintf(demographics->given_name, sizeof demographics->given_name, "Priya");
    (void)snprintf(demographics->birth_date, sizeof demographics->birth_date, "19%u-03-07", 40 + person);
}

const char *index_nhs_number(uint32_t number) {
    return nhs_numbers[number % NUMBERS];
}

static void describe_record(uint32_t local, struct index_record_key *key) {
    (void)snprintf(key->source, sizeof key->source, "pas");
    (void)snprintf(key->local_id, sizeof key->local_id, "p%u", local);
}

/* Any id that was given; whether it is still a person's own or not. */
static struct uuid any_id(struct sim *sim, const struct index_model *model) {
    struct uuid nobody = {{1}};
    for (int attempt = 0; attempt < 20 && model->item_count > 0; attempt++) {
        const struct model_item *item = &model->items[sim_below(sim, model->item_count)];
        if (!item->is_record) return item->id;
    }
    return nobody;
}

static struct uuid any_record(struct sim *sim, const struct index_model *model) {
    struct uuid nobody = {{1}};
    for (int attempt = 0; attempt < 20 && model->item_count > 0; attempt++) {
        const struct model_item *item = &model->items[sim_below(sim, model->item_count)];
        if (item->is_record) return item->id;
    }
    return nobody;
}

/* ---- commands ---- */

static const char *make_register(struct sim *sim, struct slice *ret_request) {
    static struct index_register_request request;
    memset(&request, 0, sizeof request);
    uint32_t local = (uint32_t)sim_below(sim, LOCAL_IDS);
    struct index_demographics *demographics = &request.demographics;
    describe_record(local, &request.key);
    index_describe(local, demographics);
    if (sim_chance(sim, 70)) {
        uint32_t number = sim_chance(sim, 80) ? local % NUMBERS : (uint32_t)sim_below(sim, NUMBERS);
        (void)snprintf(demographics->nhs_number, sizeof demographics->nhs_number, "%s", nhs_numbers[number]);
        demographics->nhs_number_status = sim_chance(sim, 70) ? INDEX_NHS_VERIFIED : INDEX_NHS_NOT_TRACED;
    }
    *ret_request = encode(sim, &index_register_request_wire, &request);
    return INDEX_METHOD("RegisterRecord");
}

/* Half of them approve what waits for somebody else, if anything does. */
static const char *make_merge(struct sim *sim, const struct index_model *model, struct slice *ret_request) {
    struct index_merge_request request;
    memset(&request, 0, sizeof request);
    request.survivor_id = any_id(sim, model);
    request.other_id = any_id(sim, model);
    /* Where bookings follow, those who are booked are more often taken for one. */
    const struct oracle *booked = sim->follower != NULL ? sim->follower->oracle : sim->oracle;
    if (sim_chance(sim, 70)) (void)oracle_any_person(booked, prng_u64(&sim->prng), &request.survivor_id);
    if (sim_chance(sim, 50)) (void)oracle_any_person(booked, prng_u64(&sim->prng), &request.other_id);
    (void)snprintf(request.reason, sizeof request.reason, "same address");
    for (uint32_t i = model->merge_count; i-- > 0 && sim_chance(sim, 85);) {
        const struct model_merge *merge = &model->merges[i];
        if (merge->state != MODEL_WAITING) continue;
        request.survivor_id = merge->survivor_id;
        request.other_id = merge->other_id;
        if (sim_chance(sim, 90)) request.approves_merge_id = merge->merge_id;
        break;
    }
    *ret_request = encode(sim, &index_merge_request_wire, &request);
    return INDEX_METHOD("MergePersons");
}

static const char *make_unmerge(struct sim *sim, const struct index_model *model, struct slice *ret_request) {
    struct index_unmerge_request request;
    memset(&request, 0, sizeof request);
    /* Mostly one that stands. */
    const struct model_merge *merge = &model->merges[sim_below(sim, model->merge_count)];
    for (int tries = 0; tries < 4 && merge->state != MODEL_DONE; tries++) {
        merge = &model->merges[sim_below(sim, model->merge_count)];
    }
    request.merge_id = merge->merge_id;
    (void)snprintf(request.reason, sizeof request.reason, "two after all");
    *ret_request = encode(sim, &index_unmerge_request_wire, &request);
    return INDEX_METHOD("UnmergePersons");
}

static const char *make_move(struct sim *sim, const struct index_model *model, struct slice *ret_request) {
    if (sim_chance(sim, 50)) {
        struct index_link_request request;
        memset(&request, 0, sizeof request);
        request.record_id = any_record(sim, model);
        request.person_id = any_id(sim, model);
        (void)snprintf(request.reason, sizeof request.reason, "by hand");
        *ret_request = encode(sim, &index_link_request_wire, &request);
        return INDEX_METHOD("LinkRecord");
    }
    struct index_unlink_request request;
    memset(&request, 0, sizeof request);
    request.record_id = any_record(sim, model);
    (void)snprintf(request.reason, sizeof request.reason, "somebody else");
    *ret_request = encode(sim, &index_unlink_request_wire, &request);
    return INDEX_METHOD("UnlinkRecord");
}

static const char *make_pair_work(struct sim *sim, const struct index_model *model, struct slice *ret_request) {
    struct uuid pair_id = model->pairs[sim_below(sim, model->pair_count)].pair_id;
    if (sim_chance(sim, 30)) {
        const struct index_claim_request request = {.pair_id = pair_id};
        *ret_request = encode(sim, &index_claim_request_wire, &request);
        return INDEX_METHOD("ClaimPair");
    }
    struct index_decide_request request;
    memset(&request, 0, sizeof request);
    request.pair_id = pair_id;
    request.is_same = sim_chance(sim, 60);
    (void)snprintf(request.reason, sizeof request.reason, "looked");
    *ret_request = encode(sim, &index_decide_request_wire, &request);
    return INDEX_METHOD("DecidePair");
}

static const char *make_flag(struct sim *sim, const struct index_model *model, struct slice *ret_request) {
    static const enum index_flag flags[] = {INDEX_FLAG_RESTRICTED, INDEX_FLAG_DECEASED, INDEX_FLAG_SENSITIVE,
                                            INDEX_FLAG_DO_NOT_MATCH};
    struct index_flag_request request;
    memset(&request, 0, sizeof request);
    request.person_id = any_id(sim, model);
    request.flag = flags[sim_below(sim, sim_chance(sim, 50) ? 2 : 4)];
    request.is_set = sim_chance(sim, 60);
    (void)snprintf(request.reason, sizeof request.reason, "asked for");
    *ret_request = encode(sim, &index_flag_request_wire, &request);
    return INDEX_METHOD("FlagPerson");
}

/* ---- what is said ---- */

static const char *const days[] = {"2027-01-05", "2027-01-12", INDEX_TODAY, "2027-01-19", "2027-02-01"};
enum { DAYS = sizeof days / sizeof days[0] };
static const char *const organisations[] = {"F82001", "Y02575"};
enum { ORGANISATIONS = sizeof organisations / sizeof organisations[0] };

const char *index_any_day(struct sim *sim) {
    return days[sim_below(sim, DAYS)];
}

/* Mostly from some day until today on; now and then it ends before it begins. */
static void draw_dates(struct sim *sim, char from[INDEX_DATE_MAX + 1], char until[INDEX_DATE_MAX + 1]) {
    (void)snprintf(from, INDEX_DATE_MAX + 1, "%s", days[sim_below(sim, sim_chance(sim, 70) ? 2 : DAYS)]);
    if (sim_chance(sim, 50)) (void)snprintf(until, INDEX_DATE_MAX + 1, "%s", index_any_day(sim));
}

/* Mostly one of two who were taken for one, or may be: then it matters who has said what. */
static struct uuid any_speaker(struct sim *sim, const struct index_model *model) {
    if (model->merge_count == 0 || sim_chance(sim, 40)) return any_id(sim, model);
    const struct model_merge *merge = &model->merges[sim_below(sim, model->merge_count)];
    return sim_chance(sim, 50) ? merge->survivor_id : merge->other_id;
}

static const char *make_consent(struct sim *sim, const struct index_model *model, struct slice *ret_request) {
    struct index_consent_request request;
    memset(&request, 0, sizeof request);
    request.person_id = any_speaker(sim, model);
    uint64_t purposes = sim_chance(sim, 80) ? 1 : INDEX_PURPOSES;
    request.consent.purpose = (enum index_purpose)(INDEX_PURPOSE_RECORD_SHARING + sim_below(sim, purposes));
    uint64_t drawn = sim_below(sim, 10);
    request.consent.decision = drawn < 5 ? INDEX_PERMIT : drawn < 8 ? INDEX_DENY : INDEX_NOT_STATED;
    draw_dates(sim, request.consent.from_date, request.consent.until_date);
    *ret_request = encode(sim, &index_consent_request_wire, &request);
    return INDEX_METHOD("SetConsent");
}

static const char *make_preferences(struct sim *sim, const struct index_model *model, struct slice *ret_request) {
    struct index_preferences_request request;
    memset(&request, 0, sizeof request);
    request.person_id = any_speaker(sim, model);
    struct index_preferences *preferences = &request.preferences;
    preferences->channel = (enum index_channel)sim_below(sim, INDEX_CHANNEL_APP + 1);
    (void)snprintf(preferences->language, sizeof preferences->language, "bn-x%u", (unsigned)sim_below(sim, 10000));
    preferences->needs_interpreter = sim_chance(sim, 50);
    preferences->need_count = (uint32_t)sim_below(sim, 3);
    for (uint32_t i = 0; i < preferences->need_count; i++) {
        preferences->needs[i] = (enum index_need)(INDEX_NEED_LARGE_PRINT + sim_below(sim, INDEX_NEED_ADVOCATE));
    }
    *ret_request = encode(sim, &index_preferences_request_wire, &request);
    return INDEX_METHOD("SetPreferences");
}

static const char *make_organisation(struct sim *sim, struct slice *ret_request) {
    static struct index_organisation_request request;
    memset(&request, 0, sizeof request);
    struct index_organisation *organisation = &request.organisation;
    const char *code = organisations[sim_below(sim, ORGANISATIONS)];
    (void)snprintf(organisation->code, sizeof organisation->code, "%s", code);
    (void)snprintf(organisation->name, sizeof organisation->name, "Market Place");
    (void)snprintf(organisation->kind, sizeof organisation->kind, "practice");
    (void)snprintf(organisation->opened_date, sizeof organisation->opened_date, "2000-04-01");
    *ret_request = encode(sim, &index_organisation_request_wire, &request);
    return INDEX_METHOD("RegisterOrganisation");
}

static const char *make_relation(struct sim *sim, const struct index_model *model, struct slice *ret_request) {
    if (sim_chance(sim, 20)) return make_organisation(sim, ret_request);
    struct index_relation_request request;
    memset(&request, 0, sizeof request);
    request.person_id = any_speaker(sim, model);
    struct index_relationship *to = &request.relationship;
    bool is_with_person = sim_chance(sim, 50), is_first = sim_chance(sim, 50);
    if (is_with_person) {
        to->kind = is_first ? INDEX_RELATION_CARER : INDEX_RELATION_PARENT;
        to->other_person_id = any_id(sim, model);
    } else {
        to->kind = is_first ? INDEX_RELATION_PRACTICE : INDEX_RELATION_SOCIAL_WORKER;
        (void)snprintf(to->organisation, sizeof to->organisation, "%s", organisations[sim_below(sim, ORGANISATIONS)]);
    }
    draw_dates(sim, to->from_date, to->until_date);
    *ret_request = encode(sim, &index_relation_request_wire, &request);
    return INDEX_METHOD("SetRelationship");
}

static const char *make_said(struct sim *sim, const struct index_model *model, struct slice *ret_request) {
    uint64_t drawn = sim_below(sim, 100);
    if (drawn < 60) return make_consent(sim, model, ret_request);
    return drawn < 80 ? make_preferences(sim, model, ret_request) : make_relation(sim, model, ret_request);
}

const char *index_make_request(struct sim *sim, const struct index_model *model, uint8_t *ret_source,
                               struct slice *ret_request) {
    *ret_source = (uint8_t)sim_below(sim, SIM_SYSTEMS);
    /* None of this concerns bookings. */
    bool may_say = sim->swarm.kind == SIM_INDEX && sim->command_count > 4;
    if (may_say && sim_chance(sim, SAID_PERCENT)) return make_said(sim, model, ret_request);
    uint64_t drawn = sim_below(sim, 100);
    if (sim->command_count <= 4 || drawn < 36) return make_register(sim, ret_request);
    if (drawn < 58) return make_merge(sim, model, ret_request);
    if (drawn < 74 && model->merge_count > 0) return make_unmerge(sim, model, ret_request);
    if (drawn < 84) return make_move(sim, model, ret_request);
    if (drawn < 93 && model->pair_count > 0) return make_pair_work(sim, model, ret_request);
    return make_flag(sim, model, ret_request);
}

/* ---- questions ---- */

static struct sim_query *add_query(struct sim *sim, const struct sim_command *command, int64_t position) {
    if (sim->query_count == SIM_QUERIES_MAX) return NULL;
    struct sim_query *query = &sim->queries[sim->query_count++];
    *query = (struct sim_query){.source = command->source, .min_position = position};
    return query;
}

/* As it is, as it was when somebody asked for it, or long before. */
static int64_t draw_as_of(struct sim *sim) {
    if (sim_chance(sim, 40)) return 0;
    int64_t age_ms = sim->time.now_ms - SIM_START_MS;
    return SIM_START_MS + (sim_chance(sim, 50) ? age_ms : (int64_t)sim_below(sim, (uint64_t)age_ms + 1));
}

static void remember_person(struct sim *sim, const struct sim_command *command, int64_t position, struct uuid id) {
    struct sim_query *query = add_query(sim, command, position);
    if (query == NULL) return;
    const struct index_get_request request = {.person_id = id, .as_of_ms = draw_as_of(sim)};
    query->method = INDEX_METHOD("GetPerson");
    query->id = id;
    query->as_of_ms = request.as_of_ms;
    query->request = encode(sim, &index_get_request_wire, &request);
}

static void remember_said(struct sim *sim, const struct sim_command *command, int64_t position, struct uuid id) {
    struct sim_query *query = add_query(sim, command, position);
    if (query == NULL) return;
    struct index_get_consent_request request;
    memset(&request, 0, sizeof request);
    request.person_id = query->id = id;
    request.as_of_ms = query->as_of_ms = draw_as_of(sim);
    bool is_told = request.as_of_ms == 0 || sim_chance(sim, 50); /* else it is the day of that time */
    query->day = is_told ? index_any_day(sim) : INDEX_TODAY;
    if (is_told) (void)snprintf(request.on_date, sizeof request.on_date, "%s", query->day);
    query->method = INDEX_METHOD("GetConsent");
    query->request = encode(sim, &index_get_consent_request_wire, &request);
}

/* Whoever was told of a record finds it: by its local id, and by what it says of its person. */
static void remember_record(struct sim *sim, const struct sim_command *command, int64_t position) {
    static struct index_register_request registered;
    struct arena arena = arena_over(request_memory, sizeof request_memory);
    struct wire_fault fault;
    bool is_read = wire_table_decode(&index_register_request_wire, command->request, &arena, &registered, &fault);
    struct sim_query *query = add_query(sim, command, position);
    if (!is_read || query == NULL) return;
    query->record = registered.key;
    if (sim_chance(sim, 50)) {
        struct index_find_request request;
        memset(&request, 0, sizeof request);
        request.by = INDEX_FIND_BY_RECORD;
        request.record = registered.key;
        request.as_of_ms = query->as_of_ms = draw_as_of(sim);
        query->method = INDEX_METHOD("FindPerson");
        query->request = encode(sim, &index_find_request_wire, &request);
        return;
    }
    static struct index_trace_request request;
    memset(&request, 0, sizeof request);
    request.demographics = registered.demographics;
    memset(request.demographics.nhs_number, 0, sizeof request.demographics.nhs_number);
    request.demographics.nhs_number_status = INDEX_NHS_UNSPECIFIED;
    request.limit = INDEX_CANDIDATES_MAX;
    query->method = INDEX_METHOD("TracePerson");
    query->request = encode(sim, &index_trace_request_wire, &request);
}

void index_remember(struct sim *sim, const struct index_model *model, const struct sim_command *command,
                    int64_t position) {
    if (strcmp(command->method, INDEX_METHOD("RegisterRecord")) == 0 && sim_chance(sim, 60)) {
        remember_record(sim, command, position);
    } else if (strncmp(command->method, INDEX_METHOD("Set"), strlen(INDEX_METHOD("Set"))) == 0 && sim_chance(sim, 70)) {
        remember_said(sim, command, position, any_speaker(sim, model));
    } else if (sim_chance(sim, 60)) {
        remember_person(sim, command, position, any_id(sim, model));
    }
}
