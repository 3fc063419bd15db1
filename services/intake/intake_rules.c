/* The rules of registering, and of telling where a request stands. */
#include "services/intake/intake_rules.h"

#include "services/intake/intake_amend.h"
#include "text/fold.h"
#include "text/utf8.h"

#include <string.h>

/* --- what a request may contain --- */

/* protobuf-c hands over numbers that the enum does not name. */
static enum status check_enum(const ProtobufCEnumDescriptor *type, int value, bool required,
                              const char *field, struct error *err)
{
    if (value == 0 && required) {
        return error_set(err, STATUS_INVALID_ARGUMENT, field, "must be given");
    }
    if (protobuf_c_enum_descriptor_get_value(type, value) == NULL) {
        return error_set(err, STATUS_INVALID_ARGUMENT, field, "%d is not a %s", value,
                         type->short_name);
    }
    return STATUS_OK;
}

/* A key that may be missing. */
static enum status check_optional_key(const char *text, size_t size_max, const char *field,
                                      struct error *err)
{
    return text[0] == '\0' ? STATUS_OK : text_check_key(text, size_max, field, err);
}

static enum status check_channel(Common__Channel channel, bool is_history, struct error *err)
{
    enum status status =
        check_enum(&common__channel__descriptor, (int)channel, true, "channel", err);
    if (status == STATUS_OK && channel == COMMON__CHANNEL__CHANNEL_IMPORT && !is_history) {
        return error_set(err, STATUS_INVALID_ARGUMENT, "channel",
                         "the channel import is for histories: a new request came through another");
    }
    return status;
}

static enum status check_citizen(const struct city *city, const Intake__Citizen *citizen,
                                 struct error *err)
{
    char e164[PHONE_E164_SIZE];
    if (citizen == NULL) {
        return STATUS_OK;
    }
    enum status status = text_check(citizen->name, INTAKE_NAME_MAX, "citizen.name", err);
    if (status == STATUS_OK && citizen->phone[0] != '\0') {
        status = phone_normalise(city_phone_plan(city), citizen->phone, e164, err);
    }
    return status;
}

enum status intake_rules_check_topic(const struct city *city, const char *topic, bool is_history,
                                     struct error *err)
{
    enum status status = text_check_key(topic, CITY_KEY_SIZE_MAX, "topic", err);
    if (status == STATUS_OK && !is_history && city_topic(city, topic) == NULL) {
        return error_set(err, STATUS_NOT_FOUND, "topic", "the city pack lists no topic %s", topic);
    }
    return status;
}

static enum status check_area(const struct city *city, const char *area, bool is_history,
                              struct error *err)
{
    enum status status = check_optional_key(area, CITY_KEY_SIZE_MAX, "area", err);
    if (status == STATUS_OK && area[0] != '\0' && !is_history && city_area(city, area) == NULL) {
        return error_set(err, STATUS_NOT_FOUND, "area", "the city pack lists no area %s", area);
    }
    return status;
}

/* Written so that NaN, which is neither above nor below anything, is refused. */
static enum status check_degrees(double value, double limit, const char *field, struct error *err)
{
    if (value >= -limit && value <= limit) {
        return STATUS_OK;
    }
    return error_set(err, STATUS_INVALID_ARGUMENT, field, "must be between -%.0f and %.0f degrees",
                     limit, limit);
}

static enum status check_point(const Common__GeoPoint *point, struct error *err)
{
    if (point == NULL) {
        return STATUS_OK;
    }
    enum status status = check_degrees(point->latitude, 90, "latitude", err);
    return status == STATUS_OK ? check_degrees(point->longitude, 180, "longitude", err) : status;
}

static enum status check_place_texts(const Common__Place *place, struct error *err)
{
    const struct {
        const char *text;
        size_t characters_max;
        const char *field;
    } parts[] = {
        {place->neighbourhood, INTAKE_NEIGHBOURHOOD_MAX, "neighbourhood"},
        {place->street, INTAKE_STREET_MAX, "street"},
        {place->landmark, INTAKE_LANDMARK_MAX, "landmark"},
        {place->thing, INTAKE_THING_MAX, "thing"},
        {place->line, INTAKE_LINE_MAX, "line"},
        {place->direction, INTAKE_THING_MAX, "direction"},
        {place->stop, INTAKE_THING_MAX, "stop"},
        {place->pole, INTAKE_LINE_MAX, "pole"},
        {place->vehicle, INTAKE_LINE_MAX, "vehicle"},
    };
    for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
        enum status status =
            text_check(parts[i].text, parts[i].characters_max, parts[i].field, err);
        if (status != STATUS_OK) {
            return status;
        }
    }
    return STATUS_OK;
}

enum status intake_rules_check_place(const struct city *city, const Common__Place *place,
                                     bool is_history, struct error *err)
{
    if (place == NULL) {
        return STATUS_OK;
    }
    enum status status = check_point(place->point, err);
    if (status == STATUS_OK) {
        status = check_area(city, place->area, is_history, err);
    }
    return status == STATUS_OK ? check_place_texts(place, err) : status;
}

/* Half a name would be unique with nothing, or with everything. */
static enum status check_external(const char *source, const char *external_id, struct error *err)
{
    if (source[0] == '\0' && external_id[0] != '\0') {
        return error_set(err, STATUS_INVALID_ARGUMENT, "source", "must be given with external_id");
    }
    if (source[0] != '\0' && external_id[0] == '\0') {
        return error_set(err, STATUS_INVALID_ARGUMENT, "external_id", "must be given with source");
    }
    enum status status = check_optional_key(source, INTAKE_EXTERNAL_BYTES_MAX, "source", err);
    return status == STATUS_OK
               ? check_optional_key(external_id, INTAKE_EXTERNAL_BYTES_MAX, "external_id", err)
               : status;
}

static enum status check_history(const Intake__History *history, bool may_import,
                                 uint64_t call_number, struct error *err)
{
    if (history == NULL) {
        return STATUS_OK;
    }
    if (!may_import) {
        return error_set(err, STATUS_PERMISSION_DENIED, "history",
                         "only the import role may register a city's past");
    }
    if (call_number != 0) {
        return error_set(err, STATUS_INVALID_ARGUMENT, "call_number",
                         "a history was not registered in a call of today");
    }
    if (history->occurred_at_us < 0) {
        return error_set(err, STATUS_INVALID_ARGUMENT, "occurred_at_us", "must not be before 1970");
    }
    if (history->due_at_us < 0 || history->due_at_us > INTAKE_DUE_US_MAX) {
        return error_set(err, STATUS_INVALID_ARGUMENT, "due_at_us",
                         "must be between the years 1970 and 9999");
    }
    return check_optional_key(history->unit, CITY_KEY_SIZE_MAX, "unit", err);
}

enum status intake_rules_check_registration(const struct city *city, bool may_import,
                                            const Intake__RegisterCaseRequest *request,
                                            struct error *err)
{
    bool is_history = request->history != NULL;
    enum status status = check_history(request->history, may_import, request->call_number, err);
    if (status == STATUS_OK && is_history && request->join[0] != '\0') {
        status = error_set(err, STATUS_INVALID_ARGUMENT, "join",
                           "a request of the city's past is registered on its own");
    }
    if (status == STATUS_OK) {
        status = check_channel(request->channel, is_history, err);
    }
    if (status == STATUS_OK) {
        status = check_citizen(city, request->citizen, err);
    }
    if (status == STATUS_OK) {
        status = intake_rules_check_topic(city, request->topic, is_history, err);
    }
    if (status == STATUS_OK) {
        status = intake_rules_check_place(city, request->place, is_history, err);
    }
    if (status == STATUS_OK) {
        status = text_check(request->words, INTAKE_WORDS_MAX, "words", err);
    }
    if (status == STATUS_OK) {
        status =
            check_enum(&common__urgency__descriptor, (int)request->urgency, false, "urgency", err);
    }
    if (status == STATUS_OK) {
        status = check_external(request->source, request->external_id, err);
    }
    if (status == STATUS_OK) {
        status = intake_rules_check_answers(
            city, request->topic,
            &(struct intake_answers){.count = request->n_answers, .answers = request->answers},
            err);
    }
    return status;
}

enum status intake_rules_check_amendment(const struct city *city,
                                         const Intake__AmendCaseRequest *request, struct error *err)
{
    enum status status = text_require(request->reason, INTAKE_REASON_MAX, "reason", err);
    if (status == STATUS_OK && request->topic[0] == '\0' && request->place == NULL &&
        request->n_answers == 0 && request->urgency == COMMON__URGENCY__URGENCY_UNSPECIFIED) {
        status = error_set(err, STATUS_INVALID_ARGUMENT, NULL,
                           "give what is amended: a topic, a place, an urgency or answers");
    }
    if (status == STATUS_OK && request->topic[0] != '\0') {
        status = intake_rules_check_topic(city, request->topic, false, err);
    }
    if (status == STATUS_OK) {
        status = intake_rules_check_place(city, request->place, false, err);
    }
    if (status == STATUS_OK) {
        status =
            check_enum(&common__urgency__descriptor, (int)request->urgency, false, "urgency", err);
    }
    return status;
}

enum status intake_rules_phone_digits(const char *text,
                                      char ret_digits[INTAKE_LOOKUP_MORE_DIGITS + 1],
                                      struct error *err)
{
    struct buffer folded = BUFFER_EMPTY;
    enum status status = text_fold_digits(text, &folded, err);
    const char *digits = status == STATUS_OK ? buffer_text(&folded) : "";
    size_t size = strlen(digits);
    if ((size != INTAKE_LOOKUP_DIGITS && size != INTAKE_LOOKUP_MORE_DIGITS) ||
        strspn(digits, "0123456789") != size) {
        status = error_set(err, STATUS_INVALID_ARGUMENT, "phone_digits",
                           "the last %d digits of the phone number, or the last %d",
                           INTAKE_LOOKUP_DIGITS, INTAKE_LOOKUP_MORE_DIGITS);
    } else {
        memcpy(ret_digits, digits, size + 1);
    }
    buffer_fini(&folded);
    return status;
}

enum status intake_rules_check_history_time(const Intake__History *history, int64_t now_us,
                                            struct error *err)
{
    if (history != NULL && history->occurred_at_us > now_us) {
        return error_set(err, STATUS_INVALID_ARGUMENT, "occurred_at_us",
                         "a history cannot be later than now");
    }
    return STATUS_OK;
}

bool intake_rules_is_personal(const Intake__RegisterCaseRequest *request)
{
    const Intake__Citizen *citizen = request->citizen;
    return request->words[0] != '\0' ||
           (citizen != NULL && (citizen->name[0] != '\0' || citizen->phone[0] != '\0'));
}

Common__Urgency intake_rules_urgency(const struct city_topic *topic, Common__Urgency asked)
{
    bool always = topic != NULL && topic->urgent;
    return always || asked == COMMON__URGENCY__URGENCY_URGENT ? COMMON__URGENCY__URGENCY_URGENT
                                                              : COMMON__URGENCY__URGENCY_NORMAL;
}

enum status intake_rules_page_size(uint32_t asked, uint32_t *ret_size, struct error *err)
{
    if (asked > INTAKE_PAGE_SIZE_MAX) {
        return error_set(err, STATUS_INVALID_ARGUMENT, "page_size", "must be at most %d",
                         INTAKE_PAGE_SIZE_MAX);
    }
    *ret_size = asked == 0 ? INTAKE_PAGE_SIZE_DEFAULT : asked;
    return STATUS_OK;
}

/* --- the story of a request --- */

Intake__CitizenVerdict intake_rules_verdict(Followup__Resolution resolution)
{
    switch (resolution) {
    case FOLLOWUP__RESOLUTION__RESOLUTION_RESOLVED:
        return INTAKE__CITIZEN_VERDICT__CITIZEN_VERDICT_DONE;
    case FOLLOWUP__RESOLUTION__RESOLUTION_PARTLY:
        return INTAKE__CITIZEN_VERDICT__CITIZEN_VERDICT_PARTLY_DONE;
    case FOLLOWUP__RESOLUTION__RESOLUTION_UNRESOLVED:
        return INTAKE__CITIZEN_VERDICT__CITIZEN_VERDICT_NOT_DONE;
    default: return INTAKE__CITIZEN_VERDICT__CITIZEN_VERDICT_UNSPECIFIED;
    }
}

const char *intake_rules_outcome_note(Followup__CallOutcome outcome)
{
    switch (outcome) {
    case FOLLOWUP__CALL_OUTCOME__CALL_OUTCOME_ANSWERED: return "answered";
    case FOLLOWUP__CALL_OUTCOME__CALL_OUTCOME_NO_ANSWER: return "no answer";
    case FOLLOWUP__CALL_OUTCOME__CALL_OUTCOME_BUSY: return "busy";
    case FOLLOWUP__CALL_OUTCOME__CALL_OUTCOME_WRONG_NUMBER: return "wrong number";
    case FOLLOWUP__CALL_OUTCOME__CALL_OUTCOME_REFUSED: return "refused";
    case FOLLOWUP__CALL_OUTCOME__CALL_OUTCOME_FORGOTTEN: return "forgotten";
    default: return "";
    }
}

int intake_rules_compare(const Intake__TimelineEntry *a, const Intake__TimelineEntry *b)
{
    if (a->at_us != b->at_us) {
        return a->at_us < b->at_us ? -1 : 1;
    }
    if (a->service != b->service) {
        return a->service < b->service ? -1 : 1;
    }
    if (a->offset != b->offset) {
        return a->offset < b->offset ? -1 : 1;
    }
    /* A registration, and that there was a storm; a joining, and how the task stood by then. */
    return a->kind == b->kind ? 0 : a->kind < b->kind ? -1 : 1;
}

static Intake__CaseState state_of_verdict(Intake__CitizenVerdict verdict)
{
    switch (verdict) {
    case INTAKE__CITIZEN_VERDICT__CITIZEN_VERDICT_DONE:
        return INTAKE__CASE_STATE__CASE_STATE_CONFIRMED;
    case INTAKE__CITIZEN_VERDICT__CITIZEN_VERDICT_PARTLY_DONE:
    case INTAKE__CITIZEN_VERDICT__CITIZEN_VERDICT_NOT_DONE:
        return INTAKE__CASE_STATE__CASE_STATE_DISPUTED;
    default: return INTAKE__CASE_STATE__CASE_STATE_CLOSED_UNCONFIRMED;
    }
}

/* Acceptance and reports never lead back: of a history they may be dated after the end. */
static Intake__CaseState state_begun(Intake__CaseState state)
{
    return state == INTAKE__CASE_STATE__CASE_STATE_REGISTERED
               ? INTAKE__CASE_STATE__CASE_STATE_IN_WORK
               : state;
}

/* A call about what has been reopened or withdrawn meanwhile came too late to say where it stands. */
static Intake__CaseState state_called(Intake__CaseState state, Intake__CaseState by_call)
{
    return state == INTAKE__CASE_STATE__CASE_STATE_REOPENED ||
                   state == INTAKE__CASE_STATE__CASE_STATE_WITHDRAWN
               ? state
               : by_call;
}

/* What was reopened stays so, whoever has it, until it is finished again. */
static Intake__CaseState state_handed_on(Intake__CaseState state)
{
    return state == INTAKE__CASE_STATE__CASE_STATE_REOPENED
               ? state
               : INTAKE__CASE_STATE__CASE_STATE_IN_WORK;
}

static Intake__CaseState state_after(Intake__CaseState state, const Intake__TimelineEntry *entry,
                                     bool to_be_called)
{
    if (state == INTAKE__CASE_STATE__CASE_STATE_WITHDRAWN &&
        entry->kind != INTAKE__TIMELINE_KIND__TIMELINE_KIND_REOPENED) {
        return state; /* what an office did in the meantime does not bring it back */
    }
    switch (entry->kind) {
    case INTAKE__TIMELINE_KIND__TIMELINE_KIND_SPLIT: /* what befell the other one's task is over */
        return INTAKE__CASE_STATE__CASE_STATE_IN_WORK;
    case INTAKE__TIMELINE_KIND__TIMELINE_KIND_JOINED:
    case INTAKE__TIMELINE_KIND__TIMELINE_KIND_ROUTED:
    case INTAKE__TIMELINE_KIND__TIMELINE_KIND_ACCEPTED:
    case INTAKE__TIMELINE_KIND__TIMELINE_KIND_REPORTED:
    case INTAKE__TIMELINE_KIND__TIMELINE_KIND_OVERDUE:
    case INTAKE__TIMELINE_KIND__TIMELINE_KIND_SEEN:
    case INTAKE__TIMELINE_KIND__TIMELINE_KIND_PLANNED:
    case INTAKE__TIMELINE_KIND__TIMELINE_KIND_STARTED:
    case INTAKE__TIMELINE_KIND__TIMELINE_KIND_PAUSED:
    case INTAKE__TIMELINE_KIND__TIMELINE_KIND_RESUMED: return state_begun(state);
    case INTAKE__TIMELINE_KIND__TIMELINE_KIND_RETURNED:
    case INTAKE__TIMELINE_KIND__TIMELINE_KIND_MOVED: return state_handed_on(state);
    case INTAKE__TIMELINE_KIND__TIMELINE_KIND_REOPENED:
        return INTAKE__CASE_STATE__CASE_STATE_REOPENED;
    case INTAKE__TIMELINE_KIND__TIMELINE_KIND_CANCELLED:
        return INTAKE__CASE_STATE__CASE_STATE_WITHDRAWN;
    case INTAKE__TIMELINE_KIND__TIMELINE_KIND_REFERRED:
        return INTAKE__CASE_STATE__CASE_STATE_REFERRED;
    case INTAKE__TIMELINE_KIND__TIMELINE_KIND_CLOSED_UNDONE:
    case INTAKE__TIMELINE_KIND__TIMELINE_KIND_DONE:
        return to_be_called ? INTAKE__CASE_STATE__CASE_STATE_AWAITING_WORD
                            : INTAKE__CASE_STATE__CASE_STATE_CLOSED_UNCONFIRMED;
    case INTAKE__TIMELINE_KIND__TIMELINE_KIND_CALL_SCHEDULED:
        return state_called(state, INTAKE__CASE_STATE__CASE_STATE_AWAITING_WORD);
    case INTAKE__TIMELINE_KIND__TIMELINE_KIND_CALL_COMPLETED:
    case INTAKE__TIMELINE_KIND__TIMELINE_KIND_FEEDBACK_RECORDED:
        return state_called(state, state_of_verdict(entry->verdict));
    default: return state;
    }
}

/* What the citizen took back, or has no share in any more, comes back for nobody. */
static bool is_taken_back(const Intake__TimelineEntry *entry)
{
    return entry->kind == INTAKE__TIMELINE_KIND__TIMELINE_KIND_LEFT ||
           entry->kind == INTAKE__TIMELINE_KIND__TIMELINE_KIND_WITHDRAWN;
}

Intake__CaseState intake_rules_state(Intake__TimelineEntry *const *entries, size_t count,
                                     bool to_be_called)
{
    Intake__CaseState state = INTAKE__CASE_STATE__CASE_STATE_REGISTERED;
    for (size_t i = 0; i < count; i++) {
        if (is_taken_back(entries[i])) {
            return INTAKE__CASE_STATE__CASE_STATE_WITHDRAWN;
        }
        state = state_after(state, entries[i], to_be_called);
    }
    return state;
}

Intake__CaseState intake_rules_work_state(Intake__TimelineEntry *const *entries, size_t count)
{
    Intake__CaseState state = INTAKE__CASE_STATE__CASE_STATE_REGISTERED;
    for (size_t i = 0; i < count; i++) {
        if (!is_taken_back(entries[i])) {
            state = state_after(state, entries[i], true);
        }
    }
    return state;
}

const char *intake_rules_unit(Intake__TimelineEntry *const *entries, size_t count)
{
    for (size_t i = count; i > 0; i--) {
        const Intake__TimelineEntry *entry = entries[i - 1];
        bool helps = entry->kind == INTAKE__TIMELINE_KIND__TIMELINE_KIND_HELPER ||
                     entry->kind == INTAKE__TIMELINE_KIND__TIMELINE_KIND_HELP_ENDED;
        if (entry->service == COMMON__SERVICE_ID__SERVICE_ID_ROUTING && entry->unit[0] != '\0' &&
            !helps) {
            return entry->unit;
        }
    }
    return "";
}

bool intake_rules_ends_plan(Intake__TimelineKind kind)
{
    switch (kind) {
    case INTAKE__TIMELINE_KIND__TIMELINE_KIND_RETURNED:
    case INTAKE__TIMELINE_KIND__TIMELINE_KIND_MOVED:
    case INTAKE__TIMELINE_KIND__TIMELINE_KIND_JOINED:
    case INTAKE__TIMELINE_KIND__TIMELINE_KIND_SPLIT:
    case INTAKE__TIMELINE_KIND__TIMELINE_KIND_LEFT:
    case INTAKE__TIMELINE_KIND__TIMELINE_KIND_WITHDRAWN:
    case INTAKE__TIMELINE_KIND__TIMELINE_KIND_CANCELLED:
    case INTAKE__TIMELINE_KIND__TIMELINE_KIND_REFERRED:
    case INTAKE__TIMELINE_KIND__TIMELINE_KIND_CLOSED_UNDONE:
    case INTAKE__TIMELINE_KIND__TIMELINE_KIND_DONE: return true;
    default: return false;
    }
}

int64_t intake_rules_planned_for(Intake__TimelineEntry *const *entries, size_t count)
{
    int64_t planned_us = 0;
    for (size_t i = 0; i < count; i++) {
        if (entries[i]->kind == INTAKE__TIMELINE_KIND__TIMELINE_KIND_PLANNED) {
            planned_us = entries[i]->until_us;
        } else if (intake_rules_ends_plan(entries[i]->kind)) {
            planned_us = 0;
        }
    }
    return planned_us;
}

bool intake_rules_is_open(Intake__CaseState state)
{
    return state == INTAKE__CASE_STATE__CASE_STATE_REGISTERED ||
           state == INTAKE__CASE_STATE__CASE_STATE_IN_WORK ||
           state == INTAKE__CASE_STATE__CASE_STATE_REOPENED;
}

bool intake_rules_is_of_task(Intake__TimelineKind kind)
{
    switch (kind) {
    case INTAKE__TIMELINE_KIND__TIMELINE_KIND_ACCEPTED:
    case INTAKE__TIMELINE_KIND__TIMELINE_KIND_REPORTED:
    case INTAKE__TIMELINE_KIND__TIMELINE_KIND_RETURNED:
    case INTAKE__TIMELINE_KIND__TIMELINE_KIND_DONE:
    case INTAKE__TIMELINE_KIND__TIMELINE_KIND_OVERDUE:
    case INTAKE__TIMELINE_KIND__TIMELINE_KIND_SEEN:
    case INTAKE__TIMELINE_KIND__TIMELINE_KIND_PLANNED:
    case INTAKE__TIMELINE_KIND__TIMELINE_KIND_STARTED:
    case INTAKE__TIMELINE_KIND__TIMELINE_KIND_PAUSED:
    case INTAKE__TIMELINE_KIND__TIMELINE_KIND_RESUMED:
    case INTAKE__TIMELINE_KIND__TIMELINE_KIND_CLOSED_UNDONE:
    case INTAKE__TIMELINE_KIND__TIMELINE_KIND_MOVED:
    case INTAKE__TIMELINE_KIND__TIMELINE_KIND_REOPENED:
    case INTAKE__TIMELINE_KIND__TIMELINE_KIND_CANCELLED:
    case INTAKE__TIMELINE_KIND__TIMELINE_KIND_HELPER:
    case INTAKE__TIMELINE_KIND__TIMELINE_KIND_HELP_ENDED:
    case INTAKE__TIMELINE_KIND__TIMELINE_KIND_WARNED:
    case INTAKE__TIMELINE_KIND__TIMELINE_KIND_ESCALATED:
    case INTAKE__TIMELINE_KIND__TIMELINE_KIND_RESPONSE_OVERDUE:
    case INTAKE__TIMELINE_KIND__TIMELINE_KIND_DUE_MOVED:
    case INTAKE__TIMELINE_KIND__TIMELINE_KIND_STORM_DUE_MOVED:
    case INTAKE__TIMELINE_KIND__TIMELINE_KIND_ALARMED:
    case INTAKE__TIMELINE_KIND__TIMELINE_KIND_UNACKNOWLEDGED:
    case INTAKE__TIMELINE_KIND__TIMELINE_KIND_ALARM_GIVEN:
    case INTAKE__TIMELINE_KIND__TIMELINE_KIND_CALMED: return true;
    default: return false;
    }
}

bool intake_rules_gives_due(Intake__TimelineKind kind)
{
    return kind == INTAKE__TIMELINE_KIND__TIMELINE_KIND_ROUTED ||
           kind == INTAKE__TIMELINE_KIND__TIMELINE_KIND_JOINED ||
           kind == INTAKE__TIMELINE_KIND__TIMELINE_KIND_DUE_MOVED ||
           kind == INTAKE__TIMELINE_KIND__TIMELINE_KIND_STORM_DUE_MOVED;
}
