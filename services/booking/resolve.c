/* The pseudonym that stands in for a person until the index has said who it is: a keyed hash of the best identifier the
 * caller gave. Bookings keep it; links say whose it is (core/rows_person.h).
 * Any thread; nothing is kept. */
#include "services/booking/resolve.h"

#include "lib/base/assert.h"
#include "lib/base/buffer.h"
#include "lib/digest/digest.h"

static void put_normalised(struct buffer *out, const char *name);

struct uuid resolve_person(const uint8_t key[32], struct slice system, const struct booking_person *person) {
    ASSERT(key != NULL);
    /* The first byte says what kind of identifier follows, so that none can pass for another. */
    uint8_t bytes[1 + 2 * (BOOKING_NAME_MAX + 1) + BOOKING_SYSTEM_MAX + BOOKING_LOCAL_ID_MAX + 16];
    struct buffer identifier = buffer_over(bytes, sizeof bytes);
    if (person->nhs_number[0] != '\0') {
        buffer_put_u8(&identifier, 'N');
        buffer_put(&identifier, person->nhs_number, strlen(person->nhs_number));
    } else if (person->local_id[0] != '\0') {
        buffer_put_u8(&identifier, 'L');
        buffer_put(&identifier, system.data, system.size);
        buffer_put_u8(&identifier, 0);
        buffer_put(&identifier, person->local_id, strlen(person->local_id));
    } else {
        ASSERT(person->family_name[0] != '\0' && person->birth_date[0] != '\0');
        buffer_put_u8(&identifier, 'D');
        put_normalised(&identifier, person->family_name);
        buffer_put_u8(&identifier, 0);
        put_normalised(&identifier, person->given_name);
        buffer_put_u8(&identifier, 0);
        buffer_put(&identifier, person->birth_date, strlen(person->birth_date));
    }
    ASSERT(!identifier.is_full);
    return uuid_v8_make(digest_keyed(key, buffer_slice(&identifier)));
}

/* "O'Neil", "O NEIL" and "oneil" are one name: ASCII letters without case, no marks or spaces; other bytes as they are. */
static void put_normalised(struct buffer *out, const char *name) {
    for (const char *at = name; *at != '\0'; at++) {
        uint8_t c = (uint8_t)*at;
        if (c >= 'A' && c <= 'Z') c = (uint8_t)(c - 'A' + 'a');
        bool is_kept = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c >= 0x80;
        if (is_kept) buffer_put_u8(out, c);
    }
}
