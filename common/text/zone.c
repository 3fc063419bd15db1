/*
 * All offset changes of 1900 to 2200 are read from ICU when the zone is made and never change after
 * that, so looking one up needs no lock. Outside these years ICU is asked under a lock.
 */
#include "text/zone.h"

#include "base/check.h"
#include "base/clock.h"
#include "text/icu_error.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unicode/ucal.h>
#include <unicode/ustring.h>

#define FIRST_MS (-2208988800000.0) /* 1900-01-01 */
#define LAST_MS 7258118400000.0     /* 2200-01-01 */

/* Four changes a year (Morocco has them) for three centuries; a zone with more would be asked of
 * ICU. */
#define CHANGES_MAX 1280

struct change {
    int64_t from_us;
    int64_t offset_us;
};

struct zone {
    UChar name[ZONE_NAME_SIZE];
    int64_t known_until_us; /* the table holds from changes[0].from_us to here */
    size_t count;
    struct change changes[CHANGES_MAX];
    pthread_mutex_t lock;
    UCalendar *calendar; /* under `lock` */
};

static int64_t offset_at(UCalendar *calendar, UDate at_ms, UErrorCode *code)
{
    ucal_setMillis(calendar, at_ms, code);
    int64_t offset_ms = (int64_t)ucal_get(calendar, UCAL_ZONE_OFFSET, code) +
                        ucal_get(calendar, UCAL_DST_OFFSET, code);
    return offset_ms * MS_US;
}

static void add_change(struct zone *zone, int64_t from_us, int64_t offset_us)
{
    if (zone->count > 0 && zone->changes[zone->count - 1].offset_us == offset_us) {
        return; /* a change of name only */
    }
    zone->changes[zone->count++] = (struct change){.from_us = from_us, .offset_us = offset_us};
}

static enum status read_changes(struct zone *zone, struct error *err)
{
    UErrorCode code = U_ZERO_ERROR;
    UDate at_ms = FIRST_MS;
    int64_t offset_us = offset_at(zone->calendar, at_ms, &code);
    zone->known_until_us = (int64_t)LAST_MS * MS_US;
    while (U_SUCCESS(code)) {
        int64_t at_us = (int64_t)at_ms * MS_US;
        if (zone->count == CHANGES_MAX) {
            zone->known_until_us = at_us;
            break;
        }
        add_change(zone, at_us, offset_us);
        UDate next_ms;
        if (!ucal_getTimeZoneTransitionDate(zone->calendar, UCAL_TZ_TRANSITION_NEXT, &next_ms,
                                            &code) ||
            U_FAILURE(code) || next_ms >= LAST_MS) {
            break;
        }
        at_ms = next_ms;
        offset_us = offset_at(zone->calendar, at_ms, &code);
    }
    return icu_status(code, "reading the time zone", err);
}

enum status zone_new(struct zone **ret_zone, const char *name, struct error *err)
{
    if (name[0] == '\0' || strlen(name) >= ZONE_NAME_SIZE) {
        return error_set(err, STATUS_INVALID_ARGUMENT, "zone", "\"%.80s\" is no time zone", name);
    }
    struct zone *zone = calloc(1, sizeof(*zone));
    CHECK(zone != NULL);
    CHECK(pthread_mutex_init(&zone->lock, NULL) == 0);
    UErrorCode code = U_ZERO_ERROR;
    UChar canonical[ZONE_NAME_SIZE];
    UBool is_system = false;
    enum status status;
    u_charsToUChars(name, zone->name, (int32_t)strlen(name));
    ucal_getCanonicalTimeZoneID(zone->name, -1, canonical, ZONE_NAME_SIZE, &is_system, &code);
    if (U_FAILURE(code) || !is_system) {
        status = error_set(err, STATUS_INVALID_ARGUMENT, "zone", "\"%s\" is no time zone", name);
        goto out;
    }
    zone->calendar = ucal_open(zone->name, -1, "en", UCAL_GREGORIAN, &code);
    status = icu_status(code, "opening the time zone", err);
    if (status != STATUS_OK) {
        goto out;
    }
    status = read_changes(zone, err);
out:
    if (status != STATUS_OK) {
        zone_free(zone);
        return status;
    }
    *ret_zone = zone;
    return STATUS_OK;
}

void zone_free(struct zone *zone)
{
    if (zone != NULL) {
        ucal_close(zone->calendar);
        pthread_mutex_destroy(&zone->lock);
        free(zone);
    }
}

static int64_t ask_icu(struct zone *zone, int64_t us)
{
    UErrorCode code = U_ZERO_ERROR;
    pthread_mutex_lock(&zone->lock);
    int64_t offset_us = offset_at(zone->calendar, (UDate)(us / MS_US), &code);
    pthread_mutex_unlock(&zone->lock);
    /* ICU has no way to fail here but a time beyond its calendar: the nearest that is known. */
    if (U_FAILURE(code)) {
        return zone->changes[us < 0 ? 0 : zone->count - 1].offset_us;
    }
    return offset_us;
}

/* The change that holds at `us`, which is among the known ones. */
static size_t find_change(const struct zone *zone, int64_t us)
{
    size_t low = 0; /* changes[low] holds at `us`, changes[high] does not */
    size_t high = zone->count;
    while (high - low > 1) {
        size_t middle = (low + high) / 2;
        if (zone->changes[middle].from_us <= us) {
            low = middle;
        } else {
            high = middle;
        }
    }
    return low;
}

static bool is_known(const struct zone *zone, int64_t us)
{
    return us >= zone->changes[0].from_us && us < zone->known_until_us;
}

int64_t zone_offset_us(struct zone *zone, int64_t us)
{
    return is_known(zone, us) ? zone->changes[find_change(zone, us)].offset_us : ask_icu(zone, us);
}

bool zone_offset_until(const struct zone *zone, int64_t us, int64_t *ret_offset_us,
                       int64_t *ret_until_us)
{
    if (!is_known(zone, us)) {
        return false;
    }
    size_t at = find_change(zone, us);
    *ret_offset_us = zone->changes[at].offset_us;
    *ret_until_us = at + 1 < zone->count ? zone->changes[at + 1].from_us : zone->known_until_us;
    return true;
}

const UChar *zone_name(const struct zone *zone)
{
    return zone->name;
}
