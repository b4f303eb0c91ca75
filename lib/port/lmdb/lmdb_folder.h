/* The directory around a store: who has it, which boot left it, and its names. For lib/port/lmdb only. */
#ifndef BHR_PORT_LMDB_FOLDER_H
#define BHR_PORT_LMDB_FOLDER_H

#include "lib/port/lmdb/lmdb_store.h"

/* dir/name, or STATUS_INVALID when that is too long. */
enum status folder_path(const char *dir, const char *name, char ret_path[LMDB_PATH_MAX], struct error *reterr_error);
/* Makes dir and its parents, for this user only. */
enum status folder_make(const char *dir, struct error *reterr_error);
/* Takes the directory for this process until the descriptor is closed. STATUS_CONFLICT names the pid that has it. */
enum status folder_lock(const char *dir, int *ret_fd, struct error *reterr_error);
/* True when this very process has it. */
bool folder_is_ours(const char *dir);
/* Whether store_dir holds a database at all. */
bool folder_has_data(const char *store_dir);
/* STATUS_CORRUPT when another boot left the store open. */
enum status folder_check_boot(const char *store_dir, struct error *reterr_error);
/* Writes down, durably, that this boot has it open, or that it was closed in order. */
enum status folder_mark_boot(const char *store_dir, bool closed_in_order, struct error *reterr_error);
/* Makes the names in dir durable. */
enum status folder_sync(const char *dir, struct error *reterr_error);

#endif
