/*
 * Whether a pack may take the place of another while everything goes on. What is open under a key of the old one
 * must stay somebody's, and what views have counted by its days and hours must stay counted.
 */
#include "city/city_internal.h"

#include <stdio.h>
#include <string.h>

#define MISSING_TOLD 4 /* rows that are named */
#define MISSING_SIZE 120

static enum status refuse_setting(struct error *err, const char *name)
{
    return error_set(
        err, STATUS_FAILED_PRECONDITION, "city.ini",
        "city.ini: %s is another one than in the pack in force: what was counted by it "
        "would be wrong",
        name);
}

static enum status check_settings(const struct city *former, const struct city *next,
                                  struct error *err)
{
    if (strcmp(former->key, next->key) != 0) {
        return error_set(err, STATUS_FAILED_PRECONDITION, "city.ini",
                         "city.ini: it is a pack of %s, and the services are %s's", next->key,
                         former->key);
    }
    if (strcmp(former->zone, next->zone) != 0) {
        return refuse_setting(err, "the zone");
    }
    if (former->calendar != next->calendar) {
        return refuse_setting(err, "the calendar");
    }
    return former->week_start == next->week_start ? STATUS_OK
                                                  : refuse_setting(err, "the week's first day");
}

static enum status check_keys(const char *file, const struct key_index *former,
                              const struct key_index *next, struct error *err)
{
    char missing[MISSING_SIZE] = "";
    size_t count = 0;
    for (size_t i = 0; i < former->count; i++) {
        const char *key = key_index_key_at(former, i);
        if (key_index_find(next, key) == KEY_INDEX_NONE && count++ < MISSING_TOLD) {
            size_t used = strlen(missing);
            (void)snprintf(missing + used, sizeof missing - used, "%s\"%s\"", used == 0 ? "" : ", ",
                           findings_quote(key).text);
        }
    }
    return count == 0
               ? STATUS_OK
               : error_set(err, STATUS_FAILED_PRECONDITION, file,
                           "%s lacks %s%s, which the pack in force has: keep the row, so that what "
                           "is open under it stays somebody's",
                           file, missing, count > MISSING_TOLD ? " and more" : "");
}

enum status city_may_follow(const struct city *former, const struct city *next, struct error *err)
{
    enum status status = check_settings(former, next, err);
    if (status == STATUS_OK) {
        status = check_keys("units.csv", &former->unit_index, &next->unit_index, err);
    }
    if (status == STATUS_OK) {
        status = check_keys("areas.csv", &former->area_index, &next->area_index, err);
    }
    if (status == STATUS_OK) {
        status = check_keys("topics.csv", &former->topic_index, &next->topic_index, err);
    }
    if (status == STATUS_OK) {
        status = check_keys("levels.csv", &former->level_index, &next->level_index, err);
    }
    return status;
}

/* --- its files, as they came --- */

size_t city_file_count(const struct city *city)
{
    return city->files.count;
}

struct bytes city_file_at(const struct city *city, size_t index, const char **ret_name)
{
    const struct pack_file *file = &city->files.files[index];
    *ret_name = file->name;
    return buffer_bytes(&file->raw);
}
