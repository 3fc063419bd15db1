/* A manager's session is opened, lengthened, closed, or its time is over. Reads tables, writes nothing. */
#include "services/followup/followup_sessions.h"
#include "services/followup/followup_tables.h"

#include "base/clock.h"

#include <inttypes.h>
#include <stdlib.h>

static enum status refuse_memory(struct decide *d)
{
    return decide_refuse(d, STATUS_RESOURCE_EXHAUSTED, NULL,
                         "the session needs more memory than a call may have");
}

static enum status emit(struct decide *d, const Followup__Event *event, const void *member,
                        int64_t occurred_at_us)
{
    const struct event_options options = {.occurred_at_us = occurred_at_us, .ignorable = true};
    const Followup__Event *kept = arena_copy(d->arena, event, sizeof(*event));
    return kept == NULL || member == NULL ? refuse_memory(d)
                                          : decide_emit(d, &kept->base, &options);
}

static bool is_open(const struct decide *d, const Followup__Session *session)
{
    return session->state == FOLLOWUP__SESSION_STATE__SESSION_STATE_OPEN &&
           d->now_us < session->ends_at_us;
}

static enum status close(struct decide *d, Followup__Session *session, bool by_itself)
{
    Followup__SessionClosed closed = FOLLOWUP__SESSION_CLOSED__INIT;
    Followup__Event event = FOLLOWUP__EVENT__INIT;
    closed.session_number = session->number;
    closed.unit = session->unit;
    closed.by_itself = by_itself;
    event.kind_case = FOLLOWUP__EVENT__KIND_SESSION_CLOSED;
    event.session_closed = arena_copy(d->arena, &closed, sizeof(closed));
    return emit(d, &event, event.session_closed, by_itself ? session->ends_at_us : 0);
}

/* --- opening --- */

/* Its unit may have one that is open. One whose time is over, though nobody has noticed yet, ends first. */
static enum status make_room(struct decide *d, const char *unit)
{
    uint64_t number = followup_tables_last_session_of(d->txn, unit);
    Followup__Session *last = followup_tables_session(d->txn, number, d->arena);
    if (last == NULL || last->state != FOLLOWUP__SESSION_STATE__SESSION_STATE_OPEN) {
        return txn_error(d->txn, d->error);
    }
    if (is_open(d, last)) {
        return decide_refuse(d, STATUS_FAILED_PRECONDITION, "unit",
                             "%s has session %" PRIu64 " open: close or lengthen that one", unit,
                             number);
    }
    return close(d, last, true);
}

static int compare_waiting(const void *a, const void *b)
{
    const struct followup_waiting *left = a;
    const struct followup_waiting *right = b;
    if (left->since_us != right->since_us) {
        return left->since_us < right->since_us ? -1 : 1;
    }
    return left->task < right->task ? -1 : left->task > right->task;
}

/* What waits for a person in its units, the longest waiting first. */
static enum status find_open_tasks(struct decide *d, Followup__SessionOpened *opened)
{
    struct followup_waiting *waiting =
        arena_alloc(d->arena, FOLLOWUP_SESSION_LOOK_MAX * sizeof(*waiting));
    size_t count = 0;
    opened->open_tasks = arena_alloc(d->arena, FOLLOWUP_SESSION_OPEN_TASKS_MAX * sizeof(uint64_t));
    if (waiting == NULL || opened->open_tasks == NULL) {
        return refuse_memory(d);
    }
    for (size_t i = 0; i < opened->n_units; i++) {
        count += followup_tables_unacknowledged(d->txn, opened->units[i], waiting + count,
                                                FOLLOWUP_SESSION_LOOK_MAX - count);
    }
    qsort(waiting, count, sizeof(*waiting), compare_waiting);
    opened->n_open_tasks =
        count < FOLLOWUP_SESSION_OPEN_TASKS_MAX ? count : FOLLOWUP_SESSION_OPEN_TASKS_MAX;
    for (size_t i = 0; i < opened->n_open_tasks; i++) {
        opened->open_tasks[i] = waiting[i].task;
    }
    opened->left_out = (uint32_t)(count - opened->n_open_tasks);
    return txn_error(d->txn, d->error);
}

static enum status find_units(struct decide *d, Followup__SessionOpened *opened)
{
    char **units = arena_alloc(d->arena, FOLLOWUP_SESSION_UNITS_MAX * sizeof(*units));
    if (units == NULL) {
        return refuse_memory(d);
    }
    const struct city_unit *own = city_unit(d->city, opened->unit);
    if (own == NULL || !city_unit_is_valid(d->city, own, d->now_us)) {
        return decide_refuse(d, STATUS_NOT_FOUND, "unit", "there is no unit %s today",
                             opened->unit);
    }
    if (!followup_rules_session_units(d->city, opened->unit, d->now_us, units, &opened->n_units)) {
        return decide_refuse(d, STATUS_RESOURCE_EXHAUSTED, "unit",
                             "more than %d units are under %s: open sessions of those",
                             FOLLOWUP_SESSION_UNITS_MAX - 1, opened->unit);
    }
    opened->units = units;
    /* A pack may go while the event waits to be written. */
    for (size_t i = 0; i < opened->n_units; i++) {
        units[i] = arena_copy_text(d->arena, units[i]);
        if (units[i] == NULL) {
            return refuse_memory(d);
        }
    }
    return STATUS_OK;
}

static Followup__Session *session_of(struct decide *d, const Followup__SessionOpened *opened)
{
    char *opened_by = arena_copy_text(d->arena, d->caller->name);
    if (opened_by == NULL) {
        return NULL;
    }
    Followup__Session session = followup_rules_new_session(opened, opened_by, d->now_us);
    return arena_copy(d->arena, &session, sizeof(session));
}

enum status followup_decide_open_session(struct decide *d, const ProtobufCMessage *message,
                                         ProtobufCMessage *reply)
{
    const Followup__OpenSessionRequest *request = (const Followup__OpenSessionRequest *)message;
    Followup__OpenSessionResponse *response = (Followup__OpenSessionResponse *)reply;
    Followup__SessionOpened *opened = arena_alloc(d->arena, sizeof(*opened));
    if (opened == NULL) {
        return refuse_memory(d);
    }
    followup__session_opened__init(opened);
    opened->session_number = followup_tables_last_session(d->txn) + 1;
    opened->unit = request->unit;
    opened->host = request->host;
    opened->seats = request->seats;
    opened->n_seats = request->n_seats;
    enum status status =
        followup_rules_session_end(request->until_us, 0, d->now_us, &opened->ends_at_us, d->error);
    if (status == STATUS_OK) {
        status = make_room(d, request->unit);
    }
    if (status == STATUS_OK) {
        status = find_units(d, opened);
    }
    if (status == STATUS_OK) {
        status = find_open_tasks(d, opened);
    }
    if (status != STATUS_OK) {
        return status;
    }
    response->session = session_of(d, opened);
    Followup__Event event = FOLLOWUP__EVENT__INIT;
    event.kind_case = FOLLOWUP__EVENT__KIND_SESSION_OPENED;
    event.session_opened = opened;
    return response->session == NULL ? refuse_memory(d) : emit(d, &event, opened, 0);
}

/* --- lengthening and closing --- */

/* The session, when it is open and the caller's. */
static enum status find_open(struct decide *d, uint64_t number, Followup__Session **ret_session)
{
    Followup__Session *session = followup_tables_session(d->txn, number, d->arena);
    if (session == NULL) {
        enum status status = txn_error(d->txn, d->error);
        return status != STATUS_OK ? status
                                   : decide_refuse(d, STATUS_NOT_FOUND, "session_number",
                                                   "there is no session %" PRIu64, number);
    }
    enum status status = followup_rules_check_speaks(d->caller, session->unit, d->error);
    if (status == STATUS_OK && !is_open(d, session)) {
        status = decide_refuse(d, STATUS_FAILED_PRECONDITION, "session_number",
                               "session %" PRIu64 " has ended: open another", number);
    }
    if (status == STATUS_OK) {
        *ret_session = session;
    }
    return status;
}

enum status followup_decide_lengthen_session(struct decide *d, const ProtobufCMessage *message,
                                             ProtobufCMessage *reply)
{
    const Followup__LengthenSessionRequest *request =
        (const Followup__LengthenSessionRequest *)message;
    Followup__Session *session = NULL;
    Followup__SessionLengthened lengthened = FOLLOWUP__SESSION_LENGTHENED__INIT;
    enum status status = find_open(d, request->session_number, &session);
    if (status == STATUS_OK && request->until_us == 0) {
        status = decide_refuse(d, STATUS_INVALID_ARGUMENT, "until_us", "until when?");
    }
    if (status == STATUS_OK) {
        status = followup_rules_session_end(request->until_us, session->ends_at_us, d->now_us,
                                            &session->ends_at_us, d->error);
    }
    if (status != STATUS_OK) {
        return status;
    }
    lengthened.session_number = session->number;
    lengthened.ends_at_us = session->ends_at_us;
    ((Followup__LengthenSessionResponse *)reply)->session = session;
    Followup__Event event = FOLLOWUP__EVENT__INIT;
    event.kind_case = FOLLOWUP__EVENT__KIND_SESSION_LENGTHENED;
    event.session_lengthened = arena_copy(d->arena, &lengthened, sizeof(lengthened));
    return emit(d, &event, event.session_lengthened, 0);
}

enum status followup_decide_close_session(struct decide *d, const ProtobufCMessage *message,
                                          ProtobufCMessage *reply)
{
    const Followup__CloseSessionRequest *request = (const Followup__CloseSessionRequest *)message;
    Followup__Session *session = NULL;
    enum status status = find_open(d, request->session_number, &session);
    if (status != STATUS_OK) {
        return status;
    }
    session->state = FOLLOWUP__SESSION_STATE__SESSION_STATE_CLOSED;
    session->closed_at_us = d->now_us;
    session->closed_by = arena_copy_text(d->arena, d->caller->name);
    ((Followup__CloseSessionResponse *)reply)->session = session;
    return session->closed_by == NULL ? refuse_memory(d) : close(d, session, false);
}

enum status followup_decide_session_over(struct decide *d, const struct timer *timer)
{
    Followup__Session *session = followup_tables_session(d->txn, timer->subject, d->arena);
    if (session == NULL || session->state != FOLLOWUP__SESSION_STATE__SESSION_STATE_OPEN) {
        return decide_refuse(d, STATUS_INTERNAL, NULL,
                             "a timer is about session %" PRIu64 ", which is not open",
                             timer->subject);
    }
    return close(d, session, true);
}
