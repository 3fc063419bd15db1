/* areas.geojson: the polygons of the areas (RFC 7946), read through jansson. jansson keeps no lines,
 * so a mistake is told by the feature's number and key. */
#include "city/city_internal.h"

#include "base/check.h"

#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SHAPES_FILE "areas.geojson"
#define SHAPES_POSITIONS_MAX 400000
/* A city reaches no farther from its first position: more means that latitude and longitude are the
 * wrong way round, or that the numbers are no degrees. */
#define SHAPES_REACH_DEGREES 3.0
/* Drawn borders never meet exactly: less than this is no overlap, and no gap. */
#define SHAPES_OVERLAP_SHARE 0.01
#define SHAPES_GAP_M2_MIN 1.0
#define SHAPES_PAIRS_MAX 20000

/* The feature that is read. */
struct shapes_reader {
    char key_number[24]; /* a key that is a number, as text */
    struct city *city;
    struct findings *findings;
    bool *drawn; /* for each area */
    size_t positions;
    struct geo_position first; /* of the file */
    size_t number;             /* of the feature, from 1 */
    const char *key;           /* "" while it is not known */
};

static void shapes_error(const struct shapes_reader *r, const char *message)
{
    findings_error(r->findings, SHAPES_FILE, 0, "feature %zu%s%s%s: %s", r->number,
                   r->key[0] != '\0' ? " (key \"" : "",
                   r->key[0] != '\0' ? findings_quote(r->key).text : "",
                   r->key[0] != '\0' ? "\")" : "", message);
}

/* --- positions --- */

static bool shapes_read_position(struct shapes_reader *r, const json_t *json,
                                 struct geo_position *ret_position)
{
    size_t numbers = json_array_size(json);
    const json_t *longitude = json_array_get(json, 0);
    const json_t *latitude = json_array_get(json, 1);
    if (numbers < 2 || numbers > 3 || !json_is_number(longitude) || !json_is_number(latitude)) {
        shapes_error(r, "a position is [longitude, latitude]");
        return false;
    }
    struct geo_position at = {.longitude = json_number_value(longitude),
                              .latitude = json_number_value(latitude)};
    if (!(fabs(at.longitude) <= 180) || !(fabs(at.latitude) <= 90)) {
        shapes_error(r, "a position lies off the earth: longitude, then latitude, in degrees of "
                        "WGS 84");
        return false;
    }
    if (r->positions == 0) {
        r->first = at;
        r->city->shapes = geo_new(at);
    }
    if (fabs(at.longitude - r->first.longitude) > SHAPES_REACH_DEGREES ||
        fabs(at.latitude - r->first.latitude) > SHAPES_REACH_DEGREES) {
        shapes_error(r, "a position lies more than 3 degrees from the first one of the file, so "
                        "outside the city: longitude comes first, then latitude");
        return false;
    }
    if (++r->positions > SHAPES_POSITIONS_MAX) {
        shapes_error(r, "the file has more than 400,000 positions: draw it more simply");
        return false;
    }
    *ret_position = at;
    return true;
}

static bool shapes_read_ring(struct shapes_reader *r, const json_t *json, struct geo_ring *ret_ring)
{
    size_t count = json_array_size(json);
    struct geo_position *positions = calloc(count + 1, sizeof(*positions));
    CHECK(positions != NULL);
    *ret_ring = (struct geo_ring){.positions = positions, .count = count};
    if (count < 4) {
        shapes_error(r, "a ring is a list of at least 4 positions");
        return false;
    }
    for (size_t i = 0; i < count; i++) {
        if (!shapes_read_position(r, json_array_get(json, i), &positions[i])) {
            return false;
        }
    }
    if (positions[0].longitude != positions[count - 1].longitude ||
        positions[0].latitude != positions[count - 1].latitude) {
        shapes_error(r, "a ring does not end where it begins");
        return false;
    }
    return true;
}

static void shapes_free_parts(struct geo_part *parts, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        for (size_t ring = 0; ring < parts[i].ring_count; ring++) {
            free((void *)(uintptr_t)parts[i].rings[ring].positions);
        }
        free((void *)(uintptr_t)parts[i].rings);
    }
    free(parts);
}

static bool shapes_read_part(struct shapes_reader *r, const json_t *json, struct geo_part *ret_part)
{
    size_t count = json_array_size(json);
    if (count == 0) {
        shapes_error(r, "a polygon is a list of rings: the outer one, then its holes");
        return false;
    }
    struct geo_ring *rings = calloc(count, sizeof(*rings));
    CHECK(rings != NULL);
    *ret_part = (struct geo_part){.rings = rings, .ring_count = count};
    for (size_t i = 0; i < count; i++) {
        if (!shapes_read_ring(r, json_array_get(json, i), &rings[i])) {
            return false;
        }
    }
    return true;
}

/* --- features --- */

static void shapes_read_geometry(struct shapes_reader *r, const json_t *geometry, int32_t area)
{
    const char *type = json_string_value(json_object_get(geometry, "type"));
    const json_t *coordinates = json_object_get(geometry, "coordinates");
    bool is_one = type != NULL && strcmp(type, "Polygon") == 0;
    if (!is_one && (type == NULL || strcmp(type, "MultiPolygon") != 0)) {
        shapes_error(r, "its geometry must be a Polygon or a MultiPolygon");
        return;
    }
    size_t count = is_one ? 1 : json_array_size(coordinates);
    if (count == 0) {
        shapes_error(r, "its geometry has no coordinates");
        return;
    }
    struct geo_part *parts = calloc(count, sizeof(*parts));
    CHECK(parts != NULL);
    bool good = true;
    for (size_t i = 0; i < count && good; i++) {
        good =
            shapes_read_part(r, is_one ? coordinates : json_array_get(coordinates, i), &parts[i]);
    }
    struct error err = ERROR_NONE;
    if (good && geo_add(r->city->shapes, area, parts, count, &err) != STATUS_OK) {
        char message[200];
        snprintf(message, sizeof(message), "its shape cannot be used: %.150s", err.message);
        shapes_error(r, message);
    }
    shapes_free_parts(parts, count);
}

/* The property `key`, a text or a whole number, as text. */
static const char *shapes_read_key(const json_t *feature, char number[24])
{
    const json_t *key = json_object_get(json_object_get(feature, "properties"), "key");
    if (json_is_integer(key)) {
        snprintf(number, 24, "%lld", (long long)json_integer_value(key));
        return number;
    }
    return json_is_string(key) ? json_string_value(key) : "";
}

static void shapes_read_feature(struct shapes_reader *r, const json_t *feature)
{
    const char *type = json_string_value(json_object_get(feature, "type"));
    r->key = "";
    if (type == NULL || strcmp(type, "Feature") != 0) {
        shapes_error(r, "is no object of the type Feature");
        return;
    }
    r->key = shapes_read_key(feature, r->key_number);
    if (r->key[0] == '\0') {
        shapes_error(r, "its properties have no \"key\", the key of an area");
        return;
    }
    int32_t area = key_index_find(&r->city->area_index, r->key);
    if (area == KEY_INDEX_NONE) {
        if (r->city->areas_whole) {
            shapes_error(r, "there is no such area in areas.csv");
        }
        return;
    }
    if (r->drawn[area]) {
        shapes_error(r, "the area has a feature already: an area of several parts is one "
                        "MultiPolygon");
        return;
    }
    r->drawn[area] = true;
    shapes_read_geometry(r, json_object_get(feature, "geometry"), area);
}

static void shapes_read_collection(struct city *city, const json_t *root, struct findings *findings)
{
    const char *type = json_string_value(json_object_get(root, "type"));
    const json_t *features = json_object_get(root, "features");
    if (type == NULL || strcmp(type, "FeatureCollection") != 0 || !json_is_array(features)) {
        findings_error(findings, SHAPES_FILE, 0,
                       "must be a GeoJSON object of the type FeatureCollection with \"features\"");
        return;
    }
    struct shapes_reader r = {.city = city, .findings = findings, .key = ""};
    r.drawn = calloc(city->area_index.count + 1, sizeof(*r.drawn));
    CHECK(r.drawn != NULL);
    for (size_t i = 0; i < json_array_size(features); i++) {
        r.number = i + 1;
        shapes_read_feature(&r, json_array_get(features, i));
    }
    free(r.drawn);
}

void city_shapes_load(struct city *city, struct findings *findings)
{
    const struct pack_file *file = pack_files_find(&city->files, SHAPES_FILE);
    if (file == NULL || !file->readable) {
        return; /* there is none, or it was told already */
    }
    json_error_t why;
    json_t *root =
        json_loadb((const char *)file->text.data, file->text.size, JSON_REJECT_DUPLICATES, &why);
    if (root == NULL) {
        findings_error(findings, SHAPES_FILE, why.line > 0 ? why.line : 0, "is not JSON: %s",
                       why.text);
        return;
    }
    shapes_read_collection(city, root, findings);
    json_decref(root);
    if (city->shapes != NULL) {
        geo_seal(city->shapes);
    }
}

/* --- review --- */

struct shapes_size {
    char text[32];
};

static struct shapes_size shapes_size(double m2)
{
    struct shapes_size size;
    if (m2 < 10000) {
        snprintf(size.text, sizeof(size.text), "%.0f m2", m2);
    } else {
        snprintf(size.text, sizeof(size.text), "%.2f km2", m2 / 1e6);
    }
    return size;
}

struct shapes_review {
    const struct city *city;
    struct findings *findings;
};

static void shapes_tell_overlap(void *context, int32_t a, int32_t b, double shared_m2)
{
    const struct shapes_review *review = context;
    findings_warning(review->findings, SHAPES_FILE, 0,
                     "the areas \"%s\" and \"%s\" overlap by %s: a point there belongs to the one "
                     "that areas.csv names first",
                     findings_quote(review->city->areas[a].key).text,
                     findings_quote(review->city->areas[b].key).text, shapes_size(shared_m2).text);
}

static void shapes_review_missing(const struct city *city, struct findings *findings)
{
    size_t count = city->area_index.count;
    size_t missing = 0;
    const char *first = "";
    for (size_t i = 0; i < count; i++) {
        if (geo_area_m2(city->shapes, (int32_t)i) <= 0) {
            first = missing == 0 ? city->areas[i].key : first;
            missing++;
        }
    }
    if (missing > 0) {
        findings_warning(findings, SHAPES_FILE, 0,
                         "%zu of %zu areas have no polygon, the first of them \"%s\": no point is "
                         "found to lie there",
                         missing, count, findings_quote(first).text);
    }
}

void city_shapes_review(const struct city *city, struct findings *findings)
{
    struct shapes_review review = {.city = city, .findings = findings};
    struct geo_gaps gaps = {0};
    if (city->shapes == NULL) {
        return;
    }
    shapes_review_missing(city, findings);
    bool all = geo_each_overlap(city->shapes, SHAPES_OVERLAP_SHARE, SHAPES_PAIRS_MAX,
                                shapes_tell_overlap, &review);
    if (!all || !geo_gaps(city->shapes, SHAPES_GAP_M2_MIN, &gaps)) {
        findings_warning(findings, SHAPES_FILE, 0,
                         "the shapes could not all be compared for overlaps and gaps");
    }
    if (gaps.count > 0) {
        findings_warning(findings, SHAPES_FILE, 0,
                         "%zu gap%s between the areas, %s together, the largest %s near %.5f,%.5f: "
                         "a point there is found only as far as tolerance_m reaches",
                         gaps.count, gaps.count == 1 ? "" : "s", shapes_size(gaps.total_m2).text,
                         shapes_size(gaps.largest_m2).text, gaps.largest_at.latitude,
                         gaps.largest_at.longitude);
    }
}
