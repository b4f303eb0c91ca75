/* Sessions and users that are refused although their token is good: a sorted list from a file. Owns the list. */
#include "lib/port/jose/jose_internal.h"

#include "lib/base/assert.h"
#include "lib/base/text.h"

#include <stdlib.h>

static struct slice next_line(struct slice *rest);
static struct slice trimmed(struct slice line);
static int compare(const void *a, const void *b);

enum status jose_revoked_parse(struct slice text, struct jose_revoked *ret_revoked, struct error *reterr_error) {
    struct jose_revoked revoked = {.ids = calloc(JOSE_REVOKED_MAX, sizeof *revoked.ids)};
    if (revoked.ids == NULL) return error_set(reterr_error, STATUS_NO_MEMORY, "no memory for the revocation list");
    enum status status = STATUS_OK;
    for (uint32_t line = 1; status == STATUS_OK && text.size > 0; line++) {
        struct slice id = trimmed(next_line(&text));
        if (id.size == 0) continue;
        if (!text_is_token(id, TOKEN_TEXT_MAX)) {
            status = error_set(reterr_error, STATUS_INVALID,
                               "revocation list: line %u: expected 1 to %d of A-Z a-z 0-9 . _ : -", line,
                               (int)TOKEN_TEXT_MAX);
        } else if (revoked.count == JOSE_REVOKED_MAX) {
            status = error_set(reterr_error, STATUS_FULL, "revocation list: expected at most %d lines",
                               (int)JOSE_REVOKED_MAX);
        } else {
            memcpy(revoked.ids[revoked.count++], id.data, id.size);
        }
    }
    if (status != STATUS_OK) {
        free(revoked.ids);
        return status;
    }
    qsort(revoked.ids, revoked.count, sizeof *revoked.ids, compare);
    *ret_revoked = revoked;
    return STATUS_OK;
}

static struct slice next_line(struct slice *rest) {
    const uint8_t *end = memchr(rest->data, '\n', rest->size);
    size_t size = end == NULL ? rest->size : (size_t)(end - rest->data);
    size_t taken = end == NULL ? size : size + 1;
    struct slice line = slice_of(rest->data, size);
    *rest = slice_of(rest->data + taken, rest->size - taken);
    return line;
}

/* Without comment and blanks around. */
static struct slice trimmed(struct slice line) {
    const uint8_t *comment = line.size > 0 ? memchr(line.data, '#', line.size) : NULL;
    if (comment != NULL) line.size = (size_t)(comment - line.data);
    while (line.size > 0 && strchr(" \t\r", line.data[line.size - 1]) != NULL) line.size--;
    while (line.size > 0 && (line.data[0] == ' ' || line.data[0] == '\t'))
        line = slice_of(line.data + 1, line.size - 1);
    return line;
}

static int compare(const void *a, const void *b) {
    return strcmp(a, b);
}

void jose_revoked_drop(struct jose_revoked *revoked) {
    free(revoked->ids);
    *revoked = (struct jose_revoked){0};
}

bool jose_revoked_has(const struct jose_revoked *revoked, const char *id) {
    if (revoked->count == 0 || id[0] == '\0') return false;
    return bsearch(id, revoked->ids, revoked->count, sizeof *revoked->ids, compare) != NULL;
}
