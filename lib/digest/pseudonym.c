/* Keyed hashes as ids. Owns nothing; any thread. */
#include "lib/digest/pseudonym.h"

#include "lib/base/assert.h"
#include "lib/base/buffer.h"
#include "lib/digest/digest.h"

/* The first byte says what kind of identifier follows, so that none can pass for another. */
struct uuid pseudonym_of_record(const uint8_t key[32], const char *organisation, const char *source,
                                const char *local_id) {
    ASSERT(organisation[0] != '\0' && local_id[0] != '\0');
    uint8_t bytes[1 + PSEUDONYM_RECORD_MAX + 2];
    struct buffer identifier = buffer_over(bytes, sizeof bytes);
    buffer_put_u8(&identifier, 'R');
    buffer_put(&identifier, organisation, strlen(organisation) + 1);
    buffer_put(&identifier, source, strlen(source) + 1);
    buffer_put(&identifier, local_id, strlen(local_id));
    ASSERT(!identifier.is_full);
    return uuid_v8_make(digest_keyed(key, buffer_slice(&identifier)));
}
