/*
 * Who gets a request: the rules of rules.csv. Everybody who asks them asks here, with the same facts,
 * so that what is explained and tried is what is done.
 */
#ifndef VAFA_CITY_CITY_ROUTE_H
#define VAFA_CITY_CITY_ROUTE_H

#include "city/city.h"

#define CITY_REQUEST_ANSWERS_MAX 20
#define CITY_HELPERS_MAX 4         /* of one rule */
#define CITY_HELPERS_NOTE_MAX 1000 /* code points of what they are asked */

/* An answer to a question of the topic: one value, or of several_of several. */
struct city_answer {
    const char *question;
    const char *const *values;
    size_t value_count;
};

/* A request as rules see it. Borrows everything. */
struct city_request {
    const char *topic;         /* listed or not */
    const char *area;          /* "": not known */
    const char *neighbourhood; /* as people write it, "" for none */
    bool has_point;
    double latitude; /* WGS 84 degrees, when it has a point */
    double longitude;
    bool urgent;
    int64_t registered_at_us;
    struct city_answer answers[CITY_REQUEST_ANSWERS_MAX];
    size_t answer_count;
};

/* A routing decision: which unit, under which service level, by which rule. */
struct city_route {
    const char *unit;   /* key; borrowed from the pack */
    const char *level;  /* key, "" for none */
    uint32_t due_hours; /* 0: no due date */
    uint32_t respond_hours;
    uint32_t warn_percent;
    bool working;                          /* the hours are working hours; false: all hours */
    int rule_line;                         /* line in rules.csv */
    const char *helpers[CITY_HELPERS_MAX]; /* keys of units that are asked to help; not `unit` */
    size_t helper_count;
    const char *helpers_note; /* what they are asked; "" without helpers */
};

/* First rule that matches wins; the pack's last rule matches everything. `{area}` in a rule's unit
 * is replaced by the area's key, and such a rule matches only when that unit exists. A topic that is
 * always urgent makes the request urgent, for rules and due hours alike. An empty level in the rule
 * means the topic's. Linear in the rules, which are compared by numbers; a request's neighbourhood,
 * point, answers and time are looked at once, and only when a rule asks for them. */
void city_route(const struct city *city, const struct city_request *request,
                struct city_route *ret_route);

/* The hours of a level instead of the rule's; NULL: none, and no due date. Unit, rule and helpers stay. */
void city_route_under(const struct city_level *level, bool urgent, struct city_route *route);

/* Why a rule does not take a request: the first of these that holds. */
enum city_rule_no {
    CITY_RULE_TAKES,               /* it does */
    CITY_RULE_OTHER_TOPIC,         /* it is for another topic */
    CITY_RULE_OTHER_AREA,          /* it is for another area, or the area is not known */
    CITY_RULE_OTHER_URGENCY,       /* it is for urgent requests only, or for others only */
    CITY_RULE_OTHER_NEIGHBOURHOOD, /* it is for another neighbourhood, or none is known */
    CITY_RULE_OTHER_ZONE,          /* the point lies outside its zone, or is not known */
    CITY_RULE_OTHER_ANSWER,        /* another answer was given, or none */
    CITY_RULE_OTHER_TIME,          /* it was registered at another time */
    CITY_RULE_NO_UNIT,             /* its {area} names no unit */
};

/* A rule as it is written, and what came of it. */
struct city_rule_look {
    int line;
    const char *topic, *area, *urgent, *unit, *level;           /* cells of rules.csv */
    const char *neighbourhood, *zone, *answer, *time, *helpers; /* "": the file lacks the column */
    enum city_rule_no no;
};

/* The same as city_route; `look` (may be NULL) is told of each rule that was tried, in order, the last of
 * which takes the request. */
void city_route_explain(const struct city *city, const struct city_request *request,
                        struct city_route *ret_route,
                        void (*look)(void *context, const struct city_rule_look *look),
                        void *context);

#endif
