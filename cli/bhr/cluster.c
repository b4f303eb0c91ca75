/* Opens what a command needs of Kafka. The stream waits for records at most as long as its caller says; a lost connection
 * is mended by librdkafka, and reading goes on where it was. Owns its handles; one thread. */
#include "cli/bhr/cluster.h"

#include "lib/base/assert.h"
#include "lib/digest/digest.h"
#include "lib/host/topics.h"
#include "lib/port/uv/waiter_eventfd.h"

static int set_trust(const struct cli *cli, struct kafka_options *options);
static bool set_identity(const struct suite *suite, const struct service *service,
                         struct journal_identity *ret_identity);
static int stream_start(const struct cli *cli, struct journal_stream *stream, int64_t offset);

struct acl_names cluster_names(const struct topics_systems *systems) {
    static const char *names[SERVICES_COUNT];
    for (size_t i = 0; i < SERVICES_COUNT; i++) names[i] = services[i]->name;
    return (struct acl_names){.services = names, .service_count = SERVICES_COUNT, .systems = systems};
}

int cluster_open(struct cli *cli, const struct service *service, struct cluster *ret_cluster) {
    int code = cli_need_suite(cli);
    if (code != CLI_OK) return code;
    const struct suite *suite = &cli->suite;
    struct cluster cluster = {.options = KAFKA_OPTIONS_DEFAULT};
    if (suite->brokers[0] == '\0' || !set_identity(suite, service, &cluster.identity)) {
        return cli_fail(cli, CLI_USAGE, "add it, or run `make up`",
                        "%s: [suite] needs brokers, environment and locality", suite->path);
    }
    cluster.options.brokers = suite->brokers;
    cluster.options.service = service->name;
    code = set_trust(cli, &cluster.options);
    if (code != CLI_OK) return code;
    if (!topics_partition(suite->locality, &cluster.options.partition)) {
        return cli_fail(cli, CLI_USAGE, "localities are in lib/host/topics.def", "%s: there is no locality \"%s\"",
                        suite->path, suite->locality);
    }
    replica_journal_topic(service->name, cluster.journal_topic);
    struct error error;
    enum status status = waiter_open(&cluster.waiter, &cluster.wake_fd, &error);
    if (status == STATUS_OK) status = kafka_admin_open(&cluster.options, &cluster.admin, &cluster.admin_port, &error);
    if (status != STATUS_OK) {
        waiter_close(&cluster.waiter);
        return cli_fail_error(cli, &error, CLUSTER_NEXT);
    }
    *ret_cluster = cluster;
    return CLI_OK;
}

/* Plain text must be said: a file that forgets the certificate is not a file that wants none. */
static int set_trust(const struct cli *cli, struct kafka_options *options) {
    const struct suite *suite = &cli->suite;
    bool has_all =
        suite->kafka_ca_file[0] != '\0' && suite->kafka_certificate_file[0] != '\0' && suite->kafka_key_file[0] != '\0';
    if (suite->kafka_plaintext) return CLI_OK;
    if (!has_all) {
        return cli_fail(cli, CLI_USAGE, "bhr keys new NAME --kind operator makes the files",
                        "%s: [suite] needs kafka_ca_file, kafka_certificate_file and kafka_key_file, or "
                        "kafka_plaintext = true",
                        suite->path);
    }
    options->ca_file = suite->kafka_ca_file;
    options->certificate_file = suite->kafka_certificate_file;
    options->key_file = suite->kafka_key_file;
    return CLI_OK;
}

void cluster_close(struct cluster *cluster) {
    kafka_admin_close(&cluster->admin);
    waiter_close(&cluster->waiter);
}

int cluster_journal_range(const struct cli *cli, struct cluster *cluster, struct topic_range *ret_range) {
    struct error error;
    enum status status = cluster->admin_port.range(cluster->admin_port.context, cluster->journal_topic,
                                                   CLUSTER_TIMEOUT_MS, ret_range, &error);
    if (status == STATUS_OK) return CLI_OK;
    if (status == STATUS_NOT_FOUND) {
        return cli_fail(cli, CLI_CHECK, "`bhr topics apply` makes it", "%s", error.message);
    }
    return cli_fail(cli, CLI_UNREACHED, CLUSTER_NEXT, "%s", error.message);
}

int journal_stream_open(const struct cli *cli, struct cluster *cluster, struct journal_stream *ret_stream) {
    struct journal_stream stream = {.cluster = cluster};
    journal_verifier_init(&stream.verifier, &cluster->identity, digest_of);
    int code = stream_start(cli, &stream, 0);
    if (code == CLI_OK) *ret_stream = stream;
    return code;
}

int journal_stream_resume(const struct cli *cli, struct cluster *cluster, const struct journal_state *state,
                          int64_t applied, struct journal_stream *ret_stream) {
    ASSERT(applied >= 0);
    ASSERT(state->has_genesis);
    struct journal_stream stream = {.cluster = cluster};
    journal_verifier_init(&stream.verifier, &cluster->identity, digest_of);
    stream.verifier.state = *state;
    stream.verifier.offset_next = applied + 1;
    int code = stream_start(cli, &stream, applied + 1);
    if (code == CLI_OK) *ret_stream = stream;
    return code;
}

static int stream_start(const struct cli *cli, struct journal_stream *stream, int64_t offset) {
    struct error error;
    struct cluster *cluster = stream->cluster;
    enum status status = kafka_reader_open(&cluster->options, cluster->wake_fd, &stream->reader, &stream->port, &error);
    if (status == STATUS_OK) status = stream->port.assign(stream->port.context, cluster->journal_topic, offset, &error);
    if (status == STATUS_OK) return CLI_OK;
    kafka_reader_close(&stream->reader);
    return cli_fail_error(cli, &error, CLUSTER_NEXT);
}

void journal_stream_close(struct journal_stream *stream) {
    kafka_reader_close(&stream->reader);
}

enum stream_next journal_stream_next(const struct cli *cli, struct journal_stream *stream, int timeout_ms,
                                     struct judged *ret_judged, struct error *reterr_error) {
    int64_t until_ms = cli->clock.monotonic_ms(cli->clock.context) + timeout_ms;
    for (;;) {
        struct topic_event event;
        stream->port.poll(stream->port.context, &event);
        switch (event.kind) {
        case TOPIC_RECORD:
            if (event.record.offset < stream->verifier.offset_next) continue;
            ret_judged->logged = (struct logged){.offset = event.record.offset,
                                                 .timestamp_ms = event.record.timestamp_ms,
                                                 .is_log_append_time = event.record.is_log_append_time,
                                                 .value = event.record.value};
            ret_judged->verdict =
                journal_verify(&stream->verifier, &ret_judged->logged, &ret_judged->record, &ret_judged->is_readable);
            return STREAM_RECORD;
        case TOPIC_OUT_OF_RANGE:
        case TOPIC_FAILED:
            (void)error_set(reterr_error, STATUS_IO, "%s cannot be read on from offset %lld: %s",
                            stream->cluster->journal_topic, (long long)stream->verifier.offset_next,
                            event.reason != NULL ? event.reason : "no reason given");
            return STREAM_FAILED;
        case TOPIC_NOTHING:
        case TOPIC_END:
        case TOPIC_DISCONNECTED:
            break;
        }
        if (event.kind != TOPIC_NOTHING) continue;
        int64_t left_ms = until_ms - cli->clock.monotonic_ms(cli->clock.context);
        if (left_ms <= 0) return STREAM_QUIET;
        struct waiter *waiter = &stream->cluster->waiter;
        waiter->wait(waiter->context, left_ms < 100 ? (int)left_ms : 100);
    }
}

static bool set_identity(const struct suite *suite, const struct service *service,
                         struct journal_identity *ret_identity) {
    return journal_name_set(&ret_identity->environment, slice_text(suite->environment)) &&
           journal_name_set(&ret_identity->service, slice_text(service->name)) &&
           journal_name_set(&ret_identity->locality, slice_text(suite->locality));
}
