/* Messages and plain structs, one into the other, by a table with a row for each field: the same rows judge what
 * comes in and write what goes out, so the two cannot differ. A row finds its field in the generated message by
 * name.
 *
 * A plain struct filled by this is zeroed first: texts are ended by NUL and zero-padded, so equal structs are equal
 * bytes. Memory of generated messages comes from the caller's arena; nothing is kept. Any thread. */
#ifndef BHR_WIRE_EXCHANGE_WIRE_TABLE_H
#define BHR_WIRE_EXCHANGE_WIRE_TABLE_H

#include "lib/wire/exchange/wire_message.h"

enum wire_kind {
    WIRE_TEXT,    /* a string; char[size], its terminator included, judged by the form */
    WIRE_UUID,    /* a string that holds a UUID; struct uuid */
    WIRE_FIXED,   /* exactly size bytes, or none, which all zero means too; uint8_t[size] */
    WIRE_BYTES,   /* at most size bytes; uint8_t[size] and a uint32_t that counts them */
    WIRE_NUMBER,  /* uint32, int32 or an enum within min and max; uint32_t, int32_t or an enum */
    WIRE_LARGE,   /* uint64 or int64 within min and max; the same */
    WIRE_BOOL,    /* bool */
    WIRE_MESSAGE, /* another table's */
};

/* What a text must be. accept copies it into ret_text (size bytes, zeroed) as it is kept, or says false. */
struct wire_form {
    bool (*accept)(struct slice text, char *ret_text, size_t size);
    const char *expected;                      /* what, for a human; never the value */
    const char *(*explain)(struct slice text); /* the same of a text that was not accepted; may be NULL */
};

struct wire_table;
struct wire_row {
    const char *field;
    enum wire_kind kind;
    bool is_needed; /* empty, zero or missing is a fault */
    uint32_t at, size;
    uint32_t count_at, count_max; /* of WIRE_BYTES; and of a repeated field, whose elements lie `size` bytes apart */
    int64_t min, max;
    const struct wire_form *form;
    const struct wire_table *inner;
    const char *expected;
    uint32_t
        choice_at; /* of a field in a oneof: where the plain struct says which one it is, by its number in the contract */
    bool is_choice;
    uint32_t told_at; /* of a message that may be missing: where a bool of the plain struct says whether it is there */
    bool is_told;
};

struct wire_table {
    const ProtobufCMessageDescriptor *descriptor;
    uint32_t plain_size;
    uint32_t row_count;
    const struct wire_row *rows;
    /* What no single field shows, may be NULL. False names field and expectation. */
    bool (*judge)(const void *plain, const char **ret_field, const char **ret_expected);
};

#define WIRE_TABLE(message, plain, rows_, judge_)                                                                      \
    {                                                                                                                  \
        .descriptor = &message##__descriptor, .plain_size = sizeof(plain),                                             \
        .row_count = sizeof(rows_) / sizeof((rows_)[0]), .rows = (rows_), .judge = (judge_)                            \
    }
/* A field and a member of the same name, or of another one. */
#define WIRE_AT(plain, member) WIRE_IN(plain, member, #member)
#define WIRE_IN(plain, member, name_)                                                                                  \
    .field = name_, .at = offsetof(plain, member), .size = sizeof(((plain *)0)->member)
/* Several of them: an array and who counts it. */
#define WIRE_ALL(plain, member, counter)                                                                               \
    .field = #member, .at = offsetof(plain, member), .size = sizeof(((plain *)0)->member[0]),                          \
    .count_at = offsetof(plain, counter), .count_max = sizeof(((plain *)0)->member) / sizeof(((plain *)0)->member[0])
/* The field of a oneof whose number is in `counter`. */
#define WIRE_CHOICE(plain, chooser) .is_choice = true, .choice_at = offsetof(plain, chooser)
/* A message that is there only when that bool is true. */
#define WIRE_IF(plain, teller) .is_told = true, .told_at = offsetof(plain, teller)

/* Judges every byte and fills *ret_plain (plain_size bytes). False fills *ret_fault with the path of the first bad
 * field. */
bool wire_table_decode(const struct wire_table *table, struct slice bytes, struct arena *arena, void *ret_plain,
                       struct wire_fault *ret_fault);
/* Appends the message; out->is_full when it does not fit or the arena has no room for it unpacked. */
void wire_table_encode(const struct wire_table *table, const void *plain, struct arena *arena, struct buffer *out);
/* The same into memory of the arena; an empty slice with NULL data when there is no room. */
struct slice wire_table_encode_to_arena(const struct wire_table *table, const void *plain, struct arena *arena);

/* Forms that every domain needs. */
extern const struct wire_form wire_line;  /* one line of as many bytes as fit */
extern const struct wire_form wire_token; /* [A-Za-z0-9._:-] */
extern const struct wire_form wire_ods_code;
extern const struct wire_form wire_date; /* a civil date YYYY-MM-DD */

#endif
