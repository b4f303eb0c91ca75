/* The crash note as a small mapped file beside the store (lib/port/note.h). The page cache keeps what the process wrote
 * when it dies, however it dies; only a power cut loses it, and then the store is set aside as well. */
#ifndef BHR_PORT_LMDB_NOTE_FILE_H
#define BHR_PORT_LMDB_NOTE_FILE_H

#include "lib/port/note.h"
#include "lib/base/status.h"

struct note_file;

/* Opens or makes dir/note; dir exists. Only the process that holds the directory's store may do so. What was in hand
 * when the last process died is moved to a place of its own in the file and stays there until forget, so that it
 * survives a second death before anybody could report it. */
MUST_CHECK enum status note_file_open(const char *dir, struct note_file **ret_note, struct error *reterr_error);
/* Accepts NULL. Does not clear the note: only set and forget do. */
void note_file_close(struct note_file *note);

/* One thread, the replica's. */
struct note note_file_port(struct note_file *note);

#endif
