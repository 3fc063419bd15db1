/* Polygons of a pack as GeoJSON has them (RFC 7946), read through jansson into a set of shapes. */
#ifndef VAFA_CITY_GEOJSON_H
#define VAFA_CITY_GEOJSON_H

#include "base/bytes.h"
#include "city/findings.h"
#include "city/geo.h"

struct geojson; /* a file while it is read */

/* The features of a FeatureCollection, sealed; NULL when it has no position. `tag_of` gives the tag of
 * the feature with that key, GEO_NONE to leave it out, upon which it tells why. Mistakes go to the
 * findings under the name `file`. */
struct geo *geojson_read(const char *file, struct bytes text,
                         int32_t (*tag_of)(void *context, const struct geojson *reader,
                                           const char *key),
                         void *context, struct findings *findings);

/* A mistake of the feature that is being read. */
void geojson_error(const struct geojson *reader, const char *message);

#endif
