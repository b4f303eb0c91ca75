/* bhr status: who is alive (Redis, which may be away), who owns (the journal, which knows), how far the stores are. */
#include "cli/bhr/certificates.h"
#include "cli/bhr/commands.h"
#include "cli/bhr/owner.h"
#include "cli/bhr/stores.h"
#include "lib/client/uk_time.h"
#include "lib/host/presence.h"
#include "lib/port/redis/redis_presence.h"

#include <stdio.h>

enum { PRESENCE_TIMEOUT_MS = 1000, PROCESSES_MAX = 64 };

struct store_seen {
    const char *path;
    bool is_open;
    struct replica_meta meta;
};

/* One service of the suite. */
struct service_seen {
    const char *name;
    bool is_owned; /* by a process that says so */
    struct ownership ownership;
    uint32_t store_count;
    struct store_seen stores[SUITE_LIST_MAX];
};

struct status_view {
    struct cli *cli;
    bool is_presence_known;
    json_t *processes; /* as they said it */
    uint32_t service_count;
    struct service_seen services[SERVICES_COUNT];
    size_t certificate_count;
    struct certificate_facts certificates[CERTIFICATES_LIST_MAX];
};

static void look_at_presence(struct status_view *view);
static void look_at_certificates(struct status_view *view);
static int look_at_service(struct status_view *view, const struct service *service, struct service_seen *seen);
static bool somebody_owns(const struct status_view *view, const char *service);
static void print_processes(const struct status_view *view);
static void print_journal(const struct service_seen *seen);
static void print_stores(const struct service_seen *seen);
static void print_certificates(const struct status_view *view);
static json_t *view_json(struct status_view *view);

static int run(struct cli *cli, const struct arguments *arguments) {
    (void)arguments;
    int code = cli_need_suite(cli);
    if (code != CLI_OK) return code;
    static struct status_view view;
    view = (struct status_view){.cli = cli, .processes = json_array()};
    look_at_presence(&view);
    look_at_certificates(&view);
    if (!cli->is_json) print_processes(&view);
    const char *unowned = NULL;
    for (size_t i = 0; i < SERVICES_COUNT; i++) {
        if (services_in(&cli->suite, services[i]) == NULL) continue;
        struct service_seen *seen = &view.services[view.service_count++];
        int looked = look_at_service(&view, services[i], seen);
        if (code == CLI_OK) code = looked;
        if (unowned == NULL && !seen->is_owned) unowned = seen->name;
        if (looked == CLI_OK && !cli->is_json) print_journal(seen);
        if (!cli->is_json) print_stores(seen);
    }
    if (!cli->is_json) print_certificates(&view);
    bool is_presence_known = view.is_presence_known;
    if (cli->is_json)
        cli_json(view_json(&view));
    else
        json_decref(view.processes);
    if (code != CLI_OK) return code;
    if (is_presence_known && unowned != NULL) {
        return cli_fail(cli, CLI_CHECK, "start a process, or wait a few seconds if one has just died",
                        "no living process owns the partition of %s: nothing of it can be changed now", unowned);
    }
    return CLI_OK;
}

const struct command command_status = {
    .name = "status",
    .sentence = "Which processes are alive, who owns, how far each has read",
    .more =
        "Presence comes from Redis and may be unknown; ownership is read from the journal. Exit code 5 when presence "
        "is known and nobody owns.",
    .run = run,
};

static void on_presence(void *context, struct slice key, struct slice value) {
    (void)key;
    struct status_view *view = context;
    json_t *process = json_loadb((const char *)value.data, value.size, JSON_REJECT_DUPLICATES, NULL);
    if (!json_is_object(process) || json_array_size(view->processes) == PROCESSES_MAX) {
        json_decref(process);
        return;
    }
    (void)json_array_append_new(view->processes, process);
}

static void look_at_presence(struct status_view *view) {
    const char *socket = view->cli->suite.redis_socket;
    struct error error = {.message = "no redis_socket is configured"};
    view->is_presence_known = socket[0] != '\0' && redis_presence_list(socket, PRESENCE_PREFIX, PRESENCE_TIMEOUT_MS,
                                                                       on_presence, view, &error) == STATUS_OK;
    if (!view->is_presence_known && !view->cli->is_json) {
        printf("%spresence is unknown%s (%s)\n", cli_paint(view->cli, PAINT_WARN), cli_unpaint(view->cli),
               error.message);
    }
}

/* All that lie where ours does: whoever keeps the folder wants to know of each. */
static void look_at_certificates(struct status_view *view) {
    char folder[SUITE_TEXT_MAX];
    const char *file = view->cli->suite.kafka_certificate_file, *end = strrchr(file, '/');
    if (file[0] == '\0') return;
    (void)snprintf(folder, sizeof folder, "%.*s", end != NULL ? (int)(end - file) : 1, end != NULL ? file : ".");
    certificates_list(folder, view->certificates, &view->certificate_count);
}

/* Only the row about the journal; a store that cannot be opened now is shown as such. */
static void look_at_stores(const struct suite_list *dirs, struct service_seen *ret_seen) {
    for (size_t i = 0; i < dirs->count; i++) {
        struct store_seen *seen = &ret_seen->stores[ret_seen->store_count++];
        *seen = (struct store_seen){.path = dirs->items[i]};
        struct lmdb_store *store;
        struct error error;
        if (lmdb_store_open_read(dirs->items[i], &store, &error) != STATUS_OK) continue;
        struct store port = lmdb_store_port(store);
        struct rows rows;
        if (port.read_begin(port.context, &rows, &error) == STATUS_OK) {
            seen->is_open = replica_meta_read(&rows, &seen->meta) == META_FOUND;
            port.read_end(port.context, &rows);
        }
        lmdb_store_close(store, false);
    }
}

static int look_at_service(struct status_view *view, const struct service *service, struct service_seen *seen) {
    *seen = (struct service_seen){.name = service->name, .is_owned = somebody_owns(view, service->name)};
    look_at_stores(&services_in(&view->cli->suite, service)->data_dirs, seen);
    struct cluster cluster;
    int code = cluster_open(view->cli, service, &cluster);
    if (code != CLI_OK) return code;
    const struct store_seen *ahead = NULL;
    for (uint32_t i = 0; i < seen->store_count; i++) {
        if (!seen->stores[i].is_open) continue;
        if (ahead == NULL || seen->stores[i].meta.applied > ahead->meta.applied) ahead = &seen->stores[i];
    }
    code = ahead != NULL ? owner_find(view->cli, &cluster, &ahead->meta.journal, ahead->meta.applied, &seen->ownership)
                         : owner_find(view->cli, &cluster, NULL, -1, &seen->ownership);
    cluster_close(&cluster);
    return code;
}

static const char *text_of(const json_t *process, const char *key) {
    const char *text = json_string_value(json_object_get(process, key));
    return text != NULL ? text : "?";
}

static long long number_of(const json_t *process, const char *key) {
    return (long long)json_integer_value(json_object_get(process, key));
}

static bool somebody_owns(const struct status_view *view, const char *service) {
    size_t index;
    const json_t *process;
    json_array_foreach(view->processes, index, process) {
        bool owns = json_is_true(json_object_get(process, "owns"));
        if (owns && strcmp(text_of(process, "service"), service) == 0) return true;
    }
    return false;
}

static void print_processes(const struct status_view *view) {
    const struct cli *cli = view->cli;
    if (view->is_presence_known && json_array_size(view->processes) == 0) {
        printf("%sno process is alive%s: `make up` starts the suite\n", cli_paint(cli, PAINT_BAD), cli_unpaint(cli));
    }
    size_t index;
    const json_t *process;
    json_array_foreach(view->processes, index, process) {
        char name[CLI_SAFE_ROOM], state[CLI_SAFE_ROOM], door[CLI_SAFE_ROOM];
        bool owns = json_is_true(json_object_get(process, "owns"));
        printf("%s%-16s %-10s%s epoch %-4lld entry %-9lld in flight %-5lld pid %-7lld %s, up %lld s\n",
               owns ? cli_paint(cli, PAINT_GOOD) : "", cli_safe_text(slice_text(text_of(process, "process")), name),
               cli_safe_text(slice_text(text_of(process, "state")), state), owns ? cli_unpaint(cli) : "",
               number_of(process, "epoch"), number_of(process, "number"), number_of(process, "in_flight"),
               number_of(process, "pid"), cli_safe_text(slice_text(text_of(process, "door")), door),
               (number_of(process, "time_ms") - number_of(process, "since_ms")) / 1000);
    }
}

static void print_journal(const struct service_seen *seen) {
    const struct ownership *ownership = &seen->ownership;
    char at[UK_TIME_TEXT_MAX];
    printf("journal          %s: %lld records, entry %llu\n", seen->name, (long long)ownership->end,
           (unsigned long long)ownership->state.number);
    if (!ownership->has_claim) {
        printf("owner            nobody has claimed the partition yet\n");
        return;
    }
    uk_time_format(ownership->claimed_at_ms, at);
    printf("owner            epoch %llu, claimed %s by %s, version %s\n", (unsigned long long)ownership->state.epoch,
           at, ownership->host, ownership->software);
}

static void print_stores(const struct service_seen *service) {
    for (uint32_t i = 0; i < service->store_count; i++) {
        const struct store_seen *seen = &service->stores[i];
        if (!seen->is_open) {
            printf("store            %s: none, or it cannot be read now\n", seen->path);
            continue;
        }
        long long behind = (long long)(service->ownership.end - 1 - seen->meta.applied);
        printf("store            %s: applied %lld, entry %llu", seen->path, (long long)seen->meta.applied,
               (unsigned long long)seen->meta.journal.number);
        if (service->ownership.end > 0) printf(", behind %lld", behind > 0 ? behind : 0);
        putchar('\n');
    }
}

static void print_certificates(const struct status_view *view) {
    const struct cli *cli = view->cli;
    int64_t now_ms = cli_now_ms(cli);
    if (cli->suite.kafka_plaintext) {
        printf("%scertificates     none: Kafka is spoken to in plain text%s\n", cli_paint(cli, PAINT_WARN),
               cli_unpaint(cli));
    }
    for (size_t i = 0; i < view->certificate_count; i++) {
        const struct certificate_facts *facts = &view->certificates[i];
        char left[CERTIFICATES_TEXT_MAX], name[CLI_SAFE_ROOM];
        certificates_left(facts, now_ms, left);
        printf("certificate      %-20s %s%s%s\n", cli_safe_text(slice_text(facts->name), name),
               cli_paint(cli, certificates_paint(facts, now_ms)), left, cli_unpaint(cli));
    }
}

static json_t *service_json(const struct service_seen *service) {
    const struct ownership *ownership = &service->ownership;
    json_t *stores = json_array();
    for (uint32_t i = 0; i < service->store_count; i++) {
        const struct store_seen *seen = &service->stores[i];
        (void)json_array_append_new(stores, json_pack("{so sb sI sI}", "path", cli_json_text(seen->path), "is_open",
                                                      (int)seen->is_open, "applied",
                                                      (json_int_t)(seen->is_open ? seen->meta.applied : -1), "number",
                                                      (json_int_t)seen->meta.journal.number));
    }
    json_t *owner = ownership->has_claim
                        ? json_pack("{sI so so so}", "epoch", (json_int_t)ownership->state.epoch, "host",
                                    cli_json_text(ownership->host), "software", cli_json_text(ownership->software),
                                    "claimed_at", cli_json_time(ownership->claimed_at_ms))
                        : json_null();
    return json_pack("{ss sb s{sI sI} so so}", "service", service->name, "owned", (int)service->is_owned, "journal",
                     "end", (json_int_t)ownership->end, "number", (json_int_t)ownership->state.number, "owner", owner,
                     "stores", stores);
}

static json_t *view_json(struct status_view *view) {
    json_t *seen = json_array(), *certificates = json_array();
    for (uint32_t i = 0; i < view->service_count; i++) {
        (void)json_array_append_new(seen, service_json(&view->services[i]));
    }
    for (size_t i = 0; i < view->certificate_count; i++) {
        (void)json_array_append_new(certificates,
                                    json_pack("{so so}", "name", cli_json_text(view->certificates[i].name),
                                              "expires_at", cli_json_time(view->certificates[i].expires_at_s * 1000)));
    }
    return json_pack("{ss so so so}", "presence", view->is_presence_known ? "known" : "unknown", "processes",
                     view->processes, "services", seen, "certificates", certificates);
}
