/* What may be shown of somebody to whoever need not know who they are. Pure. */
#include "services/index/core/mask.h"

/* Everything but the first byte, or the first letter of several bytes, becomes one star. */
static void mask_name(char *name, size_t size_max) {
    size_t kept = 1;
    if (*name == '\0') return;
    while ((name[kept] & 0xC0) == 0x80) kept++;
    memset(name + kept, 0, size_max - kept);
    name[kept] = '*';
}

static void mask_number(char *number) {
    size_t size = strlen(number), shown = 3;
    for (size_t i = 0; i + shown < size; i++) number[i] = '*';
}

void index_mask(struct index_demographics *demographics) {
    mask_number(demographics->nhs_number);
    mask_number(demographics->phone);
    mask_name(demographics->family_name, sizeof demographics->family_name - 1);
    mask_name(demographics->given_name, sizeof demographics->given_name - 1);
    if (demographics->birth_date[0] != '\0') {
        memset(demographics->birth_date + 4, 0, sizeof demographics->birth_date - 4);
    }
    memset(demographics->address_lines, 0, sizeof demographics->address_lines);
    demographics->address_line_count = 0;
    memset(demographics->house, 0, sizeof demographics->house);
    memset(demographics->county, 0, sizeof demographics->county);
    char *space = memchr(demographics->postcode, ' ', sizeof demographics->postcode);
    if (space != NULL) memset(space, 0, sizeof demographics->postcode - (size_t)(space - demographics->postcode));
}
