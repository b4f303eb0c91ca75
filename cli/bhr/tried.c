/* Counts and tells what other rules would have answered. Owns nothing. */
#include "cli/bhr/tried.h"

#include "cli/bhr/wire_json.h"
#include "lib/base/assert.h"
#include "lib/client/uk_time.h"
#include "lib/wire/index/index_wire.h"

#include <stdio.h>
#include <stdlib.h>

/* What may be the wrong person's record first. */
static const struct {
    enum index_trace_result before, after;
    const char *text;
} kinds[] = {
    {INDEX_TRACE_MATCH, INDEX_TRACE_MATCH, "match -> another person"},
    {INDEX_TRACE_NO_MATCH, INDEX_TRACE_MATCH, "no match -> match"},
    {INDEX_TRACE_REVIEW, INDEX_TRACE_MATCH, "review -> match"},
    {INDEX_TRACE_TOO_MANY, INDEX_TRACE_MATCH, "too many -> match"},
    {INDEX_TRACE_MATCH, INDEX_TRACE_NO_MATCH, "match -> no match"},
    {INDEX_TRACE_MATCH, INDEX_TRACE_REVIEW, "match -> review"},
    {INDEX_TRACE_MATCH, INDEX_TRACE_TOO_MANY, "match -> too many"},
    {INDEX_TRACE_REVIEW, INDEX_TRACE_NO_MATCH, "review -> no match"},
    {INDEX_TRACE_TOO_MANY, INDEX_TRACE_NO_MATCH, "too many -> no match"},
    {INDEX_TRACE_REVIEW, INDEX_TRACE_REVIEW, "review -> other people"},
    {INDEX_TRACE_NO_MATCH, INDEX_TRACE_REVIEW, "no match -> review"},
    {INDEX_TRACE_TOO_MANY, INDEX_TRACE_REVIEW, "too many -> review"},
    {INDEX_TRACE_REVIEW, INDEX_TRACE_TOO_MANY, "review -> too many"},
    {INDEX_TRACE_NO_MATCH, INDEX_TRACE_TOO_MANY, "no match -> too many"},
};
enum { KIND_COUNT = sizeof kinds / sizeof kinds[0] };
/* Two that cannot be: nobody stays nobody, and of too many nobody is named. */
static_assert((int)KIND_COUNT == (int)TRIED_RESULTS * (int)TRIED_RESULTS - 2, "every kind of change has its line");

static const struct tried_kind *kind_of(const struct tried *tried, uint32_t line) {
    return &tried->kinds[kinds[line].before - 1][kinds[line].after - 1];
}

void tried_add(struct tried *tried, const struct index_try_answer *answer) {
    if (tried->rules_version != 0 && tried->rules_version != answer->rules_version) tried->has_other_versions = true;
    tried->rules_version = answer->rules_version;
    tried->new_rules_version = answer->new_rules_version;
    tried->tried += answer->tried;
    tried->changed += answer->change_count;
    tried->unreadable += answer->unreadable;
    bool is_older = answer->oldest_ms != 0 && (tried->oldest_ms == 0 || answer->oldest_ms < tried->oldest_ms);
    if (is_older) tried->oldest_ms = answer->oldest_ms;
    for (uint32_t i = 0; i < answer->change_count; i++) {
        const struct index_tried *change = &answer->changes[i];
        struct tried_kind *kind = &tried->kinds[change->before.result - 1][change->after.result - 1];
        kind->count++;
        if (kind->example_count < tried->examples_max) kind->examples[kind->example_count++] = *change;
    }
}

uint64_t tried_other_persons(const struct tried *tried) {
    return kind_of(tried, 0)->count;
}

/* ---- for people ---- */

static void say_bits(int32_t millibits) {
    printf("%s%d.%01d", millibits < 0 ? "-" : "+", abs(millibits) / 1000, abs(millibits) % 1000 / 100);
}

static void say_answer(const char *when, const struct index_tried_answer *answer) {
    static const char *const words[] = {"", "match", "no match", "review", "too many"};
    ASSERT(answer->result < sizeof words / sizeof words[0]);
    char id[CLI_UUID_ROOM];
    printf("      %-6s %-9s", when, words[answer->result]);
    if (uuid_is_zero(answer->person_id)) {
        putchar('\n');
        return;
    }
    printf(" %s  %u.%02u %% likely, ", cli_uuid_text(answer->person_id.bytes, id), answer->match.posterior_ppm / 10000,
           answer->match.posterior_ppm % 10000 / 100);
    say_bits(answer->match.weight_millibits);
    printf(" bits%s\n             ", answer->candidates > 1 ? ", first of several" : "");
    for (uint32_t i = 0; i < answer->match.reason_count; i++) {
        const struct index_match_reason *reason = &answer->match.reasons[i];
        printf("%s%s %s ", i > 0 ? ", " : " ", reason->field, reason->level);
        say_bits(reason->weight_millibits);
    }
    putchar('\n');
}

static void say_word(const char *text, const char *what) {
    char safe[CLI_SAFE_ROOM];
    if (text[0] != '\0') printf(" %s%s", what, cli_safe_text(slice_text(text), safe));
}

static void say_example(const struct index_tried *change) {
    char time[UK_TIME_TEXT_MAX];
    const struct index_demographics *d = &change->described;
    uk_time_format(change->at_ms, time);
    printf("    %s:", time);
    say_word(d->given_name, "");
    say_word(d->family_name, "");
    say_word(d->birth_date, "born ");
    say_word(d->postcode, "in ");
    say_word(d->phone, "telephone ");
    say_word(d->nhs_number, "number ");
    putchar('\n');
    say_answer("before", &change->before);
    say_answer("after", &change->after);
}

static void say_table(const struct cli *cli, const struct tried *tried) {
    printf("  %-24s %10llu\n", "the answer stays", (unsigned long long)(tried->tried - tried->changed));
    for (uint32_t i = 0; i < KIND_COUNT; i++) {
        const struct tried_kind *kind = kind_of(tried, i);
        if (kind->count == 0 && i > 0) continue;
        printf("  %s%-24s %10llu%s\n", cli_paint(cli, i == 0 && kind->count > 0 ? PAINT_BAD : PAINT_BOLD),
               kinds[i].text, (unsigned long long)kind->count, cli_unpaint(cli));
    }
    for (uint32_t i = 0; i < KIND_COUNT; i++) {
        const struct tried_kind *kind = kind_of(tried, i);
        if (kind->example_count == 0) continue;
        printf("\n  %s, %u of %llu:\n", kinds[i].text, kind->example_count, (unsigned long long)kind->count);
        for (uint32_t k = 0; k < kind->example_count; k++) say_example(&kind->examples[k]);
    }
}

void tried_say(const struct cli *cli, const struct tried *tried) {
    char time[UK_TIME_TEXT_MAX];
    printf("rules %u in use, rules %u in %s: %llu look-ups", tried->rules_version, tried->new_rules_version,
           tried->path, (unsigned long long)tried->tried);
    if (tried->tried > 0) {
        uk_time_format(tried->oldest_ms, time);
        printf(" since %s", time);
    }
    printf(", of %u process%s\n", tried->processes, tried->processes == 1 ? "" : "es");
    if (tried->has_other_versions) printf("  not every process uses the same rules: `bhr status` shows who is alive\n");
    if (tried->rules_version == tried->new_rules_version) {
        printf("  both say version %u: a file that changes anything needs a version of its own\n",
               tried->rules_version);
    }
    if (tried->unreadable > 0) {
        printf("  %llu more cannot be read: the person was erased, or the key was lost\n",
               (unsigned long long)tried->unreadable);
    }
    if (tried->dropped > 0) {
        printf("  %llu more were not kept, or not as long as lookups_hours says\n", (unsigned long long)tried->dropped);
    }
    if (tried->tried > 0) say_table(cli, tried);
}

/* ---- for programs ---- */

static json_t *kind_json(const struct tried_kind *kind, const char *text) {
    json_t *examples = json_array();
    for (uint32_t i = 0; i < kind->example_count; i++) {
        (void)json_array_append_new(examples, wire_json(&index_tried_wire, &kind->examples[i]));
    }
    return json_pack("{ss sI so}", "change", text, "count", (json_int_t)kind->count, "examples", examples);
}

json_t *tried_json(const struct tried *tried) {
    json_t *changes = json_array();
    for (uint32_t i = 0; i < KIND_COUNT; i++) {
        if (kind_of(tried, i)->count > 0) {
            (void)json_array_append_new(changes, kind_json(kind_of(tried, i), kinds[i].text));
        }
    }
    return json_pack("{si si sb si sI sI sI sI sI so so}", "rules_version", (int)tried->rules_version,
                     "new_rules_version", (int)tried->new_rules_version, "has_other_versions",
                     (int)tried->has_other_versions, "processes", (int)tried->processes, "tried",
                     (json_int_t)tried->tried, "same", (json_int_t)(tried->tried - tried->changed), "other_persons",
                     (json_int_t)tried_other_persons(tried), "unreadable", (json_int_t)tried->unreadable, "dropped",
                     (json_int_t)tried->dropped, "oldest", cli_json_time(tried->oldest_ms), "changes", changes);
}
