/* vafa report: what people ask for, where, when, how soon it is done. */
#include "clients/vafa/labels.h"
#include "clients/vafa/output.h"
#include "clients/vafa/report_periods.h"
#include "clients/vafa/report_question.h"
#include "clients/vafa/report_view.h"
#include "clients/vafa/table.h"

#include <stdio.h>
#include <string.h>

#define PERIODS_BYTES_MAX ((size_t)8 << 20) /* REPORT_PERIODS_MAX rows take 3 MiB */

static const struct option_def options[] = {
    {"by", 'b', "DIM[,DIM…]", "group by topic, area, unit, channel; may be repeated"},
    {"per", 0, "PERIOD", "group by hour, day, week or month of the city's calendar"},
    {"from", 0, "TIME", "requests made from here: 1404-09-01, 2011-08-28T14:00, today, -7d, -12h"},
    {"to", 0, "TIME", "to before here"},
    {"where", 'w', "DIM=VALUE",
     "only these: a key, or a name as tables show it; may be repeated: several of one dimension "
     "mean any of them"},
    {"limit", 'n', "N", "show the first N rows of at most 10,000"},
    {"chart", 0, NULL, "draw bars"},
    {"csv", 0, NULL, "print CSV"},
    {"bom", 0, NULL, "with --csv: a byte order mark, for older spreadsheets"},
    {"fresh", 0, NULL, "first wait until report has seen all that was done so far"},
    {NULL, 0, NULL, NULL},
};

/* A filter that nobody knows and that finds nothing is most likely a slip. */
static void warn_of_unknown(const struct report_question *q)
{
    for (size_t i = 0; i < q->request.n_where; i++) {
        if (!q->known[i]) {
            char dimension[32];
            struct buffer value = BUFFER_EMPTY;
            report_question_dimension(q->filters[i].dimension, dimension);
            table_plain_text(&value, q->filters[i].value);
            fprintf(stderr,
                    "vafa: where: nothing was found, and no %s \"%s\" is known: `vafa "
                    "report requests --by %s` lists what there is\n",
                    dimension, buffer_text(&value), dimension);
            buffer_fini(&value);
        }
    }
}

/* Without the periods in which nothing happened when there is no room or no pack for them. */
static void fill_periods(struct session *session, const struct report_question *q,
                         struct arena *arena, Report__QueryReportResponse *answer)
{
    struct error err = ERROR_NONE;
    if (!report_periods_wanted(&q->request, answer)) {
        return;
    }
    const struct city *city = session_city(session, &err);
    if (city == NULL || report_periods_fill(&q->request, answer, city_civil(city), arena, answer,
                                            &err) != STATUS_OK) {
        fprintf(stderr, "vafa: per: periods in which nothing happened are left out: %s\n",
                err.message);
    }
}

static void print_view(const struct report_view *view)
{
    const struct args *args = &view->session->args;
    if (view->session->json) {
        report_view_json(view);
    } else if (args_has(args, "csv")) {
        report_view_csv(view, args_has(args, "bom"));
    } else if (args_has(args, "chart")) {
        report_view_chart(view);
    } else {
        report_view_table(view);
    }
}

static enum status print_answer(struct session *session, const struct report_question *q,
                                const Report__QueryReportResponse *response, struct error *err)
{
    char metric[32];
    Report__QueryReportResponse answer = *response;
    label_enum_word(&report__metric__descriptor, (int)q->request.metric, metric, sizeof(metric));
    const struct report_view view = {
        .session = session,
        .metric = metric,
        .label_columns = q->request.n_by + (q->request.per != REPORT__PERIOD__PERIOD_UNSPECIFIED),
        .response = &answer,
    };
    if (report_view_check(&view, err) != STATUS_OK) {
        return err->status;
    }
    struct arena *arena = arena_new(PERIODS_BYTES_MAX);
    if (report_view_is_empty(&view)) {
        warn_of_unknown(q);
    }
    fill_periods(session, q, arena, &answer);
    size_t count = answer.n_rows;
    if (q->limit != 0 && count > q->limit) {
        answer.n_rows = (size_t)q->limit;
    }
    print_view(&view);
    if (answer.n_rows < count && !session->json && !args_has(&session->args, "csv")) {
        printf("… %zu %s %zu %s\n", answer.n_rows, session_word(session, "of"), count,
               session_word(session, "rows"));
    }
    arena_free(arena);
    return STATUS_OK;
}

static enum status ask(struct session *session, struct report_question *q, struct error *err)
{
    struct vafa_position heads[5];
    struct vafa_call call = {.service = &report__report__descriptor,
                             .method = "QueryReport",
                             .request = &q->request.base};
    enum status status = STATUS_OK;
    if (args_has(&session->args, "fresh")) {
        status = session_settle(session, heads, err);
        session_at_least(&call, heads, COMMON__SERVICE_ID__SERVICE_ID_INTAKE,
                         COMMON__SERVICE_ID__SERVICE_ID_FEEDBACK);
    }
    if (status == STATUS_OK) {
        const struct city *city = q->request.n_where > 0 ? session_city(session, NULL) : NULL;
        report_question_name_keys(q, city);
        status = session_call(session, &call, err);
    }
    if (status == STATUS_OK) {
        status = print_answer(session, q, (const Report__QueryReportResponse *)call.response, err);
    }
    vafa_call_fini(&call);
    return status;
}

/* That there is no pack to read them by is not the command line's mistake. */
static enum status read_times(struct session *session, struct report_question *q,
                              bool *ret_mistyped, struct error *err)
{
    bool given = args_has(&session->args, "from") || args_has(&session->args, "to");
    if (given && session_city(session, err) == NULL) {
        return err->status;
    }
    *ret_mistyped = true;
    enum status status = session_read_time(session, "from", 0, &q->request.from_us, err);
    if (status == STATUS_OK) {
        status = session_read_time(session, "to", 0, &q->request.to_us, err);
    }
    return status == STATUS_OK ? report_question_check_times(q, &session->args, err) : status;
}

/* A question that is too large is no matter of the server's room. */
static int refused(struct error *err)
{
    bool too_large =
        err->status == STATUS_RESOURCE_EXHAUSTED && strcmp(err->field, "rows_max") == 0;
    report_question_name_option(err);
    return too_large ? output_error_advised(
                           err, "Narrow the question with --from, --to or --where, give --by fewer "
                                "dimensions or --per a longer period; --limit only cuts what is "
                                "shown.")
                     : output_error(err);
}

static int run_report(struct session *session)
{
    struct error err = ERROR_NONE;
    struct report_question q;
    enum status status = report_question_read(&q, &session->args, &err);
    bool mistyped = status != STATUS_OK;
    if (status == STATUS_OK) {
        status = read_times(session, &q, &mistyped, &err);
        mistyped = mistyped && status == STATUS_INVALID_ARGUMENT;
    }
    if (status == STATUS_OK) {
        status = ask(session, &q, &err);
    }
    report_question_fini(&q);
    if (mistyped) {
        return output_usage(&err);
    }
    return status == STATUS_OK ? EXIT_DONE : refused(&err);
}

const struct command command_report = {
    .name = "report",
    .arguments = "METRIC",
    .arguments_min = 1,
    .arguments_max = 1,
    .summary = "figures by topic, area, unit, channel and time",
    .help =
        "Answers one question about the requests made in a period. METRIC is one of\n"
        "  requests           how many\n"
        "  done, open         how many of them are finished, are not\n"
        "  on_time            share done by the due date, among the done that have one\n"
        "  resolution_hours   percentiles of the hours from request to done (within 1 %)\n"
        "  calls              call-backs completed, and those in which the citizen was heard\n"
        "  satisfaction       answers, their mean (1 to 5), shares of satisfied and resolved\n"
        "  undone             closed by the unit without doing it, cancelled, and referred to a "
        "body "
        "outside: none of them done or open\n"
        "Times are of the city's zone; years 1200 to 1599 are Jalali. Rows are ordered by the "
        "first figure, the largest first;\n"
        "with --per by time. A count by time alone (--per without --by) has a row of 0 for each "
        "period in which nothing happened.\n"
        "Where much more is asked for than is usual: `vafa report surges`.\n"
        "JSON: "
        "{\"metric\":…,\"columns\":[…],\"rows\":[[…]…],\"as_of\":{\"intake\":N,…}}; as_of "
        "tells how far report had followed\n"
        "each service. A figure that does not exist (a percentile of nothing) is null.",
    .examples = "vafa report requests --by topic --limit 10\n"
                "vafa report requests --per hour --from 2011-08-28 --to 2011-08-29 --chart\n"
                "vafa report on_time --by unit --from 1404-01-01 --csv --bom > on_time.csv\n"
                "vafa report resolution_hours --by topic,area --where area=5 --where area=6 --json",
    .options = options,
    .role = RPC_ROLE_LEADERSHIP,
    .run = run_report,
};
