/* What of a message others may see: its public fields and nothing else. A table says of each field whether it is
 * public; a field that the table does not name, or the contract does not know, is private (design section 3,
 * invariant 10). The bytes are walked on the wire, so what is dropped is never unpacked. Memory comes from an arena
 * of the caller. Any thread. */
#ifndef BHR_WIRE_EXCHANGE_WIRE_PUBLIC_H
#define BHR_WIRE_EXCHANGE_WIRE_PUBLIC_H

#include "lib/wire/exchange/wire_message.h"

/* A public field that holds a message is walked by that message's own rows. */
struct wire_public_row {
    const ProtobufCMessageDescriptor *message;
    const char *field;
    bool is_public;
};
struct wire_public_table {
    uint32_t count;
    const struct wire_public_row *rows;
};

/* False, and *ret_public untouched, when the bytes are not that message (wire_check), when a public field that can
 * stand once stands twice, or when the arena has no room for as many bytes again for each level of messages inside
 * messages. */
bool wire_public(const struct wire_public_table *table, const ProtobufCMessageDescriptor *descriptor,
                 struct slice bytes, struct arena *arena, struct slice *ret_public);

/* An event is one message inside another that holds nothing else, "SlotBooked" inside "BookingEvent": which one, and
 * its bytes. False for bytes that are not that. */
bool wire_public_inner(const ProtobufCMessageDescriptor *events, struct slice event,
                       const ProtobufCMessageDescriptor **ret_message, struct slice *ret_bytes);

/* A command, as the documents and the tests of a domain's table want it. */
struct wire_public_method {
    const char *name; /* of the rpc alone */
    const ProtobufCMessageDescriptor *request, *response;
};

#endif
