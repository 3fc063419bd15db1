/* What follows from a command: events, or a refusal. */
#include "services/intake/intake_amend.h"
#include "services/intake/intake_calls.h"
#include "services/intake/intake_internal.h"
#include "services/intake/intake_rules.h"
#include "services/intake/intake_storms.h"
#include "services/intake/intake_tables.h"

#include "service/city_request.h"
#include "service/keyring.h"

#include <string.h>

/* Everything an emitted registration points to, in one piece of the arena. */
struct registration {
    Intake__Event event;
    Intake__RequestRegistered registered;
    Common__Place place;
    char code[CODE_SIZE];
};

static enum status refuse_memory(struct decide *d)
{
    return decide_refuse(d, STATUS_RESOURCE_EXHAUSTED, NULL,
                         "the call needs more memory than a call may have");
}

/* --- what is done beforehand: a citizen's words sealed, the area found --- */

struct prepared_words {
    char e164[PHONE_E164_SIZE];
    const struct presealed *presealed; /* NULL: decide has to do it */
    struct intake_located located;
    struct intake_answers answers;
};

/* The E.164 form, or "" when no phone was given. The check of the method has read it before. */
static enum status read_phone(const struct city *city, const Intake__Citizen *citizen,
                              char ret_e164[PHONE_E164_SIZE], struct error *err)
{
    if (citizen == NULL || citizen->phone[0] == '\0') {
        ret_e164[0] = '\0';
        return STATUS_OK;
    }
    return phone_normalise(city_phone_plan(city), citizen->phone, ret_e164, err);
}

/* Borrows from both. */
static Intake__SealedWords words_of(const Intake__RegisterCaseRequest *request, char *e164)
{
    Intake__SealedWords plain = INTAKE__SEALED_WORDS__INIT;
    if (request->citizen != NULL) {
        plain.name = request->citizen->name;
    }
    plain.phone = e164;
    plain.words = request->words;
    return plain;
}

static struct intake_answers answers_of(const Intake__RegisterCaseRequest *request)
{
    return (struct intake_answers){.count = request->n_answers, .answers = request->answers};
}

static enum status keep_answers(const struct city *city, const Intake__RegisterCaseRequest *request,
                                struct arena *arena, struct intake_answers *ret_answers,
                                struct error *err)
{
    const struct intake_answers given = answers_of(request);
    return intake_rules_keep_answers(city, request->topic, &given, arena, ret_answers, err);
}

const void *intake_prepare_register(struct prepare *p, const ProtobufCMessage *message)
{
    const Intake__RegisterCaseRequest *request = (const Intake__RegisterCaseRequest *)message;
    struct prepared_words *prepared = arena_alloc(p->arena, sizeof(*prepared));
    if (prepared == NULL ||
        read_phone(p->city, request->citizen, prepared->e164, NULL) != STATUS_OK ||
        keep_answers(p->city, request, p->arena, &prepared->answers, NULL) != STATUS_OK) {
        return NULL;
    }
    prepared->located = intake_rules_locate(p->city, request->place);
    Intake__SealedWords plain = words_of(request, prepared->e164);
    prepared->presealed = intake_rules_is_personal(request)
                              ? keyring_preseal(p, prepared->e164, INTAKE_SEAL_PURPOSE, &plain.base)
                              : NULL;
    return prepared;
}

/* --- registering --- */

/* The same name from another system is the same request, however often and however it is told. */
static enum status answer_known(struct decide *d, uint64_t number,
                                Intake__RegisterCaseResponse *response)
{
    char *code = arena_alloc(d->arena, CODE_SIZE);
    if (code == NULL) {
        return refuse_memory(d);
    }
    intake_tables_code(d->txn, number, code);
    response->code = code;
    response->number = number;
    response->already_registered = true;
    return STATUS_OK;
}

/* Whoever gives no phone is somebody new each time: nothing tells them from another. */
static enum status find_citizen(struct decide *d, const char *e164, struct citizen_key *ret_key)
{
    uint64_t citizen = e164[0] == '\0' ? 0 : keyring_find_phone(d->keyring, d->txn, e164);
    if (citizen == 0) {
        citizen = keyring_last_citizen(d->txn) + 1;
        return decide_new_citizen(d, citizen, e164[0] == '\0' ? NULL : e164, ret_key);
    }
    if (!keyring_get(d->keyring, d->txn, citizen, ret_key)) {
        return decide_refuse(d, STATUS_DATA_LOSS, NULL, "citizen %llu has a phone and no key",
                             (unsigned long long)citizen);
    }
    return STATUS_OK;
}

/* Seals what is personal, unless that was done beforehand (NULL: it was not) and still holds; fills
 * citizen and sealed part of the options. */
static enum status seal_personal(struct decide *d, const Intake__RegisterCaseRequest *request,
                                 char *e164, const struct presealed *presealed,
                                 struct event_options *options)
{
    struct citizen_key key;
    if (decide_take_presealed(d, presealed, &options->citizen, &options->sealed)) {
        return STATUS_OK;
    }
    enum status status = find_citizen(d, e164, &key);
    if (status != STATUS_OK) {
        return status;
    }
    Intake__SealedWords plain = words_of(request, e164);
    status = decide_seal(d, &key, INTAKE_SEAL_PURPOSE, &plain.base, &options->sealed);
    options->citizen = key.citizen;
    explicit_bzero(&key, sizeof(key));
    return status;
}

/* The place with the area that was found for it. */
static void describe_place(struct decide *d, Common__Place *asked,
                           struct registration *registration)
{
    const struct prepared_words *prepared = d->prepared;
    struct intake_located located =
        prepared != NULL ? prepared->located : intake_rules_locate(d->city, asked);
    registration->registered.place_found = located.found;
    registration->registered.point_area = (char *)(uintptr_t)located.point_area;
    if (asked != NULL) {
        registration->place = *asked;
        registration->place.area = (char *)(uintptr_t)located.area;
        registration->registered.place = &registration->place;
    }
}

/* The open part. It borrows from the request, which lives as long as the arena. */
static void describe(struct decide *d, const Intake__RegisterCaseRequest *request, uint64_t number,
                     struct registration *registration)
{
    const struct city_topic *topic = city_topic(d->city, request->topic);
    Intake__RequestRegistered *registered = &registration->registered;
    intake__request_registered__init(registered);
    intake_tables_code(d->txn, number, registration->code);
    registered->number = number;
    registered->code = registration->code;
    registered->channel = request->channel;
    registered->topic = request->topic;
    registered->topic_listed = topic != NULL;
    describe_place(d, request->place, registration);
    registered->urgency = intake_rules_urgency(topic, request->urgency);
    registered->source = request->source;
    registered->external_id = request->external_id;
    registered->call_number = request->call_number;
    if (request->history != NULL) {
        registered->unit = request->history->unit;
        registered->due_at_us = request->history->due_at_us;
    }
    intake__event__init(&registration->event);
    registration->event.kind_case = INTAKE__EVENT__KIND_REQUEST_REGISTERED;
    registration->event.request_registered = registered;
}

/* To an event's options 0 means now: the very beginning of 1970 is told as the microsecond after
 * it. */
static struct event_options options_of(const Intake__History *history)
{
    if (history == NULL) {
        return (struct event_options){0};
    }
    return (struct event_options){
        .occurred_at_us = history->occurred_at_us != 0 ? history->occurred_at_us : 1,
        .historical = true,
    };
}

/* The place may be told in answers, and in nothing else. */
static enum status describe_answers(struct decide *d, const Intake__RegisterCaseRequest *request,
                                    struct registration *registration)
{
    const struct prepared_words *prepared = d->prepared;
    Intake__RequestRegistered *registered = &registration->registered;
    struct intake_answers answers = {0};
    if (prepared != NULL) {
        answers = prepared->answers;
    } else {
        enum status status = keep_answers(d->city, request, d->arena, &answers, d->error);
        if (status != STATUS_OK) {
            return status;
        }
    }
    registered->n_answers = answers.count;
    registered->answers = answers.answers;
    if (intake_rules_told_place(registered->place, &answers, NULL, &registration->place)) {
        registered->place = &registration->place;
    }
    return STATUS_OK;
}

/* Whose it is when it is none of the city's, for the citizen to hear at once. A history's own unit
 * has it, whatever the rules say, and whoever has the request that it is joined to. */
static enum status refer(struct decide *d, const Intake__RequestRegistered *registered,
                         int64_t occurred_at_us, Intake__RegisterCaseResponse *response)
{
    struct city_request asked = city_request_of(
        registered->topic, registered->place, registered->urgency, registered->answers,
        registered->n_answers, occurred_at_us != 0 ? occurred_at_us : d->now_us);
    bool is_ruled = registered->unit[0] == '\0' && registered->incident == 0;
    const struct city_unit *outside = is_ruled ? intake_rules_outside(d->city, &asked) : NULL;
    if (outside == NULL) {
        return STATUS_OK;
    }
    response->referral = arena_alloc(d->arena, sizeof(*response->referral));
    if (response->referral == NULL) {
        return refuse_memory(d);
    }
    *response->referral = intake_rules_referral(outside);
    return STATUS_OK;
}

/* The storm in whose scope it is, and else that nothing is missing which the topic must be told. */
static enum status take_form(struct decide *d, const Intake__RegisterCaseRequest *request,
                             Intake__RequestRegistered *registered)
{
    if (request->history != NULL) {
        return STATUS_OK;
    }
    const char *area = registered->place == NULL ? "" : registered->place->area;
    const Intake__Storm *storm =
        intake_tables_storm_for(d->txn, d->arena, request->topic, area, d->now_us);
    if (storm == NULL) {
        const struct intake_answers given = answers_of(request);
        return intake_rules_check_required(d->city, request->topic, &given, d->error);
    }
    registered->storm = storm->storm_number;
    return STATUS_OK;
}

static enum status register_new(struct decide *d, const Intake__RegisterCaseRequest *request,
                                Intake__RegisterCaseResponse *response)
{
    const struct prepared_words *prepared = d->prepared;
    char e164[PHONE_E164_SIZE];
    uint64_t last = intake_tables_last_number(d->txn);
    if (last >= CODE_NUMBER_MAX) {
        return decide_refuse(d, STATUS_RESOURCE_EXHAUSTED, NULL,
                             "there are no more tracking codes");
    }
    struct registration *registration = arena_alloc(d->arena, sizeof(*registration));
    if (registration == NULL) {
        return refuse_memory(d);
    }
    describe(d, request, last + 1, registration);
    struct event_options options = options_of(request->history);
    enum status status = describe_answers(d, request, registration);
    if (status == STATUS_OK) {
        status = take_form(d, request, &registration->registered);
    }
    if (status == STATUS_OK && request->join[0] != '\0') {
        status = intake_decide_incident_of(d, request->join, &registration->registered.incident,
                                           &response->incident_code);
    }
    if (status != STATUS_OK) {
        return status;
    }
    if (prepared != NULL) {
        memcpy(e164, prepared->e164, sizeof(e164));
    } else {
        status = read_phone(d->city, request->citizen, e164, d->error);
    }
    const struct presealed *presealed = prepared != NULL ? prepared->presealed : NULL;
    if (status == STATUS_OK && e164[0] == '\0' && request->call_number != 0) {
        status = intake_decide_caller(d, request->call_number, e164);
        presealed = e164[0] == '\0' ? presealed : NULL; /* it was sealed for nobody known */
    }
    if (status == STATUS_OK && (intake_rules_is_personal(request) || e164[0] != '\0')) {
        status = seal_personal(d, request, e164, presealed, &options);
    }
    if (status != STATUS_OK) {
        return status;
    }
    registration->registered.citizen = options.citizen;
    registration->registered.can_be_called = e164[0] != '\0';
    response->code = registration->code;
    response->number = last + 1;
    response->storm = registration->registered.storm;
    response->can_be_called = registration->registered.can_be_called;
    const struct city_topic *topic = city_topic(d->city, request->topic);
    if (topic != NULL && request->history == NULL) {
        response->emergency_phone = (char *)(uintptr_t)topic->emergency;
    }
    status = refer(d, &registration->registered, options.occurred_at_us, response);
    return status == STATUS_OK ? decide_emit(d, &registration->event.base, &options) : status;
}

enum status intake_decide_register(struct decide *d, const ProtobufCMessage *message,
                                   ProtobufCMessage *answer)
{
    const Intake__RegisterCaseRequest *request = (const Intake__RegisterCaseRequest *)message;
    Intake__RegisterCaseResponse *response = (Intake__RegisterCaseResponse *)answer;
    enum status status = intake_rules_check_history_time(request->history, d->now_us, d->error);
    if (status != STATUS_OK) {
        return status;
    }
    uint64_t known = 0;
    if (request->source[0] != '\0') {
        known =
            intake_tables_external_find(d->txn, request->source, request->external_id, d->arena);
    }
    if (known != 0) {
        return answer_known(d, known, response);
    }
    status = intake_decide_within_call(d, request->call_number);
    return status == STATUS_OK ? register_new(d, request, response) : status;
}

/* --- revealing --- */

/* Only what can be opened becomes an event: looking in vain reveals nothing. */
static enum status check_revealable(struct decide *d, uint64_t number)
{
    struct intake_case found;
    struct citizen_key key;
    if (!intake_tables_case_find(d->txn, number, d->arena, &found)) {
        return decide_refuse(d, STATUS_NOT_FOUND, "code", "no request has this code");
    }
    uint64_t citizen = intake_tables_words_citizen(d->txn, &found, d->arena);
    if (citizen == 0) {
        return decide_refuse(d, STATUS_NOT_FOUND, NULL, "the request holds no personal data");
    }
    if (!keyring_get(d->keyring, d->txn, citizen, &key)) {
        return decide_refuse(d, STATUS_NOT_FOUND, NULL, "the citizen's data has been forgotten");
    }
    explicit_bzero(&key, sizeof(key));
    return STATUS_OK;
}

/* The answer stays empty: what is personal is added to it after the commit, and kept nowhere. */
enum status intake_decide_reveal(struct decide *d, const ProtobufCMessage *message,
                                 ProtobufCMessage *answer)
{
    const Intake__RevealCaseRequest *request = (const Intake__RevealCaseRequest *)message;
    uint64_t number;
    (void)answer;
    enum status status = intake_tables_code_number(d->txn, request->code, &number, d->error);
    if (status == STATUS_OK) {
        status = check_revealable(d, number);
    }
    if (status != STATUS_OK) {
        return status;
    }
    Intake__Event *event = arena_alloc(d->arena, sizeof(*event));
    Intake__CaseRevealed *revealed = arena_alloc(d->arena, sizeof(*revealed));
    if (event == NULL || revealed == NULL) {
        return refuse_memory(d);
    }
    intake__case_revealed__init(revealed);
    revealed->number = number;
    revealed->purpose = request->purpose;
    intake__event__init(event);
    event->kind_case = INTAKE__EVENT__KIND_CASE_REVEALED;
    event->case_revealed = revealed;
    return decide_emit(d, &event->base, NULL);
}
