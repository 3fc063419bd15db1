/* The life of a task: one table of acts, of who may do them, and of the state each leads to. */
#include "services/routing/routing_rules.h"

#include "base/clock.h"

#include <inttypes.h>
#include <string.h>

/* Short names for the table below. */
enum {
    NO = ROUTING__TASK_STATE__TASK_STATE_UNSPECIFIED,
    ROUTED = ROUTING__TASK_STATE__TASK_STATE_ROUTED,
    ACCEPTED = ROUTING__TASK_STATE__TASK_STATE_ACCEPTED,
    DONE = ROUTING__TASK_STATE__TASK_STATE_DONE,
    SEEN = ROUTING__TASK_STATE__TASK_STATE_SEEN,
    PLANNED = ROUTING__TASK_STATE__TASK_STATE_PLANNED,
    WORKING = ROUTING__TASK_STATE__TASK_STATE_WORKING,
    WAITING = ROUTING__TASK_STATE__TASK_STATE_WAITING,
    UNDONE = ROUTING__TASK_STATE__TASK_STATE_CLOSED_UNDONE,
    CANCELLED = ROUTING__TASK_STATE__TASK_STATE_CANCELLED,
    JOINED = ROUTING__TASK_STATE__TASK_STATE_JOINED,
    STATE_COUNT,

    UNIT = ROUTING_WHO_HOLDER | ROUTING_WHO_OVERSEER,
    OVER = ROUTING_WHO_ABOVE | ROUTING_WHO_COORDINATOR | ROUTING_WHO_OVERSEER,
    DESK = ROUTING_WHO_COORDINATOR | ROUTING_WHO_OVERSEER,
    PART = ROUTING_WHO_HELPER | ROUTING_WHO_OVERSEER,
    TIME = 0, /* nobody: it happens by itself */
};

struct act_rule {
    const char *word; /* "cannot be …" */
    unsigned who;
    uint8_t next[STATE_COUNT]; /* NO: not in that state */
};

/* Nobody need accept before they report or finish: much is done on the way. A task that waits is
 * not handed on or begun: whoever wants that ends the waiting first. What is cancelled stays so, but
 * for danger that is told since; what is joined stays so, too: split off, its request gets a new task.
 */
/* clang-format off */
static const struct act_rule rules[ROUTING_ACT_COUNT] = {
    /*                                       who            ROUTED    SEEN      ACCEPTED  PLANNED   WORKING   WAITING   DONE    UNDONE */
#define IN(routed, seen, accepted, planned, working, waiting, done, undone)                        \
    {[ROUTED] = (routed), [SEEN] = (seen), [ACCEPTED] = (accepted), [PLANNED] = (planned),         \
     [WORKING] = (working), [WAITING] = (waiting), [DONE] = (done), [UNDONE] = (undone)}
    [ROUTING_ACT_SEE]    = {"seen",          UNIT,        IN(SEEN,     NO,       NO,       NO,       NO,       NO,       NO,     NO)},
    [ROUTING_ACT_ACCEPT] = {"accepted",      UNIT,        IN(ACCEPTED, ACCEPTED, NO,       NO,       NO,       NO,       NO,     NO)},
    [ROUTING_ACT_PLAN]   = {"planned",       UNIT,        IN(PLANNED,  PLANNED,  PLANNED,  PLANNED,  PLANNED,  NO,       NO,     NO)},
    [ROUTING_ACT_START]  = {"started",       UNIT,        IN(WORKING,  WORKING,  WORKING,  WORKING,  NO,       NO,       NO,     NO)},
    [ROUTING_ACT_PAUSE]  = {"paused",        UNIT,        IN(WAITING,  WAITING,  WAITING,  WAITING,  WAITING,  NO,       NO,     NO)},
    [ROUTING_ACT_RESUME] = {"resumed",       UNIT | OVER, IN(NO,       NO,       NO,       NO,       NO,       WORKING,  NO,     NO)},
    [ROUTING_ACT_ELAPSE] = {"resumed",       TIME,        IN(NO,       NO,       NO,       NO,       NO,       ACCEPTED, NO,     NO)},
    [ROUTING_ACT_REPORT] = {"reported on",   UNIT,        IN(ROUTED,   SEEN,     ACCEPTED, PLANNED,  WORKING,  WAITING,  NO,     NO)},
    [ROUTING_ACT_FINISH] = {"finished",      UNIT,        IN(DONE,     DONE,     DONE,     DONE,     DONE,     DONE,     NO,     NO)},
    [ROUTING_ACT_CLOSE]  = {"closed undone", UNIT,        IN(UNDONE,   UNDONE,   UNDONE,   UNDONE,   UNDONE,   UNDONE,   NO,     NO)},
    [ROUTING_ACT_RETURN] = {"returned",      UNIT,        IN(ROUTED,   ROUTED,   ROUTED,   ROUTED,   ROUTED,   NO,       NO,     NO)},
    [ROUTING_ACT_MOVE]   = {"moved",         OVER,        IN(ROUTED,   ROUTED,   ROUTED,   ROUTED,   ROUTED,   NO,       NO,     NO)},
    [ROUTING_ACT_REOPEN] = {"reopened",      DESK,        IN(NO,       NO,       NO,       NO,       NO,       NO,       ROUTED, ROUTED)},
    [ROUTING_ACT_BRING_BACK] = {"brought back", TIME,     {[DONE] = ROUTED, [UNDONE] = ROUTED, [CANCELLED] = ROUTED}},
    [ROUTING_ACT_CANCEL] = {"cancelled",     DESK,        IN(CANCELLED, CANCELLED, CANCELLED, CANCELLED, CANCELLED, CANCELLED, NO, NO)},
    [ROUTING_ACT_ASK_HELP]      = {"helped with", UNIT,   IN(ROUTED,   SEEN,     ACCEPTED, PLANNED,  WORKING,  WAITING,  NO,     NO)},
    [ROUTING_ACT_FINISH_HELP]   = {"helped with", PART,   IN(ROUTED,   SEEN,     ACCEPTED, PLANNED,  WORKING,  WAITING,  NO,     NO)},
    [ROUTING_ACT_WITHDRAW_HELP] = {"helped with", UNIT,   IN(ROUTED,   SEEN,     ACCEPTED, PLANNED,  WORKING,  WAITING,  NO,     NO)},
    [ROUTING_ACT_EXPIRE] = {"overdue",       TIME,        IN(ROUTED,   SEEN,     ACCEPTED, PLANNED,  WORKING,  WAITING,  NO,     NO)},
    [ROUTING_ACT_JOIN]   = {"joined",        TIME,        IN(JOINED,   JOINED,   JOINED,   JOINED,   JOINED,   JOINED,   NO,     NO)},
#undef IN
};
/* clang-format on */

static const char *const state_names[STATE_COUNT] = {
    [NO] = "unknown",
    [ROUTED] = "routed",
    [ACCEPTED] = "accepted",
    [DONE] = "done",
    [SEEN] = "seen",
    [PLANNED] = "planned",
    [WORKING] = "in work",
    [WAITING] = "waiting",
    [UNDONE] = "closed undone",
    [CANCELLED] = "cancelled",
    [JOINED] = "joined to another",
};

/* States come from disk, too: a number we do not know allows nothing. */
static unsigned known_state(Routing__TaskState state)
{
    unsigned number = (unsigned)state;
    return number < STATE_COUNT ? number : NO;
}

Routing__TaskState routing_rules_next_state(Routing__TaskState state, enum routing_act act)
{
    return (Routing__TaskState)rules[act].next[known_state(state)];
}

enum status routing_rules_check_act(const Routing__Task *task, enum routing_act act,
                                    struct error *err)
{
    if (routing_rules_next_state(task->state, act) != (Routing__TaskState)NO) {
        return STATUS_OK;
    }
    return error_set(err, STATUS_FAILED_PRECONDITION, "task_number",
                     "task %" PRIu64 " is %s: it cannot be %s", task->number,
                     state_names[known_state(task->state)], rules[act].word);
}

bool routing_rules_is_closed(Routing__TaskState state)
{
    return state == (Routing__TaskState)DONE || state == (Routing__TaskState)UNDONE ||
           state == (Routing__TaskState)CANCELLED || state == (Routing__TaskState)JOINED;
}

/* --- who --- */

/* The pack's check refuses a unit above itself, so this ends; counted all the same. */
static bool is_above(const struct city *city, const char *above, const char *unit)
{
    const struct city_unit *at = city_unit(city, unit);
    for (size_t i = 0; at != NULL && at->parent[0] != '\0' && i < city_unit_count(city); i++) {
        if (strcmp(at->parent, above) == 0) {
            return true;
        }
        at = city_unit(city, at->parent);
    }
    return false;
}

static unsigned who_of_unit(const struct rpc_caller *caller, const char *unit,
                            const struct city *city)
{
    unsigned who = routing_rules_sees_every_unit(caller) ? ROUTING_WHO_OVERSEER : 0;
    if (caller->unit[0] == '\0') {
        return who;
    }
    who |= strcmp(caller->unit, unit) == 0 ? ROUTING_WHO_HOLDER : 0;
    who |= strcmp(caller->unit, city_coordinator(city)) == 0 ? ROUTING_WHO_COORDINATOR : 0;
    return who | (is_above(city, caller->unit, unit) ? ROUTING_WHO_ABOVE : 0);
}

unsigned routing_rules_who(const struct rpc_caller *caller, const Routing__Task *task,
                           const struct city *city)
{
    bool helps = routing_rules_open_help(task, caller->unit) != NULL;
    return who_of_unit(caller, task->unit, city) | (helps ? ROUTING_WHO_HELPER : 0) |
           (routing_rules_went_up_to(task, caller->unit) ? ROUTING_WHO_ABOVE : 0);
}

static enum status refuse_unbound(struct error *err)
{
    return error_set(err, STATUS_PERMISSION_DENIED, "unit",
                     "an office says which unit it speaks for");
}

/* What waits for the coordinator's decision is moved by nobody else. */
static unsigned who_may(const Routing__Task *task, enum routing_act act)
{
    unsigned may = rules[act].who;
    return act == ROUTING_ACT_MOVE && task->for_decision ? may & ~(unsigned)ROUTING_WHO_ABOVE : may;
}

enum status routing_rules_check_who(const struct rpc_caller *caller, const Routing__Task *task,
                                    enum routing_act act, const struct city *city,
                                    struct error *err)
{
    unsigned may = who_may(task, act);
    if ((routing_rules_who(caller, task, city) & may) != 0) {
        return STATUS_OK;
    }
    if (caller->unit[0] == '\0') {
        return refuse_unbound(err);
    }
    if ((may & (ROUTING_WHO_HOLDER | ROUTING_WHO_HELPER)) != 0) {
        return error_set(err, STATUS_PERMISSION_DENIED, "unit",
                         "this is another unit's: you speak for %s", caller->unit);
    }
    return error_set(err, STATUS_PERMISSION_DENIED, "unit",
                     "only %s%s may do that: you speak for %s", city_coordinator(city),
                     (may & ROUTING_WHO_ABOVE) != 0 ? " or a unit above the task's" : "",
                     caller->unit);
}

enum status routing_rules_check_look(const struct rpc_caller *caller, const Routing__Task *task,
                                     const struct city *city, struct error *err)
{
    return routing_rules_who(caller, task, city) != 0
               ? STATUS_OK
               : routing_rules_check_unit(caller, task->unit, err);
}

enum status routing_rules_check_list(const struct rpc_caller *caller, const char *unit,
                                     const struct city *city, struct error *err)
{
    return who_of_unit(caller, unit, city) != 0 ? STATUS_OK
                                                : routing_rules_check_unit(caller, unit, err);
}

bool routing_rules_went_up_to(const Routing__Task *task, const char *unit)
{
    for (size_t i = 0; i < task->n_went_up_to; i++) {
        if (strcmp(task->went_up_to[i], unit) == 0) {
            return true;
        }
    }
    return false;
}

/* --- helping units --- */

Routing__TaskHelp *routing_rules_open_help(const Routing__Task *task, const char *unit)
{
    for (size_t i = 0; i < task->n_helps; i++) {
        if (task->helps[i]->ended_at_us == 0 && strcmp(task->helps[i]->unit, unit) == 0) {
            return task->helps[i];
        }
    }
    return NULL;
}

enum status routing_rules_check_no_help(const Routing__Task *task, struct error *err)
{
    for (size_t i = 0; i < task->n_helps; i++) {
        if (task->helps[i]->ended_at_us == 0) {
            return error_set(err, STATUS_FAILED_PRECONDITION, "task_number",
                             "%s has not ended its part of task %" PRIu64
                             " yet: it finishes it, or you withdraw it",
                             task->helps[i]->unit, task->number);
        }
    }
    return STATUS_OK;
}

enum status routing_rules_check_ask(const Routing__Task *task, const char *unit, struct error *err)
{
    if (strcmp(task->unit, unit) == 0) {
        return error_set(err, STATUS_FAILED_PRECONDITION, "unit",
                         "%s has the task itself: ask another unit", unit);
    }
    if (routing_rules_open_help(task, unit) != NULL) {
        return error_set(err, STATUS_FAILED_PRECONDITION, "unit",
                         "%s has been asked already, and has not ended its part", unit);
    }
    if (task->n_helps >= ROUTING_HELPS_MAX) {
        return error_set(err, STATUS_RESOURCE_EXHAUSTED, "unit",
                         "a task has at most %d parts of helping units", ROUTING_HELPS_MAX);
    }
    return STATUS_OK;
}

/* --- times and the citizen's word --- */

enum status routing_rules_check_ahead(int64_t at_us, int64_t now_us, int64_t days_max,
                                      const char *field, struct error *err)
{
    if (at_us <= now_us) {
        return error_set(err, STATUS_INVALID_ARGUMENT, field, "this is not in the future");
    }
    if (at_us > us_add(now_us, days_max * DAY_US)) {
        return error_set(err, STATUS_INVALID_ARGUMENT, field, "at most %" PRId64 " days ahead",
                         days_max);
    }
    return STATUS_OK;
}

bool routing_rules_reopens(const Routing__Task *task, const Followup__CallCompleted *call,
                           const struct city_life *life)
{
    /* Before finishes were numbered, a task had one. */
    uint32_t finish = call->finish != 0 ? call->finish : 1;
    return call->outcome == FOLLOWUP__CALL_OUTCOME__CALL_OUTCOME_ANSWERED &&
           call->resolution == FOLLOWUP__RESOLUTION__RESOLUTION_UNRESOLVED &&
           task->state == (Routing__TaskState)DONE && task->finishes == finish &&
           task->reopens < life->reopens_max && routing_rules_callers(task) > 0;
}

uint32_t routing_rules_callers(const Routing__Task *task)
{
    return task->callers > 1 || task->own_withdrawn ? task->callers : 1;
}

uint32_t routing_rules_joined(const Routing__Task *task)
{
    return routing_rules_callers(task) - (task->own_withdrawn ? 0 : 1);
}
