/*
 * What follow-up decides: a finished task becomes a call, the longest-due call goes to whoever
 * asks, and what came of it ends the call or sends it back to the queue. Reads tables, writes
 * nothing.
 */
#include "services/followup/followup_internal.h"
#include "services/followup/followup_rules.h"
#include "services/followup/followup_tables.h"

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

/* --- a task was finished --- */

static enum status schedule(struct decide *d, const Routing__TaskDone *done, int64_t done_us)
{
    Followup__CallScheduled scheduled = FOLLOWUP__CALL_SCHEDULED__INIT;
    scheduled.call_number = table_last_u64(d->txn, STORE_STATE, FOLLOWUP_CLASS_CALL) + 1;
    scheduled.case_number = done->case_number;
    scheduled.code = done->code;
    scheduled.task_number = done->task_number;
    scheduled.topic = done->topic;
    scheduled.unit = done->unit;
    scheduled.note = done->note;
    scheduled.citizen = done->citizen;
    scheduled.due_at_us = followup_rules_first_due_us(city_callback(d->city), done_us);

    Followup__Event event = FOLLOWUP__EVENT__INIT;
    event.kind_case = FOLLOWUP__EVENT__KIND_CALL_SCHEDULED;
    event.call_scheduled = arena_copy(d->arena, &scheduled, sizeof(scheduled));
    return emit(d, &event, event.call_scheduled, NULL);
}

enum status followup_decide_routing(struct decide *d, const struct event *event)
{
    const Routing__Event *routing = (const Routing__Event *)event->open;
    if (routing->kind_case != ROUTING__EVENT__KIND_TASK_DONE) {
        return STATUS_OK;
    }
    const Routing__TaskDone *done = routing->task_done;
    if (!followup_rules_wants_call(event->historical, done->citizen) ||
        followup_tables_task_known(d->txn, done->task_number) ||
        followup_tables_is_forgotten(d->txn, done->citizen)) {
        return STATUS_OK;
    }
    return schedule(d, done, event->occurred_at_us);
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
