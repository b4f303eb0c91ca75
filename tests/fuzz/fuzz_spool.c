/* A spool file as some other process, or a disk, left it. One that opens holds records that can be read and forgotten, takes
 * more, and opens again with what was left. The input is laid over a good file: its first part over the head, the rest
 * where the ring begins. */
#include "lib/port/file/spool_file.h"
#include "tests/fuzz/fuzz.h"

#include <fcntl.h>
#include <unistd.h>

enum { HEAD_BYTES = 4096, RECORDS_MAX = 64 };
static const struct spool_limits limits = {SPOOL_BYTES_MIN, RECORDS_MAX};
static uint8_t image[2 * SPOOL_BYTES_MIN];

static void empty_spool(void) {
    struct spool_file *spool = NULL;
    struct error error;
    const char *path = fuzz_file(slice_of("", 0));
    bool is_made = spool_open(path, &limits, &spool, &error) == STATUS_OK;
    ASSERT(is_made);
    spool_close(spool);
}

static size_t file_image(const char *path) {
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    ASSERT(fd >= 0);
    ssize_t size = read(fd, image, sizeof image);
    (void)close(fd);
    ASSERT(size > 0);
    return (size_t)size;
}

static void use(struct spool_file *spool, uint64_t *ret_left) {
    uint64_t count = spool_end(spool) - spool_first(spool), sum = 0;
    fuzz_reach(count == 0 ? "empty" : count > RECORDS_MAX ? "more than may be put" : "records");
    for (uint64_t number = spool_first(spool); number < spool_end(spool); number++) {
        struct slice record = spool_at(spool, number);
        ASSERT(record.size > 0 && record.size <= SPOOL_RECORD_MAX);
        for (size_t i = 0; i < record.size; i++) sum += record.data[i];
    }
    if (count > 1) spool_forget_first(spool);
    static uint8_t record[SPOOL_RECORD_MAX];
    memset(record, (int)(sum & 255), sizeof record);
    bool had_room = spool_has_room(spool);
    bool is_put = spool_put(spool, slice_of(record, sizeof record));
    ASSERT(is_put == had_room);
    if (is_put) {
        struct slice last = spool_at(spool, spool_end(spool) - 1);
        ASSERT(slice_equal(last, slice_of(record, sizeof record)));
    }
    fuzz_reach(is_put ? "took one more" : "full");
    *ret_left = spool_end(spool) - spool_first(spool);
}

static void run(struct slice input) {
    static uint8_t good[2 * SPOOL_BYTES_MIN];
    static size_t good_size;
    if (good_size == 0) {
        empty_spool();
        good_size = file_image(fuzz_file_path());
        memcpy(good, image, good_size);
    }
    memcpy(image, good, good_size);
    size_t size = good_size + (size_t)fuzz_byte(&input) % 4 * 4;
    struct slice head = fuzz_part(&input);
    if (head.size > 0) memcpy(image, head.data, head.size < 64 ? head.size : 64);
    size_t ring = input.size < good_size - HEAD_BYTES ? input.size : good_size - HEAD_BYTES;
    if (ring > 0) memcpy(image + HEAD_BYTES, input.data, ring);
    const char *path = fuzz_file(slice_of(image, size));
    struct spool_file *spool = NULL;
    struct error error = {0};
    enum status status = spool_open(path, &limits, &spool, &error);
    if (status != STATUS_OK) {
        fuzz_reach(status_name(status));
        return;
    }
    uint64_t left;
    use(spool, &left);
    spool_close(spool);
    status = spool_open(path, &limits, &spool, &error);
    /* Where a record was spoilt and is now written over, the good ones behind it are found again. */
    ASSERT(status == STATUS_OK && spool_end(spool) - spool_first(spool) >= left);
    fuzz_reach_if(spool_end(spool) - spool_first(spool) > left, "found again");
    spool_close(spool);
}

/* A good file with some records in it, as the input that would lay it. */
static void seed_with(uint32_t count, size_t record_size, uint32_t forgotten) {
    static uint8_t memory[3 * SPOOL_BYTES_MIN];
    struct buffer out = buffer_over(memory, sizeof memory);
    uint8_t record[SPOOL_RECORD_MAX];
    struct spool_file *spool = NULL;
    struct error error;
    memset(record, 0x33, sizeof record);
    empty_spool();
    bool is_open = spool_open(fuzz_file_path(), &limits, &spool, &error) == STATUS_OK;
    ASSERT(is_open);
    for (uint32_t i = 0; i < count + forgotten; i++) {
        bool is_put = spool_put(spool, slice_of(record, record_size));
        if (i < forgotten) spool_forget_first(spool);
        if (!is_put) break;
    }
    spool_close(spool);
    size_t size = file_image(fuzz_file_path());
    while (size > HEAD_BYTES + 64 && image[size - 1] == 0) size--;
    buffer_put_u8(&out, 0);
    fuzz_put_part(&out, slice_of(image, 24));
    buffer_put(&out, image + HEAD_BYTES, size - HEAD_BYTES);
    fuzz_seed_buffer(&out);
}

static void seed(void) {
    seed_with(0, 8, 0);
    seed_with(3, 24, 0);
    seed_with(2, 33, 3);
    seed_with(RECORDS_MAX, 1, 0);
    seed_with(RECORDS_MAX, SPOOL_RECORD_MAX, 0);
    seed_with(4, SPOOL_RECORD_MAX, 12);
    fuzz_seed_text("\001\000\010not ours");
    fuzz_seed(slice_of("\000\000\010\0\0\0\0\0\0\0\0", 11));
}

static const char *const outcomes[] = {"corrupt", "empty", "found again", "full", "records", "took one more", NULL};
const struct fuzz_harness fuzz_harness = {outcomes, run, seed, 1000};
