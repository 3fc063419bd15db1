/* vafa city locate: which area a point lies in, by the pack alone. */
#include "base/clock.h"
#include "city/city_place.h"
#include "clients/vafa/labels.h"
#include "clients/vafa/output.h"
#include "clients/vafa/point.h"
#include "clients/vafa/session.h"
#include "clients/vafa/table.h"

#include "vafa/intake/v1/intake.pb-c.h"

#include <string.h>

#define MEASURED_LOOKUPS 100000

static const struct option_def options[] = {
    {"neighbourhood", 0, "TEXT", "when no polygon holds the point: the neighbourhood's name"},
    {"measure", 0, NULL, "repeat the look-up 100,000 times and tell how long one takes"},
    {NULL, 0, NULL, NULL},
};

struct where {
    double latitude;
    double longitude;
    struct city_place place;
    struct city_place nearest; /* looked for when nothing was found */
    double lookup_us;          /* 0: not measured */
};

/* In the words of the event that a registration writes. */
static int found_value(enum city_place_found found)
{
    switch (found) {
    case CITY_PLACE_INSIDE: return INTAKE__PLACE_FOUND__PLACE_FOUND_POINT;
    case CITY_PLACE_NEAR: return INTAKE__PLACE_FOUND__PLACE_FOUND_NEAR;
    case CITY_PLACE_NEIGHBOURHOOD: return INTAKE__PLACE_FOUND__PLACE_FOUND_NEIGHBOURHOOD;
    default: return INTAKE__PLACE_FOUND__PLACE_FOUND_NONE;
    }
}

/* As a registration does: the point, else the name. */
static void locate(const struct city *city, const char *neighbourhood, struct where *where)
{
    where->place = city_place_of_point(city, where->latitude, where->longitude);
    if (where->place.area == NULL && neighbourhood != NULL) {
        where->place = city_place_of_neighbourhood(city, neighbourhood);
    }
    if (where->place.area == NULL) {
        where->nearest = city_place_nearest(city, where->latitude, where->longitude);
    }
}

static void measure(const struct city *city, struct where *where)
{
    size_t found = 0;
    int64_t start_us = clock_mono_us(clock_system());
    for (size_t i = 0; i < MEASURED_LOOKUPS; i++) {
        found += city_place_of_point(city, where->latitude, where->longitude).area != NULL;
    }
    int64_t took_us = clock_mono_us(clock_system()) - start_us;
    bool same =
        found == (where->place.found == CITY_PLACE_INSIDE || where->place.found == CITY_PLACE_NEAR
                      ? MEASURED_LOOKUPS
                      : 0);
    where->lookup_us = same ? (double)took_us / MEASURED_LOOKUPS : 0;
}

static void print_json(const struct city *city, const struct where *where)
{
    const struct city_area *area = where->place.area;
    char found[32];
    label_enum_word(&intake__place_found__descriptor, found_value(where->place.found), found,
                    sizeof(found));
    json_t *json =
        json_pack("{s:o, s:s, s:o}", "area", area != NULL ? json_string(area->key) : json_null(),
                  "found", found, "distance_m", output_real(where->place.distance_m));
    if (area != NULL) {
        json_object_set_new(json, "area_km2", output_real(city_place_shape_m2(city, area) / 1e6));
    }
    if (where->nearest.area != NULL) {
        json_object_set_new(json, "nearest", json_string(where->nearest.area->key));
        json_object_set_new(json, "nearest_m", output_real(where->nearest.distance_m));
    }
    if (where->lookup_us > 0) {
        json_object_set_new(json, "lookup_us", output_real(where->lookup_us));
    }
    output_json(json);
    json_decref(json);
}

static void print_area(struct session *session, struct table *table, const char *name,
                       const struct city_area *area, double distance_m)
{
    const char *language = session_language(session);
    table_cell(table, label_word(name, language));
    table_cell_format(table, "%s (%s)%s %.0f %s",
                      strcmp(language, "fa") == 0 ? area->name_fa : area->name_en, area->key,
                      label_word(",", language), distance_m, label_word("unit_metre", language));
}

static void print_plain(struct session *session, const struct where *where)
{
    const char *language = session_language(session);
    struct table *table = table_new(2);
    if (where->place.area != NULL) {
        print_area(session, table, "area", where->place.area, where->place.distance_m);
    }
    table_cell(table, label_word("found_by", language));
    table_cell(table, label_enum(&intake__place_found__descriptor, found_value(where->place.found),
                                 language));
    if (where->nearest.area != NULL) {
        print_area(session, table, "nearest", where->nearest.area, where->nearest.distance_m);
    }
    if (where->lookup_us > 0) {
        table_cell(table, label_word("lookup", language));
        table_cell_format(table, "%.2f us", where->lookup_us);
    }
    table_print(table, stdout);
    table_free(table);
}

static int run_city_locate(struct session *session)
{
    struct error err = ERROR_NONE;
    struct where where = {0};
    if (point_read(session->args.arguments[0], &where.latitude, &where.longitude, &err) !=
        STATUS_OK) {
        return output_usage(&err);
    }
    const struct city *city = session_city(session, &err);
    if (city == NULL) {
        return output_error(&err);
    }
    locate(city, args_value(&session->args, "neighbourhood"), &where);
    if (args_has(&session->args, "measure")) {
        measure(city, &where);
    }
    if (session->json) {
        print_json(city, &where);
    } else {
        print_plain(session, &where);
    }
    return where.place.area != NULL ? EXIT_DONE : EXIT_NOT_FOUND;
}

const struct command command_city_locate = {
    .name = "city locate",
    .arguments = "LAT,LON",
    .arguments_min = 1,
    .arguments_max = 1,
    .summary = "which area a point lies in, as a registration finds it",
    .help = "Asks areas.geojson (docs/CITY_PACKS.md) of the pack (--city NAME|DIR, else the "
            "server's): the area whose "
            "polygon holds the point, else the nearest within tolerance_m of city.ini, with the "
            "distance; else the neighbourhood's. Exit status 3: none; then the nearest is told.",
    .examples = "vafa city locate 32.6539,51.6660 --city isfahan\n"
                "vafa city locate '۳۲٫۶۵،۵۱٫۷۴' --neighbourhood "
                "'خوراسگان' --city isfahan --json",
    .options = options,
    .role = RPC_ROLE_ADMIN,
    .run = run_city_locate,
};
