/* Reads a token from a file or from the word itself. Owns nothing. Whether the token is any good is for the service to
 * say. */
#include "cli/bhr/token_file.h"

#include <errno.h>
#include <stdio.h>
#include <unistd.h>

static bool is_token(const char *text, size_t size);

enum status token_file_read(const char *given, char ret_token[TOKEN_SIZE_MAX + 1], struct error *reterr_error) {
    size_t size = strlen(given);
    if (access(given, F_OK) != 0 && is_token(given, size)) {
        memcpy(ret_token, given, size + 1);
        return STATUS_OK;
    }
    FILE *file = fopen(given, "re");
    if (file == NULL) {
        return error_set(reterr_error, errno == ENOENT ? STATUS_NOT_FOUND : STATUS_IO,
                         "%.160s is no token, and no file that can be read: %s", given, strerror(errno));
    }
    char text[TOKEN_SIZE_MAX + 2];
    size = fread(text, 1, sizeof text, file);
    (void)fclose(file);
    while (size > 0 && (text[size - 1] == '\n' || text[size - 1] == '\r')) size--;
    if (!is_token(text, size)) {
        return error_set(reterr_error, STATUS_INVALID, "%.160s holds no token (`bhr token new` makes one)", given);
    }
    memcpy(ret_token, text, size);
    ret_token[size] = '\0';
    return STATUS_OK;
}

/* Three runs of base64url with dots between; the last may be empty, so that a token without a signature can be sent and
 * refused. */
static bool is_token(const char *text, size_t size) {
    int dots = 0;
    for (size_t i = 0; i < size; i++) {
        bool is_letter = (text[i] >= 'A' && text[i] <= 'Z') || (text[i] >= 'a' && text[i] <= 'z');
        bool is_digit = text[i] >= '0' && text[i] <= '9';
        if (text[i] == '.') dots++;
        if (!is_letter && !is_digit && text[i] != '-' && text[i] != '_' && text[i] != '.') return false;
    }
    return size > 0 && size <= TOKEN_SIZE_MAX && dots == 2;
}
