/* bhr index link, unlink, merge, unmerge, worklist, board: what a steward does, and what of it is left to do. Each of these
 * needs a token that says who the steward is. */
#include "cli/bhr/commands.h"
#include "cli/bhr/index_ask.h"

#include <stdio.h>

static const struct command_option reason_options[] = {INDEX_REASON_ROW, OPTION_ROW_ID, OPTION_ROW_CORRELATION};
enum { REASON_OPTIONS = sizeof reason_options / sizeof reason_options[0] };

/* ---- records ---- */

static int run_link(struct cli *cli, const struct arguments *arguments) {
    struct index_link_request request;
    struct index_answer answer;
    int code = index_id_read(cli, arguments, 0, "RECORD", &request.record_id);
    if (code == CLI_OK) code = index_id_read(cli, arguments, 1, "PERSON", &request.person_id);
    if (code == CLI_OK) code = index_reason_read(cli, arguments, request.reason);
    if (code != CLI_OK) return code;
    const struct index_question question =
        INDEX_COMMAND("LinkRecord", index_link_request_wire, INDEX_COMMAND_LINK, &request, &answer);
    return index_ask(cli, arguments, &question);
}

const struct command command_index_link = {
    .name = "index link",
    .arguments = "RECORD PERSON",
    .sentence = "Move a record to a person",
    .options = reason_options,
    .option_count = REASON_OPTIONS,
    .argument_min = 2,
    .argument_max = 2,
    .run = run_link,
};

static int run_unlink(struct cli *cli, const struct arguments *arguments) {
    struct index_unlink_request request;
    struct index_answer answer;
    int code = index_id_read(cli, arguments, 0, "RECORD", &request.record_id);
    if (code == CLI_OK) code = index_reason_read(cli, arguments, request.reason);
    if (code != CLI_OK) return code;
    const struct index_question question =
        INDEX_COMMAND("UnlinkRecord", index_unlink_request_wire, INDEX_COMMAND_UNLINK, &request, &answer);
    return index_ask(cli, arguments, &question);
}

const struct command command_index_unlink = {
    .name = "index unlink",
    .arguments = "RECORD",
    .sentence = "Take a record out of its person; it is a person of its own from then on",
    .options = reason_options,
    .option_count = REASON_OPTIONS,
    .argument_min = 1,
    .argument_max = 1,
    .run = run_unlink,
};

/* ---- persons ---- */

static const struct command_option merge_options[] = {
    INDEX_REASON_ROW,
    {.name = "approves",
     .value = "MERGE",
     .kind = OPTION_UUID,
     .sentence = "The merge that another user asked for and that waits for a second one"},
    OPTION_ROW_ID,
    OPTION_ROW_CORRELATION,
};

static int run_merge(struct cli *cli, const struct arguments *arguments) {
    struct index_merge_request request;
    struct index_answer answer;
    int code = index_id_read(cli, arguments, 0, "SURVIVOR", &request.survivor_id);
    if (code == CLI_OK) code = index_id_read(cli, arguments, 1, "OTHER", &request.other_id);
    if (code == CLI_OK) code = index_reason_read(cli, arguments, request.reason);
    if (code != CLI_OK) return code;
    request.approves_merge_id = option_uuid(arguments, "approves");
    const struct index_question question =
        INDEX_COMMAND("MergePersons", index_merge_request_wire, INDEX_COMMAND_MERGE, &request, &answer);
    return index_ask(cli, arguments, &question);
}

const struct command command_index_merge = {
    .name = "index merge",
    .arguments = "SURVIVOR OTHER",
    .sentence = "Say that two persons are one; the first one's id remains",
    .more =
        "Can be taken back by `bhr index unmerge`, whatever came in since. Where both have verified NHS numbers that "
        "differ, the answer is approval_needed with a merge id: another user repeats it with --approves.",
    .options = merge_options,
    .option_count = sizeof merge_options / sizeof merge_options[0],
    .argument_min = 2,
    .argument_max = 2,
    .run = run_merge,
};

static int run_unmerge(struct cli *cli, const struct arguments *arguments) {
    struct index_unmerge_request request;
    struct index_answer answer;
    int code = index_id_read(cli, arguments, 0, "MERGE", &request.merge_id);
    if (code == CLI_OK) code = index_reason_read(cli, arguments, request.reason);
    if (code != CLI_OK) return code;
    const struct index_question question =
        INDEX_COMMAND("UnmergePersons", index_unmerge_request_wire, INDEX_COMMAND_UNMERGE, &request, &answer);
    return index_ask(cli, arguments, &question);
}

const struct command command_index_unmerge = {
    .name = "index unmerge",
    .arguments = "MERGE",
    .sentence = "Take a merge back, and say from when until when both were taken for one",
    .options = reason_options,
    .option_count = REASON_OPTIONS,
    .argument_min = 1,
    .argument_max = 1,
    .run = run_unmerge,
};

/* ---- the work list ---- */

static const struct command_option list_options[] = {
    {.name = "limit",
     .value = "N",
     .kind = OPTION_NUMBER,
     .min = 1,
     .max = INDEX_PAIRS_SHOWN_MAX,
     .fallback = INDEX_PAIRS_SHOWN_DEFAULT,
     .sentence = "At most so many; default 20"},
};

static int run_list(struct cli *cli, const struct arguments *arguments) {
    static struct index_pairs_answer answer;
    struct index_list_pairs_request request = {.limit = (uint32_t)option_number(arguments, "limit")};
    const struct index_question question = {.method = INDEX_METHOD("ListPairs"),
                                            .is_query = true,
                                            .request = &index_list_pairs_request_wire,
                                            .response = &index_pairs_response_wire,
                                            .plain = &request,
                                            .ret_answer = &answer};
    return index_ask(cli, arguments, &question);
}

const struct command command_index_worklist_list = {
    .name = "index worklist list",
    .sentence = "Pairs of persons who may be one, and that nobody has decided; oldest first",
    .options = list_options,
    .option_count = sizeof list_options / sizeof list_options[0],
    .run = run_list,
};

static const struct command_option claim_options[] = {OPTION_ROW_ID, OPTION_ROW_CORRELATION};

static int run_claim(struct cli *cli, const struct arguments *arguments) {
    struct index_claim_request request;
    struct index_answer answer;
    int code = index_id_read(cli, arguments, 0, "PAIR", &request.pair_id);
    if (code != CLI_OK) return code;
    const struct index_question question =
        INDEX_COMMAND("ClaimPair", index_claim_request_wire, INDEX_COMMAND_CLAIM, &request, &answer);
    return index_ask(cli, arguments, &question);
}

const struct command command_index_worklist_claim = {
    .name = "index worklist claim",
    .arguments = "PAIR",
    .sentence = "Take a pair, so that nobody else works on it",
    .options = claim_options,
    .option_count = sizeof claim_options / sizeof claim_options[0],
    .argument_min = 1,
    .argument_max = 1,
    .run = run_claim,
};

#define VERDICTS "same|different"
static const struct command_option decide_options[] = {
    {.name = "verdict",
     .value = VERDICTS,
     .kind = OPTION_CHOICE,
     .choices = VERDICTS,
     .is_required = true,
     .sentence = "One person, or two who are never proposed again"},
    INDEX_REASON_ROW,
    OPTION_ROW_ID,
    OPTION_ROW_CORRELATION,
};

static int run_decide(struct cli *cli, const struct arguments *arguments) {
    struct index_decide_request request;
    struct index_answer answer;
    int code = index_id_read(cli, arguments, 0, "PAIR", &request.pair_id);
    if (code == CLI_OK) code = index_reason_read(cli, arguments, request.reason);
    if (code != CLI_OK) return code;
    request.is_same = option_number(arguments, "verdict") == 1;
    const struct index_question question =
        INDEX_COMMAND("DecidePair", index_decide_request_wire, INDEX_COMMAND_DECIDE, &request, &answer);
    return index_ask(cli, arguments, &question);
}

const struct command command_index_worklist_decide = {
    .name = "index worklist decide",
    .arguments = "PAIR",
    .sentence = "Decide a pair: one person or two",
    .options = decide_options,
    .option_count = sizeof decide_options / sizeof decide_options[0],
    .argument_min = 1,
    .argument_max = 1,
    .run = run_decide,
};

/* ---- the board ---- */

static unsigned percent(uint64_t part, uint64_t whole) {
    return whole == 0 ? 0 : (unsigned)((part * 1000 / whole + 5) / 10);
}

static void say_board(const void *answer) {
    const struct index_board_answer *board = answer;
    printf("%-10s %-16s %10s %8s  %9s %9s %9s %10s %9s %9s\n", "whose", "source", "records", "known", "verified",
           "matched", "review", "incomplete", "conflict", "unmatched");
    for (uint32_t i = 0; i < board->row_count; i++) {
        const struct index_board_row *row = &board->rows[i];
        printf("%-10s %-16s %10llu %6u %%  %9llu %9llu %9llu %10llu %9llu %9llu\n", row->organisation, row->source,
               (unsigned long long)row->records, percent(row->verified + row->matched, row->records),
               (unsigned long long)row->verified, (unsigned long long)row->matched, (unsigned long long)row->review,
               (unsigned long long)row->incomplete, (unsigned long long)row->conflict,
               (unsigned long long)row->unmatched);
    }
    if (board->row_count == 0) printf("no records yet\n");
}

static int run_board(struct cli *cli, const struct arguments *arguments) {
    static struct index_board_answer answer;
    const struct index_question question = {.method = INDEX_METHOD("GetBoard"),
                                            .is_query = true,
                                            .response = &index_board_response_wire,
                                            .ret_answer = &answer,
                                            .say = say_board};
    return index_ask(cli, arguments, &question);
}

const struct command command_index_board = {
    .name = "index board",
    .sentence = "How many records of each source have an NHS number, and why the others have none",
    .more =
        "known: verified by the source, or matched to a person who has a verified number. The rest waits for a human "
        "(review), lacks a needed field (incomplete), has a wrong or disputed number (conflict), or fits nobody.",
    .run = run_board,
};
