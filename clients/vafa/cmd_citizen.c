/* vafa citizen forget, check, looks: a citizen's right to be forgotten, and to know who looked. */
#include "clients/vafa/list_text.h"
#include "clients/vafa/output.h"
#include "clients/vafa/session.h"
#include "clients/vafa/table.h"

#include "vafa/intake/v1/intake.pb-c.h"
#include "vafa/keys/v1/keys.pb-c.h"

#include <inttypes.h>
#include <string.h>

#define SERVICES_WITH_WORDS 2

static const Common__ServiceId with_words[SERVICES_WITH_WORDS] = {
    COMMON__SERVICE_ID__SERVICE_ID_INTAKE, COMMON__SERVICE_ID__SERVICE_ID_FOLLOWUP};

/* --- what is left of a citizen --- */

/* What is left in a service that has come as far as `position` (NULL: wherever it is). */
static enum status ask_left(struct session *session, Common__ServiceId service, uint64_t citizen,
                            const Common__Position *position, struct vafa_call *call,
                            struct error *err)
{
    Keys__CheckCitizenRequest request = KEYS__CHECK_CITIZEN_REQUEST__INIT;
    request.citizen = citizen;
    *call = (struct vafa_call){.to = service,
                               .service = &keys__citizens__descriptor,
                               .method = "CheckCitizen",
                               .request = &request.base};
    if (position != NULL) {
        call->at_least[call->at_least_count++] = position;
    }
    if (!args_has(&session->args, "timeout")) {
        session_end_in(session, RPC_DEADLINE_MS_MAX); /* it reads the whole log */
        call->deadline_ms = RPC_DEADLINE_MS_MAX;
    }
    return session_call(session, call, err);
}

static const char *state_word(const Keys__CheckCitizenResponse *left)
{
    return left->has_key        ? "can_be_read"
           : left->is_final     ? "forgotten_everywhere"
           : left->is_forgotten ? "forgotten"
                                : "never_held";
}

static void print_left(struct session *session, const struct vafa_call *calls)
{
    struct table *table = table_new(4);
    bool is_final = true;
    table_head(table, 0, session_word(session, "service"));
    table_head(table, 1, session_word(session, "state"));
    table_head(table, 2, session_word(session, "sealed_parts"));
    table_head(table, 3, session_word(session, "events_read"));
    table_align_right(table, 2);
    table_align_right(table, 3);
    for (size_t i = 0; i < SERVICES_WITH_WORDS; i++) {
        const Keys__CheckCitizenResponse *left =
            (const Keys__CheckCitizenResponse *)calls[i].response;
        table_cell(table, output_service(with_words[i]));
        table_cell(table, session_word(session, state_word(left)));
        table_cell_format(table, "%" PRIu64, left->sealed_parts);
        table_cell_format(table, "%" PRIu64, left->events);
        is_final = is_final && (left->is_final || !left->is_forgotten);
    }
    table_print(table, stdout);
    table_free(table);
    if (!is_final) {
        puts(session_word(session, "forgotten_not_final"));
    }
}

static void print_left_json(uint64_t citizen, const struct vafa_call *calls)
{
    json_t *services = json_object();
    for (size_t i = 0; i < SERVICES_WITH_WORDS; i++) {
        const Keys__CheckCitizenResponse *left =
            (const Keys__CheckCitizenResponse *)calls[i].response;
        (void)json_object_set_new(
            services, output_service(with_words[i]),
            json_pack("{s:b, s:b, s:b, s:b, s:o, s:o}", "holds_words", (int)left->holds_words,
                      "has_key", (int)left->has_key, "is_forgotten", (int)left->is_forgotten,
                      "is_final", (int)left->is_final, "events", output_count(left->events),
                      "sealed_parts", output_count(left->sealed_parts)));
    }
    json_t *all = json_pack("{s:o, s:o}", "citizen", output_count(citizen), "services", services);
    output_json(all);
    json_decref(all);
}

/* Asks both services and prints; *ret_readable: something of theirs can still be read. */
static enum status show_left(struct session *session, uint64_t citizen,
                             const Common__Position *position, bool *ret_readable,
                             struct error *err)
{
    struct vafa_call calls[SERVICES_WITH_WORDS] = {{0}};
    enum status status = STATUS_OK;
    for (size_t i = 0; i < SERVICES_WITH_WORDS && status == STATUS_OK; i++) {
        status = ask_left(session, with_words[i], citizen, position, &calls[i], err);
    }
    if (status == STATUS_OK) {
        *ret_readable = false;
        for (size_t i = 0; i < SERVICES_WITH_WORDS; i++) {
            *ret_readable =
                *ret_readable || ((const Keys__CheckCitizenResponse *)calls[i].response)->has_key;
        }
        if (session->json) {
            print_left_json(citizen, calls);
        } else {
            print_left(session, calls);
        }
    }
    for (size_t i = 0; i < SERVICES_WITH_WORDS; i++) {
        vafa_call_fini(&calls[i]);
    }
    return status;
}

static int run_check(struct session *session)
{
    struct error err = ERROR_NONE;
    uint64_t citizen;
    bool readable = false;
    if (args_read_number(session->args.arguments[0], "NUMBER", 1, UINT64_MAX, &citizen, &err) !=
        STATUS_OK) {
        return output_usage(&err);
    }
    return show_left(session, citizen, NULL, &readable, &err) == STATUS_OK ? EXIT_DONE
                                                                           : output_error(&err);
}

const struct command command_citizen_check = {
    .name = "citizen check",
    .arguments = "NUMBER",
    .arguments_min = 1,
    .arguments_max = 1,
    .summary = "what can still be read of a citizen",
    .help = "Reads the whole log of each service that holds citizens' words, counts what is sealed "
            "under the citizen's key, and says whether there is a key to open it.\n"
            "Forgotten everywhere: the master key has been changed since, so that no older copy of "
            "the stores can be opened either, unless somebody has kept the old key.",
    .examples = "vafa citizen check 17\nvafa citizen check 17 --json",
    .role = RPC_ROLE_ADMIN,
    .run = run_check,
};

/* --- forget --- */

static const struct option_def forget_options[] = {
    {"phone", 0, "PHONE", "who, by their phone instead of a code"},
    {"reason", 0, "TEXT", "why, for the log: no personal data in it (needed)"},
    {"yes", 0, NULL, "you mean it (needed): it cannot be undone"},
    {NULL, 0, NULL, NULL},
};

static enum status read_forget(struct session *session, Intake__ForgetCitizenRequest *request,
                               struct error *err)
{
    const struct args *args = &session->args;
    enum status status = args_need(args, "reason", err);
    if (status != STATUS_OK) {
        return status;
    }
    if ((args->argument_count == 1) == args_has(args, "phone")) {
        return error_set(err, STATUS_INVALID_ARGUMENT, "CODE",
                         "say who: the code of a request of theirs, or --phone");
    }
    if (!args_has(args, "yes")) {
        return error_set(err, STATUS_INVALID_ARGUMENT, "yes",
                         "what is forgotten can never be read again: say --yes if you mean it");
    }
    request->reason = session_text(session, "reason");
    if (args_has(args, "phone")) {
        request->phone = session_text(session, "phone");
    } else {
        request->code = args->arguments[0];
    }
    return STATUS_OK;
}

static int run_forget(struct session *session)
{
    struct error err = ERROR_NONE;
    bool readable = true;
    Intake__ForgetCitizenRequest request = INTAKE__FORGET_CITIZEN_REQUEST__INIT;
    if (read_forget(session, &request, &err) != STATUS_OK) {
        return output_usage(&err);
    }
    request.idempotency_key = session_key(session);
    struct vafa_call call = {.service = &intake__intake__descriptor,
                             .method = "ForgetCitizen",
                             .request = &request.base};
    enum status status = session_call(session, &call, &err);
    if (status == STATUS_OK && call.position == NULL) {
        status = session_lacks("position", &err);
    }
    if (status == STATUS_OK) {
        uint64_t citizen = ((const Intake__ForgetCitizenResponse *)call.response)->citizen;
        if (!session->json) {
            printf("%s %" PRIu64 "\n", session_word(session, "citizen_forgotten"), citizen);
        }
        status = show_left(session, citizen, call.position, &readable, &err);
    }
    vafa_call_fini(&call);
    if (status != STATUS_OK) {
        return output_error(&err);
    }
    return readable ? EXIT_WRONG : EXIT_DONE;
}

const struct command command_citizen_forget = {
    .name = "citizen forget",
    .arguments = "[CODE]",
    .arguments_min = 0,
    .arguments_max = 1,
    .summary = "destroys a citizen's key: nothing of theirs can be read again",
    .help = "Name, phone and words of a citizen are sealed under a key of their own. This destroys "
            "it in every service that has one, ends their open call-backs, and then shows what is "
            "left. Requests, tasks and figures stay: nothing in them is personal.\n"
            "Older copies - backups, free pages of the files - stay readable with the master key "
            "of now: `vafa key change` ends that, too.\n"
            "The same phone, calling later, is somebody new.",
    .examples = "vafa citizen forget 1234567894 --reason 'asked in writing' --yes\n"
                "vafa citizen forget --phone 09130000000 --reason 'asked in writing' --yes --json",
    .options = forget_options,
    .changes = true,
    .role = RPC_ROLE_ADMIN,
    .run = run_forget,
};

/* --- looks --- */

static void print_looks(struct session *session, const Intake__ListLooksResponse *response)
{
    struct table *table = table_new(4);
    table_head(table, 0, session_word(session, "time"));
    table_head(table, 1, session_word(session, "name"));
    table_head(table, 2, session_word(session, "purpose"));
    table_head(table, 3, session_word(session, "service"));
    for (size_t i = 0; i < response->n_looks; i++) {
        const Intake__Look *look = response->looks[i];
        char time[32];
        session_time(session, look->at_us, time);
        table_cell(table, time);
        table_cell(table, look->actor);
        table_cell(table, look->purpose);
        table_cell(table, output_service(look->service));
    }
    list_text_print(session, table);
    table_free(table);
}

static int run_looks(struct session *session)
{
    struct error err = ERROR_NONE;
    Intake__ListLooksRequest request = INTAKE__LIST_LOOKS_REQUEST__INIT;
    struct vafa_call call = {
        .service = &intake__intake__descriptor, .method = "ListLooks", .request = &request.base};
    request.code = session->args.arguments[0];
    enum status status = session_call(session, &call, &err);
    if (status == STATUS_OK && session->json) {
        output_message(call.response);
    } else if (status == STATUS_OK) {
        print_looks(session, (const Intake__ListLooksResponse *)call.response);
    }
    vafa_call_fini(&call);
    return status == STATUS_OK ? EXIT_DONE : output_error(&err);
}

const struct command command_citizen_looks = {
    .name = "citizen looks",
    .arguments = "CODE",
    .arguments_min = 1,
    .arguments_max = 1,
    .summary = "who has looked at the personal data of a request, and for what",
    .help =
        "Newest first: who opened the citizen's name, phone and words, or their answer in words, "
        "with the purpose they gave.",
    .examples = "vafa citizen looks 1234567894\nvafa citizen looks 1234567894 --json",
    .role = RPC_ROLE_ADMIN,
    .run = run_looks,
};
