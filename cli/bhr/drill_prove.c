/* The judgement of a drill. It believes no process: what was promised is looked for in the journal, through the rule. */
#include "cli/bhr/drill.h"
#include "cli/bhr/stores.h"
#include "lib/wire/booking/booking_journal.h"
#include "services/booking/service.h"

#include <stdlib.h>
#include <time.h>

enum { BOOKED_MAX = 2 * DRILL_TOLD_MAX, STORES_LIMIT_MS = 20000, STORES_PAUSE_MS = 200 };

struct booked {
    struct booking_slot_id slot_id;
    struct uuid command_id;
};

struct proving {
    struct drill_told *told; /* sorted */
    struct drill_proof proof;
    uint32_t count;
    struct booked *booked; /* what accepted entries booked */
};

static int read_history(struct cli *cli, const struct ownership *before, struct proving *proving);
static void take(struct proving *proving, const struct judged *judged);
static void judge(struct proving *proving);
static bool is_told(const struct drill_told *told, struct uuid id);
static int compare_ids(const void *a, const void *b);
static int compare_commands(const void *a, const void *b);
static int compare_slots(const void *a, const void *b);
static int wait_for_stores(struct cli *cli, bool *ret_agree);

int drill_prove(struct cli *cli, const struct ownership *before, struct drill_told *told,
                struct drill_proof *ret_proof) {
    struct proving proving = {.told = told, .booked = calloc(BOOKED_MAX, sizeof(struct booked))};
    if (proving.booked == NULL) return cli_fail(cli, CLI_UNREACHED, NULL, "no memory");
    qsort(told->ids, told->count, sizeof told->ids[0], compare_ids);
    int code = read_history(cli, before, &proving);
    if (code == CLI_OK) {
        judge(&proving);
        code = wait_for_stores(cli, &proving.proof.stores_agree);
    }
    free(proving.booked);
    if (code == CLI_OK) *ret_proof = proving.proof;
    return code;
}

static int read_history(struct cli *cli, const struct ownership *before, struct proving *proving) {
    struct cluster cluster;
    int code = cluster_open(cli, &booking_service, &cluster);
    if (code != CLI_OK) return code;
    struct topic_range range;
    struct journal_stream stream;
    code = cluster_journal_range(cli, &cluster, &range);
    if (code == CLI_OK) code = journal_stream_resume(cli, &cluster, &before->state, before->end - 1, &stream);
    if (code == CLI_OK) {
        while (code == CLI_OK && stream.verifier.offset_next < range.end) {
            struct judged judged;
            struct error error = {.message = "the journal stays silent"};
            if (journal_stream_next(cli, &stream, CLUSTER_TIMEOUT_MS, &judged, &error) == STREAM_RECORD)
                take(proving, &judged);
            else
                code = cli_fail(cli, CLI_UNREACHED, CLUSTER_NEXT, "%s", error.message);
        }
        journal_stream_close(&stream);
    }
    cluster_close(&cluster);
    return code;
}

static void take(struct proving *proving, const struct judged *judged) {
    if (!journal_verdict_accepts(judged->verdict)) proving->proof.rejected++;
    if (judged->verdict == VERDICT_CLAIM) proving->proof.claims++;
    struct entry_body body;
    if (judged->verdict != VERDICT_ENTRY || !entry_body_read(judged->record.as.entry.body, &body)) return;
    for (uint32_t i = 0; i < body.event_count; i++) {
        uint8_t memory[BOOKING_EVENT_ARENA_SIZE];
        struct arena arena = arena_over(memory, sizeof memory);
        struct booking_event event;
        if (!booking_event_decode(body.events[i], &arena, &event) || event.kind != BOOKING_EVENT_SLOT_BOOKED) continue;
        if (proving->count == BOOKED_MAX) return; /* what is not seen counts as lost */
        proving->booked[proving->count++] =
            (struct booked){.slot_id = event.slot_booked.slot_id, .command_id = judged->record.as.entry.command_id};
    }
}

static void judge(struct proving *proving) {
    const struct drill_told *told = proving->told;
    struct booked *booked = proving->booked;
    qsort(booked, proving->count, sizeof *booked, compare_commands);
    for (uint32_t i = 0; i < told->count; i++) {
        const struct booked wanted = {.command_id = told->ids[i]};
        if (bsearch(&wanted, booked, proving->count, sizeof *booked, compare_commands) == NULL) proving->proof.lost++;
    }
    qsort(booked, proving->count, sizeof *booked, compare_slots);
    for (uint32_t i = 1; i < proving->count; i++) {
        if (compare_slots(&booked[i - 1], &booked[i]) != 0) continue;
        if (is_told(told, booked[i - 1].command_id) || is_told(told, booked[i].command_id)) proving->proof.twice++;
    }
}

static bool is_told(const struct drill_told *told, struct uuid id) {
    return bsearch(&id, told->ids, told->count, sizeof told->ids[0], compare_ids) != NULL;
}

static int compare_ids(const void *a, const void *b) {
    return memcmp(a, b, sizeof(struct uuid));
}

static int compare_commands(const void *a, const void *b) {
    return compare_ids(&((const struct booked *)a)->command_id, &((const struct booked *)b)->command_id);
}

static int compare_slots(const void *a, const void *b) {
    const struct booking_slot_id *left = &((const struct booked *)a)->slot_id,
                                 *right = &((const struct booked *)b)->slot_id;
    int order = compare_ids(&left->session_id, &right->session_id);
    if (order != 0) return order;
    return (left->index > right->index) - (left->index < right->index);
}

/* They read on for a moment after the last answer: only two at the same entry can be compared. */
static int wait_for_stores(struct cli *cli, bool *ret_agree) {
    const struct suite_list *dirs = &services_in(&cli->suite, &booking_service)->data_dirs;
    const struct timespec pause = {.tv_nsec = STORES_PAUSE_MS * 1000000L};
    int64_t until_ms = cli_now_ms(cli) + STORES_LIMIT_MS;
    *ret_agree = false;
    for (;;) {
        struct store_digest first = {0};
        bool agree = true;
        for (size_t i = 0; i < dirs->count; i++) {
            struct store_digest one;
            int code = store_digest(cli, dirs->items[i], &one);
            if (code != CLI_OK) return code;
            if (i == 0) first = one;
            agree = agree && one.number == first.number;
            if (agree && store_digests_differ(&one, &first)) return CLI_OK;
        }
        *ret_agree = agree;
        if (agree || cli_now_ms(cli) >= until_ms) return CLI_OK;
        (void)nanosleep(&pause, NULL);
    }
}
