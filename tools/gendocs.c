/* Writes the pages that are made of tables: docs/CONFIG.md, docs/OUTCOMES.md, docs/METRICS.md and docs/asyncapi.yaml.
 *   bhr-gendocs --write docs    writes them
 *   bhr-gendocs --check docs    exits 1 and names the page when one is not what the tables say */
#include "lib/base/assert.h"
#include "lib/base/outcome.h"
#include "lib/host/config.h"
#include "lib/host/metrics.h"
#include "services/booking/service.h"
#include "services/index/service.h"
#include "tools/asyncapi.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PAGE_PATH_MAX = 4096 };

static const struct service *const services[] = {&booking_service, &index_service_table};
enum { SERVICE_COUNT = sizeof services / sizeof services[0] };

static void print_config(FILE *out);
static void print_outcomes(FILE *out);
static void print_outcome_rows(FILE *out, const struct outcome_row *rows, size_t count);
static bool handle_page(const char *folder, const char *name, void (*print)(FILE *out), bool is_check);
static bool write_page(const char *path, const char *text, size_t size);
static bool check_page(const char *path, const char *text, size_t size);

int main(int argc, char **argv) {
    bool is_check = argc == 3 && strcmp(argv[1], "--check") == 0;
    if (!is_check && (argc != 3 || strcmp(argv[1], "--write") != 0)) {
        fprintf(stderr, "usage: bhr-gendocs --write FOLDER | --check FOLDER\n");
        return 2;
    }
    bool is_good = handle_page(argv[2], "CONFIG.md", print_config, is_check);
    is_good &= handle_page(argv[2], "OUTCOMES.md", print_outcomes, is_check);
    is_good &= handle_page(argv[2], "METRICS.md", metrics_print_markdown, is_check);
    is_good &= handle_page(argv[2], "asyncapi.yaml", asyncapi_print, is_check);
    return is_good ? 0 : 1;
}

static void print_config(FILE *out) {
    config_print_markdown(out, services, SERVICE_COUNT);
}

static void print_outcomes(FILE *out) {
    static const struct outcome_row common[] = {
#define X(code, NAME, name, status, bars, sentence) {code, name, status, bars, sentence},
#include "lib/base/outcome_common.def"
#undef X
    };
    fprintf(
        out,
        "# Outcomes\n\n"
        "Made by `make docs` from `lib/base/outcome_common.def` and each service's `core/outcome.def`: change those, "
        "not this\npage.\n\n"
        "Every accepted command has exactly one outcome. The name is stable: it stands in replies, metrics and "
        "logs. A code never\nchanges meaning; 50 to 99 are answers of a door and leave no entry in the journal. "
        "The last column is what a BaRS client\ngets: HTTP status, BaRS code and issue code.\n\n"
        "## Every service\n\n");
    print_outcome_rows(out, common, sizeof common / sizeof common[0]);
    for (size_t i = 0; i < SERVICE_COUNT; i++) {
        fprintf(out, "\n## %s\n\n", services[i]->name);
        print_outcome_rows(out, services[i]->outcomes, services[i]->outcome_count);
    }
}

static void print_outcome_rows(FILE *out, const struct outcome_row *rows, size_t count) {
    fprintf(out, "| code | name | status | what it means | BaRS |\n|---|---|---|---|---|\n");
    for (size_t i = 0; i < count; i++) {
        ASSERT(i == 0 || rows[i - 1].code < rows[i].code);
        fprintf(out, "| %u | `%s` | %s | %s | %s |\n", rows[i].code, rows[i].name, reply_status_name(rows[i].status),
                rows[i].sentence, rows[i].bars);
    }
}

static bool handle_page(const char *folder, const char *name, void (*print)(FILE *out), bool is_check) {
    char path[PAGE_PATH_MAX];
    char *text = NULL;
    size_t size = 0;
    FILE *page = open_memstream(&text, &size);
    if (page == NULL) {
        fprintf(stderr, "bhr-gendocs: no memory\n");
        return false;
    }
    print(page);
    fclose(page);
    int path_size = snprintf(path, sizeof path, "%s/%s", folder, name);
    bool is_good = path_size > 0 && (size_t)path_size < sizeof path &&
                   (is_check ? check_page(path, text, size) : write_page(path, text, size));
    free(text);
    return is_good;
}

static bool write_page(const char *path, const char *text, size_t size) {
    FILE *file = fopen(path, "w");
    bool is_written = file != NULL && fwrite(text, 1, size, file) == size;
    if (file != NULL && fclose(file) != 0) is_written = false;
    if (!is_written) fprintf(stderr, "bhr-gendocs: %s cannot be written: %s\n", path, strerror(errno));
    return is_written;
}

static bool check_page(const char *path, const char *text, size_t size) {
    char *found = malloc(size + 1);
    FILE *file = fopen(path, "r");
    /* One byte more than it should have, so that a longer page is seen. */
    bool is_same =
        found != NULL && file != NULL && fread(found, 1, size + 1, file) == size && memcmp(found, text, size) == 0;
    if (file != NULL) fclose(file);
    free(found);
    if (!is_same) fprintf(stderr, "bhr-gendocs: %s is not what the tables say: run `make docs`\n", path);
    return is_same;
}
