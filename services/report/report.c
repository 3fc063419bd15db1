/* The description of the service: what it answers, what it follows, what it notices. */
#include "services/report/report.h"

#include "services/report/report_internal.h"

#include "vafa/feedback/v1/feedback.pb-c.h"
#include "vafa/followup/v1/followup.pb-c.h"
#include "vafa/intake/v1/intake.pb-c.h"
#include "vafa/report/v1/report.pb-c.h"
#include "vafa/routing/v1/routing.pb-c.h"

static const struct service_feed feeds[] = {
    {
        .upstream = COMMON__SERVICE_ID__SERVICE_ID_INTAKE,
        .event_type = &intake__event__descriptor,
        .decide = report_decide_intake,
        .view = report_apply_view_intake,
    },
    {
        .upstream = COMMON__SERVICE_ID__SERVICE_ID_ROUTING,
        .event_type = &routing__event__descriptor,
        .view = report_apply_view_routing,
    },
    {
        .upstream = COMMON__SERVICE_ID__SERVICE_ID_FOLLOWUP,
        .event_type = &followup__event__descriptor,
        .view = report_apply_view_followup,
    },
    {
        .upstream = COMMON__SERVICE_ID__SERVICE_ID_FEEDBACK,
        .event_type = &feedback__event__descriptor,
        .view = report_apply_view_feedback,
    },
};

const struct service_def report_service = {
    .name = "report",
    .id = COMMON__SERVICE_ID__SERVICE_ID_REPORT,
    .rpc = &report__report__descriptor,
    .methods = report_methods,
    .event_type = &report__event__descriptor,
    .apply = report_apply,
    .feeds = feeds,
    .feed_count = sizeof(feeds) / sizeof(feeds[0]),
    .timer = report_decide_timer,
};
