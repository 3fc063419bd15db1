/* The description of the service: what it answers, what it follows, what it wakes up for. */
#include "services/intake/intake.h"

#include "services/intake/intake_calls.h"
#include "services/intake/intake_internal.h"
#include "services/intake/intake_suggest.h"

#include "vafa/feedback/v1/feedback.pb-c.h"
#include "vafa/followup/v1/followup.pb-c.h"
#include "vafa/intake/v1/intake.pb-c.h"
#include "vafa/routing/v1/routing.pb-c.h"

/* Intake tells what the others did. It decides nothing because of it, but that a request is on its own
 * again when routing could not join it. */
static const struct service_feed feeds[] = {
    {
        .upstream = COMMON__SERVICE_ID__SERVICE_ID_ROUTING,
        .event_type = &routing__event__descriptor,
        .decide = intake_decide_routing,
        .view = intake_apply_view_routing,
    },
    {
        .upstream = COMMON__SERVICE_ID__SERVICE_ID_FOLLOWUP,
        .event_type = &followup__event__descriptor,
        .view = intake_apply_view_followup,
    },
    {
        .upstream = COMMON__SERVICE_ID__SERVICE_ID_FEEDBACK,
        .event_type = &feedback__event__descriptor,
        .view = intake_apply_view_feedback,
    },
};

const struct service_def intake_service = {
    .name = "intake",
    .id = COMMON__SERVICE_ID__SERVICE_ID_INTAKE,
    .rpc = &intake__intake__descriptor,
    .methods = intake_methods,
    .event_type = &intake__event__descriptor,
    .apply = intake_apply,
    .feeds = feeds,
    .feed_count = sizeof(feeds) / sizeof(feeds[0]),
    .timer = intake_decide_timer,
    .holds_words = true,
    .memory = &intake_memory,
};
