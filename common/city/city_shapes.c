/* areas.geojson: the polygons of the areas. */
#include "city/city_internal.h"

#include "base/check.h"
#include "city/geojson.h"

#include <stdio.h>
#include <stdlib.h>

#define SHAPES_FILE "areas.geojson"
/* Drawn borders never meet exactly: less than this is no overlap, and no gap. */
#define SHAPES_OVERLAP_SHARE 0.01
#define SHAPES_GAP_M2_MIN 1.0
#define SHAPES_PAIRS_MAX 20000

struct shapes_reader {
    const struct city *city;
    bool *drawn; /* for each area */
};

static int32_t shapes_area_of(void *context, const struct geojson *reader, const char *key)
{
    struct shapes_reader *shapes = context;
    int32_t area = key_index_find(&shapes->city->area_index, key);
    if (area == KEY_INDEX_NONE) {
        if (shapes->city->areas_whole) {
            geojson_error(reader, "there is no such area in areas.csv");
        }
        return GEO_NONE;
    }
    if (shapes->drawn[area]) {
        geojson_error(reader, "the area has a feature already: an area of several parts is one "
                              "MultiPolygon");
        return GEO_NONE;
    }
    shapes->drawn[area] = true;
    return area;
}

void city_shapes_load(struct city *city, struct findings *findings)
{
    const struct pack_file *file = pack_files_find(&city->files, SHAPES_FILE);
    if (file == NULL || !file->readable) {
        return; /* there is none, or it was told already */
    }
    struct shapes_reader reader = {.city = city};
    reader.drawn = calloc(city->area_index.count + 1, sizeof(*reader.drawn));
    CHECK(reader.drawn != NULL);
    city->shapes = geojson_read(SHAPES_FILE, file->text, shapes_area_of, &reader, findings);
    free(reader.drawn);
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
