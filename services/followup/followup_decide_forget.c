/*
 * A citizen is forgotten: the key of their answers goes at once; their open calls are ended some at a
 * time, by a timer, since a command may cause few events and a citizen may have many calls.
 */
#include "services/followup/followup_internal.h"
#include "services/followup/followup_rules.h"
#include "services/followup/followup_sessions.h"
#include "services/followup/followup_tables.h"

#include "service/keyring.h"

#include "vafa/intake/v1/intake.pb-c.h"

#include <inttypes.h>

#define CALLS_A_STEP (SERVICE_EVENTS_PER_COMMAND_MAX / 2)

static enum status emit(struct decide *d, const Followup__Event *event, const void *member)
{
    const Followup__Event *kept = arena_copy(d->arena, event, sizeof(*event));
    if (kept == NULL || member == NULL) {
        return decide_refuse(d, STATUS_RESOURCE_EXHAUSTED, NULL,
                             "the event needs more memory than an event may have");
    }
    return decide_emit(d, &kept->base, NULL);
}

static enum status tell_forgotten(struct decide *d, uint64_t citizen, bool is_done)
{
    Followup__CitizenForgotten forgotten = FOLLOWUP__CITIZEN_FORGOTTEN__INIT;
    forgotten.citizen = citizen;
    forgotten.is_done = is_done;
    Followup__Event event = FOLLOWUP__EVENT__INIT;
    event.kind_case = FOLLOWUP__EVENT__KIND_CITIZEN_FORGOTTEN;
    event.citizen_forgotten = arena_copy(d->arena, &forgotten, sizeof(forgotten));
    return emit(d, &event, event.citizen_forgotten);
}

enum status followup_decide_intake(struct decide *d, const struct event *event)
{
    const Intake__Event *intake = (const Intake__Event *)event->open;
    bool had_key;
    if (intake->kind_case != INTAKE__EVENT__KIND_CITIZEN_FORGOTTEN) {
        return STATUS_OK;
    }
    uint64_t citizen = intake->citizen_forgotten->citizen;
    enum status status = decide_forget_citizen(d, citizen, &had_key);
    if (status != STATUS_OK || followup_tables_is_forgotten(d->txn, citizen)) {
        return status;
    }
    return tell_forgotten(d, citizen,
                          followup_tables_open_of(d->txn, citizen, &(uint64_t){0}, 1) == 0);
}

static enum status end_call(struct decide *d, uint64_t call_number)
{
    Followup__CallRecord *record = followup_tables_call(d->txn, call_number, d->arena);
    if (record == NULL) {
        return decide_refuse(d, STATUS_DATA_LOSS, NULL, "call %" PRIu64 " is open and missing",
                             call_number);
    }
    Followup__CallCompleted completed = followup_rules_forgotten_call(record->call);
    Followup__Event event = FOLLOWUP__EVENT__INIT;
    event.kind_case = FOLLOWUP__EVENT__KIND_CALL_COMPLETED;
    event.call_completed = arena_copy(d->arena, &completed, sizeof(completed));
    return emit(d, &event, event.call_completed);
}

enum status followup_decide_timer(struct decide *d, const struct timer *timer)
{
    uint64_t calls[CALLS_A_STEP + 1]; /* one more tells whether any is left */
    if (timer->kind == FOLLOWUP_TIMER_SESSION) {
        return followup_decide_session_over(d, timer);
    }
    if (timer->kind != FOLLOWUP_TIMER_FORGET) {
        return decide_refuse(d, STATUS_INTERNAL, NULL, "there are no timers of kind %u",
                             timer->kind);
    }
    size_t open = followup_tables_open_of(d->txn, timer->subject, calls, CALLS_A_STEP + 1);
    enum status status = STATUS_OK;
    for (size_t i = 0; i < open && i < CALLS_A_STEP && status == STATUS_OK; i++) {
        status = end_call(d, calls[i]);
    }
    return status == STATUS_OK ? tell_forgotten(d, timer->subject, open <= CALLS_A_STEP) : status;
}
