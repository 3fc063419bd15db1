/* vafa session open, lengthen, close, list, show: managers at the hotline centre. */
#include "clients/vafa/cmd_session.h"
#include "clients/vafa/choice.h"

#include "clients/vafa/labels.h"
#include "clients/vafa/list_text.h"
#include "clients/vafa/output.h"
#include "clients/vafa/session.h"
#include "clients/vafa/table.h"

#include <inttypes.h>
#include <stdio.h>

#define SEATS_MAX 31 /* one more than the server takes: it says so */

enum status cmd_session_number(struct session *session, uint64_t *ret_number, struct error *err)
{
    return args_read_number(session->args.arguments[0], "session_number", 1, UINT64_MAX, ret_number,
                            err);
}

/* --- telling --- */

static void name_people(struct session *session, const Followup__Session *told, struct buffer *out)
{
    buffer_append_text(out, told->host);
    for (size_t i = 0; i < told->n_seats; i++) {
        buffer_append_format(out, "%s ", session_word(session, ","));
        buffer_append_text(out, told->seats[i]);
    }
}

static void add_session(struct session *session, struct table *table, const Followup__Session *told)
{
    char from[32], to[32];
    struct buffer people = BUFFER_EMPTY;
    bool is_open = told->state == FOLLOWUP__SESSION_STATE__SESSION_STATE_OPEN;
    name_people(session, told, &people);
    session_time(session, told->opened_at_us, from);
    session_time(session, is_open ? told->ends_at_us : told->closed_at_us, to);
    table_cell_format(table, "%" PRIu64, told->number);
    table_cell(table, told->by_itself ? session_word(session, "session_over")
                                      : label_enum(&followup__session_state__descriptor,
                                                   (int)told->state, session_language(session)));
    table_cell(table, session_unit(session, told->unit));
    table_cell(table, from);
    table_cell(table, to);
    table_cell(table, buffer_text(&people));
    buffer_fini(&people);
}

static void print_sessions(struct session *session, Followup__Session *const *sessions,
                           size_t count)
{
    static const char *const heads[] = {"session",    "state", "unit",
                                        "storm_from", "until", "people"};
    struct table *table = table_new(6);
    for (size_t i = 0; i < 6; i++) {
        table_head(table, i, session_word(session, heads[i]));
    }
    table_align_right(table, 0);
    for (size_t i = 0; i < count; i++) {
        add_session(session, table, sessions[i]);
    }
    list_text_print(session, table);
    table_free(table);
}

static void print_units(struct session *session, const Followup__Session *told)
{
    struct buffer line = BUFFER_EMPTY;
    buffer_append_text(&line, session_word(session, "session_shows"));
    for (size_t i = 0; i < told->n_units; i++) {
        buffer_append_format(&line, "%s ", i > 0 ? session_word(session, ",") : "");
        table_plain_text(&line, session_unit(session, told->units[i]));
    }
    puts(buffer_text(&line));
    buffer_fini(&line);
    if (told->left_out > 0) {
        printf("%s %" PRIu32 "\n", session_word(session, "session_left_out"), told->left_out);
    }
}

/* Makes the call and prints the session of its answer, which `session_of` finds. */
static int call_session(struct session *session, const char *method,
                        const ProtobufCMessage *request, bool with_units,
                        Followup__Session *(*session_of)(const ProtobufCMessage *response))
{
    struct error err = ERROR_NONE;
    struct vafa_call call = {
        .service = &followup__followup__descriptor, .method = method, .request = request};
    enum status status = session_call(session, &call, &err);
    if (status == STATUS_OK) {
        Followup__Session *told = session_of(call.response);
        if (session->json) {
            output_message(call.response);
        } else if (told == NULL) {
            status = session_lacks("session", &err);
        } else {
            print_sessions(session, &told, 1);
            if (with_units) {
                print_units(session, told);
            }
        }
    }
    vafa_call_fini(&call);
    return status == STATUS_OK ? EXIT_DONE : output_error(&err);
}

/* --- open --- */

static const struct option_def open_options[] = {
    {"unit", 'u', "UNIT", "which unit holds it (needed)"},
    {"host", 0, "NAME", "who: the manager (needed)"},
    {"seat", 0, "NAME", "who else is there; may be repeated, 30 times at most"},
    {"until", 0, "TIME",
     "it ends by itself then: +90m, '1405-09-06 18:00' (+2h; 12 hours at most)"},
    {NULL, 0, NULL, NULL},
};

static Followup__Session *opened(const ProtobufCMessage *response)
{
    return ((const Followup__OpenSessionResponse *)response)->session;
}

static int run_open(struct session *session)
{
    char *seats[SEATS_MAX];
    struct error err = ERROR_NONE;
    Followup__OpenSessionRequest request = FOLLOWUP__OPEN_SESSION_REQUEST__INIT;
    enum status status = args_need(&session->args, "unit", &err);
    if (status == STATUS_OK) {
        status = args_need(&session->args, "host", &err);
    }
    if (status == STATUS_OK) {
        status = session_read_time(session, "until", 0, &request.until_us, &err);
    }
    const char *seat;
    while (request.n_seats < SEATS_MAX &&
           (seat = args_value_at(&session->args, "seat", request.n_seats)) != NULL) {
        seats[request.n_seats++] = (char *)(uintptr_t)seat;
    }
    request.unit = session_text(session, "unit");
    request.host = session_text(session, "host");
    request.seats = seats;
    request.idempotency_key = session_key(session);
    return status == STATUS_OK ? call_session(session, "OpenSession", &request.base, true, opened)
                               : output_usage(&err);
}

const struct command command_session_open = {
    .name = "session open",
    .arguments = "",
    .summary = "a manager is at the hotline centre: what is urgent in the unit is shown there",
    .help =
        "From now until its end the session is shown, the moment it happens, what is urgent "
        "(code 100) in the unit and in the units under it in the city pack, and what becomes "
        "of it; first what is open already and nobody has acknowledged. Follow it with `vafa "
        "session watch N`; it ends by itself.\n"
        "A unit has one open session. Urgent tasks are acknowledged as ever, with `vafa task see` "
        "in the name of the unit that has them.",
    .examples = "vafa session open --unit district-5 --host 'مدیر منطقه ۵'\n"
                "vafa session open --unit district-5 --host 'مدیر منطقه ۵' --seat 'رئیس عمران' "
                "--until +90m --json",
    .options = open_options,
    .changes = true,
    .role = RPC_ROLE_OFFICE,
    .run = run_open,
};

/* --- lengthen --- */

static const struct option_def lengthen_options[] = {
    {"until", 0, "TIME", "it ends by itself then, later than so far (needed)"},
    {NULL, 0, NULL, NULL},
};

static Followup__Session *lengthened(const ProtobufCMessage *response)
{
    return ((const Followup__LengthenSessionResponse *)response)->session;
}

static int run_lengthen(struct session *session)
{
    struct error err = ERROR_NONE;
    Followup__LengthenSessionRequest request = FOLLOWUP__LENGTHEN_SESSION_REQUEST__INIT;
    enum status status = args_need(&session->args, "until", &err);
    if (status == STATUS_OK) {
        status = session_read_time(session, "until", 0, &request.until_us, &err);
    }
    if (status == STATUS_OK) {
        status = cmd_session_number(session, &request.session_number, &err);
    }
    request.idempotency_key = session_key(session);
    return status == STATUS_OK
               ? call_session(session, "LengthenSession", &request.base, false, lengthened)
               : output_usage(&err);
}

const struct command command_session_lengthen = {
    .name = "session lengthen",
    .arguments = "N",
    .arguments_min = 1,
    .arguments_max = 1,
    .summary = "an open session ends later",
    .help = "At most twelve hours from now.",
    .examples = "vafa session lengthen 1 --until +3h\n"
                "vafa session lengthen 1 --until +3h --json",
    .options = lengthen_options,
    .changes = true,
    .role = RPC_ROLE_FRONT_END,
    .run = run_lengthen,
};

/* --- close --- */

static Followup__Session *closed(const ProtobufCMessage *response)
{
    return ((const Followup__CloseSessionResponse *)response)->session;
}

static int run_close(struct session *session)
{
    struct error err = ERROR_NONE;
    Followup__CloseSessionRequest request = FOLLOWUP__CLOSE_SESSION_REQUEST__INIT;
    if (cmd_session_number(session, &request.session_number, &err) != STATUS_OK) {
        return output_usage(&err);
    }
    request.idempotency_key = session_key(session);
    return call_session(session, "CloseSession", &request.base, false, closed);
}

const struct command command_session_close = {
    .name = "session close",
    .arguments = "N",
    .arguments_min = 1,
    .arguments_max = 1,
    .summary = "an open session ends now",
    .help = "It would end by itself. What it was shown stays: `vafa session watch N --once`.",
    .examples = "vafa session close 1\n"
                "vafa session close 1 --json",
    .changes = true,
    .role = RPC_ROLE_FRONT_END,
    .run = run_close,
};

/* --- show --- */

static Followup__Session *shown(const ProtobufCMessage *response)
{
    return ((const Followup__GetSessionResponse *)response)->session;
}

static int run_show(struct session *session)
{
    struct error err = ERROR_NONE;
    Followup__GetSessionRequest request = FOLLOWUP__GET_SESSION_REQUEST__INIT;
    if (cmd_session_number(session, &request.session_number, &err) != STATUS_OK) {
        return output_usage(&err);
    }
    return call_session(session, "GetSession", &request.base, true, shown);
}

const struct command command_session_show = {
    .name = "session show",
    .arguments = "N",
    .arguments_min = 1,
    .arguments_max = 1,
    .summary = "one session: who is there, until when, and which units it is shown",
    .help = "The units are its own and those under it in the city pack when it was opened.",
    .examples = "vafa session show 1\n"
                "vafa session show 1 --json",
    .role = RPC_ROLE_FRONT_END,
    .run = run_show,
};

/* --- list --- */

static const struct option_def list_options[] = {
    {"unit", 'u', "UNIT", "only this unit's"},
    {"state", 0, "STATE", "only those that are open, or closed"},
    {"limit", 'n', "N", "at most so many, 1 to 100 (20)"},
    {"after", 0, "N", "go on behind what was shown: the number that the last page told"},
    {NULL, 0, NULL, NULL},
};

static enum status read_state(struct session *session, Followup__SessionState *ret_state,
                              struct error *err)
{
    int state = 0;
    enum status status = choice_read(&session->args, "state", &followup__session_state__descriptor,
                                     NULL, &state, err);
    *ret_state = (Followup__SessionState)state;
    return status;
}

static enum status read_list(struct session *session, Followup__ListSessionsRequest *request,
                             struct error *err)
{
    uint64_t limit = 0;
    enum status status = args_number(&session->args, "limit", 1, 100, 20, &limit, err);
    if (status == STATUS_OK) {
        status = args_number(&session->args, "after", 1, UINT64_MAX, 0, &request->page_token, err);
    }
    request->page_size = (uint32_t)limit;
    request->unit = session_text(session, "unit");
    return status == STATUS_OK ? read_state(session, &request->state, err) : status;
}

static int run_list(struct session *session)
{
    struct error err = ERROR_NONE;
    Followup__ListSessionsRequest request = FOLLOWUP__LIST_SESSIONS_REQUEST__INIT;
    struct vafa_call call = {.service = &followup__followup__descriptor,
                             .method = "ListSessions",
                             .request = &request.base};
    if (read_list(session, &request, &err) != STATUS_OK) {
        return output_usage(&err);
    }
    enum status status = session_call(session, &call, &err);
    if (status == STATUS_OK) {
        const Followup__ListSessionsResponse *page =
            (const Followup__ListSessionsResponse *)call.response;
        for (size_t i = 0; session->json && i < page->n_sessions; i++) {
            output_message(&page->sessions[i]->base);
        }
        if (!session->json) {
            print_sessions(session, page->sessions, page->n_sessions);
        }
        if (page->next_page_token != 0) {
            fprintf(stderr, "%s %" PRIu64 "\n", session_word(session, "search_goes_on"),
                    page->next_page_token);
        }
    }
    vafa_call_fini(&call);
    return status == STATUS_OK ? EXIT_DONE : output_error(&err);
}

const struct command command_session_list = {
    .name = "session list",
    .arguments = "",
    .summary = "sessions, open and past, newest first",
    .help = "Which unit's, who was there, from when until when. A page may be short and yet not be "
            "the last: a line on stderr then tells how to go on. With --json one object a line.",
    .examples = "vafa session list --state open\n"
                "vafa session list --unit district-5 --limit 5 --json",
    .options = list_options,
    .role = RPC_ROLE_FRONT_END,
    .run = run_list,
};
