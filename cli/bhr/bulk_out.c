/* The output of a bulk run. Owns its file; one thread. */
#include "cli/bhr/bulk_out.h"

#include <errno.h>
#include <stdio.h>
#include <unistd.h>

enum { LINE_MAX_BYTES = 1024 };

static int take_up(const struct cli *cli, struct bulk_out *out);

int bulk_out_open(const struct cli *cli, const char *path, struct bulk_out *ret_out) {
    struct bulk_out out = {.path = path};
    *ret_out = out;
    if (path == NULL) return CLI_OK;
    int size = snprintf(out.part, sizeof out.part, "%s.part", path);
    if (size < 0 || (size_t)size >= sizeof out.part) {
        return cli_fail(cli, CLI_USAGE, NULL, "--out: expected a shorter path");
    }
    if (access(path, F_OK) == 0) {
        return cli_fail(cli, CLI_USAGE, "remove it, or choose another name", "%s is there already", path);
    }
    out.file = fopen(out.part, "r+e");
    int code = CLI_OK;
    if (out.file != NULL) {
        code = take_up(cli, &out);
    } else {
        out.file = fopen(out.part, "we");
        if (out.file == NULL) return cli_fail(cli, CLI_USAGE, NULL, "%s: %s", out.part, strerror(errno));
        (void)fprintf(out.file, "%s\n", BULK_OUT_HEAD);
    }
    *ret_out = out;
    return code;
}

/* The first field of a line, as csv_put wrote it. */
static void reference_of(const char *line, char ret_reference[INDEX_LOCAL_ID_MAX + 1]) {
    size_t size = 0;
    bool is_quoted = *line == '"';
    if (is_quoted) line++;
    for (; *line != '\0' && size < INDEX_LOCAL_ID_MAX; line++) {
        if (!is_quoted && *line == ',') break;
        if (is_quoted && *line == '"' && *++line != '"') break;
        ret_reference[size++] = *line;
    }
    ret_reference[size] = '\0';
}

/* Counts the lines that are whole and cuts what is not. */
static int take_up(const struct cli *cli, struct bulk_out *out) {
    char line[LINE_MAX_BYTES];
    uint64_t lines = 0;
    long whole = 0;
    while (fgets(line, sizeof line, out->file) != NULL) {
        size_t size = strlen(line);
        if (line[size - 1] != '\n') break;
        line[size - 1] = '\0';
        if (lines == 0 && strcmp(line, BULK_OUT_HEAD) != 0) {
            return cli_fail(cli, CLI_USAGE, "remove it to begin anew", "%s is no output of this command", out->part);
        }
        if (lines > 0) reference_of(line, out->last_reference);
        lines++;
        whole = ftell(out->file);
    }
    if (whole < 0 || fseek(out->file, whole, SEEK_SET) != 0 || ftruncate(fileno(out->file), whole) != 0) {
        return cli_fail(cli, CLI_UNREACHED, NULL, "%s: %s", out->part, strerror(errno));
    }
    if (lines == 0) (void)fprintf(out->file, "%s\n", BULK_OUT_HEAD);
    out->done = lines > 0 ? lines - 1 : 0;
    return CLI_OK;
}

void bulk_out_put(struct bulk_out *out, const struct bulk_item *item) {
    if (out->file == NULL) return;
    char field[2 * BULK_WHY_MAX + 4], id[CLI_UUID_ROOM] = "";
    size_t size = csv_put(slice_text(item->reference), field, sizeof field);
    if (!uuid_is_zero(item->person_id)) (void)cli_uuid_text(item->person_id.bytes, id);
    (void)fprintf(out->file, "%.*s,%s,%s,%s,", (int)size, field, item->code, item->word, id);
    if (item->posterior_ppm > 0) (void)fprintf(out->file, "%u", item->posterior_ppm);
    size = csv_put(slice_text(item->why), field, sizeof field);
    (void)fprintf(out->file, ",%.*s\n", (int)size, field);
}

enum status bulk_out_finish(struct bulk_out *out, bool is_whole, struct error *reterr_error) {
    if (out->file == NULL) return STATUS_OK;
    bool is_written = fflush(out->file) == 0 && ferror(out->file) == 0 && fsync(fileno(out->file)) == 0;
    if (is_written && (!is_whole || rename(out->part, out->path) == 0)) return STATUS_OK;
    return error_set(reterr_error, STATUS_IO, "%s could not be written: %s", out->part, strerror(errno));
}

void bulk_out_close(struct bulk_out *out) {
    if (out->file != NULL) (void)fclose(out->file);
    out->file = NULL;
}
