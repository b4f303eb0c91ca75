/* From the topic table to rules. Owns nothing. */
#include "lib/host/acl.h"

#include "lib/base/assert.h"

#include <stdio.h>

static const char PUBLISHER_END[] = "-publisher";

/* What the rules being made are about. */
struct acl_work {
    const struct acl_names *names;
    struct acl_rules *rules;
    bool is_full;
};

static void add_topic(struct acl_work *work, enum topic_id id, const char *service, const char *system);
static void add_rights(struct acl_work *work, enum topic_id id, const char *service, const char *system,
                       const char *name);
static void add_handle(struct acl_work *work, const struct topic_handle_row *row, const char *service,
                       const char *system);
static void add_for(struct acl_work *work, topic_roles roles, const char *service, const char *system,
                    const struct kafka_acl *what);
static void add(struct acl_work *work, const char *principal, const char *end, const struct kafka_acl *what);
static struct kafka_acl allow(enum kafka_acl_resource resource, const char *name, enum kafka_acl_operation operation);

enum status acl_make(const struct acl_names *names, struct acl_rules *ret_rules, struct error *reterr_error) {
    struct acl_work work = {.names = names, .rules = ret_rules};
    ret_rules->count = 0;
    for (size_t i = 0; i < names->systems->count; i++) {
        if (acl_may_be_named(names, ACL_SYSTEM, names->systems->names[i])) continue;
        return error_set(reterr_error, STATUS_INVALID, "\"%s\" cannot be an outside system: expected %s",
                         names->systems->names[i], acl_kind_expected(ACL_SYSTEM));
    }
    for (size_t s = 0; s < names->service_count; s++) {
        const char *service = names->services[s];
        for (int id = 0; id < TOPIC_ID_COUNT; id++) {
            bool is_per_system = topics_is_per_system((enum topic_id)id);
            for (size_t i = 0; i < (is_per_system ? names->systems->count : 1); i++) {
                add_topic(&work, (enum topic_id)id, service, is_per_system ? names->systems->names[i] : NULL);
            }
        }
        const struct topic_handle_row *row;
        for (size_t h = 0; (row = topics_handle(h)) != NULL; h++) {
            bool is_per_system = strstr(row->name, "<system>") != NULL;
            for (size_t i = 0; i < (is_per_system ? names->systems->count : 1); i++) {
                add_handle(&work, row, service, is_per_system ? names->systems->names[i] : NULL);
            }
        }
    }
    if (!work.is_full) return STATUS_OK;
    return error_set(reterr_error, STATUS_FULL, "more than %d access rules", KAFKA_ACLS_MAX);
}

/* Writing and reading include being told of the topic. A service also looks at every topic it has to do with when it
 * starts, and refuses to run where one is not what the table says: so it may see them all. */
static void add_topic(struct acl_work *work, enum topic_id id, const char *service, const char *system) {
    char name[TOPIC_NAME_MAX];
    bool is_named = topics_name(id, service, system, name);
    ASSERT(is_named);
    add_rights(work, id, service, system, name);
    if (id != TOPIC_ID_COMMAND) return;
    /* An owner asks whether the next generation is there ("….gN", journal.md section 5): to who may not see a topic,
     * one that does not exist is forbidden, and the owner would know nothing. */
    char generations[TOPIC_NAME_MAX];
    int size = snprintf(generations, sizeof generations, "%s.g*", name);
    ASSERT(size > 0 && (size_t)size < sizeof generations);
    add_rights(work, id, service, system, generations);
}

static void add_rights(struct acl_work *work, enum topic_id id, const char *service, const char *system,
                       const char *name) {
    const struct topic_row *row = topics_row(id);
    struct kafka_acl rule = allow(KAFKA_ACL_TOPIC, name, KAFKA_ACL_WRITE);
    add_for(work, row->written_by, service, system, &rule);
    rule = allow(KAFKA_ACL_TOPIC, name, KAFKA_ACL_READ);
    add_for(work, row->read_by, service, system, &rule);
    rule = allow(KAFKA_ACL_TOPIC, name, KAFKA_ACL_DELETE);
    add_for(work, row->trimmed_by, service, system, &rule);
    rule = allow(KAFKA_ACL_TOPIC, name, KAFKA_ACL_DESCRIBE);
    add(work, service, "", &rule);
    rule = allow(KAFKA_ACL_TOPIC, name, KAFKA_ACL_DESCRIBE_CONFIGS);
    add(work, service, "", &rule);
}

static void add_handle(struct acl_work *work, const struct topic_handle_row *row, const char *service,
                       const char *system) {
    char name[TOPIC_NAME_MAX];
    bool is_named = topics_fill(row->name, service, system, name);
    ASSERT(is_named);
    struct kafka_acl rule = allow(row->is_transaction ? KAFKA_ACL_TRANSACTION : KAFKA_ACL_GROUP, name,
                                  row->is_transaction ? KAFKA_ACL_WRITE : KAFKA_ACL_READ);
    add_for(work, row->used_by, service, system, &rule);
}

static void add_for(struct acl_work *work, topic_roles roles, const char *service, const char *system,
                    const struct kafka_acl *what) {
    for (int role = 0; role < TOPIC_ROLE_COUNT; role++) {
        if (!topics_has_role(roles, (enum topic_role)role)) continue;
        switch (topics_role_principal((enum topic_role)role)) {
        case TOPIC_PRINCIPAL_SERVICE:
            add(work, service, "", what);
            break;
        case TOPIC_PRINCIPAL_FOLLOWER:
            for (size_t i = 0; i < work->names->service_count; i++) {
                if (topics_follows(work->names->services[i], service)) add(work, work->names->services[i], "", what);
            }
            break;
        case TOPIC_PRINCIPAL_PUBLISHER:
            add(work, service, PUBLISHER_END, what);
            break;
        case TOPIC_PRINCIPAL_SYSTEM:
            ASSERT(system != NULL);
            add(work, system, "", what);
            break;
        case TOPIC_PRINCIPAL_EVERY_SYSTEM:
            for (size_t i = 0; i < work->names->systems->count; i++) {
                add(work, work->names->systems->names[i], "", what);
            }
            break;
        case TOPIC_PRINCIPAL_OPERATOR:
            break;
        }
    }
}

static void add(struct acl_work *work, const char *principal, const char *end, const struct kafka_acl *what) {
    struct acl_rules *rules = work->rules;
    struct kafka_acl rule = *what;
    int size = snprintf(rule.principal, sizeof rule.principal, "User:CN=%s%s", principal, end);
    ASSERT(size > 0 && (size_t)size < sizeof rule.principal);
    if (acl_has(rules, &rule)) return; /* two roles of one principal, or a topic that services share */
    if (rules->count == KAFKA_ACLS_MAX) {
        work->is_full = true;
        return;
    }
    rules->rules[rules->count++] = rule;
}

/* A star at the end of the name stands for whatever follows. */
static struct kafka_acl allow(enum kafka_acl_resource resource, const char *name, enum kafka_acl_operation operation) {
    struct kafka_acl rule = {.resource = (uint8_t)resource,
                             .pattern = KAFKA_ACL_LITERAL,
                             .operation = (uint8_t)operation,
                             .permission = KAFKA_ACL_ALLOW,
                             .host = "*"};
    size_t size = strlen(name);
    bool is_prefix = size > 1 && name[size - 1] == '*';
    if (is_prefix) rule.pattern = KAFKA_ACL_PREFIXED;
    (void)snprintf(rule.name, sizeof rule.name, "%.*s", (int)(size - is_prefix), name);
    return rule;
}

bool acl_has(const struct acl_rules *rules, const struct kafka_acl *rule) {
    for (size_t i = 0; i < rules->count; i++) {
        if (kafka_acl_equal(&rules->rules[i], rule)) return true;
    }
    return false;
}

const char *acl_kind_expected(enum acl_kind kind) {
    static const char *const expected[] = {
#define X(id, name, sentence) sentence,
        ACL_KINDS(X)
#undef X
    };
    return expected[kind];
}

static bool is_service(const struct acl_names *names, const char *name, size_t size) {
    for (size_t i = 0; i < names->service_count; i++) {
        if (strlen(names->services[i]) == size && strncmp(names->services[i], name, size) == 0) return true;
    }
    return false;
}

/* "ops" or "ops-anything". */
static bool is_of_family(const char *name, const char *family) {
    size_t size = strlen(family);
    return strncmp(name, family, size) == 0 && (name[size] == '\0' || name[size] == '-');
}

bool acl_may_be_named(const struct acl_names *names, enum acl_kind kind, const char *name) {
    size_t size = strlen(name), end_size = sizeof PUBLISHER_END - 1;
    bool is_publisher = size >= end_size && strcmp(name + size - end_size, PUBLISHER_END) == 0;
    if (!topics_system_is_good(name)) return false;
    switch (kind) {
    case ACL_SERVICE:
        return is_service(names, name, size);
    case ACL_PUBLISHER:
        return is_publisher && is_service(names, name, size - end_size);
    case ACL_SYSTEM:
        return !is_publisher && !is_service(names, name, size) && !is_of_family(name, "ops") &&
               !is_of_family(name, "broker");
    case ACL_OPERATOR:
        return is_of_family(name, "ops");
    case ACL_BROKER:
        return is_of_family(name, "broker");
    }
    ASSERT(!"a certificate of no kind");
}
