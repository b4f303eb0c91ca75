/* The numbers that operators watch. It owns the process's one table of series: found by hash without a lock, added under
 * one, never taken away. Any thread; an update is an atomic operation or two. It never logs (the log counts here). */
#include "lib/host/metrics.h"

#include "lib/base/assert.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <time.h>

enum metric_kind { KIND_COUNTER, KIND_GAUGE, KIND_HISTOGRAM };

struct metric_row {
    const char *name;
    enum metric_kind kind;
    const char *labels[2];
    const char *help;
};

static const struct metric_row rows[METRIC_COUNT] = {
#define COUNTER(NAME, name, first, second, help)   [METRIC_##NAME] = {name, KIND_COUNTER, {first, second}, help},
#define GAUGE(NAME, name, first, second, help)     [METRIC_##NAME] = {name, KIND_GAUGE, {first, second}, help},
#define HISTOGRAM(NAME, name, first, second, help) [METRIC_##NAME] = {name, KIND_HISTOGRAM, {first, second}, help},
#include "lib/host/metrics.def"
#undef COUNTER
#undef GAUGE
#undef HISTOGRAM
};

/* Upper bounds of a histogram's buckets in seconds: from a local look-up to the longest time limit. */
#define BUCKETS(X)                                                                                                     \
    X(0.0005) X(0.001) X(0.002) X(0.005) X(0.01) X(0.02) X(0.05) X(0.1) X(0.2) X(0.5) X(1) X(2) X(5) X(10) X(60)
static const struct {
    double seconds;
    const char *text;
} buckets[] = {
#define X(bound) {bound, #bound},
    BUCKETS(X)
#undef X
};

enum {
    BUCKET_COUNT = sizeof buckets / sizeof buckets[0],
    SLOT_COUNT = 2 * METRICS_SERIES_MAX,
    OTHER_MAX = 2 * METRIC_COUNT, /* places kept free, so that "other" of every metric has one */
};
static_assert((SLOT_COUNT & (SLOT_COUNT - 1)) == 0, "a slot is found by masking the hash");
static_assert(METRICS_SERIES_MAX > 4 * OTHER_MAX && METRICS_SERIES_MAX < UINT16_MAX, "most places are for real values");

struct series {
    enum metric metric;
    char values[2][METRICS_VALUE_MAX];
    atomic_uint_fast64_t number; /* of a counter; the bits of a gauge's double; a histogram's sum in nanoseconds */
    atomic_uint_fast64_t in_bucket[BUCKET_COUNT + 1]; /* of a histogram; the last one is above every bound */
};

static pthread_mutex_t adding = PTHREAD_MUTEX_INITIALIZER;
static struct series all_series[METRICS_SERIES_MAX];
static atomic_uint series_count;
static atomic_uint_fast16_t slots[SLOT_COUNT]; /* index in all_series + 1; 0 for a free slot */

static struct series *series_of(enum metric metric, const char *first, const char *second);
static struct series *find(enum metric metric, const char *const values[2], uint32_t *ret_slot);
static struct series *add(enum metric metric, const char *const values[2]);
static void print_series(struct buffer *out, const struct series *series);
static void print_histogram(struct buffer *out, const struct series *series);
static void print_name(struct buffer *out, const struct series *series, const char *suffix, const char *bound);
static void put_label(struct buffer *out, bool *is_first, const char *name, const char *value);
static void put(struct buffer *out, const char *text);
static void put_number(struct buffer *out, double value);
static uint64_t bits_of(double value);
static double double_of(uint64_t bits);

void metrics_add(enum metric metric, const char *first, const char *second, uint64_t amount) {
    ASSERT(metric < METRIC_COUNT && rows[metric].kind == KIND_COUNTER);
    atomic_fetch_add_explicit(&series_of(metric, first, second)->number, amount, memory_order_relaxed);
}

void metrics_set(enum metric metric, const char *first, const char *second, double value) {
    ASSERT(metric < METRIC_COUNT && rows[metric].kind == KIND_GAUGE);
    atomic_store_explicit(&series_of(metric, first, second)->number, bits_of(value), memory_order_relaxed);
}

void metrics_set_state(enum metric metric, const char *state) {
    ASSERT(metric < METRIC_COUNT && rows[metric].kind == KIND_GAUGE);
    struct series *now = series_of(metric, state, NULL);
    for (uint32_t i = 0; i < atomic_load_explicit(&series_count, memory_order_acquire); i++) {
        struct series *series = &all_series[i];
        if (series->metric != metric) continue;
        atomic_store_explicit(&series->number, bits_of(series == now ? 1 : 0), memory_order_relaxed);
    }
}

void metrics_observe(enum metric metric, const char *first, const char *second, double seconds) {
    ASSERT(metric < METRIC_COUNT && rows[metric].kind == KIND_HISTOGRAM);
    struct series *series = series_of(metric, first, second);
    if (!(seconds > 0)) seconds = 0; /* a clock that went back, or no number: it took no time */
    if (seconds > 1e6) seconds = 1e6;
    uint32_t bucket = 0;
    while (bucket < BUCKET_COUNT && seconds > buckets[bucket].seconds) bucket++;
    atomic_fetch_add_explicit(&series->in_bucket[bucket], 1, memory_order_relaxed);
    atomic_fetch_add_explicit(&series->number, (uint64_t)(seconds * 1e9), memory_order_relaxed);
}

void metrics_start(const char *service) {
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    metrics_set(METRIC_PROCESS_START_TIME, NULL, NULL, (double)now.tv_sec);
    metrics_set(METRIC_BUILD_INFO, service, BHR_VERSION, 1);
}

static struct series *series_of(enum metric metric, const char *first, const char *second) {
    const struct metric_row *row = &rows[metric];
    ASSERT((first == NULL) == (row->labels[0][0] == '\0'));
    ASSERT((second == NULL) == (row->labels[1][0] == '\0'));
    const char *values[2] = {first == NULL ? "" : first, second == NULL ? "" : second};
    for (int i = 0; i < 2; i++) {
        if (strlen(values[i]) >= METRICS_VALUE_MAX) values[i] = "other";
    }
    uint32_t slot;
    struct series *series = find(metric, values, &slot);
    return series != NULL ? series : add(metric, values);
}

/* NULL when there is none yet; *ret_slot is then where it belongs. A slot is filled once and never changes after. */
static struct series *find(enum metric metric, const char *const values[2], uint32_t *ret_slot) {
    uint64_t hash = 0xcbf29ce484222325u ^ (uint64_t)metric; /* FNV-1a */
    for (int i = 0; i < 2; i++) {
        for (const char *c = values[i]; *c != '\0'; c++) hash = (hash ^ (uint8_t)*c) * 0x100000001b3u;
        hash = (hash ^ 0xff) * 0x100000001b3u;
    }
    hash ^= hash >> 32;
    for (uint32_t tries = 0; tries < SLOT_COUNT; tries++) {
        *ret_slot = (uint32_t)(hash + tries) & (SLOT_COUNT - 1);
        uint32_t index = (uint32_t)atomic_load_explicit(&slots[*ret_slot], memory_order_acquire);
        if (index == 0) return NULL;
        struct series *series = &all_series[index - 1];
        if (series->metric == metric && strcmp(series->values[0], values[0]) == 0 &&
            strcmp(series->values[1], values[1]) == 0) {
            return series;
        }
    }
    ASSERT(!"the table is twice as large as it may ever be full");
}

static struct series *add(enum metric metric, const char *const values[2]) {
    const char *kept[2] = {values[0], values[1]};
    pthread_mutex_lock(&adding);
    uint32_t slot, count = atomic_load_explicit(&series_count, memory_order_relaxed);
    if (count >= METRICS_SERIES_MAX - OTHER_MAX) {
        for (int i = 0; i < 2; i++) kept[i] = rows[metric].labels[i][0] == '\0' ? "" : "other";
    }
    struct series *series = find(metric, kept, &slot);
    if (series == NULL) {
        ASSERT(count < METRICS_SERIES_MAX);
        series = &all_series[count];
        series->metric = metric;
        for (int i = 0; i < 2; i++) memcpy(series->values[i], kept[i], strlen(kept[i]) + 1);
        atomic_store_explicit(&slots[slot], (uint_fast16_t)(count + 1), memory_order_release);
        atomic_store_explicit(&series_count, count + 1, memory_order_release);
    }
    pthread_mutex_unlock(&adding);
    return series;
}

bool metrics_print(struct buffer *out) {
    static const char *const kinds[] = {"counter", "gauge", "histogram"};
    for (uint32_t m = 0; m < METRIC_COUNT; m++) {
        const struct metric_row *row = &rows[m];
        /* A counter without labels is there from the start: a missing number and a zero are not the same alarm. */
        if (row->kind == KIND_COUNTER && row->labels[0][0] == '\0') (void)series_of((enum metric)m, NULL, NULL);
        bool has_head = false;
        for (uint32_t i = 0; i < atomic_load_explicit(&series_count, memory_order_acquire); i++) {
            if (all_series[i].metric != (enum metric)m) continue;
            if (!has_head) {
                char head[512];
                snprintf(head, sizeof head, "# HELP %s %s\n# TYPE %s %s\n", row->name, row->help, row->name,
                         kinds[row->kind]);
                put(out, head);
                has_head = true;
            }
            print_series(out, &all_series[i]);
        }
    }
    return !out->is_full;
}

static void print_series(struct buffer *out, const struct series *series) {
    uint64_t number = atomic_load_explicit(&series->number, memory_order_relaxed);
    switch (rows[series->metric].kind) {
    case KIND_COUNTER:
        print_name(out, series, "", NULL);
        put_number(out, (double)number);
        return;
    case KIND_GAUGE:
        print_name(out, series, "", NULL);
        put_number(out, double_of(number));
        return;
    case KIND_HISTOGRAM:
        print_histogram(out, series);
        return;
    }
}

static void print_histogram(struct buffer *out, const struct series *series) {
    uint64_t so_far = 0;
    for (uint32_t i = 0; i <= BUCKET_COUNT; i++) {
        so_far += atomic_load_explicit(&series->in_bucket[i], memory_order_relaxed);
        print_name(out, series, "_bucket", i == BUCKET_COUNT ? "+Inf" : buckets[i].text);
        put_number(out, (double)so_far);
    }
    print_name(out, series, "_sum", NULL);
    put_number(out, (double)atomic_load_explicit(&series->number, memory_order_relaxed) / 1e9);
    print_name(out, series, "_count", NULL);
    put_number(out, (double)so_far);
}

/* name_suffix{first="...",second="...",le="..."} and a space. */
static void print_name(struct buffer *out, const struct series *series, const char *suffix, const char *bound) {
    const struct metric_row *row = &rows[series->metric];
    bool is_first = true;
    put(out, row->name);
    put(out, suffix);
    for (int i = 0; i < 2; i++) {
        if (row->labels[i][0] != '\0') put_label(out, &is_first, row->labels[i], series->values[i]);
    }
    if (bound != NULL) put_label(out, &is_first, "le", bound);
    put(out, is_first ? " " : "} ");
}

static void put_label(struct buffer *out, bool *is_first, const char *name, const char *value) {
    put(out, *is_first ? "{" : ",");
    *is_first = false;
    put(out, name);
    put(out, "=\"");
    for (; *value != '\0'; value++) {
        if (*value == '\\' || *value == '"') put(out, "\\");
        if (*value == '\n') {
            put(out, "\\n");
        } else {
            buffer_put_u8(out, (uint8_t)*value);
        }
    }
    put(out, "\"");
}

static void put_number(struct buffer *out, double value) {
    char text[40];
    bool is_whole = value > -9e15 && value < 9e15 && value == (double)(int64_t)value;
    if (is_whole) {
        snprintf(text, sizeof text, "%" PRId64 "\n", (int64_t)value);
    } else {
        snprintf(text, sizeof text, "%.9g\n", value);
    }
    put(out, text);
}

void metrics_print_markdown(FILE *out) {
    static const char *const kinds[] = {"counter", "gauge", "histogram"};
    fprintf(
        out,
        "# Metrics\n\n"
        "Made by `make docs` from `lib/host/metrics.def`: change that, not this page.\n\n"
        "Every process serves them as Prometheus text on `http://127.0.0.1:<http_port>/metrics`. Values of labels are\n"
        "small closed sets (methods, outcomes, reasons); a value beyond the bound of the table is counted as `other`.\n"
        "Buckets of histograms, in seconds:");
    for (uint32_t i = 0; i < BUCKET_COUNT; i++) fprintf(out, " %s", buckets[i].text);
    fprintf(out, ".\n\n| metric | kind | labels | meaning |\n|---|---|---|---|\n");
    for (uint32_t m = 0; m < METRIC_COUNT; m++) {
        const struct metric_row *row = &rows[m];
        fprintf(out, "| `%s` | %s | %s%s%s | %s |\n", row->name, kinds[row->kind], row->labels[0],
                row->labels[1][0] == '\0' ? "" : ", ", row->labels[1], row->help);
    }
}

static void put(struct buffer *out, const char *text) {
    buffer_put(out, text, strlen(text));
}

static uint64_t bits_of(double value) {
    uint64_t bits;
    static_assert(sizeof bits == sizeof value, "a double is kept as its bits");
    memcpy(&bits, &value, sizeof bits);
    return bits;
}

static double double_of(uint64_t bits) {
    double value;
    memcpy(&value, &bits, sizeof value);
    return value;
}
