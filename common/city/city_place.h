/*
 * Where in the city something is: the area that holds a point, by the polygons of areas.geojson, and
 * the area of a neighbourhood, by neighbourhoods.csv. Both files are optional; without them nothing
 * is ever found. Any number of threads may ask at once.
 */
#ifndef VAFA_CITY_CITY_PLACE_H
#define VAFA_CITY_CITY_PLACE_H

#include "city/city.h"

enum city_place_found {
    CITY_PLACE_NONE,
    CITY_PLACE_INSIDE,        /* the area's polygon holds the point */
    CITY_PLACE_NEAR,          /* no polygon does; this one is the nearest within the tolerance */
    CITY_PLACE_NEIGHBOURHOOD, /* by its name */
};

struct city_place {
    enum city_place_found found;
    const struct city_area *area; /* of the pack; NULL when nothing was found */
    double distance_m;            /* of NEAR: to the polygon; 0 otherwise */
};

/* How many areas have a polygon. */
size_t city_place_shape_count(const struct city *city);
double city_place_shape_m2(const struct city *city, const struct city_area *area); /* 0: none */
/* city.ini, [places] tolerance_m. */
uint32_t city_place_tolerance_m(const struct city *city);

/* WGS 84 degrees. A point in several polygons belongs to the area that areas.csv names first. */
struct city_place city_place_of_point(const struct city *city, double latitude, double longitude);
/* The nearest polygon, however far: NEAR, or INSIDE. Looks at each of them. */
struct city_place city_place_nearest(const struct city *city, double latitude, double longitude);

/* The name as people write it: spelling is folded (text/fold.h) and spaces do not count. A name of
 * several areas, one without an area and an unknown one find nothing. */
struct city_place city_place_of_neighbourhood(const struct city *city, const char *name);

#endif
