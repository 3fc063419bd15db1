/* A place on the command line. */
#ifndef VAFA_CLIENTS_VAFA_PLACE_ARGS_H
#define VAFA_CLIENTS_VAFA_PLACE_ARGS_H

#include "clients/vafa/city_items.h"
#include "clients/vafa/session.h"

#include "vafa/common/v1/common.pb-c.h"

/* Rows of an option table. */
#define PLACE_OPTIONS                                                                              \
    {"area", 'a', "KEY", "where: the area's key or name: vafa city show areas"},                   \
        {"neighbourhood", 0, "TEXT", "where: neighbourhood"},                                      \
        {"street", 0, "TEXT", "where: street or address"},                                         \
        {"landmark", 0, "TEXT", "where: what is near"},                                            \
        {"line", 0, "TEXT", "where: line of bus or metro"},                                        \
        {"direction", 0, "TEXT", "where: where the line goes to"},                                 \
        {"stop", 0, "TEXT", "where: stop or station"},                                             \
        {"pole", 0, "NUMBER", "where: the number on a lamp post, pole or traffic light"},          \
        {"vehicle", 0, "NUMBER", "the number painted on a bus, metro car or taxi"},                \
        {"thing", 0, "TEXT", "where: any other thing with a name or number"},                      \
    {                                                                                              \
        "point", 0, "LAT,LON", "where: degrees, WGS 84"                                            \
    }

struct place_args {
    Common__Place place;
    Common__GeoPoint point;
};

/* From the options named as the fields of Place. Borrows the arguments; messages are only read by
 * the call. */
enum status place_args_read(struct session *session, struct place_args *ret_place,
                            struct error *err);

/* A person may give a name, or a key in other letters and digits: the key is looked up when the pack
 * is here. What it does not list is given back as it is, for the server to refuse. */
char *place_args_key(struct session *session, enum city_items items, const char *given);

#endif
