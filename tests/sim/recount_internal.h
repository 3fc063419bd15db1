/* What the recount's own files share. */
#ifndef VAFA_TESTS_SIM_RECOUNT_INTERNAL_H
#define VAFA_TESTS_SIM_RECOUNT_INTERNAL_H

#include "tests/sim/invariants.h"
#include "tests/sim/recount.h"

/* An event as it was found. */
struct found {
    unsigned service;
    uint64_t offset;
    const Common__EventRecord *record;
    const ProtobufCMessage *open;
};

/* recount_events.c: what the event changes, and whether it can be. */
void recount_take(struct recount *recount, const struct found *found);

/* recount_looks.c: what somebody has seen by the event, if anything. */
void recount_take_looks(struct recount *recount, const struct found *found);

/* recount_routing.c */
void recount_take_routing(struct recount *recount, const struct found *found);

/* recount_pack.c: true when the event is the taking of a pack; and whether a request was routed by the one in force. */
bool recount_take_pack(struct recount *recount, const struct found *found);
void recount_pack_routed(const struct recount *recount, const struct found *found,
                         const struct recount_case *one, const char *unit);

/* recount_desks.c: true when the event was about desks; and what an act does to the desk of its task. */
bool recount_take_desks(struct recount *recount, const struct found *found);
void recount_desk_act(struct recount *recount, const struct found *found, struct recount_task *task,
                      bool leaves);

/* recount_clock.c: of a task that was routed, whose request was amended; of every other event about one; closures; and whether
 * what should have come before `until_us` has. */
void recount_clock_routed(struct recount *recount, struct recount_task *task,
                          const struct found *found, const Routing__TaskRouted *routed);
void recount_clock_amended(struct recount *recount, struct recount_task *task,
                           const Routing__TaskAmended *amended);
/* Others have made it urgent, or it is so no more. */
void recount_clock_urgent(struct recount *recount, struct recount_task *task);
/* It became urgent at since_us; and its unit is told of that now: its dates must be right. */
void recount_clock_hasten(struct recount_task *task, int64_t since_us);
void recount_clock_hastened(struct recount *recount, struct recount_task *task);
void recount_clock_take(struct recount *recount, struct recount_task *task,
                        const struct found *found);
void recount_clock_announced(struct recount *recount, const struct found *found,
                             const Routing__ClosureAnnounced *announced);
void recount_clock_applied(struct recount *recount, const struct found *found,
                           const Routing__ClosureApplied *applied);
void recount_clock_check(const struct recount_task *task, int64_t until_us);

/* The storm should have moved the task. */
bool recount_clock_awaits_storm(const struct recount_task *task, const struct recount_storm *storm);

/* recount_storm.c: true when the event was about a storm. Of a request that was registered; storms that
 * should have ended by then. */
bool recount_take_storm(struct recount *recount, const struct found *found);
bool recount_take_storm_of_routing(struct recount *recount, const struct found *found);
void recount_take_registered_in_storm(struct recount *recount, const struct found *found,
                                      const struct recount_case *one,
                                      const Intake__RequestRegistered *request);
void recount_check_storms(const struct recount *recount, int64_t until_us);
bool recount_storm_holds(const struct recount_storm *storm, const char *topic, const char *area);
/* recount_surge.c: an event of report; it has read intake's log up to its cursor; surges that should have
 * ended by then. */
/* Each of its events tells how far it had read, whatever else it tells. */
void recount_take_read_by_report(struct recount *recount, const struct found *found);
void recount_take_report(struct recount *recount, const struct found *found);
void recount_check_surges_read(struct recount *recount, uint64_t cursor);
void recount_check_surges(const struct recount *recount, int64_t until_us);
/* recount_alarm.c: the task may be urgent since then; is not urgent any more; what an event about it makes of that; a
 * person has done something about it. */
bool recount_alarm_is_live(const struct recount_task *task); /* it is to be told as urgent */
void recount_alarm_owe(struct recount_task *task, int64_t since_us);
void recount_alarm_calm(struct recount_task *task);
void recount_alarm_follow(struct recount_task *task, const struct found *found);
void recount_alarm_person(struct recount_task *task);
/* Whether a desk of its unit is there to take it. */
bool recount_alarm_has_desk(const struct recount *recount, const struct recount_task *task,
                            int64_t at_us);
/* True when the event was about an alarm. */
bool recount_take_alarm(struct recount *recount, const struct found *found);
void recount_alarm_check(const struct recount_task *task, int64_t until_us);

/* recount_sessions.c: behind an event of routing's, about `task` (0: none or several); true when the event was about sessions, or urgent
 * tasks; follow-up has told on what routing told up to its cursor; sessions that should have ended by then. */
void recount_sessions_follow(struct recount *recount, const struct found *found, uint64_t task);
bool recount_take_session(struct recount *recount, const struct found *found);
void recount_check_news(const struct recount *recount, uint64_t cursor);
void recount_check_sessions(const struct recount *recount, int64_t until_us);
void recount_free_sessions(struct recount *recount);

/* The event concerns the unit. */
void recount_concern(struct recount *recount, const char *key, uint64_t offset);
void recount_concern_all(struct recount *recount, const struct recount_task *task, uint64_t offset);
/* It goes up that step, and `to_unit` is said to hear of it. */
void recount_go_up(struct recount *recount, struct recount_task *task, uint32_t step,
                   const char *to_unit);

/* recount_incident.c: requests that are joined to others. Intake's events: */
void recount_take_joining(struct recount *recount, const struct found *found);
/* Routing's; false: it is about a task alone. */
bool recount_take_incident(struct recount *recount, const struct found *found);
/* Routing takes requests in their order. */
void recount_take_first(struct recount *recount, const struct found *found, uint64_t number);
void recount_give_up(struct recount *recount, const struct found *found,
                     const struct recount_task *task);
/* Behind an event that ends or reopens a task: the joined must be told next. */
void recount_owe_followed(struct recount *recount, const struct found *found,
                          const struct recount_task *task);
void recount_note_joined(struct recount *recount, const struct recount_task *task,
                         const struct found *found, struct recount_event event);
/* NULL: none. */
struct recount_end *recount_end_of(struct recount_case *one, uint64_t task, size_t number);
void recount_check_incidents(struct recount *recount);

/* recount.c: what came of the call behind a finish, whosever it was. */
void recount_check_answer(struct recount *recount, const struct recount_task *task, size_t number,
                          const struct recount_finish *finish, const struct recount_call *call);

/* The event cannot be. */
_Noreturn void recount_impossible(const struct found *found, const char *why);
/* Keeps the event with its request; what the caller leaves out of it is taken from `found`. */
void recount_note(struct recount *recount, uint64_t case_number, const struct found *found,
                  struct recount_event event);

/* recount_incident.c: how urgent the task is, by all whose it is. What routing tells of that: the request that has come, or was
 * amended (NULL: one has left), and since when the task is urgent if it is so now and was not. */
struct recount_urgency {
    Common__Urgency urgency;
    uint32_t urgent_joined;
    const struct recount_case *caller;
    int64_t since_us;
};
void recount_take_urgency(struct recount *recount, const struct found *found,
                          struct recount_task *task, const struct recount_urgency *told);
/* The call's request was taken back, though its task had ended. */
bool recount_has_left(struct recount *recount, const struct recount_call *call);

/* recount_rules.c: where the rules send a request; the next event of its task; the end. What it is about has changed. */
void recount_rules_routed(const struct recount *recount, struct recount_task *task,
                          const Routing__TaskRouted *routed, bool is_told);
/* `is_danger`: the request was not urgent before, or its operator has said it now. */
void recount_rules_amended(const struct recount *recount, struct recount_task *task,
                           const Routing__TaskAmended *amended, bool is_danger);
void recount_rules_anew(const struct recount *recount, struct recount_task *task);
void recount_rules_next(const struct recount *recount, struct recount_task *task,
                        const Routing__Event *event);
void recount_rules_check(const struct recount *recount);

/* recount_calls.c */
void recount_take_opened(struct recount *recount, const struct found *found,
                         const Intake__CallOpened *opened);
void recount_take_ended(struct recount *recount, const struct found *found,
                        const Intake__CallEnded *ended);
void recount_take_registered_in(struct recount *recount, const struct found *found,
                                const Intake__RequestRegistered *request);
void recount_take_chased(struct recount *recount, const struct found *found,
                         const Intake__CaseChased *chased);
void recount_take_amended(struct recount *recount, const struct found *found,
                          const Intake__RequestAmended *amended);
void recount_take_withdrawn(struct recount *recount, const struct found *found,
                            const Intake__RequestWithdrawn *withdrawn);
void recount_take_words(struct recount *recount, const struct found *found,
                        const Intake__WordsAdded *added);
void recount_take_task_amended(struct recount *recount, const struct found *found,
                               const Routing__TaskAmended *amended);
void recount_take_task_chased(struct recount *recount, const struct found *found,
                              const Routing__TaskChased *chased);
/* Routing has counted the chases up to its cursor, and no others. */
void recount_check_chases(struct recount *recount, uint64_t cursor);
/* Calls left open are closed by then. */
void recount_check_rings(const struct recount *recount, int64_t until_us);

/* Grows a list so that one more fits; returns it. */
void *recount_grow(void *list, size_t count, size_t *room, size_t size);
const char *recount_text(struct recount *recount, const char *text);

#endif
