/* What the index's texts must be. Expectations name the rule, never the value. Owns nothing; any thread. */
#include "lib/wire/index/index_forms.h"

#include "lib/base/civil_time.h"
#include "lib/base/nhs_number.h"
#include "lib/base/text.h"

enum { BIRTH_YEAR_MIN = 1880, INWARD_SIZE = 3, OUTWARD_SIZE_MIN = 2, OUTWARD_SIZE_MAX = 4 };
enum { LANGUAGE_SIZE_MIN = 2, LANGUAGE_SIZE_MAX = 3, SUBTAG_SIZE_MAX = 8 };

static bool is_digit(uint8_t c) {
    return c >= '0' && c <= '9';
}

static bool is_capital(uint8_t c) {
    return c >= 'A' && c <= 'Z';
}

static bool keep(struct slice text, char *ret_text, size_t size) {
    if (text.size >= size) return false;
    memcpy(ret_text, text.data, text.size);
    return true;
}

static bool accept_nhs_number(struct slice text, char *ret_text, size_t size) {
    char digits[10];
    return nhs_number_parse(text, digits) == NHS_NUMBER_GOOD && keep(slice_of(digits, sizeof digits), ret_text, size);
}

static const char *explain_nhs_number(struct slice text) {
    char digits[10];
    return nhs_number_fault_text(nhs_number_parse(text, digits));
}

/* The day or the month may be missing; what is there must be of a real day. The door knows whether it is in the
 * future. */
static bool accept_birth_date(struct slice text, char *ret_text, size_t size) {
    char whole[INDEX_DATE_MAX + 1] = "0000-01-01";
    if (text.size != 4 && text.size != 7 && text.size != INDEX_DATE_MAX) return false;
    memcpy(whole, text.data, text.size);
    if (!civil_is_date(slice_text(whole))) return false;
    int year = (whole[0] - '0') * 1000 + (whole[1] - '0') * 100 + (whole[2] - '0') * 10 + (whole[3] - '0');
    return year >= BIRTH_YEAR_MIN && keep(text, ret_text, size);
}

/* Upper case without spaces; 0 when it is too long. */
static size_t postcode_letters(struct slice text, uint8_t ret_letters[OUTWARD_SIZE_MAX + INWARD_SIZE]) {
    size_t size = 0;
    for (size_t i = 0; i < text.size; i++) {
        uint8_t c = text.data[i];
        if (c == ' ') continue;
        if (size == OUTWARD_SIZE_MAX + INWARD_SIZE) return 0;
        ret_letters[size++] = c >= 'a' && c <= 'z' ? (uint8_t)(c - 'a' + 'A') : c;
    }
    return size;
}

static bool is_district(const uint8_t *letters, size_t size) {
    if (size < OUTWARD_SIZE_MIN || size > OUTWARD_SIZE_MAX || !is_capital(letters[0])) return false;
    bool has_digit = false;
    for (size_t i = 1; i < size; i++) {
        if (!is_digit(letters[i]) && !is_capital(letters[i])) return false;
        has_digit |= is_digit(letters[i]);
    }
    return has_digit;
}

static bool accept_postcode(struct slice text, char *ret_text, size_t size) {
    uint8_t letters[OUTWARD_SIZE_MAX + INWARD_SIZE];
    size_t count = postcode_letters(text, letters);
    if (count < OUTWARD_SIZE_MIN + INWARD_SIZE || count + 1 >= size) return false;
    const uint8_t *inward = letters + count - INWARD_SIZE;
    bool is_inward = is_digit(inward[0]) && is_capital(inward[1]) && is_capital(inward[2]);
    if (!is_inward || !is_district(letters, count - INWARD_SIZE)) return false;
    memcpy(ret_text, letters, count - INWARD_SIZE);
    ret_text[count - INWARD_SIZE] = ' ';
    memcpy(ret_text + count - INWARD_SIZE + 1, inward, INWARD_SIZE);
    return true;
}

static bool accept_district(struct slice text, char *ret_text, size_t size) {
    uint8_t letters[OUTWARD_SIZE_MAX + INWARD_SIZE];
    size_t count = postcode_letters(text, letters);
    return is_district(letters, count) && keep(slice_of(letters, count), ret_text, size);
}

static bool accept_area(struct slice text, char *ret_text, size_t size) {
    return accept_postcode(text, ret_text, size) || accept_district(text, ret_text, size);
}

static bool accept_phone(struct slice text, char *ret_text, size_t size) {
    return text_is_phone(text, size - 1) && keep(text, ret_text, size);
}

static bool accept_identifier(struct slice text, char *ret_text, size_t size) {
    return memchr(text.data, ':', text.size) == NULL && wire_token.accept(text, ret_text, size);
}

static bool accept_reason(struct slice text, char *ret_text, size_t size) {
    return !nhs_number_is_in(text) && wire_line.accept(text, ret_text, size);
}

static bool accept_line(struct slice text, char *ret_text, size_t size) {
    return wire_line.accept(text, ret_text, size);
}

/* A language of 2 or 3 letters, and groups of at most 8 letters and digits, each behind a "-" (BCP 47). */
static bool accept_language(struct slice text, char *ret_text, size_t size) {
    size_t group_size = 0, groups = 0;
    for (size_t i = 0; i <= text.size; i++) {
        uint8_t c = i < text.size ? text.data[i] : '-';
        bool is_letter = is_capital(c) || (c >= 'a' && c <= 'z');
        if (c != '-') {
            if (!is_letter && (groups == 0 || !is_digit(c))) return false;
            group_size++;
            continue;
        }
        size_t size_min = groups == 0 ? LANGUAGE_SIZE_MIN : 1,
               size_max = groups == 0 ? LANGUAGE_SIZE_MAX : SUBTAG_SIZE_MAX;
        if (group_size < size_min || group_size > size_max) return false;
        group_size = 0;
        groups++;
    }
    return keep(text, ret_text, size);
}

static bool accept_practitioner_id(struct slice text, char *ret_text, size_t size) {
    for (size_t i = 0; i < text.size; i++) {
        if (!is_digit(text.data[i])) return false;
    }
    return text.size == INDEX_PRACTITIONER_ID_MAX && keep(text, ret_text, size);
}

/* A letter and its digits. */
static bool take_code(struct slice *text, uint8_t letter) {
    size_t size = 1;
    if (text->size == 0 || text->data[0] != letter) return false;
    while (size < text->size && is_digit(text->data[size])) size++;
    *text = slice_of(text->data + size, text->size - size);
    return size > 1;
}

static bool take_colon(struct slice *text) {
    if (text->size == 0 || text->data[0] != ':') return false;
    *text = slice_of(text->data + 1, text->size - 1);
    return true;
}

/* "R8000", or "S8000:G8000:R8000" (domain.md 4.3). */
static bool accept_role_code(struct slice text, char *ret_text, size_t size) {
    struct slice rest = text;
    bool has_groups = text.size > 0 && text.data[0] == 'S';
    if (has_groups && !(take_code(&rest, 'S') && take_colon(&rest) && take_code(&rest, 'G') && take_colon(&rest))) {
        return false;
    }
    return take_code(&rest, 'R') && rest.size == 0 && keep(text, ret_text, size);
}

static bool accept_registration(struct slice text, char *ret_text, size_t size) {
    if (text.size == 0 || text.size >= size) return false;
    for (size_t i = 0; i < text.size; i++) {
        uint8_t c = text.data[i];
        c = c >= 'a' && c <= 'z' ? (uint8_t)(c - 'a' + 'A') : c;
        if (!is_digit(c) && !is_capital(c)) return false;
        ret_text[i] = (char)c;
    }
    return true;
}

const struct wire_form index_name_form = {accept_line, "expected at most 100 bytes on one line", NULL};
const struct wire_form index_nhs_number_form = {accept_nhs_number, "expected ten digits", explain_nhs_number};
const struct wire_form index_birth_date_form = {
    accept_birth_date, "expected a day that exists, as YYYY-MM-DD, YYYY-MM or YYYY, not before 1880", NULL};
const struct wire_form index_postcode_form = {accept_postcode, "expected a UK postcode", NULL};
const struct wire_form index_area_form = {accept_area, "expected a UK postcode or postcode district", NULL};
const struct wire_form index_district_form = {accept_district, "expected postcode districts such as RM1", NULL};
const struct wire_form index_phone_form = {
    accept_phone, "expected 5 to 20 digits with spaces or a leading plus, at most 32 characters", NULL};
const struct wire_form index_local_id_form = {accept_line, "expected 1 to 64 bytes on one line", NULL};
const struct wire_form index_identifier_form = {accept_identifier, "expected 1 to 32 characters of A-Z a-z 0-9 . _ -",
                                                NULL};
const struct wire_form index_reason_form = {accept_reason,
                                            "expected why, 1 to 200 bytes on one line, without an NHS number", NULL};
const struct wire_form index_language_form = {accept_language, "expected a language tag such as en, bn or pt-BR", NULL};
const struct wire_form index_practitioner_id_form = {accept_practitioner_id, "expected an SDS user id, 12 digits",
                                                     NULL};
const struct wire_form index_role_code_form = {accept_role_code, "expected a role such as R8000 or S8000:G8000:R8000",
                                               NULL};
const struct wire_form index_registration_form = {accept_registration, "expected 1 to 12 letters and digits", NULL};
