/* Judges what a store has not judged yet, then looks backwards for the claim of the owner that this ends with. The claim
 * itself need not be judged again: its 16 random bytes are those of the accepted owner. Waits; one thread. */
#include "cli/bhr/owner.h"

#include "lib/base/assert.h"

enum { WINDOW_FIRST = 2000, WINDOW_GROWS = 8 };

static int judge_rest(const struct cli *cli, struct journal_stream *stream, struct ownership *ownership);
static void take_claim(struct ownership *ownership, const struct claim *claim, int64_t logged_at_ms);
static int search_claim(const struct cli *cli, struct cluster *cluster, struct ownership *ownership);
static int search_window(const struct cli *cli, struct cluster *cluster, struct kafka_reader *reader,
                         const struct topic_reader *port, int64_t from, int64_t to, struct ownership *ownership);

int owner_find(const struct cli *cli, struct cluster *cluster, const struct journal_state *known, int64_t applied,
               struct ownership *ret_ownership) {
    struct topic_range range;
    int code = cluster_journal_range(cli, cluster, &range);
    if (code != CLI_OK) return code;
    struct ownership ownership = {.end = range.end};
    struct journal_stream stream;
    bool is_known = known != NULL && known->has_genesis && applied >= 0;
    if (is_known && applied >= range.end) {
        return cli_fail(cli, CLI_CHECK, "the journal was cut, or this is another cluster: see `bhr store rebuild`",
                        "a store has read offset %lld, and the journal ends at %lld", (long long)applied,
                        (long long)range.end);
    }
    code = is_known ? journal_stream_resume(cli, cluster, known, applied, &stream)
                    : journal_stream_open(cli, cluster, &stream);
    if (code != CLI_OK) return code;
    code = judge_rest(cli, &stream, &ownership);
    journal_stream_close(&stream);
    if (code == CLI_OK && !ownership.has_claim && ownership.state.epoch > 0) {
        code = search_claim(cli, cluster, &ownership);
    }
    if (code == CLI_OK) *ret_ownership = ownership;
    return code;
}

static int judge_rest(const struct cli *cli, struct journal_stream *stream, struct ownership *ownership) {
    struct progress progress = progress_begin(cli, "reading the journal", "records", (uint64_t)ownership->end);
    while (stream->verifier.offset_next < ownership->end && !stream->verifier.is_stopped) {
        struct judged judged;
        struct error error = {.message = "the journal stays silent"};
        if (journal_stream_next(cli, stream, CLUSTER_TIMEOUT_MS, &judged, &error) != STREAM_RECORD) {
            progress_end(&progress);
            return cli_fail(cli, CLI_UNREACHED, CLUSTER_NEXT, "%s", error.message);
        }
        progress_step(&progress, (uint64_t)judged.logged.offset);
        if (judged.verdict == VERDICT_CLAIM) {
            take_claim(ownership, &judged.record.as.claim, judged.logged.timestamp_ms);
        }
    }
    progress_end(&progress);
    ownership->state = stream->verifier.state;
    return CLI_OK;
}

static void take_claim(struct ownership *ownership, const struct claim *claim, int64_t logged_at_ms) {
    ownership->has_claim = true;
    ownership->claimed_at_ms = logged_at_ms;
    (void)cli_safe_text(claim->host, ownership->host);
    (void)cli_safe_text(claim->software, ownership->software);
}

/* Claims are rare and mostly recent: windows that grow, from the end. */
static int search_claim(const struct cli *cli, struct cluster *cluster, struct ownership *ownership) {
    struct kafka_reader *reader;
    struct topic_reader port;
    struct error error;
    if (kafka_reader_open(&cluster->options, cluster->wake_fd, &reader, &port, &error) != STATUS_OK) {
        return cli_fail(cli, CLI_UNREACHED, CLUSTER_NEXT, "%s", error.message);
    }
    int code = CLI_OK;
    int64_t to = ownership->end, window = WINDOW_FIRST;
    while (code == CLI_OK && !ownership->has_claim && to > 0) {
        int64_t from = to > window ? to - window : 0;
        code = search_window(cli, cluster, reader, &port, from, to, ownership);
        to = from;
        window *= WINDOW_GROWS;
    }
    kafka_reader_close(&reader);
    return code;
}

static int search_window(const struct cli *cli, struct cluster *cluster, struct kafka_reader *reader,
                         const struct topic_reader *port, int64_t from, int64_t to, struct ownership *ownership) {
    ASSERT(reader != NULL && from < to);
    struct error error;
    if (port->assign(port->context, cluster->journal_topic, from, &error) != STATUS_OK) {
        return cli_fail(cli, CLI_UNREACHED, CLUSTER_NEXT, "%s", error.message);
    }
    int64_t until_ms = cli->clock.monotonic_ms(cli->clock.context) + CLUSTER_TIMEOUT_MS, at = from - 1;
    while (at + 1 < to) {
        struct topic_event event;
        port->poll(port->context, &event);
        if (event.kind == TOPIC_END && event.offset >= to) break;
        if (event.kind != TOPIC_RECORD) {
            if (cli->clock.monotonic_ms(cli->clock.context) > until_ms) {
                return cli_fail(cli, CLI_UNREACHED, CLUSTER_NEXT, "the journal stays silent");
            }
            cluster->waiter.wait(cluster->waiter.context, 50);
            continue;
        }
        at = event.record.offset;
        until_ms = cli->clock.monotonic_ms(cli->clock.context) + CLUSTER_TIMEOUT_MS;
        struct journal_record record;
        if (at >= to || !journal_record_read(event.record.value, &record) || record.kind != RECORD_CLAIM) continue;
        const struct claim *claim = &record.as.claim;
        if (claim->epoch != ownership->state.epoch || !id128_equal(claim->owner, ownership->state.owner)) continue;
        take_claim(ownership, claim, event.record.timestamp_ms);
    }
    return CLI_OK;
}
