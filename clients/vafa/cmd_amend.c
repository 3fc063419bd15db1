/* vafa amend, withdraw, add-words, look-up: what becomes of a request after it was registered, and the
 * citizen's own look at it. */
#include "clients/vafa/answer_args.h"
#include "clients/vafa/case_text.h"
#include "clients/vafa/labels.h"
#include "clients/vafa/output.h"
#include "clients/vafa/place_args.h"
#include "clients/vafa/session.h"

#include "vafa/intake/v1/intake.pb-c.h"

#include <inttypes.h>
#include <stdio.h>

/* Makes the call; without --json, what `print` (may be NULL) says of its answer. */
static int run_method(struct session *session, const char *method, const ProtobufCMessage *request,
                      void (*print)(struct session *session, const ProtobufCMessage *response))
{
    struct error err = ERROR_NONE;
    struct vafa_call call = {
        .service = &intake__intake__descriptor, .method = method, .request = request};
    enum status status = session_call(session, &call, &err);
    if (status == STATUS_OK && session->json) {
        output_message(call.response);
    } else if (status == STATUS_OK && print != NULL) {
        print(session, call.response);
    }
    vafa_call_fini(&call);
    return status == STATUS_OK ? EXIT_DONE : output_error(&err);
}

/* --- amend --- */

static const struct option_def amend_options[] = {
    {"topic", 't', "KEY", "what it is about: its key or name: vafa city show topics"},
    PLACE_OPTIONS,
    {"answer", 0, "QUESTION=VALUE",
     "to a question of the topic: vafa topics TOPIC; again for more"},
    {"urgent", 0, NULL, "danger to life or passage"},
    {"not-urgent", 0, NULL, "it is not, after all"},
    {"reason", 0, "TEXT", "why; shown in the story (needed)"},
    {NULL, 0, NULL, NULL},
};

static void print_amended(struct session *session, const ProtobufCMessage *response)
{
    const Intake__AmendCaseResponse *amended = (const Intake__AmendCaseResponse *)response;
    printf("%s: %" PRIu32 "\n", session_word(session, "amendments"), amended->amendments);
    if (amended->emergency_phone[0] != '\0') {
        fputs(session_word(session, "emergency_phone"), stdout);
        output_foreign(stdout, ": ", amended->emergency_phone, "");
    }
}

static bool is_place_given(struct session *session)
{
    static const char *const names[] = {"area",    "neighbourhood", "street", "landmark",
                                        "line",    "direction",     "stop",   "pole",
                                        "vehicle", "thing",         "point"};
    bool is_given = false;
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        is_given = is_given || args_text(&session->args, names[i])[0] != '\0';
    }
    return is_given;
}

/* Unset when nothing is said of it. */
static enum status read_urgency(struct session *session, Common__Urgency *ret_urgency,
                                struct error *err)
{
    bool is_urgent = args_has(&session->args, "urgent");
    bool is_not = args_has(&session->args, "not-urgent");
    if (is_urgent && is_not) {
        return error_set(err, STATUS_INVALID_ARGUMENT, "not-urgent",
                         "it is urgent or it is not: not with --urgent");
    }
    *ret_urgency = is_urgent ? COMMON__URGENCY__URGENCY_URGENT
                   : is_not  ? COMMON__URGENCY__URGENCY_NORMAL
                             : COMMON__URGENCY__URGENCY_UNSPECIFIED;
    return STATUS_OK;
}

static int amend(struct session *session, struct arena *arena)
{
    struct error err = ERROR_NONE;
    struct place_args place;
    Intake__AmendCaseRequest request = INTAKE__AMEND_CASE_REQUEST__INIT;
    if (args_need(&session->args, "reason", &err) != STATUS_OK ||
        read_urgency(session, &request.urgency, &err) != STATUS_OK ||
        place_args_read(session, &place, &err) != STATUS_OK ||
        answer_args_read(&session->args, arena, &request.answers, &request.n_answers, &err) !=
            STATUS_OK) {
        return output_usage(&err);
    }
    request.idempotency_key = session_key(session);
    request.code = session->args.arguments[0];
    request.topic = place_args_key(session, CITY_ITEMS_TOPICS, session_text(session, "topic"));
    request.reason = session_text(session, "reason");
    if (is_place_given(session)) {
        place.place.area = place_args_key(session, CITY_ITEMS_AREAS, place.place.area);
        request.place = &place.place;
    }
    return run_method(session, "AmendCase", &request.base, print_amended);
}

static int run_amend(struct session *session)
{
    struct arena *arena = arena_new(ANSWERS_ARENA_BYTES);
    int code = amend(session, arena);
    arena_free(arena);
    return code;
}

const struct command command_amend = {
    .name = "amend",
    .arguments = "CODE",
    .arguments_min = 1,
    .arguments_max = 1,
    .summary = "corrects a request's topic, place, urgency or answers",
    .help = "What is not given stays as it is; a place is given whole. While no unit has accepted "
            "the task or handed it on, it goes where the pack's rules send it now; else its office "
            "is told. What was referred outside the city goes to whose it is now, with a new due "
            "date. What becomes urgent is told to its unit at once, and due as an urgent one, "
            "also when its work was over: --urgent opens that again. What was urgent stays so "
            "until --not-urgent says otherwise.\n"
            "Who did it, when and why is in the request's story.",
    .examples =
        "vafa amend 5355279872 --topic garbage --reason 'اشتباه در ثبت'\n"
        "vafa amend 5355279872 --area 3 --street 'خیابان نمونه' --reason 'نشانی درست' --json",
    .options = amend_options,
    .changes = true,
    .role = RPC_ROLE_FRONT_END,
    .run = run_amend,
};

/* --- withdraw --- */

static const struct option_def withdraw_options[] = {
    {"reason", 0, "TEXT", "why; shown in the story and to the office (needed)"},
    {NULL, 0, NULL, NULL},
};

static void print_withdrawn(struct session *session, const ProtobufCMessage *response)
{
    (void)response;
    puts(label_enum(&intake__case_state__descriptor, INTAKE__CASE_STATE__CASE_STATE_WITHDRAWN,
                    session_language(session)));
}

static int run_withdraw(struct session *session)
{
    struct error err = ERROR_NONE;
    Intake__WithdrawCaseRequest request = INTAKE__WITHDRAW_CASE_REQUEST__INIT;
    if (args_need(&session->args, "reason", &err) != STATUS_OK) {
        return output_usage(&err);
    }
    request.idempotency_key = session_key(session);
    request.code = session->args.arguments[0];
    request.reason = session_text(session, "reason");
    return run_method(session, "WithdrawCase", &request.base, print_withdrawn);
}

const struct command command_withdraw = {
    .name = "withdraw",
    .arguments = "CODE",
    .arguments_min = 1,
    .arguments_max = 1,
    .summary = "the citizen takes a request back",
    .help = "The request is withdrawn and its task cancelled; a task that others share goes on for "
            "them. What a unit has finished cannot be taken back.",
    .examples = "vafa withdraw 5355279872 --reason 'خودش برطرف شد'\n"
                "vafa withdraw 5355279872 --reason 'registered twice' --json",
    .options = withdraw_options,
    .changes = true,
    .role = RPC_ROLE_FRONT_END,
    .run = run_withdraw,
};

/* --- add-words --- */

static const struct option_def words_options[] = {
    {"words", 'w', "TEXT", "what the citizen adds, in their own words (needed)"},
    {NULL, 0, NULL, NULL},
};

static void print_words(struct session *session, const ProtobufCMessage *response)
{
    printf("%s: %" PRIu32 "\n", session_word(session, "words_added"),
           ((const Intake__AddWordsResponse *)response)->words_added);
}

static int run_words(struct session *session)
{
    struct error err = ERROR_NONE;
    Intake__AddWordsRequest request = INTAKE__ADD_WORDS_REQUEST__INIT;
    if (args_need(&session->args, "words", &err) != STATUS_OK) {
        return output_usage(&err);
    }
    request.idempotency_key = session_key(session);
    request.code = session->args.arguments[0];
    request.words = session_text(session, "words");
    return run_method(session, "AddWords", &request.base, print_words);
}

const struct command command_add_words = {
    .name = "add-words",
    .arguments = "CODE",
    .arguments_min = 1,
    .arguments_max = 1,
    .summary = "the citizen adds to what they said",
    .help =
        "Sealed as the first words are; `vafa reveal` shows them. The office is told that there "
        "is something new.",
    .examples = "vafa add-words 5355279872 --words 'آب هم بالا آمده'\n"
                "vafa add-words 5355279872 --words 'It has grown.' --json",
    .options = words_options,
    .changes = true,
    .role = RPC_ROLE_FRONT_END,
    .run = run_words,
};

/* --- look-up --- */

static const struct option_def look_options[] = {
    {"digits", 0, "DDDD",
     "the last four digits of the phone it was asked with, or the last eight (needed)"},
    {NULL, 0, NULL, NULL},
};

static int run_look_up(struct session *session)
{
    struct error err = ERROR_NONE;
    Intake__LookUpCaseRequest request = INTAKE__LOOK_UP_CASE_REQUEST__INIT;
    if (args_need(&session->args, "digits", &err) != STATUS_OK) {
        return output_usage(&err);
    }
    request.idempotency_key = session_key(session);
    request.code = session->args.arguments[0];
    request.phone_digits = session_text(session, "digits");
    struct vafa_call call = {
        .service = &intake__intake__descriptor, .method = "LookUpCase", .request = &request.base};
    enum status status = session_call(session, &call, &err);
    const Intake__LookUpCaseResponse *response =
        status == STATUS_OK ? (const Intake__LookUpCaseResponse *)call.response : NULL;
    bool is_found = response != NULL && response->found && response->case_data != NULL;
    if (response != NULL && session->json) {
        output_message(call.response);
    } else if (is_found) {
        case_text_print(session, response->case_data, response->timeline, response->n_timeline);
    } else if (response != NULL) {
        fprintf(stderr, "vafa: %s %" PRIu32 "\n", session_word(session, "look_up_none"),
                response->tries_left);
    }
    vafa_call_fini(&call);
    return status != STATUS_OK ? output_error(&err) : is_found ? EXIT_DONE : EXIT_NOT_FOUND;
}

const struct command command_look_up = {
    .name = "look-up",
    .arguments = "CODE",
    .arguments_min = 1,
    .arguments_max = 1,
    .summary = "the citizen's own look: by code and the last four digits of the phone",
    .help = "Shows where a request stands to whoever has its code and the last four digits of the "
            "phone. After five wrong tries a code is locked for half an hour, whatever the digits. "
            "While very many tries are wrong, for all codes together, the last eight digits are "
            "needed.",
    .examples = "vafa look-up 5355279872 --digits 0000\n"
                "vafa look-up ۵۳۵۵۲۷۹۸۷۲ --digits ۰۰۰۰ --json",
    .options = look_options,
    .changes = true,
    .role = RPC_ROLE_FRONT_END,
    .run = run_look_up,
};
