/* Who may open a session, when it ends, whose urgent tasks it is shown, and what routing's events make of those. */
#include "services/followup/followup_sessions.h"

#include "services/followup/followup_rules.h"

#include "base/clock.h"
#include "service/person_act.h"
#include "text/utf8.h"

#include <string.h>

/* --- sessions --- */

enum status followup_rules_check_speaks(const struct rpc_caller *caller, const char *unit,
                                        struct error *err)
{
    bool unbound = caller->unit[0] == '\0';
    if (caller->role == RPC_ROLE_ADMIN || (unbound && caller->role != RPC_ROLE_OFFICE) ||
        (!unbound && strcmp(caller->unit, unit) == 0)) {
        return STATUS_OK;
    }
    if (unbound) {
        return error_set(err, STATUS_PERMISSION_DENIED, "unit",
                         "an office says which unit it speaks for");
    }
    return error_set(err, STATUS_PERMISSION_DENIED, "unit",
                     "this is another unit's: you speak for %s", caller->unit);
}

enum status followup_rules_check_open(const struct city *city, const struct rpc_caller *caller,
                                      const Followup__OpenSessionRequest *request,
                                      struct error *err)
{
    enum status status = text_check_key(request->unit, CITY_KEY_SIZE_MAX, "unit", err);
    if (status == STATUS_OK) {
        status = followup_rules_check_speaks(caller, request->unit, err);
    }
    if (status == STATUS_OK && city_unit(city, request->unit) == NULL) {
        status = error_set(err, STATUS_NOT_FOUND, "unit", "there is no unit %s", request->unit);
    }
    if (status == STATUS_OK) {
        status = text_require(request->host, FOLLOWUP_OPERATOR_MAX, "host", err);
    }
    if (status == STATUS_OK && request->n_seats > FOLLOWUP_SESSION_SEATS_MAX) {
        status = error_set(err, STATUS_INVALID_ARGUMENT, "seats", "at most %d beside the host",
                           FOLLOWUP_SESSION_SEATS_MAX);
    }
    for (size_t i = 0; status == STATUS_OK && i < request->n_seats; i++) {
        status = text_require(request->seats[i], FOLLOWUP_OPERATOR_MAX, "seats", err);
    }
    return status;
}

enum status followup_rules_session_end(int64_t until_us, int64_t from_us, int64_t now_us,
                                       int64_t *ret_ends_us, struct error *err)
{
    int64_t ends_us = until_us != 0 ? until_us : us_add(now_us, FOLLOWUP_SESSION_HOURS * HOUR_US);
    if (ends_us <= now_us || ends_us <= from_us) {
        return error_set(err, STATUS_INVALID_ARGUMENT, "until_us",
                         ends_us <= now_us
                             ? "a session ends later than now"
                             : "it would end no later than it does: close it instead");
    }
    if (ends_us > us_add(now_us, FOLLOWUP_SESSION_HOURS_MAX * HOUR_US)) {
        return error_set(err, STATUS_INVALID_ARGUMENT, "until_us",
                         "a session ends at most %d hours from now", FOLLOWUP_SESSION_HOURS_MAX);
    }
    *ret_ends_us = ends_us;
    return STATUS_OK;
}

/* The pack's check refuses a unit above itself, so this ends; counted all the same. */
static bool is_under(const struct city *city, const struct city_unit *unit, const char *above)
{
    for (size_t i = 0; unit != NULL && i <= city_unit_count(city); i++) {
        if (strcmp(unit->key, above) == 0) {
            return true;
        }
        unit = unit->parent[0] == '\0' ? NULL : city_unit(city, unit->parent);
    }
    return false;
}

bool followup_rules_session_units(const struct city *city, const char *unit, int64_t at_us,
                                  char *ret_units[FOLLOWUP_SESSION_UNITS_MAX], size_t *ret_count)
{
    const struct city_unit *own = city_unit(city, unit);
    size_t count = 0;
    if (own == NULL) {
        return false;
    }
    ret_units[count++] = (char *)(uintptr_t)own->key;
    for (size_t i = 0; i < city_unit_count(city); i++) {
        const struct city_unit *other = city_unit_at(city, i);
        if (other == own || !is_under(city, other, unit) ||
            !city_unit_is_valid(city, other, at_us)) {
            continue;
        }
        if (count == FOLLOWUP_SESSION_UNITS_MAX) {
            return false;
        }
        ret_units[count++] = (char *)(uintptr_t)other->key;
    }
    *ret_count = count;
    return true;
}

bool followup_rules_session_shows(const Followup__Session *session, const char *unit)
{
    for (size_t i = 0; i < session->n_units; i++) {
        if (strcmp(session->units[i], unit) == 0) {
            return true;
        }
    }
    return false;
}

Followup__Session followup_rules_new_session(const Followup__SessionOpened *opened, char *opened_by,
                                             int64_t opened_us)
{
    Followup__Session session = FOLLOWUP__SESSION__INIT;
    session.number = opened->session_number;
    session.unit = opened->unit;
    session.host = opened->host;
    session.seats = opened->seats;
    session.n_seats = opened->n_seats;
    session.state = FOLLOWUP__SESSION_STATE__SESSION_STATE_OPEN;
    session.opened_at_us = opened_us;
    session.opened_by = opened_by;
    session.ends_at_us = opened->ends_at_us;
    session.units = opened->units;
    session.n_units = opened->n_units;
    session.left_out = opened->left_out;
    return session;
}

/* --- urgent tasks --- */

#define KIND(name) FOLLOWUP__URGENT_CHANGE_KIND__URGENT_CHANGE_KIND_##name

bool followup_rules_urgent_is_open(const Followup__UrgentTask *task)
{
    return task->end == KIND(UNSPECIFIED);
}

uint64_t followup_rules_urgent_number(const Routing__Event *event)
{
    switch (event->kind_case) {
    case ROUTING__EVENT__KIND_TASK_ALARMED: return event->task_alarmed->task_number;
    case ROUTING__EVENT__KIND_TASK_UNACKNOWLEDGED: return event->task_unacknowledged->task_number;
    case ROUTING__EVENT__KIND_TASK_ALARM_GIVEN: return event->task_alarm_given->task_number;
    case ROUTING__EVENT__KIND_TASK_SEEN: return event->task_seen->task_number;
    case ROUTING__EVENT__KIND_TASK_ACCEPTED: return event->task_accepted->task_number;
    case ROUTING__EVENT__KIND_TASK_PLANNED: return event->task_planned->task_number;
    case ROUTING__EVENT__KIND_TASK_STARTED: return event->task_started->task_number;
    case ROUTING__EVENT__KIND_TASK_REPORTED: return event->task_reported->task_number;
    case ROUTING__EVENT__KIND_TASK_PAUSED: return event->task_paused->task_number;
    case ROUTING__EVENT__KIND_TASK_RETURNED: return event->task_returned->task_number;
    case ROUTING__EVENT__KIND_TASK_MOVED: return event->task_moved->task_number;
    case ROUTING__EVENT__KIND_TASK_DONE: return event->task_done->task_number;
    case ROUTING__EVENT__KIND_TASK_CLOSED_UNDONE: return event->task_closed_undone->task_number;
    case ROUTING__EVENT__KIND_TASK_CANCELLED: return event->task_cancelled->task_number;
    case ROUTING__EVENT__KIND_TASK_JOINED: return event->task_joined->task_number;
    case ROUTING__EVENT__KIND_TASK_AMENDED: return event->task_amended->task_number;
    case ROUTING__EVENT__KIND_CASE_SPLIT: return event->case_split->task_number;
    default: return 0;
    }
}

static Followup__UrgentTask alarmed_task(const Routing__TaskAlarmed *alarmed)
{
    Followup__UrgentTask task = FOLLOWUP__URGENT_TASK__INIT;
    task.task_number = alarmed->task_number;
    task.case_number = alarmed->case_number;
    task.code = alarmed->code;
    task.topic = alarmed->topic;
    task.place = alarmed->place;
    task.unit = alarmed->unit;
    task.since_us = alarmed->since_us;
    task.acknowledge_by_us = alarmed->acknowledge_by_us;
    task.desk = alarmed->desk;
    return task;
}

static Followup__UrgentChangeKind
acknowledge(Followup__UrgentTask *task, const Routing__Event *event, char *actor, int64_t at_us)
{
    if (task->acknowledged_at_us != 0 || !person_act_is(event, actor)) {
        return KIND(UNSPECIFIED);
    }
    task->acknowledged_at_us = at_us;
    task->acknowledged_by = actor;
    return KIND(ACKNOWLEDGED);
}

static Followup__UrgentChangeKind leave(Followup__UrgentTask *task, char *to_unit)
{
    task->unit = to_unit;
    task->desk = (char *)protobuf_c_empty_string;
    return KIND(LEFT);
}

static Followup__UrgentChangeKind end(Followup__UrgentTask *task, Followup__UrgentChangeKind kind)
{
    task->desk = (char *)protobuf_c_empty_string;
    task->end = kind;
    return kind;
}

static bool is_same_place(const Common__Place *a, const Common__Place *b)
{
    if (a == NULL || b == NULL) {
        return a == b;
    }
    struct buffer packed_a = BUFFER_EMPTY;
    struct buffer packed_b = BUFFER_EMPTY;
    message_pack(&a->base, &packed_a);
    message_pack(&b->base, &packed_b);
    bool same = bytes_equal(buffer_bytes(&packed_a), buffer_bytes(&packed_b));
    buffer_fini(&packed_a);
    buffer_fini(&packed_b);
    return same;
}

static Followup__UrgentChangeKind amend(Followup__UrgentTask *task,
                                        const Routing__TaskAmended *amended)
{
    if (amended->urgency != COMMON__URGENCY__URGENCY_URGENT) {
        return end(task, KIND(CALMED));
    }
    if (amended->is_joined) {
        return KIND(UNSPECIFIED); /* what the task is about is another request's */
    }
    bool same =
        strcmp(task->topic, amended->topic) == 0 && is_same_place(task->place, amended->place);
    task->topic = amended->topic;
    task->place = amended->place;
    return same ? KIND(UNSPECIFIED) : KIND(AMENDED);
}

/* The last urgent one of those that it is done for may have left it. */
static Followup__UrgentChangeKind be_left(Followup__UrgentTask *task,
                                          const Routing__CaseSplit *split)
{
    bool says_so = split->urgency != COMMON__URGENCY__URGENCY_UNSPECIFIED;
    return says_so && split->urgency != COMMON__URGENCY__URGENCY_URGENT ? end(task, KIND(CALMED))
                                                                        : KIND(UNSPECIFIED);
}

static Followup__UrgentChangeKind go_up(Followup__UrgentTask *task,
                                        const Routing__TaskUnacknowledged *passed)
{
    task->steps = passed->step;
    task->role = passed->role;
    task->acknowledge_by_us = passed->next_at_us;
    return KIND(WENT_UP);
}

Followup__UrgentChangeKind followup_rules_urgent_change(Followup__UrgentTask *task,
                                                        const Routing__Event *event, char *actor,
                                                        int64_t at_us)
{
    if (event->kind_case == ROUTING__EVENT__KIND_TASK_ALARMED) {
        *task = alarmed_task(event->task_alarmed);
        return KIND(ALARMED);
    }
    if (!followup_rules_urgent_is_open(task)) {
        return KIND(UNSPECIFIED);
    }
    switch (event->kind_case) {
    case ROUTING__EVENT__KIND_TASK_UNACKNOWLEDGED: return go_up(task, event->task_unacknowledged);
    case ROUTING__EVENT__KIND_TASK_ALARM_GIVEN:
        return followup_rules_urgent_desk(task, event->task_alarm_given->unit,
                                          event->task_alarm_given->desk)
                   ? KIND(DESK)
                   : KIND(UNSPECIFIED);
    case ROUTING__EVENT__KIND_TASK_ACCEPTED:
    case ROUTING__EVENT__KIND_TASK_SEEN:
    case ROUTING__EVENT__KIND_TASK_PLANNED:
    case ROUTING__EVENT__KIND_TASK_STARTED:
    case ROUTING__EVENT__KIND_TASK_REPORTED:
    case ROUTING__EVENT__KIND_TASK_PAUSED: return acknowledge(task, event, actor, at_us);
    case ROUTING__EVENT__KIND_TASK_RETURNED: return leave(task, event->task_returned->to_unit);
    case ROUTING__EVENT__KIND_TASK_MOVED: return leave(task, event->task_moved->to_unit);
    case ROUTING__EVENT__KIND_TASK_DONE:
        (void)acknowledge(task, event, actor, at_us);
        return end(task, KIND(DONE));
    case ROUTING__EVENT__KIND_TASK_CLOSED_UNDONE:
        (void)acknowledge(task, event, actor, at_us);
        return end(task, KIND(CLOSED_UNDONE));
    case ROUTING__EVENT__KIND_TASK_CANCELLED: return end(task, KIND(CANCELLED));
    case ROUTING__EVENT__KIND_TASK_JOINED: return end(task, KIND(JOINED));
    case ROUTING__EVENT__KIND_TASK_AMENDED: return amend(task, event->task_amended);
    case ROUTING__EVENT__KIND_CASE_SPLIT: return be_left(task, event->case_split);
    default: return KIND(UNSPECIFIED);
    }
}

bool followup_rules_urgent_desk(Followup__UrgentTask *task, const char *unit, char *desk)
{
    if (!followup_rules_urgent_is_open(task) || strcmp(task->unit, unit) != 0 ||
        strcmp(task->desk, desk) == 0) {
        return false;
    }
    task->desk = desk;
    return true;
}
