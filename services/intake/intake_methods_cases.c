/* Requests: what is checked before one is registered, one of them, the list, its words opened; and how the other files
 * tell of one. */
#include "services/intake/intake_amend.h"
#include "services/intake/intake_internal.h"
#include "services/intake/intake_members.h"
#include "services/intake/intake_rules.h"
#include "services/intake/intake_tables.h"

#include "base/plant.h"
#include "service/keyring.h"
#include "text/utf8.h"

#include <string.h>

/* Below RPC_MESSAGE_BYTES_MAX, with room for the request itself. */
#define TIMELINE_BYTES_MAX ((size_t)900 * 1024)
#define TIMELINE_ENTRIES_MAX 500

static enum status refuse_memory(struct read *r)
{
    return read_refuse(r, STATUS_RESOURCE_EXHAUSTED, NULL,
                       "the answer needs more memory than a call may have");
}

/* --- a request without personal data --- */

enum status intake_read_story(struct read *r, const struct intake_case *found, struct arena *arena,
                              struct intake_story *ret_story)
{
    if (intake_story_read(r->txn, found, arena, ret_story)) {
        return STATUS_OK;
    }
    enum status status = txn_error(r->txn, r->error);
    return status != STATUS_OK ? status : refuse_memory(r);
}

static bool can_be_called(struct read *r, const Intake__RequestRegistered *registered)
{
    struct citizen_key key;
    if (!registered->can_be_called || !keyring_get(r->keyring, r->txn, registered->citizen, &key)) {
        return false;
    }
    explicit_bzero(&key, sizeof(key));
    return true;
}

/* Who else is about the same thing; false: no memory. */
static bool tell_incident(struct read *r, uint64_t number, Intake__Case *told)
{
    uint64_t members[INTAKE_MEMBERS_TOLD];
    uint64_t head = intake_members_head(r->txn, r->arena, number);
    uint32_t member_count = intake_members_count(r->txn, r->arena, head != 0 ? head : number);
    const Intake__CaseChangesRecord *changes =
        intake_tables_case_changes(r->txn, head != 0 ? head : number, r->arena);
    if (changes == NULL) {
        return false;
    }
    told->callers = member_count + (member_count > 0 && changes->withdrawn_at_us != 0 ? 0 : 1);
    if (head != 0) {
        told->incident_code = arena_alloc(r->arena, CODE_SIZE);
        if (told->incident_code == NULL) {
            return false;
        }
        intake_tables_code(r->txn, head, told->incident_code);
        return true;
    }
    size_t count =
        member_count == 0 ? 0 : intake_members_list(r->txn, number, members, INTAKE_MEMBERS_TOLD);
    char *codes = arena_alloc(r->arena, (count + 1) * CODE_SIZE);
    told->joined_codes = arena_alloc(r->arena, (count + 1) * sizeof(*told->joined_codes));
    for (size_t i = 0; codes != NULL && told->joined_codes != NULL && i < count; i++) {
        told->joined_codes[i] = codes + i * CODE_SIZE;
        intake_tables_code(r->txn, members[i], told->joined_codes[i]);
        told->n_joined_codes++;
    }
    return codes != NULL && told->joined_codes != NULL;
}

/* Copied, since the story may live elsewhere. False: no memory. */
static bool tell_alarm(struct read *r, const struct intake_alarm *alarm, Intake__Case *told)
{
    if (alarm->since_us == 0) {
        return true;
    }
    Intake__CaseAlarm *copy = arena_alloc(r->arena, sizeof(*copy));
    if (copy == NULL) {
        return false;
    }
    intake__case_alarm__init(copy);
    copy->since_us = alarm->since_us;
    copy->desk = arena_copy_text(r->arena, alarm->desk);
    copy->acknowledged_by = arena_copy_text(r->arena, alarm->acknowledged_by);
    copy->acknowledged_at_us = alarm->acknowledged_at_us;
    copy->steps = alarm->steps;
    told->alarm = copy;
    return copy->desk != NULL && copy->acknowledged_by != NULL;
}

Intake__Case *intake_tell_case(struct read *r, const struct intake_case *found,
                               const struct intake_story *story)
{
    const Intake__RequestRegistered *registered = found->registered;
    Intake__Case *told = arena_alloc(r->arena, sizeof(*told));
    char *unit = arena_copy_text(r->arena, intake_rules_unit(story->entries, story->count));
    if (told == NULL || unit == NULL) {
        return NULL;
    }
    intake__case__init(told);
    if (!tell_incident(r, registered->number, told)) {
        return NULL;
    }
    told->number = registered->number;
    told->code = registered->code;
    told->channel = registered->channel;
    told->topic = registered->topic;
    told->topic_listed = registered->topic_listed;
    told->place = registered->place;
    told->urgency = registered->urgency;
    told->source = registered->source;
    told->external_id = registered->external_id;
    told->registered_at_us = found->recorded_at_us;
    told->occurred_at_us = found->occurred_at_us;
    told->historical = found->historical;
    told->unit = unit;
    told->due_at_us = story->due_at_us != 0 ? story->due_at_us : registered->due_at_us;
    told->can_be_called = can_be_called(r, registered);
    told->n_answers = registered->n_answers;
    told->answers = registered->answers;
    told->chases = found->changes->chases;
    told->amended_at_us = found->changes->amended_at_us;
    told->withdrawn_at_us = found->changes->withdrawn_at_us;
    told->words_added = (uint32_t)found->changes->n_words_offsets;
    told->call_number = registered->call_number;
    told->storm = registered->storm;
    if (!tell_alarm(r, &story->alarm, told)) {
        return NULL;
    }
    told->state =
        intake_rules_state(story->entries, story->count, told->can_be_called && !told->historical);
    return told;
}

static enum status find_by_code(struct read *r, const char *code, struct intake_case *ret_case)
{
    uint64_t number;
    enum status status = intake_tables_code_number(r->txn, code, &number, r->error);
    if (status != STATUS_OK) {
        return status;
    }
    if (!intake_tables_case_find(r->txn, number, r->arena, ret_case)) {
        return read_refuse(r, STATUS_NOT_FOUND, "code", "no request has this code");
    }
    return STATUS_OK;
}

/* --- RegisterCase --- */

enum status intake_check_register(const struct city *city, const struct rpc_caller *caller,
                                  const ProtobufCMessage *message, struct error *err)
{
    return intake_rules_check_registration(city, caller->role == RPC_ROLE_IMPORT,
                                           (const Intake__RegisterCaseRequest *)message, err);
}

/* --- GetCase --- */

enum status intake_read_whole_case(struct read *r, const char *code, Intake__Case **ret_case,
                                   Intake__TimelineEntry ***ret_timeline, size_t *ret_count)
{
    struct intake_case found;
    struct intake_story story;
    enum status status = find_by_code(r, code, &found);
    if (status == STATUS_OK) {
        status = intake_read_story(r, &found, r->arena, &story);
    }
    if (status != STATUS_OK) {
        return status;
    }
    Intake__Case *told = intake_tell_case(r, &found, &story);
    if (told == NULL) {
        return refuse_memory(r);
    }
    intake_story_fit(&story, TIMELINE_ENTRIES_MAX, TIMELINE_BYTES_MAX);
    *ret_case = told;
    *ret_timeline = story.entries;
    *ret_count = story.count;
    return STATUS_OK;
}

enum status intake_read_get(struct read *r, const ProtobufCMessage *message,
                            ProtobufCMessage *answer)
{
    Intake__GetCaseResponse *response = (Intake__GetCaseResponse *)answer;
    return intake_read_whole_case(r, ((const Intake__GetCaseRequest *)message)->code,
                                  &response->case_data, &response->timeline, &response->n_timeline);
}

/* --- ListCases --- */

enum status intake_check_list(const struct city *city, const struct rpc_caller *caller,
                              const ProtobufCMessage *message, struct error *err)
{
    const Intake__ListCasesRequest *request = (const Intake__ListCasesRequest *)message;
    char e164[PHONE_E164_SIZE];
    uint32_t page_size;
    (void)caller;
    enum status status = phone_normalise(city_phone_plan(city), request->phone, e164, err);
    return status == STATUS_OK ? intake_rules_page_size(request->page_size, &page_size, err)
                               : status;
}

/* One more than the page holds tells whether there is a next. */
static enum status find_page(struct read *r, const Intake__ListCasesRequest *request,
                             uint64_t numbers[INTAKE_PAGE_SIZE_MAX + 1], uint32_t *ret_page_size,
                             size_t *ret_count)
{
    char e164[PHONE_E164_SIZE];
    uint32_t page_size;
    enum status status = phone_normalise(city_phone_plan(r->city), request->phone, e164, r->error);
    if (status == STATUS_OK) {
        status = intake_rules_page_size(request->page_size, &page_size, r->error);
    }
    if (status != STATUS_OK) {
        return status;
    }
    uint64_t citizen = keyring_find_phone(r->keyring, r->txn, e164);
    *ret_page_size = page_size;
    *ret_count = citizen == 0 ? 0
                              : intake_tables_citizen_cases(r->txn, citizen, request->page_token,
                                                            numbers, (size_t)page_size + 1);
    return STATUS_OK;
}

/* The timeline is read into `scratch` and forgotten: a page of long stories must not fill the
 * call's own arena. */
enum status intake_read_case(struct read *r, uint64_t number, struct arena *scratch,
                             Intake__Case **ret_case)
{
    struct intake_case found;
    struct intake_story story;
    arena_reset(scratch);
    if (!intake_tables_case_find(r->txn, number, r->arena, &found)) {
        return read_refuse(r, STATUS_DATA_LOSS, NULL, "request %llu is listed and missing",
                           (unsigned long long)number);
    }
    enum status status = intake_read_story(r, &found, scratch, &story);
    if (status != STATUS_OK) {
        return status;
    }
    *ret_case = intake_tell_case(r, &found, &story);
    return *ret_case == NULL ? refuse_memory(r) : STATUS_OK;
}

/* Answers to questions may be long, so a page may be cut short before `count`. */
static enum status list_page(struct read *r, const uint64_t *numbers, size_t count,
                             Intake__ListCasesResponse *response)
{
    enum status status = STATUS_OK;
    size_t bytes = 0;
    size_t told = 0;
    struct arena *scratch = arena_new(INTAKE_STORY_ARENA_BYTES);
    response->cases = arena_alloc(r->arena, (count + 1) * sizeof(*response->cases));
    if (response->cases == NULL) {
        status = refuse_memory(r);
    }
    while (told < count && status == STATUS_OK && bytes < INTAKE_LIST_BYTES_MAX) {
        status = intake_read_case(r, numbers[told], scratch, &response->cases[told]);
        if (status == STATUS_OK) {
            bytes += protobuf_c_message_get_packed_size(&response->cases[told++]->base);
        }
    }
    response->n_cases = status == STATUS_OK ? told : 0;
    if (status == STATUS_OK && told < count) {
        response->next_page_token = numbers[told - 1];
    }
    arena_free(scratch);
    return status;
}

enum status intake_read_list(struct read *r, const ProtobufCMessage *message,
                             ProtobufCMessage *answer)
{
    Intake__ListCasesResponse *response = (Intake__ListCasesResponse *)answer;
    uint64_t numbers[INTAKE_PAGE_SIZE_MAX + 1];
    uint32_t page_size;
    size_t count;
    enum status status =
        find_page(r, (const Intake__ListCasesRequest *)message, numbers, &page_size, &count);
    if (status != STATUS_OK) {
        return status;
    }
    if (count > page_size) {
        count = page_size;
        response->next_page_token = numbers[PLANTED("phone_passes_one_over") ? count : count - 1];
    }
    return list_page(r, numbers, count, response);
}

/* --- RevealCase --- */

enum status intake_check_reveal(const struct city *city, const struct rpc_caller *caller,
                                const ProtobufCMessage *message, struct error *err)
{
    (void)city;
    (void)caller;
    return text_require(((const Intake__RevealCaseRequest *)message)->purpose, INTAKE_PURPOSE_MAX,
                        "purpose", err);
}

/* The sealed part of the registration, when it has one. */
static enum status open_registered(struct read *r, const struct intake_case *found,
                                   Intake__RevealCaseResponse *response)
{
    const ProtobufCMessage *opened;
    if (found->registered->citizen == 0) {
        return STATUS_OK; /* there are only words that were added */
    }
    enum status status = keyring_open_sealed(
        r->keyring, r->txn, found->registered->citizen, INTAKE_SEAL_PURPOSE, found->sealed,
        &intake__sealed_words__descriptor, r->arena, &opened, r->error);
    if (status != STATUS_OK) {
        return status;
    }
    const Intake__SealedWords *plain = (const Intake__SealedWords *)opened;
    response->citizen = arena_alloc(r->arena, sizeof(*response->citizen));
    if (response->citizen == NULL) {
        return refuse_memory(r);
    }
    intake__citizen__init(response->citizen);
    response->citizen->name = plain->name;
    response->citizen->phone = plain->phone;
    response->words = plain->words;
    return STATUS_OK;
}

enum status intake_read_personal(struct read *r, const struct intake_case *found,
                                 Intake__RevealCaseResponse *response)
{
    enum status status = open_registered(r, found, response);
    return status == STATUS_OK ? intake_read_added_words(r, found, response) : status;
}

/* After the commit: by now it is on disk who looked. */
enum status intake_read_reveal(struct read *r, const ProtobufCMessage *message,
                               ProtobufCMessage *answer)
{
    const Intake__RevealCaseRequest *request = (const Intake__RevealCaseRequest *)message;
    Intake__RevealCaseResponse *response = (Intake__RevealCaseResponse *)answer;
    struct intake_case found;
    enum status status = find_by_code(r, request->code, &found);
    return status == STATUS_OK ? intake_read_personal(r, &found, response) : status;
}
