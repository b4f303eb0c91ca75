/* Text from outside. protobuf-c cuts strings at a NUL and accepts invalid UTF-8, so every decoder asks here first
 * (design section 3, invariant 8). */
#ifndef BHR_BASE_TEXT_H
#define BHR_BASE_TEXT_H

#include "lib/base/slice.h"

/* Well-formed UTF-8 (no overlong forms, no surrogates, at most U+10FFFF) without NUL or other C0 controls except tab and
 * line feed. The empty text is good. */
bool text_is_clean(struct slice text);
/* 1..size_max bytes of [A-Za-z0-9._:-]: identifiers of systems, services, localities. */
bool text_is_token(struct slice text, size_t size_max);
/* NHS Organisation Data Service code: 3 to 10 of [A-Z0-9]. */
bool text_is_ods_code(struct slice text);
/* A telephone number as people write it: 5 to 20 digits, spaces and a leading plus; at most size_max bytes. */
bool text_is_phone(struct slice text, size_t size_max);
/* Lower-case hexadecimal of bytes into ret_text (2 * size characters, no terminator). */
void text_hex(const uint8_t *bytes, size_t size, char *ret_text);
/* Exactly 2 * size characters of either case; false leaves ret_bytes unspecified. */
bool text_unhex(struct slice text, uint8_t *ret_bytes, size_t size);
/* Non-negative decimal without sign or spaces; false on overflow or anything else. */
bool text_u64(struct slice text, uint64_t *ret_value);

#endif
