/* What events change in the tables of sessions and of the urgent tasks they are shown. */
#include "services/followup/followup_sessions.h"
#include "services/followup/followup_tables.h"

#include "base/plant.h"

#include <inttypes.h>
#include <string.h>

uint64_t followup_session_signal(uint64_t session)
{
    return service_signal_key("session") + session;
}

static Followup__Session *session_of(struct apply *a, uint64_t number)
{
    Followup__Session *session = followup_tables_session(a->txn, number, a->arena);
    if (session == NULL) {
        txn_fail(a->txn, STATUS_DATA_LOSS,
                 "the log speaks of session %" PRIu64 ", which is missing", number);
    }
    return session;
}

static void set_end(struct apply *a, const Followup__Session *session)
{
    const struct timer timer = {
        .due_us = session->ends_at_us,
        .kind = FOLLOWUP_TIMER_SESSION,
        .subject = session->number,
    };
    if (!PLANTED("session_never_ends")) {
        timer_set(a->txn, &timer);
    }
}

void followup_apply_session_opened(struct apply *a, const struct event *event,
                                   const Followup__SessionOpened *opened)
{
    Followup__Session session =
        followup_rules_new_session(opened, (char *)(uintptr_t)event->actor, event->recorded_at_us);
    followup_tables_put_session(a->txn, &session);
    followup_tables_index_session(a->txn, &session,
                                  FOLLOWUP__SESSION_STATE__SESSION_STATE_UNSPECIFIED);
    set_end(a, &session);
    for (size_t i = 0; i < opened->n_open_tasks; i++) {
        Followup__ShownRecord shown = FOLLOWUP__SHOWN_RECORD__INIT;
        shown.kind = FOLLOWUP__URGENT_CHANGE_KIND__URGENT_CHANGE_KIND_STILL_OPEN;
        shown.at_us = event->recorded_at_us;
        shown.task_number = opened->open_tasks[i];
        followup_tables_put_shown(a->txn, session.number, i + 1, &shown);
    }
}

void followup_apply_session_lengthened(struct apply *a,
                                       const Followup__SessionLengthened *lengthened)
{
    Followup__Session *session = session_of(a, lengthened->session_number);
    if (session != NULL) {
        session->ends_at_us = lengthened->ends_at_us;
        followup_tables_put_session(a->txn, session);
        set_end(a, session);
    }
}

void followup_apply_session_closed(struct apply *a, const struct event *event,
                                   const Followup__SessionClosed *closed)
{
    Followup__Session *session = session_of(a, closed->session_number);
    if (session == NULL) {
        return;
    }
    Followup__SessionState was = session->state;
    session->state = FOLLOWUP__SESSION_STATE__SESSION_STATE_CLOSED;
    session->closed_at_us = event->occurred_at_us;
    session->by_itself = closed->by_itself;
    session->closed_by =
        closed->by_itself ? (char *)protobuf_c_empty_string : (char *)(uintptr_t)event->actor;
    followup_tables_put_session(a->txn, session);
    followup_tables_index_session(a->txn, session, was);
    timer_clear(a->txn, FOLLOWUP_TIMER_SESSION, session->number);
    apply_signal(a, followup_session_signal(session->number));
}

/* A session whose time is over is shown nothing more, though nobody has noticed yet. */
static void show(struct apply *a, uint64_t number, const char *unit, const struct event *event,
                 const Followup__UrgentChanged *changed)
{
    const Followup__Session *session = session_of(a, number);
    if (session == NULL || event->recorded_at_us >= session->ends_at_us ||
        (strcmp(session->unit, unit) != 0 && PLANTED("session_not_shown_what_is_under_it"))) {
        return;
    }
    Followup__ShownRecord shown = FOLLOWUP__SHOWN_RECORD__INIT;
    shown.kind = changed->kind;
    shown.at_us = event->occurred_at_us;
    shown.task_number = changed->task->task_number;
    followup_tables_put_shown(a->txn, number, followup_tables_last_shown(a->txn, number) + 1,
                              &shown);
    apply_signal(a, followup_session_signal(number));
}

void followup_apply_urgent_changed(struct apply *a, const struct event *event,
                                   const Followup__UrgentChanged *changed)
{
    uint64_t number = 0;
    if (changed->task == NULL) {
        txn_fail(a->txn, STATUS_DATA_LOSS, "event %" PRIu64 " is about no task", event->offset);
        return;
    }
    const Followup__UrgentTask *was =
        followup_tables_urgent(a->txn, changed->task->task_number, a->arena);
    followup_tables_put_urgent(a->txn, was, changed->task);
    const char *unit = changed->from_unit[0] != '\0' ? changed->from_unit : changed->task->unit;
    while (followup_tables_watching(a->txn, unit, number, &number, 1) == 1) {
        show(a, number, unit, event, changed);
    }
}
