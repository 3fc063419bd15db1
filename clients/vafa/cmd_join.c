/* vafa case join, case split: several requests about one thing, and the operator's mistake about it. */
#include "clients/vafa/labels.h"
#include "clients/vafa/output.h"
#include "clients/vafa/session.h"

#include "vafa/intake/v1/intake.pb-c.h"

static const struct option_def join_options[] = {
    {"with", 0, "CODE", "the request about the same thing (needed)"},
    {NULL, 0, NULL, NULL},
};

static int run_case_join(struct session *session)
{
    struct error err = ERROR_NONE;
    if (args_need(&session->args, "with", &err) != STATUS_OK) {
        return output_usage(&err);
    }
    Intake__JoinCaseRequest request = INTAKE__JOIN_CASE_REQUEST__INIT;
    struct vafa_call call = {
        .service = &intake__intake__descriptor, .method = "JoinCase", .request = &request.base};
    request.idempotency_key = session_key(session);
    request.code = session->args.arguments[0];
    request.join = session_text(session, "with");
    enum status status = session_call(session, &call, &err);
    if (status == STATUS_OK && session->json) {
        output_message(call.response);
    } else if (status == STATUS_OK) {
        const Intake__JoinCaseResponse *response = (const Intake__JoinCaseResponse *)call.response;
        fputs(session_word(session, "incident"), stdout);
        output_foreign(stdout, ": ", response->incident_code, "");
    }
    vafa_call_fini(&call);
    return status == STATUS_OK ? EXIT_DONE : output_error(&err);
}

const struct command command_case_join = {
    .name = "case join",
    .arguments = "CODE",
    .arguments_min = 1,
    .arguments_max = 1,
    .summary = "joins a request to another about the same thing",
    .help =
        "The office has one task for both, with the number of callers; the request keeps its code, "
        "its citizen, its call-back and its answer.\n"
        "The work on neither may be over. Where the other is joined to a third, that one is meant. "
        "Requests joined to CODE go with it.\n"
        "`vafa register --join CODE` does the same while registering.",
    .examples = "vafa case join 1234567894 --with 2345678900",
    .options = join_options,
    .changes = true,
    .role = RPC_ROLE_FRONT_END,
    .run = run_case_join,
};

static int run_case_split(struct session *session)
{
    struct error err = ERROR_NONE;
    Intake__SplitCaseRequest request = INTAKE__SPLIT_CASE_REQUEST__INIT;
    struct vafa_call call = {
        .service = &intake__intake__descriptor, .method = "SplitCase", .request = &request.base};
    request.idempotency_key = session_key(session);
    request.code = session->args.arguments[0];
    enum status status = session_call(session, &call, &err);
    if (status == STATUS_OK && session->json) {
        output_message(call.response);
    } else if (status == STATUS_OK) {
        puts(label_enum(&intake__timeline_kind__descriptor,
                        INTAKE__TIMELINE_KIND__TIMELINE_KIND_SPLIT, session_language(session)));
    }
    vafa_call_fini(&call);
    return status == STATUS_OK ? EXIT_DONE : output_error(&err);
}

const struct command command_case_split = {
    .name = "case split",
    .arguments = "CODE",
    .arguments_min = 1,
    .arguments_max = 1,
    .summary = "splits a joined request off again",
    .help =
        "It is another matter after all: the request gets a task of its own, due by the time at "
        "which it was registered.",
    .examples = "vafa case split 1234567894",
    .changes = true,
    .role = RPC_ROLE_FRONT_END,
    .run = run_case_split,
};
