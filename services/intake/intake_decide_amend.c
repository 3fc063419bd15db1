/* What follows when a request is amended, taken back, or added to. */
#include "services/intake/intake_amend.h"
#include "services/intake/intake_internal.h"
#include "services/intake/intake_rules.h"

#include "service/keyring.h"

#include <string.h>

static enum status refuse_memory(struct decide *d)
{
    return decide_refuse(d, STATUS_RESOURCE_EXHAUSTED, NULL,
                         "the call needs more memory than a call may have");
}

enum status intake_decide_find_live(struct decide *d, const char *code,
                                    struct intake_case *ret_case)
{
    struct intake_case found;
    uint64_t number;
    enum status status = intake_tables_code_number(d->txn, code, &number, d->error);
    if (status != STATUS_OK) {
        return status;
    }
    if (!intake_tables_case_find(d->txn, number, d->arena, &found)) {
        return decide_refuse(d, STATUS_NOT_FOUND, "code", "no request has this code");
    }
    if (found.changes->withdrawn_at_us != 0) {
        return decide_refuse(d, STATUS_FAILED_PRECONDITION, "code",
                             "the citizen has taken this request back: register a new one");
    }
    *ret_case = found;
    return STATUS_OK;
}

/* --- amending --- */

/* The place as it is to be, with the area that was found for it. */
static enum status describe_place(struct decide *d, const Common__Place *asked,
                                  Intake__RequestAmended *amended)
{
    struct intake_located located = intake_rules_locate(d->city, asked);
    Common__Place *place = arena_copy(d->arena, asked, sizeof(*asked));
    if (place == NULL) {
        return refuse_memory(d);
    }
    place->area = (char *)(uintptr_t)located.area;
    amended->place = place;
    amended->place_found = located.found;
    amended->point_area = (char *)(uintptr_t)located.point_area;
    return STATUS_OK;
}

/* Other answers, or those that another topic asks for. */
static enum status keep_answers(struct decide *d, const Intake__AmendCaseRequest *request,
                                Intake__RequestAmended *amended)
{
    const struct intake_answers given = {.count = request->n_answers, .answers = request->answers};
    struct intake_answers answers = {0};
    enum status status = intake_rules_check_answers(d->city, amended->topic, &given, d->error);
    if (status == STATUS_OK) {
        status = intake_rules_check_required(d->city, amended->topic, &given, d->error);
    }
    if (status == STATUS_OK) {
        status = intake_rules_keep_answers(d->city, amended->topic, &given, d->arena, &answers,
                                           d->error);
    }
    amended->n_answers = answers.count;
    amended->answers = answers.answers;
    return status;
}

/* Other answers may tell another place. One that is given stands, as when it is registered. */
static enum status place_answers(struct decide *d, const Intake__RequestRegistered *now,
                                 bool is_given, Intake__RequestAmended *amended)
{
    const struct intake_answers answers = {amended->n_answers, amended->answers};
    const struct intake_answers former = {now->n_answers, now->answers};
    Common__Place *place = arena_alloc(d->arena, sizeof(*place));
    if (place == NULL) {
        return refuse_memory(d);
    }
    if (intake_rules_told_place(amended->place, &answers, is_given ? NULL : &former, place)) {
        amended->place = place;
    }
    return STATUS_OK;
}

/* What is not given stays as it is. */
static enum status describe(struct decide *d, const Intake__AmendCaseRequest *request,
                            const struct intake_case *found, Intake__RequestAmended *amended)
{
    const Intake__RequestRegistered *now = found->registered;
    bool other_topic = request->topic[0] != '\0';
    amended->number = now->number;
    amended->amendments = found->changes->amendments + 1;
    amended->topic = other_topic ? request->topic : now->topic;
    amended->topic_listed = other_topic || now->topic_listed;
    amended->urgency = intake_rules_urgency(
        city_topic(d->city, amended->topic),
        request->urgency != COMMON__URGENCY__URGENCY_UNSPECIFIED ? request->urgency : now->urgency);
    amended->urgent_now = request->urgency == COMMON__URGENCY__URGENCY_URGENT;
    amended->reason = request->reason;
    amended->place = now->place;
    amended->place_found = now->place_found;
    amended->point_area = now->point_area;
    amended->n_answers = now->n_answers;
    amended->answers = now->answers;
    enum status status = STATUS_OK;
    if (other_topic || request->n_answers > 0) {
        status = keep_answers(d, request, amended);
    }
    if (status == STATUS_OK && request->place != NULL) {
        status = describe_place(d, request->place, amended);
    }
    return status == STATUS_OK ? place_answers(d, now, request->place != NULL, amended) : status;
}

enum status intake_decide_amend(struct decide *d, const ProtobufCMessage *message,
                                ProtobufCMessage *answer)
{
    const Intake__AmendCaseRequest *request = (const Intake__AmendCaseRequest *)message;
    struct intake_case found;
    enum status status = intake_decide_find_live(d, request->code, &found);
    if (status == STATUS_OK && found.changes->amendments >= INTAKE_AMENDMENTS_MAX) {
        status = decide_refuse(d, STATUS_RESOURCE_EXHAUSTED, "code",
                               "this request has been amended %d times: register a new one",
                               INTAKE_AMENDMENTS_MAX);
    }
    if (status != STATUS_OK) {
        return status;
    }
    Intake__Event *event = arena_alloc(d->arena, sizeof(*event));
    Intake__RequestAmended *amended = arena_alloc(d->arena, sizeof(*amended));
    if (event == NULL || amended == NULL) {
        return refuse_memory(d);
    }
    intake__request_amended__init(amended);
    status = describe(d, request, &found, amended);
    if (status != STATUS_OK) {
        return status;
    }
    intake__event__init(event);
    event->kind_case = INTAKE__EVENT__KIND_REQUEST_AMENDED;
    event->request_amended = amended;
    Intake__AmendCaseResponse *response = (Intake__AmendCaseResponse *)answer;
    const struct city_topic *topic = city_topic(d->city, amended->topic);
    response->amendments = amended->amendments;
    if (topic != NULL) {
        response->emergency_phone = (char *)(uintptr_t)topic->emergency;
    }
    return decide_emit(d, &event->base, NULL);
}

/* --- taking it back --- */

/* What is finished cannot be taken back: as far as the others have told by now. */
static enum status check_unfinished(struct decide *d, const struct intake_case *found)
{
    struct intake_story story;
    if (!intake_story_read(d->txn, found, d->arena, &story)) {
        enum status status = txn_error(d->txn, d->error);
        return status != STATUS_OK ? status : refuse_memory(d);
    }
    switch (intake_rules_state(story.entries, story.count, found->registered->can_be_called)) {
    case INTAKE__CASE_STATE__CASE_STATE_AWAITING_WORD:
    case INTAKE__CASE_STATE__CASE_STATE_CONFIRMED:
    case INTAKE__CASE_STATE__CASE_STATE_CLOSED_UNCONFIRMED:
    case INTAKE__CASE_STATE__CASE_STATE_WITHDRAWN:
    case INTAKE__CASE_STATE__CASE_STATE_REFERRED:
        return decide_refuse(d, STATUS_FAILED_PRECONDITION, "code",
                             "the unit has finished it: there is nothing to take back");
    default: return STATUS_OK;
    }
}

enum status intake_decide_withdraw(struct decide *d, const ProtobufCMessage *message,
                                   ProtobufCMessage *answer)
{
    const Intake__WithdrawCaseRequest *request = (const Intake__WithdrawCaseRequest *)message;
    struct intake_case found;
    (void)answer;
    enum status status = intake_decide_find_live(d, request->code, &found);
    if (status == STATUS_OK) {
        status = check_unfinished(d, &found);
    }
    if (status != STATUS_OK) {
        return status;
    }
    Intake__Event *event = arena_alloc(d->arena, sizeof(*event));
    Intake__RequestWithdrawn *withdrawn = arena_alloc(d->arena, sizeof(*withdrawn));
    if (event == NULL || withdrawn == NULL) {
        return refuse_memory(d);
    }
    intake__request_withdrawn__init(withdrawn);
    withdrawn->number = found.registered->number;
    withdrawn->reason = request->reason;
    intake__event__init(event);
    event->kind_case = INTAKE__EVENT__KIND_REQUEST_WITHDRAWN;
    event->request_withdrawn = withdrawn;
    return decide_emit(d, &event->base, NULL);
}

/* --- adding words --- */

/* Under the key that seals the request's other words. One that was nobody's becomes somebody's. */
static enum status seal_words(struct decide *d, const struct intake_case *found, char *words,
                              struct event_options *options)
{
    struct citizen_key key;
    uint64_t citizen = intake_tables_words_citizen(d->txn, found, d->arena);
    enum status status = STATUS_OK;
    if (citizen == 0) {
        status = decide_new_citizen(d, keyring_last_citizen(d->txn) + 1, NULL, &key);
    } else if (!keyring_get(d->keyring, d->txn, citizen, &key)) {
        status = decide_refuse(d, STATUS_FAILED_PRECONDITION, "code",
                               "the citizen's data has been forgotten: nothing can be added to it");
    }
    if (status != STATUS_OK) {
        return status;
    }
    Intake__SealedWords plain = INTAKE__SEALED_WORDS__INIT;
    plain.words = words;
    status = decide_seal(d, &key, INTAKE_SEAL_PURPOSE, &plain.base, &options->sealed);
    options->citizen = key.citizen;
    explicit_bzero(&key, sizeof(key));
    return status;
}

enum status intake_decide_add_words(struct decide *d, const ProtobufCMessage *message,
                                    ProtobufCMessage *answer)
{
    const Intake__AddWordsRequest *request = (const Intake__AddWordsRequest *)message;
    struct event_options options = {0};
    struct intake_case found;
    enum status status = intake_decide_find_live(d, request->code, &found);
    if (status == STATUS_OK && found.changes->n_words_offsets >= INTAKE_WORDS_ADDED_MAX) {
        status = decide_refuse(d, STATUS_RESOURCE_EXHAUSTED, "code",
                               "words have been added to this request %d times: register a new one",
                               INTAKE_WORDS_ADDED_MAX);
    }
    if (status == STATUS_OK) {
        status = seal_words(d, &found, request->words, &options);
    }
    if (status != STATUS_OK) {
        return status;
    }
    Intake__Event *event = arena_alloc(d->arena, sizeof(*event));
    Intake__WordsAdded *added = arena_alloc(d->arena, sizeof(*added));
    if (event == NULL || added == NULL) {
        return refuse_memory(d);
    }
    intake__words_added__init(added);
    added->number = found.registered->number;
    added->words_added = (uint32_t)found.changes->n_words_offsets + 1;
    added->citizen = options.citizen;
    intake__event__init(event);
    event->kind_case = INTAKE__EVENT__KIND_WORDS_ADDED;
    event->words_added = added;
    ((Intake__AddWordsResponse *)answer)->words_added = added->words_added;
    return decide_emit(d, &event->base, &options);
}
