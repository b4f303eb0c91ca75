/* bhr store diff: where two stores differ, and above all which answers the first one knows that the second does not: after
 * a rebuild those are the promises that a cut journal lost (journal.md section 4). Keys are shown, values never. */
#include "cli/bhr/commands.h"
#include "cli/bhr/progress.h"
#include "cli/bhr/services.h"
#include "cli/bhr/stores.h"
#include "lib/base/assert.h"
#include "lib/base/text.h"
#include "lib/client/uk_time.h"
#include "lib/host/answers.h"

#include <stdio.h>

enum { TABLES = 256, KEY_SHOWN_MAX = 48 };

struct table_count {
    uint64_t only_old, only_new, changed;
};

struct diff {
    struct cli *cli;
    const struct service *service;
    struct snapshot old, new;
    int64_t shown_max;
    uint64_t total, lost;
    struct table_count tables[TABLES];
    json_t *rows, *lost_answers;
};

enum difference { ONLY_OLD, ONLY_NEW, CHANGED };

static void compare(struct diff *diff);
static void note(struct diff *diff, enum difference difference, struct slice key);
static void note_lost_answer(struct diff *diff, struct slice key);
static int report(struct diff *diff);

static const struct command_option options[] = {
    {.name = "limit",
     .value = "N",
     .kind = OPTION_NUMBER,
     .max = 1000000,
     .fallback = 20,
     .sentence = "Name at most so many differing rows and lost answers each; default 20. All are counted"},
    SERVICE_OPTION,
};

static int run(struct cli *cli, const struct arguments *arguments) {
    struct diff diff = {
        .cli = cli, .service = services_chosen(arguments), .shown_max = option_number(arguments, "limit")};
    int code = snapshot_open(cli, arguments->items[0], &diff.old);
    if (code != CLI_OK) return code;
    code = snapshot_open(cli, arguments->items[1], &diff.new);
    if (code == CLI_OK) {
        diff.rows = json_array();
        diff.lost_answers = json_array();
        compare(&diff);
        code = report(&diff);
        snapshot_close(&diff.new);
    }
    snapshot_close(&diff.old);
    return code;
}

const struct command command_store_diff = {
    .name = "store diff",
    .arguments = "OLD NEW",
    .sentence = "Where two stores differ; names the answers that NEW has lost",
    .more =
        "OLD and NEW are data directories, or stores that were set aside (store.aside-...). Exit code 5 when OLD has "
        "an answer that NEW has not or gives otherwise, or when both stand at the same entry and differ. Ids older "
        "than 30 days are "
        "forgotten in order and do not count as lost.",
    .options = options,
    .option_count = sizeof options / sizeof options[0],
    .argument_min = 2,
    .argument_max = 2,
    .run = run,
};

/* Both in order of key, side by side. */
static void compare(struct diff *diff) {
    struct progress progress = progress_begin(diff->cli, "comparing", "rows", 0);
    struct row_walk walks[2];
    struct slice keys[2], values[2];
    row_walk_begin(&walks[0]);
    row_walk_begin(&walks[1]);
    bool has_old = row_walk_next(&diff->old.rows, &walks[0], &keys[0], &values[0]);
    bool has_new = row_walk_next(&diff->new.rows, &walks[1], &keys[1], &values[1]);
    while (has_old || has_new) {
        int order = !has_old ? 1 : !has_new ? -1 : slice_compare(keys[0], keys[1]);
        if (order < 0) note(diff, ONLY_OLD, keys[0]);
        if (order > 0) note(diff, ONLY_NEW, keys[1]);
        if (order == 0 && !slice_equal(values[0], values[1])) note(diff, CHANGED, keys[0]);
        if (order <= 0) has_old = row_walk_next(&diff->old.rows, &walks[0], &keys[0], &values[0]);
        if (order >= 0) has_new = row_walk_next(&diff->new.rows, &walks[1], &keys[1], &values[1]);
        progress_step(&progress, ++diff->total);
    }
    progress_end(&progress);
}

static void note(struct diff *diff, enum difference difference, struct slice key) {
    ASSERT(key.size > 0);
    struct table_count *table = &diff->tables[key.data[0]];
    switch (difference) {
    case ONLY_OLD:
        table->only_old++;
        break;
    case ONLY_NEW:
        table->only_new++;
        break;
    case CHANGED:
        table->changed++;
        break;
    }
    if (difference != ONLY_NEW && key.data[0] == ROWS_TABLE_ANSWER) note_lost_answer(diff, key);
    if ((int64_t)json_array_size(diff->rows) >= diff->shown_max) return;
    static const char *const words[] = {"only_old", "only_new", "changed"};
    char hex[2 * KEY_SHOWN_MAX + 1] = "", name[SERVICES_TABLE_TEXT_MAX];
    size_t shown = key.size < KEY_SHOWN_MAX ? key.size : KEY_SHOWN_MAX;
    text_hex(key.data, shown, hex);
    (void)json_array_append_new(diff->rows,
                                json_pack("{ss ss ss}", "difference", words[difference], "table",
                                          services_table_name(diff->service, key.data[0], name), "key", hex));
}

static const char *outcome_name(const struct diff *diff, uint32_t code) {
    const struct outcome_row *row = service_outcome(diff->service, code);
    return row != NULL ? row->name : "unknown";
}

/* The key is [table][command id][source] (lib/host/answers.h). A command whose entry was lost may have been decided again:
 * if its caller would be told the same, the promise holds, only its entry is another one. */
static void note_lost_answer(struct diff *diff, struct slice key) {
    struct uuid command_id;
    if (key.size <= 1 + sizeof command_id.bytes) return;
    memcpy(command_id.bytes, key.data + 1, sizeof command_id.bytes);
    struct slice source = slice_of(key.data + 1 + sizeof command_id.bytes, key.size - 1 - sizeof command_id.bytes);
    int64_t new_time_ms = diff->new.has_meta ? diff->new.meta.journal.decided_at_ms : 0;
    if (answers_id_is_too_old(command_id, new_time_ms)) return;
    struct answer_row row = {0}, now = {0};
    if (!answers_find(&diff->old.rows, source, command_id, &row)) return;
    bool is_there = answers_find(&diff->new.rows, source, command_id, &now);
    if (is_there && now.outcome == row.outcome && slice_equal(now.answer, row.answer)) return;
    diff->lost++;
    if ((int64_t)json_array_size(diff->lost_answers) >= diff->shown_max) return;
    char text[CLI_SAFE_ROOM];
    (void)json_array_append_new(
        diff->lost_answers, json_pack("{so so sI ss so so}", "command_id", cli_json_uuid(command_id.bytes), "source",
                                      cli_json_text(cli_safe_text(source, text)), "entry_number",
                                      (json_int_t)row.number, "outcome", outcome_name(diff, row.outcome), "outcome_now",
                                      is_there ? json_string(outcome_name(diff, now.outcome)) : json_null(), "asked_at",
                                      cli_json_time(uuid_v7_time_ms(command_id))));
}

static void print_place(const char *title, const struct snapshot *snapshot) {
    if (!snapshot->has_meta)
        printf("%s  never followed a journal\n", title);
    else
        printf("%s  applied %lld, entry %llu, epoch %llu\n", title, (long long)snapshot->meta.applied,
               (unsigned long long)snapshot->meta.journal.number, (unsigned long long)snapshot->meta.journal.epoch);
}

static void print_text(const struct diff *diff) {
    char name[SERVICES_TABLE_TEXT_MAX];
    print_place("old", &diff->old);
    print_place("new", &diff->new);
    for (int table = 0; table < TABLES; table++) {
        const struct table_count *count = &diff->tables[table];
        if (count->only_old + count->only_new + count->changed == 0) continue;
        printf("%-26s %llu only in old, %llu only in new, %llu changed\n",
               services_table_name(diff->service, (uint8_t)table, name), (unsigned long long)count->only_old,
               (unsigned long long)count->only_new, (unsigned long long)count->changed);
    }
    size_t index;
    const json_t *row;
    json_array_foreach(diff->rows, index, row) {
        printf("  %-9s %-26s %s\n", json_string_value(json_object_get(row, "difference")),
               json_string_value(json_object_get(row, "table")), json_string_value(json_object_get(row, "key")));
    }
    if (diff->lost == 0) return;
    printf("%s%llu answers are lost%s: their callers were told, and the journal does not know it any more\n",
           cli_paint(diff->cli, PAINT_BAD), (unsigned long long)diff->lost, cli_unpaint(diff->cli));
    json_array_foreach(diff->lost_answers, index, row) {
        const char *now = json_string_value(json_object_get(row, "outcome_now"));
        printf("  entry %-8lld %-16s %s  asked by %s%s%s\n",
               (long long)json_integer_value(json_object_get(row, "entry_number")),
               json_string_value(json_object_get(row, "outcome")),
               json_string_value(json_object_get(row, "command_id")), json_string_value(json_object_get(row, "source")),
               now != NULL ? ", decided again: " : "", now != NULL ? now : "");
    }
}

static int report(struct diff *diff) {
    uint64_t differing = 0;
    for (int table = 0; table < TABLES; table++) {
        differing += diff->tables[table].only_old + diff->tables[table].only_new + diff->tables[table].changed;
    }
    bool is_same_place =
        diff->old.has_meta && diff->new.has_meta && diff->old.meta.journal.number == diff->new.meta.journal.number;
    bool is_other_journal = diff->old.has_meta && diff->new.has_meta &&
                            !id128_equal(diff->old.meta.journal.journal_id, diff->new.meta.journal.journal_id);
    if (diff->cli->is_json) {
        cli_json(json_pack("{sI sI sI sI so so}", "old_number", (json_int_t)diff->old.meta.journal.number, "new_number",
                           (json_int_t)diff->new.meta.journal.number, "differing", (json_int_t)differing, "lost",
                           (json_int_t)diff->lost, "rows", diff->rows, "lost_answers", diff->lost_answers));
    } else {
        print_text(diff);
        json_decref(diff->rows);
        json_decref(diff->lost_answers);
    }
    if (is_other_journal) return cli_fail(diff->cli, CLI_CHECK, NULL, "the two stores belong to different journals");
    if (diff->lost > 0) {
        return cli_fail(diff->cli, CLI_CHECK,
                        "tell those systems which answers no longer hold; nothing that was lost is appended again",
                        "%llu answers of the old store are not in the new one", (unsigned long long)diff->lost);
    }
    if (is_same_place && differing > 0) {
        return cli_fail(diff->cli, CLI_CHECK, "rebuild one of them; two stores at one entry must be the same",
                        "%llu rows differ at the same entry", (unsigned long long)differing);
    }
    cli_say(diff->cli, differing == 0 ? "the same" : "they differ as stores at different entries may");
    return CLI_OK;
}
