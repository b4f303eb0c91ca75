/* The topic table as data: names, who touches what, localities, and the outside systems that topics are made for. Any
 * thread: it asks nobody and keeps nothing. What a cluster has of all this is topics.c. */
#include "lib/host/topics.h"

#include "lib/base/assert.h"

#include <stdio.h>

/* The words of the table's rows. */
enum {
    PER_LOCALITY = 0,
    NOBODY = 0,
#define ROLE(id, who, principal) id = 1u << TOPIC_ROLE_##id,
#include "lib/host/topics.def"
};

static const struct {
    const char *name;
    enum topic_principal principal;
} role_rows[] = {
#define ROLE(id, who, principal) {who, TOPIC_PRINCIPAL_##principal},
#include "lib/host/topics.def"
};

static const struct topic_row topic_rows[] = {
#define TOPIC(id, name, partitions, written_by, read_by, trimmed_by, holds)                                            \
    {name, partitions, written_by, read_by, trimmed_by, holds},
#include "lib/host/topics.def"
};

static const struct {
    const char *service, *source;
} follow_rows[] = {
#define FOLLOWS(service, source) {service, source},
#include "lib/host/topics.def"
};
enum { FOLLOW_ROW_COUNT = sizeof follow_rows / sizeof follow_rows[0] };

static const struct topic_handle_row handle_rows[] = {
#define GROUP(name, used_by)       {false, name, used_by},
#define TRANSACTION(name, used_by) {true, name, used_by},
#include "lib/host/topics.def"
};
enum { HANDLE_ROW_COUNT = sizeof handle_rows / sizeof handle_rows[0] };

static const struct {
    const char *name;
    int32_t partition;
} locality_rows[] = {
#define LOCALITY(name, partition) {name, partition},
#include "lib/host/topics.def"
};
enum { LOCALITY_ROW_COUNT = sizeof locality_rows / sizeof locality_rows[0] };

static const char SERVICE_MARK[] = "<service>", SYSTEM_MARK[] = "<system>";

static bool is_name_byte(char byte) {
    return (byte >= 'A' && byte <= 'Z') || (byte >= 'a' && byte <= 'z') || (byte >= '0' && byte <= '9') ||
           byte == '_' || byte == '-';
}

static bool is_name(const char *text, size_t size_max) {
    size_t size = 0;
    while (size <= size_max && text[size] != '\0') {
        if (!is_name_byte(text[size++])) return false;
    }
    return size >= 1 && size <= size_max;
}

bool topics_name(enum topic_id id, const char *service, const char *system, char ret_topic[TOPIC_NAME_MAX]) {
    ASSERT(id < TOPIC_ID_COUNT);
    return topics_fill(topic_rows[id].name, service, system, ret_topic);
}

bool topics_fill(const char *pattern, const char *service, const char *system, char ret_text[TOPIC_NAME_MAX]) {
    char text[TOPIC_NAME_MAX];
    size_t size = 0;
    while (*pattern != '\0') {
        bool is_service = strncmp(pattern, SERVICE_MARK, sizeof SERVICE_MARK - 1) == 0;
        bool is_system = strncmp(pattern, SYSTEM_MARK, sizeof SYSTEM_MARK - 1) == 0;
        const char *name = is_service ? service : system;
        if (is_service || is_system) {
            if (name == NULL || !is_name(name, is_system ? TOPICS_SYSTEM_MAX : TOPIC_NAME_MAX)) return false;
            pattern += is_service ? sizeof SERVICE_MARK - 1 : sizeof SYSTEM_MARK - 1;
        } else {
            name = NULL;
        }
        size_t name_size = name != NULL ? strlen(name) : 1;
        if (size + name_size >= sizeof text) return false;
        memcpy(text + size, name != NULL ? name : pattern++, name_size);
        size += name_size;
    }
    text[size] = '\0';
    memcpy(ret_text, text, size + 1);
    return true;
}

const struct topic_row *topics_row(enum topic_id id) {
    ASSERT(id < TOPIC_ID_COUNT);
    return &topic_rows[id];
}

bool topics_has_role(topic_roles roles, enum topic_role role) {
    ASSERT(role < TOPIC_ROLE_COUNT);
    return (roles >> role & 1) != 0;
}

const char *topics_role_name(enum topic_role role) {
    ASSERT(role < TOPIC_ROLE_COUNT);
    return role_rows[role].name;
}

enum topic_principal topics_role_principal(enum topic_role role) {
    ASSERT(role < TOPIC_ROLE_COUNT);
    return role_rows[role].principal;
}

bool topics_follows(const char *service, const char *source) {
    for (size_t i = 0; i < FOLLOW_ROW_COUNT; i++) {
        if (strcmp(follow_rows[i].service, service) == 0 && strcmp(follow_rows[i].source, source) == 0) return true;
    }
    return false;
}

const struct topic_handle_row *topics_handle(size_t index) {
    return index < HANDLE_ROW_COUNT ? &handle_rows[index] : NULL;
}

bool topics_is_per_system(enum topic_id id) {
    return strstr(topics_row(id)->name, SYSTEM_MARK) != NULL;
}

bool topics_is_shared(enum topic_id id) {
    return strstr(topics_row(id)->name, SERVICE_MARK) == NULL;
}

bool topics_partition(const char *locality, int32_t *ret_partition) {
    for (size_t i = 0; i < LOCALITY_ROW_COUNT; i++) {
        if (strcmp(locality_rows[i].name, locality) != 0) continue;
        *ret_partition = locality_rows[i].partition;
        return true;
    }
    return false;
}

int32_t topics_partition_count(enum topic_id id) {
    int32_t count = topics_row(id)->partition_count;
    return count == PER_LOCALITY ? LOCALITY_ROW_COUNT : count;
}

bool topics_system_is_good(const char *system) {
    return is_name(system, TOPICS_SYSTEM_MAX);
}

bool topics_systems_add(struct topics_systems *systems, const char *system) {
    ASSERT(systems->count <= TOPICS_SYSTEMS_MAX);
    if (!topics_system_is_good(system)) return false;
    for (size_t i = 0; i < systems->count; i++) {
        if (strcmp(systems->names[i], system) == 0) return true;
    }
    if (systems->count == TOPICS_SYSTEMS_MAX) return false;
    (void)snprintf(systems->names[systems->count++], sizeof systems->names[0], "%s", system);
    return true;
}

enum status topics_systems_read(const char *list, struct topics_systems *ret_systems, struct error *reterr_error) {
    struct topics_systems systems = {0};
    while (*list != '\0') {
        list += strspn(list, ", ");
        size_t size = strcspn(list, ", ");
        char name[TOPICS_SYSTEM_MAX + 2];
        (void)snprintf(name, sizeof name, "%.*s", (int)size, list);
        list += size;
        if (size == 0 || topics_systems_add(&systems, name)) continue;
        return error_set(reterr_error, STATUS_INVALID,
                         "\"%s\" cannot be a system with topics of its own: expected at most %d names of 1 to %d of "
                         "A-Z a-z 0-9 _ -",
                         name, (int)TOPICS_SYSTEMS_MAX, (int)TOPICS_SYSTEM_MAX);
    }
    *ret_systems = systems;
    return STATUS_OK;
}
