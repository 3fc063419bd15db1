/* Rows of a CSV file, plain or gzipped, one after another in bounded memory. */
#ifndef VAFA_CLIENTS_VAFA_IMPORT_CSV_H
#define VAFA_CLIENTS_VAFA_IMPORT_CSV_H

#include "base/bytes.h"

#define IMPORT_CSV_COLUMNS_MAX 256
#define IMPORT_CSV_ROW_BYTES_MAX (256u * 1024)

/* A row; borrowed until the next is read. */
struct import_csv_row {
    uint64_t line; /* on which it begins, from 1 */
    size_t cell_count;
    const char **cells;  /* each ends with NUL; line ends inside are "\n" */
    const char *trouble; /* why it cannot be used (too long, a NUL in it), NULL when it can */
};

struct import_csv;

/* Reads the head (a byte order mark and blanks around names are dropped). NOT_FOUND or
 * FAILED_PRECONDITION for the file, INVALID_ARGUMENT when it has no head. */
enum status import_csv_open(struct import_csv **ret_csv, const char *path, struct error *err);
void import_csv_close(struct import_csv *csv); /* NULL is allowed */

size_t import_csv_columns(const struct import_csv *csv);
const char *import_csv_column(const struct import_csv *csv, size_t index);
/* The place of a column, -1 when there is none of that name. */
int import_csv_find(const struct import_csv *csv, const char *name);

/* OK and *ret_row NULL at the end. FAILED_PRECONDITION when the file cannot be read on (a damaged
 * gzip file, a quote that never closes: no row may have 4 MiB). */
enum status import_csv_next(struct import_csv *csv, const struct import_csv_row **ret_row,
                            struct error *err);
/* How much of the file has been read, 0 to 1. */
double import_csv_part(const struct import_csv *csv);

#endif
