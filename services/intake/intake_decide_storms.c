/* What follows when somebody begins, lengthens or ends a storm, and when its time is over. */
#include "services/intake/intake_storms.h"
#include "services/intake/intake_tables.h"

#include "base/clock.h"

static enum status refuse_memory(struct decide *d)
{
    return decide_refuse(d, STATUS_RESOURCE_EXHAUSTED, NULL,
                         "the call needs more memory than a call may have");
}

/* Only routing need know of storms. */
static enum status emit(struct decide *d, const Intake__Event *event, const void *member,
                        int64_t occurred_at_us)
{
    const struct event_options options = {.occurred_at_us = occurred_at_us, .ignorable = true};
    const Intake__Event *kept = arena_copy(d->arena, event, sizeof(*event));
    return kept == NULL || member == NULL ? refuse_memory(d)
                                          : decide_emit(d, &kept->base, &options);
}

static int64_t hours_after(int64_t from_us, uint32_t hours)
{
    return us_add(from_us, (int64_t)hours * HOUR_US);
}

/* --- beginning --- */

static Intake__Storm *storm_of(struct decide *d, const Intake__StormStarted *started)
{
    Intake__Storm *storm = arena_alloc(d->arena, sizeof(*storm));
    if (storm != NULL) {
        intake__storm__init(storm);
        storm->storm_number = started->storm_number;
        storm->n_topics = started->n_topics;
        storm->topics = started->topics;
        storm->n_areas = started->n_areas;
        storm->areas = started->areas;
        storm->started_at_us = d->now_us;
        storm->ends_at_us = started->ends_at_us;
        storm->reason = started->reason;
        storm->started_by = arena_copy_text(d->arena, d->caller->name);
        storm->due_percent = started->due_percent;
        storm->respond_percent = started->respond_percent;
        storm->surge = started->surge;
    }
    return storm == NULL || storm->started_by == NULL ? NULL : storm;
}

enum status intake_decide_start_storm(struct decide *d, const ProtobufCMessage *message,
                                      ProtobufCMessage *answer)
{
    const Intake__StartStormRequest *request = (const Intake__StartStormRequest *)message;
    Intake__StartStormResponse *response = (Intake__StartStormResponse *)answer;
    uint64_t running[INTAKE_STORMS_RUNNING_MAX];
    if (intake_tables_running_storms(d->txn, d->arena, running) == INTAKE_STORMS_RUNNING_MAX) {
        return decide_refuse(d, STATUS_RESOURCE_EXHAUSTED, NULL,
                             "%d storms run: end or lengthen one of them",
                             INTAKE_STORMS_RUNNING_MAX);
    }
    Intake__Event event = INTAKE__EVENT__INIT;
    Intake__StormStarted *started = arena_alloc(d->arena, sizeof(*started));
    if (started == NULL) {
        return refuse_memory(d);
    }
    intake__storm_started__init(started);
    started->storm_number = intake_tables_last_storm(d->txn) + 1;
    started->n_topics = request->n_topics;
    started->topics = request->topics;
    started->n_areas = request->n_areas;
    started->areas = request->areas;
    started->ends_at_us = hours_after(d->now_us, request->hours);
    started->reason = request->reason;
    started->surge = request->surge;
    started->due_percent = city_storm(d->city)->due_percent;
    started->respond_percent = city_storm(d->city)->respond_percent;
    response->storm = storm_of(d, started);
    if (response->storm == NULL) {
        return refuse_memory(d);
    }
    event.kind_case = INTAKE__EVENT__KIND_STORM_STARTED;
    event.storm_started = started;
    return emit(d, &event, started, 0);
}

/* --- lengthening and ending --- */

/* The storm, when it runs: one whose time is over does not, noticed or not. */
static enum status find_running(struct decide *d, uint64_t number, Intake__Storm **ret_storm)
{
    Intake__Storm *storm = intake_tables_storm(d->txn, number, d->arena);
    if (storm == NULL) {
        enum status status = txn_error(d->txn, d->error);
        return status != STATUS_OK
                   ? status
                   : decide_refuse(d, STATUS_NOT_FOUND, "storm_number", "there is no storm %llu",
                                   (unsigned long long)number);
    }
    if (storm->ended_at_us != 0 || d->now_us >= storm->ends_at_us) {
        return decide_refuse(d, STATUS_FAILED_PRECONDITION, "storm_number",
                             "storm %llu has ended: start another", (unsigned long long)number);
    }
    *ret_storm = storm;
    return STATUS_OK;
}

enum status intake_decide_lengthen_storm(struct decide *d, const ProtobufCMessage *message,
                                         ProtobufCMessage *answer)
{
    const Intake__LengthenStormRequest *request = (const Intake__LengthenStormRequest *)message;
    Intake__Storm *storm = NULL;
    enum status status = find_running(d, request->storm_number, &storm);
    if (status != STATUS_OK) {
        return status;
    }
    storm->ends_at_us = hours_after(storm->ends_at_us, request->hours);
    if (storm->ends_at_us > hours_after(d->now_us, INTAKE_STORM_HOURS_MAX)) {
        return decide_refuse(d, STATUS_INVALID_ARGUMENT, "hours",
                             "it would end more than %d hours from now", INTAKE_STORM_HOURS_MAX);
    }
    Intake__Event event = INTAKE__EVENT__INIT;
    Intake__StormLengthened *lengthened = arena_alloc(d->arena, sizeof(*lengthened));
    if (lengthened == NULL) {
        return refuse_memory(d);
    }
    intake__storm_lengthened__init(lengthened);
    lengthened->storm_number = storm->storm_number;
    lengthened->ends_at_us = storm->ends_at_us;
    ((Intake__LengthenStormResponse *)answer)->storm = storm;
    event.kind_case = INTAKE__EVENT__KIND_STORM_LENGTHENED;
    event.storm_lengthened = lengthened;
    return emit(d, &event, lengthened, 0);
}

static enum status end(struct decide *d, uint64_t number, char *reason, bool by_itself,
                       int64_t at_us)
{
    Intake__Event event = INTAKE__EVENT__INIT;
    Intake__StormEnded *ended = arena_alloc(d->arena, sizeof(*ended));
    if (ended == NULL) {
        return refuse_memory(d);
    }
    intake__storm_ended__init(ended);
    ended->storm_number = number;
    ended->reason = reason;
    ended->by_itself = by_itself;
    event.kind_case = INTAKE__EVENT__KIND_STORM_ENDED;
    event.storm_ended = ended;
    return emit(d, &event, ended, at_us);
}

enum status intake_decide_end_storm(struct decide *d, const ProtobufCMessage *message,
                                    ProtobufCMessage *answer)
{
    const Intake__EndStormRequest *request = (const Intake__EndStormRequest *)message;
    Intake__Storm *storm = NULL;
    enum status status = find_running(d, request->storm_number, &storm);
    if (status != STATUS_OK) {
        return status;
    }
    storm->ended_at_us = d->now_us;
    storm->end_reason = request->reason;
    ((Intake__EndStormResponse *)answer)->storm = storm;
    return end(d, storm->storm_number, request->reason, false, 0);
}

/* It ended then, whenever that is noticed. */
enum status intake_decide_storm_over(struct decide *d, const struct timer *timer)
{
    const Intake__Storm *storm = intake_tables_storm(d->txn, timer->subject, d->arena);
    if (storm == NULL || storm->ended_at_us != 0) {
        return decide_refuse(d, STATUS_INTERNAL, NULL,
                             "a timer is about storm %llu, which does not run",
                             (unsigned long long)timer->subject);
    }
    return end(d, storm->storm_number, (char *)protobuf_c_empty_string, true, storm->ends_at_us);
}
