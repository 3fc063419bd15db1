/* Keys become names for people (table, bars); machines get keys (CSV, JSON). */
#include "clients/vafa/report_view.h"

#include "base/check.h"
#include "base/utf8_check.h"
#include "clients/vafa/chart.h"
#include "clients/vafa/csv_out.h"
#include "clients/vafa/labels.h"
#include "clients/vafa/list_text.h"
#include "clients/vafa/output.h"
#include "clients/vafa/table.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define FIGURE_MAX 1e15

/* Shares are shown as percentages. */
static bool is_share(const char *metric, const char *column)
{
    return strcmp(column, "on_time") == 0 ||
           (strcmp(metric, "satisfaction") == 0 &&
            (strcmp(column, "satisfied") == 0 || strcmp(column, "resolved") == 0));
}

static const char *name_of(const struct report_view *view, size_t column, const char *key)
{
    const char *dimension = view->response->columns[column];
    const char *language = session_language(view->session);
    if (key[0] == '\0') {
        return label_word("none", language);
    }
    if (strcmp(dimension, "topic") == 0) {
        return session_topic(view->session, key);
    }
    if (strcmp(dimension, "unit") == 0) {
        return session_unit(view->session, key);
    }
    if (strcmp(dimension, "area") == 0) {
        return session_area(view->session, key);
    }
    if (strcmp(dimension, "channel") == 0) {
        int channel = label_enum_value(&common__channel__descriptor, key);
        return channel > 0 ? label_enum(&common__channel__descriptor, channel, language) : key;
    }
    return key;
}

static const Report__Cell *cell_at(const struct report_view *view, size_t row, size_t column)
{
    const Report__Row *of = view->response->rows[row];
    return column < of->n_cells ? of->cells[column] : NULL;
}

static double figure_of(const Report__Cell *cell)
{
    if (cell == NULL) {
        return 0;
    }
    return cell->value_case == REPORT__CELL__VALUE_COUNT ? (double)cell->count : cell->number;
}

/* resolution_hours leads with the count of the done: its bars are the median. */
static size_t bar_column(const struct report_view *view)
{
    size_t column = view->label_columns;
    return strcmp(view->metric, "resolution_hours") == 0 ? column + 1
           : strcmp(view->metric, "satisfaction") == 0   ? column + 1
                                                         : column;
}

/* No share is beyond 1, no figure so large that there is no room to show it. */
static bool is_figure(const struct report_view *view, size_t column, double number)
{
    double most = is_share(view->metric, view->response->columns[column]) ? 1 : FIGURE_MAX;
    return number >= -most && number <= most; /* not so for what is no number */
}

static bool is_cell(const struct report_view *view, const Report__Cell *cell, size_t column)
{
    bool is_label = column < view->label_columns;
    switch (cell->value_case) {
    case REPORT__CELL__VALUE_TEXT: return is_label;
    case REPORT__CELL__VALUE_NUMBER: return !is_label && is_figure(view, column, cell->number);
    default: return !is_label;
    }
}

static bool is_row(const struct report_view *view, const Report__Row *row)
{
    bool good = row->n_cells == view->response->n_columns;
    for (size_t i = 0; good && i < row->n_cells; i++) {
        good = is_cell(view, row->cells[i], i);
    }
    return good;
}

enum status report_view_check(const struct report_view *view, struct error *err)
{
    const Report__QueryReportResponse *response = view->response;
    bool good = response->n_columns > bar_column(view) && response->n_columns <= TABLE_COLUMNS_MAX;
    for (size_t row = 0; good && row < response->n_rows; row++) {
        good = is_row(view, response->rows[row]);
    }
    return good ? STATUS_OK
                : error_set(err, STATUS_INTERNAL, "rows",
                            "the server's answer is not a table of what was asked");
}

bool report_view_is_empty(const struct report_view *view)
{
    for (size_t row = 0; row < view->response->n_rows; row++) {
        for (size_t i = view->label_columns; i < view->response->n_columns; i++) {
            if (figure_of(cell_at(view, row, i)) != 0) {
                return false;
            }
        }
    }
    return true;
}

/* As a person reads it. */
static void cell_text(const struct report_view *view, size_t row, size_t column, char *out,
                      size_t out_size)
{
    const Report__Cell *cell = cell_at(view, row, column);
    const char *name = view->response->columns[column];
    const char *text;
    out[0] = '\0';
    if (cell == NULL) {
        return;
    }
    switch (cell->value_case) {
    case REPORT__CELL__VALUE_TEXT:
        text = name_of(view, column, cell->text);
        snprintf(out, out_size, "%.*s", (int)utf8_cut(text, strlen(text), out_size - 1), text);
        break;
    case REPORT__CELL__VALUE_COUNT: snprintf(out, out_size, "%" PRId64, cell->count); break;
    case REPORT__CELL__VALUE_NUMBER:
        if (is_share(view->metric, name)) {
            snprintf(out, out_size, "%.1f %%", cell->number * 100);
        } else {
            snprintf(out, out_size, "%.2f", cell->number);
        }
        break;
    default: snprintf(out, out_size, "–"); break;
    }
}

void report_view_table(const struct report_view *view)
{
    size_t columns = view->response->n_columns;
    CHECK(columns >= 1 && columns <= TABLE_COLUMNS_MAX);
    struct table *table = table_new(columns);
    for (size_t i = 0; i < columns; i++) {
        table_head(table, i,
                   label_word(view->response->columns[i], session_language(view->session)));
        if (i >= view->label_columns) {
            table_align_right(table, i);
        }
    }
    for (size_t row = 0; row < view->response->n_rows; row++) {
        for (size_t i = 0; i < columns; i++) {
            char text[600];
            cell_text(view, row, i, text, sizeof(text));
            table_cell(table, text);
        }
    }
    list_text_print(view->session, table);
    table_free(table);
}

/* --- bars --- */

static void bar_label(const struct report_view *view, size_t row, struct buffer *out)
{
    for (size_t i = 0; i < view->label_columns; i++) {
        char text[600];
        cell_text(view, row, i, text, sizeof(text));
        buffer_append_text(out, i > 0 ? " · " : "");
        table_plain_text(out, text);
    }
    if (view->label_columns == 0) {
        buffer_append_text(out, label_word(view->response->columns[bar_column(view)],
                                           session_language(view->session)));
    }
}

void report_view_chart(const struct report_view *view)
{
    size_t count = view->response->n_rows;
    size_t column = bar_column(view);
    struct chart_bar *bars = calloc(count + 1, sizeof(*bars));
    struct buffer *labels = calloc(count + 1, sizeof(*labels));
    char(*shown)[64] = calloc(count + 1, sizeof(*shown));
    CHECK(bars != NULL && labels != NULL && shown != NULL && column < view->response->n_columns);
    for (size_t row = 0; row < count; row++) {
        const Report__Cell *cell = cell_at(view, row, column);
        bar_label(view, row, &labels[row]);
        cell_text(view, row, column, shown[row], sizeof(shown[row]));
        bars[row] = (struct chart_bar){
            .label = buffer_text(&labels[row]),
            .value = figure_of(cell),
            .shown = shown[row],
            .missing = cell == NULL || cell->value_case == REPORT__CELL__VALUE__NOT_SET,
        };
    }
    output_foreign(stdout, "",
                   label_word(view->response->columns[column], session_language(view->session)),
                   "");
    chart_print(bars, count, output_columns(), stdout);
    for (size_t row = 0; row < count; row++) {
        buffer_fini(&labels[row]);
    }
    free(shown);
    free(labels);
    free(bars);
}

/* --- CSV --- */

static void csv_text(const char *text, struct buffer *out)
{
    struct buffer plain = BUFFER_EMPTY;
    table_plain_text(&plain, text);
    csv_out_text(out, buffer_text(&plain));
    buffer_fini(&plain);
}

static void csv_cell(const Report__Cell *cell, struct buffer *out)
{
    char number[64] = "";
    if (cell == NULL) {
        return;
    }
    switch (cell->value_case) {
    case REPORT__CELL__VALUE_TEXT: csv_text(cell->text, out); return;
    case REPORT__CELL__VALUE_COUNT:
        snprintf(number, sizeof(number), "%" PRId64, cell->count);
        break;
    case REPORT__CELL__VALUE_NUMBER: snprintf(number, sizeof(number), "%.10g", cell->number); break;
    default: break;
    }
    csv_out_plain(out, number);
}

void report_view_csv(const struct report_view *view, bool bom)
{
    struct buffer out = BUFFER_EMPTY;
    size_t columns = view->response->n_columns;
    if (bom) {
        buffer_append_text(&out, CSV_BOM);
    }
    for (size_t i = 0; i < columns; i++) {
        buffer_append_text(&out, i > 0 ? "," : "");
        csv_text(view->response->columns[i], &out);
    }
    buffer_append_text(&out, "\r\n");
    for (size_t row = 0; row < view->response->n_rows; row++) {
        for (size_t i = 0; i < columns; i++) {
            buffer_append_text(&out, i > 0 ? "," : "");
            csv_cell(cell_at(view, row, i), &out);
        }
        buffer_append_text(&out, "\r\n");
    }
    fwrite(out.data, 1, out.size, stdout);
    buffer_fini(&out);
}

/* --- JSON --- */

static json_t *json_cell(const Report__Cell *cell)
{
    switch (cell != NULL ? cell->value_case : REPORT__CELL__VALUE__NOT_SET) {
    case REPORT__CELL__VALUE_TEXT: return json_string(cell->text);
    case REPORT__CELL__VALUE_COUNT: return json_integer(cell->count);
    case REPORT__CELL__VALUE_NUMBER: return json_real(cell->number);
    default: return json_null();
    }
}

void report_view_json(const struct report_view *view)
{
    const Report__QueryReportResponse *response = view->response;
    json_t *columns = json_array();
    json_t *rows = json_array();
    json_t *as_of = json_object();
    for (size_t i = 0; i < response->n_columns; i++) {
        json_array_append_new(columns, json_string(response->columns[i]));
    }
    for (size_t row = 0; row < response->n_rows; row++) {
        json_t *cells = json_array();
        for (size_t i = 0; i < response->n_columns; i++) {
            json_array_append_new(cells, json_cell(cell_at(view, row, i)));
        }
        json_array_append_new(rows, cells);
    }
    for (size_t i = 0; i < response->n_as_of; i++) {
        const char *service = output_service(response->as_of[i]->service);
        if (service[0] != '\0') {
            json_object_set_new(as_of, service, output_count(response->as_of[i]->offset));
        }
    }
    json_t *json = json_pack("{s:s, s:o, s:o, s:o}", "metric", view->metric, "columns", columns,
                             "rows", rows, "as_of", as_of);
    output_json(json);
    json_decref(json);
}
