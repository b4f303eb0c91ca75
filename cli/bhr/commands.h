/* Every command, each in the file that does it. */
#ifndef BHR_CLI_COMMANDS_H
#define BHR_CLI_COMMANDS_H

#include "cli/bhr/command.h"

extern const struct command command_status;
extern const struct command command_slots, command_hold, command_book, command_cancel;
extern const struct command command_show, command_person, command_person_erase;
extern const struct command command_session_publish;
extern const struct command command_watch, command_journal_verify;
extern const struct command command_store_digest, command_store_diff, command_store_copy, command_store_rebuild;
extern const struct command command_topics_apply, command_topics_check, command_topics_acl;
extern const struct command command_keys_ca, command_keys_new, command_keys_rotate;
extern const struct command command_keys_pseudonym, command_keys_master;
extern const struct command command_token_issuer, command_token_new, command_token_show;
extern const struct command command_policy_check, command_policy_why;
extern const struct command command_audit_person, command_audit_user, command_audit_refusals;
extern const struct command command_index_register, command_index_find, command_index_show, command_index_flag;
extern const struct command command_index_link, command_index_unlink, command_index_merge, command_index_unmerge;
extern const struct command command_index_worklist_list, command_index_worklist_claim, command_index_worklist_decide;
extern const struct command command_index_organisation, command_index_services, command_index_service_register;
extern const struct command command_index_relationship_set, command_index_consent_set, command_index_consent_show;
extern const struct command command_index_preferences_set;
extern const struct command command_index_practitioner_register, command_index_practitioner_show;
extern const struct command command_index_board, command_index_trace, command_index_try_rules;
extern const struct command command_index_import_ods, command_index_import_people;
extern const struct command command_load, command_drill;

#endif
