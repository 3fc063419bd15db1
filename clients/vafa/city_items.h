/* A pack's topics, units and areas: listed alike, and found as people write them. */
#ifndef VAFA_CLIENTS_VAFA_CITY_ITEMS_H
#define VAFA_CLIENTS_VAFA_CITY_ITEMS_H

#include "city/city.h"

enum city_items { CITY_ITEMS_TOPICS, CITY_ITEMS_UNITS, CITY_ITEMS_AREAS };

struct city_item { /* borrowed from the pack */
    const char *key;
    const char *name_fa;
    const char *name_en;
};

size_t city_items_count(const struct city *city, enum city_items items);
struct city_item city_items_at(const struct city *city, enum city_items items, size_t index);

/* The key of the item whose key, or else name in either language, is `text` after folding
 * (text/fold.h): "Asphalt", "۵", "منطقه ۵". NULL when there is none. */
const char *city_items_find(const struct city *city, enum city_items items, const char *text);

#endif
