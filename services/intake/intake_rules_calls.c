/* The rules of calls: what may be told of them, how they end, and what a caller's card counts. */
#include "services/intake/intake_calls.h"
#include "services/intake/intake_rules.h"

#include "base/clock.h"
#include "text/phone.h"
#include "text/utf8.h"

#include <string.h>

void intake_rules_caller_phone(const struct city *city, const char *given, char *ret_e164)
{
    char e164[PHONE_E164_SIZE];
    bool is_read =
        given[0] != '\0' && phone_normalise(city_phone_plan(city), given, e164, NULL) == STATUS_OK;
    memcpy(ret_e164, is_read ? e164 : "", is_read ? strlen(e164) + 1 : 1);
}

/* --- what may be told of a call --- */

static enum status check_caller(const char *phone, Common__Channel channel,
                                const char *operator_name, struct error *err)
{
    enum status status = text_check(phone, INTAKE_CALL_PHONE_MAX, "phone", err);
    if (status == STATUS_OK) {
        status = text_check(operator_name, INTAKE_OPERATOR_MAX, "operator_name", err);
    }
    if (status == STATUS_OK && channel == COMMON__CHANNEL__CHANNEL_UNSPECIFIED) {
        status = error_set(err, STATUS_INVALID_ARGUMENT, "channel", "must be given");
    }
    if (status == STATUS_OK && (channel == COMMON__CHANNEL__CHANNEL_IMPORT ||
                                protobuf_c_enum_descriptor_get_value(&common__channel__descriptor,
                                                                     (int)channel) == NULL)) {
        status = error_set(err, STATUS_INVALID_ARGUMENT, "channel", "%d is no way to call",
                           (int)channel);
    }
    return status;
}

static enum status check_topic_of(const struct city *city, Intake__CallResult result,
                                  const char *topic, struct error *err)
{
    if (topic[0] == '\0') {
        return STATUS_OK;
    }
    if (result != INTAKE__CALL_RESULT__CALL_RESULT_INFORMED &&
        result != INTAKE__CALL_RESULT__CALL_RESULT_REFERRED) {
        return error_set(err, STATUS_INVALID_ARGUMENT, "topic",
                         "goes with INFORMED and REFERRED only: a request has its own");
    }
    enum status status = text_check_key(topic, CITY_KEY_SIZE_MAX, "topic", err);
    if (status == STATUS_OK && city_topic(city, topic) == NULL) {
        status =
            error_set(err, STATUS_NOT_FOUND, "topic", "the city pack lists no topic %s", topic);
    }
    return status;
}

static enum status check_unit_of(Intake__CallResult result, const char *unit, struct error *err)
{
    if (result != INTAKE__CALL_RESULT__CALL_RESULT_REFERRED) {
        return unit[0] == '\0'
                   ? STATUS_OK
                   : error_set(err, STATUS_INVALID_ARGUMENT, "unit", "goes with REFERRED only");
    }
    if (unit[0] == '\0') {
        return error_set(err, STATUS_INVALID_ARGUMENT, "unit",
                         "say to which unit or body the caller was referred");
    }
    return text_check_key(unit, CITY_KEY_SIZE_MAX, "unit", err);
}

static enum status check_result(const struct city *city, Intake__CallResult result,
                                const char *topic, const char *unit, struct error *err)
{
    if (protobuf_c_enum_descriptor_get_value(&intake__call_result__descriptor, (int)result) ==
        NULL) {
        return error_set(err, STATUS_INVALID_ARGUMENT, "result", "%d is no end of a call",
                         (int)result);
    }
    if (result == INTAKE__CALL_RESULT__CALL_RESULT_LEFT_OPEN) {
        return error_set(err, STATUS_INVALID_ARGUMENT, "result",
                         "LEFT_OPEN is what becomes of calls that nobody ends");
    }
    enum status status = check_topic_of(city, result, topic, err);
    return status == STATUS_OK ? check_unit_of(result, unit, err) : status;
}

enum status intake_rules_check_open(const Intake__OpenCallRequest *request, struct error *err)
{
    return check_caller(request->phone, request->channel, request->operator_name, err);
}

static enum status check_number(uint64_t call_number, struct error *err)
{
    return call_number != 0 ? STATUS_OK
                            : error_set(err, STATUS_INVALID_ARGUMENT, "call_number",
                                        "must be given: it is OpenCall's answer");
}

enum status intake_rules_check_end(const struct city *city, const Intake__EndCallRequest *request,
                                   struct error *err)
{
    enum status status = check_number(request->call_number, err);
    return status == STATUS_OK
               ? check_result(city, request->result, request->topic, request->unit, err)
               : status;
}

enum status intake_rules_check_record(const struct city *city,
                                      const Intake__RecordCallRequest *request, struct error *err)
{
    enum status status =
        check_caller(request->phone, request->channel, request->operator_name, err);
    if (status != STATUS_OK) {
        return status;
    }
    switch (request->result) {
    case INTAKE__CALL_RESULT__CALL_RESULT_UNSPECIFIED:
        return error_set(err, STATUS_INVALID_ARGUMENT, "result", "must be given");
    case INTAKE__CALL_RESULT__CALL_RESULT_REGISTERED:
    case INTAKE__CALL_RESULT__CALL_RESULT_CHASED:
        return error_set(err, STATUS_INVALID_ARGUMENT, "result",
                         "nothing was done in a call that is over: open one for that");
    case INTAKE__CALL_RESULT__CALL_RESULT_ABANDONED:
        if (request->answered_at_us != 0) {
            return error_set(err, STATUS_INVALID_ARGUMENT, "answered_at_us",
                             "an abandoned call was not answered");
        }
        break;
    default: break;
    }
    return check_result(city, request->result, request->topic, request->unit, err);
}

enum status intake_rules_check_chase(const Intake__ChaseCaseRequest *request, struct error *err)
{
    return text_check(request->note, INTAKE_CHASE_NOTE_MAX, "note", err);
}

enum status intake_rules_check_call_times(int64_t queued_at_us, int64_t answered_at_us,
                                          int64_t ended_at_us, int64_t now_us, struct error *err)
{
    const struct {
        int64_t at_us;
        const char *field;
    } times[] = {
        {queued_at_us, "queued_at_us"},
        {answered_at_us, "answered_at_us"},
        {ended_at_us, "ended_at_us"},
    };
    int64_t before_us = now_us - INTAKE_CALL_AGE_US_MAX;
    for (size_t i = 0; i < sizeof(times) / sizeof(times[0]); i++) {
        if (times[i].at_us == 0) {
            continue;
        }
        if (times[i].at_us < before_us || times[i].at_us > now_us) {
            return error_set(err, STATUS_INVALID_ARGUMENT, times[i].field,
                             "must be within the last day, not later than now, and not before what "
                             "came before it");
        }
        before_us = times[i].at_us;
    }
    return STATUS_OK;
}

/* --- how it ends --- */

enum status intake_rules_call_result(Intake__CallResult asked, size_t registered, size_t chased,
                                     Intake__CallResult *ret_result, struct error *err)
{
    static const char field[] = "result";
    Intake__CallResult done = registered > 0 ? INTAKE__CALL_RESULT__CALL_RESULT_REGISTERED
                              : chased > 0   ? INTAKE__CALL_RESULT__CALL_RESULT_CHASED
                                             : INTAKE__CALL_RESULT__CALL_RESULT_UNSPECIFIED;
    if (asked == INTAKE__CALL_RESULT__CALL_RESULT_UNSPECIFIED) {
        if (done == INTAKE__CALL_RESULT__CALL_RESULT_UNSPECIFIED) {
            return error_set(err, STATUS_FAILED_PRECONDITION, field,
                             "nothing was registered or chased in this call: say how it ended");
        }
        *ret_result = done;
        return STATUS_OK;
    }
    if ((asked == INTAKE__CALL_RESULT__CALL_RESULT_REGISTERED && registered == 0) ||
        (asked == INTAKE__CALL_RESULT__CALL_RESULT_CHASED && chased == 0)) {
        return error_set(err, STATUS_FAILED_PRECONDITION, field,
                         "nothing was %s in this call: give its number when you do",
                         registered == 0 && asked == INTAKE__CALL_RESULT__CALL_RESULT_REGISTERED
                             ? "registered"
                             : "chased");
    }
    if (registered > 0 && asked != INTAKE__CALL_RESULT__CALL_RESULT_REGISTERED) {
        return error_set(err, STATUS_FAILED_PRECONDITION, field,
                         "a request was registered in this call: it ends as that");
    }
    *ret_result = asked;
    return STATUS_OK;
}

/* --- the card --- */

/* Whether the citizen still waits for something, be it only for the call-back. */
static bool still_waits(Intake__CaseState state)
{
    switch (state) {
    case INTAKE__CASE_STATE__CASE_STATE_CONFIRMED:
    case INTAKE__CASE_STATE__CASE_STATE_CLOSED_UNCONFIRMED:
    case INTAKE__CASE_STATE__CASE_STATE_WITHDRAWN:
    case INTAKE__CASE_STATE__CASE_STATE_REFERRED: return false;
    default: return true;
    }
}

static const char *area_of(const Intake__Case *one)
{
    return one->place == NULL ? "" : one->place->area;
}

static bool is_same_matter(const Intake__Case *a, const Intake__Case *b)
{
    return still_waits(a->state) && still_waits(b->state) && strcmp(a->topic, b->topic) == 0 &&
           strcmp(area_of(a), area_of(b)) == 0;
}

uint32_t intake_rules_times_called(Intake__CardCase *const *cases, size_t count, size_t index)
{
    uint32_t times = 0;
    for (size_t i = 0; i < count; i++) {
        if (is_same_matter(cases[i]->case_data, cases[index]->case_data)) {
            times += 1 + cases[i]->case_data->chases;
        }
    }
    return times;
}
