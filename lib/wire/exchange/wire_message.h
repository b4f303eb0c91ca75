/* Generated messages in and out, for every lib/wire/<domain>. protobuf-c cuts strings at a NUL and accepts bad UTF-8, so
 * the bytes are judged on the wire, with the message's own descriptor, before they are unpacked (design invariant 8).
 * Memory comes from an arena of the caller; nothing is freed. Any thread. */
#ifndef BHR_WIRE_EXCHANGE_WIRE_MESSAGE_H
#define BHR_WIRE_EXCHANGE_WIRE_MESSAGE_H

#include <protobuf-c/protobuf-c.h>

#include "lib/base/arena.h"
#include "lib/base/buffer.h"

enum { WIRE_FAULT_MAX = 160, WIRE_DEPTH_MAX = 8 };

/* Which field, and what was expected: "person.family_name: expected at most 100 bytes". Never the value. */
struct wire_fault {
    char text[WIRE_FAULT_MAX];
};

/* prefix and field make the path; either may be "". Cut to fit. */
void wire_fault_set(struct wire_fault *fault, const char *prefix, const char *field, const char *expected);

/* Checks every field that the descriptor knows, messages inside messages up to WIRE_DEPTH_MAX: right wire type, strings
 * clean (lib/base/text.h). Fields it does not know are passed over. False fills *ret_fault. */
bool wire_check(const ProtobufCMessageDescriptor *descriptor, struct slice bytes, struct wire_fault *ret_fault);

/* wire_check, then unpack into the arena; NULL with *ret_fault filled when either fails. Valid as long as the arena. */
void *wire_unpack(const ProtobufCMessageDescriptor *descriptor, struct slice bytes, struct arena *arena,
                  struct wire_fault *ret_fault);

/* Appends the packed message; out->is_full when it does not fit. */
void wire_pack(const ProtobufCMessage *message, struct buffer *out);
/* Into memory of the arena; an empty slice with NULL data when there is no room. */
struct slice wire_pack_to_arena(const ProtobufCMessage *message, struct arena *arena);

#endif
