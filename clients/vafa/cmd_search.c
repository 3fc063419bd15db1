/* vafa search: requests that fit all that is given. */
#include "clients/vafa/case_text.h"
#include "clients/vafa/labels.h"
#include "clients/vafa/output.h"
#include "clients/vafa/place_args.h"
#include "clients/vafa/session.h"

#include "vafa/intake/v1/intake.pb-c.h"

#include <inttypes.h>
#include <stdio.h>

static const struct option_def options[] = {
    {"phone", 'p', "PHONE", "of the citizen, in any spelling"},
    {"code", 0, "CODE", "tracking code"},
    {"source", 0, "NAME", "the other system that named it"},
    {"external-id", 0, "ID", "its name there; needs --source"},
    {"topic", 't', "KEY", "key or name: vafa city show topics"},
    {"area", 'a', "KEY", "key or name: vafa city show areas"},
    {"place", 0, "TEXT", "in neighbourhood, street or landmark, whatever the spelling"},
    {"from", 0, "TIME", "it happened at or after"},
    {"to", 0, "TIME", "it happened before"},
    {"state", 0, "STATE", "registered, in-work, awaiting-word, confirmed, closed-unconfirmed, ..."},
    {"limit", 'n', "N", "at most so many, 1 to 100 (20)"},
    {"after", 0, "N", "go on behind what was shown: the number that the last page told"},
    {NULL, 0, NULL, NULL},
};

static char *text_of(struct session *session, const char *option)
{
    return (char *)(uintptr_t)args_text(&session->args, option);
}

static enum status read_state(struct session *session, Intake__CaseState *ret_state,
                              struct error *err)
{
    const char *text = args_value(&session->args, "state");
    int state = text == NULL ? 0 : label_enum_value(&intake__case_state__descriptor, text);
    if (state < 0) {
        char choices[200];
        label_enum_choices(&intake__case_state__descriptor, choices, sizeof(choices));
        return error_set(err, STATUS_INVALID_ARGUMENT, "state", "\"%s\" is none of %s", text,
                         choices);
    }
    *ret_state = (Intake__CaseState)state;
    return STATUS_OK;
}

static enum status read_request(struct session *session, Intake__SearchCasesRequest *request,
                                struct error *err)
{
    uint64_t limit = 0;
    enum status status = args_number(&session->args, "limit", 1, 100, 20, &limit, err);
    if (status == STATUS_OK) {
        status = args_number(&session->args, "after", 1, UINT64_MAX, 0, &request->page_token, err);
    }
    if (status == STATUS_OK) {
        status = read_state(session, &request->state, err);
    }
    if (status == STATUS_OK) {
        status = session_read_time(session, "from", 0, &request->from_us, err);
    }
    if (status == STATUS_OK) {
        status = session_read_time(session, "to", 0, &request->until_us, err);
    }
    request->page_size = (uint32_t)limit;
    request->phone = text_of(session, "phone");
    request->code = text_of(session, "code");
    request->source = text_of(session, "source");
    request->external_id = text_of(session, "external-id");
    request->place_words = text_of(session, "place");
    return status;
}

static int run_search(struct session *session)
{
    struct error err = ERROR_NONE;
    Intake__SearchCasesRequest request = INTAKE__SEARCH_CASES_REQUEST__INIT;
    if (read_request(session, &request, &err) != STATUS_OK) {
        return output_usage(&err);
    }
    request.topic = place_args_key(session, CITY_ITEMS_TOPICS, text_of(session, "topic"));
    request.area = place_args_key(session, CITY_ITEMS_AREAS, text_of(session, "area"));
    struct vafa_call call = {
        .service = &intake__intake__descriptor, .method = "SearchCases", .request = &request.base};
    enum status status = session_call(session, &call, &err);
    if (status == STATUS_OK) {
        const Intake__SearchCasesResponse *response =
            (const Intake__SearchCasesResponse *)call.response;
        case_text_list(session, response->cases, response->n_cases);
        if (response->next_page_token != 0) {
            fprintf(stderr, "%s %" PRIu64 "\n",
                    label_word("search_goes_on", session_language(session)),
                    response->next_page_token);
        }
    }
    vafa_call_fini(&call);
    return status == STATUS_OK ? EXIT_DONE : output_error(&err);
}

const struct command command_search = {
    .name = "search",
    .arguments = "",
    .summary = "requests by phone, code, place, topic, time and state, newest first",
    .help = "Shows the requests that fit all that is given. At most 2,000 are looked at for one "
            "page, which may therefore be short and yet not be the last: a line on stderr then "
            "tells how to go on. What citizens said is sealed and not searched. "
            "With --json one object a line.",
    .examples = "vafa search --topic asphalt --area 5 --state in-work\n"
                "vafa search --phone 09130000000 --from -7d --json\n"
                "vafa search --place 'چهارباغ' --limit 5",
    .options = options,
    .role = RPC_ROLE_FRONT_END,
    .run = run_search,
};
