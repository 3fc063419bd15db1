/* What feedback decides: a citizen who was heard has answered. Reads nothing, writes nothing. */
#include "services/feedback/feedback_internal.h"
#include "services/feedback/feedback_rules.h"

#include "vafa/followup/v1/followup.pb-c.h"

static enum status record_answer(struct decide *d, const Followup__CallCompleted *completed,
                                 int64_t answered_at_us)
{
    Feedback__FeedbackRecorded recorded = FEEDBACK__FEEDBACK_RECORDED__INIT;
    recorded.case_number = completed->case_number;
    recorded.code = completed->code;
    recorded.call_number = completed->call_number;
    recorded.topic = completed->topic;
    recorded.unit = completed->unit;
    recorded.resolution = completed->resolution;
    recorded.score = completed->score;

    Feedback__Event event = FEEDBACK__EVENT__INIT;
    event.kind_case = FEEDBACK__EVENT__KIND_FEEDBACK_RECORDED;
    event.feedback_recorded = arena_copy(d->arena, &recorded, sizeof(recorded));
    const Feedback__Event *kept = arena_copy(d->arena, &event, sizeof(event));
    if (event.feedback_recorded == NULL || kept == NULL) {
        return decide_refuse(d, STATUS_RESOURCE_EXHAUSTED, NULL,
                             "the event needs more memory than an event may have");
    }
    struct event_options options = {.occurred_at_us = answered_at_us};
    return decide_emit(d, &kept->base, &options);
}

enum status feedback_decide_followup(struct decide *d, const struct event *event)
{
    const Followup__Event *followup = (const Followup__Event *)event->open;
    if (followup->kind_case != FOLLOWUP__EVENT__KIND_CALL_COMPLETED) {
        return STATUS_OK;
    }
    const Followup__CallCompleted *completed = followup->call_completed;
    if (!feedback_rules_is_answer(event->historical, completed->outcome)) {
        return STATUS_OK;
    }
    enum status status =
        feedback_rules_check_answer(completed->resolution, completed->score, d->error);
    return status == STATUS_OK ? record_answer(d, completed, event->occurred_at_us) : status;
}
