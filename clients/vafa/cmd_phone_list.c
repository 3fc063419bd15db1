/* vafa phone list, phone count: the hotline's calls, one by one and in figures. */
#include "base/clock.h"
#include "clients/vafa/choice.h"
#include "clients/vafa/labels.h"
#include "clients/vafa/list_text.h"
#include "clients/vafa/output.h"
#include "clients/vafa/phone_count.h"
#include "clients/vafa/session.h"
#include "clients/vafa/table.h"

#include "vafa/intake/v1/intake.pb-c.h"

#include <inttypes.h>
#include <stdio.h>

#define PAGE_SIZE 100

/* --- the pages --- */

struct listing {
    Intake__ListCallsRequest request;
    uint64_t left; /* calls still wanted */
    void (*take)(struct session *session, const Intake__Call *call, void *context);
    void *context;
};

static enum status read_span(struct session *session, Intake__ListCallsRequest *request,
                             struct error *err)
{
    enum status status = session_read_time(session, "from", 0, &request->from_us, err);
    if (status == STATUS_OK) {
        status = session_read_time(session, "to", 0, &request->until_us, err);
    }
    request->operator_name = session_text(session, "operator");
    return status;
}

static enum status take_page(struct session *session, struct listing *listing, bool *ret_over,
                             struct error *err)
{
    struct vafa_call call = {.service = &intake__intake__descriptor,
                             .method = "ListCalls",
                             .request = &listing->request.base};
    listing->request.page_size = listing->left < PAGE_SIZE ? (uint32_t)listing->left : PAGE_SIZE;
    enum status status = session_call(session, &call, err);
    if (status == STATUS_OK) {
        const Intake__ListCallsResponse *page = (const Intake__ListCallsResponse *)call.response;
        uint64_t before = listing->request.page_token;
        uint64_t next = page->next_page_token;
        for (size_t i = 0; i < page->n_calls && listing->left > 0; i++, listing->left--) {
            listing->take(session, page->calls[i], listing->context);
        }
        *ret_over = next == 0 || listing->left == 0;
        listing->request.page_token = next;
        session_end_in(session, session->timeout_ms);
        if (next != 0 && before != 0 && next >= before) {
            status = error_set(err, STATUS_INTERNAL, "next_page_token",
                               "the server's pages do not come to an end");
        }
    }
    vafa_call_fini(&call);
    return status;
}

static enum status take_all(struct session *session, struct listing *listing, struct error *err)
{
    enum status status = STATUS_OK;
    bool over = false;
    while (status == STATUS_OK && !over) {
        status = take_page(session, listing, &over, err);
    }
    return status;
}

/* --- list --- */

static const struct option_def list_options[] = {
    {"result", 0, "RESULT",
     "only those that ended so: registered, informed, wrong-number, silent, referred, chased, "
     "abandoned, left-open"},
    {"open", 0, NULL, "only those that go on"},
    {"operator", 0, "NAME", "only those that this operator answered"},
    {"from", 0, "TIME", "opened at or after"},
    {"to", 0, "TIME", "opened before"},
    {"limit", 'n', "N", "at most so many, 1 to 10000 (100)"},
    {NULL, 0, NULL, NULL},
};

static void duration(int64_t us, char out[32])
{
    snprintf(out, 32, "%" PRId64 ":%02" PRId64, us / MINUTE_US, us % MINUTE_US / SECOND_US);
}

static void add_call(struct session *session, const Intake__Call *call, void *context)
{
    struct table *table = context;
    char text[32];
    if (session->json) {
        output_message(&call->base);
        return;
    }
    int64_t wait_us = phone_count_wait_us(call);
    table_cell_format(table, "%" PRIu64, call->number);
    session_time(session, call->opened_at_us, text);
    table_cell(table, text);
    duration(wait_us < 0 ? 0 : wait_us, text);
    table_cell(table, wait_us < 0 ? "" : text);
    table_cell(table, label_enum(&common__channel__descriptor, (int)call->channel,
                                 session_language(session)));
    table_cell(table, call->operator_name);
    table_cell(table, call->ended_at_us == 0
                          ? session_word(session, "goes_on")
                          : label_enum(&intake__call_result__descriptor, (int)call->result,
                                       session_language(session)));
    table_cell(table, session_topic(session, call->topic));
    table_cell(table, session_unit(session, call->unit));
}

static enum status read_result(struct session *session, Intake__CallResult *ret_result,
                               struct error *err)
{
    int result = 0;
    enum status status =
        choice_read(&session->args, "result", &intake__call_result__descriptor, NULL, &result, err);
    if (status == STATUS_OK && result != 0 && args_has(&session->args, "open")) {
        return error_set(err, STATUS_INVALID_ARGUMENT, "open",
                         "a call that goes on has no result: not with --result");
    }
    *ret_result = (Intake__CallResult)result;
    return status;
}

static int run_list(struct session *session)
{
    static const char *const heads[] = {"call",     "opened", "waited", "channel",
                                        "operator", "result", "topic",  "unit"};
    size_t columns = sizeof(heads) / sizeof(heads[0]);
    struct error err = ERROR_NONE;
    struct listing listing = {.take = add_call};
    intake__list_calls_request__init(&listing.request);
    if (args_number(&session->args, "limit", 1, 10000, 100, &listing.left, &err) != STATUS_OK ||
        read_result(session, &listing.request.result, &err) != STATUS_OK ||
        read_span(session, &listing.request, &err) != STATUS_OK) {
        return output_usage(&err);
    }
    listing.request.open_only = args_has(&session->args, "open");
    struct table *table = table_new(columns);
    listing.context = table;
    enum status status = take_all(session, &listing, &err);
    if (status == STATUS_OK && !session->json) {
        for (size_t i = 0; i < columns; i++) {
            table_head(table, i, session_word(session, heads[i]));
        }
        table_align_right(table, 0);
        table_align_right(table, 2);
        list_text_print(session, table);
    }
    table_free(table);
    return status == STATUS_OK ? EXIT_DONE : output_error(&err);
}

const struct command command_phone_list = {
    .name = "phone list",
    .arguments = "",
    .summary = "calls to the hotline, newest first",
    .help = "Lists calls: when they came, how long the caller waited (minutes:seconds, when the "
            "exchange told), who answered, how they ended. Nothing personal. With --json one "
            "object a line.",
    .examples = "vafa phone list --open\n"
                "vafa phone list --result abandoned --from -1d --json",
    .options = list_options,
    .role = RPC_ROLE_FRONT_END,
    .run = run_list,
};

/* --- count --- */

static const struct option_def count_options[] = {
    {"operator", 0, "NAME", "only those that this operator answered"},
    {"from", 0, "TIME", "opened at or after (-1d)"},
    {"to", 0, "TIME", "opened before (now)"},
    {NULL, 0, NULL, NULL},
};

static void count_call(struct session *session, const Intake__Call *call, void *context)
{
    (void)session;
    phone_count_add(context, call);
}

static int64_t mean_wait_us(const struct phone_count *count)
{
    return count->waits == 0 ? 0 : count->wait_sum_us / (int64_t)count->waits;
}

static void print_count_json(const struct phone_count *count)
{
    json_t *results = json_object();
    for (int i = 0; i < PHONE_RESULTS; i++) {
        char name[32] = "open";
        if (i > 0) {
            label_enum_word(&intake__call_result__descriptor, i, name, sizeof(name));
        }
        json_object_set_new(results, name, output_count(count->by_result[i]));
    }
    json_t *told = json_object();
    json_object_set_new(told, "calls", output_count(count->calls));
    json_object_set_new(told, "by_result", results);
    json_object_set_new(told, "waits_told", output_count(count->waits));
    json_object_set_new(told, "wait_mean_s", output_real((double)mean_wait_us(count) / SECOND_US));
    json_object_set_new(told, "wait_max_s", output_real((double)count->wait_max_us / SECOND_US));
    output_json(told);
    json_decref(told);
}

static void print_count(struct session *session, const struct phone_count *count)
{
    struct table *table = table_new(3);
    char text[32];
    table_head(table, 0, session_word(session, "result"));
    table_head(table, 1, session_word(session, "calls"));
    table_head(table, 2, "%");
    table_align_right(table, 1);
    table_align_right(table, 2);
    for (int i = 0; i < PHONE_RESULTS; i++) {
        if (count->by_result[i] > 0) {
            table_cell(table, i == 0 ? session_word(session, "goes_on")
                                     : label_enum(&intake__call_result__descriptor, i,
                                                  session_language(session)));
            table_cell_format(table, "%" PRIu64, count->by_result[i]);
            table_cell_format(table, "%.1f",
                              100.0 * (double)count->by_result[i] / (double)count->calls);
        }
    }
    table_cell(table, session_word(session, "sum"));
    table_cell_format(table, "%" PRIu64, count->calls);
    table_cell(table, "");
    table_print(table, stdout);
    table_free(table);
    if (count->waits > 0) {
        duration(mean_wait_us(count), text);
        printf("\n%s: %s %s", session_word(session, "waited"), session_word(session, "mean"), text);
        duration(count->wait_max_us, text);
        printf("%s %s %s\n", session_word(session, ","), session_word(session, "longest"), text);
    }
}

static int run_count(struct session *session)
{
    struct error err = ERROR_NONE;
    struct phone_count count = {0};
    struct listing listing = {.take = count_call, .context = &count, .left = UINT64_MAX};
    int64_t now_us = clock_wall_us(clock_system());
    intake__list_calls_request__init(&listing.request);
    if (read_span(session, &listing.request, &err) != STATUS_OK) {
        return output_usage(&err);
    }
    if (!args_has(&session->args, "from")) {
        listing.request.from_us =
            (listing.request.until_us != 0 ? listing.request.until_us : now_us) - DAY_US;
    }
    enum status status = take_all(session, &listing, &err);
    if (status == STATUS_OK && session->json) {
        print_count_json(&count);
    } else if (status == STATUS_OK) {
        print_count(session, &count);
    }
    return status == STATUS_OK ? EXIT_DONE : output_error(&err);
}

const struct command command_phone_count = {
    .name = "phone count",
    .arguments = "",
    .summary = "how calls to the hotline ended, and how long callers waited",
    .help = "Counts the calls of a time, of the last day if none is given: requests, advice, "
            "chases, calls given up in the queue and the others, and the waiting that the exchange "
            "told of.",
    .examples = "vafa phone count\n"
                "vafa phone count --from -30d --json",
    .options = count_options,
    .role = RPC_ROLE_FRONT_END,
    .run = run_count,
};
