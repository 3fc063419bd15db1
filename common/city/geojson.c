/* Jansson keeps no lines, so a mistake is told by the feature's number and key. */
#include "city/geojson.h"

#include "base/check.h"

#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define GEOJSON_POSITIONS_MAX 400000
/* A city reaches no farther from its first position: more means that latitude and longitude are the
 * wrong way round, or that the numbers are no degrees. */
#define GEOJSON_REACH_DEGREES 3.0

/* The feature that is read. */
struct geojson {
    const char *file;
    struct findings *findings;
    int32_t (*tag_of)(void *context, const struct geojson *reader, const char *key);
    void *context;
    struct geo *shapes; /* NULL before the first position */
    size_t positions;
    struct geo_position first; /* of the file */
    size_t number;             /* of the feature, from 1 */
    const char *key;           /* "" while it is not known */
    char key_number[24];       /* a key that is a number, as text */
};

void geojson_error(const struct geojson *r, const char *message)
{
    findings_error(r->findings, r->file, 0, "feature %zu%s%s%s: %s", r->number,
                   r->key[0] != '\0' ? " (key \"" : "",
                   r->key[0] != '\0' ? findings_quote(r->key).text : "",
                   r->key[0] != '\0' ? "\")" : "", message);
}

/* --- positions --- */

static bool geojson_read_position(struct geojson *r, const json_t *json,
                                  struct geo_position *ret_position)
{
    size_t numbers = json_array_size(json);
    const json_t *longitude = json_array_get(json, 0);
    const json_t *latitude = json_array_get(json, 1);
    if (numbers < 2 || numbers > 3 || !json_is_number(longitude) || !json_is_number(latitude)) {
        geojson_error(r, "a position is [longitude, latitude]");
        return false;
    }
    struct geo_position at = {.longitude = json_number_value(longitude),
                              .latitude = json_number_value(latitude)};
    if (!(fabs(at.longitude) <= 180) || !(fabs(at.latitude) <= 90)) {
        geojson_error(r, "a position lies off the earth: longitude, then latitude, in degrees of "
                         "WGS 84");
        return false;
    }
    if (r->positions == 0) {
        r->first = at;
        r->shapes = geo_new(at);
    }
    if (fabs(at.longitude - r->first.longitude) > GEOJSON_REACH_DEGREES ||
        fabs(at.latitude - r->first.latitude) > GEOJSON_REACH_DEGREES) {
        geojson_error(r, "a position lies more than 3 degrees from the first one of the file, so "
                         "outside the city: longitude comes first, then latitude");
        return false;
    }
    if (++r->positions > GEOJSON_POSITIONS_MAX) {
        geojson_error(r, "the file has more than 400,000 positions: draw it more simply");
        return false;
    }
    *ret_position = at;
    return true;
}

static bool geojson_read_ring(struct geojson *r, const json_t *json, struct geo_ring *ret_ring)
{
    size_t count = json_array_size(json);
    struct geo_position *positions = calloc(count + 1, sizeof(*positions));
    CHECK(positions != NULL);
    *ret_ring = (struct geo_ring){.positions = positions, .count = count};
    if (count < 4) {
        geojson_error(r, "a ring is a list of at least 4 positions");
        return false;
    }
    for (size_t i = 0; i < count; i++) {
        if (!geojson_read_position(r, json_array_get(json, i), &positions[i])) {
            return false;
        }
    }
    if (positions[0].longitude != positions[count - 1].longitude ||
        positions[0].latitude != positions[count - 1].latitude) {
        geojson_error(r, "a ring does not end where it begins");
        return false;
    }
    return true;
}

static void geojson_free_parts(struct geo_part *parts, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        for (size_t ring = 0; ring < parts[i].ring_count; ring++) {
            free((void *)(uintptr_t)parts[i].rings[ring].positions);
        }
        free((void *)(uintptr_t)parts[i].rings);
    }
    free(parts);
}

static bool geojson_read_part(struct geojson *r, const json_t *json, struct geo_part *ret_part)
{
    size_t count = json_array_size(json);
    if (count == 0) {
        geojson_error(r, "a polygon is a list of rings: the outer one, then its holes");
        return false;
    }
    struct geo_ring *rings = calloc(count, sizeof(*rings));
    CHECK(rings != NULL);
    *ret_part = (struct geo_part){.rings = rings, .ring_count = count};
    for (size_t i = 0; i < count; i++) {
        if (!geojson_read_ring(r, json_array_get(json, i), &rings[i])) {
            return false;
        }
    }
    return true;
}

/* --- features --- */

static void geojson_read_geometry(struct geojson *r, const json_t *geometry, int32_t tag)
{
    const char *type = json_string_value(json_object_get(geometry, "type"));
    const json_t *coordinates = json_object_get(geometry, "coordinates");
    bool is_one = type != NULL && strcmp(type, "Polygon") == 0;
    if (!is_one && (type == NULL || strcmp(type, "MultiPolygon") != 0)) {
        geojson_error(r, "its geometry must be a Polygon or a MultiPolygon");
        return;
    }
    size_t count = is_one ? 1 : json_array_size(coordinates);
    if (count == 0) {
        geojson_error(r, "its geometry has no coordinates");
        return;
    }
    struct geo_part *parts = calloc(count, sizeof(*parts));
    CHECK(parts != NULL);
    bool good = true;
    for (size_t i = 0; i < count && good; i++) {
        good =
            geojson_read_part(r, is_one ? coordinates : json_array_get(coordinates, i), &parts[i]);
    }
    struct error err = ERROR_NONE;
    if (good && geo_add(r->shapes, tag, parts, count, &err) != STATUS_OK) {
        char message[200];
        snprintf(message, sizeof(message), "its shape cannot be used: %.150s", err.message);
        geojson_error(r, message);
    }
    geojson_free_parts(parts, count);
}

/* The property `key`, a text or a whole number, as text. */
static const char *geojson_read_key(const json_t *feature, char number[24])
{
    const json_t *key = json_object_get(json_object_get(feature, "properties"), "key");
    if (json_is_integer(key)) {
        snprintf(number, 24, "%lld", (long long)json_integer_value(key));
        return number;
    }
    return json_is_string(key) ? json_string_value(key) : "";
}

static void geojson_read_feature(struct geojson *r, const json_t *feature)
{
    const char *type = json_string_value(json_object_get(feature, "type"));
    r->key = "";
    if (type == NULL || strcmp(type, "Feature") != 0) {
        geojson_error(r, "is no object of the type Feature");
        return;
    }
    r->key = geojson_read_key(feature, r->key_number);
    if (r->key[0] == '\0') {
        geojson_error(r, "its properties have no \"key\"");
        return;
    }
    int32_t tag = r->tag_of(r->context, r, r->key);
    if (tag != GEO_NONE) {
        geojson_read_geometry(r, json_object_get(feature, "geometry"), tag);
    }
}

static void geojson_read_collection(struct geojson *r, const json_t *root)
{
    const char *type = json_string_value(json_object_get(root, "type"));
    const json_t *features = json_object_get(root, "features");
    if (type == NULL || strcmp(type, "FeatureCollection") != 0 || !json_is_array(features)) {
        findings_error(r->findings, r->file, 0,
                       "must be a GeoJSON object of the type FeatureCollection with \"features\"");
        return;
    }
    for (size_t i = 0; i < json_array_size(features); i++) {
        r->number = i + 1;
        geojson_read_feature(r, json_array_get(features, i));
    }
}

struct geo *geojson_read(const char *file, struct bytes text,
                         int32_t (*tag_of)(void *context, const struct geojson *reader,
                                           const char *key),
                         void *context, struct findings *findings)
{
    struct geojson r = {
        .file = file, .findings = findings, .tag_of = tag_of, .context = context, .key = ""};
    json_error_t why;
    json_t *root = json_loadb((const char *)text.data, text.size, JSON_REJECT_DUPLICATES, &why);
    if (root == NULL) {
        findings_error(findings, file, why.line > 0 ? why.line : 0, "is not JSON: %s", why.text);
        return NULL;
    }
    geojson_read_collection(&r, root);
    json_decref(root);
    if (r.shapes != NULL) {
        geo_seal(r.shapes);
    }
    return r.shapes;
}
