/* Cells are kept as they will be shown; widths grow with them; printing pads. */
#include "clients/vafa/table.h"

#include "base/check.h"
#include "clients/vafa/output.h"
#include "text/utf8.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#define GAP "  "
#define RULE "─"

struct table {
    size_t columns;
    char *heads[TABLE_COLUMNS_MAX];
    bool right[TABLE_COLUMNS_MAX];
    size_t widths[TABLE_COLUMNS_MAX];
    char **cells;
    size_t cell_count;
    size_t cell_capacity;
};

struct table *table_new(size_t columns)
{
    CHECK(columns >= 1 && columns <= TABLE_COLUMNS_MAX);
    struct table *table = calloc(1, sizeof(*table));
    CHECK(table != NULL);
    table->columns = columns;
    return table;
}

void table_free(struct table *table)
{
    if (table == NULL) {
        return;
    }
    for (size_t i = 0; i < table->cell_count; i++) {
        free(table->cells[i]);
    }
    for (size_t i = 0; i < table->columns; i++) {
        free(table->heads[i]);
    }
    free(table->cells);
    free(table);
}

void table_plain_text(struct buffer *out, const char *text)
{
    struct bytes rest = bytes_of_text(text);
    while (rest.size > 0) {
        size_t size = 1;
        enum output_harm harm = output_harm_of(rest, &size);
        if (harm == OUTPUT_DRIVES) {
            buffer_append_text(out, " ");
        } else if (harm == OUTPUT_HARMLESS) {
            buffer_append(out, rest.data, size);
        } /* what turns the text round takes no column: it is left out */
        rest = bytes_of(rest.data + size, rest.size - size);
    }
}

static char *plain_copy(const char *text)
{
    struct buffer plain = BUFFER_EMPTY;
    table_plain_text(&plain, text != NULL ? text : "");
    char *copy = strdup(buffer_text(&plain));
    CHECK(copy != NULL);
    buffer_fini(&plain);
    return copy;
}

static void widen(struct table *table, size_t column, const char *text)
{
    size_t width = utf8_width(text);
    if (width > table->widths[column]) {
        table->widths[column] = width;
    }
}

void table_head(struct table *table, size_t column, const char *text)
{
    CHECK(column < table->columns);
    free(table->heads[column]);
    table->heads[column] = plain_copy(text);
    widen(table, column, table->heads[column]);
}

void table_align_right(struct table *table, size_t column)
{
    CHECK(column < table->columns);
    table->right[column] = true;
}

void table_cell(struct table *table, const char *text)
{
    if (table->cell_count == table->cell_capacity) {
        table->cell_capacity = table->cell_capacity == 0 ? 64 : 2 * table->cell_capacity;
        table->cells = realloc(table->cells, table->cell_capacity * sizeof(*table->cells));
        CHECK(table->cells != NULL);
    }
    char *copy = plain_copy(text);
    widen(table, table->cell_count % table->columns, copy);
    table->cells[table->cell_count++] = copy;
}

void table_cell_format(struct table *table, const char *format, ...)
{
    char text[512];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof(text), format, arguments);
    va_end(arguments);
    table_cell(table, text);
}

size_t table_rows(const struct table *table)
{
    return table->cell_count / table->columns;
}

static void pad(FILE *out, const char *with, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        fputs(with, out);
    }
}

static void print_cell(const struct table *table, size_t column, const char *text, FILE *out)
{
    size_t room = table->widths[column] - utf8_width(text);
    bool last = column + 1 == table->columns;
    if (table->right[column]) {
        pad(out, " ", room);
    }
    fputs(text, out);
    if (!table->right[column] && !last) { /* no blanks at the end of a line */
        pad(out, " ", room);
    }
    fputs(last ? "\n" : GAP, out);
}

static void print_head(const struct table *table, FILE *out)
{
    for (size_t i = 0; i < table->columns; i++) {
        print_cell(table, i, table->heads[i] != NULL ? table->heads[i] : "", out);
    }
    for (size_t i = 0; i < table->columns; i++) {
        pad(out, RULE, table->widths[i]);
        fputs(i + 1 == table->columns ? "\n" : GAP, out);
    }
}

void table_print(const struct table *table, FILE *out)
{
    bool has_head = false;
    for (size_t i = 0; i < table->columns; i++) {
        has_head = has_head || table->heads[i] != NULL;
    }
    if (has_head) {
        print_head(table, out);
    }
    for (size_t row = 0; row < table_rows(table); row++) {
        for (size_t column = 0; column < table->columns; column++) {
            print_cell(table, column, table->cells[row * table->columns + column], out);
        }
    }
}
