/* vafa phone open, end, record, show, vafa chase: the hotline's own calls, from the ring to how they
 * ended, and citizens who ask again. (`vafa call` is about calling them back.) */
#include "base/clock.h"
#include "clients/vafa/choice.h"
#include "clients/vafa/details.h"
#include "clients/vafa/labels.h"
#include "clients/vafa/output.h"
#include "clients/vafa/session.h"
#include "clients/vafa/table.h"

#include "vafa/intake/v1/intake.pb-c.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* What follows from what was done in a call is not said of it. */
static const int unsaid_results[] = {INTAKE__CALL_RESULT__CALL_RESULT_REGISTERED,
                                     INTAKE__CALL_RESULT__CALL_RESULT_CHASED,
                                     INTAKE__CALL_RESULT__CALL_RESULT_LEFT_OPEN, 0};
static const int unsaid_channels[] = {COMMON__CHANNEL__CHANNEL_IMPORT, 0};

/* How a call ended. */
static enum status read_result(struct session *session, int *result, struct error *err)
{
    const char *given = args_text(&session->args, "result");
    enum status status = choice_read(&session->args, "result", &intake__call_result__descriptor,
                                     unsaid_results, result, err);
    if (status != STATUS_OK && (label_enum_value(&intake__call_result__descriptor, given) > 0 ||
                                strcmp(given, "chase") == 0 || strcmp(given, "register") == 0)) {
        return error_set(err, STATUS_INVALID_ARGUMENT, "result",
                         "\"%s\" is not said: a call in which a request was registered or chased "
                         "(--in-call) ends as that by itself, without --result",
                         given);
    }
    if (status != STATUS_OK) {
        return status;
    }
    if (*result == INTAKE__CALL_RESULT__CALL_RESULT_REFERRED && !args_has(&session->args, "to")) {
        return error_set(err, STATUS_INVALID_ARGUMENT, "to",
                         "name the unit or body that the caller was referred to");
    }
    return STATUS_OK;
}

static enum status read_call_number(struct session *session, uint64_t *ret_number,
                                    struct error *err)
{
    return args_read_number(session->args.arguments[0], "call", 1, UINT64_MAX, ret_number, err);
}

/* --- a call --- */

static void print_codes(struct session *session, struct table *table, const char *name,
                        char *const *codes, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        details_text(session, table, name, codes[i]);
    }
}

static void print_call(struct session *session, const Intake__Call *call)
{
    const char *language = session_language(session);
    struct table *table = table_new(2);
    char text[32];
    snprintf(text, sizeof(text), "%" PRIu64, call->number);
    details_text(session, table, "call", text);
    details_text(session, table, "channel",
                 label_enum(&common__channel__descriptor, (int)call->channel, language));
    details_text(session, table, "operator", call->operator_name);
    details_time(session, table, "queued", call->queued_at_us);
    details_time(session, table, "answered_at", call->answered_at_us);
    details_time(session, table, "opened", call->opened_at_us);
    details_time(session, table, "ended", call->ended_at_us);
    details_text(session, table, "result",
                 call->ended_at_us == 0
                     ? session_word(session, "goes_on")
                     : label_enum(&intake__call_result__descriptor, (int)call->result, language));
    details_text(session, table, "topic", session_topic(session, call->topic));
    details_text(session, table, "unit", session_unit(session, call->unit));
    print_codes(session, table, "registered_in_it", call->registered_codes,
                call->n_registered_codes);
    print_codes(session, table, "chased_in_it", call->chased_codes, call->n_chased_codes);
    table_print(table, stdout);
    table_free(table);
}

/* Makes the call; `call_of` finds in its answer what is to be shown. */
static int run_method(struct session *session, const char *method, const ProtobufCMessage *request,
                      const Intake__Call *(*call_of)(const ProtobufCMessage *response))
{
    struct error err = ERROR_NONE;
    struct vafa_call call = {
        .service = &intake__intake__descriptor, .method = method, .request = request};
    enum status status = session_call(session, &call, &err);
    if (status == STATUS_OK) {
        const Intake__Call *told = call_of(call.response);
        if (session->json) {
            output_message(call.response);
        } else if (told != NULL) {
            print_call(session, told);
        } else {
            status = session_lacks("call", &err);
        }
    }
    vafa_call_fini(&call);
    return status == STATUS_OK ? EXIT_DONE : output_error(&err);
}

/* --- open --- */

static const struct option_def open_options[] = {
    {"phone", 'p', "PHONE",
     "as the exchange gives it; nothing, or anything that is none: withheld"},
    {"channel", 0, "CHANNEL",
     "how it came: phone (if not given), sms, web, app, walk-in, session, staff"},
    {"operator", 0, "NAME", "who answers (the caller's own name)"},
    {"queued", 0, "TIME", "when the caller began to wait"},
    {"answered", 0, "TIME", "when they were answered"},
    {NULL, 0, NULL, NULL},
};

/* What is still to be done: by when, and whether that has passed. */
static void due_cell(struct session *session, struct table *table, const Intake__Case *told)
{
    char text[32];
    bool is_in_work = told->state == INTAKE__CASE_STATE__CASE_STATE_REGISTERED ||
                      told->state == INTAKE__CASE_STATE__CASE_STATE_IN_WORK ||
                      told->state == INTAKE__CASE_STATE__CASE_STATE_REOPENED;
    bool is_late = told->due_at_us != 0 && told->due_at_us < clock_wall_us(clock_system());
    session_time(session, is_in_work ? told->due_at_us : 0, text);
    table_cell_format(table, "%s%s%s", text, is_in_work && is_late ? " " : "",
                      is_in_work && is_late ? session_word(session, "overdue") : "");
}

static void print_case(struct session *session, struct table *table, const Intake__CardCase *one)
{
    const Intake__Case *told = one->case_data;
    char text[32];
    if (told == NULL) {
        return;
    }
    table_cell(table, told->code);
    session_time(session, told->occurred_at_us, text);
    table_cell(table, text);
    table_cell(table, session_topic(session, told->topic));
    table_cell(table, label_enum(&intake__case_state__descriptor, (int)told->state,
                                 session_language(session)));
    table_cell(table, session_unit(session, told->unit));
    due_cell(session, table, told);
    session_time(session, one->planned_for_us, text);
    table_cell(table, text);
    snprintf(text, sizeof(text), "%" PRIu32, one->times_called);
    table_cell(table, one->times_called > 0 ? text : "");
    table_cell(table, told->incident_code);
}

static void print_cases(struct session *session, const Intake__Card *card)
{
    static const char *const heads[] = {"code", "registered",  "topic",        "state",   "unit",
                                        "due",  "planned_for", "times_called", "incident"};
    struct table *table = table_new(sizeof(heads) / sizeof(heads[0]));
    for (size_t i = 0; i < sizeof(heads) / sizeof(heads[0]); i++) {
        table_head(table, i, session_word(session, heads[i]));
    }
    table_align_right(table, 7);
    for (size_t i = 0; i < card->n_cases; i++) {
        print_case(session, table, card->cases[i]);
    }
    table_print(table, stdout);
    table_free(table);
    if (card->has_more_cases) {
        puts(session_word(session, "older_requests"));
    }
}

static void print_card(struct session *session, const Intake__OpenCallResponse *response)
{
    const Intake__Card *card = response->card;
    struct table *table = table_new(2);
    char text[32];
    snprintf(text, sizeof(text), "%" PRIu64, response->call_number);
    details_text(session, table, "call", text);
    details_text(session, table, "phone", response->phone);
    if (card == NULL) {
        details_text(session, table, "name", session_word(session, "not_known"));
    } else {
        details_text(session, table, "name", card->name);
        snprintf(text, sizeof(text), "%" PRIu32 "/5", card->last_score);
        details_text(session, table, "score", card->last_score != 0 ? text : "");
        details_text(session, table, "resolution",
                     label_enum(&intake__citizen_verdict__descriptor, (int)card->last_verdict,
                                session_language(session)));
    }
    table_print(table, stdout);
    table_free(table);
    if (card != NULL && card->n_cases > 0) {
        putchar('\n');
        print_cases(session, card);
    }
}

static int run_open(struct session *session)
{
    struct error err = ERROR_NONE;
    int channel = COMMON__CHANNEL__CHANNEL_PHONE;
    Intake__OpenCallRequest request = INTAKE__OPEN_CALL_REQUEST__INIT;
    if (choice_read(&session->args, "channel", &common__channel__descriptor, unsaid_channels,
                    &channel, &err) != STATUS_OK ||
        session_read_time(session, "queued", 0, &request.queued_at_us, &err) != STATUS_OK ||
        session_read_time(session, "answered", 0, &request.answered_at_us, &err) != STATUS_OK) {
        return output_usage(&err);
    }
    request.idempotency_key = session_key(session);
    request.phone = session_text(session, "phone");
    request.channel = (Common__Channel)channel;
    request.operator_name = session_text(session, "operator");
    struct vafa_call call = {
        .service = &intake__intake__descriptor, .method = "OpenCall", .request = &request.base};
    enum status status = session_call(session, &call, &err);
    if (status == STATUS_OK && session->json) {
        output_message(call.response);
    } else if (status == STATUS_OK) {
        print_card(session, (const Intake__OpenCallResponse *)call.response);
    }
    vafa_call_fini(&call);
    return status == STATUS_OK ? EXIT_DONE : output_error(&err);
}

const struct command command_phone_open = {
    .name = "phone open",
    .arguments = "",
    .summary = "the phone rings: begins a call and shows who it is",
    .help = "Begins a call and shows the caller's card: name, earlier requests and where they "
            "stand, until when what is open is due (and whether that has passed) and for when its "
            "unit plans it, how often they called about the same, the last satisfaction.\n"
            "That the card was shown, to whom, is on disk before it is. A caller nobody knows "
            "leaves nothing; the first request makes them known.\n"
            "A call that nobody ends is closed as left open after two hours.",
    .examples = "vafa phone open --phone 09130000000\n"
                "vafa phone open --phone 09130000000 --queued -1m --answered now --json\n"
                "vafa register --in-call 12 --topic asphalt --area 5 --phone 09130000000\n"
                "vafa phone end 12",
    .options = open_options,
    .changes = true,
    .role = RPC_ROLE_FRONT_END,
    .run = run_open,
};

/* --- end --- */

static const struct option_def end_options[] = {
    {"result", 0, "RESULT",
     "informed, wrong-number, silent, referred, abandoned; what was done in it needs none"},
    {"topic", 't', "TOPIC", "informed, referred: what it was about"},
    {"to", 0, "UNIT", "referred: the unit, or the body outside the city's"},
    {NULL, 0, NULL, NULL},
};

static const Intake__Call *ended_call(const ProtobufCMessage *response)
{
    return ((const Intake__EndCallResponse *)response)->call;
}

static int run_end(struct session *session)
{
    struct error err = ERROR_NONE;
    int result = 0;
    Intake__EndCallRequest request = INTAKE__END_CALL_REQUEST__INIT;
    if (read_call_number(session, &request.call_number, &err) != STATUS_OK ||
        read_result(session, &result, &err) != STATUS_OK) {
        return output_usage(&err);
    }
    request.idempotency_key = session_key(session);
    request.result = (Intake__CallResult)result;
    request.topic = session_text(session, "topic");
    request.unit = session_text(session, "to");
    return run_method(session, "EndCall", &request.base, ended_call);
}

const struct command command_phone_end = {
    .name = "phone end",
    .arguments = "CALL",
    .arguments_min = 1,
    .arguments_max = 1,
    .summary = "ends a call, and says how it ended",
    .help = "A call in which a request was registered ends as that, one in which a request was "
            "chased as that. Of others say how: informed (advice, information), wrong-number, "
            "silent, referred (elsewhere), abandoned.",
    .examples = "vafa phone end 12\n"
                "vafa phone end 13 --result informed --topic garbage\n"
                "vafa phone end 14 --result referred --to 'شرکت برق' --json",
    .options = end_options,
    .changes = true,
    .role = RPC_ROLE_FRONT_END,
    .run = run_end,
};

/* --- record --- */

static const struct option_def record_options[] = {
    {"result", 0, "RESULT", "abandoned (if not given), informed, wrong-number, silent, referred"},
    {"phone", 'p', "PHONE", "as the exchange gives it"},
    {"channel", 0, "CHANNEL",
     "how it came: phone (if not given), sms, web, app, walk-in, session, staff"},
    {"operator", 0, "NAME", "who answered (the caller's own name)"},
    {"queued", 0, "TIME", "when the caller began to wait"},
    {"answered", 0, "TIME", "when they were answered"},
    {"ended", 0, "TIME", "when it ended (now)"},
    {"topic", 't', "TOPIC", "informed, referred: what it was about"},
    {"to", 0, "UNIT", "referred: the unit, or the body outside the city's"},
    {NULL, 0, NULL, NULL},
};

static const Intake__Call *recorded_call(const ProtobufCMessage *response)
{
    return ((const Intake__RecordCallResponse *)response)->call;
}

static enum status read_record(struct session *session, Intake__RecordCallRequest *request,
                               struct error *err)
{
    int result = INTAKE__CALL_RESULT__CALL_RESULT_ABANDONED;
    int channel = COMMON__CHANNEL__CHANNEL_PHONE;
    enum status status = read_result(session, &result, err);
    if (status == STATUS_OK) {
        status = choice_read(&session->args, "channel", &common__channel__descriptor,
                             unsaid_channels, &channel, err);
    }
    if (status == STATUS_OK) {
        status = session_read_time(session, "queued", 0, &request->queued_at_us, err);
    }
    if (status == STATUS_OK) {
        status = session_read_time(session, "answered", 0, &request->answered_at_us, err);
    }
    if (status == STATUS_OK) {
        status = session_read_time(session, "ended", 0, &request->ended_at_us, err);
    }
    request->result = (Intake__CallResult)result;
    request->channel = (Common__Channel)channel;
    return status;
}

static int run_record(struct session *session)
{
    struct error err = ERROR_NONE;
    Intake__RecordCallRequest request = INTAKE__RECORD_CALL_REQUEST__INIT;
    if (read_record(session, &request, &err) != STATUS_OK) {
        return output_usage(&err);
    }
    request.idempotency_key = session_key(session);
    request.phone = session_text(session, "phone");
    request.operator_name = session_text(session, "operator");
    request.topic = session_text(session, "topic");
    request.unit = session_text(session, "to");
    return run_method(session, "RecordCall", &request.base, recorded_call);
}

const struct command command_phone_record = {
    .name = "phone record",
    .arguments = "",
    .summary = "a call that is over already: given up in the queue, or told afterwards",
    .help = "Writes down a call in one go. No card is shown. Times are within the last day.",
    .examples = "vafa phone record --phone 09130000000 --queued -10m --ended now\n"
                "vafa phone record --result informed --topic garbage --json",
    .options = record_options,
    .changes = true,
    .role = RPC_ROLE_FRONT_END,
    .run = run_record,
};

/* --- show --- */

static const Intake__Call *shown_call(const ProtobufCMessage *response)
{
    return ((const Intake__GetCallResponse *)response)->call;
}

static int run_show(struct session *session)
{
    struct error err = ERROR_NONE;
    Intake__GetCallRequest request = INTAKE__GET_CALL_REQUEST__INIT;
    if (read_call_number(session, &request.call_number, &err) != STATUS_OK) {
        return output_usage(&err);
    }
    return run_method(session, "GetCall", &request.base, shown_call);
}

const struct command command_phone_show = {
    .name = "phone show",
    .arguments = "CALL",
    .arguments_min = 1,
    .arguments_max = 1,
    .summary = "one call to the hotline",
    .help =
        "Shows a call: who answered, when, what was done in it, how it ended. Nothing personal.",
    .examples = "vafa phone show 12\nvafa phone show 12 --json",
    .role = RPC_ROLE_FRONT_END,
    .run = run_show,
};

/* --- chase --- */

static const struct option_def chase_options[] = {
    {"in-call", 0, "CALL", "the open call it was asked in"},
    {"note", 'n', "TEXT", "for the office; nothing personal: whoever has the code can read it"},
    {NULL, 0, NULL, NULL},
};

static int run_chase(struct session *session)
{
    struct error err = ERROR_NONE;
    Intake__ChaseCaseRequest request = INTAKE__CHASE_CASE_REQUEST__INIT;
    if (args_number(&session->args, "in-call", 1, UINT64_MAX, 0, &request.call_number, &err) !=
        STATUS_OK) {
        return output_usage(&err);
    }
    request.idempotency_key = session_key(session);
    request.code = session->args.arguments[0];
    request.note = session_text(session, "note");
    struct vafa_call call = {
        .service = &intake__intake__descriptor, .method = "ChaseCase", .request = &request.base};
    enum status status = session_call(session, &call, &err);
    if (status == STATUS_OK && session->json) {
        output_message(call.response);
    } else if (status == STATUS_OK) {
        printf("%s: %" PRIu32 "\n", session_word(session, "chases"),
               ((const Intake__ChaseCaseResponse *)call.response)->chases);
    }
    vafa_call_fini(&call);
    return status == STATUS_OK ? EXIT_DONE : output_error(&err);
}

const struct command command_chase = {
    .name = "chase",
    .arguments = "CODE",
    .arguments_min = 1,
    .arguments_max = 1,
    .summary = "the citizen asks again about a request: its office is told",
    .help = "Records that the citizen asked again. It is told in the request's story, and to its "
            "office, which sees how often.",
    .examples = "vafa chase 5355279872 --in-call 12 --note 'هنوز کسی نیامده'\n"
                "vafa chase 5355279872 --json",
    .options = chase_options,
    .changes = true,
    .role = RPC_ROLE_FRONT_END,
    .run = run_chase,
};
