/* vafa report surges: where much more is asked for than is usual. */
#include "clients/vafa/list_text.h"
#include "clients/vafa/output.h"
#include "clients/vafa/session.h"
#include "clients/vafa/table.h"

#include "vafa/report/v1/report.pb-c.h"

#include <inttypes.h>
#include <stdio.h>

#define HOURS 2 /* that are compared */

static const struct option_def options[] = {
    {"open", 0, NULL, "only those that last"},
    {"limit", 'n', "N", "at most so many, 1 to 100 (20)"},
    {"after", 0, "N", "go on behind what was shown: the number that the last page told"},
    {NULL, 0, NULL, NULL},
};

static void add_surge(struct session *session, struct table *table, const Report__Surge *surge)
{
    char from[32], to[32];
    bool lasts = surge->ended_at_us == 0;
    session_time(session, surge->began_at_us, from);
    session_time(session, lasts ? surge->until_us : surge->ended_at_us, to);
    table_cell_format(table, "%" PRIu64, surge->surge_number);
    table_cell(table, session_word(session, !lasts           ? "storm_over"
                                            : surge->outside ? "surge_outside"
                                                             : "surge_lasts"));
    table_cell(table, from);
    table_cell(table, to);
    table_cell(table, surge->n_topics > 0 ? session_topic(session, surge->topics[0])
                                          : session_word(session, "all"));
    table_cell(table, surge->n_areas > 0 ? session_area(session, surge->areas[0])
                                         : session_word(session, "all"));
    table_cell_format(table, "%" PRIu64, surge->requests);
    table_cell_format(table, "%.1f",
                      surge->weeks > 0 ? (double)surge->requests_before / surge->weeks : 0.0);
    table_cell_format(table, "%" PRIu64, surge->requests_most);
}

static void print_surges(struct session *session, const Report__ListSurgesResponse *page)
{
    static const char *const heads[] = {"surge",        "state",       "storm_from",
                                        "until",        "topic",       "area",
                                        "surge_counts", "surge_usual", "surge_most"};
    struct table *table = table_new(9);
    for (size_t i = 0; i < 9; i++) {
        table_head(table, i, session_word(session, heads[i]));
    }
    for (size_t i = 0; i < page->n_surges; i++) {
        add_surge(session, table, page->surges[i]);
    }
    list_text_print(session, table);
    table_free(table);
}

static enum status read_question(struct session *session, Report__ListSurgesRequest *request,
                                 struct error *err)
{
    uint64_t limit = 0;
    enum status status = args_number(&session->args, "limit", 1, 100, 20, &limit, err);
    request->page_size = (uint32_t)limit;
    request->open = args_has(&session->args, "open");
    return status == STATUS_OK
               ? args_number(&session->args, "after", 1, UINT64_MAX, 0, &request->page_token, err)
               : status;
}

static int run_surges(struct session *session)
{
    struct error err = ERROR_NONE;
    Report__ListSurgesRequest request = REPORT__LIST_SURGES_REQUEST__INIT;
    struct vafa_call call = {
        .service = &report__report__descriptor, .method = "ListSurges", .request = &request.base};
    if (read_question(session, &request, &err) != STATUS_OK) {
        return output_usage(&err);
    }
    enum status status = session_call(session, &call, &err);
    if (status == STATUS_OK) {
        const Report__ListSurgesResponse *page = (const Report__ListSurgesResponse *)call.response;
        for (size_t i = 0; session->json && i < page->n_surges; i++) {
            output_message(&page->surges[i]->base);
        }
        if (!session->json) {
            print_surges(session, page);
        }
        if (page->next_page_token != 0) {
            fprintf(stderr, "%s %" PRIu64 "\n", session_word(session, "search_goes_on"),
                    page->next_page_token);
        }
    }
    vafa_call_fini(&call);
    return status == STATUS_OK ? EXIT_DONE : output_error(&err);
}

const struct command command_report_surges = {
    .name = "report surges",
    .arguments = "",
    .summary = "where much more is asked for than is usual at that hour",
    .help =
        "Surges, newest first: of one topic, in one area or everywhere, citizens have asked in two "
        "hours for much more than in\n"
        "the same hours of the weeks before. Each is what a storm could be begun for, but one of "
        "what is outside the city's duty; whether it is, a person decides:\n"
        "`vafa storm start --surge N`. A surge ends by itself when requests come as usual for two "
        "hours.\n"
        "Shown: how many requests there were when it began, how many are usual, and the most in "
        "two "
        "hours since.\n"
        "With --json one object a line.",
    .examples = "vafa report surges --open\n"
                "vafa report surges --limit 5 --json",
    .options = options,
    .role = RPC_ROLE_LEADERSHIP,
    .run = run_surges,
};
