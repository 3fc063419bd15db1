/*
 * Why a rule of the pack takes a request, and none before it: ExplainRoute's answer, from a pack alone. The command line
 * makes it from a pack that is not in force.
 */
#ifndef VAFA_SERVICES_ROUTING_ROUTING_EXPLAIN_H
#define VAFA_SERVICES_ROUTING_ROUTING_EXPLAIN_H

#include "base/arena.h"
#include "base/status.h"
#include "city/city.h"

#include "vafa/routing/v1/routing.pb-c.h"

#define ROUTING_EXPLAIN_ANSWERS_MAX 20
#define ROUTING_EXPLAIN_VALUES_MAX 20                         /* of all answers together */
#define ROUTING_EXPLAIN_VALUE_MAX 2000                        /* characters */
#define ROUTING_EXPLAIN_NEIGHBOURHOOD_MAX 100                 /* characters */
#define ROUTING_EXPLAIN_AT_US_MAX INT64_C(253402300799999999) /* the end of 9999 */

/* INVALID_ARGUMENT, with the field; of an answer "answers.KEY". */
enum status routing_explain_check(const struct city *city,
                                  const Routing__ExplainRouteRequest *request, struct error *err);

/* Fills the response, which borrows from the pack and the arena. `request` was checked; now_us: for one that gives no time.
 * False: the arena is full. */
bool routing_explain(const struct city *city, const Routing__ExplainRouteRequest *request,
                     int64_t now_us, struct arena *arena, Routing__ExplainRouteResponse *response);

#endif
