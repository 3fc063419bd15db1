/*
 * Follow-up's own knowledge: who is called back and when, when a call comes back, when it is given
 * up, who may say what came of it. Plain values in, plain values out.
 *
 * A call changes by its events alone, in followup_rules_apply_…: decide uses them to answer with
 * the call as it will be, apply to store it, so the two cannot differ. They borrow the event's
 * strings.
 */
#ifndef VAFA_SERVICES_FOLLOWUP_FOLLOWUP_RULES_H
#define VAFA_SERVICES_FOLLOWUP_FOLLOWUP_RULES_H

#include "city/city.h"

#include "vafa/followup/v1/followup.pb-c.h"
#include "vafa/routing/v1/routing.pb-c.h"

/* In code points. */
#define FOLLOWUP_OPERATOR_MAX 100
#define FOLLOWUP_WORDS_MAX 4000
#define FOLLOWUP_PURPOSE_MAX 200

#define FOLLOWUP_SCORE_MAX 5
#define FOLLOWUP_PAGE_SIZE_DEFAULT 20
#define FOLLOWUP_PAGE_SIZE_MAX 100

/* Nobody is called about a city's past, and nobody can be when no phone is known (citizen 0). */
bool followup_rules_wants_call(bool historical, uint64_t citizen);

/* Which finish of a task an event speaks of: before they were numbered there was one. */
uint32_t followup_rules_finish(uint32_t told);

/* When the first call is due, when a lease given now ends, when a call that nobody answered is due
 * again. */
int64_t followup_rules_first_due_us(const struct city_callback *callback, int64_t done_us);
int64_t followup_rules_lease_until_us(const struct city_callback *callback, int64_t now_us);
int64_t followup_rules_retry_due_us(const struct city_callback *callback, int64_t now_us);

/* Whether the call ends with this attempt. attempts: this one counted in. */
bool followup_rules_is_last(const struct city_callback *callback, Followup__CallOutcome outcome,
                            uint32_t attempts);

/* INVALID_ARGUMENT: an outcome that is none, an answer without ANSWERED, ANSWERED without a whole
 * answer. */
enum status followup_rules_check_outcome(Followup__CallOutcome outcome,
                                         const Followup__Answer *answer, struct error *err);
/* FAILED_PRECONDITION unless the call is in this operator's hands. A lease that has run out does
 * not matter: the operator who was on the phone a minute longer is believed as long as nobody else
 * was given the call. */
enum status followup_rules_check_holder(const Followup__Call *call, const char *operator_name,
                                        struct error *err);

/* When the call comes up in the queue; false for one that has ended. */
bool followup_rules_queued_at(const Followup__Call *call, int64_t *ret_due_us);

/* How a call ends whose citizen is forgotten; borrows from the call. */
Followup__CallCompleted followup_rules_forgotten_call(const Followup__Call *call);

Followup__Call followup_rules_apply_scheduled(const Followup__CallScheduled *scheduled);
void followup_rules_apply_claimed(Followup__Call *call, const Followup__CallClaimed *claimed);
void followup_rules_apply_attempted(Followup__Call *call, const Followup__CallAttempted *attempted);
void followup_rules_apply_completed(Followup__Call *call, const Followup__CallCompleted *completed);
void followup_rules_apply_withdrawn(Followup__Call *call);

#endif
