/* A loaded pack: look-ups. Nothing here allocates. */
#include "city/city_internal.h"

#include "base/check.h"

#include <string.h>

const char *city_key(const struct city *city)
{
    return city->key;
}

const char *city_name(const struct city *city, const char *language)
{
    return strcmp(language, "fa") == 0 ? city->name_fa : city->name_en;
}

const char *city_language(const struct city *city)
{
    return city->language;
}

const struct civil *city_civil(const struct city *city)
{
    return city->civil;
}

const struct phone_plan *city_phone_plan(const struct city *city)
{
    return &city->phone_plan;
}

uint32_t city_acknowledge_minutes(const struct city *city)
{
    return city->acknowledge_minutes;
}

const struct city_life *city_life(const struct city *city)
{
    return &city->life;
}

const struct city_storm *city_storm(const struct city *city)
{
    return &city->storm;
}

const struct city_surge *city_surge(const struct city *city)
{
    return &city->surge;
}

const struct city_callback *city_callback(const struct city *city)
{
    return &city->callback;
}

const char *city_coordinator(const struct city *city)
{
    return city->coordinator;
}

struct bytes city_digest(const struct city *city)
{
    return bytes_of(city->digest, sizeof(city->digest));
}

const struct city_unit *city_unit(const struct city *city, const char *key)
{
    int32_t place = key_index_find(&city->unit_index, key);
    return place == KEY_INDEX_NONE ? NULL : &city->units[place];
}

const struct city_topic *city_topic(const struct city *city, const char *key)
{
    int32_t place = key_index_find(&city->topic_index, key);
    return place == KEY_INDEX_NONE ? NULL : &city->topics[place].topic;
}

size_t city_topic_place(const struct city *city, const char *key)
{
    int32_t place = key_index_find(&city->topic_index, key);
    return place == KEY_INDEX_NONE ? CITY_NO_PLACE : (size_t)place;
}

const struct city_area *city_area(const struct city *city, const char *key)
{
    int32_t place = key_index_find(&city->area_index, key);
    return place == KEY_INDEX_NONE ? NULL : &city->areas[place];
}

const struct city_level *city_level(const struct city *city, const char *key)
{
    int32_t place = key_index_find(&city->level_index, key);
    return place == KEY_INDEX_NONE ? NULL : &city->levels[place];
}

const struct hours *city_hours(const struct city *city, const char *unit)
{
    int32_t place = key_index_find(&city->unit_index, unit);
    return place == KEY_INDEX_NONE ? city->hours.usual : city->hours.of_unit[place];
}

size_t city_unit_count(const struct city *city)
{
    return city->unit_index.count;
}

size_t city_topic_count(const struct city *city)
{
    return city->topic_index.count;
}

size_t city_area_count(const struct city *city)
{
    return city->area_index.count;
}

const struct city_unit *city_unit_at(const struct city *city, size_t index)
{
    CHECK(index < city->unit_index.count);
    return &city->units[index];
}

const struct city_topic *city_topic_at(const struct city *city, size_t index)
{
    CHECK(index < city->topic_index.count);
    return &city->topics[index].topic;
}

const struct city_area *city_area_at(const struct city *city, size_t index)
{
    CHECK(index < city->area_index.count);
    return &city->areas[index];
}
