/* Kafka as the commands need it: asking the cluster, and reading the journal from its beginning through the rule, so that
 * every record comes with its verdict. One thread. */
#ifndef BHR_CLI_CLUSTER_H
#define BHR_CLI_CLUSTER_H

#include "cli/bhr/progress.h"
#include "cli/bhr/services.h"
#include "lib/host/acl.h"
#include "lib/host/replica.h"
#include "lib/journal/verify.h"
#include "lib/port/kafka/kafka.h"
#include "lib/port/waiter.h"

enum { CLUSTER_TIMEOUT_MS = 8000 };

struct cluster {
    struct waiter waiter;
    int wake_fd;
    struct kafka_options options;
    struct kafka_admin *admin;
    struct topic_admin admin_port;
    struct journal_identity identity;
    char journal_topic[REPLICA_TOPIC_MAX];
};

/* The services of the suite and, borrowed, the outside systems: all that access rules and certificates are made for. */
struct acl_names cluster_names(const struct topics_systems *systems);

/* For that service's journal. Returns an exit code; CLI_OK leaves *ret_cluster to be closed. Brokers need not be there:
 * asking them says so. */
int cluster_open(struct cli *cli, const struct service *service, struct cluster *ret_cluster);
void cluster_close(struct cluster *cluster);
/* Returns an exit code. First and one past the last offset of the journal. */
int cluster_journal_range(const struct cli *cli, struct cluster *cluster, struct topic_range *ret_range);

struct judged {
    struct logged logged;
    enum journal_verdict verdict;
    bool is_readable;
    struct journal_record record; /* when is_readable; slices borrowed until the next call */
};

struct journal_stream {
    struct cluster *cluster;
    struct kafka_reader *reader;
    struct topic_reader port;
    struct journal_verifier verifier;
};

enum stream_next { STREAM_RECORD, STREAM_QUIET, STREAM_FAILED };

int journal_stream_open(const struct cli *cli, struct cluster *cluster, struct journal_stream *ret_stream);
/* Starts in the middle of a history that is known: state after the record at applied. */
int journal_stream_resume(const struct cli *cli, struct cluster *cluster, const struct journal_state *state,
                          int64_t applied, struct journal_stream *ret_stream);
void journal_stream_close(struct journal_stream *stream);
/* STREAM_QUIET when nothing came in timeout_ms. STREAM_FAILED: *reterr_error says why. */
enum stream_next journal_stream_next(const struct cli *cli, struct journal_stream *stream, int timeout_ms,
                                     struct judged *ret_judged, struct error *reterr_error);

/* What a broker that cannot be reached needs. */
#define CLUSTER_NEXT "is Kafka up? `make up` starts it; its address is brokers in the suite's file"

#endif
