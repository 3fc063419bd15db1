/* Look-ups of city_place.h, and neighbourhoods.csv. The polygons are read by city_shapes.c. */
#include "city/city_place.h"

#include "city/city_internal.h"

#include "base/check.h"
#include "text/fold.h"
#include "text/utf8.h"

#include <stdlib.h>
#include <string.h>

#define NEIGHBOURHOODS_FILE "neighbourhoods.csv"

/* --- neighbourhoods.csv --- */

enum neighbourhoods_column { NEIGHBOURHOODS_NAME, NEIGHBOURHOODS_AREA };

static const struct csv_column neighbourhoods_columns[] = {{"name", true}, {"area", true}};

/* Appends what a name is compared by, with a NUL; false when it is no text. */
static bool neighbourhoods_fold(const char *name, struct buffer *out)
{
    size_t start = out->size;
    if (text_fold(name, out, NULL) != STATUS_OK) {
        return false;
    }
    size_t to = start;
    for (size_t from = start; from < out->size; from++) {
        if (out->data[from] != ' ') {
            out->data[to++] = out->data[from];
        }
    }
    out->size = to;
    buffer_append(out, "", 1);
    return true;
}

static void neighbourhoods_load_one(struct city *city, size_t row,
                                    struct city_neighbourhood *neighbourhood,
                                    struct findings *findings)
{
    const struct csv_table *table = city->neighbourhood_table;
    const char *name = csv_table_cell(table, row, NEIGHBOURHOODS_NAME);
    const char *area = csv_table_cell(table, row, NEIGHBOURHOODS_AREA);
    struct error err = ERROR_NONE;
    neighbourhood->line = csv_table_line(table, row);
    neighbourhood->area = key_index_find(&city->area_index, area);
    if (text_check_key(name, CITY_NAME_SIZE_MAX, "name", &err) != STATUS_OK) {
        findings_error(findings, NEIGHBOURHOODS_FILE, neighbourhood->line,
                       "the name \"%s\" cannot be used: %s", findings_quote(name).text,
                       err.message);
    }
    if (area[0] != '\0' && neighbourhood->area == KEY_INDEX_NONE && city->areas_whole) {
        findings_error(findings, NEIGHBOURHOODS_FILE, neighbourhood->line,
                       "the area \"%s\" is not in areas.csv (empty: not known)",
                       findings_quote(area).text);
    }
}

/* What the rows of one name agree on becomes the area of each of them. `first` and `after` are
 * places in the order of names. */
static void neighbourhoods_agree(struct city *city, size_t first, size_t after,
                                 struct findings *findings)
{
    int32_t area = KEY_INDEX_NONE;
    bool several = false;
    const uint32_t *order = city->neighbourhood_index.order;
    for (size_t i = first; i < after; i++) {
        struct city_neighbourhood *row = &city->neighbourhoods[order[i]];
        several =
            several || (area != KEY_INDEX_NONE && row->area != KEY_INDEX_NONE && row->area != area);
        area = row->area != KEY_INDEX_NONE ? row->area : area;
    }
    for (size_t i = first; i < after; i++) {
        city->neighbourhoods[order[i]].area = several ? KEY_INDEX_NONE : area;
    }
    if (after - first > 1) {
        const struct city_neighbourhood *again = &city->neighbourhoods[order[first + 1]];
        findings_warning(findings, NEIGHBOURHOODS_FILE, again->line,
                         "the same name is on line %d%s", city->neighbourhoods[order[first]].line,
                         several ? " with another area: it decides none" : "");
    }
}

/* Names that are no text have no key; rows that share one are joined. */
static void neighbourhoods_index(struct city *city, size_t count, struct findings *findings)
{
    size_t *starts = calloc(count + 1, sizeof(*starts));
    CHECK(starts != NULL);
    for (size_t i = 0; i < count; i++) {
        starts[i] = city->neighbourhood_keys.size;
        const char *name = csv_table_cell(city->neighbourhood_table, i, NEIGHBOURHOODS_NAME);
        if (!neighbourhoods_fold(name, &city->neighbourhood_keys)) {
            buffer_append(&city->neighbourhood_keys, "", 1);
        }
    }
    for (size_t i = 0; i < count; i++) {
        city->neighbourhoods[i].key = (const char *)city->neighbourhood_keys.data + starts[i];
    }
    free(starts);
    struct key_index *index = &city->neighbourhood_index;
    key_index_init(index, city->neighbourhoods, sizeof(*city->neighbourhoods), count);
    for (size_t first = 0, i = 1; i <= count; i++) {
        if (i == count || strcmp(key_index_key_at(index, index->order[i]),
                                 key_index_key_at(index, index->order[first])) != 0) {
            neighbourhoods_agree(city, first, i, findings);
            first = i;
        }
    }
}

void city_neighbourhoods_load(struct city *city, struct findings *findings)
{
    const struct pack_file *file = pack_files_find(&city->files, NEIGHBOURHOODS_FILE);
    size_t errors = findings->errors;
    city->neighbourhoods_whole = file == NULL;
    if (file == NULL || !file->readable) {
        return; /* there is none, or it was told already */
    }
    city->neighbourhood_table = csv_table_read(
        NEIGHBOURHOODS_FILE, file->text, neighbourhoods_columns,
        sizeof(neighbourhoods_columns) / sizeof(neighbourhoods_columns[0]), findings);
    size_t count = csv_table_rows(city->neighbourhood_table);
    city->neighbourhoods = calloc(count + 1, sizeof(*city->neighbourhoods));
    CHECK(city->neighbourhoods != NULL);
    for (size_t row = 0; row < count; row++) {
        neighbourhoods_load_one(city, row, &city->neighbourhoods[row], findings);
    }
    neighbourhoods_index(city, count, findings);
    city->neighbourhoods_whole = findings->errors == errors;
}

void city_neighbourhoods_review(const struct city *city, struct findings *findings)
{
    size_t without = 0;
    for (size_t i = 0; i < city->neighbourhood_index.count; i++) {
        const char *area = csv_table_cell(city->neighbourhood_table, i, NEIGHBOURHOODS_AREA);
        without += area[0] == '\0';
    }
    if (without > 0) {
        findings_warning(findings, NEIGHBOURHOODS_FILE, 0,
                         "%zu of %zu neighbourhoods have no area: their names decide nothing",
                         without, city->neighbourhood_index.count);
    }
}

void city_neighbourhoods_fini(struct city *city)
{
    key_index_fini(&city->neighbourhood_index);
    free(city->neighbourhoods);
    buffer_fini(&city->neighbourhood_keys);
    csv_table_free(city->neighbourhood_table);
}

/* --- asking --- */

size_t city_place_shape_count(const struct city *city)
{
    return city->shapes == NULL ? 0 : geo_count(city->shapes);
}

double city_place_shape_m2(const struct city *city, const struct city_area *area)
{
    return city->shapes == NULL ? 0 : geo_area_m2(city->shapes, (int32_t)(area - city->areas));
}

uint32_t city_place_tolerance_m(const struct city *city)
{
    return city->tolerance_m;
}

static struct city_place place_of_shape(const struct city *city, int32_t shape, double distance_m)
{
    if (shape == GEO_NONE) {
        return (struct city_place){.found = CITY_PLACE_NONE};
    }
    return (struct city_place){.found = distance_m > 0 ? CITY_PLACE_NEAR : CITY_PLACE_INSIDE,
                               .area = &city->areas[shape],
                               .distance_m = distance_m};
}

struct city_place city_place_of_point(const struct city *city, double latitude, double longitude)
{
    double distance_m = 0;
    struct geo_position at = {.longitude = longitude, .latitude = latitude};
    if (city->shapes == NULL) {
        return (struct city_place){.found = CITY_PLACE_NONE};
    }
    int32_t shape = geo_find(city->shapes, at, (double)city->tolerance_m, &distance_m);
    return place_of_shape(city, shape, distance_m);
}

struct city_place city_place_nearest(const struct city *city, double latitude, double longitude)
{
    double distance_m = 0;
    struct geo_position at = {.longitude = longitude, .latitude = latitude};
    if (city->shapes == NULL) {
        return (struct city_place){.found = CITY_PLACE_NONE};
    }
    int32_t shape = geo_nearest(city->shapes, at, &distance_m);
    return place_of_shape(city, shape, distance_m);
}

int32_t city_neighbourhood_find(const struct city *city, const char *name)
{
    struct buffer key = BUFFER_EMPTY;
    int32_t found = KEY_INDEX_NONE;
    if (city->neighbourhood_index.count > 0 && name[0] != '\0' && neighbourhoods_fold(name, &key)) {
        found = key_index_find(&city->neighbourhood_index, (const char *)key.data);
    }
    buffer_fini(&key);
    return found;
}

struct city_place city_place_of_neighbourhood(const struct city *city, const char *name)
{
    int32_t found = city_neighbourhood_find(city, name);
    int32_t area = found == KEY_INDEX_NONE ? KEY_INDEX_NONE : city->neighbourhoods[found].area;
    return area == KEY_INDEX_NONE
               ? (struct city_place){.found = CITY_PLACE_NONE}
               : (struct city_place){.found = CITY_PLACE_NEIGHBOURHOOD, .area = &city->areas[area]};
}
