/*
 * A settings file of a pack through inih: [section], name = value, `#` or `;` comments. Every value
 * keeps its line, and a value nobody asked for is a mistake, so misspelt names are told.
 */
#ifndef VAFA_CITY_INI_TABLE_H
#define VAFA_CITY_INI_TABLE_H

#include "base/bytes.h"
#include "city/findings.h"

#define INI_VALUES_MAX 2048

struct ini_table;

struct ini_value {
    const char *section;
    const char *name;
    const char *value; /* trimmed; may be "" */
    int line;
};

/* Never NULL: what is wrong (also a name that is given twice) is told to `findings` under the name
 * `file`. `text` is well-formed UTF-8 and not kept. */
struct ini_table *ini_table_read(const char *file, struct bytes text, struct findings *findings);
void ini_table_free(struct ini_table *table); /* NULL is allowed */

size_t ini_table_count(const struct ini_table *table);
const struct ini_value *ini_table_at(const struct ini_table *table, size_t place);
/* Marks the value as known. */
void ini_table_use(struct ini_table *table, size_t place);

/* The value, or NULL; a value found is known. A required one that is missing or empty is told. */
const struct ini_value *ini_table_find(struct ini_table *table, const char *section,
                                       const char *name, bool required, struct findings *findings);
/* Tells the values that are not known. */
void ini_table_refuse_unknown(const struct ini_table *table, struct findings *findings);

/* Reads a whole number from min to max; otherwise tells it and returns false. */
bool ini_value_number(const struct ini_value *value, const char *file, uint32_t min, uint32_t max,
                      uint32_t *ret_number, struct findings *findings);

#endif
