/* vafa call next, record, show, calls list: asking the citizen. */
#include "base/message.h"
#include "clients/vafa/case_text.h"
#include "clients/vafa/choice.h"
#include "clients/vafa/details.h"
#include "clients/vafa/labels.h"
#include "clients/vafa/list_text.h"
#include "clients/vafa/output.h"
#include "clients/vafa/session.h"
#include "clients/vafa/table.h"

#include "vafa/followup/v1/followup.pb-c.h"

#include <inttypes.h>
#include <string.h>

static void print_call(struct session *session, const Followup__Call *c)
{
    const char *language = session_language(session);
    struct table *table = table_new(2);
    char text[64];
    snprintf(text, sizeof(text), "%" PRIu64, c->number);
    details_text(session, table, "call", text);
    details_text(session, table, "code", c->code);
    details_text(session, table, "state",
                 label_enum(&followup__call_state__descriptor, (int)c->state, language));
    details_text(session, table, "topic", session_topic(session, c->topic));
    details_text(session, table, "unit", session_unit(session, c->unit));
    if (c->closed_undone) {
        details_text(session, table, "finished", session_word(session, "finished_undone"));
    }
    details_text(session, table, "close_reason", case_text_reason(session, c->reason));
    details_text(session, table, c->closed_undone ? "finished_why" : "note", c->note);
    session_time(session, c->due_at_us, text);
    details_text(session, table, "due", text);
    snprintf(text, sizeof(text), "%" PRIu32, c->attempts);
    details_text(session, table, "attempts", text);
    details_text(session, table, "operator", c->operator_name);
    details_text(session, table, "outcome",
                 label_enum(&followup__call_outcome__descriptor, (int)c->last_outcome, language));
    details_text(session, table, "resolution",
                 label_enum(&followup__resolution__descriptor, (int)c->resolution, language));
    snprintf(text, sizeof(text), "%" PRIu32 "/5", c->score);
    details_text(session, table, "score", c->score != 0 ? text : "");
    table_print(table, stdout);
    table_free(table);
}

static enum status show_call(struct session *session, const Followup__Call *c, struct error *err)
{
    if (c == NULL) {
        return session_lacks("call", err);
    }
    print_call(session, c);
    return STATUS_OK;
}

/* Who works at this desk: --operator, else the caller's name as the services are told it. */
static char *operator_of(struct session *session)
{
    const char *name = args_value(&session->args, "operator");
    name = name != NULL ? name : args_value(&session->args, "name");
    return (char *)(uintptr_t)(name != NULL ? name : vafa_login_name());
}

static enum status read_call_number(struct session *session, uint64_t *ret_number,
                                    struct error *err)
{
    return args_read_number(session->args.arguments[0], "call", 1, UINT64_MAX, ret_number, err);
}

/* --- next --- */

static const struct option_def next_options[] = {
    {"operator", 0, "NAME", "who will call (--name, else the login name)"},
    {NULL, 0, NULL, NULL},
};

static int run_next(struct session *session)
{
    struct error err = ERROR_NONE;
    Followup__NextCallRequest request = FOLLOWUP__NEXT_CALL_REQUEST__INIT;
    struct vafa_call call = {
        .service = &followup__followup__descriptor, .method = "NextCall", .request = &request.base};
    request.idempotency_key = session_key(session);
    request.operator_name = operator_of(session);
    bool none = false;
    enum status status = session_call(session, &call, &err);
    if (status == STATUS_OK) {
        const Followup__NextCallResponse *response =
            (const Followup__NextCallResponse *)call.response;
        none = response->call == NULL;
        if (session->json) {
            output_message(call.response);
        } else if (!none) {
            print_call(session, response->call);
            fputs(session_word(session, "number_to_call"), stderr);
            output_foreign(stderr, " vafa reveal ", response->call->code, " --purpose call-back");
        } else {
            char time[32];
            session_time(session, response->next_due_at_us, time);
            fprintf(stderr, "vafa: %s%s%s\n", session_word(session, "call_none_due"),
                    time[0] != '\0' ? session_word(session, "call_next_at") : "", time);
        }
    }
    vafa_call_fini(&call);
    if (status != STATUS_OK) {
        return output_error(&err);
    }
    return none ? EXIT_NOT_FOUND : EXIT_DONE;
}

const struct command command_call_next = {
    .name = "call next",
    .arguments = "",
    .summary = "hands out the call-back that is longest due",
    .help = "Call-backs go from the hotline to citizens; for calls to the hotline see vafa phone.\n"
            "Takes a call for some minutes (the city pack says how many); then it is handed to "
            "another.\n"
            "Exit status 3: none is due.",
    .examples = "vafa call next --operator 'کاربر نمونه'",
    .options = next_options,
    .changes = true,
    .role = RPC_ROLE_FRONT_END,
    .run = run_next,
};

/* --- record --- */

static const struct option_def record_options[] = {
    {"operator", 0, "NAME", "who called (--name, else the login name)"},
    {"outcome", 0, "OUTCOME", "answered, no-answer, busy, wrong-number, refused (needed)"},
    {"resolution", 0, "WORD", "with answered: resolved, partly, unresolved"},
    {"score", 0, "N", "with answered: satisfaction, 1 (not at all) to 5 (wholly)"},
    {"words", 'w', "TEXT", "with answered: what the citizen said; sealed"},
    {NULL, 0, NULL, NULL},
};

struct record {
    Followup__Answer answer;
    Followup__RecordCallRequest request;
};

/* A call is as forgotten when its citizen was. */
static const int unsaid_outcomes[] = {FOLLOWUP__CALL_OUTCOME__CALL_OUTCOME_FORGOTTEN, 0};

static enum status read_answer(const struct args *args, struct record *record, struct error *err)
{
    int resolution = 0;
    uint64_t score = 0;
    enum status status = args_need(args, "resolution", err);
    if (status == STATUS_OK) {
        status = choice_read(args, "resolution", &followup__resolution__descriptor, NULL,
                             &resolution, err);
    }
    if (status == STATUS_OK) {
        status = args_number(args, "score", 1, 5, 0, &score, err);
    }
    followup__answer__init(&record->answer);
    record->answer.resolution = (Followup__Resolution)resolution;
    record->answer.score = (uint32_t)score;
    record->answer.words = (char *)(uintptr_t)args_text(args, "words");
    record->request.answer = &record->answer;
    return status;
}

static enum status read_record(struct session *session, struct record *record, struct error *err)
{
    const struct args *args = &session->args;
    int outcome = 0;
    followup__record_call_request__init(&record->request);
    record->request.idempotency_key = session_key(session);
    record->request.operator_name = operator_of(session);
    enum status status = read_call_number(session, &record->request.call_number, err);
    if (status == STATUS_OK) {
        status = args_need(args, "outcome", err);
    }
    if (status == STATUS_OK) {
        status = choice_read(args, "outcome", &followup__call_outcome__descriptor, unsaid_outcomes,
                             &outcome, err);
    }
    record->request.outcome = (Followup__CallOutcome)outcome;
    if (status == STATUS_OK && outcome == FOLLOWUP__CALL_OUTCOME__CALL_OUTCOME_ANSWERED) {
        status = read_answer(args, record, err);
    }
    return status;
}

static int run_record(struct session *session)
{
    struct error err = ERROR_NONE;
    struct record record = {0};
    if (read_record(session, &record, &err) != STATUS_OK) {
        return output_usage(&err);
    }
    struct vafa_call call = {.service = &followup__followup__descriptor,
                             .method = "RecordCall",
                             .request = &record.request.base};
    enum status status = session_call(session, &call, &err);
    if (status == STATUS_OK && session->json) {
        output_message(call.response);
    } else if (status == STATUS_OK) {
        status =
            show_call(session, ((const Followup__RecordCallResponse *)call.response)->call, &err);
    }
    vafa_call_fini(&call);
    return status == STATUS_OK ? EXIT_DONE : output_error(&err);
}

const struct command command_call_record = {
    .name = "call record",
    .arguments = "N",
    .arguments_min = 1,
    .arguments_max = 1,
    .summary = "what came of a call-back",
    .help = "Records the outcome of the call that was handed out. Nobody answered: it comes back "
            "later.\n"
            "The citizen's words are sealed.",
    .examples =
        "vafa call record 3 --outcome answered --resolution resolved --score 5 --words 'ممنونم'\n"
        "vafa call record 4 --outcome no-answer",
    .options = record_options,
    .changes = true,
    .role = RPC_ROLE_FRONT_END,
    .run = run_record,
};

/* --- show --- */

static const struct option_def show_options[] = {
    {"reveal", 0, NULL, "the citizen's answer in words, too; who looked is kept"},
    {"purpose", 0, "TEXT", "with --reveal: why; it is kept with your name"},
    {NULL, 0, NULL, NULL},
};

/* With --json the two answers are one object. */
static void print_revealed(struct session *session, const Followup__Call *c, const char *revealed)
{
    struct buffer text = BUFFER_EMPTY;
    if (session->json) {
        buffer_append_text(&text, "{\"call\":");
        message_to_json(&c->base, &text);
        buffer_append_text(&text, ",\"words\":");
        output_json_string(&text, revealed);
        buffer_append_text(&text, "}");
        output_json_text(&text);
    } else {
        print_call(session, c);
        table_plain_text(&text, revealed);
        printf("%s: %s\n", session_word(session, "words"), buffer_text(&text));
    }
    buffer_fini(&text);
}

static enum status reveal(struct session *session, const Followup__Call *c, uint64_t number,
                          struct error *err)
{
    Followup__RevealCallRequest request = FOLLOWUP__REVEAL_CALL_REQUEST__INIT;
    struct vafa_call call = {.service = &followup__followup__descriptor,
                             .method = "RevealCall",
                             .request = &request.base};
    request.idempotency_key = session_key(session);
    request.call_number = number;
    request.purpose = session_text(session, "purpose");
    enum status status = session_call(session, &call, err);
    if (status == STATUS_OK) {
        print_revealed(session, c, ((const Followup__RevealCallResponse *)call.response)->words);
    }
    vafa_call_fini(&call);
    return status;
}

static int run_show(struct session *session)
{
    struct error err = ERROR_NONE;
    Followup__GetCallRequest request = FOLLOWUP__GET_CALL_REQUEST__INIT;
    struct vafa_call call = {
        .service = &followup__followup__descriptor, .method = "GetCall", .request = &request.base};
    bool revealed = args_has(&session->args, "reveal");
    if (read_call_number(session, &request.call_number, &err) != STATUS_OK ||
        (revealed && args_need(&session->args, "purpose", &err) != STATUS_OK)) {
        return output_usage(&err);
    }
    enum status status = session_call(session, &call, &err);
    if (status == STATUS_OK) {
        const Followup__Call *c = ((const Followup__GetCallResponse *)call.response)->call;
        if (c == NULL) {
            status = session_lacks("call", &err);
        } else if (revealed) {
            status = reveal(session, c, request.call_number, &err);
        } else if (session->json) {
            output_message(call.response);
        } else {
            print_call(session, c);
        }
    }
    vafa_call_fini(&call);
    return status == STATUS_OK ? EXIT_DONE : output_error(&err);
}

const struct command command_call_show = {
    .name = "call show",
    .arguments = "N",
    .arguments_min = 1,
    .arguments_max = 1,
    .summary = "one call-back",
    .help = "Shows a call-back by its number; with --reveal also what the citizen said.",
    .examples =
        "vafa call show 3\nvafa call show 3 --reveal --purpose 'complaint about the answer'",
    .options = show_options,
    .changes = true,
    .role = RPC_ROLE_FRONT_END,
    .run = run_show,
};

/* --- list --- */

static const struct option_def list_options[] = {
    {"state", 0, "STATE", "only these: waiting, claimed, answered, unreached, withdrawn"},
    {"limit", 'n', "N", "at most so many, 1 to 100 (20)"},
    {NULL, 0, NULL, NULL},
};

static void print_calls(struct session *session, const Followup__ListCallsResponse *response)
{
    static const char *const heads[] = {"call", "code", "topic", "unit", "state", "due", "score"};
    struct table *table = table_new(7);
    for (size_t i = 0; i < 7; i++) {
        table_head(table, i, session_word(session, heads[i]));
    }
    table_align_right(table, 0);
    table_align_right(table, 6);
    for (size_t i = 0; i < response->n_calls; i++) {
        const Followup__Call *c = response->calls[i];
        char due[32];
        session_time(session, c->due_at_us, due);
        table_cell_format(table, "%" PRIu64, c->number);
        table_cell(table, c->code);
        table_cell(table, session_topic(session, c->topic));
        table_cell(table, session_unit(session, c->unit));
        table_cell(table, label_enum(&followup__call_state__descriptor, (int)c->state,
                                     session_language(session)));
        table_cell(table, due);
        char score[16];
        snprintf(score, sizeof(score), "%" PRIu32, c->score);
        table_cell(table, c->score != 0 ? score : "");
    }
    list_text_print(session, table);
    table_free(table);
}

static void print_calls_json(struct session *session, const Followup__ListCallsResponse *response)
{
    (void)session; /* as print_calls has it */
    for (size_t i = 0; i < response->n_calls; i++) {
        output_message(&response->calls[i]->base);
    }
}

static int run_list(struct session *session)
{
    struct error err = ERROR_NONE;
    int state = 0;
    uint64_t limit = 0;
    Followup__ListCallsRequest request = FOLLOWUP__LIST_CALLS_REQUEST__INIT;
    struct vafa_call call = {.service = &followup__followup__descriptor,
                             .method = "ListCalls",
                             .request = &request.base};
    enum status status = args_number(&session->args, "limit", 1, 100, 20, &limit, &err);
    if (status == STATUS_OK) {
        status = choice_read(&session->args, "state", &followup__call_state__descriptor, NULL,
                             &state, &err);
    }
    if (status != STATUS_OK) {
        return output_usage(&err);
    }
    request.state = (Followup__CallState)state;
    request.page_size = (uint32_t)limit;
    status = session_call(session, &call, &err);
    if (status == STATUS_OK) {
        (session->json ? print_calls_json
                       : print_calls)(session, (const Followup__ListCallsResponse *)call.response);
    }
    vafa_call_fini(&call);
    return status == STATUS_OK ? EXIT_DONE : output_error(&err);
}

const struct command command_calls_list = {
    .name = "calls list",
    .arguments = "",
    .summary = "call-backs: waiting, handed out, ended",
    .help = "Lists call-backs by number. With --json one object a line.",
    .examples = "vafa calls list --state waiting\nvafa calls list --limit 100 --json",
    .options = list_options,
    .role = RPC_ROLE_FRONT_END,
    .run = run_list,
};
