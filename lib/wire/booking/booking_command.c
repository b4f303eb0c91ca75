/* Commands to and from the command log. */
#include "lib/wire/booking/booking_journal.h"

#include "lib/base/assert.h"
#include "lib/wire/booking/booking_pb.h"
#include "lib/wire/booking/booking_person.h"

/* Texts and messages that one command points to while it is packed. */
struct command_shell {
    pb_command message;
    pb_ingress ingress;
    char entity_text[UUID_TEXT_ROOM];
    char slot_text[SLOT_TEXT_ROOM];
    char id_text[UUID_TEXT_ROOM];
    struct session_shell session;
    char person_text[UUID_TEXT_ROOM], known_text[UUID_TEXT_ROOM], record_text[UUID_TEXT_ROOM];
    struct sealed_shell sealed;
    Bhr__Booking__V1__HoldCommand hold;
    Bhr__Booking__V1__BookCommand book;
    Bhr__Booking__V1__CancelCommand cancel;
};

static void ingress_fill(struct command_shell *shell, const struct booking_ingress *ingress);
static void read_ingress(struct field_reader *outer, const pb_ingress *message, struct booking_ingress *ret_ingress);
static void read_hold(struct field_reader *reader, const Bhr__Booking__V1__HoldCommand *message,
                      struct hold_request *ret_request);
static void read_book(struct field_reader *reader, const Bhr__Booking__V1__BookCommand *message,
                      struct book_order *ret_order);
static void read_cancel(struct field_reader *reader, const Bhr__Booking__V1__CancelCommand *message,
                        struct cancel_request *ret_request);

void booking_command_encode(const struct booking_command *command, struct buffer *out) {
    struct command_shell shell;
    bhr__booking__v1__booking_command__init(&shell.message);
    shell.message.command_case = (Bhr__Booking__V1__BookingCommand__CommandCase)command->kind;
    switch (command->kind) {
    case BOOKING_COMMAND_PUBLISH:
        ingress_fill(&shell, &command->publish.ingress);
        shell.message.publish_session = session_fill(&shell.session, &command->publish.request.session);
        break;
    case BOOKING_COMMAND_HOLD:
        ingress_fill(&shell, &command->hold.ingress);
        bhr__booking__v1__hold_command__init(&shell.hold);
        shell.hold.slot_id = slot_id_text(command->hold.request.slot_id, shell.slot_text);
        shell.hold.hold_seconds = command->hold.request.hold_seconds;
        shell.message.hold = &shell.hold;
        break;
    case BOOKING_COMMAND_BOOK:
        ingress_fill(&shell, &command->book.ingress);
        bhr__booking__v1__book_command__init(&shell.book);
        shell.book.slot_id = slot_id_text(command->book.order.slot_id, shell.slot_text);
        shell.book.hold_id = uuid_text(command->book.order.hold_id, shell.id_text);
        shell.book.person_id = uuid_text(command->book.order.person_id, shell.person_text);
        shell.book.sealed = sealed_fill(&shell.sealed, &command->book.order.sealed);
        shell.book.known_id = uuid_text(command->book.order.known_id, shell.known_text);
        shell.book.known_number = command->book.order.known_number;
        shell.book.record_id = uuid_text(command->book.order.record_id, shell.record_text);
        shell.message.book = &shell.book;
        break;
    case BOOKING_COMMAND_CANCEL:
        ingress_fill(&shell, &command->cancel.ingress);
        bhr__booking__v1__cancel_command__init(&shell.cancel);
        shell.cancel.booking_id = uuid_text(command->cancel.request.booking_id, shell.id_text);
        shell.cancel.reason = (Bhr__Booking__V1__CancelReason)command->cancel.request.reason;
        shell.message.cancel = &shell.cancel;
        break;
    case BOOKING_COMMAND_FOLLOW:
    case BOOKING_COMMAND_RELINK: {
        uint8_t memory[BOOKING_PERSON_ARENA_SIZE];
        struct arena arena = arena_over(memory, sizeof memory);
        wire_table_encode(&booking_person_command_wire, command, &arena, out);
        return;
    }
    }
    wire_pack(&shell.message.base, out);
}

bool booking_command_decode(struct slice bytes, struct arena *arena, struct booking_command *ret_command,
                            struct wire_fault *ret_fault) {
    const pb_command *message = wire_unpack(&bhr__booking__v1__booking_command__descriptor, bytes, arena, ret_fault);
    if (message == NULL) return false;
    struct field_reader reader = field_reader_of("", ret_fault);
    struct booking_ingress ingress;
    read_ingress(&reader, message->ingress, &ingress);
    memset(ret_command, 0, sizeof *ret_command);
    switch (message->command_case) {
    case BHR__BOOKING__V1__BOOKING_COMMAND__COMMAND_PUBLISH_SESSION:
        ret_command->kind = BOOKING_COMMAND_PUBLISH;
        ret_command->publish.ingress = ingress;
        field_session(&reader, message->publish_session, false, &ret_command->publish.request.session);
        break;
    case BHR__BOOKING__V1__BOOKING_COMMAND__COMMAND_HOLD:
        ret_command->kind = BOOKING_COMMAND_HOLD;
        ret_command->hold.ingress = ingress;
        read_hold(&reader, message->hold, &ret_command->hold.request);
        break;
    case BHR__BOOKING__V1__BOOKING_COMMAND__COMMAND_BOOK:
        ret_command->kind = BOOKING_COMMAND_BOOK;
        ret_command->book.ingress = ingress;
        read_book(&reader, message->book, &ret_command->book.order);
        break;
    case BHR__BOOKING__V1__BOOKING_COMMAND__COMMAND_CANCEL:
        ret_command->kind = BOOKING_COMMAND_CANCEL;
        ret_command->cancel.ingress = ingress;
        read_cancel(&reader, message->cancel, &ret_command->cancel.request);
        break;
    case BHR__BOOKING__V1__BOOKING_COMMAND__COMMAND_FOLLOW_INDEX:
    case BHR__BOOKING__V1__BOOKING_COMMAND__COMMAND_RELINK:
        return wire_table_decode(&booking_person_command_wire, bytes, arena, ret_command, ret_fault);
    case BHR__BOOKING__V1__BOOKING_COMMAND__COMMAND__NOT_SET:
    case _BHR__BOOKING__V1__BOOKING_COMMAND__COMMAND__CASE_IS_INT_SIZE:
        field_fail(&reader, "command", "expected one of publish_session, hold, book, cancel, follow_index, relink");
        break;
    }
    return !reader.is_bad;
}

static void ingress_fill(struct command_shell *shell, const struct booking_ingress *ingress) {
    ASSERT(!uuid_is_zero(ingress->entity_id));
    pb_ingress *message = &shell->ingress;
    bhr__booking__v1__ingress__init(message);
    /* The generated structs have no const; packing does not write through their pointers. */
    message->system = (char *)(uintptr_t)ingress->system;
    message->organisation = (char *)(uintptr_t)ingress->organisation;
    message->role = (char *)(uintptr_t)ingress->role;
    message->correlation_id = (char *)(uintptr_t)ingress->correlation_id;
    message->received_at_ms = ingress->received_at_ms;
    message->entity_id = uuid_text(ingress->entity_id, shell->entity_text);
    shell->message.ingress = message;
}

static void read_ingress(struct field_reader *outer, const pb_ingress *message, struct booking_ingress *ret_ingress) {
    memset(ret_ingress, 0, sizeof *ret_ingress);
    if (message == NULL) {
        field_fail(outer, "ingress", "expected who asked");
        return;
    }
    struct field_reader reader = *outer;
    reader.prefix = "ingress.";
    field_token(&reader, "system", message->system, false, ret_ingress->system, sizeof ret_ingress->system,
                "expected the id of a system");
    field_token(&reader, "organisation", message->organisation, true, ret_ingress->organisation,
                sizeof ret_ingress->organisation, "expected an organisation");
    field_token(&reader, "role", message->role, true, ret_ingress->role, sizeof ret_ingress->role, "expected a role");
    field_token(&reader, "correlation_id", message->correlation_id, true, ret_ingress->correlation_id,
                sizeof ret_ingress->correlation_id, "expected a token");
    field_time(&reader, "received_at_ms", message->received_at_ms, &ret_ingress->received_at_ms);
    field_uuid(&reader, "entity_id", message->entity_id, false, &ret_ingress->entity_id);
    outer->is_bad = reader.is_bad;
}

static void read_hold(struct field_reader *reader, const Bhr__Booking__V1__HoldCommand *message,
                      struct hold_request *ret_request) {
    reader->prefix = "hold.";
    field_slot_id(reader, "slot_id", message->slot_id, &ret_request->slot_id);
    ret_request->hold_seconds = field_number(reader, "hold_seconds", message->hold_seconds, 1, BOOKING_HOLD_SECONDS_MAX,
                                             "expected 1 second to 24 hours");
}

static void read_book(struct field_reader *reader, const Bhr__Booking__V1__BookCommand *message,
                      struct book_order *ret_order) {
    reader->prefix = "book.";
    bool has_slot = message->slot_id[0] != '\0', has_hold = message->hold_id[0] != '\0';
    ret_order->is_from_hold = has_hold;
    if (has_slot == has_hold) {
        field_fail(reader, "slot_id", "expected a slot, or a hold in hold_id");
    } else if (has_slot) {
        field_slot_id(reader, "slot_id", message->slot_id, &ret_order->slot_id);
    } else {
        field_uuid(reader, "hold_id", message->hold_id, false, &ret_order->hold_id);
    }
    field_uuid(reader, "person_id", message->person_id, false, &ret_order->person_id);
    field_sealed(reader, message->sealed, &ret_order->sealed);
    field_uuid(reader, "known_id", message->known_id, true, &ret_order->known_id);
    ret_order->known_number = message->known_number;
    field_uuid(reader, "record_id", message->record_id, true, &ret_order->record_id);
}

static void read_cancel(struct field_reader *reader, const Bhr__Booking__V1__CancelCommand *message,
                        struct cancel_request *ret_request) {
    reader->prefix = "cancel.";
    field_uuid(reader, "booking_id", message->booking_id, false, &ret_request->booking_id);
    ret_request->reason = field_reason(reader, "reason", (int)message->reason, false);
}
