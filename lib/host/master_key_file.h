/* The master key as a file: 32 random bytes in hexadecimal, made by `bhr keys master`, the same in every process of every
 * service. Losing it loses every person's details; it is backed up and restored as docs/runbooks/master-key.md says. The
 * key is read once, kept in guarded memory, and overwritten at the end. */
#ifndef BHR_HOST_MASTER_KEY_FILE_H
#define BHR_HOST_MASTER_KEY_FILE_H

#include "lib/base/status.h"
#include "lib/port/master_key.h"

struct master_key_file;
/* STATUS_INVALID says what is wrong with the file. */
enum status master_key_file_open(const char *path, struct master_key_file **ret_file, struct master_key *ret_port,
                                 struct error *reterr_error);
void master_key_file_close(struct master_key_file **file_p);

#endif
