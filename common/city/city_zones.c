/* zones.geojson: parts of the city that rules name. They may overlap, and need not cover it. */
#include "city/city_internal.h"

#include "base/check.h"
#include "city/geojson.h"
#include "text/utf8.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ZONES_FILE "zones.geojson"

struct zones_reader {
    struct city *city;
    size_t count;
};

static int32_t zones_add(void *context, const struct geojson *reader, const char *key)
{
    struct zones_reader *zones = context;
    struct error err = ERROR_NONE;
    char message[200];
    if (text_check_key(key, CITY_KEY_SIZE_MAX, "key", &err) != STATUS_OK || strcmp(key, "*") == 0) {
        snprintf(message, sizeof(message), "the key cannot be used: %.150s",
                 err.message[0] != '\0' ? err.message : "in rules.csv * means all");
        geojson_error(reader, message);
        return GEO_NONE;
    }
    for (size_t i = 0; i < zones->count; i++) {
        if (strcmp(zones->city->zones[i].key, key) == 0) {
            geojson_error(reader, "the zone has a feature already: a zone of several parts is one "
                                  "MultiPolygon");
            return GEO_NONE;
        }
    }
    if (zones->count == CITY_ZONES_MAX) {
        snprintf(message, sizeof(message), "there are more than %d zones", CITY_ZONES_MAX);
        geojson_error(reader, message);
        return GEO_NONE;
    }
    zones->city->zones[zones->count].key = strdup(key);
    CHECK(zones->city->zones[zones->count].key != NULL);
    return (int32_t)zones->count++;
}

void city_zones_load(struct city *city, struct findings *findings)
{
    const struct pack_file *file = pack_files_find(&city->files, ZONES_FILE);
    size_t errors = findings->errors;
    city->zones_whole = file == NULL;
    if (file == NULL || !file->readable) {
        return; /* there is none, or it was told already */
    }
    struct zones_reader reader = {.city = city};
    city->zones = calloc(CITY_ZONES_MAX, sizeof(*city->zones));
    CHECK(city->zones != NULL);
    city->zone_shapes = geojson_read(ZONES_FILE, file->text, zones_add, &reader, findings);
    key_index_init(&city->zone_index, city->zones, sizeof(*city->zones), reader.count);
    city->zones_whole = findings->errors == errors;
}

void city_zones_review(const struct city *city, struct findings *findings)
{
    for (size_t i = 0; i < city->zone_index.count; i++) {
        if (!city->zones[i].used) {
            findings_warning(findings, ZONES_FILE, 0, "no rule names the zone \"%s\"",
                             findings_quote(city->zones[i].key).text);
        }
    }
}

void city_zones_fini(struct city *city)
{
    for (size_t i = 0; i < city->zone_index.count; i++) {
        free(city->zones[i].key);
    }
    key_index_fini(&city->zone_index);
    free(city->zones);
    geo_free(city->zone_shapes);
}
