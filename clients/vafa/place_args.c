/* The parts of a place, in the order in which people say them. */
#include "clients/vafa/place_args.h"

#include "clients/vafa/point.h"

char *place_args_key(struct session *session, enum city_items items, const char *given)
{
    const struct city *city = given[0] != '\0' ? session_city(session, NULL) : NULL;
    const char *key = city != NULL ? city_items_find(city, items, given) : NULL;
    return (char *)(uintptr_t)(key != NULL ? key : given);
}

enum status place_args_read(struct session *session, struct place_args *ret_place,
                            struct error *err)
{
    const char *given = args_value(&session->args, "point");
    Common__Place *place = &ret_place->place;
    common__place__init(place);
    common__geo_point__init(&ret_place->point);
    place->area = session_text(session, "area");
    place->neighbourhood = session_text(session, "neighbourhood");
    place->street = session_text(session, "street");
    place->landmark = session_text(session, "landmark");
    place->thing = session_text(session, "thing");
    place->line = session_text(session, "line");
    place->direction = session_text(session, "direction");
    place->stop = session_text(session, "stop");
    place->pole = session_text(session, "pole");
    place->vehicle = session_text(session, "vehicle");
    if (given == NULL) {
        return STATUS_OK;
    }
    place->point = &ret_place->point;
    return point_read(given, &ret_place->point.latitude, &ret_place->point.longitude, err);
}
