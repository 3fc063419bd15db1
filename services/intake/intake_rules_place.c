/* In which area a request's place lies: given, by the point, by the neighbourhood's name. And whose it
 * is, when it is none of the city's. */
#include "services/intake/intake_rules.h"

#include "city/city_place.h"
#include "text/utf8.h"

#include <string.h>

static struct intake_located located_by_point(const struct city *city,
                                              const Common__GeoPoint *point)
{
    struct city_place found = city_place_of_point(city, point->latitude, point->longitude);
    if (found.area == NULL) {
        return (struct intake_located){.area = ""};
    }
    return (struct intake_located){
        .area = found.area->key,
        .found = found.found == CITY_PLACE_NEAR ? INTAKE__PLACE_FOUND__PLACE_FOUND_NEAR
                                                : INTAKE__PLACE_FOUND__PLACE_FOUND_POINT,
    };
}

/* A given area stands. Only a point inside another polygon contradicts it: near a border both may
 * be right. */
static struct intake_located located_as_given(const char *area, struct intake_located by_point)
{
    bool other = by_point.found == INTAKE__PLACE_FOUND__PLACE_FOUND_POINT &&
                 strcmp(by_point.area, area) != 0;
    return (struct intake_located){
        .area = area,
        .found = INTAKE__PLACE_FOUND__PLACE_FOUND_GIVEN,
        .point_area = other ? by_point.area : "",
    };
}

struct intake_located intake_rules_locate(const struct city *city, const Common__Place *place)
{
    struct intake_located located = {.area = ""};
    if (place != NULL && place->point != NULL) {
        located = located_by_point(city, place->point);
    }
    if (place != NULL && place->area[0] != '\0') {
        return located_as_given(place->area, located);
    }
    if (place != NULL && located.area[0] == '\0') {
        struct city_place found = city_place_of_neighbourhood(city, place->neighbourhood);
        if (found.area != NULL) {
            located.area = found.area->key;
            located.found = INTAKE__PLACE_FOUND__PLACE_FOUND_NEIGHBOURHOOD;
        }
    }
    if (located.area[0] == '\0') {
        located.found = INTAKE__PLACE_FOUND__PLACE_FOUND_NONE;
    }
    located.point_area = "";
    return located;
}

/* The first value of the answer, "" when it was not given. */
static char *answer_to(const struct intake_answers *given, const char *question)
{
    for (size_t i = 0; given != NULL && i < given->count; i++) {
        const Common__Answer *answer = given->answers[i];
        if (strcmp(answer->question, question) == 0 && answer->n_values > 0) {
            return answer->values[0];
        }
    }
    return (char *)protobuf_c_empty_string;
}

bool intake_rules_told_place(const Common__Place *given, const struct intake_answers *answers,
                             const struct intake_answers *former, Common__Place *ret_place)
{
    Common__Place place = COMMON__PLACE__INIT;
    if (given != NULL) {
        place = *given;
    }
    const struct {
        const char *question;
        char **part;
        size_t characters_max;
    } parts[] = {
        {"line", &place.line, INTAKE_LINE_MAX},
        {"direction", &place.direction, INTAKE_THING_MAX},
        {"stop", &place.stop, INTAKE_THING_MAX},
        {"pole", &place.pole, INTAKE_LINE_MAX},
        {"vehicle", &place.vehicle, INTAKE_LINE_MAX},
    };
    bool is_told = given != NULL;
    for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
        char *value = answer_to(answers, parts[i].question);
        const char *before = answer_to(former, parts[i].question);
        bool is_given = **parts[i].part != '\0' && strcmp(*parts[i].part, before) != 0;
        if (value[0] != '\0' && !is_given &&
            text_check(value, parts[i].characters_max, parts[i].question, NULL) == STATUS_OK) {
            *parts[i].part = value;
            is_told = true;
        }
    }
    *ret_place = place;
    return is_told;
}

const struct city_unit *intake_rules_outside(const struct city *city,
                                             const struct city_request *request)
{
    struct city_route route;
    city_route(city, request, &route);
    return city_unit_is_outside(city, route.unit) ? city_unit(city, route.unit) : NULL;
}

Intake__Referral intake_rules_referral(const struct city_unit *unit)
{
    Intake__Referral referral = INTAKE__REFERRAL__INIT;
    referral.unit = (char *)(uintptr_t)unit->key;
    referral.name_fa = (char *)(uintptr_t)unit->name_fa;
    referral.name_en = (char *)(uintptr_t)unit->name_en;
    referral.phone = (char *)(uintptr_t)unit->phone;
    return referral;
}
