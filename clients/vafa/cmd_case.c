/* vafa show, history, reveal: where requests stand, and whose they are. */
#include "clients/vafa/case_text.h"
#include "clients/vafa/details.h"
#include "clients/vafa/output.h"
#include "clients/vafa/place_words.h"
#include "clients/vafa/session.h"
#include "clients/vafa/table.h"

#include "vafa/followup/v1/followup.pb-c.h"
#include "vafa/intake/v1/intake.pb-c.h"

#include <inttypes.h>
#include <string.h>

static char *argument(struct session *session, size_t index)
{
    return session->args.arguments[index];
}

/* --- show --- */

static const struct option_def show_options[] = {
    {"fresh", 0, NULL, "first wait until all that was done so far has arrived in the story"},
    {NULL, 0, NULL, NULL},
};

static int run_show(struct session *session)
{
    struct error err = ERROR_NONE;
    struct vafa_position heads[5];
    Intake__GetCaseRequest request = INTAKE__GET_CASE_REQUEST__INIT;
    struct vafa_call call = {
        .service = &intake__intake__descriptor, .method = "GetCase", .request = &request.base};
    request.code = argument(session, 0);
    enum status status = STATUS_OK;
    if (args_has(&session->args, "fresh")) {
        status = session_settle(session, heads, &err);
        session_at_least(&call, heads, COMMON__SERVICE_ID__SERVICE_ID_ROUTING,
                         COMMON__SERVICE_ID__SERVICE_ID_FEEDBACK);
    }
    if (status == STATUS_OK) {
        status = session_call(session, &call, &err);
    }
    if (status == STATUS_OK && session->json) {
        output_message(call.response);
    } else if (status == STATUS_OK) {
        const Intake__GetCaseResponse *response = (const Intake__GetCaseResponse *)call.response;
        if (response->case_data == NULL) {
            status = session_lacks("case_data", &err);
        } else {
            case_text_print(session, response->case_data, response->timeline, response->n_timeline);
        }
    }
    vafa_call_fini(&call);
    return status == STATUS_OK ? EXIT_DONE : output_error(&err);
}

const struct command command_show = {
    .name = "show",
    .arguments = "CODE",
    .arguments_min = 1,
    .arguments_max = 1,
    .summary = "where a request stands, and its story",
    .help = "Shows a request and its timeline by its tracking code: ten digits of any script, with "
            "spaces or dashes.\n"
            "Personal data is not in it: see `vafa reveal`.",
    .examples = "vafa show 1234567894\nvafa show '۱۲۳ ۴۵۶ ۷۸۹۴' --fresh",
    .options = show_options,
    .role = RPC_ROLE_FRONT_END,
    .run = run_show,
};

/* --- history --- */

static const struct option_def history_options[] = {
    {"limit", 'n', "N", "at most so many, 1 to 100 (20)"},
    {NULL, 0, NULL, NULL},
};

static int run_history(struct session *session)
{
    struct error err = ERROR_NONE;
    uint64_t limit;
    if (args_number(&session->args, "limit", 1, 100, 20, &limit, &err) != STATUS_OK) {
        return output_usage(&err);
    }
    Intake__ListCasesRequest request = INTAKE__LIST_CASES_REQUEST__INIT;
    struct vafa_call call = {
        .service = &intake__intake__descriptor, .method = "ListCases", .request = &request.base};
    request.phone = argument(session, 0);
    request.page_size = (uint32_t)limit;
    enum status status = session_call(session, &call, &err);
    if (status == STATUS_OK) {
        const Intake__ListCasesResponse *response =
            (const Intake__ListCasesResponse *)call.response;
        case_text_list(session, response->cases, response->n_cases);
    }
    vafa_call_fini(&call);
    return status == STATUS_OK ? EXIT_DONE : output_error(&err);
}

const struct command command_history = {
    .name = "history",
    .arguments = "PHONE",
    .arguments_min = 1,
    .arguments_max = 1,
    .summary = "the requests of a phone, newest first",
    .help = "Lists what was registered for a phone number, in any spelling of it. With --json one "
            "object a line.",
    .examples = "vafa history 09130000000\nvafa history '+98 913 000 0000' --limit 5 --json",
    .options = history_options,
    .role = RPC_ROLE_FRONT_END,
    .run = run_history,
};

/* --- reveal --- */

static const struct option_def reveal_options[] = {
    {"purpose", 0, "TEXT", "why: it is kept with your name (needed)"},
    {NULL, 0, NULL, NULL},
};

static void print_revealed(struct session *session, const Intake__RevealCaseResponse *response)
{
    struct table *table = table_new(2);
    if (response->citizen != NULL) {
        details_text(session, table, "name", response->citizen->name);
        details_text(session, table, "phone", response->citizen->phone);
    }
    details_text(session, table, "words", response->words);
    for (size_t i = 0; i < response->n_added_words; i++) {
        details_text(session, table, "added_words", response->added_words[i]->words);
    }
    table_print(table, stdout);
    table_free(table);
}

static int run_reveal(struct session *session)
{
    struct error err = ERROR_NONE;
    if (args_need(&session->args, "purpose", &err) != STATUS_OK) {
        return output_usage(&err);
    }
    Intake__RevealCaseRequest request = INTAKE__REVEAL_CASE_REQUEST__INIT;
    struct vafa_call call = {
        .service = &intake__intake__descriptor, .method = "RevealCase", .request = &request.base};
    request.idempotency_key = session_key(session);
    request.code = argument(session, 0);
    request.purpose = session_text(session, "purpose");
    enum status status = session_call(session, &call, &err);
    if (status == STATUS_OK && session->json) {
        output_message(call.response);
    } else if (status == STATUS_OK) {
        print_revealed(session, (const Intake__RevealCaseResponse *)call.response);
    }
    vafa_call_fini(&call);
    return status == STATUS_OK ? EXIT_DONE : output_error(&err);
}

const struct command command_reveal = {
    .name = "reveal",
    .arguments = "CODE",
    .arguments_min = 1,
    .arguments_max = 1,
    .summary = "the citizen's name, phone and words; who looked is kept",
    .help = "Opens the sealed part of a request. Who looked, and why, becomes an event in intake's "
            "log.",
    .examples = "vafa reveal 1234567894 --purpose 'call-back'",
    .options = reveal_options,
    .changes = true,
    .role = RPC_ROLE_FRONT_END,
    .run = run_reveal,
};
