/* The sealed details of a person: as they stand in commands and events, and what is inside once they are opened. Owns
 * nothing; any thread. */
#include "lib/wire/booking/booking_details.h"
#include "lib/wire/booking/booking_pb.h"

#include "lib/base/assert.h"

enum { SEALED_TAG_SIZE = BOOKING_CIPHERTEXT_MAX - BOOKING_DETAILS_MAX };

void field_sealed(struct field_reader *reader, const pb_sealed *message, struct booking_sealed *ret_sealed) {
    memset(ret_sealed, 0, sizeof *ret_sealed);
    if (message == NULL) {
        field_fail(reader, "sealed", "expected the sealed details of a person");
        return;
    }
    bool is_good = message->key_id.len == sizeof ret_sealed->key_id.bytes &&
                   message->nonce.len == sizeof ret_sealed->nonce && message->ciphertext.len >= SEALED_TAG_SIZE &&
                   message->ciphertext.len <= sizeof ret_sealed->ciphertext;
    if (is_good) {
        memcpy(ret_sealed->key_id.bytes, message->key_id.data, sizeof ret_sealed->key_id.bytes);
        memcpy(ret_sealed->nonce, message->nonce.data, sizeof ret_sealed->nonce);
        memcpy(ret_sealed->ciphertext, message->ciphertext.data, message->ciphertext.len);
        ret_sealed->size = (uint32_t)message->ciphertext.len;
    }
    if (!is_good || uuid_is_zero(ret_sealed->key_id)) {
        field_fail(reader, "sealed",
                   "expected a key id of 16 bytes, a nonce of 24 and at most 1040 bytes of ciphertext");
    }
}

void field_clear_details(struct field_reader *reader, const pb_person *person_message,
                         const pb_contact *contact_message, struct uuid *ret_person_id,
                         struct booking_sealed *ret_sealed) {
    struct booking_person person;
    struct booking_contact contact;
    field_person(reader, person_message, true, &person);
    field_contact(reader, contact_message, &contact);
    memset(ret_sealed, 0, sizeof *ret_sealed);
    *ret_person_id = person.person_id;
    if (reader->is_bad) return;
    struct buffer out = buffer_over(ret_sealed->ciphertext, BOOKING_DETAILS_MAX);
    booking_details_encode(&person, &contact, &out);
    ASSERT(!out.is_full);
    ret_sealed->size = (uint32_t)out.size;
}

pb_sealed *sealed_fill(struct sealed_shell *shell, const struct booking_sealed *sealed) {
    ASSERT(!uuid_is_zero(sealed->key_id)); /* nothing is written in the clear */
    ASSERT(sealed->size >= SEALED_TAG_SIZE && sealed->size <= sizeof sealed->ciphertext);
    bhr__exchange__v1__sealed__init(&shell->message);
    /* The generated structs have no const; packing does not write through their pointers. */
    shell->message.key_id.len = sizeof sealed->key_id.bytes;
    shell->message.key_id.data = (uint8_t *)(uintptr_t)sealed->key_id.bytes;
    shell->message.nonce.len = sizeof sealed->nonce;
    shell->message.nonce.data = (uint8_t *)(uintptr_t)sealed->nonce;
    shell->message.ciphertext.len = sealed->size;
    shell->message.ciphertext.data = (uint8_t *)(uintptr_t)sealed->ciphertext;
    return &shell->message;
}

void booking_details_encode(const struct booking_person *person, const struct booking_contact *contact,
                            struct buffer *out) {
    Bhr__Booking__V1__PersonDetails message = BHR__BOOKING__V1__PERSON_DETAILS__INIT;
    struct person_shell person_shell;
    struct contact_shell contact_shell;
    message.person = person_fill(&person_shell, person);
    person_shell.id_text[0] = '\0';
    message.contact = contact_fill(&contact_shell, contact);
    wire_pack(&message.base, out);
}

bool booking_details_decode(struct slice bytes, struct arena *arena, struct booking_person *ret_person,
                            struct booking_contact *ret_contact) {
    struct wire_fault fault;
    const Bhr__Booking__V1__PersonDetails *message =
        wire_unpack(&bhr__booking__v1__person_details__descriptor, bytes, arena, &fault);
    if (message == NULL) return false;
    struct field_reader reader = field_reader_of("", &fault);
    struct booking_person person;
    struct booking_contact contact;
    field_person(&reader, message->person, false, &person);
    field_contact(&reader, message->contact, &contact);
    if (reader.is_bad) return false;
    person.person_id = ret_person->person_id;
    *ret_person = person;
    *ret_contact = contact;
    return true;
}
