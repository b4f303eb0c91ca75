/* Checks and makes a service's topics by the table in topics.def. One thread, waits for the cluster; owns nothing and
 * never changes a topic that exists. */
#include "lib/host/topics.h"

#include "lib/base/assert.h"

#include <stdio.h>

enum { TOPIC_SETTINGS_MAX = 16, NUMBER_TEXT_MAX = 16 };

/* Values that the operator decides; never equal to a text of the table. */
static const char SETTING_FLUSH[] = "<flush>", SETTING_MIN_INSYNC[] = "<min insync>";

static const struct setting_row {
    enum topic_id topic;
    const char *name, *value;
} setting_rows[] = {
#define SETTING(id, name, value) {TOPIC_ID_##id, name, value},
#include "lib/host/topics.def"
};
enum { SETTING_ROW_COUNT = sizeof setting_rows / sizeof setting_rows[0] };

/* What one topic must be. */
struct topic_plan {
    char name[TOPIC_NAME_MAX];
    struct kafka_topic_shape shape;
    size_t setting_count;
    struct kafka_topic_setting settings[TOPIC_SETTINGS_MAX];
};

struct topics_work {
    struct kafka_admin *admin;
    const struct topics_listener *listener;
};

/* Where a walk through the table is: rows of outside systems come once for each. */
struct topics_walk {
    int id;
    size_t system;
};

static bool next_topic(struct topics_walk *walk, const struct topics_options *options, enum topic_id *ret_id,
                       const char **ret_system);
static enum status make_plan(enum topic_id id, const char *service, const char *system,
                             const struct topics_options *options, struct topic_plan *ret_plan,
                             struct error *reterr_error);
static enum status compare(const struct topics_work *work, const struct topic_plan *plan, struct error *reterr_error);
static enum status create(const struct topics_work *work, const struct topic_plan *plan, struct error *reterr_error);
static void tell(const struct topics_work *work, const struct topics_finding *finding);

enum status topics_apply(struct kafka_admin *admin, const char *service, const struct topics_options *options,
                         const struct topics_listener *listener, struct error *reterr_error) {
    struct topics_work work = {.admin = admin, .listener = listener};
    struct topics_walk walk = {0};
    enum topic_id id;
    const char *system;
    while (next_topic(&walk, options, &id, &system)) {
        struct topic_plan plan;
        enum status status = make_plan(id, service, system, options, &plan, reterr_error);
        if (status != STATUS_OK) return status;
        status = compare(&work, &plan, reterr_error);
        if (status == STATUS_NOT_FOUND) status = create(&work, &plan, reterr_error);
        if (status != STATUS_OK) return status;
    }
    return STATUS_OK;
}

enum status topics_check(struct kafka_admin *admin, const char *service, const struct topics_options *options,
                         const struct topics_listener *listener, struct error *reterr_error) {
    struct topics_work work = {.admin = admin, .listener = listener};
    enum status result = STATUS_OK;
    struct topics_walk walk = {0};
    enum topic_id id;
    const char *system;
    while (next_topic(&walk, options, &id, &system)) {
        struct topic_plan plan;
        struct error error = {0};
        enum status status = make_plan(id, service, system, options, &plan, &error);
        if (status == STATUS_OK) status = compare(&work, &plan, &error);
        if (status == STATUS_NOT_FOUND) {
            tell(&work, &(struct topics_finding){.kind = TOPICS_MISSING, .topic = plan.name});
        }
        bool is_finding = status == STATUS_NOT_FOUND || status == STATUS_CONFLICT;
        if (status != STATUS_OK && (result == STATUS_OK || status == STATUS_CONFLICT || !is_finding)) {
            result = error_set(reterr_error, status, "%s", error.message);
        }
        if (status != STATUS_OK && !is_finding) return result;
    }
    return result;
}

static bool next_topic(struct topics_walk *walk, const struct topics_options *options, enum topic_id *ret_id,
                       const char **ret_system) {
    size_t system_count = options->systems != NULL ? options->systems->count : 0;
    for (; walk->id < TOPIC_ID_COUNT; walk->id++, walk->system = 0) {
        bool is_per_system = topics_is_per_system((enum topic_id)walk->id);
        if (walk->system == (is_per_system ? system_count : 1)) continue;
        *ret_id = (enum topic_id)walk->id;
        *ret_system = is_per_system ? options->systems->names[walk->system] : NULL;
        walk->system++;
        return true;
    }
    return false;
}

static enum status make_plan(enum topic_id id, const char *service, const char *system,
                             const struct topics_options *options, struct topic_plan *ret_plan,
                             struct error *reterr_error) {
    *ret_plan = (struct topic_plan){0};
    if (options->replication_factor < 1 || options->replication_factor > 9) {
        return error_set(reterr_error, STATUS_INVALID, "topics: a replication factor of %d; 1 to 9 is meant",
                         options->replication_factor);
    }
    if (!topics_name(id, service, system, ret_plan->name)) {
        return error_set(reterr_error, STATUS_INVALID, "topics: \"%.40s\" is no name for a service", service);
    }
    if (id == TOPIC_ID_COMMAND && options->command_generation > 0) {
        size_t size = strlen(ret_plan->name);
        (void)snprintf(ret_plan->name + size, TOPIC_NAME_MAX - size, ".g%u", options->command_generation);
    }
    ret_plan->shape.partition_count = topics_partition_count(id);
    ret_plan->shape.replica_count = options->replication_factor;
    int min_insync = options->replication_factor > 1 ? options->replication_factor - 1 : 1;
    for (size_t i = 0; i < SETTING_ROW_COUNT; i++) {
        const struct setting_row *row = &setting_rows[i];
        if (row->topic != id) continue;
        ASSERT(ret_plan->setting_count < TOPIC_SETTINGS_MAX);
        struct kafka_topic_setting *setting = &ret_plan->settings[ret_plan->setting_count++];
        (void)snprintf(setting->name, sizeof setting->name, "%s", row->name);
        if (row->value == SETTING_MIN_INSYNC) {
            (void)snprintf(setting->value, sizeof setting->value, "%d", min_insync);
        } else if (row->value == SETTING_FLUSH) {
            /* The broker's word for "never because of their number". */
            (void)snprintf(setting->value, sizeof setting->value, "%lld",
                           options->flush_each_append ? 1LL : (long long)INT64_MAX);
        } else {
            (void)snprintf(setting->value, sizeof setting->value, "%s", row->value);
        }
    }
    ASSERT(ret_plan->setting_count > 0);
    return STATUS_OK;
}

static enum status differs(const struct topics_work *work, const struct topic_plan *plan, const char *setting,
                           const char *expected, const char *found, struct error *reterr_error) {
    tell(work,
         &(struct topics_finding){
             .kind = TOPICS_DIFFERS, .topic = plan->name, .setting = setting, .expected = expected, .found = found});
    return error_set(reterr_error, STATUS_CONFLICT, "topics: %s has %s %s; %s is expected", plan->name, setting,
                     found[0] == '\0' ? "unset" : found, expected);
}

static enum status compare_number(const struct topics_work *work, const struct topic_plan *plan, const char *setting,
                                  int32_t expected, int32_t found, struct error *reterr_error) {
    if (expected == found) return STATUS_OK;
    char expected_text[NUMBER_TEXT_MAX], found_text[NUMBER_TEXT_MAX];
    (void)snprintf(expected_text, sizeof expected_text, "%d", expected);
    (void)snprintf(found_text, sizeof found_text, "%d", found);
    return differs(work, plan, setting, expected_text, found_text, reterr_error);
}

/* Tells every difference; the error names the last. STATUS_NOT_FOUND, untold, when there is no such topic. */
static enum status compare(const struct topics_work *work, const struct topic_plan *plan, struct error *reterr_error) {
    struct kafka_topic_shape shape;
    enum status status = kafka_admin_shape(work->admin, plan->name, TOPICS_TIMEOUT_MS, &shape, reterr_error);
    if (status != STATUS_OK) return status;
    struct kafka_topic_setting found[TOPIC_SETTINGS_MAX];
    memcpy(found, plan->settings, sizeof found);
    status = kafka_admin_settings(work->admin, plan->name, TOPICS_TIMEOUT_MS, found, plan->setting_count, reterr_error);
    if (status != STATUS_OK) return status;

    bool is_right = compare_number(work, plan, "partitions", plan->shape.partition_count, shape.partition_count,
                                   reterr_error) == STATUS_OK;
    if (compare_number(work, plan, "replication factor", plan->shape.replica_count, shape.replica_count,
                       reterr_error) != STATUS_OK) {
        is_right = false;
    }
    for (size_t i = 0; i < plan->setting_count; i++) {
        const struct kafka_topic_setting *expected = &plan->settings[i];
        if (strcmp(expected->value, found[i].value) == 0) continue;
        (void)differs(work, plan, expected->name, expected->value, found[i].value, reterr_error);
        is_right = false;
    }
    if (!is_right) return STATUS_CONFLICT;
    tell(work, &(struct topics_finding){.kind = TOPICS_RIGHT, .topic = plan->name});
    return STATUS_OK;
}

static enum status create(const struct topics_work *work, const struct topic_plan *plan, struct error *reterr_error) {
    enum status status = kafka_admin_create(work->admin, plan->name, &plan->shape, plan->settings, plan->setting_count,
                                            TOPICS_TIMEOUT_MS, reterr_error);
    /* Somebody else made it in this moment: then it must be right. */
    if (status == STATUS_CONFLICT) return compare(work, plan, reterr_error);
    if (status != STATUS_OK) return status;
    tell(work, &(struct topics_finding){.kind = TOPICS_CREATED, .topic = plan->name});
    return STATUS_OK;
}

static void tell(const struct topics_work *work, const struct topics_finding *finding) {
    ASSERT(finding->topic != NULL);
    if (work->listener == NULL || work->listener->found == NULL) return;
    struct topics_finding whole = *finding;
    if (whole.setting == NULL) whole.setting = whole.expected = whole.found = "";
    work->listener->found(work->listener->context, &whole);
}
