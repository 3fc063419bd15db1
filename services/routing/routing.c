/* The description of the service: what it answers, what it follows, what it wakes up for. */
#include "services/routing/routing.h"

#include "services/routing/routing_internal.h"

#include "vafa/followup/v1/followup.pb-c.h"
#include "vafa/intake/v1/intake.pb-c.h"
#include "vafa/routing/v1/routing.pb-c.h"

static const struct service_feed feeds[] = {
    {
        .upstream = COMMON__SERVICE_ID__SERVICE_ID_INTAKE,
        .event_type = &intake__event__descriptor,
        .decide = routing_decide_intake,
    },
    {
        .upstream = COMMON__SERVICE_ID__SERVICE_ID_FOLLOWUP,
        .event_type = &followup__event__descriptor,
        .decide = routing_decide_followup,
    },
};

const struct service_def routing_service = {
    .name = "routing",
    .id = COMMON__SERVICE_ID__SERVICE_ID_ROUTING,
    .rpc = &routing__routing__descriptor,
    .methods = routing_methods,
    .event_type = &routing__event__descriptor,
    .apply = routing_apply,
    .feeds = feeds,
    .feed_count = sizeof(feeds) / sizeof(feeds[0]),
    .timer = routing_decide_timer,
};
