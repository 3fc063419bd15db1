/* A table of a pack: see csv_table.h. */
#include "city/csv_table.h"

#include "base/check.h"

#include <csv.h>
#include <stdlib.h>
#include <string.h>

struct csv_row {
    int line;
    size_t cells; /* place of the first of column_count offsets in table->offsets */
};

struct csv_table {
    size_t column_count;
    struct buffer text;    /* the cells, each with a NUL; offset 0 is "" */
    struct buffer offsets; /* size_t */
    struct buffer rows;    /* struct csv_row */
};

struct csv_reading {
    struct csv_table *table;
    const char *file;
    const struct csv_column *columns;
    struct findings *findings;

    int row_line; /* line on which the present row began */
    bool row_ended;
    bool has_header;
    bool stopped; /* the header is wrong or there are too many rows */
    size_t header_count;
    int header_place[CSV_COLUMNS_MAX]; /* column of the file -> place in columns, -1: none */

    size_t cell_count;
    size_t cells[CSV_COLUMNS_MAX]; /* offsets in table->text */
};

static const char *csv_reading_cell(const struct csv_reading *reading, size_t i)
{
    return (const char *)reading->table->text.data + reading->cells[i];
}

static void csv_on_cell(void *data, size_t size, void *context)
{
    struct csv_reading *reading = context;
    if (reading->cell_count >= CSV_COLUMNS_MAX) {
        reading->cell_count++;
        return;
    }
    if (size > CSV_CELL_SIZE_MAX) {
        findings_error(reading->findings, reading->file, reading->row_line,
                       "cell %zu is %zu bytes long; at most %d are allowed",
                       reading->cell_count + 1, size, CSV_CELL_SIZE_MAX);
        size = 0;
    }
    struct buffer *text = &reading->table->text;
    reading->cells[reading->cell_count++] = text->size;
    buffer_append(text, data, size);
    buffer_append(text, "", 1);
}

static void csv_take_header(struct csv_reading *reading)
{
    reading->has_header = true;
    reading->header_count = reading->cell_count;
    bool seen[CSV_COLUMNS_MAX] = {false};
    for (size_t i = 0; i < reading->cell_count; i++) {
        const char *name = csv_reading_cell(reading, i);
        reading->header_place[i] = -1;
        for (size_t j = 0; j < reading->table->column_count; j++) {
            if (strcmp(name, reading->columns[j].name) == 0) {
                reading->header_place[i] = (int)j;
            }
        }
        if (reading->header_place[i] < 0) {
            bool separator = reading->cell_count == 1 && strpbrk(name, ";\t") != NULL;
            findings_error(reading->findings, reading->file, reading->row_line,
                           separator ? "columns are to be separated by commas: \"%s\""
                                     : "unknown column \"%s\": correct its name or remove it",
                           findings_quote(name).text);
            reading->stopped = true;
        } else if (seen[reading->header_place[i]]) {
            findings_error(reading->findings, reading->file, reading->row_line,
                           "column \"%s\" is there twice: remove one", name);
            reading->stopped = true;
        } else {
            seen[reading->header_place[i]] = true;
        }
    }
    for (size_t j = 0; j < reading->table->column_count; j++) {
        if (reading->columns[j].required && !seen[j]) {
            findings_error(reading->findings, reading->file, reading->row_line,
                           "column \"%s\" is missing: add it to the first row",
                           reading->columns[j].name);
            reading->stopped = true;
        }
    }
}

static void csv_take_row(struct csv_reading *reading)
{
    struct csv_table *table = reading->table;
    if (reading->cell_count != reading->header_count) {
        findings_error(reading->findings, reading->file, reading->row_line,
                       "the row has %zu cells and the first row has %zu: look for a comma too "
                       "many or too few (a text with a comma needs \"quotes\")",
                       reading->cell_count, reading->header_count);
        return;
    }
    if (csv_table_rows(table) >= CSV_ROWS_MAX) {
        findings_error(reading->findings, reading->file, reading->row_line,
                       "more than %d rows: split the pack", CSV_ROWS_MAX);
        reading->stopped = true;
        return;
    }
    size_t offsets[CSV_COLUMNS_MAX] = {0};
    for (size_t i = 0; i < reading->cell_count; i++) {
        offsets[reading->header_place[i]] = reading->cells[i];
    }
    struct csv_row row = {.line = reading->row_line, .cells = table->offsets.size / sizeof(size_t)};
    buffer_append(&table->offsets, offsets, table->column_count * sizeof(size_t));
    buffer_append(&table->rows, &row, sizeof(row));
}

static void csv_on_row(int terminator, void *context)
{
    (void)terminator;
    struct csv_reading *reading = context;
    reading->row_ended = true;
    bool empty = true;
    for (size_t i = 0; i < reading->cell_count && i < CSV_COLUMNS_MAX; i++) {
        empty = empty && *csv_reading_cell(reading, i) == '\0';
    }
    if (reading->stopped || empty || *csv_reading_cell(reading, 0) == '#') {
        /* nothing to take */
    } else if (reading->cell_count > CSV_COLUMNS_MAX) {
        findings_error(reading->findings, reading->file, reading->row_line,
                       "the row has %zu cells; at most %d are allowed", reading->cell_count,
                       CSV_COLUMNS_MAX);
        reading->stopped = !reading->has_header;
    } else if (!reading->has_header) {
        csv_take_header(reading);
    } else {
        csv_take_row(reading);
    }
    reading->cell_count = 0;
}

static bool csv_line_is_left_out(struct bytes line)
{
    for (size_t i = 0; i < line.size; i++) {
        if (line.data[i] == '#') {
            return true;
        }
        if (strchr(" \t\r\n", line.data[i]) == NULL) {
            return false;
        }
    }
    return true;
}

/* libcsv knows neither lines nor comments, so it is fed line by line. */
static void csv_feed(struct csv_parser *parser, struct csv_reading *reading, struct bytes text)
{
    int line_number = 0;
    reading->row_ended = true;
    for (size_t at = 0; at < text.size && !reading->stopped;) {
        const uint8_t *end = memchr(text.data + at, '\n', text.size - at);
        size_t size = end == NULL ? text.size - at : (size_t)(end - (text.data + at)) + 1;
        struct bytes line = bytes_of(text.data + at, size);
        at += size;
        line_number++;
        if (reading->row_ended) {
            if (csv_line_is_left_out(line)) {
                continue;
            }
            reading->row_line = line_number;
        }
        reading->row_ended = false;
        if (csv_parse(parser, line.data, line.size, csv_on_cell, csv_on_row, reading) !=
            line.size) {
            findings_error(reading->findings, reading->file, line_number,
                           "cannot be read as a table: a quote inside a cell is written twice "
                           "(\"\") and the cell stands in quotes");
            reading->stopped = true;
        }
    }
    if (!reading->stopped && csv_fini(parser, csv_on_cell, csv_on_row, reading) != 0) {
        findings_error(reading->findings, reading->file, reading->row_line,
                       "a quote is opened in this row and never closed");
        reading->stopped = true;
    }
}

struct csv_table *csv_table_read(const char *file, struct bytes text,
                                 const struct csv_column *columns, size_t column_count,
                                 struct findings *findings)
{
    CHECK(column_count > 0 && column_count <= CSV_COLUMNS_MAX);
    struct csv_table *table = calloc(1, sizeof(*table));
    CHECK(table != NULL);
    table->column_count = column_count;
    buffer_append(&table->text, "", 1);

    struct csv_reading reading = {
        .table = table, .file = file, .columns = columns, .findings = findings};
    struct csv_parser parser;
    CHECK(csv_init(&parser, CSV_STRICT | CSV_STRICT_FINI) == 0);
    csv_feed(&parser, &reading, text);
    csv_free(&parser);
    if (!reading.has_header && !reading.stopped) {
        findings_error(findings, file, 0, "is empty: write the names of the columns first");
    }
    return table;
}

void csv_table_free(struct csv_table *table)
{
    if (table == NULL) {
        return;
    }
    buffer_fini(&table->text);
    buffer_fini(&table->offsets);
    buffer_fini(&table->rows);
    free(table);
}

size_t csv_table_rows(const struct csv_table *table)
{
    return table->rows.size / sizeof(struct csv_row);
}

static struct csv_row csv_table_row(const struct csv_table *table, size_t row)
{
    struct csv_row found;
    CHECK(row < csv_table_rows(table));
    memcpy(&found, table->rows.data + row * sizeof(found), sizeof(found));
    return found;
}

int csv_table_line(const struct csv_table *table, size_t row)
{
    return csv_table_row(table, row).line;
}

const char *csv_table_cell(const struct csv_table *table, size_t row, size_t column)
{
    CHECK(column < table->column_count);
    size_t offset = 0;
    memcpy(&offset,
           table->offsets.data + (csv_table_row(table, row).cells + column) * sizeof(size_t),
           sizeof(offset));
    return (const char *)table->text.data + offset;
}
