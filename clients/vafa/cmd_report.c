/* vafa report: what people ask for, where, when, how soon it is done. */
#include "base/check.h"
#include "clients/vafa/labels.h"
#include "clients/vafa/output.h"
#include "clients/vafa/report_view.h"

#include <stdlib.h>
#include <string.h>

#define BY_MAX 4
#define WHERE_MAX 32
#define ROWS_MAX 10000

static const struct option_def options[] = {
    {"by", 'b', "DIM[,DIM…]", "group by topic, area, unit, channel"},
    {"per", 0, "PERIOD", "group by hour, day, week or month of the city's calendar"},
    {"from", 0, "TIME", "requests made from here: 1404-09-01, 2011-08-28T14:00, today, -7d, -12h"},
    {"to", 0, "TIME", "to before here"},
    {"where", 'w', "DIM=VALUE",
     "only these; may be repeated: several of one dimension mean any of them"},
    {"limit", 'n', "N", "show the first N rows"},
    {"chart", 0, NULL, "draw bars"},
    {"csv", 0, NULL, "print CSV"},
    {"bom", 0, NULL, "with --csv: a byte order mark, for older spreadsheets"},
    {"fresh", 0, NULL, "first wait until report has seen all that was done so far"},
    {NULL, 0, NULL, NULL},
};

/* The question and what its message borrows. */
struct question {
    Report__QueryReportRequest request;
    Report__Dimension by[BY_MAX];
    Report__Filter filters[WHERE_MAX];
    Report__Filter *where[WHERE_MAX];
    char *texts[WHERE_MAX]; /* owned */
    size_t text_count;
    uint64_t limit; /* 0: all */
};

static enum status read_enum(const ProtobufCEnumDescriptor *type, const char *text,
                             const char *field, int *ret_value, struct error *err)
{
    int value = label_enum_value(type, text);
    if (value < 0) {
        char choices[160];
        label_enum_choices(type, choices, sizeof(choices));
        for (char *c = choices; *c != '\0'; c++) {
            *c = *c == '-' ? '_' : *c; /* a metric's name is the contract's word */
        }
        return error_set(err, STATUS_INVALID_ARGUMENT, field, "\"%s\" is none of %s", text,
                         choices);
    }
    *ret_value = value;
    return STATUS_OK;
}

static enum status read_by(const char *list, struct question *q, struct error *err)
{
    while (list != NULL && *list != '\0') {
        char name[32];
        int dimension = 0;
        size_t size = strcspn(list, ",");
        if (q->request.n_by == BY_MAX) {
            return error_set(err, STATUS_INVALID_ARGUMENT, "by", "at most %d", BY_MAX);
        }
        snprintf(name, sizeof(name), "%.*s", (int)(size < 31 ? size : 31), list);
        enum status status = read_enum(&report__dimension__descriptor, name, "by", &dimension, err);
        if (status != STATUS_OK) {
            return status;
        }
        q->by[q->request.n_by++] = (Report__Dimension)dimension;
        list += size + (list[size] == ',');
    }
    q->request.by = q->by;
    return STATUS_OK;
}

/* A channel may be spelled as it is for registering: "walk-in" is "walk_in" here. */
static char *filter_value(Report__Dimension dimension, const char *value)
{
    char word[32];
    int channel = dimension == REPORT__DIMENSION__DIMENSION_CHANNEL
                      ? label_enum_value(&common__channel__descriptor, value)
                      : -1;
    if (channel >= 0) {
        label_enum_word(&common__channel__descriptor, channel, word, sizeof(word));
    }
    char *copy = strdup(channel >= 0 ? word : value);
    CHECK(copy != NULL);
    return copy;
}

static enum status read_filter(const char *text, struct question *q, struct error *err)
{
    const char *equals = strchr(text, '=');
    int dimension = 0;
    if (equals == NULL || q->request.n_where == WHERE_MAX) {
        return error_set(err, STATUS_INVALID_ARGUMENT, "where",
                         equals == NULL ? "\"%s\" is not DIM=VALUE" : "\"%s\" is one too many",
                         text);
    }
    char *name = strndup(text, (size_t)(equals - text));
    CHECK(name != NULL);
    enum status status = read_enum(&report__dimension__descriptor, name, "where", &dimension, err);
    free(name);
    if (status == STATUS_OK) {
        Report__Filter *filter = &q->filters[q->request.n_where];
        report__filter__init(filter);
        filter->dimension = (Report__Dimension)dimension;
        filter->value = filter_value(filter->dimension, equals + 1);
        q->texts[q->text_count++] = filter->value;
        q->where[q->request.n_where++] = filter;
        q->request.where = q->where;
    }
    return status;
}

static enum status read_filters(const struct args *args, struct question *q, struct error *err)
{
    enum status status = STATUS_OK;
    const char *text;
    for (size_t i = 0; status == STATUS_OK && (text = args_value_at(args, "where", i)) != NULL;
         i++) {
        status = read_filter(text, q, err);
    }
    return status;
}

/* All that can be read without a server. */
static enum status read_question(const struct args *args, struct question *q, struct error *err)
{
    int metric = 0;
    int per = 0;
    report__query_report_request__init(&q->request);
    enum status status =
        read_enum(&report__metric__descriptor, args->arguments[0], "metric", &metric, err);
    if (status == STATUS_OK) {
        status = read_by(args_value(args, "by"), q, err);
    }
    if (status == STATUS_OK && args_has(args, "per")) {
        status = read_enum(&report__period__descriptor, args_value(args, "per"), "per", &per, err);
    }
    if (status == STATUS_OK) {
        status = read_filters(args, q, err);
    }
    if (status == STATUS_OK) {
        status = args_number(args, "limit", 1, ROWS_MAX, 0, &q->limit, err);
    }
    q->request.metric = (Report__Metric)metric;
    q->request.per = (Report__Period)per;
    return status;
}

static void question_fini(struct question *q)
{
    for (size_t i = 0; i < q->text_count; i++) {
        free(q->texts[i]);
    }
}

static void print_answer(struct session *session, const struct question *q,
                         const Report__QueryReportResponse *response)
{
    char metric[32];
    Report__QueryReportResponse shown = *response; /* only to show fewer rows of it */
    if (q->limit != 0 && shown.n_rows > q->limit) {
        shown.n_rows = (size_t)q->limit;
    }
    label_enum_word(&report__metric__descriptor, (int)q->request.metric, metric, sizeof(metric));
    const struct report_view view = {
        .session = session,
        .metric = metric,
        .label_columns = q->request.n_by + (q->request.per != REPORT__PERIOD__PERIOD_UNSPECIFIED),
        .response = &shown,
    };
    if (session->json) {
        report_view_json(&view);
    } else if (args_has(&session->args, "csv")) {
        report_view_csv(&view, args_has(&session->args, "bom"));
    } else if (args_has(&session->args, "chart")) {
        report_view_chart(&view);
    } else {
        report_view_table(&view);
    }
    if (shown.n_rows < response->n_rows && !session->json && !args_has(&session->args, "csv")) {
        printf("… %zu of %zu rows\n", shown.n_rows, response->n_rows);
    }
}

static enum status ask(struct session *session, struct question *q, struct error *err)
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
        status = session_call(session, &call, err);
    }
    if (status == STATUS_OK) {
        print_answer(session, q, (const Report__QueryReportResponse *)call.response);
    }
    vafa_call_fini(&call);
    return status;
}

static int run_report(struct session *session)
{
    struct error err = ERROR_NONE;
    struct question q = {0};
    enum status status = read_question(&session->args, &q, &err);
    if (status != STATUS_OK) {
        question_fini(&q);
        return output_usage(&err);
    }
    status = session_read_time(session, "from", 0, &q.request.from_us, &err);
    if (status == STATUS_OK) {
        status = session_read_time(session, "to", 0, &q.request.to_us, &err);
    }
    bool mistyped = status == STATUS_INVALID_ARGUMENT;
    if (status == STATUS_OK) {
        status = ask(session, &q, &err);
    }
    question_fini(&q);
    if (mistyped) {
        return output_usage(&err);
    }
    return status == STATUS_OK ? EXIT_DONE : output_error(&err);
}

const struct command command_report = {
    .name = "report",
    .arguments = "METRIC",
    .arguments_min = 1,
    .arguments_max = 1,
    .summary = "figures by topic, area, unit, channel and time",
    .help = "Answers one question about the requests made in a period. METRIC is one of\n"
            "  requests           how many\n"
            "  done, open         how many of them are finished, are not\n"
            "  on_time            share done by the due date, among the done that have one\n"
            "  resolution_hours   percentiles of the hours from request to done (within 1 %)\n"
            "  calls              call-backs completed, and those in which the citizen was heard\n"
            "  satisfaction       answers, their mean (1 to 5), shares of satisfied and resolved\n"
            "Times are of the city's zone; years 1200 to 1599 are Jalali. Rows are ordered by the "
            "first figure, the largest first;\n"
            "with --per by time. JSON: "
            "{\"metric\":…,\"columns\":[…],\"rows\":[[…]…],\"as_of\":{\"intake\":N,…}}; as_of "
            "tells how\n"
            "far report had followed each service. A figure that does not exist (a percentile of "
            "nothing) is null.",
    .examples = "vafa report requests --by topic --limit 10\n"
                "vafa report requests --per hour --from 2011-08-28 --to 2011-08-29 --chart\n"
                "vafa report on_time --by unit --from 1404-01-01 --csv --bom > on_time.csv\n"
                "vafa report resolution_hours --by topic,area --where area=5 --where area=6 --json",
    .options = options,
    .role = RPC_ROLE_LEADERSHIP,
    .run = run_report,
};
