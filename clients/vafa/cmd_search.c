/* vafa search: requests that fit all that is given; with --words also by what citizens said. */
#include "clients/vafa/answer_args.h"
#include "clients/vafa/case_text.h"
#include "clients/vafa/choice.h"
#include "clients/vafa/labels.h"
#include "clients/vafa/output.h"
#include "clients/vafa/place_args.h"
#include "clients/vafa/session.h"

#include "base/check.h"

#include "vafa/intake/v1/intake.pb-c.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#define WORD_PAGES_MAX 200 /* of the service's, 500 requests each */
#define CASES_MAX 100
#define PAGE_LOOKS 2000 /* requests that the service looks at for one page */

static const struct option_def options[] = {
    {"phone", 'p', "PHONE", "of the citizen, in any spelling"},
    {"code", 0, "CODE", "tracking code"},
    {"source", 0, "NAME", "the other system that named it"},
    {"external-id", 0, "ID", "its name there; needs --source"},
    {"topic", 't', "KEY", "key or name: vafa city show topics"},
    {"area", 'a', "KEY", "key or name: vafa city show areas"},
    {"place", 0, "TEXT", "in any part of the place (street, stop, pole, ...), in any spelling"},
    {"answer", 0, "QUESTION=VALUE", "to a question of its topic; again for others"},
    {"words", 0, "TEXT",
     "what the citizen said: all these words, in any spelling; needs --purpose"},
    {"purpose", 0, "TEXT", "why citizens' words are searched: it is kept with your name"},
    {"from", 0, "TIME", "it happened at or after"},
    {"to", 0, "TIME", "it happened before"},
    {"state", 0, "STATE", "registered, in-work, awaiting-word, confirmed, closed-unconfirmed, ..."},
    {"limit", 'n', "N", "at most so many, 1 to 100 (20)"},
    {"after", 0, "N", "go on behind what was shown: the number that the last page told"},
    {NULL, 0, NULL, NULL},
};

static enum status read_state(struct session *session, Intake__CaseState *ret_state,
                              struct error *err)
{
    int state = 0;
    enum status status =
        choice_read(&session->args, "state", &intake__case_state__descriptor, NULL, &state, err);
    *ret_state = (Intake__CaseState)state;
    return status;
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
    request->phone = session_text(session, "phone");
    request->code = session_text(session, "code");
    request->source = session_text(session, "source");
    request->external_id = session_text(session, "external-id");
    request->place_words = session_text(session, "place");
    return status;
}

static void print_page(struct session *session, Intake__Case **cases, size_t count, uint64_t token)
{
    case_text_list(session, cases, count);
    if (token != 0) {
        fprintf(stderr, "%s %" PRIu64 "\n", session_word(session, "search_goes_on"), token);
    }
}

/* Few of a page may fit, or none: the service looks at 2,000 requests for each. */
struct case_pages {
    struct vafa_call calls[CASES_MAX]; /* what was found points into them: each has a request */
    size_t call_count;
    Intake__Case *cases[CASES_MAX];
    size_t case_count;
};

static enum status next_cases(struct session *session, Intake__SearchCasesRequest *request,
                              uint32_t limit, struct case_pages *pages, struct error *err)
{
    struct vafa_call call = {
        .service = &intake__intake__descriptor, .method = "SearchCases", .request = &request->base};
    request->page_size = limit - (uint32_t)pages->case_count;
    enum status status = session_call(session, &call, err);
    const Intake__SearchCasesResponse *response =
        status == STATUS_OK ? (const Intake__SearchCasesResponse *)call.response : NULL;
    size_t before = pages->case_count;
    for (size_t i = 0; response != NULL && i < response->n_cases && pages->case_count < limit;
         i++) {
        pages->cases[pages->case_count++] = response->cases[i];
    }
    if (response != NULL) {
        request->page_token = response->next_page_token;
        session_end_in(session, session->timeout_ms);
    }
    if (pages->case_count > before) {
        pages->calls[pages->call_count++] = call;
    } else {
        vafa_call_fini(&call);
    }
    return status;
}

static enum status search_cases(struct session *session, Intake__SearchCasesRequest *request,
                                struct error *err)
{
    struct case_pages *pages = calloc(1, sizeof(*pages));
    uint32_t limit = request->page_size;
    enum status status = STATUS_OK;
    CHECK(pages != NULL);
    for (uint64_t page = 1; status == STATUS_OK; page++) {
        uint64_t token = request->page_token;
        status = next_cases(session, request, limit, pages, err);
        if (status == STATUS_OK && request->page_token != 0 && request->page_token == token) {
            status = session_lacks("next page", err); /* it would go on for ever */
        } else if (request->page_token == 0 || pages->case_count >= limit) {
            break;
        } else if (status == STATUS_OK) {
            output_progress("%s %" PRIu64 " (--after %" PRIu64 ")",
                            session_word(session, "search_looked_at"), page * PAGE_LOOKS,
                            request->page_token);
        }
    }
    output_progress_end();
    if (status == STATUS_OK) {
        print_page(session, pages->cases, pages->case_count, request->page_token);
    }
    for (size_t i = 0; i < pages->call_count; i++) {
        vafa_call_fini(&pages->calls[i]);
    }
    free(pages);
    return status;
}

/* Pages of words until there are as many requests as were asked for: few fit a page of the service's. */
struct word_pages {
    struct vafa_call calls[WORD_PAGES_MAX]; /* what was found points into them */
    size_t call_count;
    Intake__Case *cases[CASES_MAX];
    size_t case_count;
    uint64_t unreadable;
};

static enum status next_words(struct session *session, Intake__SearchWordsRequest *request,
                              uint32_t limit, struct word_pages *pages, struct error *err)
{
    uint8_t key[UUID_BYTES];
    struct vafa_call *call = &pages->calls[pages->call_count++];
    request->among->page_size = limit - (uint32_t)pages->case_count;
    request->idempotency_key = vafa_new_key(key); /* each page has its own */
    *call = (struct vafa_call){
        .service = &intake__intake__descriptor, .method = "SearchWords", .request = &request->base};
    enum status status = session_call(session, call, err);
    const Intake__SearchWordsResponse *response =
        status == STATUS_OK ? (const Intake__SearchWordsResponse *)call->response : NULL;
    for (size_t i = 0; response != NULL && i < response->n_cases && pages->case_count < limit;
         i++) {
        pages->cases[pages->case_count++] = response->cases[i];
    }
    if (response != NULL) {
        request->among->page_token = response->next_page_token;
        pages->unreadable += response->unreadable;
    }
    return status;
}

static enum status search_words(struct session *session, Intake__SearchCasesRequest *among,
                                struct error *err)
{
    Intake__SearchWordsRequest request = INTAKE__SEARCH_WORDS_REQUEST__INIT;
    struct word_pages *pages = calloc(1, sizeof(*pages));
    uint32_t limit = among->page_size;
    enum status status = STATUS_OK;
    CHECK(pages != NULL);
    request.among = among;
    request.words = session_text(session, "words");
    request.purpose = session_text(session, "purpose");
    do {
        status = next_words(session, &request, limit, pages, err);
    } while (status == STATUS_OK && among->page_token != 0 && pages->case_count < limit &&
             pages->call_count < WORD_PAGES_MAX);
    if (status == STATUS_OK) {
        print_page(session, pages->cases, pages->case_count, among->page_token);
        if (pages->unreadable > 0) {
            fprintf(stderr, "%s: %" PRIu64 "\n", session_word(session, "search_unreadable"),
                    pages->unreadable);
        }
    }
    for (size_t i = 0; i < pages->call_count; i++) {
        vafa_call_fini(&pages->calls[i]);
    }
    free(pages);
    return status;
}

static int run_search(struct session *session)
{
    struct error err = ERROR_NONE;
    Intake__SearchCasesRequest request = INTAKE__SEARCH_CASES_REQUEST__INIT;
    struct arena *arena = arena_new(ANSWERS_ARENA_BYTES);
    bool by_words = args_has(&session->args, "words");
    enum status status = read_request(session, &request, &err);
    if (status == STATUS_OK) {
        status =
            answer_args_read(&session->args, arena, &request.answers, &request.n_answers, &err);
    }
    if (status == STATUS_OK && by_words) {
        status = args_need(&session->args, "purpose", &err);
    }
    if (status != STATUS_OK) {
        arena_free(arena);
        return output_usage(&err);
    }
    request.topic = place_args_key(session, CITY_ITEMS_TOPICS, session_text(session, "topic"));
    request.area = place_args_key(session, CITY_ITEMS_AREAS, session_text(session, "area"));
    status =
        by_words ? search_words(session, &request, &err) : search_cases(session, &request, &err);
    arena_free(arena);
    return status == STATUS_OK ? EXIT_DONE : output_error(&err);
}

const struct command command_search = {
    .name = "search",
    .arguments = "",
    .summary = "requests by phone, code, words, place, answers, topic, time and state",
    .help =
        "Shows the requests that fit all that is given, newest first, with when it happened, which "
        "is what --from and --to are about. It looks until it has --limit of them or has looked at "
        "all; a line on stderr tells how far it is, how to go on behind the last, and how to after "
        "Ctrl-C.\n"
        "\n"
        "An --answer is written as for vafa register: a number in any form, a choice by its key, a "
        "time "
        "as the city writes it, or a day for all its times; of one's own words a part is enough.\n"
        "\n"
        "What citizens said is sealed. With --words it is opened to be searched, of whatever else "
        "fits: narrow it by topic, area, time or phone. That you searched, and what for, is kept, "
        "and each request that is found has you among those who looked (vafa citizen looks). "
        "100,000 requests are looked at at once. With --json one object a line.",
    .examples =
        "vafa search --topic asphalt --area 5 --state in-work\n"
        "vafa search --phone 09130000000 --from -7d --json\n"
        "vafa search --place 'چهارباغ' --limit 5\n"
        "vafa search --topic bus-headway --answer line=91 --answer time=1405-09-06\n"
        "vafa search --words 'چاله مدرسه' --topic asphalt --from -30d --purpose 'code lost'",
    .options = options,
    .role = RPC_ROLE_FRONT_END,
    .run = run_search,
};
