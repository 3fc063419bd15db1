/* Rules of follow-up; see the header. */
#include "services/followup/followup_rules.h"

#include "base/clock.h"
#include "base/plant.h"
#include "text/utf8.h"

#include <inttypes.h>
#include <string.h>

bool followup_rules_wants_call(bool historical, uint64_t citizen)
{
    return !historical && citizen != 0;
}

uint32_t followup_rules_finish(uint32_t told)
{
    return told != 0 ? told : 1;
}

int64_t followup_rules_first_due_us(const struct city_callback *callback, int64_t done_us)
{
    return us_add(done_us, callback->first_delay_minutes * MINUTE_US);
}

int64_t followup_rules_lease_until_us(const struct city_callback *callback, int64_t now_us)
{
    return us_add(now_us, callback->lease_minutes * MINUTE_US);
}

int64_t followup_rules_retry_due_us(const struct city_callback *callback, int64_t now_us)
{
    return us_add(now_us, callback->retry_minutes * MINUTE_US);
}

bool followup_rules_is_last(const struct city_callback *callback, Followup__CallOutcome outcome,
                            uint32_t attempts)
{
    bool worth_another = outcome == FOLLOWUP__CALL_OUTCOME__CALL_OUTCOME_NO_ANSWER ||
                         outcome == FOLLOWUP__CALL_OUTCOME__CALL_OUTCOME_BUSY;
    return !worth_another || attempts >= callback->attempts_max;
}

static enum status check_answer(const Followup__Answer *answer, struct error *err)
{
    if (answer->resolution < FOLLOWUP__RESOLUTION__RESOLUTION_RESOLVED ||
        answer->resolution > FOLLOWUP__RESOLUTION__RESOLUTION_UNRESOLVED) {
        return error_set(err, STATUS_INVALID_ARGUMENT, "resolution",
                         "an answer says whether it was resolved: resolved, partly or unresolved");
    }
    if (answer->score < 1 || answer->score > FOLLOWUP_SCORE_MAX) {
        return error_set(err, STATUS_INVALID_ARGUMENT, "score",
                         "an answer has a score from 1 to %d, not %" PRIu32, FOLLOWUP_SCORE_MAX,
                         answer->score);
    }
    return text_check(answer->words, FOLLOWUP_WORDS_MAX, "words", err);
}

enum status followup_rules_check_outcome(Followup__CallOutcome outcome,
                                         const Followup__Answer *answer, struct error *err)
{
    if (outcome < FOLLOWUP__CALL_OUTCOME__CALL_OUTCOME_ANSWERED ||
        outcome > FOLLOWUP__CALL_OUTCOME__CALL_OUTCOME_REFUSED) {
        return error_set(err, STATUS_INVALID_ARGUMENT, "outcome",
                         "say what came of the call: %d is no outcome", (int)outcome);
    }
    bool answered = outcome == FOLLOWUP__CALL_OUTCOME__CALL_OUTCOME_ANSWERED;
    if (answered != (answer != NULL)) {
        return error_set(err, STATUS_INVALID_ARGUMENT, "answer",
                         answered ? "the citizen was heard: their answer is missing"
                                  : "nobody was heard, so there can be no answer");
    }
    return answered ? check_answer(answer, err) : STATUS_OK;
}

enum status followup_rules_check_holder(const Followup__Call *call, const char *operator_name,
                                        struct error *err)
{
    if (call->state == FOLLOWUP__CALL_STATE__CALL_STATE_WAITING) {
        return error_set(err, STATUS_FAILED_PRECONDITION, "call_number",
                         "call %" PRIu64 " has not been handed out: ask for the next call first",
                         call->number);
    }
    if (call->state == FOLLOWUP__CALL_STATE__CALL_STATE_WITHDRAWN) {
        return error_set(err, STATUS_FAILED_PRECONDITION, "call_number",
                         "call %" PRIu64 " is not to be made any more: the task was reopened",
                         call->number);
    }
    if (call->state != FOLLOWUP__CALL_STATE__CALL_STATE_CLAIMED) {
        return error_set(err, STATUS_FAILED_PRECONDITION, "call_number",
                         "call %" PRIu64 " has ended; %s made it", call->number,
                         call->operator_name);
    }
    if (strcmp(call->operator_name, operator_name) != 0) {
        return error_set(err, STATUS_FAILED_PRECONDITION, "operator_name",
                         "call %" PRIu64 " is in the hands of %s", call->number,
                         call->operator_name);
    }
    return STATUS_OK;
}

bool followup_rules_queued_at(const Followup__Call *call, int64_t *ret_due_us)
{
    if (call->state == FOLLOWUP__CALL_STATE__CALL_STATE_WAITING) {
        *ret_due_us = call->due_at_us;
        return true;
    }
    if (call->state == FOLLOWUP__CALL_STATE__CALL_STATE_CLAIMED) {
        *ret_due_us = PLANTED("call_handed_out_twice") ? call->due_at_us : call->lease_until_us;
        return true;
    }
    return false;
}

Followup__CallCompleted followup_rules_forgotten_call(const Followup__Call *call)
{
    Followup__CallCompleted completed = FOLLOWUP__CALL_COMPLETED__INIT;
    completed.call_number = call->number;
    completed.case_number = call->case_number;
    completed.code = call->code;
    completed.task_number = call->task_number;
    completed.topic = call->topic;
    completed.unit = call->unit;
    completed.operator_name = call->operator_name;
    completed.outcome = FOLLOWUP__CALL_OUTCOME__CALL_OUTCOME_FORGOTTEN;
    completed.attempts = call->attempts;
    completed.finish = call->finish;
    completed.closed_undone = call->closed_undone;
    return completed;
}

Followup__Call followup_rules_apply_scheduled(const Followup__CallScheduled *scheduled)
{
    Followup__Call call = FOLLOWUP__CALL__INIT;
    call.number = scheduled->call_number;
    call.case_number = scheduled->case_number;
    call.code = scheduled->code;
    call.task_number = scheduled->task_number;
    call.topic = scheduled->topic;
    call.unit = scheduled->unit;
    call.note = scheduled->note;
    call.citizen = scheduled->citizen;
    call.due_at_us = scheduled->due_at_us;
    call.finish = followup_rules_finish(scheduled->finish);
    call.closed_undone = scheduled->closed_undone;
    call.reason = scheduled->reason;
    call.state = FOLLOWUP__CALL_STATE__CALL_STATE_WAITING;
    return call;
}

void followup_rules_apply_claimed(Followup__Call *call, const Followup__CallClaimed *claimed)
{
    call->state = FOLLOWUP__CALL_STATE__CALL_STATE_CLAIMED;
    call->operator_name = claimed->operator_name;
    call->lease_until_us = claimed->lease_until_us;
}

void followup_rules_apply_attempted(Followup__Call *call, const Followup__CallAttempted *attempted)
{
    call->state = FOLLOWUP__CALL_STATE__CALL_STATE_WAITING;
    call->operator_name = (char *)protobuf_c_empty_string;
    call->lease_until_us = PLANTED("lease_outlives_the_try") ? call->lease_until_us : 0;
    call->attempts++;
    call->last_outcome = attempted->outcome;
    call->due_at_us = attempted->due_at_us;
}

void followup_rules_apply_completed(Followup__Call *call, const Followup__CallCompleted *completed)
{
    bool answered = completed->outcome == FOLLOWUP__CALL_OUTCOME__CALL_OUTCOME_ANSWERED;
    call->state = answered ? FOLLOWUP__CALL_STATE__CALL_STATE_ANSWERED
                           : FOLLOWUP__CALL_STATE__CALL_STATE_UNREACHED;
    call->operator_name = completed->operator_name;
    call->lease_until_us = 0;
    call->attempts = completed->attempts;
    call->last_outcome = completed->outcome;
    call->resolution = completed->resolution;
    call->score = completed->score;
}

void followup_rules_apply_withdrawn(Followup__Call *call)
{
    call->state = FOLLOWUP__CALL_STATE__CALL_STATE_WITHDRAWN;
    call->operator_name = (char *)protobuf_c_empty_string;
    call->lease_until_us = 0;
}
