/*
 * What follow-up decides: a task that ended becomes a call, the longest-due call goes to whoever
 * asks, and what came of it ends the call or sends it back to the queue. Reads tables, writes
 * nothing.
 */
#include "services/followup/followup_internal.h"
#include "services/followup/followup_rules.h"
#include "services/followup/followup_sessions.h"
#include "services/followup/followup_tables.h"

#include "base/plant.h"
#include "service/close_reason.h"
#include "service/keyring.h"

#include "vafa/routing/v1/routing.pb-c.h"

#include <inttypes.h>
#include <string.h>

/* Emits the event from the arena; its member was copied there by the caller, NULL when the arena
 * was full. */
static enum status emit(struct decide *d, const Followup__Event *event, const void *member,
                        const struct event_options *options)
{
    const Followup__Event *kept = arena_copy(d->arena, event, sizeof(*event));
    if (kept == NULL || member == NULL) {
        return decide_refuse(d, STATUS_RESOURCE_EXHAUSTED, NULL,
                             "the call needs more memory than a call may have");
    }
    return decide_emit(d, &kept->base, options);
}

static enum status find_call(struct decide *d, uint64_t call_number,
                             Followup__CallRecord **ret_record)
{
    Followup__CallRecord *record = followup_tables_call(d->txn, call_number, d->arena);
    if (record == NULL) {
        enum status status = txn_error(d->txn, d->error);
        if (status != STATUS_OK) {
            return status;
        }
        return decide_refuse(d, STATUS_NOT_FOUND, "call_number", "there is no call %" PRIu64,
                             call_number);
    }
    *ret_record = record;
    return STATUS_OK;
}

/* --- a task was finished, closed undone, or reopened --- */

/* What a call is made of, whichever of the two ended the task. Strings are the event's. */
static Followup__CallScheduled call_of_done(const Routing__TaskDone *done)
{
    Followup__CallScheduled scheduled = FOLLOWUP__CALL_SCHEDULED__INIT;
    scheduled.case_number = done->case_number;
    scheduled.code = done->code;
    scheduled.task_number = done->task_number;
    scheduled.topic = done->topic;
    scheduled.unit = done->unit;
    scheduled.note = done->note;
    scheduled.citizen = done->citizen;
    scheduled.finish = followup_rules_finish(done->finish);
    return scheduled;
}

static Followup__CallScheduled call_of_closed(const Routing__TaskClosedUndone *closed)
{
    Followup__CallScheduled scheduled = FOLLOWUP__CALL_SCHEDULED__INIT;
    scheduled.case_number = closed->case_number;
    scheduled.code = closed->code;
    scheduled.task_number = closed->task_number;
    scheduled.topic = closed->topic;
    scheduled.unit = closed->unit;
    scheduled.note = closed->words;
    scheduled.citizen = closed->citizen;
    scheduled.finish = followup_rules_finish(closed->finish);
    scheduled.closed_undone = true;
    scheduled.reason = (char *)(uintptr_t)close_reason_words(closed->reason);
    return scheduled;
}

/* `before`: how many calls this decision has made. */
static enum status schedule(struct decide *d, const struct event *ended,
                            Followup__CallScheduled scheduled, uint64_t before, bool *ret_made)
{
    *ret_made = followup_rules_wants_call(ended->historical, scheduled.citizen) &&
                !followup_tables_is_forgotten(d->txn, scheduled.citizen) &&
                scheduled.finish > followup_tables_last_finish(d->txn, scheduled.task_number,
                                                               scheduled.case_number, d->arena);
    if (!*ret_made) {
        return txn_error(d->txn, d->error);
    }
    scheduled.call_number = table_last_u64(d->txn, STORE_STATE, FOLLOWUP_CLASS_CALL) + 1 + before;
    scheduled.due_at_us =
        followup_rules_first_due_us(city_callback(d->city), ended->occurred_at_us);

    Followup__Event event = FOLLOWUP__EVENT__INIT;
    event.kind_case = FOLLOWUP__EVENT__KIND_CALL_SCHEDULED;
    event.call_scheduled = arena_copy(d->arena, &scheduled, sizeof(scheduled));
    return emit(d, &event, event.call_scheduled, NULL);
}

/* Whom nobody has heard yet need not be asked about what is to be done again. */
static enum status withdraw(struct decide *d, uint64_t task_number, uint64_t case_number)
{
    uint64_t call_number = followup_tables_call_of_task(d->txn, task_number, case_number, d->arena);
    if (call_number == 0) {
        return txn_error(d->txn, d->error);
    }
    Followup__CallRecord *record = NULL;
    int64_t due_us;
    enum status status = find_call(d, call_number, &record);
    if (status != STATUS_OK || !followup_rules_queued_at(record->call, &due_us)) {
        return status;
    }
    Followup__CallWithdrawn withdrawn = FOLLOWUP__CALL_WITHDRAWN__INIT;
    withdrawn.call_number = call_number;
    withdrawn.case_number = record->call->case_number;

    Followup__Event event = FOLLOWUP__EVENT__INIT;
    event.kind_case = FOLLOWUP__EVENT__KIND_CALL_WITHDRAWN;
    event.call_withdrawn = arena_copy(d->arena, &withdrawn, sizeof(withdrawn));
    const struct event_options options = {.ignorable = true};
    return emit(d, &event, event.call_withdrawn, &options);
}

/* Each of those who are joined to a task hears of it, as if it had been their own. */
static Followup__CallScheduled call_of_joined(const Routing__JoinedFollowed *followed,
                                              const Routing__JoinedCase *joined)
{
    Followup__CallScheduled scheduled = FOLLOWUP__CALL_SCHEDULED__INIT;
    scheduled.case_number = joined->case_number;
    scheduled.code = joined->code;
    scheduled.task_number = followed->task_number;
    scheduled.topic = followed->topic;
    scheduled.unit = followed->unit;
    scheduled.note = followed->note;
    scheduled.citizen = joined->citizen;
    scheduled.finish = followup_rules_finish(followed->finish);
    scheduled.closed_undone = followed->fate == ROUTING__JOINED_FATE__JOINED_FATE_CLOSED_UNDONE;
    if (scheduled.closed_undone) {
        scheduled.reason = (char *)(uintptr_t)close_reason_words(followed->close_reason);
    }
    return scheduled;
}

static enum status follow_joined(struct decide *d, const struct event *event,
                                 const Routing__JoinedFollowed *followed)
{
    enum status status = STATUS_OK;
    uint64_t made_count = 0;
    size_t count = followed->n_members - (PLANTED("joined_not_called") ? 1 : 0);
    for (size_t i = 0; i < count && status == STATUS_OK; i++) {
        bool made = false;
        switch (followed->fate) {
        case ROUTING__JOINED_FATE__JOINED_FATE_DONE:
        case ROUTING__JOINED_FATE__JOINED_FATE_CLOSED_UNDONE:
            status = schedule(d, event, call_of_joined(followed, followed->members[i]), made_count,
                              &made);
            made_count += made;
            break;
        case ROUTING__JOINED_FATE__JOINED_FATE_REOPENED:
            status = withdraw(d, followed->task_number, followed->members[i]->case_number);
            break;
        default: break; /* what nobody wants done is not asked about */
        }
    }
    return status;
}

static enum status follow_finish(struct decide *d, const struct event *event)
{
    const Routing__Event *routing = (const Routing__Event *)event->open;
    bool made;
    switch (routing->kind_case) {
    case ROUTING__EVENT__KIND_TASK_DONE:
        return schedule(d, event, call_of_done(routing->task_done), 0, &made);
    case ROUTING__EVENT__KIND_TASK_CLOSED_UNDONE:
        return schedule(d, event, call_of_closed(routing->task_closed_undone), 0, &made);
    case ROUTING__EVENT__KIND_TASK_REOPENED:
        return withdraw(d, routing->task_reopened->task_number,
                        routing->task_reopened->case_number);
    case ROUTING__EVENT__KIND_CASE_SPLIT:
        return routing->case_split->withdrawn
                   ? withdraw(d, routing->case_split->task_number, routing->case_split->case_number)
                   : STATUS_OK;
    case ROUTING__EVENT__KIND_JOINED_FOLLOWED:
        return follow_joined(d, event, routing->joined_followed);
    default: return STATUS_OK;
    }
}

enum status followup_decide_routing(struct decide *d, const struct event *event)
{
    enum status status = followup_decide_urgent(d, event);
    return status == STATUS_OK ? follow_finish(d, event) : status;
}

/* --- an operator asks for a call --- */

static enum status claim(struct decide *d, Followup__Call *call, char *operator_name)
{
    Followup__CallClaimed claimed = FOLLOWUP__CALL_CLAIMED__INIT;
    claimed.call_number = call->number;
    claimed.operator_name = operator_name;
    claimed.lease_until_us = followup_rules_lease_until_us(city_callback(d->city), d->now_us);
    followup_rules_apply_claimed(call, &claimed);

    Followup__Event event = FOLLOWUP__EVENT__INIT;
    event.kind_case = FOLLOWUP__EVENT__KIND_CALL_CLAIMED;
    event.call_claimed = arena_copy(d->arena, &claimed, sizeof(claimed));
    return emit(d, &event, event.call_claimed, NULL);
}

enum status followup_decide_next_call(struct decide *d, const ProtobufCMessage *message,
                                      ProtobufCMessage *reply)
{
    const Followup__NextCallRequest *request = (const Followup__NextCallRequest *)message;
    Followup__NextCallResponse *response = (Followup__NextCallResponse *)reply;
    struct followup_queued queue[2];
    size_t queued = followup_tables_queue_head(d->txn, queue, 2);
    if (queued == 0 || queue[0].due_us > d->now_us) {
        response->next_due_at_us = queued > 0 ? queue[0].due_us : 0;
        return STATUS_OK;
    }
    Followup__CallRecord *record = NULL;
    enum status status = find_call(d, queue[0].call_number, &record);
    if (status != STATUS_OK) {
        return status;
    }
    response->call = record->call;
    response->next_due_at_us = queued > 1 ? queue[1].due_us : 0;
    return claim(d, record->call, request->operator_name);
}

/* --- what came of it --- */

/* The citizen's key in our own keyring, which knows nobody before their first words. */
static enum status citizen_key(struct decide *d, uint64_t citizen, struct citizen_key *ret_key)
{
    if (keyring_get(d->keyring, d->txn, citizen, ret_key)) {
        return STATUS_OK;
    }
    return decide_new_citizen(d, citizen, NULL, ret_key);
}

static enum status seal_words(struct decide *d, uint64_t citizen, char *words,
                              struct bytes *ret_sealed)
{
    struct citizen_key key;
    Followup__SealedAnswer plain = FOLLOWUP__SEALED_ANSWER__INIT;
    plain.words = words;
    enum status status = citizen_key(d, citizen, &key);
    if (status == STATUS_OK) {
        status = decide_seal(d, &key, FOLLOWUP_SEAL_PURPOSE, &plain.base, ret_sealed);
    }
    explicit_bzero(&key, sizeof(key));
    return status;
}

static enum status come_back(struct decide *d, Followup__Call *call,
                             const Followup__RecordCallRequest *request)
{
    Followup__CallAttempted attempted = FOLLOWUP__CALL_ATTEMPTED__INIT;
    attempted.call_number = call->number;
    attempted.case_number = call->case_number;
    attempted.operator_name = request->operator_name;
    attempted.outcome = request->outcome;
    attempted.due_at_us = followup_rules_retry_due_us(city_callback(d->city), d->now_us);
    followup_rules_apply_attempted(call, &attempted);

    Followup__Event event = FOLLOWUP__EVENT__INIT;
    event.kind_case = FOLLOWUP__EVENT__KIND_CALL_ATTEMPTED;
    event.call_attempted = arena_copy(d->arena, &attempted, sizeof(attempted));
    return emit(d, &event, event.call_attempted, NULL);
}

static Followup__CallCompleted completed_call(const Followup__Call *call,
                                              const Followup__RecordCallRequest *request)
{
    Followup__CallCompleted completed = FOLLOWUP__CALL_COMPLETED__INIT;
    completed.call_number = call->number;
    completed.case_number = call->case_number;
    completed.code = call->code;
    completed.task_number = call->task_number;
    completed.topic = call->topic;
    completed.unit = call->unit;
    completed.operator_name = request->operator_name;
    completed.outcome = request->outcome;
    completed.attempts = call->attempts + 1;
    completed.finish = call->finish;
    completed.closed_undone = call->closed_undone;
    if (request->answer != NULL) {
        completed.resolution = request->answer->resolution;
        completed.score = request->answer->score;
    }
    return completed;
}

static enum status end(struct decide *d, Followup__Call *call,
                       const Followup__RecordCallRequest *request)
{
    struct event_options options = {0};
    if (request->answer != NULL && request->answer->words[0] != '\0') {
        options.citizen = call->citizen;
        enum status status = seal_words(d, call->citizen, request->answer->words, &options.sealed);
        if (status != STATUS_OK) {
            return status;
        }
    }
    Followup__CallCompleted completed = completed_call(call, request);
    followup_rules_apply_completed(call, &completed);

    Followup__Event event = FOLLOWUP__EVENT__INIT;
    event.kind_case = FOLLOWUP__EVENT__KIND_CALL_COMPLETED;
    event.call_completed = arena_copy(d->arena, &completed, sizeof(completed));
    return emit(d, &event, event.call_completed, &options);
}

enum status followup_decide_record_call(struct decide *d, const ProtobufCMessage *message,
                                        ProtobufCMessage *reply)
{
    const Followup__RecordCallRequest *request = (const Followup__RecordCallRequest *)message;
    Followup__RecordCallResponse *response = (Followup__RecordCallResponse *)reply;
    Followup__CallRecord *record = NULL;
    enum status status = find_call(d, request->call_number, &record);
    if (status != STATUS_OK) {
        return status;
    }
    Followup__Call *call = record->call;
    status = followup_rules_check_holder(call, request->operator_name, d->error);
    if (status != STATUS_OK) {
        return status;
    }
    response->call = call;
    bool last =
        followup_rules_is_last(city_callback(d->city), request->outcome, call->attempts + 1);
    return last ? end(d, call, request) : come_back(d, call, request);
}

/* --- somebody wants to read the words --- */

enum status followup_decide_reveal_call(struct decide *d, const ProtobufCMessage *message,
                                        ProtobufCMessage *reply)
{
    (void)reply; /* the words are added when the looking is on disk */
    const Followup__RevealCallRequest *request = (const Followup__RevealCallRequest *)message;
    Followup__CallRecord *record = NULL;
    enum status status = find_call(d, request->call_number, &record);
    if (status != STATUS_OK) {
        return status;
    }
    Followup__CallRevealed revealed = FOLLOWUP__CALL_REVEALED__INIT;
    revealed.call_number = request->call_number;
    revealed.case_number = record->call->case_number;
    revealed.purpose = request->purpose;

    Followup__Event event = FOLLOWUP__EVENT__INIT;
    event.kind_case = FOLLOWUP__EVENT__KIND_CALL_REVEALED;
    event.call_revealed = arena_copy(d->arena, &revealed, sizeof(revealed));
    return emit(d, &event, event.call_revealed, NULL);
}
