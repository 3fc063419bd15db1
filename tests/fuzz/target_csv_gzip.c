/*
 * Gzipped CSV: what is read from it are the rows of the plain file, however it was compressed; and a
 * file that was cut or changed is refused, or still gives these rows. The first four bytes choose
 * level, members and damage, the rest is the plain file.
 */
#include "clients/vafa/import_csv.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/fuzz_files.h"

#include "base/check.h"

#include <string.h>
#include <zlib.h>

#define GZIP_WINDOW (15 + 16) /* zlib's way to say gzip */
#define GZIP_HEAD 10

/* Every row: where it begins, its cells, its trouble. */
static enum status read_rows(const char *name, struct buffer *ret_rows)
{
    char path[FUZZ_PATH_SIZE];
    struct import_csv *csv = NULL;
    const struct import_csv_row *row = NULL;
    struct error err = ERROR_NONE;
    fuzz_path(name, path);
    enum status status = import_csv_open(&csv, path, &err);
    for (size_t i = 0; status == STATUS_OK && i < import_csv_columns(csv); i++) {
        buffer_append_format(ret_rows, "%s\t", import_csv_column(csv, i));
    }
    while (status == STATUS_OK && (status = import_csv_next(csv, &row, &err)) == STATUS_OK &&
           row != NULL) {
        buffer_append_format(ret_rows, "\n%llu", (unsigned long long)row->line);
        for (size_t i = 0; i < row->cell_count; i++) {
            buffer_append_format(ret_rows, "\t%s", row->cells[i]);
        }
        buffer_append_text(ret_rows, row->trouble != NULL ? row->trouble : "");
    }
    if (status != STATUS_OK) {
        fuzz_check_refusal(status, &err);
    }
    import_csv_close(csv);
    return status;
}

static void compress_member(struct buffer *out, struct bytes plain, int level)
{
    z_stream stream = {.next_in = (Bytef *)(uintptr_t)plain.data, .avail_in = (uInt)plain.size};
    CHECK(deflateInit2(&stream, level, Z_DEFLATED, GZIP_WINDOW, 8, Z_DEFAULT_STRATEGY) == Z_OK);
    int rc = Z_OK;
    while (rc == Z_OK) {
        uint8_t room[1024];
        stream.next_out = room;
        stream.avail_out = sizeof(room);
        rc = deflate(&stream, Z_FINISH);
        buffer_append(out, room, sizeof(room) - stream.avail_out);
    }
    CHECK(rc == Z_STREAM_END && deflateEnd(&stream) == Z_OK);
}

static void check_whole(const struct buffer *packed, enum status status, const struct buffer *rows)
{
    struct buffer found = BUFFER_EMPTY;
    fuzz_write("whole.csv.gz", buffer_bytes(packed));
    PROPERTY(read_rows("whole.csv.gz", &found) == status, "it ends as the plain file does");
    PROPERTY(bytes_equal(buffer_bytes(&found), buffer_bytes(rows)),
             "its rows are the plain file's");
    buffer_fini(&found);
}

static void check_damaged(struct bytes packed, bool was_cut, enum status status,
                          const struct buffer *rows)
{
    struct buffer found = BUFFER_EMPTY;
    fuzz_write("damaged.csv.gz", packed);
    enum status damaged = read_rows("damaged.csv.gz", &found);
    PROPERTY(damaged != STATUS_OK || !was_cut, "a file that was cut is refused");
    PROPERTY(damaged != STATUS_OK ||
                 (status == STATUS_OK && bytes_equal(buffer_bytes(&found), buffer_bytes(rows))),
             "a file that was changed is refused, or has the same rows");
    buffer_fini(&found);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fuzz_input in;
    struct buffer rows = BUFFER_EMPTY;
    struct buffer packed = BUFFER_EMPTY;
    fuzz_begin(&in, data, size);
    uint8_t how = fuzz_u8(&in);
    size_t place = fuzz_u8(&in) * (size_t)256 + fuzz_u8(&in);
    uint8_t change = (uint8_t)(fuzz_u8(&in) | 1);
    struct bytes plain = in.rest;
    if (plain.size >= 2 && plain.data[0] == 0x1f && plain.data[1] == 0x8b) {
        fuzz_end(&in);
        return 0; /* it would not be read as plain */
    }
    fuzz_write("plain.csv", plain);
    enum status status = read_rows("plain.csv", &rows);
    bool two_members = how >= 0xC0;
    size_t first = two_members && plain.size > 0 ? place % plain.size : plain.size;
    compress_member(&packed, bytes_of(plain.data, first), how % 10);
    if (two_members) {
        compress_member(&packed, bytes_of(plain.data + first, plain.size - first), how % 10);
    }
    check_whole(&packed, status, &rows);
    if (!two_members) { /* the end of a member may be the end of the file */
        size_t at = GZIP_HEAD + place % (packed.size - GZIP_HEAD);
        check_damaged(bytes_of(packed.data, at), true, status, &rows);
        packed.data[at] ^= change;
        check_damaged(buffer_bytes(&packed), false, status, &rows);
    }
    buffer_fini(&packed);
    buffer_fini(&rows);
    fuzz_end(&in);
    return 0;
}
