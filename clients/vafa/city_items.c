/* Nothing is indexed: a command looks up a word or two. */
#include "clients/vafa/city_items.h"

#include "text/fold.h"

#include <string.h>

size_t city_items_count(const struct city *city, enum city_items items)
{
    switch (items) {
    case CITY_ITEMS_TOPICS: return city_topic_count(city);
    case CITY_ITEMS_UNITS: return city_unit_count(city);
    case CITY_ITEMS_AREAS: return city_area_count(city);
    }
    return 0;
}

struct city_item city_items_at(const struct city *city, enum city_items items, size_t index)
{
    switch (items) {
    case CITY_ITEMS_TOPICS: {
        const struct city_topic *topic = city_topic_at(city, index);
        return (struct city_item){topic->key, topic->name_fa, topic->name_en};
    }
    case CITY_ITEMS_UNITS: {
        const struct city_unit *unit = city_unit_at(city, index);
        return (struct city_item){unit->key, unit->name_fa, unit->name_en};
    }
    case CITY_ITEMS_AREAS: {
        const struct city_area *area = city_area_at(city, index);
        return (struct city_item){area->key, area->name_fa, area->name_en};
    }
    }
    return (struct city_item){"", "", ""};
}

static bool is_same(const char *folded, const char *text)
{
    struct buffer other = BUFFER_EMPTY;
    bool same =
        text_fold(text, &other, NULL) == STATUS_OK && strcmp(folded, buffer_text(&other)) == 0;
    buffer_fini(&other);
    return same;
}

/* Keys before names: a name may be another item's key. */
static const char *find_folded(const struct city *city, enum city_items items, const char *folded)
{
    size_t count = city_items_count(city, items);
    for (size_t i = 0; i < count; i++) {
        struct city_item item = city_items_at(city, items, i);
        if (is_same(folded, item.key)) {
            return item.key;
        }
    }
    for (size_t i = 0; i < count; i++) {
        struct city_item item = city_items_at(city, items, i);
        if (is_same(folded, item.name_fa) || is_same(folded, item.name_en)) {
            return item.key;
        }
    }
    return NULL;
}

const char *city_items_find(const struct city *city, enum city_items items, const char *text)
{
    const char *key = NULL;
    struct buffer folded = BUFFER_EMPTY;
    for (size_t i = 0; key == NULL && i < city_items_count(city, items); i++) {
        const char *exact = city_items_at(city, items, i).key; /* keys may differ in case alone */
        key = strcmp(exact, text) == 0 ? exact : NULL;
    }
    if (key == NULL && text_fold(text, &folded, NULL) == STATUS_OK && folded.size > 0) {
        key = find_folded(city, items, buffer_text(&folded));
    }
    buffer_fini(&folded);
    return key;
}
