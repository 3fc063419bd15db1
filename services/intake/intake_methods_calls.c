/* What calls answer: a caller's card, and a call as it stands. */
#include "services/intake/intake_calls.h"
#include "services/intake/intake_internal.h"
#include "services/intake/intake_rules.h"
#include "services/intake/intake_tables.h"

#include "service/keyring.h"
#include "text/phone.h"

#include <string.h>

static enum status refuse_memory(struct read *r)
{
    return read_refuse(r, STATUS_RESOURCE_EXHAUSTED, NULL,
                       "the answer needs more memory than a call may have");
}

enum status intake_check_open_call(const struct city *city, const struct rpc_caller *caller,
                                   const ProtobufCMessage *message, struct error *err)
{
    (void)city;
    (void)caller;
    return intake_rules_check_open((const Intake__OpenCallRequest *)message, err);
}

enum status intake_check_end_call(const struct city *city, const struct rpc_caller *caller,
                                  const ProtobufCMessage *message, struct error *err)
{
    (void)caller;
    return intake_rules_check_end(city, (const Intake__EndCallRequest *)message, err);
}

enum status intake_check_record_call(const struct city *city, const struct rpc_caller *caller,
                                     const ProtobufCMessage *message, struct error *err)
{
    (void)caller;
    return intake_rules_check_record(city, (const Intake__RecordCallRequest *)message, err);
}

enum status intake_check_chase(const struct city *city, const struct rpc_caller *caller,
                               const ProtobufCMessage *message, struct error *err)
{
    (void)city;
    (void)caller;
    return intake_rules_check_chase((const Intake__ChaseCaseRequest *)message, err);
}

/* --- a call --- */

/* A call's row, and what the log tells of its beginning; its end too, when it has one. */
struct told_call {
    const Intake__CallRecord *record;
    const Common__EventRecord *opened_record;
    const Intake__CallOpened *opened;
    const Intake__CallEnded *ended; /* NULL: not yet */
};

static enum status find_call(struct read *r, uint64_t number, struct told_call *ret_call)
{
    struct told_call call = {.record = intake_tables_call(r->txn, number, r->arena)};
    if (call.record == NULL) {
        return read_refuse(r, STATUS_NOT_FOUND, "call_number", "there is no call %llu",
                           (unsigned long long)number);
    }
    const Intake__Event *opened =
        intake_tables_event(r->txn, call.record->opened_offset, r->arena, &call.opened_record);
    const Intake__Event *ended =
        call.record->ended_offset == 0
            ? NULL
            : intake_tables_event(r->txn, call.record->ended_offset, r->arena, NULL);
    enum status status = txn_error(r->txn, r->error);
    if (status != STATUS_OK) {
        return status;
    }
    if (opened == NULL || opened->kind_case != INTAKE__EVENT__KIND_CALL_OPENED ||
        (ended != NULL && ended->kind_case != INTAKE__EVENT__KIND_CALL_ENDED)) {
        return read_refuse(r, STATUS_DATA_LOSS, NULL, "call %llu names events of other kinds",
                           (unsigned long long)number);
    }
    call.opened = opened->call_opened;
    call.ended = ended != NULL ? ended->call_ended : NULL;
    *ret_call = call;
    return STATUS_OK;
}

static enum status tell_codes(struct read *r, const uint64_t *numbers, size_t count,
                              char ***ret_codes)
{
    char **codes = arena_alloc(r->arena, (count + 1) * sizeof(*codes));
    if (codes == NULL) {
        return refuse_memory(r);
    }
    for (size_t i = 0; i < count; i++) {
        codes[i] = arena_alloc(r->arena, CODE_SIZE);
        if (codes[i] == NULL) {
            return refuse_memory(r);
        }
        if (numbers[i] > CODE_NUMBER_MAX) {
            return read_refuse(r, STATUS_DATA_LOSS, NULL, "a call names a request that cannot be");
        }
        intake_tables_code(r->txn, numbers[i], codes[i]);
    }
    *ret_codes = codes;
    return STATUS_OK;
}

enum status intake_tell_call(struct read *r, uint64_t number, Intake__Call **ret_call)
{
    struct told_call call;
    Intake__Call *told = arena_alloc(r->arena, sizeof(*told));
    enum status status = find_call(r, number, &call);
    if (status != STATUS_OK) {
        return status;
    }
    if (told == NULL) {
        return refuse_memory(r);
    }
    intake__call__init(told);
    told->number = number;
    told->channel = call.opened->channel;
    told->operator_name = call.opened->operator_name;
    told->opened_at_us = call.opened_record->recorded_at_us;
    told->queued_at_us = call.opened->queued_at_us;
    told->answered_at_us = call.opened->answered_at_us;
    told->has_phone = call.opened->has_phone;
    told->is_known = call.opened->citizen != 0;
    if (call.ended != NULL) {
        told->ended_at_us = call.ended->ended_at_us;
        told->result = call.ended->result;
        told->topic = call.ended->topic;
        told->unit = call.ended->unit;
    }
    status =
        tell_codes(r, call.record->registered, call.record->n_registered, &told->registered_codes);
    if (status == STATUS_OK) {
        status = tell_codes(r, call.record->chased, call.record->n_chased, &told->chased_codes);
    }
    if (status != STATUS_OK) {
        return status;
    }
    told->n_registered_codes = call.record->n_registered;
    told->n_chased_codes = call.record->n_chased;
    *ret_call = told;
    return STATUS_OK;
}

enum status intake_read_get_call(struct read *r, const ProtobufCMessage *request,
                                 ProtobufCMessage *response)
{
    return intake_tell_call(r, ((const Intake__GetCallRequest *)request)->call_number,
                            &((Intake__GetCallResponse *)response)->call);
}

enum status intake_read_end_call(struct read *r, const ProtobufCMessage *request,
                                 ProtobufCMessage *response)
{
    return intake_tell_call(r, ((const Intake__EndCallRequest *)request)->call_number,
                            &((Intake__EndCallResponse *)response)->call);
}

/* Decide, or the kept answer, has told the number. */
enum status intake_read_record_call(struct read *r, const ProtobufCMessage *request,
                                    ProtobufCMessage *response)
{
    Intake__RecordCallResponse *told = (Intake__RecordCallResponse *)response;
    (void)request;
    return intake_tell_call(r, told->call == NULL ? 0 : told->call->number, &told->call);
}

/* --- the card --- */

/* The newest name that was given: sealed parts are opened until there is one. */
static enum status take_name(struct read *r, uint64_t citizen, const struct intake_case *found,
                             Intake__Card *card)
{
    const ProtobufCMessage *plain = NULL;
    if (card->name[0] != '\0' || found->sealed.size == 0) {
        return STATUS_OK;
    }
    enum status status =
        keyring_open_sealed(r->keyring, r->txn, citizen, INTAKE_SEAL_PURPOSE, found->sealed,
                            &intake__sealed_words__descriptor, r->arena, &plain, r->error);
    if (status == STATUS_NOT_FOUND) {
        return STATUS_OK; /* forgotten: there is no name any more */
    }
    if (status == STATUS_OK) {
        card->name = ((const Intake__SealedWords *)plain)->name;
    }
    return status;
}

static void take_last_word(const struct intake_story *story, Intake__Card *card)
{
    for (size_t i = 0; i < story->count; i++) {
        const Intake__TimelineEntry *entry = story->entries[i];
        if (entry->score != 0 && entry->at_us >= card->last_heard_at_us) {
            card->last_heard_at_us = entry->at_us;
            card->last_score = entry->score;
            card->last_verdict = entry->verdict;
        }
    }
}

/* The story is read into `scratch` and forgotten. */
static enum status add_case(struct read *r, uint64_t citizen, uint64_t number,
                            struct arena *scratch, Intake__Card *card)
{
    struct intake_case found;
    struct intake_story story;
    Intake__CardCase *told = arena_alloc(r->arena, sizeof(*told));
    if (told == NULL) {
        return refuse_memory(r);
    }
    if (!intake_tables_case_find(r->txn, number, r->arena, &found)) {
        return read_refuse(r, STATUS_DATA_LOSS, NULL, "request %llu is on a card and missing",
                           (unsigned long long)number);
    }
    arena_reset(scratch);
    enum status status = intake_read_story(r, &found, scratch, &story);
    if (status == STATUS_OK) {
        status = take_name(r, citizen, &found, card);
    }
    if (status != STATUS_OK) {
        return status;
    }
    take_last_word(&story, card);
    intake__card_case__init(told);
    told->case_data = intake_tell_case(r, &found, &story);
    if (told->case_data == NULL) {
        return refuse_memory(r);
    }
    told->planned_for_us = intake_rules_planned_for(story.entries, story.count);
    card->cases[card->n_cases++] = told;
    return STATUS_OK;
}

static enum status fill_card(struct read *r, const Intake__CallOpened *opened, Intake__Card *card)
{
    uint64_t older;
    enum status status = STATUS_OK;
    card->cases = arena_alloc(r->arena, (opened->n_shown_cases + 1) * sizeof(*card->cases));
    if (card->cases == NULL) {
        return refuse_memory(r);
    }
    struct arena *scratch = arena_new(INTAKE_STORY_ARENA_BYTES);
    for (size_t i = 0; i < opened->n_shown_cases && status == STATUS_OK; i++) {
        status = add_case(r, opened->citizen, opened->shown_cases[i], scratch, card);
    }
    arena_free(scratch);
    for (size_t i = 0; i < card->n_cases; i++) {
        card->cases[i]->times_called = intake_rules_times_called(card->cases, card->n_cases, i);
    }
    card->has_more_cases =
        opened->n_shown_cases > 0 &&
        intake_tables_citizen_cases(r->txn, opened->citizen,
                                    opened->shown_cases[opened->n_shown_cases - 1], &older, 1) > 0;
    return status;
}

/* After the commit: by now it is on disk who was shown the card, and what is on it. */
enum status intake_read_open_call(struct read *r, const ProtobufCMessage *message,
                                  ProtobufCMessage *answer)
{
    const Intake__OpenCallRequest *request = (const Intake__OpenCallRequest *)message;
    Intake__OpenCallResponse *response = (Intake__OpenCallResponse *)answer;
    struct told_call call;
    response->phone = arena_alloc(r->arena, PHONE_E164_SIZE);
    if (response->phone == NULL) {
        return refuse_memory(r);
    }
    intake_rules_caller_phone(r->city, request->phone, response->phone);
    enum status status = find_call(r, response->call_number, &call);
    if (status != STATUS_OK || call.opened->purpose[0] == '\0') {
        return status;
    }
    Intake__Card *card = arena_alloc(r->arena, sizeof(*card));
    if (card == NULL) {
        return refuse_memory(r);
    }
    intake__card__init(card);
    response->card = card;
    return fill_card(r, call.opened, card);
}
