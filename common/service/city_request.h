/* A request as messages and events have it, for the rules of a city pack. */
#ifndef VAFA_SERVICE_CITY_REQUEST_H
#define VAFA_SERVICE_CITY_REQUEST_H

#include "city/city_route.h"

#include "vafa/common/v1/common.pb-c.h"

/* Borrows everything. `place` may be NULL; answers beyond CITY_REQUEST_ANSWERS_MAX are left out: no topic
 * asks so many. */
struct city_request city_request_of(const char *topic, const Common__Place *place,
                                    Common__Urgency urgency, Common__Answer *const *answers,
                                    size_t answer_count, int64_t registered_at_us);

#endif
