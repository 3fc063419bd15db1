/* GEOS builds its indexes when they are first asked for. geo_seal asks each once, so that afterwards
 * nothing is written; and each call has a GEOS context of its own, which holds nothing but the
 * error of that call. Valid shapes and finite points leave a look-up one reason to fail: no memory. */
#include "city/geo.h"

#include "base/check.h"

#include <geos_c.h>
#include <math.h>
#include <stdlib.h>

#define GEO_RADIUS_M 6371008.8
#define GEO_RADIANS (3.14159265358979323846 / 180.0)
#define GEO_DEGREE_M (GEO_RADIUS_M * GEO_RADIANS)
#define GEO_TREE_FANOUT 10
#define GEO_RING_POSITIONS_MIN 4

struct geo_shape {
    int32_t tag;
    GEOSGeometry *geometry;
    const GEOSPreparedGeometry *prepared;
    double area_m2;
};

struct geo {
    struct geo_position origin;
    double degree_x_m; /* a degree of longitude at the origin */
    struct geo_shape *shapes;
    size_t count;
    size_t capacity;
    GEOSSTRtree *tree; /* of the shapes' places in `shapes`; NULL before geo_seal */
};

/* --- contexts and points --- */

static GEOSContextHandle_t geo_context(void)
{
    GEOSContextHandle_t context = GEOS_init_r();
    CHECK(context != NULL);
    return context;
}

static double geo_x(const struct geo *geo, struct geo_position position)
{
    return (position.longitude - geo->origin.longitude) * geo->degree_x_m;
}

static double geo_y(const struct geo *geo, struct geo_position position)
{
    return (position.latitude - geo->origin.latitude) * GEO_DEGREE_M;
}

static struct geo_position geo_position_of(const struct geo *geo, double x, double y)
{
    return (struct geo_position){.longitude = geo->origin.longitude + x / geo->degree_x_m,
                                 .latitude = geo->origin.latitude + y / GEO_DEGREE_M};
}

static GEOSGeometry *geo_point(const struct geo *geo, GEOSContextHandle_t context,
                               struct geo_position position)
{
    GEOSGeometry *point =
        GEOSGeom_createPointFromXY_r(context, geo_x(geo, position), geo_y(geo, position));
    CHECK(point != NULL);
    return point;
}

/* --- building --- */

struct geo *geo_new(struct geo_position origin)
{
    struct geo *geo = calloc(1, sizeof(*geo));
    CHECK(geo != NULL);
    geo->origin = origin;
    geo->degree_x_m = GEO_DEGREE_M * cos(origin.latitude * GEO_RADIANS);
    if (geo->degree_x_m < 1) {
        geo->degree_x_m = 1; /* at a pole: nobody's city */
    }
    return geo;
}

void geo_free(struct geo *geo)
{
    if (geo == NULL) {
        return;
    }
    GEOSContextHandle_t context = geo_context();
    for (size_t i = 0; i < geo->count; i++) {
        GEOSPreparedGeom_destroy_r(context, geo->shapes[i].prepared);
        GEOSGeom_destroy_r(context, geo->shapes[i].geometry);
    }
    if (geo->tree != NULL) {
        GEOSSTRtree_destroy_r(context, geo->tree);
    }
    GEOS_finish_r(context);
    free(geo->shapes);
    free(geo);
}

/* NULL when it has too few positions or is not closed. */
static GEOSGeometry *geo_make_ring(const struct geo *geo, GEOSContextHandle_t context,
                                   const struct geo_ring *ring)
{
    if (ring->count < GEO_RING_POSITIONS_MIN) {
        return NULL;
    }
    double *flat = calloc(ring->count, 2 * sizeof(*flat));
    CHECK(flat != NULL);
    for (size_t i = 0; i < ring->count; i++) {
        flat[2 * i] = geo_x(geo, ring->positions[i]);
        flat[2 * i + 1] = geo_y(geo, ring->positions[i]);
    }
    GEOSCoordSequence *sequence =
        GEOSCoordSeq_copyFromBuffer_r(context, flat, (unsigned)ring->count, 0, 0);
    CHECK(sequence != NULL);
    free(flat);
    return GEOSGeom_createLinearRing_r(context, sequence); /* takes the sequence in any case */
}

static GEOSGeometry *geo_make_part(const struct geo *geo, GEOSContextHandle_t context,
                                   const struct geo_part *part)
{
    GEOSGeometry **rings = calloc(part->ring_count, sizeof(GEOSGeometry *));
    CHECK(rings != NULL);
    GEOSGeometry *polygon = NULL;
    size_t made = 0;
    while (made < part->ring_count) {
        rings[made] = geo_make_ring(geo, context, &part->rings[made]);
        if (rings[made] == NULL) {
            break;
        }
        made++;
    }
    if (made == part->ring_count) { /* takes the rings in any case */
        polygon =
            GEOSGeom_createPolygon_r(context, rings[0], rings + 1, (unsigned)part->ring_count - 1);
    } else {
        for (size_t i = 0; i < made; i++) {
            GEOSGeom_destroy_r(context, rings[i]);
        }
    }
    free(rings);
    return polygon;
}

static GEOSGeometry *geo_make_shape(const struct geo *geo, GEOSContextHandle_t context,
                                    const struct geo_part *parts, size_t part_count)
{
    GEOSGeometry **polygons = calloc(part_count, sizeof(GEOSGeometry *));
    CHECK(polygons != NULL);
    GEOSGeometry *shape = NULL;
    size_t made = 0;
    while (made < part_count) {
        polygons[made] = geo_make_part(geo, context, &parts[made]);
        if (polygons[made] == NULL) {
            break;
        }
        made++;
    }
    if (made == part_count) { /* takes the polygons in any case */
        shape =
            GEOSGeom_createCollection_r(context, GEOS_MULTIPOLYGON, polygons, (unsigned)part_count);
    } else {
        for (size_t i = 0; i < made; i++) {
            GEOSGeom_destroy_r(context, polygons[i]);
        }
    }
    free(polygons);
    return shape;
}

static enum status geo_check_valid(const struct geo *geo, GEOSContextHandle_t context,
                                   const GEOSGeometry *shape, struct error *err)
{
    char *reason = NULL;
    GEOSGeometry *where = NULL;
    double x = 0;
    double y = 0;
    enum status status = STATUS_OK;
    if (GEOSisValidDetail_r(context, shape, 0, &reason, &where) != 1) {
        bool known = where != NULL && GEOSGeomGetX_r(context, where, &x) == 1 &&
                     GEOSGeomGetY_r(context, where, &y) == 1;
        struct geo_position at = geo_position_of(geo, x, y);
        const char *why = reason != NULL ? reason : "it cannot be read";
        status =
            known ? error_set(err, STATUS_INVALID_ARGUMENT, NULL,
                              "%s at longitude %.6f, latitude %.6f", why, at.longitude, at.latitude)
                  : error_set(err, STATUS_INVALID_ARGUMENT, NULL, "%s", why);
    }
    GEOSFree_r(context, reason);
    GEOSGeom_destroy_r(context, where);
    return status;
}

static void geo_keep(struct geo *geo, const struct geo_shape *shape)
{
    if (geo->count == geo->capacity) {
        geo->capacity = geo->capacity == 0 ? 32 : 2 * geo->capacity;
        geo->shapes = realloc(geo->shapes, geo->capacity * sizeof(*geo->shapes));
        CHECK(geo->shapes != NULL);
    }
    geo->shapes[geo->count++] = *shape;
}

enum status geo_add(struct geo *geo, int32_t tag, const struct geo_part *parts, size_t part_count,
                    struct error *err)
{
    CHECK(geo->tree == NULL && tag >= 0);
    enum status status = STATUS_OK;
    GEOSContextHandle_t context = geo_context();
    struct geo_shape shape = {.tag = tag,
                              .geometry = geo_make_shape(geo, context, parts, part_count)};
    if (shape.geometry == NULL) {
        status = error_set(err, STATUS_INVALID_ARGUMENT, NULL,
                           "a ring has at least 4 positions, and its last is its first");
        goto out;
    }
    status = geo_check_valid(geo, context, shape.geometry, err);
    if (status != STATUS_OK) {
        goto out;
    }
    shape.prepared = GEOSPrepare_r(context, shape.geometry);
    CHECK(shape.prepared != NULL && GEOSArea_r(context, shape.geometry, &shape.area_m2) == 1);
    geo_keep(geo, &shape);
    shape.geometry = NULL;
out:
    GEOSGeom_destroy_r(context, shape.geometry);
    GEOS_finish_r(context);
    return status;
}

/* A point on the border reaches every index of "is it inside", one outside that of the distance. */
static void geo_warm_shape(const struct geo_shape *shape, GEOSContextHandle_t context)
{
    double x_max = 0;
    double y_max = 0;
    double distance_m = 0;
    CHECK(GEOSGeom_getXMax_r(context, shape->geometry, &x_max) == 1 &&
          GEOSGeom_getYMax_r(context, shape->geometry, &y_max) == 1);
    GEOSGeometry *border = GEOSGeomGetStartPoint_r(
        context, GEOSGetExteriorRing_r(context, GEOSGetGeometryN_r(context, shape->geometry, 0)));
    GEOSGeometry *outside = GEOSGeom_createPointFromXY_r(context, x_max + 1, y_max + 1);
    CHECK(border != NULL && GEOSPreparedIntersects_r(context, shape->prepared, border) != 2);
    CHECK(outside != NULL &&
          GEOSPreparedDistance_r(context, shape->prepared, outside, &distance_m) == 1);
    GEOSGeom_destroy_r(context, border);
    GEOSGeom_destroy_r(context, outside);
}

static void geo_warm_found(void *item, void *found)
{
    (void)item;
    ++*(size_t *)found;
}

void geo_seal(struct geo *geo)
{
    CHECK(geo->tree == NULL);
    GEOSContextHandle_t context = geo_context();
    geo->tree = GEOSSTRtree_create_r(context, GEO_TREE_FANOUT);
    CHECK(geo->tree != NULL);
    for (size_t i = 0; i < geo->count; i++) {
        GEOSSTRtree_insert_r(context, geo->tree, geo->shapes[i].geometry, &geo->shapes[i]);
        geo_warm_shape(&geo->shapes[i], context);
    }
    if (geo->count > 0) {
        size_t found = 0;
        GEOSSTRtree_query_r(context, geo->tree, geo->shapes[0].geometry, geo_warm_found, &found);
        CHECK(found > 0);
    }
    GEOS_finish_r(context);
}

/* --- asking --- */

struct geo_search {
    GEOSContextHandle_t context;
    const GEOSGeometry *point;
    double within_m; /* of those outside, only so near */
    int32_t best;    /* GEO_NONE: none yet */
    double best_m;
};

static void geo_consider(void *item, void *search_pointer)
{
    const struct geo_shape *shape = item;
    struct geo_search *search = search_pointer;
    double distance_m = 0;
    char inside = GEOSPreparedIntersects_r(search->context, shape->prepared, search->point);
    CHECK(inside == 0 || inside == 1);
    if (inside == 0) {
        if (search->within_m <= 0 || (search->best != GEO_NONE && search->best_m <= 0)) {
            return;
        }
        CHECK(GEOSPreparedDistance_r(search->context, shape->prepared, search->point,
                                     &distance_m) == 1);
        if (distance_m > search->within_m) {
            return;
        }
    }
    if (search->best == GEO_NONE || distance_m < search->best_m ||
        (distance_m <= search->best_m && shape->tag < search->best)) {
        search->best = shape->tag;
        search->best_m = distance_m;
    }
}

static GEOSGeometry *geo_box(const struct geo *geo, GEOSContextHandle_t context,
                             struct geo_position around, double half_m)
{
    double x = geo_x(geo, around);
    double y = geo_y(geo, around);
    GEOSGeometry *box =
        GEOSGeom_createRectangle_r(context, x - half_m, y - half_m, x + half_m, y + half_m);
    CHECK(box != NULL);
    return box;
}

int32_t geo_find(const struct geo *geo, struct geo_position point, double tolerance_m,
                 double *ret_distance_m)
{
    CHECK(geo->tree != NULL);
    GEOSContextHandle_t context = geo_context();
    GEOSGeometry *at = geo_point(geo, context, point);
    struct geo_search search = {
        .context = context, .point = at, .within_m = tolerance_m, .best = GEO_NONE};
    GEOSGeometry *box = tolerance_m > 0 ? geo_box(geo, context, point, tolerance_m) : NULL;
    GEOSSTRtree_query_r(context, geo->tree, box != NULL ? box : at, geo_consider, &search);
    GEOSGeom_destroy_r(context, box);
    GEOSGeom_destroy_r(context, at);
    GEOS_finish_r(context);
    if (search.best != GEO_NONE) {
        *ret_distance_m = search.best_m;
    }
    return search.best;
}

int32_t geo_nearest(const struct geo *geo, struct geo_position point, double *ret_distance_m)
{
    CHECK(geo->tree != NULL);
    GEOSContextHandle_t context = geo_context();
    GEOSGeometry *at = geo_point(geo, context, point);
    struct geo_search search = {
        .context = context, .point = at, .within_m = HUGE_VAL, .best = GEO_NONE};
    for (size_t i = 0; i < geo->count; i++) {
        geo_consider(&geo->shapes[i], &search);
    }
    GEOSGeom_destroy_r(context, at);
    GEOS_finish_r(context);
    if (search.best != GEO_NONE) {
        *ret_distance_m = search.best_m;
    }
    return search.best;
}

struct geo_holding {
    GEOSContextHandle_t context;
    const GEOSGeometry *point;
    void (*found)(void *context, int32_t tag);
    void *found_context;
};

static void geo_consider_holding(void *item, void *holding_pointer)
{
    const struct geo_shape *shape = item;
    const struct geo_holding *holding = holding_pointer;
    char inside = GEOSPreparedIntersects_r(holding->context, shape->prepared, holding->point);
    CHECK(inside == 0 || inside == 1);
    if (inside == 1) {
        holding->found(holding->found_context, shape->tag);
    }
}

void geo_each_holding(const struct geo *geo, struct geo_position point,
                      void (*found)(void *context, int32_t tag), void *context)
{
    CHECK(geo->tree != NULL);
    GEOSContextHandle_t geos = geo_context();
    GEOSGeometry *at = geo_point(geo, geos, point);
    struct geo_holding holding = {
        .context = geos, .point = at, .found = found, .found_context = context};
    GEOSSTRtree_query_r(geos, geo->tree, at, geo_consider_holding, &holding);
    GEOSGeom_destroy_r(geos, at);
    GEOS_finish_r(geos);
}

size_t geo_count(const struct geo *geo)
{
    return geo->count;
}

double geo_area_m2(const struct geo *geo, int32_t tag)
{
    for (size_t i = 0; i < geo->count; i++) {
        if (geo->shapes[i].tag == tag) {
            return geo->shapes[i].area_m2;
        }
    }
    return 0;
}

/* --- review --- */

struct geo_overlaps {
    GEOSContextHandle_t context;
    const struct geo_shape *shape;
    double share;
    size_t pairs;
    size_t pairs_max;
    bool failed;
    void (*found)(void *context, int32_t a, int32_t b, double shared_m2);
    void *found_context;
};

/* Pairs are looked at once: from the one that comes first. */
static void geo_compare(void *item, void *overlaps_pointer)
{
    const struct geo_shape *other = item;
    struct geo_overlaps *overlaps = overlaps_pointer;
    const struct geo_shape *shape = overlaps->shape;
    double shared_m2 = 0;
    if (other <= shape || overlaps->pairs++ >= overlaps->pairs_max) {
        return;
    }
    GEOSGeometry *shared = GEOSIntersection_r(overlaps->context, shape->geometry, other->geometry);
    if (shared == NULL || GEOSArea_r(overlaps->context, shared, &shared_m2) != 1) {
        overlaps->failed = true;
    }
    GEOSGeom_destroy_r(overlaps->context, shared);
    if (shared_m2 > overlaps->share * fmin(shape->area_m2, other->area_m2)) {
        overlaps->found(overlaps->found_context, shape->tag, other->tag, shared_m2);
    }
}

bool geo_each_overlap(const struct geo *geo, double share, size_t pairs_max,
                      void (*found)(void *context, int32_t a, int32_t b, double shared_m2),
                      void *context)
{
    CHECK(geo->tree != NULL);
    struct geo_overlaps overlaps = {.context = geo_context(),
                                    .share = share,
                                    .pairs_max = pairs_max,
                                    .found = found,
                                    .found_context = context};
    for (size_t i = 0; i < geo->count; i++) {
        overlaps.shape = &geo->shapes[i];
        GEOSSTRtree_query_r(overlaps.context, geo->tree, geo->shapes[i].geometry, geo_compare,
                            &overlaps);
    }
    GEOS_finish_r(overlaps.context);
    return overlaps.pairs <= pairs_max && !overlaps.failed;
}

/* NULL when GEOS cannot. */
static GEOSGeometry *geo_union(const struct geo *geo, GEOSContextHandle_t context)
{
    GEOSGeometry **copies = calloc(geo->count + 1, sizeof(GEOSGeometry *));
    CHECK(copies != NULL);
    for (size_t i = 0; i < geo->count; i++) {
        copies[i] = GEOSGeom_clone_r(context, geo->shapes[i].geometry);
        CHECK(copies[i] != NULL);
    }
    GEOSGeometry *all =
        GEOSGeom_createCollection_r(context, GEOS_GEOMETRYCOLLECTION, copies, (unsigned)geo->count);
    CHECK(all != NULL);
    GEOSGeometry *joined = GEOSUnaryUnion_r(context, all);
    GEOSGeom_destroy_r(context, all);
    free(copies);
    return joined;
}

/* A hole is a ring: its surface is that of a polygon within it. */
static void geo_add_gap(const struct geo *geo, GEOSContextHandle_t context,
                        const GEOSGeometry *ring, double m2_min, struct geo_gaps *gaps)
{
    double x = 0;
    double y = 0;
    double area_m2 = 0;
    GEOSGeometry *outer = GEOSGeom_clone_r(context, ring);
    GEOSGeometry *polygon =
        outer == NULL ? NULL : GEOSGeom_createPolygon_r(context, outer, NULL, 0);
    GEOSGeometry *start = GEOSGeomGetStartPoint_r(context, ring);
    CHECK(polygon != NULL && GEOSArea_r(context, polygon, &area_m2) == 1);
    CHECK(start != NULL && GEOSGeomGetX_r(context, start, &x) == 1 &&
          GEOSGeomGetY_r(context, start, &y) == 1);
    if (area_m2 >= m2_min) {
        gaps->count++;
        gaps->total_m2 += area_m2;
    }
    if (area_m2 >= m2_min && area_m2 > gaps->largest_m2) {
        gaps->largest_m2 = area_m2;
        gaps->largest_at = geo_position_of(geo, x, y);
    }
    GEOSGeom_destroy_r(context, start);
    GEOSGeom_destroy_r(context, polygon);
}

bool geo_gaps(const struct geo *geo, double m2_min, struct geo_gaps *ret_gaps)
{
    struct geo_gaps gaps = {0};
    GEOSContextHandle_t context = geo_context();
    GEOSGeometry *joined = geo_union(geo, context);
    int parts = joined == NULL ? 0 : GEOSGetNumGeometries_r(context, joined);
    for (int i = 0; i < parts; i++) {
        const GEOSGeometry *part = GEOSGetGeometryN_r(context, joined, i);
        if (part == NULL || GEOSGeomTypeId_r(context, part) != GEOS_POLYGON) {
            continue;
        }
        int holes = GEOSGetNumInteriorRings_r(context, part);
        for (int hole = 0; hole < holes; hole++) {
            geo_add_gap(geo, context, GEOSGetInteriorRingN_r(context, part, hole), m2_min, &gaps);
        }
    }
    bool done = joined != NULL;
    GEOSGeom_destroy_r(context, joined);
    GEOS_finish_r(context);
    if (done) {
        *ret_gaps = gaps;
    }
    return done;
}
