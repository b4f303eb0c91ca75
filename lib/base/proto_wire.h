/* The protobuf wire format, read strictly and written canonically, without a library: what the journal rule reads must
 * not depend on a library's leniency (journal.md section 2). */
#ifndef BHR_BASE_PROTO_WIRE_H
#define BHR_BASE_PROTO_WIRE_H

#include "lib/base/buffer.h"

enum proto_type { PROTO_VARINT = 0, PROTO_FIXED64 = 1, PROTO_BYTES = 2, PROTO_FIXED32 = 5 };

struct proto_field {
    uint32_t number; /* 1 .. 2^29-1 */
    enum proto_type type;
    uint64_t value;     /* of a varint or fixed field */
    struct slice bytes; /* of a length-delimited field, borrowed */
};

/* Takes the next field off *message. False at the end or on malformed bytes; *ret_is_bad tells which. Refused: groups,
 * field number 0, a varint over 64 bits or not in its shortest form, a length beyond the end. */
bool proto_next(struct slice *message, struct proto_field *ret_field, bool *ret_is_bad);

/* Writers write the field even when the value is zero or empty: the journal's fields are always present. */
void proto_put_varint(struct buffer *out, uint32_t number, uint64_t value);
void proto_put_bytes(struct buffer *out, uint32_t number, struct slice bytes);
/* Length of the field that proto_put_bytes would write. */
size_t proto_bytes_size(uint32_t number, size_t size);

#endif
