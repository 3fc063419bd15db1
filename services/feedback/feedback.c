/* The description of the service: what it answers, what it follows, what it writes. */
#include "services/feedback/feedback.h"

#include "services/feedback/feedback_internal.h"
#include "vafa/followup/v1/followup.pb-c.h"

static const struct service_feed feeds[] = {
    {
        .upstream = COMMON__SERVICE_ID__SERVICE_ID_FOLLOWUP,
        .event_type = &followup__event__descriptor,
        .decide = feedback_decide_followup,
    },
};

const struct service_def feedback_service = {
    .name = "feedback",
    .id = COMMON__SERVICE_ID__SERVICE_ID_FEEDBACK,
    .rpc = &feedback__feedback__descriptor,
    .methods = feedback_methods,
    .event_type = &feedback__event__descriptor,
    .apply = feedback_apply,
    .feeds = feeds,
    .feed_count = sizeof(feeds) / sizeof(feeds[0]),
};
