/* A ring over the spool: [when it was put, 8 bytes][the service's bytes]. Owns the spool; loop's thread. */
#include "lib/host/kept.h"

#include "lib/base/assert.h"

#include <stdlib.h>
#include <unistd.h>

enum { AT_SIZE = 8, LEAST_BYTES = 256, TEND_RECORDS = 4096 };
static_assert(AT_SIZE + (int)KEPT_BYTES_MAX <= (int)SPOOL_RECORD_MAX, "every one fits into the spool");

struct kept {
    struct spool_file *spool;
    struct clock_port clock;
    int64_t age_ms_max, series;
    uint64_t dropped;
};

static int64_t now_of(const struct kept *kept);
static int64_t put_at(const struct kept *kept, uint64_t number);
static bool is_too_old(const struct kept *kept, uint64_t number, int64_t now_ms);

static void put(void *context, struct slice bytes) {
    struct kept *kept = context;
    ASSERT(bytes.size > 0 && bytes.size <= KEPT_BYTES_MAX);
    uint8_t record[AT_SIZE + KEPT_BYTES_MAX];
    int64_t now_ms = now_of(kept);
    memcpy(record, &now_ms, AT_SIZE);
    memcpy(record + AT_SIZE, bytes.data, bytes.size);
    /* Bounded: a handful of small ones makes room for the largest. */
    while (!spool_put(kept->spool, slice_of(record, AT_SIZE + bytes.size))) {
        uint64_t first = spool_first(kept->spool);
        ASSERT(first < spool_end(kept->spool));
        kept->dropped += !is_too_old(kept, first, now_ms);
        spool_wipe_first(kept->spool);
    }
}

static void drop(void *context) {
    struct kept *kept = context;
    kept->dropped++;
}

static void look(void *context, struct kept_view *ret_view) {
    const struct kept *kept = context;
    *ret_view = (struct kept_view){.series = kept->series,
                                   .first = spool_first(kept->spool),
                                   .end = spool_end(kept->spool),
                                   .dropped = kept->dropped};
}

static struct slice at(void *context, uint64_t number, int64_t *ret_at_ms) {
    const struct kept *kept = context;
    struct slice record = spool_at(kept->spool, number);
    *ret_at_ms = put_at(kept, number);
    return record.size < AT_SIZE ? slice_of(NULL, 0) : slice_of(record.data + AT_SIZE, record.size - AT_SIZE);
}

struct kept_port kept_port(struct kept *kept) {
    ASSERT(kept != NULL);
    return (struct kept_port){.context = kept, .put = put, .drop = drop, .look = look, .at = at};
}

void kept_tend(struct kept *kept) {
    int64_t now_ms = now_of(kept);
    for (uint32_t i = 0; i < TEND_RECORDS && spool_first(kept->spool) < spool_end(kept->spool); i++) {
        if (!is_too_old(kept, spool_first(kept->spool), now_ms)) break;
        spool_wipe_first(kept->spool);
    }
}

/* A clock that was far ahead for a moment must not keep anything for ever. */
static bool is_too_old(const struct kept *kept, uint64_t number, int64_t now_ms) {
    int64_t at_ms = put_at(kept, number);
    return at_ms < now_ms - kept->age_ms_max || at_ms > now_ms + kept->age_ms_max;
}

/* What another program left there counts as too old. */
static int64_t put_at(const struct kept *kept, uint64_t number) {
    struct slice record = spool_at(kept->spool, number);
    int64_t at_ms = 0;
    if (record.size >= AT_SIZE) memcpy(&at_ms, record.data, AT_SIZE);
    return at_ms;
}

static int64_t now_of(const struct kept *kept) {
    return kept->clock.wall_ms(kept->clock.context);
}

/* ---- life ---- */

static void wipe_all(struct spool_file *spool) {
    while (spool_first(spool) < spool_end(spool)) spool_wipe_first(spool);
}

static enum status remove_file(const struct kept_options *options, const struct spool_limits *limits,
                               struct error *reterr_error) {
    if (access(options->path, F_OK) != 0) return STATUS_OK;
    struct spool_file *spool;
    enum status status = spool_open(options->path, limits, &spool, reterr_error);
    if (status != STATUS_OK) return status;
    wipe_all(spool);
    spool_close(spool);
    if (unlink(options->path) == 0) return STATUS_OK;
    return error_set(reterr_error, STATUS_IO, "cannot remove %s", options->path);
}

enum status kept_open(const struct kept_options *options, struct kept **ret_kept, struct error *reterr_error) {
    ASSERT(options->age_ms_max >= 0);
    const struct spool_limits limits = {.bytes_max = options->bytes_max,
                                        .records_max = (uint32_t)(options->bytes_max / LEAST_BYTES)};
    if (options->age_ms_max == 0) return remove_file(options, &limits, reterr_error);
    struct kept *kept = calloc(1, sizeof *kept);
    if (kept == NULL) return error_set(reterr_error, STATUS_NO_MEMORY, "no memory for what is kept");
    kept->clock = options->clock;
    kept->age_ms_max = options->age_ms_max;
    kept->series = now_of(kept);
    enum status status = spool_open(options->path, &limits, &kept->spool, reterr_error);
    if (status != STATUS_OK) {
        free(kept);
        return status;
    }
    *ret_kept = kept;
    return STATUS_OK;
}

void kept_close(struct kept *kept) {
    if (kept == NULL) return;
    spool_close(kept->spool);
    free(kept);
}
