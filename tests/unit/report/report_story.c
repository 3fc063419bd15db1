#include "tests/unit/report/report_story.h"

#include "vafa/feedback/v1/feedback.pb-c.h"
#include "vafa/intake/v1/intake.pb-c.h"
#include "vafa/routing/v1/routing.pb-c.h"

static char *text(const char *constant)
{
    return (
        char *)(uintptr_t)constant; /* protobuf-c's strings are not const; nobody writes to them */
}

static void tell(struct story *story, Common__ServiceId service, const ProtobufCMessage *open,
                 int64_t at_us)
{
    struct event event = {.occurred_at_us = at_us, .actor = "", .open = open};
    story->tell(story, service, &event);
}

void story_registered(struct story *story, uint64_t number, int64_t at_us, const char *topic,
                      const char *area, Common__Channel channel)
{
    Common__Place place = COMMON__PLACE__INIT;
    Intake__RequestRegistered request = INTAKE__REQUEST_REGISTERED__INIT;
    Intake__Event event = INTAKE__EVENT__INIT;
    place.area = text(area);
    request.number = number;
    request.topic = text(topic);
    request.channel = channel;
    request.place = area[0] != '\0' ? &place : NULL;
    event.kind_case = INTAKE__EVENT__KIND_REQUEST_REGISTERED;
    event.request_registered = &request;
    tell(story, COMMON__SERVICE_ID__SERVICE_ID_INTAKE, &event.base, at_us);
}

void story_routed(struct story *story, uint64_t number, const char *unit, int64_t due_us)
{
    Routing__TaskRouted task = ROUTING__TASK_ROUTED__INIT;
    Routing__Event event = ROUTING__EVENT__INIT;
    task.case_number = number;
    task.unit = text(unit);
    task.due_at_us = due_us;
    event.kind_case = ROUTING__EVENT__KIND_TASK_ROUTED;
    event.task_routed = &task;
    tell(story, COMMON__SERVICE_ID__SERVICE_ID_ROUTING, &event.base, 0);
}

void story_returned(struct story *story, uint64_t number, const char *from, const char *to)
{
    Routing__TaskReturned task = ROUTING__TASK_RETURNED__INIT;
    Routing__Event event = ROUTING__EVENT__INIT;
    task.case_number = number;
    task.from_unit = text(from);
    task.to_unit = text(to);
    event.kind_case = ROUTING__EVENT__KIND_TASK_RETURNED;
    event.task_returned = &task;
    tell(story, COMMON__SERVICE_ID__SERVICE_ID_ROUTING, &event.base, 0);
}

void story_done(struct story *story, uint64_t number, const char *unit, int64_t at_us)
{
    Routing__TaskDone task = ROUTING__TASK_DONE__INIT;
    Routing__Event event = ROUTING__EVENT__INIT;
    task.case_number = number;
    task.unit = text(unit);
    event.kind_case = ROUTING__EVENT__KIND_TASK_DONE;
    event.task_done = &task;
    tell(story, COMMON__SERVICE_ID__SERVICE_ID_ROUTING, &event.base, at_us);
}

static void closed_undone(struct story *story, uint64_t number, const char *unit, bool referred)
{
    Routing__TaskClosedUndone task = ROUTING__TASK_CLOSED_UNDONE__INIT;
    Routing__Event event = ROUTING__EVENT__INIT;
    task.case_number = number;
    task.unit = text(unit);
    task.referred = referred;
    event.kind_case = ROUTING__EVENT__KIND_TASK_CLOSED_UNDONE;
    event.task_closed_undone = &task;
    tell(story, COMMON__SERVICE_ID__SERVICE_ID_ROUTING, &event.base, 0);
}

void story_closed_undone(struct story *story, uint64_t number, const char *unit)
{
    closed_undone(story, number, unit, false);
}

void story_referred(struct story *story, uint64_t number, const char *unit)
{
    closed_undone(story, number, unit, true);
}

void story_cancelled(struct story *story, uint64_t number, const char *unit)
{
    Routing__TaskCancelled task = ROUTING__TASK_CANCELLED__INIT;
    Routing__Event event = ROUTING__EVENT__INIT;
    task.case_number = number;
    task.unit = text(unit);
    event.kind_case = ROUTING__EVENT__KIND_TASK_CANCELLED;
    event.task_cancelled = &task;
    tell(story, COMMON__SERVICE_ID__SERVICE_ID_ROUTING, &event.base, 0);
}

void story_reopened(struct story *story, uint64_t number, const char *unit)
{
    Routing__TaskReopened task = ROUTING__TASK_REOPENED__INIT;
    Routing__Event event = ROUTING__EVENT__INIT;
    task.case_number = number;
    task.unit = text(unit);
    event.kind_case = ROUTING__EVENT__KIND_TASK_REOPENED;
    event.task_reopened = &task;
    tell(story, COMMON__SERVICE_ID__SERVICE_ID_ROUTING, &event.base, 0);
}

void story_moved(struct story *story, uint64_t number, const char *from, const char *to)
{
    Routing__TaskMoved task = ROUTING__TASK_MOVED__INIT;
    Routing__Event event = ROUTING__EVENT__INIT;
    task.case_number = number;
    task.from_unit = text(from);
    task.to_unit = text(to);
    event.kind_case = ROUTING__EVENT__KIND_TASK_MOVED;
    event.task_moved = &task;
    tell(story, COMMON__SERVICE_ID__SERVICE_ID_ROUTING, &event.base, 0);
}

void story_due_moved(struct story *story, uint64_t number, int64_t due_us)
{
    Routing__TaskDueMoved task = ROUTING__TASK_DUE_MOVED__INIT;
    Routing__Event event = ROUTING__EVENT__INIT;
    task.case_number = number;
    task.due_at_us = due_us;
    event.kind_case = ROUTING__EVENT__KIND_TASK_DUE_MOVED;
    event.task_due_moved = &task;
    tell(story, COMMON__SERVICE_ID__SERVICE_ID_ROUTING, &event.base, 0);
}

void story_joined(struct story *story, uint64_t number, const char *unit, int64_t due_us)
{
    Routing__CaseJoined joined = ROUTING__CASE_JOINED__INIT;
    Routing__Event event = ROUTING__EVENT__INIT;
    joined.case_number = number;
    joined.unit = text(unit);
    joined.due_at_us = due_us;
    event.kind_case = ROUTING__EVENT__KIND_CASE_JOINED;
    event.case_joined = &joined;
    tell(story, COMMON__SERVICE_ID__SERVICE_ID_ROUTING, &event.base, 0);
}

void story_split(struct story *story, uint64_t number, const char *unit)
{
    Routing__CaseSplit split = ROUTING__CASE_SPLIT__INIT;
    Routing__Event event = ROUTING__EVENT__INIT;
    split.case_number = number;
    split.unit = text(unit);
    split.refused = unit[0] == '\0';
    event.kind_case = ROUTING__EVENT__KIND_CASE_SPLIT;
    event.case_split = &split;
    tell(story, COMMON__SERVICE_ID__SERVICE_ID_ROUTING, &event.base, 0);
}

void story_left(struct story *story, uint64_t number, const char *unit)
{
    Routing__CaseSplit split = ROUTING__CASE_SPLIT__INIT;
    Routing__Event event = ROUTING__EVENT__INIT;
    split.case_number = number;
    split.unit = text(unit);
    split.withdrawn = true;
    event.kind_case = ROUTING__EVENT__KIND_CASE_SPLIT;
    event.case_split = &split;
    tell(story, COMMON__SERVICE_ID__SERVICE_ID_ROUTING, &event.base, 0);
}

void story_followed(struct story *story, uint64_t first, size_t count, const char *unit,
                    Routing__JoinedFate fate, int64_t due_us, int64_t at_us)
{
    Routing__JoinedCase cases[STORY_JOINED_MAX];
    Routing__JoinedCase *members[STORY_JOINED_MAX];
    Routing__JoinedFollowed followed = ROUTING__JOINED_FOLLOWED__INIT;
    Routing__Event event = ROUTING__EVENT__INIT;
    for (size_t i = 0; i < count; i++) {
        routing__joined_case__init(&cases[i]);
        cases[i].case_number = first + i;
        members[i] = &cases[i];
    }
    followed.unit = text(unit);
    followed.fate = fate;
    followed.due_at_us = due_us;
    followed.members = members;
    followed.n_members = count;
    event.kind_case = ROUTING__EVENT__KIND_JOINED_FOLLOWED;
    event.joined_followed = &followed;
    tell(story, COMMON__SERVICE_ID__SERVICE_ID_ROUTING, &event.base, at_us);
}

void story_overdue(struct story *story, uint64_t number, const char *unit)
{
    Routing__TaskOverdue task = ROUTING__TASK_OVERDUE__INIT;
    Routing__Event event = ROUTING__EVENT__INIT;
    task.case_number = number;
    task.unit = text(unit);
    event.kind_case = ROUTING__EVENT__KIND_TASK_OVERDUE;
    event.task_overdue = &task;
    tell(story, COMMON__SERVICE_ID__SERVICE_ID_ROUTING, &event.base, 0);
}

void story_called(struct story *story, uint64_t number, Followup__CallOutcome outcome)
{
    Followup__CallCompleted call = FOLLOWUP__CALL_COMPLETED__INIT;
    Followup__Event event = FOLLOWUP__EVENT__INIT;
    call.case_number = number;
    call.outcome = outcome;
    event.kind_case = FOLLOWUP__EVENT__KIND_CALL_COMPLETED;
    event.call_completed = &call;
    tell(story, COMMON__SERVICE_ID__SERVICE_ID_FOLLOWUP, &event.base, 0);
}

void story_answered(struct story *story, uint64_t number, Followup__Resolution resolution,
                    uint32_t score)
{
    Feedback__FeedbackRecorded answer = FEEDBACK__FEEDBACK_RECORDED__INIT;
    Feedback__Event event = FEEDBACK__EVENT__INIT;
    answer.case_number = number;
    answer.resolution = resolution;
    answer.score = score;
    event.kind_case = FEEDBACK__EVENT__KIND_FEEDBACK_RECORDED;
    event.feedback_recorded = &answer;
    tell(story, COMMON__SERVICE_ID__SERVICE_ID_FEEDBACK, &event.base, 0);
}
