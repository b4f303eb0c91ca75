/* The crash note that a process finds beside its store: the file as it lies there, and the work that its bytes name. */
#include "lib/host/replica_internal.h"
#include "lib/port/lmdb/note_file.h"
#include "tests/fuzz/fuzz.h"

#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

static char folder[] = "/tmp/bhr-fuzz-XXXXXX";
static int folder_fd = -1;

static void remove_folder(void) {
    (void)unlinkat(folder_fd, "note", 0);
    (void)rmdir(folder);
}

static void lay(struct slice bytes) {
    if (folder_fd < 0) {
        ASSERT(mkdtemp(folder) != NULL);
        folder_fd = open(folder, O_DIRECTORY | O_CLOEXEC);
        ASSERT(folder_fd >= 0 && atexit(remove_folder) == 0);
    }
    int fd = openat(folder_fd, "note", O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    bool is_written = fd >= 0 && write(fd, bytes.data, bytes.size) == (ssize_t)bytes.size;
    ASSERT(is_written);
    (void)close(fd);
}

static struct note_file *open_note(struct note *ret_port) {
    struct note_file *file = NULL;
    struct error error;
    bool is_open = note_file_open(folder, &file, &error) == STATUS_OK;
    ASSERT(is_open);
    *ret_port = note_file_port(file);
    return file;
}

static void run(struct slice input) {
    static struct replica replica;
    struct note note;
    lay(slice_of(input.data, input.size < 4096 ? input.size : 4096));
    struct note_file *file = open_note(&note);
    struct slice left = note.left_behind(note.context);
    ASSERT(left.size <= NOTE_SIZE_MAX);
    replica.ports.note = note;
    struct work work = replica_note_left(&replica);
    fuzz_reach(left.size == 0              ? "nothing left behind"
               : work.kind == WORK_NONE    ? "left behind and not readable"
               : work.kind == WORK_COMMAND ? "a command"
                                           : "a timer");
    note.set(note.context, slice_text("new work"));
    note_file_close(file);
    /* Died again before anybody could report it: the newer work counts. */
    file = open_note(&note);
    ASSERT(slice_equal(note.left_behind(note.context), slice_text("new work")));
    note.forget(note.context);
    note_file_close(file);
    file = open_note(&note);
    ASSERT(note.left_behind(note.context).size == 0);
    note_file_close(file);
}

static void seed_work(const struct work *work) {
    static struct replica replica;
    static uint8_t bytes[4096];
    struct note note;
    lay(slice_of("", 0));
    struct note_file *file = open_note(&note);
    replica.ports.note = note;
    if (work != NULL) replica_note_set(&replica, work);
    if (work == NULL) note.set(note.context, slice_text("what no replica writes"));
    note_file_close(file);
    int fd = openat(folder_fd, "note", O_RDONLY | O_CLOEXEC);
    ASSERT(fd >= 0);
    ssize_t size = read(fd, bytes, sizeof bytes);
    (void)close(fd);
    while (size > 0 && bytes[size - 1] == 0) size--;
    fuzz_seed(slice_of(bytes, (size_t)size));
}

static void seed(void) {
    const struct work command = {.kind = WORK_COMMAND, .position = {2, 700}};
    const struct work timer = {.kind = WORK_TIMER, .timer = {{1, 2, 3}}};
    const struct work none = {.kind = WORK_NONE};
    seed_work(&command);
    seed_work(&timer);
    seed_work(&none);
    seed_work(NULL);
}

static const char *const outcomes[] = {"a command", "a timer", "left behind and not readable", "nothing left behind",
                                       NULL};
const struct fuzz_harness fuzz_harness = {outcomes, run, seed, 1000};
