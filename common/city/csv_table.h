/*
 * A table of a pack: RFC 4180 through libcsv, strict, with what spreadsheets and people add to it.
 *
 * The first row holds the names of the columns, in any order. Lines that begin with `#`, rows whose
 * first cell does, and empty rows are left out. CR LF and LF end a line. A cell in quotes may go
 * over several lines.
 */
#ifndef VAFA_CITY_CSV_TABLE_H
#define VAFA_CITY_CSV_TABLE_H

#include "base/bytes.h"
#include "city/findings.h"

#define CSV_ROWS_MAX 100000
#define CSV_COLUMNS_MAX 32
#define CSV_CELL_SIZE_MAX 1024 /* bytes */

struct csv_column {
    const char *name;
    bool required; /* the column must be there; its cells may still be empty */
};

struct csv_table;

/* Never NULL: what is wrong is told to `findings` under the name `file`, and the good rows are
 * kept. `text` is well-formed UTF-8 and not kept. A row with a wrong number of cells is told and
 * left out. */
struct csv_table *csv_table_read(const char *file, struct bytes text,
                                 const struct csv_column *columns, size_t column_count,
                                 struct findings *findings);
void csv_table_free(struct csv_table *table); /* NULL is allowed */

size_t csv_table_rows(const struct csv_table *table);
/* Line on which the row begins, from 1. */
int csv_table_line(const struct csv_table *table, size_t row);
/* The cell, without spaces around it; `column` is a place in the `columns` of csv_table_read. ""
 * when the file lacks the column. Valid as long as the table. */
const char *csv_table_cell(const struct csv_table *table, size_t row, size_t column);

#endif
