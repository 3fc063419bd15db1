/* vafa show, history, reveal: where requests stand, and whose they are. */
#include "clients/vafa/answer_words.h"
#include "clients/vafa/labels.h"
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

static const char *word(struct session *session, const char *name)
{
    return label_word(name, session_language(session));
}

static void detail(struct session *session, struct table *table, const char *name,
                   const char *value)
{
    if (value[0] != '\0') {
        table_cell(table, word(session, name));
        table_cell(table, value);
    }
}

static void detail_time(struct session *session, struct table *table, const char *name, int64_t us)
{
    char text[32];
    session_time(session, us, text);
    detail(session, table, name, text);
}

/* --- show --- */

static const struct option_def show_options[] = {
    {"fresh", 0, NULL, "first wait until all that was done so far has arrived in the story"},
    {NULL, 0, NULL, NULL},
};

/* Who else is about the same thing. */
static void print_incident(struct session *session, struct table *table, const Intake__Case *c)
{
    struct buffer codes = BUFFER_EMPTY;
    detail(session, table, "incident", c->incident_code);
    if (c->callers > 1) {
        table_cell(table, word(session, "callers"));
        table_cell_format(table, "%" PRIu32, c->callers);
    }
    for (size_t i = 0; i < c->n_joined_codes; i++) {
        buffer_append_format(&codes, "%s%s", i > 0 ? " " : "", c->joined_codes[i]);
    }
    detail(session, table, "joined", buffer_text(&codes));
    buffer_fini(&codes);
}

static void print_case(struct session *session, const Intake__Case *c)
{
    const char *language = session_language(session);
    struct table *table = table_new(2);
    struct buffer place = BUFFER_EMPTY;
    place_words(session, c->place, &place);
    detail(session, table, "code", c->code);
    detail(session, table, "state",
           label_enum(&intake__case_state__descriptor, (int)c->state, language));
    detail(session, table, "topic", session_topic(session, c->topic));
    detail(session, table, "place", buffer_text(&place));
    answer_words(session, table, c->topic, c->answers, c->n_answers);
    detail(session, table, "urgency",
           label_enum(&common__urgency__descriptor, (int)c->urgency, language));
    detail(session, table, "channel",
           label_enum(&common__channel__descriptor, (int)c->channel, language));
    detail(session, table, "unit", session_unit(session, c->unit));
    print_incident(session, table, c);
    detail_time(session, table, "occurred", c->occurred_at_us);
    detail_time(session, table, "due", c->due_at_us);
    if (c->source[0] != '\0') {
        table_cell(table, word(session, "source"));
        table_cell_format(table, "%s %s", c->source, c->external_id);
    }
    table_print(table, stdout);
    table_free(table);
    buffer_fini(&place);
}

/* A call's outcome comes as words of the contract ("no answer"), an office's note as it was written. */
static const char *note_words(struct session *session, const Intake__TimelineEntry *entry)
{
    char typed[32];
    size_t size = strlen(entry->note);
    if ((entry->kind != INTAKE__TIMELINE_KIND__TIMELINE_KIND_CALL_ATTEMPTED &&
         entry->kind != INTAKE__TIMELINE_KIND__TIMELINE_KIND_CALL_COMPLETED) ||
        size >= sizeof(typed)) {
        return entry->note;
    }
    for (size_t i = 0; i <= size; i++) {
        typed[i] = entry->note[i] == ' ' ? '-' : entry->note[i];
    }
    int outcome = label_enum_value(&followup__call_outcome__descriptor, typed);
    return outcome < 0 ? entry->note
                       : label_enum(&followup__call_outcome__descriptor, outcome,
                                    session_language(session));
}

static void timeline_note(struct session *session, const Intake__TimelineEntry *entry,
                          struct buffer *out)
{
    const char *verdict = label_enum(&intake__citizen_verdict__descriptor, (int)entry->verdict,
                                     session_language(session));
    buffer_append_text(out, note_words(session, entry));
    if (verdict[0] != '\0') {
        buffer_append_format(out, "%s%s", out->size > 0 ? "; " : "", verdict);
    }
    if (entry->until_us != 0) {
        char until[32];
        session_time(session, entry->until_us, until);
        buffer_append_format(out, "%s%s %s", out->size > 0 ? "; " : "", word(session, "until"),
                             until);
    }
    for (size_t i = 0; i < entry->n_pictures; i++) {
        buffer_append_format(out, "%s%s %s", out->size > 0 ? "; " : "", word(session, "picture"),
                             entry->pictures[i]);
    }
    if (entry->score != 0) {
        buffer_append_format(out, "%s%" PRIu32 "/5", out->size > 0 ? "; " : "", entry->score);
    }
}

static void print_timeline(struct session *session, const Intake__GetCaseResponse *response)
{
    static const char *const heads[] = {"time", "what", "unit", "note"};
    struct table *table = table_new(4);
    for (size_t i = 0; i < 4; i++) {
        table_head(table, i, word(session, heads[i]));
    }
    for (size_t i = 0; i < response->n_timeline; i++) {
        const Intake__TimelineEntry *entry = response->timeline[i];
        char time[32];
        struct buffer note = BUFFER_EMPTY;
        session_time(session, entry->at_us, time);
        timeline_note(session, entry, &note);
        table_cell(table, time);
        table_cell(table, label_enum(&intake__timeline_kind__descriptor, (int)entry->kind,
                                     session_language(session)));
        table_cell(table, session_unit(session, entry->unit));
        table_cell(table, buffer_text(&note));
        buffer_fini(&note);
    }
    putchar('\n');
    table_print(table, stdout);
    table_free(table);
}

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
            print_case(session, response->case_data);
            print_timeline(session, response);
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
    .examples = "vafa show 1234567897\nvafa show '۱۲۳ ۴۵۶ ۷۸۹۷' --fresh",
    .options = show_options,
    .role = RPC_ROLE_FRONT_END,
    .run = run_show,
};

/* --- history --- */

static const struct option_def history_options[] = {
    {"limit", 'n', "N", "at most so many, 1 to 100 (20)"},
    {NULL, 0, NULL, NULL},
};

static void print_cases(struct session *session, const Intake__ListCasesResponse *response)
{
    static const char *const heads[] = {"code", "registered", "topic", "state", "unit"};
    struct table *table = table_new(5);
    for (size_t i = 0; i < 5; i++) {
        table_head(table, i, word(session, heads[i]));
    }
    for (size_t i = 0; i < response->n_cases; i++) {
        const Intake__Case *c = response->cases[i];
        char time[32];
        session_time(session, c->registered_at_us, time);
        table_cell(table, c->code);
        table_cell(table, time);
        table_cell(table, session_topic(session, c->topic));
        table_cell(table, label_enum(&intake__case_state__descriptor, (int)c->state,
                                     session_language(session)));
        table_cell(table, session_unit(session, c->unit));
    }
    table_print(table, stdout);
    table_free(table);
}

static void print_cases_json(struct session *session, const Intake__ListCasesResponse *response)
{
    (void)session; /* as print_cases has it */
    for (size_t i = 0; i < response->n_cases; i++) {
        output_message(&response->cases[i]->base);
    }
}

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
        (session->json ? print_cases_json
                       : print_cases)(session, (const Intake__ListCasesResponse *)call.response);
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
        detail(session, table, "name", response->citizen->name);
        detail(session, table, "phone", response->citizen->phone);
    }
    detail(session, table, "words", response->words);
    table_print(table, stdout);
    table_free(table);
}

static int run_reveal(struct session *session)
{
    struct error err = ERROR_NONE;
    uint8_t key[UUID_BYTES];
    if (args_need(&session->args, "purpose", &err) != STATUS_OK) {
        return output_usage(&err);
    }
    Intake__RevealCaseRequest request = INTAKE__REVEAL_CASE_REQUEST__INIT;
    struct vafa_call call = {
        .service = &intake__intake__descriptor, .method = "RevealCase", .request = &request.base};
    request.idempotency_key = vafa_new_key(key);
    request.code = argument(session, 0);
    request.purpose = (char *)(uintptr_t)args_text(&session->args, "purpose");
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
    .examples = "vafa reveal 1234567897 --purpose 'call-back'",
    .options = reveal_options,
    .role = RPC_ROLE_FRONT_END,
    .run = run_reveal,
};
