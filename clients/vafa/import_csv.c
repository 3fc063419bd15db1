/*
 * libcsv knows no lines and gives rows as it likes; so it is fed piece by piece, each up to a line
 * end, and no more once a row is there.
 */
#include "clients/vafa/import_csv.h"

#include "base/check.h"

#include <csv.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <zlib.h>

#define CHUNK_BYTES (64u * 1024)
/* libcsv keeps a cell until it ends. A row so long is a quote that never closes: the file is not
 * read on. */
#define ENDLESS_ROW_BYTES (16u * IMPORT_CSV_ROW_BYTES_MAX)
#define LIBCSV_FIELD_BEGUN 2 /* its pstate within a field; not in its header */

struct import_csv {
    gzFile file;
    int64_t file_bytes;
    char path[4096];
    struct csv_parser parser;
    uint8_t chunk[CHUNK_BYTES];
    size_t chunk_size;
    size_t chunk_at;
    bool ended;
    uint64_t line;     /* being fed */
    uint64_t row_line; /* where the present row began */
    size_t row_bytes;  /* fed of it */
    bool between_rows; /* nothing of a row has been fed yet */
    bool after_cr;     /* a line feed now belongs to the line end before it */

    struct buffer text;    /* the cells, each with a NUL */
    struct buffer offsets; /* size_t each */
    const char *trouble;
    bool has_row; /* the row is complete */

    const char **cells;
    size_t cell_capacity;
    struct import_csv_row row;

    char **head;
    size_t head_count;
};

/* --- libcsv's callbacks --- */

static void on_cell(void *data, size_t size, void *context)
{
    struct import_csv *csv = context;
    if (csv->text.size + size + 1 > IMPORT_CSV_ROW_BYTES_MAX) {
        csv->trouble = "the row is too long";
        return;
    }
    if (csv->offsets.size / sizeof(size_t) == IMPORT_CSV_COLUMNS_MAX) {
        csv->trouble = "the row has too many cells";
        return;
    }
    size_t offset = csv->text.size;
    buffer_append(&csv->offsets, &offset, sizeof(offset));
    const char *from = data;
    for (size_t i = 0; i < size; i++) {
        if (from[i] == '\0') {
            csv->trouble = "there is a NUL in the row";
            return;
        }
        if (from[i] == '\r') { /* one kind of line end inside a cell */
            if (i + 1 == size || from[i + 1] != '\n') {
                buffer_append_text(&csv->text, "\n");
            }
        } else {
            buffer_append(&csv->text, &from[i], 1);
        }
    }
    buffer_append(&csv->text, "", 1);
}

static void on_row(int end, void *context)
{
    struct import_csv *csv = context;
    (void)end;
    csv->has_row = true;
    csv->between_rows = true;
}

/* --- reading --- */

static enum status refuse_read(const struct import_csv *csv, struct error *err)
{
    int code = Z_OK;
    const char *why = gzerror(csv->file, &code);
    return error_set(err, STATUS_FAILED_PRECONDITION, "file", "%s cannot be read on: %s", csv->path,
                     code == Z_ERRNO ? strerror(errno) : why);
}

static enum status fill_chunk(struct import_csv *csv, struct error *err)
{
    int size = gzread(csv->file, csv->chunk, CHUNK_BYTES);
    int code = Z_OK;
    (void)gzerror(csv->file, &code);
    if (size < 0 || (size == 0 && code != Z_OK)) {
        return refuse_read(csv, err);
    }
    csv->chunk_size = (size_t)size;
    csv->chunk_at = 0;
    if (size > 0) {
        return STATUS_OK;
    }
    csv->ended = true;
    bool is_open = csv->parser.quoted && csv->parser.pstate == LIBCSV_FIELD_BEGUN;
    (void)csv_fini(&csv->parser, on_cell, on_row, csv);
    if (is_open) {
        return error_set(err, STATUS_FAILED_PRECONDITION, "file",
                         "%s:%llu: a quote is opened and never closed", csv->path,
                         (unsigned long long)csv->row_line);
    }
    return STATUS_OK;
}

/* The next piece of the chunk, up to a line end of any kind: libcsv ends a row at each outside of
 * quotes, so a piece holds at most one row's end. */
static size_t piece_size(const struct import_csv *csv)
{
    size_t at = csv->chunk_at;
    while (at < csv->chunk_size && csv->chunk[at] != '\n' && csv->chunk[at] != '\r') {
        at++;
    }
    return at - csv->chunk_at + (at < csv->chunk_size);
}

static void count_line(struct import_csv *csv, uint8_t last, bool ends_cr_lf)
{
    csv->line += last == '\r' || (last == '\n' && !ends_cr_lf);
    csv->after_cr = last == '\r';
}

/* No row, for libcsv: nothing in front of the line end but blanks. */
static bool is_blank_line(struct bytes piece)
{
    size_t at = 0;
    while (at < piece.size && (piece.data[at] == ' ' || piece.data[at] == '\t')) {
        at++;
    }
    return at + 1 == piece.size && (piece.data[at] == '\n' || piece.data[at] == '\r');
}

static enum status feed_piece(struct import_csv *csv, struct error *err)
{
    const uint8_t *from = csv->chunk + csv->chunk_at;
    size_t size = piece_size(csv);
    uint8_t last = from[size - 1];
    bool ends_cr_lf = last == '\n' && size == 1 && csv->after_cr;
    if (csv->between_rows && !ends_cr_lf) {
        csv->row_line = csv->line;
        csv->row_bytes = 0;
    }
    csv->between_rows = csv->between_rows && is_blank_line(bytes_of(from, size));
    csv->row_bytes += size;
    if (csv->row_bytes > ENDLESS_ROW_BYTES) {
        return error_set(err, STATUS_FAILED_PRECONDITION, "file",
                         "%s:%llu: the row has no end: is a quote opened and never closed?",
                         csv->path, (unsigned long long)csv->row_line);
    }
    if (csv_parse(&csv->parser, from, size, on_cell, on_row, csv) != size) {
        return error_set(err, STATUS_FAILED_PRECONDITION, "file", "%s:%llu: %s", csv->path,
                         (unsigned long long)csv->row_line, csv_strerror(csv_error(&csv->parser)));
    }
    csv->chunk_at += size;
    count_line(csv, last, ends_cr_lf);
    return STATUS_OK;
}

static void publish(struct import_csv *csv)
{
    /* Of a row in trouble a cell may be there without its text. */
    size_t count = csv->trouble == NULL ? csv->offsets.size / sizeof(size_t) : 0;
    if (count > csv->cell_capacity) {
        csv->cells = realloc(csv->cells, count * sizeof(*csv->cells));
        CHECK(csv->cells != NULL);
        csv->cell_capacity = count;
    }
    const size_t *offsets = (const size_t *)(const void *)csv->offsets.data;
    for (size_t i = 0; i < count; i++) {
        csv->cells[i] = (const char *)csv->text.data + offsets[i];
    }
    csv->row = (struct import_csv_row){
        .line = csv->row_line, .cell_count = count, .cells = csv->cells, .trouble = csv->trouble};
}

enum status import_csv_next(struct import_csv *csv, const struct import_csv_row **ret_row,
                            struct error *err)
{
    enum status status = STATUS_OK;
    buffer_clear(&csv->text);
    buffer_clear(&csv->offsets);
    csv->trouble = NULL;
    csv->has_row = false;
    while (status == STATUS_OK && !csv->has_row && !csv->ended) {
        status = csv->chunk_at < csv->chunk_size ? feed_piece(csv, err) : fill_chunk(csv, err);
    }
    if (status != STATUS_OK) {
        return status;
    }
    if (!csv->has_row) {
        *ret_row = NULL;
        return STATUS_OK;
    }
    publish(csv);
    *ret_row = &csv->row;
    return STATUS_OK;
}

/* --- the head --- */

static char *head_name(const char *cell, bool first)
{
    if (first && strncmp(cell, "\xEF\xBB\xBF", 3) == 0) {
        cell += 3;
    }
    cell += strspn(cell, " \t");
    size_t size = strlen(cell);
    while (size > 0 && strchr(" \t", cell[size - 1]) != NULL) {
        size--;
    }
    char *name = strndup(cell, size);
    CHECK(name != NULL);
    return name;
}

static enum status read_head(struct import_csv *csv, struct error *err)
{
    const struct import_csv_row *row;
    enum status status = import_csv_next(csv, &row, err);
    if (status != STATUS_OK) {
        return status;
    }
    if (row == NULL || row->trouble != NULL) {
        return error_set(err, STATUS_INVALID_ARGUMENT, "file", "%s has no first row of names: %s",
                         csv->path, row == NULL ? "it is empty" : row->trouble);
    }
    csv->head = calloc(row->cell_count + 1, sizeof(*csv->head));
    CHECK(csv->head != NULL);
    for (size_t i = 0; i < row->cell_count; i++) {
        csv->head[i] = head_name(row->cells[i], i == 0);
    }
    csv->head_count = row->cell_count;
    return STATUS_OK;
}

enum status import_csv_open(struct import_csv **ret_csv, const char *path, struct error *err)
{
    struct stat stat_of;
    gzFile file = stat(path, &stat_of) == 0 ? gzopen(path, "rbe") : NULL; /* plain files, too */
    if (file == NULL) {
        return error_set_errno(err, errno == ENOENT ? STATUS_NOT_FOUND : STATUS_FAILED_PRECONDITION,
                               errno, "%s", path);
    }
    struct import_csv *csv = calloc(1, sizeof(*csv));
    CHECK(csv != NULL);
    csv->file = file;
    csv->file_bytes = stat_of.st_size;
    csv->line = 1;
    csv->between_rows = true;
    strncpy(csv->path, path, sizeof(csv->path) - 1);
    CHECK(csv_init(&csv->parser, 0) == 0);
    /* By default it grows by 128 bytes: a row of megabytes would be copied thousands of times. */
    csv_set_blk_size(&csv->parser, 64 * 1024);
    enum status status = read_head(csv, err);
    if (status != STATUS_OK) {
        import_csv_close(csv);
        return status;
    }
    *ret_csv = csv;
    return STATUS_OK;
}

void import_csv_close(struct import_csv *csv)
{
    if (csv == NULL) {
        return;
    }
    for (size_t i = 0; i < csv->head_count; i++) {
        free(csv->head[i]);
    }
    csv_free(&csv->parser);
    buffer_fini(&csv->text);
    buffer_fini(&csv->offsets);
    (void)gzclose_r(csv->file);
    free(csv->cells);
    free(csv->head);
    free(csv);
}

size_t import_csv_columns(const struct import_csv *csv)
{
    return csv->head_count;
}

const char *import_csv_column(const struct import_csv *csv, size_t index)
{
    CHECK(index < csv->head_count);
    return csv->head[index];
}

int import_csv_find(const struct import_csv *csv, const char *name)
{
    for (size_t i = 0; i < csv->head_count; i++) {
        if (strcmp(csv->head[i], name) == 0) {
            return (int)i;
        }
    }
    return -1;
}

double import_csv_part(const struct import_csv *csv)
{
    int64_t at = gzoffset(csv->file);
    return csv->file_bytes > 0 && at < csv->file_bytes ? (double)at / (double)csv->file_bytes : 1.0;
}
