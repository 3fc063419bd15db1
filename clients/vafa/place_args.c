/* The parts of a place, in the order in which people say them. */
#include "clients/vafa/place_args.h"

#include "clients/vafa/point.h"

char *place_args_key(struct session *session, enum city_items items, const char *given)
{
    const struct city *city = given[0] != '\0' ? session_city(session, NULL) : NULL;
    const char *key = city != NULL ? city_items_find(city, items, given) : NULL;
    return (char *)(uintptr_t)(key != NULL ? key : given);
}

static char *text_of(struct session *session, const char *name)
{
    return (char *)(uintptr_t)args_text(&session->args, name);
}

enum status place_args_read(struct session *session, struct place_args *ret_place,
                            struct error *err)
{
    const char *given = args_value(&session->args, "point");
    Common__Place *place = &ret_place->place;
    common__place__init(place);
    common__geo_point__init(&ret_place->point);
    place->area = text_of(session, "area");
    place->neighbourhood = text_of(session, "neighbourhood");
    place->street = text_of(session, "street");
    place->landmark = text_of(session, "landmark");
    place->thing = text_of(session, "thing");
    place->line = text_of(session, "line");
    place->direction = text_of(session, "direction");
    place->stop = text_of(session, "stop");
    place->pole = text_of(session, "pole");
    place->vehicle = text_of(session, "vehicle");
    if (given == NULL) {
        return STATUS_OK;
    }
    place->point = &ret_place->point;
    return point_read(given, &ret_place->point.latitude, &ret_place->point.longitude, err);
}
