/* A settings file of a pack: see ini_table.h. */
#include "city/ini_table.h"

#include "base/check.h"

#include <ini.h>
#include <stdlib.h>
#include <string.h>

/* inih cuts names of sections at this many bytes without a word. */
#define INI_SECTION_SIZE_MAX 48

struct ini_entry {
    size_t section, name, value; /* offsets in text */
    int line;
};

struct ini_table {
    const char *file;
    struct buffer text;       /* NUL-terminated pieces */
    struct ini_value *values; /* made when all is read and text no longer moves */
    bool *used;
    size_t count;
};

struct ini_reading {
    struct ini_table *table;
    struct findings *findings;
    struct bytes text;
    size_t at;
    int line;
    bool full;
    struct buffer entries; /* struct ini_entry */
};

static size_t ini_keep(struct ini_table *table, const char *piece)
{
    size_t offset = table->text.size;
    buffer_append(&table->text, piece, strlen(piece) + 1);
    return offset;
}

static int ini_on_value(void *context, const char *section, const char *name, const char *value)
{
    struct ini_reading *reading = context;
    if (strlen(section) > INI_SECTION_SIZE_MAX) {
        findings_error(reading->findings, reading->table->file, reading->line,
                       "stands under a section whose name is longer than %d bytes",
                       INI_SECTION_SIZE_MAX);
        return 1;
    }
    if (reading->entries.size / sizeof(struct ini_entry) >= INI_VALUES_MAX) {
        if (!reading->full) {
            findings_error(reading->findings, reading->table->file, reading->line,
                           "more than %d values in one file", INI_VALUES_MAX);
        }
        reading->full = true;
        return 1;
    }
    struct ini_entry entry = {.line = reading->line};
    entry.section = ini_keep(reading->table, section);
    entry.name = ini_keep(reading->table, name);
    entry.value = ini_keep(reading->table, value == NULL ? "" : value);
    buffer_append(&reading->entries, &entry, sizeof(entry));
    return 1;
}

/* Gives inih one line a call. White space at the beginning goes, so that no line continues another.
 */
static char *ini_next_line(char *out, int out_size, void *context)
{
    struct ini_reading *reading = context;
    if (reading->at >= reading->text.size) {
        return NULL;
    }
    const uint8_t *line = reading->text.data + reading->at;
    const uint8_t *end = memchr(line, '\n', reading->text.size - reading->at);
    size_t size = end == NULL ? reading->text.size - reading->at : (size_t)(end - line);
    reading->at += size + (end != NULL);
    reading->line++;
    while (size > 0 && (line[0] == ' ' || line[0] == '\t')) {
        line++;
        size--;
    }
    if (size > 0 && line[size - 1] == '\r') {
        size--;
    }
    if (size + 3 > (size_t)out_size) {
        if (line[0] != '#' && line[0] != ';') {
            findings_error(reading->findings, reading->table->file, reading->line,
                           "the line is longer than %d bytes", out_size - 3);
        }
        size = 0;
    }
    memcpy(out, line, size);
    out[size] = '\n';
    out[size + 1] = '\0';
    return out;
}

static void ini_tell_duplicates(const struct ini_table *table, struct findings *findings)
{
    for (size_t i = 1; i < table->count; i++) {
        for (size_t j = 0; j < i; j++) {
            if (strcmp(table->values[i].name, table->values[j].name) == 0 &&
                strcmp(table->values[i].section, table->values[j].section) == 0) {
                findings_error(findings, table->file, table->values[i].line,
                               "\"%s\" is given a second time (first on line %d): remove one",
                               findings_quote(table->values[i].name).text, table->values[j].line);
                break;
            }
        }
    }
}

struct ini_table *ini_table_read(const char *file, struct bytes text, struct findings *findings)
{
    struct ini_table *table = calloc(1, sizeof(*table));
    CHECK(table != NULL);
    table->file = file;
    struct ini_reading reading = {.table = table, .findings = findings, .text = text};
    int bad_line = ini_parse_stream(ini_next_line, &reading, ini_on_value, &reading);
    if (bad_line != 0) {
        findings_error(findings, file, bad_line > 0 ? bad_line : 0,
                       "is neither \"name = value\" nor a \"[section]\" nor a comment");
    }

    table->count = reading.entries.size / sizeof(struct ini_entry);
    table->values = calloc(table->count + 1, sizeof(*table->values));
    table->used = calloc(table->count + 1, sizeof(*table->used));
    CHECK(table->values != NULL && table->used != NULL);
    const char *pieces = (const char *)table->text.data;
    for (size_t i = 0; i < table->count; i++) {
        struct ini_entry entry;
        memcpy(&entry, reading.entries.data + i * sizeof(entry), sizeof(entry));
        table->values[i] = (struct ini_value){.section = pieces + entry.section,
                                              .name = pieces + entry.name,
                                              .value = pieces + entry.value,
                                              .line = entry.line};
    }
    buffer_fini(&reading.entries);
    ini_tell_duplicates(table, findings);
    return table;
}

void ini_table_free(struct ini_table *table)
{
    if (table == NULL) {
        return;
    }
    buffer_fini(&table->text);
    free(table->values);
    free(table->used);
    free(table);
}

size_t ini_table_count(const struct ini_table *table)
{
    return table->count;
}

const struct ini_value *ini_table_at(const struct ini_table *table, size_t place)
{
    CHECK(place < table->count);
    return &table->values[place];
}

void ini_table_use(struct ini_table *table, size_t place)
{
    CHECK(place < table->count);
    table->used[place] = true;
}

const struct ini_value *ini_table_find(struct ini_table *table, const char *section,
                                       const char *name, bool required, struct findings *findings)
{
    const struct ini_value *found = NULL;
    for (size_t i = 0; i < table->count; i++) {
        if (strcmp(table->values[i].section, section) == 0 &&
            strcmp(table->values[i].name, name) == 0) {
            table->used[i] = true;
            found = found == NULL ? &table->values[i] : found;
        }
    }
    if (required && (found == NULL || found->value[0] == '\0')) {
        findings_error(findings, table->file, found == NULL ? 0 : found->line,
                       "\"%s\" is missing under [%s]: add \"%s = ...\"", name, section, name);
        return NULL;
    }
    return found;
}

void ini_table_refuse_unknown(const struct ini_table *table, struct findings *findings)
{
    for (size_t i = 0; i < table->count; i++) {
        if (!table->used[i]) {
            findings_error(findings, table->file, table->values[i].line,
                           "unknown name \"%s\" under [%s]: correct it or remove the line",
                           findings_quote(table->values[i].name).text, table->values[i].section);
        }
    }
}

bool ini_value_number(const struct ini_value *value, const char *file, uint32_t min, uint32_t max,
                      uint32_t *ret_number, struct findings *findings)
{
    uint64_t number = 0;
    size_t digits = 0;
    const char *text = value->value;
    while (text[digits] >= '0' && text[digits] <= '9' && digits < 10) {
        number = number * 10 + (uint64_t)(text[digits] - '0');
        digits++;
    }
    if (digits == 0 || text[digits] != '\0' || number < min || number > max) {
        findings_error(findings, file, value->line,
                       "\"%s\" must be a whole number from %u to %u, not \"%s\"", value->name, min,
                       max, findings_quote(text).text);
        return false;
    }
    *ret_number = (uint32_t)number;
    return true;
}
