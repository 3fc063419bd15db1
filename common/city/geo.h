/*
 * Shapes on the ground and the point in them, on GEOS' C API (geos_c.h is included in geo.c only).
 *
 * Degrees (WGS 84) go in; inside, everything lies on a plane in metres around an origin: x =
 * R·cos(lat0)·Δlon, y = R·Δlat with R = 6,371,008.8 m (the mean radius of IUGG). Within 100 km of
 * the origin a distance is wrong by less than 1 %.
 *
 * A sealed set of shapes is immutable: any number of threads may ask it at once.
 */
#ifndef VAFA_CITY_GEO_H
#define VAFA_CITY_GEO_H

#include "base/status.h"

#include <stddef.h>
#include <stdint.h>

#define GEO_NONE (-1)

struct geo;

struct geo_position { /* in the order of GeoJSON */
    double longitude;
    double latitude;
};

struct geo_ring { /* closed: the last position is the first */
    const struct geo_position *positions;
    size_t count;
};

struct geo_part { /* a polygon: its outer ring, then its holes */
    const struct geo_ring *rings;
    size_t ring_count; /* at least 1 */
};

/* Aborts when memory is gone, as all of common does. */
struct geo *geo_new(struct geo_position origin);
void geo_free(struct geo *geo); /* NULL is allowed */

/* Adds a shape of one or more parts; it is told by `tag` from 0 on, which is given once.
 * INVALID_ARGUMENT with the reason and the place when it is no valid area: it crosses itself, its
 * parts overlap, a hole lies outside. */
enum status geo_add(struct geo *geo, int32_t tag, const struct geo_part *parts, size_t part_count,
                    struct error *err);
/* Builds the indexes. No shape may be added afterwards, and nothing asked before. */
void geo_seal(struct geo *geo);

/* --- asking a sealed set --- */

/* The tag of the shape that holds the point (on its border counts; of several the lowest tag), with
 * distance 0; else of the nearest within tolerance_m (of equally near ones the lowest tag), with its
 * distance; else GEO_NONE. */
int32_t geo_find(const struct geo *geo, struct geo_position point, double tolerance_m,
                 double *ret_distance_m);
/* However far it is; GEO_NONE when there are no shapes. Looks at each of them. */
int32_t geo_nearest(const struct geo *geo, struct geo_position point, double *ret_distance_m);
/* Each shape that holds the point, on its border too, in no order. */
void geo_each_holding(const struct geo *geo, struct geo_position point,
                      void (*found)(void *context, int32_t tag), void *context);

size_t geo_count(const struct geo *geo);
double geo_area_m2(const struct geo *geo, int32_t tag); /* 0 when there is no such shape */

/* For each pair of shapes that share more than `share` (0..1) of the smaller one: the square metres
 * that they share. False when not every pair could be compared: there are more than pairs_max, or
 * GEOS fails at one. */
bool geo_each_overlap(const struct geo *geo, double share, size_t pairs_max,
                      void (*found)(void *context, int32_t a, int32_t b, double shared_m2),
                      void *context);

struct geo_gaps { /* what the shapes surround and none of them holds */
    size_t count;
    double total_m2;
    double largest_m2;
    struct geo_position largest_at; /* a position on its border */
};
/* Gaps of at least m2_min. False when GEOS cannot join the shapes. */
bool geo_gaps(const struct geo *geo, double m2_min, struct geo_gaps *ret_gaps);

#endif
