/* Checks before a request is amended, taken back, added to or looked up, and what is told of it. */
#include "services/intake/intake_amend.h"
#include "services/intake/intake_internal.h"
#include "services/intake/intake_rules.h"

#include "service/keyring.h"
#include "text/utf8.h"

static enum status refuse_memory(struct read *r)
{
    return read_refuse(r, STATUS_RESOURCE_EXHAUSTED, NULL,
                       "the answer needs more memory than a call may have");
}

enum status intake_check_amend(const struct city *city, const struct rpc_caller *caller,
                               const ProtobufCMessage *message, struct error *err)
{
    (void)caller;
    return intake_rules_check_amendment(city, (const Intake__AmendCaseRequest *)message, err);
}

enum status intake_check_withdraw(const struct city *city, const struct rpc_caller *caller,
                                  const ProtobufCMessage *message, struct error *err)
{
    (void)city;
    (void)caller;
    return text_require(((const Intake__WithdrawCaseRequest *)message)->reason, INTAKE_REASON_MAX,
                        "reason", err);
}

enum status intake_check_add_words(const struct city *city, const struct rpc_caller *caller,
                                   const ProtobufCMessage *message, struct error *err)
{
    (void)city;
    (void)caller;
    return text_require(((const Intake__AddWordsRequest *)message)->words, INTAKE_WORDS_MAX,
                        "words", err);
}

enum status intake_check_look_up(const struct city *city, const struct rpc_caller *caller,
                                 const ProtobufCMessage *message, struct error *err)
{
    char digits[INTAKE_LOOKUP_MORE_DIGITS + 1];
    (void)city;
    (void)caller;
    return intake_rules_phone_digits(((const Intake__LookUpCaseRequest *)message)->phone_digits,
                                     digits, err);
}

/* What units and coordinators write to each other, and to whom it went, is not: nobody wrote it for the citizen to read. */
static bool is_note_for_citizen(Intake__TimelineKind kind)
{
    switch (kind) {
    case INTAKE__TIMELINE_KIND__TIMELINE_KIND_ACCEPTED:
    case INTAKE__TIMELINE_KIND__TIMELINE_KIND_PLANNED:
    case INTAKE__TIMELINE_KIND__TIMELINE_KIND_STARTED:
    case INTAKE__TIMELINE_KIND__TIMELINE_KIND_REPORTED:
    case INTAKE__TIMELINE_KIND__TIMELINE_KIND_PAUSED:
    case INTAKE__TIMELINE_KIND__TIMELINE_KIND_RESUMED:
    case INTAKE__TIMELINE_KIND__TIMELINE_KIND_DONE:
    case INTAKE__TIMELINE_KIND__TIMELINE_KIND_CLOSED_UNDONE:
    case INTAKE__TIMELINE_KIND__TIMELINE_KIND_REFERRED:
    case INTAKE__TIMELINE_KIND__TIMELINE_KIND_STORM:
    case INTAKE__TIMELINE_KIND__TIMELINE_KIND_CHASED:
    case INTAKE__TIMELINE_KIND__TIMELINE_KIND_AMENDED:
    case INTAKE__TIMELINE_KIND__TIMELINE_KIND_WITHDRAWN:
    case INTAKE__TIMELINE_KIND__TIMELINE_KIND_CALL_ATTEMPTED:
    case INTAKE__TIMELINE_KIND__TIMELINE_KIND_CALL_COMPLETED: return true;
    default: return false;
    }
}

/* A code is half of what opens a request: nobody is told the code of another citizen's. And who of the staff
 * did what is no citizen's affair. */
static void hide_others(Intake__LookUpCaseResponse *response)
{
    response->case_data->incident_code = (char *)(uintptr_t)protobuf_c_empty_string;
    response->case_data->n_joined_codes = 0;
    response->case_data->alarm = NULL;
    for (size_t i = 0; i < response->n_timeline; i++) {
        Intake__TimelineEntry *entry = response->timeline[i];
        entry->actor = (char *)(uintptr_t)protobuf_c_empty_string;
        if (!is_note_for_citizen(entry->kind)) {
            entry->note = (char *)(uintptr_t)protobuf_c_empty_string;
        }
    }
}

enum status intake_read_look_up(struct read *r, const ProtobufCMessage *message,
                                ProtobufCMessage *answer)
{
    const Intake__LookUpCaseRequest *request = (const Intake__LookUpCaseRequest *)message;
    Intake__LookUpCaseResponse *response = (Intake__LookUpCaseResponse *)answer;
    if (!response->found) {
        return STATUS_OK;
    }
    enum status status = intake_read_whole_case(r, request->code, &response->case_data,
                                                &response->timeline, &response->n_timeline);
    if (status == STATUS_OK) {
        hide_others(response);
    }
    return status;
}

/* --- added words --- */

static enum status open_words(struct read *r, uint64_t offset, Intake__AddedWords **ret_words)
{
    const Common__EventRecord *record = NULL;
    const ProtobufCMessage *plain;
    Intake__AddedWords *words = arena_alloc(r->arena, sizeof(*words));
    if (words == NULL) {
        return refuse_memory(r);
    }
    if (intake_tables_event(r->txn, offset, r->arena, &record) == NULL) {
        return txn_error(r->txn, r->error);
    }
    enum status status =
        keyring_open_sealed(r->keyring, r->txn, record->citizen, INTAKE_SEAL_PURPOSE,
                            bytes_of(record->sealed.data, record->sealed.len),
                            &intake__sealed_words__descriptor, r->arena, &plain, r->error);
    if (status == STATUS_OK) {
        intake__added_words__init(words);
        words->at_us = record->occurred_at_us;
        words->words = ((const Intake__SealedWords *)plain)->words;
        *ret_words = words;
    }
    return status;
}

enum status intake_read_added_words(struct read *r, const struct intake_case *found,
                                    Intake__RevealCaseResponse *response)
{
    enum status status = STATUS_OK;
    size_t count = found->changes->n_words_offsets;
    Intake__AddedWords **words = arena_alloc(r->arena, (count + 1) * sizeof(*words));
    if (words == NULL) {
        return refuse_memory(r);
    }
    for (size_t i = 0; i < count && status == STATUS_OK; i++) {
        status = open_words(r, found->changes->words_offsets[i], &words[i]);
    }
    if (status == STATUS_OK) {
        response->added_words = words;
        response->n_added_words = count;
    }
    return status;
}
