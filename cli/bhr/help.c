/* Help from the tables; prints, owns nothing. */
#include "cli/bhr/help.h"

#include "lib/base/assert.h"

enum { WORD_MAX = 32 };

static uint32_t distance(const char *a, const char *b);
static void print_command(FILE *out, const struct command *command);

void help_all(FILE *out, const struct argp *global) {
    fprintf(out,
            "bhr: the command line of the BHR Exchange\n\nUsage: bhr [OPTION...] COMMAND [OPTION...]\n\nCommands:\n");
    for (uint32_t i = 0; i < command_count; i++) print_command(out, commands[i]);
    fprintf(out, "\nOptions, before or after the command:\n");
    argp_help(global, out, ARGP_HELP_LONG, (char[]){"bhr"});
    fprintf(out, "\nExit codes:\n");
#define X(name, code, sentence) fprintf(out, "  %d  %s\n", code, sentence);
    CLI_EXITS(X)
#undef X
    fprintf(out, "\nTimes are UK time. `bhr help COMMAND` says more about one command.\n"
                 "NO_COLOR in the environment switches colours off.\n");
}

bool help_group(FILE *out, const char *word) {
    bool is_found = false;
    size_t size = strlen(word);
    for (uint32_t i = 0; i < command_count && size > 0; i++) {
        const char *name = commands[i]->name;
        if (strncmp(name, word, size) != 0 || name[size] != ' ') continue;
        if (!is_found) fprintf(out, "bhr %s needs one more word:\n", word);
        is_found = true;
        print_command(out, commands[i]);
    }
    return is_found;
}

const char *help_nearest(const char *word) {
    const char *best = NULL;
    uint32_t best_distance = 3; /* further away than two letters is no typing error */
    for (uint32_t i = 0; i < command_count; i++) {
        char first[WORD_MAX];
        (void)snprintf(first, sizeof first, "%.*s", (int)strcspn(commands[i]->name, " "), commands[i]->name);
        uint32_t away = distance(word, first);
        if (away >= best_distance) continue;
        best_distance = away;
        best = commands[i]->name;
    }
    return best;
}

void help_doc(const struct command *command, char *ret_text, size_t size_max) {
    int size = snprintf(ret_text, size_max, "%s\v%s%sExit codes:", command->sentence,
                        command->more != NULL ? command->more : "", command->more != NULL ? "\n\n" : "");
    ASSERT(size > 0 && (size_t)size < size_max);
    size_t used = (size_t)size;
#define X(name, code, sentence)                                                                                        \
    size = snprintf(ret_text + used, size_max - used, "\n  %d  %s", code, sentence);                                   \
    ASSERT(size > 0 && (size_t)size < size_max - used);                                                                \
    used += (size_t)size;
    CLI_EXITS(X)
#undef X
}

static void print_command(FILE *out, const struct command *command) {
    char usage[80];
    (void)snprintf(usage, sizeof usage, "%s %s", command->name, command->arguments != NULL ? command->arguments : "");
    fprintf(out, "  %-28s %s\n", usage, command->sentence);
}

/* Levenshtein: how many letters to change, add or leave out. */
static uint32_t distance(const char *a, const char *b) {
    size_t a_size = strlen(a), b_size = strlen(b);
    if (a_size >= WORD_MAX || b_size >= WORD_MAX) return WORD_MAX;
    uint32_t row[WORD_MAX + 1];
    for (uint32_t j = 0; j <= b_size; j++) row[j] = j;
    for (uint32_t i = 1; i <= a_size; i++) {
        uint32_t corner = row[0];
        row[0] = i;
        for (uint32_t j = 1; j <= b_size; j++) {
            uint32_t change = corner + (a[i - 1] != b[j - 1]);
            corner = row[j];
            uint32_t least = row[j] < row[j - 1] ? row[j] + 1 : row[j - 1] + 1;
            row[j] = change < least ? change : least;
        }
    }
    return row[b_size];
}
