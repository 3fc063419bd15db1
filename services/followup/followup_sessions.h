/*
 * Managers' sessions at the hotline centre, and the urgent tasks they are shown: what the files of this service that
 * deal with them share. Rules are plain values in, plain values out; tables are in the state space:
 *
 *   class         key                            record
 *   SESSION       session u64                    SessionRecord  the session as it stands
 *   SESSION_OF    unit text, session u64         (empty)        a unit's sessions: only the last may be open
 *   SESSION_STATE state u8, session u64          (empty)        finds sessions by their state
 *   WATCH         unit text, session u64         (empty)        open sessions that are shown a unit's urgent tasks
 *   SHOWN         session u64, sequence u64      ShownRecord    what a session was shown, in order
 *   URGENT        task u64                       UrgentRecord   an urgent task as it was last told of
 *   URGENT_OPEN   unit text, has u8, since i64,  (empty)        open ones; has: somebody has acknowledged it; since: it is
 *                 task u64                                      urgent and the unit's
 *   URGENT_DESK   unit text, desk text, task u64 (empty)        open ones that a desk has
 */
#ifndef VAFA_SERVICES_FOLLOWUP_FOLLOWUP_SESSIONS_H
#define VAFA_SERVICES_FOLLOWUP_FOLLOWUP_SESSIONS_H

#include "service/service.h"

#include "vafa/followup/v1/followup.pb-c.h"
#include "vafa/followup/v1/records.pb-c.h"
#include "vafa/routing/v1/routing.pb-c.h"

#define FOLLOWUP_SESSION_SEATS_MAX 30
#define FOLLOWUP_SESSION_HOURS 2 /* when nobody says how long */
#define FOLLOWUP_SESSION_HOURS_MAX 12
#define FOLLOWUP_SESSION_UNITS_MAX 300
#define FOLLOWUP_SESSION_OPEN_TASKS_MAX 500 /* shown at its beginning */
#define FOLLOWUP_SESSION_LOOK_MAX 10000     /* counted for that */
#define FOLLOWUP_SESSIONS_LOOK_MAX 1000     /* looked at for a page of a list */
#define FOLLOWUP_CHANGES_DEFAULT 100
#define FOLLOWUP_CHANGES_MAX 500
#define FOLLOWUP_WAIT_MS_MAX 30000
#define FOLLOWUP_READER_MAX 100
/* An answer ends behind the change with which so much has been read for it. */
#define FOLLOWUP_ANSWER_BYTES_MAX ((size_t)512 * 1024)
#define FOLLOWUP_DESK_HELD_MAX 60 /* urgent tasks of one desk: what routing gives it stays below */

/* --- followup_rules_sessions.c --- */

/* PERMISSION_DENIED when the caller speaks for another unit, or is an office that speaks for none. Unit "": all units. */
enum status followup_rules_check_speaks(const struct rpc_caller *caller, const char *unit,
                                        struct error *err);
enum status followup_rules_check_open(const struct city *city, const struct rpc_caller *caller,
                                      const Followup__OpenSessionRequest *request,
                                      struct error *err);
/* When a session that is asked for now ends by itself. INVALID_ARGUMENT: not after `from_us` and now, or too late. */
enum status followup_rules_session_end(int64_t until_us, int64_t from_us, int64_t now_us,
                                       int64_t *ret_ends_us, struct error *err);
/* The unit, and all that are under it on that day. Keys are the pack's. False: more than there may be. */
bool followup_rules_session_units(const struct city *city, const char *unit, int64_t at_us,
                                  char *ret_units[FOLLOWUP_SESSION_UNITS_MAX], size_t *ret_count);
bool followup_rules_session_shows(const Followup__Session *session, const char *unit);
/* The session that begins; borrows from the event. */
Followup__Session followup_rules_new_session(const Followup__SessionOpened *opened, char *opened_by,
                                             int64_t opened_us);

/* The number of the task a routing event may say something about that matters while it is urgent; 0: none. Desks' events
 * are about several, and not asked for here. */
uint64_t followup_rules_urgent_number(const Routing__Event *event);
/* What it makes of the task, which is new with a TaskAlarmed and otherwise as it was last told of; borrows from the event.
 * actor: who did it, "" for nobody. UNSPECIFIED, and nothing changed: it tells nothing new. */
Followup__UrgentChangeKind followup_rules_urgent_change(Followup__UrgentTask *task,
                                                        const Routing__Event *event, char *actor,
                                                        int64_t at_us);
/* Another desk has it, or none (""). False: it was so already, or the task has ended. */
bool followup_rules_urgent_desk(Followup__UrgentTask *task, const char *unit, char *desk);
bool followup_rules_urgent_is_open(const Followup__UrgentTask *task);

/* --- followup_tables_sessions.c --- */

/* NULL when there is none. Records live in the arena. */
Followup__Session *followup_tables_session(struct store_txn *txn, uint64_t number,
                                           struct arena *arena);
uint64_t followup_tables_last_session(struct store_txn *txn);
/* The unit's last; 0: it had none. */
uint64_t followup_tables_last_session_of(struct store_txn *txn, const char *unit);
/* The newest `max` below `before` (0: of all), of that unit and state (one of the two, or none: "" and unspecified). */
size_t followup_tables_sessions(struct store_txn *txn, const char *unit,
                                Followup__SessionState state, uint64_t before,
                                uint64_t *ret_numbers, size_t max);
void followup_tables_put_session(struct store_txn *txn, const Followup__Session *session);
/* With what finds it. was: NULL when it is new. */
void followup_tables_index_session(struct store_txn *txn, const Followup__Session *session,
                                   Followup__SessionState was);

/* The first `max` open sessions that are shown the unit's urgent tasks, behind `after`. */
size_t followup_tables_watching(struct store_txn *txn, const char *unit, uint64_t after,
                                uint64_t *ret_numbers, size_t max);

uint64_t followup_tables_last_shown(struct store_txn *txn, uint64_t session);
void followup_tables_put_shown(struct store_txn *txn, uint64_t session, uint64_t sequence,
                               const Followup__ShownRecord *shown);
/* Rows of SHOWN behind `after`: a scan, and the sequence of one of its keys. */
void followup_tables_shown_scan(struct txn_scan *scan, struct store_txn *txn, uint64_t session,
                                uint64_t after);
uint64_t followup_tables_shown_sequence(struct bytes key);

Followup__UrgentTask *followup_tables_urgent(struct store_txn *txn, uint64_t task_number,
                                             struct arena *arena);
/* was: as it was before, NULL when it is new. */
void followup_tables_put_urgent(struct store_txn *txn, const Followup__UrgentTask *was,
                                const Followup__UrgentTask *task);
struct followup_waiting {
    int64_t since_us;
    uint64_t task;
};
/* Open ones of the unit that nobody has acknowledged, the longest waiting first. */
size_t followup_tables_unacknowledged(struct store_txn *txn, const char *unit,
                                      struct followup_waiting *ret_waiting, size_t max);
/* Open ones that the desk has. */
size_t followup_tables_of_desk(struct store_txn *txn, const char *unit, const char *desk,
                               uint64_t *ret_numbers, size_t max);

/* --- followup_decide_sessions.c, followup_decide_urgent.c --- */

enum status followup_decide_open_session(struct decide *d, const ProtobufCMessage *request,
                                         ProtobufCMessage *response);
enum status followup_decide_lengthen_session(struct decide *d, const ProtobufCMessage *request,
                                             ProtobufCMessage *response);
enum status followup_decide_close_session(struct decide *d, const ProtobufCMessage *request,
                                          ProtobufCMessage *response);
enum status followup_decide_session_over(struct decide *d, const struct timer *timer);
enum status followup_decide_urgent(struct decide *d, const struct event *event);

/* --- followup_apply_sessions.c --- */

void followup_apply_session_opened(struct apply *a, const struct event *event,
                                   const Followup__SessionOpened *opened);
void followup_apply_session_lengthened(struct apply *a,
                                       const Followup__SessionLengthened *lengthened);
void followup_apply_session_closed(struct apply *a, const struct event *event,
                                   const Followup__SessionClosed *closed);
void followup_apply_urgent_changed(struct apply *a, const struct event *event,
                                   const Followup__UrgentChanged *changed);
/* What wakes those who follow a session. */
uint64_t followup_session_signal(uint64_t session);

/* --- followup_methods_sessions.c --- */

enum status followup_check_open_session(const struct city *city, const struct rpc_caller *caller,
                                        const ProtobufCMessage *message, struct error *err);
enum status followup_check_list_sessions(const struct city *city, const struct rpc_caller *caller,
                                         const ProtobufCMessage *message, struct error *err);
enum status followup_check_follow_session(const struct city *city, const struct rpc_caller *caller,
                                          const ProtobufCMessage *message, struct error *err);
enum status followup_read_session(struct read *r, const ProtobufCMessage *message,
                                  ProtobufCMessage *reply);
enum status followup_read_sessions(struct read *r, const ProtobufCMessage *message,
                                   ProtobufCMessage *reply);
enum status followup_read_follow_session(struct read *r, const ProtobufCMessage *message,
                                         ProtobufCMessage *reply);
bool followup_waits_for_session(const ProtobufCMessage *message);

#endif
