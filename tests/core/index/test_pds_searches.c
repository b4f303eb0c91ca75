/* Searches of the national demographics service's stubs (BHR_TEST_DATA/pds) asked of an index that holds the same people:
 * the kind of answer beside the stub's. Where they differ the row says so, and docs/PDS-SEARCHES.md why. */
#include "tests/core/index/index_desk.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>

enum { PEOPLE_MAX = 64, PATH_SIZE = 512, LIMIT = 50, SKIPPED = 77 };

enum kind { NOBODY, ONE, SEVERAL, TOO_MANY, TOO_LITTLE };
static const char *const kinds[] = {"nobody", "one", "several", "too many", "too little to go by"};

/* The first patient of a stub, as it is asked for: what is not NULL stands instead; "" leaves it out. */
static const struct {
    const char *name, *file, *given, *family, *birth, *postcode, *phone, *sex;
    uint32_t limit;
    enum kind theirs, ours;
} searches[] = {
    {"as it is", "PatientSearch.json", NULL, NULL, NULL, NULL, NULL, NULL, LIMIT, ONE, SEVERAL},
    {"another spelling", "PatientSearch-Jayne-Smyth.json", NULL, NULL, NULL, NULL, NULL, NULL, LIMIT, ONE, SEVERAL},
    {"two given names", "PatientCompoundName.json", NULL, NULL, NULL, NULL, NULL, NULL, LIMIT, ONE, ONE},
    {"three given names", "john_paul_smith_searchset.json", NULL, NULL, NULL, NULL, NULL, NULL, LIMIT, ONE, ONE},
    {"restricted, by name", "Sensitive_PatientSearch.json", NULL, NULL, NULL, "", "", NULL, LIMIT, ONE, ONE},
    {"restricted, by place", "Sensitive_PatientSearch.json", NULL, NULL, NULL, "LS1 6AE", "", NULL, LIMIT, NOBODY,
     NOBODY},
    {"restricted, an old man", "rodney_godsoe_searchset.json", NULL, NULL, NULL, "", "", NULL, LIMIT, ONE, ONE},
    {"a short form", "bill_garton_searchset.json", "William", NULL, NULL, NULL, NULL, NULL, LIMIT, ONE, ONE},
    {"a superseded number", "cuff_superseded_searchset.json", NULL, NULL, NULL, NULL, NULL, NULL, LIMIT, ONE, ONE},
    {"the dead are found", "dateOfDeath_searchset.json", NULL, NULL, NULL, NULL, NULL, NULL, LIMIT, ONE, ONE},
    {"a telephone abroad", "countrycode_mobile_searchset.json", NULL, NULL, NULL, NULL, NULL, NULL, LIMIT, ONE, ONE},
    {"an exact name", "knap_kathy_exact_match.json", NULL, NULL, NULL, NULL, NULL, NULL, LIMIT, ONE, ONE},
    {"a name that sounds so", "knap_kathy_exact_match.json", "Kathie", "NAPP", NULL, NULL, NULL, NULL, LIMIT, ONE, ONE},
    {"a family name misspelt", "martha_massam_searchset.json", NULL, "MASAM", NULL, NULL, NULL, NULL, LIMIT, ONE, ONE},
    {"names crosswise", "med_rowenad_searchset.json", "MED", "Rowenad", NULL, NULL, NULL, NULL, LIMIT, ONE, ONE},
    {"accents", "pauline_attison_searchset.json", NULL, "Attison", NULL, "", NULL, NULL, LIMIT, SEVERAL, SEVERAL},
    {"two of one name", "mock_multiple_searchset.json", NULL, NULL, NULL, NULL, NULL, NULL, LIMIT, SEVERAL, SEVERAL},
    {"four of one name", "youds_searchset.json", NULL, NULL, NULL, NULL, NULL, "", LIMIT, SEVERAL, SEVERAL},
    {"many of one name", "fuzzy_multimatch_searchset.json", NULL, NULL, NULL, NULL, "", NULL, LIMIT, SEVERAL, SEVERAL},
    {"more than was asked for", "fuzzy_multimatch_searchset.json", NULL, NULL, NULL, NULL, "", NULL, 5, TOO_MANY,
     TOO_MANY},
    {"an application, no unique one", "mock_multiple_searchset.json", NULL, NULL, NULL, NULL, NULL, NULL, 0, NOBODY,
     NOBODY},
    {"told apart by telephone", "fuzzy_single_searchset.json", NULL, NULL, NULL, NULL, NULL, NULL, LIMIT, ONE, SEVERAL},
    {"nobody of that name", "mock_single_searchset.json", "Zebedee", "Quillfeather", "1931-02-03", "", "", NULL, LIMIT,
     NOBODY, NOBODY},
    {"no name at all", "Minimal_PatientSearch.json", NULL, NULL, NULL, NULL, NULL, NULL, LIMIT, ONE, TOO_LITTLE},
};

static char ids[PEOPLE_MAX][16];
static uint32_t id_count;

static json_t *read_stub(const char *folder, const char *name) {
    char path[PATH_SIZE];
    json_error_t error;
    (void)snprintf(path, sizeof path, "%s/pds/searchResponses/%s", folder, name);
    json_t *stub = json_load_file(path, 0, &error);
    if (stub == NULL) fail_msg("%s: %s", path, error.text);
    return stub;
}

static const char *text_of(const json_t *object, const char *name) {
    const char *text = json_string_value(json_object_get(object, name));
    return text == NULL ? "" : text;
}

static void copy(char *ret_text, size_t size, const char *text) {
    memset(ret_text, 0, size);
    (void)snprintf(ret_text, size, "%s", text);
}

#define COPY(to, text) copy((to), sizeof(to), (text))

static enum index_sex sex_of(const char *gender) {
    return strcmp(gender, "female") == 0  ? INDEX_SEX_FEMALE
           : strcmp(gender, "male") == 0  ? INDEX_SEX_MALE
           : strcmp(gender, "other") == 0 ? INDEX_SEX_OTHER
                                          : INDEX_SEX_UNKNOWN;
}

static void read_patient(const json_t *patient, struct index_demographics *ret_person) {
    const json_t *name = json_array_get(json_object_get(patient, "name"), 0), *telecom;
    const json_t *address = json_array_get(json_object_get(patient, "address"), 0);
    const json_t *lines = json_object_get(address, "line");
    size_t i, count = json_array_size(lines);
    memset(ret_person, 0, sizeof *ret_person);
    COPY(ret_person->family_name, text_of(name, "family"));
    const char *given = json_string_value(json_array_get(json_object_get(name, "given"), 0));
    COPY(ret_person->given_name, given == NULL ? "" : given);
    COPY(ret_person->birth_date, text_of(patient, "birthDate"));
    ret_person->sex = sex_of(text_of(patient, "gender"));
    COPY(ret_person->postcode, text_of(address, "postalCode"));
    for (i = 0; i < count && i < INDEX_LINES_MAX; i++) {
        COPY(ret_person->address_lines[i], json_string_value(json_array_get(lines, i)));
        ret_person->address_line_count++;
    }
    json_array_foreach(json_object_get(patient, "telecom"), i, telecom) {
        bool is_phone = strcmp(text_of(telecom, "system"), "phone") == 0 && ret_person->phone[0] == '\0';
        if (is_phone) COPY(ret_person->phone, text_of(telecom, "value"));
    }
}

static bool is_restricted(const json_t *patient) {
    const json_t *security = json_object_get(json_object_get(patient, "meta"), "security");
    return strcmp(text_of(json_array_get(security, 0), "code"), "R") == 0;
}

/* A number of a stub that is none, and a postcode. */
static void leave_out(struct index_demographics *person) {
    if (strstr(desk.detail, "postcode") != NULL) memset(person->postcode, 0, sizeof person->postcode);
    if (strstr(desk.detail, "nhs_number") != NULL) {
        memset(person->nhs_number, 0, sizeof person->nhs_number);
        person->nhs_number_status = INDEX_NHS_UNSPECIFIED;
    }
}

/* Once for each number, whichever stub has it. */
static void register_patient(const json_t *patient) {
    const char *id = text_of(patient, "id");
    for (uint32_t i = 0; i < id_count; i++) {
        if (strcmp(ids[i], id) == 0) return;
    }
    assert_true(id_count < PEOPLE_MAX);
    COPY(ids[id_count], id);
    id_count++;
    struct index_register_request request;
    struct index_answer answer;
    memset(&request, 0, sizeof request);
    COPY(request.key.source, "pds");
    COPY(request.key.local_id, id);
    read_patient(patient, &request.demographics);
    COPY(request.demographics.nhs_number, id);
    request.demographics.nhs_number_status = INDEX_NHS_VERIFIED;
    uint32_t outcome = OUTCOME_INVALID;
    for (int tries = 0; outcome == OUTCOME_INVALID && tries < 3; tries++) {
        outcome =
            command("RegisterRecord", &index_register_request_wire, &request, "", INDEX_COMMAND_REGISTER, &answer);
        if (outcome == OUTCOME_INVALID) leave_out(&request.demographics);
    }
    if (outcome != OUTCOME_OK) fail_msg("%s: outcome %u, %s", id, outcome, desk.detail);
    if (!is_restricted(patient)) return;
    struct index_flag_request flag = {
        .flag = INDEX_FLAG_RESTRICTED, .is_set = true, .reason = "restricted in the stub"};
    flag.person_id = answer.record.person_id;
    assert_int_equal(command("FlagPerson", &index_flag_request_wire, &flag, "u1", INDEX_COMMAND_FLAG, NULL),
                     OUTCOME_OK);
}

static void register_everybody(const char *folder) {
    for (size_t i = 0; i < sizeof searches / sizeof searches[0]; i++) {
        json_t *stub = read_stub(folder, searches[i].file), *entry;
        size_t number;
        json_array_foreach(json_object_get(stub, "entry"), number, entry) {
            const json_t *patient = json_object_get(entry, "resource");
            /* Whoever has no name is not registered: there is nothing to find them by. */
            if (json_array_size(json_object_get(patient, "name")) > 0) register_patient(patient);
        }
        json_decref(stub);
    }
}

static void instead(char *field, size_t size, const char *text) {
    if (text != NULL) copy(field, size, text);
}

static enum kind ask(const char *folder, size_t row) {
    json_t *stub = read_stub(folder, searches[row].file);
    struct index_trace_request request;
    static struct index_trace_answer answer;
    memset(&request, 0, sizeof request);
    struct index_demographics *d = &request.demographics;
    read_patient(json_object_get(json_array_get(json_object_get(stub, "entry"), 0), "resource"), d);
    json_decref(stub);
    instead(d->given_name, sizeof d->given_name, searches[row].given);
    instead(d->family_name, sizeof d->family_name, searches[row].family);
    instead(d->birth_date, sizeof d->birth_date, searches[row].birth);
    instead(d->postcode, sizeof d->postcode, searches[row].postcode);
    instead(d->phone, sizeof d->phone, searches[row].phone);
    if (searches[row].sex != NULL) d->sex = sex_of(searches[row].sex);
    d->address_line_count = 0; /* nobody searches by a street */
    memset(d->address_lines, 0, sizeof d->address_lines);
    request.limit = searches[row].limit;
    uint32_t outcome =
        query("TracePerson", &index_trace_request_wire, &request, "", &index_trace_response_wire, &answer);
    if (outcome == REFUSED_TOO_LITTLE_TO_GO_BY) return TOO_LITTLE;
    if (outcome != OUTCOME_OK) fail_msg("%s: outcome %u", searches[row].name, outcome);
    if (answer.result == INDEX_TRACE_TOO_MANY) return TOO_MANY;
    return answer.candidate_count == 0 ? NOBODY : answer.candidate_count == 1 ? ONE : SEVERAL;
}

static void kinds_of_answers_are_those_of_the_stubs_or_explained(void **state) {
    const char *folder = *state;
    unsigned wrong = 0, differ = 0, count = sizeof searches / sizeof searches[0];
    register_everybody(folder);
    for (size_t i = 0; i < count; i++) {
        enum kind found = ask(folder, i);
        if (found != searches[i].ours) {
            print_message("%s: %s, not %s; the stub: %s\n", searches[i].name, kinds[found], kinds[searches[i].ours],
                          kinds[searches[i].theirs]);
        }
        wrong += found != searches[i].ours;
        differ += searches[i].ours != searches[i].theirs;
    }
    print_message("%u searches, %u agree in kind\n", count, count - differ);
    assert_int_equal(wrong, 0);
}

static int open_desk(void **state) {
    const char *folder = *state;
    int failed = desk_open(state);
    *state = (void *)(uintptr_t)folder;
    return failed;
}

int main(void) {
    const char *folder = getenv("BHR_TEST_DATA");
    if (folder == NULL) {
        (void)printf("skipped: BHR_TEST_DATA does not name a folder with pds/searchResponses\n");
        return SKIPPED;
    }
    const struct CMUnitTest tests[] = {
        {.name = "kinds_of_answers_are_those_of_the_stubs_or_explained",
         .test_func = kinds_of_answers_are_those_of_the_stubs_or_explained,
         .setup_func = open_desk,
         .teardown_func = desk_close,
         .initial_state = (void *)(uintptr_t)folder},
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
