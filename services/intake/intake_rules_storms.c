/* What a storm may be, and what is in its scope. */
#include "services/intake/intake_storms.h"

#include "text/utf8.h"

#include <string.h>

static bool is_among(const char *key, char *const *keys, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (strcmp(keys[i], key) == 0) {
            return true;
        }
    }
    return false;
}

static enum status check_keys(char *const *keys, size_t count, const char *field, struct error *err)
{
    if (count > INTAKE_STORM_KEYS_MAX) {
        return error_set(err, STATUS_INVALID_ARGUMENT, field, "at most %d: leave them out for all",
                         INTAKE_STORM_KEYS_MAX);
    }
    for (size_t i = 0; i < count; i++) {
        enum status status = text_check_key(keys[i], CITY_KEY_SIZE_MAX, field, err);
        if (status != STATUS_OK) {
            return status;
        }
        if (is_among(keys[i], keys, i)) {
            return error_set(err, STATUS_INVALID_ARGUMENT, field, "\"%s\" is there twice", keys[i]);
        }
    }
    return STATUS_OK;
}

static enum status check_listed(const struct city *city, const Intake__StartStormRequest *request,
                                struct error *err)
{
    for (size_t i = 0; i < request->n_topics; i++) {
        if (city_topic(city, request->topics[i]) == NULL) {
            return error_set(err, STATUS_NOT_FOUND, "topics", "the city pack lists no topic \"%s\"",
                             request->topics[i]);
        }
    }
    for (size_t i = 0; i < request->n_areas; i++) {
        if (city_area(city, request->areas[i]) == NULL) {
            return error_set(err, STATUS_NOT_FOUND, "areas", "the city pack lists no area \"%s\"",
                             request->areas[i]);
        }
    }
    return STATUS_OK;
}

enum status intake_rules_check_storm(const struct city *city,
                                     const Intake__StartStormRequest *request, struct error *err)
{
    enum status status = check_keys(request->topics, request->n_topics, "topics", err);
    if (status == STATUS_OK) {
        status = check_keys(request->areas, request->n_areas, "areas", err);
    }
    if (status == STATUS_OK) {
        status = check_listed(city, request, err);
    }
    if (status == STATUS_OK && (request->hours < 1 || request->hours > INTAKE_STORM_HOURS_MAX)) {
        status = error_set(err, STATUS_INVALID_ARGUMENT, "hours", "must be 1 to %d",
                           INTAKE_STORM_HOURS_MAX);
    }
    return status == STATUS_OK
               ? text_require(request->reason, INTAKE_STORM_REASON_MAX, "reason", err)
               : status;
}

bool intake_rules_storm_holds(const Intake__Storm *storm, const char *topic, const char *area)
{
    return (storm->n_topics == 0 || is_among(topic, storm->topics, storm->n_topics)) &&
           (storm->n_areas == 0 || is_among(area, storm->areas, storm->n_areas));
}

bool intake_rules_storm_counts(const Intake__Storm *storm, const Intake__Storm *other)
{
    if (other == NULL || storm->due_percent != other->due_percent) {
        return other == NULL || storm->due_percent > other->due_percent;
    }
    if (storm->respond_percent != other->respond_percent) {
        return storm->respond_percent > other->respond_percent;
    }
    return storm->storm_number > other->storm_number;
}
