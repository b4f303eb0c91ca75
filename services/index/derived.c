/* Brings the search up to date with the rows, and asks it. Owned by the host; loop's thread. Never decides anything. */
#include "services/index/derived.h"

#include <stdio.h>
#include <stdlib.h>

#include "lib/base/assert.h"
#include "lib/names/names.h"
#include "lib/search/search.h"
#include "services/index/core/rows_index.h"
#include "services/index/resolve.h"

enum { STEP_RECORDS = 256, PENDING_MAX = 1024, RULES_BYTES_MAX = 64 * 1024 };

struct index_derived {
    struct match_rules rules;
    struct search *search;
    bool is_built;
    struct uuid built_to; /* while it is not */
    struct changed seen;
    uint32_t pending_count; /* records whose key was not there */
    struct uuid pending[PENDING_MAX];
    bool has_left_out; /* more than there is room for: all is built again once those have come */
};

static void *derived_open(const struct service_context *context, struct error *reterr_error);
static bool derived_follow(void *context, const struct service_context *service, const struct rows *rows);
static void derived_close(void *context);

const struct service_derived index_service_derived = {
    .open = derived_open, .follow = derived_follow, .close = derived_close};

static enum status read_rules(const char *path, struct match_rules *ret_rules, struct error *reterr_error) {
    static char text[RULES_BYTES_MAX];
    FILE *file = path[0] != '\0' ? fopen(path, "re") : NULL;
    if (file == NULL) return error_set(reterr_error, STATUS_INVALID, "rules_file: a file with match rules is expected");
    size_t size = fread(text, 1, sizeof text, file);
    bool is_whole = feof(file) != 0;
    (void)fclose(file);
    if (!is_whole) return error_set(reterr_error, STATUS_INVALID, "rules_file: less than 64 KiB is expected");
    return match_rules_parse(slice_of(text, size), ret_rules, reterr_error);
}

static void *derived_open(const struct service_context *context, struct error *reterr_error) {
    struct index_derived *derived = calloc(1, sizeof *derived);
    if (derived == NULL) return NULL;
    int64_t people_max = context->config_number(context, "people_max");
    ASSERT(people_max > 0 && people_max <= UINT32_MAX);
    if (read_rules(context->rules_file, &derived->rules, reterr_error) != STATUS_OK) {
        free(derived);
        return NULL;
    }
    derived->search = search_new(&derived->rules, (uint32_t)people_max);
    if (derived->search != NULL) return derived;
    (void)error_set(reterr_error, STATUS_NO_MEMORY, "no memory to search among %lld people", (long long)people_max);
    free(derived);
    return NULL;
}

static void derived_close(void *context) {
    struct index_derived *derived = context;
    search_free(derived->search);
    free(derived);
}

static struct match_person person_of(const struct index_demographics *demographics) {
    struct names_record record = {
        .family_name = slice_text(demographics->family_name),
        .given_name = slice_text(demographics->given_name),
        .birth_date = slice_text(demographics->birth_date),
        .sex = (enum match_sex)demographics->sex,
        .postcode = slice_text(demographics->postcode),
        .house = slice_text(demographics->house),
        .county = slice_text(demographics->county),
        .phone = slice_text(demographics->phone),
        .address_line_count = demographics->address_line_count,
    };
    _Static_assert((int)INDEX_LINES_MAX == (int)NAMES_ADDRESS_LINES_MAX, "every line has its place");
    for (uint32_t i = 0; i < demographics->address_line_count; i++) {
        record.address_lines[i] = slice_text(demographics->address_lines[i]);
    }
    struct match_person person;
    memset(&person, 0, sizeof person);
    names_person(&record, &person);
    return person;
}

/* False when the record cannot be read yet. */
static bool take(struct index_derived *derived, const struct service_context *context, const struct rows *rows,
                 struct uuid record_id) {
    struct index_details details;
    struct record_row row;
    if (!record_row_get(rows, record_id, INDEX_NOW, &row)) return true;
    switch (resolve_open(context->vault, record_id, &row.sealed, &details)) {
    case VAULT_DONE: {
        struct match_person person = person_of(&details.demographics);
        (void)search_put(derived->search, record_id, &person);
        return true;
    }
    case VAULT_UNAVAILABLE:
        return false;
    case VAULT_ERASED:
    case VAULT_BROKEN:
        search_remove(derived->search, record_id);
        return true;
    }
    bhr_assert_failed("one of enum vault_result", __FILE__, __LINE__);
}

/* From the beginning: nothing that is there is lost, all of it is only put again. */
static void build_again(struct index_derived *derived) {
    derived->is_built = false;
    memset(&derived->built_to, 0, sizeof derived->built_to);
    memset(&derived->seen, 0, sizeof derived->seen);
    derived->pending_count = 0;
    derived->has_left_out = false;
}

static void take_or_keep(struct index_derived *derived, const struct service_context *context, const struct rows *rows,
                         struct uuid record_id) {
    if (take(derived, context, rows, record_id)) return;
    if (derived->pending_count == PENDING_MAX) {
        derived->has_left_out = true;
    } else {
        derived->pending[derived->pending_count++] = record_id;
    }
}

static void try_pending(struct index_derived *derived, const struct service_context *context, const struct rows *rows) {
    uint32_t kept = 0;
    for (uint32_t i = 0; i < derived->pending_count; i++) {
        if (!take(derived, context, rows, derived->pending[i])) derived->pending[kept++] = derived->pending[i];
    }
    derived->pending_count = kept;
    if (kept == 0 && derived->has_left_out) build_again(derived);
}

static bool build_step(struct index_derived *derived, const struct service_context *context, const struct rows *rows) {
    for (int i = 0; i < STEP_RECORDS; i++) {
        if (record_next(rows, &derived->built_to)) {
            take_or_keep(derived, context, rows, derived->built_to);
            continue;
        }
        derived->is_built = true;
        search_settle(derived->search);
        break;
    }
    return true;
}

/* Whoever was away for longer than the rows tell begins anew. */
static bool has_missed(const struct index_derived *derived, const struct rows *rows) {
    struct changed oldest = {.number = 0};
    return derived->seen.number > 0 && changed_next(rows, &oldest) && oldest.number > derived->seen.number;
}

static bool derived_follow(void *context, const struct service_context *service, const struct rows *rows) {
    struct index_derived *derived = context;
    if (!derived->is_built) return build_step(derived, service, rows);
    if (has_missed(derived, rows)) {
        build_again(derived);
        return true;
    }
    try_pending(derived, service, rows);
    if (!derived->is_built) return true;
    for (int i = 0; i < STEP_RECORDS; i++) {
        if (!changed_next(rows, &derived->seen)) return false;
        take_or_keep(derived, service, rows, derived->seen.record_id);
    }
    return true;
}

static void copy_word(char ret_text[INDEX_WORD_MAX + 1], const char *word) {
    size_t size = strlen(word);
    memcpy(ret_text, word, size < INDEX_WORD_MAX ? size : INDEX_WORD_MAX);
}

static void explain(const struct search_found *found, struct index_match *ret_match) {
    memset(ret_match, 0, sizeof *ret_match);
    ret_match->weight_millibits = found->score.weight_millibits;
    ret_match->posterior_ppm = found->score.posterior_ppm;
    _Static_assert((int)MATCH_FIELDS <= (int)INDEX_MATCH_REASONS_MAX, "every field can be a reason");
    for (int field = 0; field < MATCH_FIELDS; field++) {
        uint8_t level = found->levels.of[field];
        if (level == MATCH_LEVEL_MISSING) continue;
        struct index_match_reason *reason = &ret_match->reasons[ret_match->reason_count++];
        copy_word(reason->field, match_field_name((enum match_field)field));
        copy_word(reason->level, match_level_name((enum match_level)level));
        reason->weight_millibits = found->score.of_field[field];
    }
}

uint32_t derived_find(const struct index_derived *derived, const struct match_rules *rules,
                      const struct index_demographics *demographics, uint32_t posterior_ppm_min, uint32_t limit,
                      struct derived_found *ret_found) {
    static struct search_result result;
    struct match_person person = person_of(demographics);
    if (rules == NULL) {
        search_find(derived->search, &person, posterior_ppm_min, limit, &result);
    } else {
        search_find_by(derived->search, rules, &person, posterior_ppm_min, limit, &result);
    }
    ASSERT(result.count <= limit);
    for (uint32_t i = 0; i < result.count; i++) {
        ret_found[i].record_id = result.found[i].record_id;
        explain(&result.found[i], &ret_found[i].match);
    }
    return result.count;
}

uint32_t derived_rules_version(const struct index_derived *derived) {
    return derived->rules.version;
}
