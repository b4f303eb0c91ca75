/* The list of commands, in the order of help. */
#include "cli/bhr/commands.h"

const struct command *const commands[] = {
    &command_status,       &command_slots,          &command_hold,           &command_book,
    &command_cancel,       &command_show,           &command_person,         &command_session_publish,
    &command_watch,        &command_journal_verify, &command_store_digest,   &command_store_diff,
    &command_store_copy,   &command_store_rebuild,  &command_topics_apply,   &command_topics_check,
    &command_topics_acl,   &command_keys_ca,        &command_policy_check,   &command_policy_why,
    &command_keys_new,     &command_keys_rotate,    &command_keys_pseudonym, &command_keys_master,
    &command_person_erase, &command_token_issuer,   &command_token_new,      &command_token_show,
    &command_audit_person, &command_audit_user,     &command_audit_refusals, &command_load,
    &command_drill,
};
const uint32_t command_count = sizeof commands / sizeof commands[0];
