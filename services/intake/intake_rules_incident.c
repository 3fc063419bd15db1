/* Comparing places and times; see the header. */
#include "services/intake/intake_rules_incident.h"

#include "base/clock.h"
#include "text/fold.h"

#include <math.h>

#define RADIANS_PER_DEGREE (3.14159265358979323846 / 180)
/* Of a circle's cells: enough for the formula's rounding. */
#define CELL_MARGIN 1.001

/* --- places --- */

/* FNV-1a, 64 bits (Fowler, Noll, Vo), over what comes. */
static uint64_t add_to_hash(uint64_t hash, const uint8_t *data, size_t size)
{
    for (size_t i = 0; i < size; i++) {
        hash = (hash ^ data[i]) * UINT64_C(0x100000001b3);
    }
    return hash;
}

/* Of the folded texts, each behind its place among them, so that line 4 is not stop 4; 0 when all
 * are empty. */
static enum status hash_folded(const char *const *texts, size_t count, uint64_t *ret_hash,
                               struct error *err)
{
    struct buffer folded = BUFFER_EMPTY;
    uint64_t hash = UINT64_C(0xcbf29ce484222325);
    bool given = false;
    enum status status = STATUS_OK;
    for (size_t i = 0; i < count && status == STATUS_OK; i++) {
        const uint8_t place = (uint8_t)i;
        folded.size = 0;
        status = text_fold(texts[i], &folded, err);
        if (status == STATUS_OK && folded.size > 0) {
            given = true;
            hash = add_to_hash(add_to_hash(hash, &place, 1), folded.data, folded.size);
        }
    }
    buffer_fini(&folded);
    if (status == STATUS_OK) {
        *ret_hash = !given ? 0 : hash == 0 ? 1 : hash;
    }
    return status;
}

/* The one that says most: a pole's number, a vehicle's, a line with its stop, else whatever has a name
 * of its own. */
static enum status hash_thing(const Common__Place *place, struct incident_spot *spot,
                              struct error *err)
{
    const char *const pole[] = {place->pole};
    const char *const vehicle[] = {"", place->vehicle};
    const char *const stop[] = {"", "", place->line, "", place->stop};
    const char *const thing[] = {"", "", "", "", "", place->thing};
    const struct {
        const char *const *texts;
        size_t count;
    } things[] = {{pole, 1}, {vehicle, 2}, {stop, 5}, {thing, 6}};
    enum status status = STATUS_OK;
    for (size_t i = 0; i < 4 && spot->thing == 0 && status == STATUS_OK; i++) {
        status = hash_folded(things[i].texts, things[i].count, &spot->thing, err);
        if (status == STATUS_OK && i == 2 &&
            spot->thing != 0) { /* a stop has two sides, a pole has none */
            status = hash_folded((const char *const[]){place->direction}, 1, &spot->direction, err);
        }
        spot->is_of_area = i == 3 && spot->thing != 0;
    }
    return status;
}

enum status incident_spot_of(const Common__Place *place, struct incident_spot *ret_spot,
                             struct error *err)
{
    struct incident_spot spot = {0};
    if (place == NULL) {
        *ret_spot = spot;
        return STATUS_OK;
    }
    const struct {
        const char *text;
        uint64_t *hash;
    } parts[] = {
        {place->street, &spot.street},
        {place->neighbourhood, &spot.neighbourhood},
        {place->area, &spot.area},
    };
    enum status status = hash_thing(place, &spot, err);
    for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]) && status == STATUS_OK; i++) {
        status = hash_folded(&parts[i].text, 1, parts[i].hash, err);
    }
    if (status != STATUS_OK) {
        return status;
    }
    if (place->point != NULL) {
        spot.has_point = true;
        spot.latitude = place->point->latitude;
        spot.longitude = place->point->longitude;
    }
    *ret_spot = spot;
    return STATUS_OK;
}

bool incident_spot_is_known(const struct incident_spot *spot)
{
    return spot->has_point || spot->thing != 0 || spot->street != 0;
}

double incident_distance_m(double latitude_a, double longitude_a, double latitude_b,
                           double longitude_b)
{
    double a = latitude_a * RADIANS_PER_DEGREE;
    double b = latitude_b * RADIANS_PER_DEGREE;
    double half_latitude = sin((b - a) / 2);
    double half_longitude = sin((longitude_b - longitude_a) * RADIANS_PER_DEGREE / 2);
    double h = half_latitude * half_latitude + cos(a) * cos(b) * half_longitude * half_longitude;
    return 2 * INCIDENT_EARTH_RADIUS_M * asin(sqrt(h < 1 ? h : 1));
}

/* --- candidates --- */

static bool differ(uint64_t a, uint64_t b)
{
    return a != 0 && b != 0 && a != b;
}

static bool is_same_place(const struct city_same *same, const struct incident_spot *a,
                          const struct incident_spot *b, struct incident_likeness *likeness)
{
    bool same_thing = a->thing != 0 && a->thing == b->thing;
    if (same_thing && differ(a->direction, b->direction)) {
        return false; /* the stop across the street */
    }
    if (same_thing && !(a->is_of_area && differ(a->area, b->area))) {
        *likeness = (struct incident_likeness){.by = INTAKE__SAME_BY__SAME_BY_THING};
        return true;
    }
    if (a->has_point && b->has_point) {
        double metres = incident_distance_m(a->latitude, a->longitude, b->latitude, b->longitude);
        *likeness = (struct incident_likeness){
            .by = INTAKE__SAME_BY__SAME_BY_POINT, .metres = metres, .score = metres / same->metres};
        return metres <= same->metres;
    }
    *likeness = (struct incident_likeness){.by = INTAKE__SAME_BY__SAME_BY_STREET, .score = 1};
    return a->street != 0 && a->street == b->street &&
           !differ(a->neighbourhood, b->neighbourhood) && !differ(a->area, b->area);
}

bool incident_is_candidate(const struct city_same *same, const struct incident_spot *asked,
                           int64_t asked_us, const struct incident_spot *open, int64_t open_us,
                           struct incident_likeness *ret_likeness)
{
    int64_t window_us = (int64_t)same->hours * HOUR_US;
    int64_t age_us = asked_us >= open_us ? asked_us - open_us : open_us - asked_us;
    struct incident_likeness likeness;
    if (same->metres == 0 || window_us == 0 || age_us > window_us ||
        !is_same_place(same, asked, open, &likeness)) {
        return false;
    }
    likeness.score += (double)age_us / (double)window_us;
    *ret_likeness = likeness;
    return true;
}

int incident_compare(const struct incident_likeness *a, uint64_t number_a,
                     const struct incident_likeness *b, uint64_t number_b)
{
    if (a->score < b->score || a->score > b->score) {
        return a->score < b->score ? -1 : 1;
    }
    return number_a == number_b ? 0 : number_a < number_b ? -1 : 1;
}

/* --- cells --- */

/* What is no number, in a damaged row say, lies in the first. */
static uint32_t cell_at(double degrees, double half_turn, uint32_t count)
{
    double cell = floor((degrees + half_turn) * INCIDENT_CELLS_PER_DEGREE);
    return cell >= count ? count - 1 : cell >= 0 ? (uint32_t)cell : 0;
}

struct incident_cell incident_cell_of(double latitude, double longitude)
{
    return (struct incident_cell){
        .row = cell_at(latitude, 90, INCIDENT_ROWS),
        .column = cell_at(longitude, 180, INCIDENT_COLUMNS),
    };
}

struct incident_cells incident_cells_around(double latitude, double longitude, uint32_t metres)
{
    double radians = metres / INCIDENT_EARTH_RADIUS_M * CELL_MARGIN;
    double up = radians / RADIANS_PER_DEGREE;
    /* The meridians draw together: those that touch the circle lie asin(sin r / cos latitude) away. */
    double narrow = sin(radians) / cos(latitude * RADIANS_PER_DEGREE);
    double across = narrow >= 0 && narrow < 1 ? asin(narrow) / RADIANS_PER_DEGREE : 180;
    return (struct incident_cells){
        .from = incident_cell_of(latitude - up, longitude - across),
        .to = incident_cell_of(latitude + up, longitude + across),
    };
}
