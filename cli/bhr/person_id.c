/* Reads the options that name a person by pseudonymous id or by NHS number. The key is wiped from memory after use. */
#include "cli/bhr/person_id.h"

#include "lib/base/text.h"
#include "lib/digest/seal.h"
#include "services/booking/resolve.h"

#include <stdio.h>

enum { PSEUDONYM_KEY_SIZE = 32 };

static int read_pseudonym_key(struct cli *cli, uint8_t ret_key[PSEUDONYM_KEY_SIZE]);

int person_id_read(struct cli *cli, const struct arguments *arguments, struct uuid *ret_person_id) {
    const char *nhs_number = option_nhs(arguments, "nhs-number");
    *ret_person_id = option_uuid(arguments, "person-id");
    bool has_number = *nhs_number != '\0', has_id = !uuid_is_zero(*ret_person_id);
    if (has_number == has_id) return command_usage(cli, arguments, "expected --nhs-number or --person-id");
    if (has_id) return CLI_OK;
    int code = cli_need_suite(cli);
    uint8_t key[PSEUDONYM_KEY_SIZE];
    if (code == CLI_OK) code = read_pseudonym_key(cli, key);
    if (code != CLI_OK) return code;
    struct booking_person person = {0};
    memcpy(person.nhs_number, nhs_number, strlen(nhs_number) + 1);
    *ret_person_id = resolve_person(key, slice_text(""), &person);
    seal_wipe(key, sizeof key);
    return CLI_OK;
}

static int read_pseudonym_key(struct cli *cli, uint8_t ret_key[PSEUDONYM_KEY_SIZE]) {
    const char *path = cli->suite.pseudonym_key_file;
    char text[2 * PSEUDONYM_KEY_SIZE + 2] = {0};
    FILE *file = path[0] != '\0' ? fopen(path, "re") : NULL;
    size_t size = file != NULL ? fread(text, 1, sizeof text - 1, file) : 0;
    if (file != NULL) (void)fclose(file);
    while (size > 0 && (text[size - 1] == '\n' || text[size - 1] == '\r')) size--;
    bool is_good = text_unhex(slice_of(text, size), ret_key, PSEUDONYM_KEY_SIZE);
    seal_wipe(text, sizeof text);
    if (is_good) return CLI_OK;
    return cli_fail(cli, CLI_USAGE, "or name the person with --person-id",
                    "%s: [suite] needs pseudonym_key_file, a file with 64 hexadecimal digits, to find a person by NHS "
                    "number",
                    cli->suite.path);
}
