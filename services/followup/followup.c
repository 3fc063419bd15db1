/* The description of the service: what it answers, what it follows, what it writes. */
#include "services/followup/followup.h"

#include "services/followup/followup_internal.h"
#include "vafa/intake/v1/intake.pb-c.h"
#include "vafa/routing/v1/routing.pb-c.h"

static const struct service_feed feeds[] = {
    {
        .upstream = COMMON__SERVICE_ID__SERVICE_ID_ROUTING,
        .event_type = &routing__event__descriptor,
        .decide = followup_decide_routing,
    },
    {
        .upstream = COMMON__SERVICE_ID__SERVICE_ID_INTAKE,
        .event_type = &intake__event__descriptor,
        .decide = followup_decide_intake,
    },
};

/* No timers for calls: one that is not answered, or whose lease runs out, lies in the queue under
 * the time it is due again, and the next operator who asks finds it there. Sessions have one: their end. */
const struct service_def followup_service = {
    .name = "followup",
    .id = COMMON__SERVICE_ID__SERVICE_ID_FOLLOWUP,
    .rpc = &followup__followup__descriptor,
    .methods = followup_methods,
    .event_type = &followup__event__descriptor,
    .apply = followup_apply,
    .timer = followup_decide_timer,
    .feeds = feeds,
    .feed_count = sizeof(feeds) / sizeof(feeds[0]),
    .holds_words = true,
};
