/* One table of a pack while it is read, and the checks that its cells have in common. Every mistake becomes a finding. */
#include "city/city_internal.h"

#include "base/check.h"
#include "text/utf8.h"

#include <stdlib.h>
#include <string.h>

const char *city_cells_key(const struct city_cells *cells, size_t row, size_t column)
{
    const char *key = csv_table_cell(cells->table, row, column);
    int line = csv_table_line(cells->table, row);
    struct error err = ERROR_NONE;
    if (key[0] == '\0') {
        findings_error(cells->findings, cells->file, line, "the key is empty");
    } else if (text_check_key(key, CITY_KEY_SIZE_MAX, "key", &err) != STATUS_OK) {
        findings_error(cells->findings, cells->file, line, "the key \"%s\" cannot be used: %s",
                       findings_quote(key).text, err.message);
    } else if (strcmp(key, "*") == 0 || strpbrk(key, "{}") != NULL) {
        findings_error(cells->findings, cells->file, line,
                       "\"*\", \"{\" and \"}\" have a meaning in rules.csv: choose another key");
    }
    return key;
}

void city_cells_names(const struct city *city, const struct city_cells *cells, size_t row,
                      size_t column, const char **ret_fa, const char **ret_en)
{
    const char *names[2] = {csv_table_cell(cells->table, row, column),
                            csv_table_cell(cells->table, row, column + 1)};
    int line = csv_table_line(cells->table, row);
    for (size_t i = 0; i < 2; i++) {
        struct error err = ERROR_NONE;
        if (names[i][0] != '\0' &&
            text_check_key(names[i], CITY_NAME_SIZE_MAX, "name", &err) != STATUS_OK) {
            findings_error(cells->findings, cells->file, line, "the name \"%s\" cannot be used: %s",
                           findings_quote(names[i]).text, err.message);
        }
    }
    bool is_fa = city->language != NULL && strcmp(city->language, "fa") == 0;
    if (city->language != NULL && names[is_fa ? 0 : 1][0] == '\0') {
        findings_error(cells->findings, cells->file, line,
                       "%s is empty: it is the language of the city",
                       is_fa ? "name_fa" : "name_en");
    }
    *ret_fa = names[0][0] != '\0' ? names[0] : names[1];
    *ret_en = names[1][0] != '\0' ? names[1] : names[0];
}

bool city_cells_yes(const struct city_cells *cells, size_t row, size_t column)
{
    const char *value = csv_table_cell(cells->table, row, column);
    if (value[0] != '\0' && strcmp(value, "no") != 0 && strcmp(value, "yes") != 0) {
        findings_error(cells->findings, cells->file, csv_table_line(cells->table, row),
                       "\"%s\" must be yes or no", findings_quote(value).text);
    }
    return strcmp(value, "yes") == 0;
}

void *city_cells_open(const struct city *city, const char *file, const struct csv_column *columns,
                      size_t column_count, size_t size, struct csv_table **ret_table,
                      bool *ret_whole, struct city_cells *ret_cells, struct findings *findings)
{
    const struct pack_file *found = pack_files_find(&city->files, file);
    /* A file that cannot be read was told already: nothing more about it. */
    struct findings ignored = {0};
    bool readable = found != NULL && found->readable;
    size_t errors = findings->errors;
    *ret_table = csv_table_read(file, readable ? found->text : bytes_of("", 0), columns,
                                column_count, readable ? findings : &ignored);
    *ret_whole = readable && findings->errors == errors;
    *ret_cells = (struct city_cells){.file = file, .table = *ret_table, .findings = findings};
    void *items = calloc(csv_table_rows(*ret_table) + 1, size);
    CHECK(items != NULL);
    return items;
}

bool city_cells_date(const struct city *city, const struct city_cells *cells, size_t row,
                     const char *text, int32_t *ret_day)
{
    int64_t us;
    size_t size = strlen(text);
    bool is_plain = size > 0 && size <= 10 && strspn(text, "0123456789-/") == size &&
                    text[0] != '-' && text[0] != '/';
    if (city->civil == NULL || !is_plain ||
        civil_parse(city->civil, text, 0, "date", &us, NULL) != STATUS_OK) {
        findings_error(cells->findings, cells->file, csv_table_line(cells->table, row),
                       "\"%s\" is no date such as 1404-12-29 or 2026-03-20",
                       findings_quote(text).text);
        return false;
    }
    *ret_day = civil_day(city->civil, us);
    return true;
}
