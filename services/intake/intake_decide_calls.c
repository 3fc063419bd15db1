/* What follows from a call: it is opened, something is done in it, it ends, or is left open. */
#include "services/intake/intake_calls.h"

#include "services/intake/intake_amend.h"
#include "services/intake/intake_internal.h"
#include "services/intake/intake_storms.h"
#include "services/intake/intake_tables.h"

#include "base/plant.h"
#include "service/keyring.h"
#include "text/phone.h"

#include <string.h>

static enum status refuse_memory(struct decide *d)
{
    return decide_refuse(d, STATUS_RESOURCE_EXHAUSTED, NULL,
                         "the call needs more memory than a call may have");
}

/* Every event here but a chase may be passed over by who does not know it. */
static enum status emit(struct decide *d, Intake__Event__KindCase kind, const void *member,
                        struct event_options options)
{
    Intake__Event *event = arena_alloc(d->arena, sizeof(*event));
    if (event == NULL || member == NULL) {
        return refuse_memory(d);
    }
    intake__event__init(event);
    event->kind_case = kind;
    switch (kind) {
    case INTAKE__EVENT__KIND_CALL_OPENED:
        event->call_opened = (Intake__CallOpened *)(uintptr_t)member;
        break;
    case INTAKE__EVENT__KIND_CALL_ENDED:
        event->call_ended = (Intake__CallEnded *)(uintptr_t)member;
        break;
    default: event->case_chased = (Intake__CaseChased *)(uintptr_t)member; break;
    }
    options.ignorable = kind != INTAKE__EVENT__KIND_CASE_CHASED;
    return decide_emit(d, &event->base, &options);
}

/* --- opening --- */

/* A known caller's number is sealed under their key. Of others nothing is kept. */
static enum status seal_caller(struct decide *d, char *e164, Intake__CallOpened *opened,
                               struct event_options *options)
{
    struct citizen_key key;
    uint64_t citizen = e164[0] == '\0' ? 0 : keyring_find_phone(d->keyring, d->txn, e164);
    if (citizen == 0 || !keyring_get(d->keyring, d->txn, citizen, &key)) {
        return STATUS_OK;
    }
    Intake__SealedCaller plain = INTAKE__SEALED_CALLER__INIT;
    plain.phone = e164;
    enum status status = decide_seal(d, &key, INTAKE_CALLER_PURPOSE, &plain.base, &options->sealed);
    explicit_bzero(&key, sizeof(key));
    options->citizen = citizen;
    opened->citizen = citizen;
    return status;
}

/* What is on the card is told in the event: who answered has seen it. */
static enum status show_card(struct decide *d, Intake__CallOpened *opened)
{
    if (opened->citizen == 0) {
        return STATUS_OK;
    }
    opened->purpose = INTAKE_CARD_PURPOSE;
    opened->shown_cases = arena_alloc(d->arena, INTAKE_CARD_CASES_MAX * sizeof(uint64_t));
    if (opened->shown_cases == NULL) {
        return refuse_memory(d);
    }
    opened->n_shown_cases = intake_tables_citizen_cases(d->txn, opened->citizen, 0,
                                                        opened->shown_cases, INTAKE_CARD_CASES_MAX);
    return STATUS_OK;
}

/* The fields of OpenCall and RecordCall. */
struct ring {
    const char *phone;
    Common__Channel channel;
    char *operator_name;
    int64_t queued_at_us;
    int64_t answered_at_us;
    bool shows_card;
};

static enum status open_call(struct decide *d, const struct ring *ring, uint64_t *ret_number)
{
    struct event_options options = {0};
    char e164[PHONE_E164_SIZE];
    Intake__CallOpened *opened = arena_alloc(d->arena, sizeof(*opened));
    if (opened == NULL) {
        return refuse_memory(d);
    }
    intake__call_opened__init(opened);
    intake_rules_caller_phone(d->city, ring->phone, e164);
    opened->call_number = intake_tables_last_call(d->txn) + 1;
    opened->channel = ring->channel;
    opened->operator_name = ring->operator_name[0] != '\0'
                                ? ring->operator_name
                                : arena_copy_text(d->arena, d->caller->name);
    opened->queued_at_us = ring->queued_at_us;
    opened->answered_at_us = ring->answered_at_us;
    opened->has_phone = e164[0] != '\0';
    enum status status =
        opened->operator_name == NULL ? refuse_memory(d) : seal_caller(d, e164, opened, &options);
    if (status == STATUS_OK && ring->shows_card) {
        status = show_card(d, opened);
    }
    if (status == STATUS_OK) {
        *ret_number = opened->call_number;
        status = emit(d, INTAKE__EVENT__KIND_CALL_OPENED, opened, options);
    }
    return status;
}

enum status intake_decide_open_call(struct decide *d, const ProtobufCMessage *message,
                                    ProtobufCMessage *answer)
{
    const Intake__OpenCallRequest *request = (const Intake__OpenCallRequest *)message;
    enum status status = intake_rules_check_call_times(
        request->queued_at_us, request->answered_at_us, 0, d->now_us, d->error);
    if (status != STATUS_OK) {
        return status;
    }
    const struct ring ring = {
        .phone = request->phone,
        .channel = request->channel,
        .operator_name = request->operator_name,
        .queued_at_us = request->queued_at_us,
        .answered_at_us = request->answered_at_us,
        .shows_card = true,
    };
    return open_call(d, &ring, &((Intake__OpenCallResponse *)answer)->call_number);
}

/* --- ending --- */

static enum status end_call(struct decide *d, const Intake__CallEnded *ended)
{
    return emit(d, INTAKE__EVENT__KIND_CALL_ENDED, arena_copy(d->arena, ended, sizeof(*ended)),
                (struct event_options){0});
}

/* The call, when something can still be done in it. */
static enum status find_open(struct decide *d, uint64_t number, Intake__CallRecord **ret_record)
{
    Intake__CallRecord *record = intake_tables_call(d->txn, number, d->arena);
    if (record == NULL) {
        return decide_refuse(d, STATUS_NOT_FOUND, "call_number", "there is no call %llu",
                             (unsigned long long)number);
    }
    if (record->ended_offset != 0) {
        return decide_refuse(d, STATUS_FAILED_PRECONDITION, "call_number",
                             "call %llu has ended: leave the number out, or open another",
                             (unsigned long long)number);
    }
    *ret_record = record;
    return STATUS_OK;
}

enum status intake_decide_end_call(struct decide *d, const ProtobufCMessage *message,
                                   ProtobufCMessage *answer)
{
    const Intake__EndCallRequest *request = (const Intake__EndCallRequest *)message;
    Intake__CallEnded ended = INTAKE__CALL_ENDED__INIT;
    Intake__CallRecord *record = NULL;
    (void)answer;
    enum status status = find_open(d, request->call_number, &record);
    if (status == STATUS_OK) {
        status = intake_rules_call_result(request->result, record->n_registered, record->n_chased,
                                          &ended.result, d->error);
    }
    if (status != STATUS_OK) {
        return status;
    }
    ended.call_number = request->call_number;
    ended.topic = request->topic;
    ended.unit = request->unit;
    ended.ended_at_us = d->now_us;
    return end_call(d, &ended);
}

enum status intake_decide_record_call(struct decide *d, const ProtobufCMessage *message,
                                      ProtobufCMessage *answer)
{
    const Intake__RecordCallRequest *request = (const Intake__RecordCallRequest *)message;
    Intake__RecordCallResponse *response = (Intake__RecordCallResponse *)answer;
    Intake__CallEnded ended = INTAKE__CALL_ENDED__INIT;
    response->call = arena_alloc(d->arena, sizeof(*response->call));
    if (response->call == NULL) {
        return refuse_memory(d);
    }
    intake__call__init(response->call);
    enum status status = intake_rules_check_call_times(
        request->queued_at_us, request->answered_at_us, request->ended_at_us, d->now_us, d->error);
    const struct ring ring = {
        .phone = request->phone,
        .channel = request->channel,
        .operator_name = request->operator_name,
        .queued_at_us = request->queued_at_us,
        .answered_at_us = request->answered_at_us,
    };
    if (status == STATUS_OK) {
        status = open_call(d, &ring, &ended.call_number);
    }
    if (status != STATUS_OK) {
        return status;
    }
    response->call->number = ended.call_number;
    ended.result = request->result;
    ended.topic = request->topic;
    ended.unit = request->unit;
    ended.ended_at_us = request->ended_at_us != 0 ? request->ended_at_us : d->now_us;
    return end_call(d, &ended);
}

enum status intake_decide_timer(struct decide *d, const struct timer *timer)
{
    if (timer->kind == INTAKE_TIMER_STORM) {
        return intake_decide_storm_over(d, timer);
    }
    Intake__CallRecord *record = intake_tables_call(d->txn, timer->subject, d->arena);
    if (timer->kind != INTAKE_TIMER_CALL || record == NULL || record->ended_offset != 0) {
        return decide_refuse(d, STATUS_INTERNAL, NULL,
                             "a timer of kind %u is about call %llu, which is not open",
                             timer->kind, (unsigned long long)timer->subject);
    }
    Intake__CallEnded ended = INTAKE__CALL_ENDED__INIT;
    ended.call_number = timer->subject;
    ended.result = INTAKE__CALL_RESULT__CALL_RESULT_LEFT_OPEN;
    ended.ended_at_us = timer->due_us;
    return end_call(d, &ended);
}

/* --- what is done in a call --- */

enum status intake_decide_within_call(struct decide *d, uint64_t call_number)
{
    Intake__CallRecord *record = NULL;
    if (call_number == 0) {
        return STATUS_OK;
    }
    enum status status = find_open(d, call_number, &record);
    if (status == STATUS_OK && record->n_registered >= INTAKE_CALL_CASES_MAX) {
        status = decide_refuse(d, STATUS_RESOURCE_EXHAUSTED, "call_number",
                               "%d requests are registered in call %llu: open another",
                               INTAKE_CALL_CASES_MAX, (unsigned long long)call_number);
    }
    return status;
}

enum status intake_decide_caller(struct decide *d, uint64_t call_number, char *ret_e164)
{
    const Intake__CallRecord *record = intake_tables_call(d->txn, call_number, d->arena);
    const Common__EventRecord *opened = NULL;
    const ProtobufCMessage *plain = NULL;
    if (record == NULL ||
        intake_tables_event(d->txn, record->opened_offset, d->arena, &opened) == NULL) {
        return txn_error(d->txn, d->error);
    }
    if (opened->citizen == 0 || PLANTED("caller_not_taken")) {
        return STATUS_OK;
    }
    enum status status =
        keyring_open_sealed(d->keyring, d->txn, opened->citizen, INTAKE_CALLER_PURPOSE,
                            bytes_of(opened->sealed.data, opened->sealed.len),
                            &intake__sealed_caller__descriptor, d->arena, &plain, d->error);
    if (status == STATUS_OK) {
        const char *phone = ((const Intake__SealedCaller *)plain)->phone;
        memcpy(ret_e164, phone, strnlen(phone, PHONE_E164_SIZE - 1) + 1);
        ret_e164[PHONE_E164_SIZE - 1] = '\0';
    }
    return status == STATUS_NOT_FOUND ? STATUS_OK : status; /* forgotten: nobody known any more */
}

static enum status chase_within_call(struct decide *d, uint64_t call_number)
{
    Intake__CallRecord *record = NULL;
    if (call_number == 0) {
        return STATUS_OK;
    }
    enum status status = find_open(d, call_number, &record);
    if (status == STATUS_OK && record->n_chased >= INTAKE_CALL_CASES_MAX) {
        status = decide_refuse(d, STATUS_RESOURCE_EXHAUSTED, "call_number",
                               "%d requests are chased in call %llu: open another",
                               INTAKE_CALL_CASES_MAX, (unsigned long long)call_number);
    }
    return status;
}

/* The request's number, and how often it has been chased, when it can be once more. */
static enum status find_chased(struct decide *d, const char *code, uint64_t *ret_number,
                               uint32_t *ret_chases)
{
    struct intake_case found;
    enum status status = intake_decide_find_live(d, code, &found);
    if (status != STATUS_OK) {
        return status;
    }
    if (found.changes->chases >= INTAKE_CHASES_MAX) {
        return decide_refuse(d, STATUS_RESOURCE_EXHAUSTED, "code",
                             "this request has been chased %d times: that is enough",
                             INTAKE_CHASES_MAX);
    }
    *ret_number = found.registered->number;
    *ret_chases = found.changes->chases;
    return STATUS_OK;
}

enum status intake_decide_chase(struct decide *d, const ProtobufCMessage *message,
                                ProtobufCMessage *answer)
{
    const Intake__ChaseCaseRequest *request = (const Intake__ChaseCaseRequest *)message;
    Intake__ChaseCaseResponse *response = (Intake__ChaseCaseResponse *)answer;
    Intake__CaseChased *chased = arena_alloc(d->arena, sizeof(*chased));
    if (chased == NULL) {
        return refuse_memory(d);
    }
    intake__case_chased__init(chased);
    enum status status = find_chased(d, request->code, &chased->number, &chased->chases);
    if (status == STATUS_OK) {
        status = chase_within_call(d, request->call_number);
    }
    if (status != STATUS_OK) {
        return status;
    }
    chased->chases++;
    chased->note = request->note;
    chased->call_number = request->call_number;
    response->chases = chased->chases;
    return emit(d, INTAKE__EVENT__KIND_CASE_CHASED, chased, (struct event_options){0});
}
