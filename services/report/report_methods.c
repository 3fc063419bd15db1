/* QueryReport: the check of a question, and the answer made of its groups. The table of all methods. */
#include "services/report/report_internal.h"

#include <string.h>

/* The last moment of the year 9999: behind it hours do not fit, and calendars guess. */
#define TIME_US_MAX INT64_C(253402300799999999)

/* --- check --- */

static enum status check_metric(const Report__QueryReportRequest *request, struct error *err)
{
    const char *const *names;
    if (report_rules_columns(request->metric, &names) == 0) {
        return error_set(err, STATUS_INVALID_ARGUMENT, "metric", "which metric is not said");
    }
    return STATUS_OK;
}

static enum status check_by(const Report__QueryReportRequest *request, struct error *err)
{
    unsigned seen = 0;
    for (size_t i = 0; i < request->n_by; i++) {
        const char *name = report_rules_dimension_name(request->by[i]);
        if (name == NULL) {
            return error_set(err, STATUS_INVALID_ARGUMENT, "by", "there is no dimension %d",
                             (int)request->by[i]);
        }
        if ((seen & 1U << request->by[i]) != 0) {
            return error_set(err, STATUS_INVALID_ARGUMENT, "by", "%s is given twice", name);
        }
        seen |= 1U << request->by[i];
    }
    return STATUS_OK;
}

static enum status check_time(const Report__QueryReportRequest *request, struct error *err)
{
    if ((unsigned)request->per > REPORT__PERIOD__PERIOD_MONTH) {
        return error_set(err, STATUS_INVALID_ARGUMENT, "per", "there is no period %d",
                         (int)request->per);
    }
    if (request->from_us < 0 || request->from_us > TIME_US_MAX) {
        return error_set(err, STATUS_INVALID_ARGUMENT, "from_us",
                         "must be between 1970 and the year 9999");
    }
    if (request->to_us != 0 &&
        (request->to_us <= request->from_us || request->to_us > TIME_US_MAX)) {
        return error_set(err, STATUS_INVALID_ARGUMENT, "to_us",
                         "must be behind the beginning, and before the year 10000");
    }
    return STATUS_OK;
}

static enum status check_filter(const Report__Filter *filter, struct error *err)
{
    const char *name = report_rules_dimension_name(filter->dimension);
    if (name == NULL) {
        return error_set(err, STATUS_INVALID_ARGUMENT, "where.dimension",
                         "there is no dimension %d", (int)filter->dimension);
    }
    if (strlen(filter->value) > CITY_KEY_SIZE_MAX) {
        return error_set(err, STATUS_INVALID_ARGUMENT, "where.value", "a key has at most %d bytes",
                         CITY_KEY_SIZE_MAX);
    }
    if (filter->dimension == REPORT__DIMENSION__DIMENSION_CHANNEL &&
        !report_rules_is_channel_word(filter->value)) {
        return error_set(err, STATUS_INVALID_ARGUMENT, "where.value",
                         "a channel is phone, sms, web, app, walk_in, session, staff or import");
    }
    return STATUS_OK;
}

static enum status check_where(const Report__QueryReportRequest *request, struct error *err)
{
    if (request->n_where > REPORT_FILTERS_MAX) {
        return error_set(err, STATUS_INVALID_ARGUMENT, "where", "at most %d filters",
                         REPORT_FILTERS_MAX);
    }
    for (size_t i = 0; i < request->n_where; i++) {
        enum status status = check_filter(request->where[i], err);
        if (status != STATUS_OK) {
            return status;
        }
    }
    return STATUS_OK;
}

static enum status check_rows_max(const Report__QueryReportRequest *request, struct error *err)
{
    if (request->rows_max > REPORT_ROWS_MAX) {
        return error_set(err, STATUS_INVALID_ARGUMENT, "rows_max", "at most %d", REPORT_ROWS_MAX);
    }
    return STATUS_OK;
}

static enum status check_query(const struct city *city, const struct rpc_caller *caller,
                               const ProtobufCMessage *message, struct error *err)
{
    (void)city; /* keys the pack does not list are in histories: they may be asked for */
    (void)caller;
    static enum status (*const checks[])(const Report__QueryReportRequest *, struct error *) = {
        check_metric, check_by, check_time, check_where, check_rows_max,
    };
    const Report__QueryReportRequest *request = (const Report__QueryReportRequest *)message;
    for (size_t i = 0; i < sizeof(checks) / sizeof(checks[0]); i++) {
        enum status status = checks[i](request, err);
        if (status != STATUS_OK) {
            return status;
        }
    }
    return STATUS_OK;
}

/* --- the answer --- */

/* Where an answer grows. Once `full`, nothing is added: it is looked at in one place, at the end.
 */
struct answer {
    struct read *r;
    const Report__QueryReportRequest *request;
    const char *const *figure_names;
    size_t figure_count;
    size_t column_count;
    bool full;
};

static void *allocate(struct answer *a, size_t size)
{
    void *memory = a->full ? NULL : arena_alloc(a->r->arena, size);
    a->full = a->full || memory == NULL;
    return memory;
}

static bool has_period(const struct answer *a)
{
    return a->request->per != REPORT__PERIOD__PERIOD_UNSPECIFIED;
}

/* The .proto's strings are not const in C; nobody writes to these. */
static char *unconst(const char *text)
{
    return (char *)(uintptr_t)text;
}

static char **make_columns(struct answer *a)
{
    char **columns = allocate(a, a->column_count * sizeof(*columns));
    if (columns == NULL) {
        return NULL;
    }
    size_t n = 0;
    for (size_t i = 0; i < a->request->n_by; i++) {
        columns[n++] = unconst(report_rules_dimension_name(a->request->by[i]));
    }
    if (has_period(a)) {
        columns[n++] = unconst("period");
    }
    for (size_t i = 0; i < a->figure_count; i++) {
        columns[n++] = unconst(a->figure_names[i]);
    }
    return columns;
}

static void set_text(Report__Cell *cell, const char *text)
{
    cell->value_case = REPORT__CELL__VALUE_TEXT;
    cell->text = unconst(text);
}

static void set_figure(Report__Cell *cell, const struct report_figure *figure)
{
    switch (figure->kind) {
    case REPORT_FIGURE_NONE: break;
    case REPORT_FIGURE_COUNT:
        cell->value_case = REPORT__CELL__VALUE_COUNT;
        cell->count = (int64_t)figure->count;
        break;
    case REPORT_FIGURE_NUMBER:
        cell->value_case = REPORT__CELL__VALUE_NUMBER;
        cell->number = figure->number;
        break;
    }
}

static const char *period_name(struct answer *a, int32_t hour)
{
    char name[32];
    civil_period_name(city_civil(a->r->city), hour, (enum civil_period)(a->request->per - 1), name);
    char *copy = allocate(a, strlen(name) + 1);
    return copy != NULL ? strcpy(copy, name) : "";
}

static Report__Row *make_row(struct answer *a, const struct report_group *group)
{
    Report__Row *row = allocate(a, sizeof(*row));
    Report__Cell **list = allocate(a, a->column_count * sizeof(*list));
    Report__Cell *cells = allocate(a, a->column_count * sizeof(*cells));
    if (cells == NULL) {
        return NULL;
    }
    for (size_t i = 0; i < a->column_count; i++) {
        report__cell__init(&cells[i]);
        list[i] = &cells[i];
    }
    size_t n = 0;
    for (size_t i = 0; i < a->request->n_by; i++) {
        set_text(&cells[n++], group->values[i]);
    }
    if (has_period(a)) {
        set_text(&cells[n++], period_name(a, group->period));
    }
    for (size_t i = 0; i < a->figure_count; i++) {
        set_figure(&cells[n++], &group->figures[i]);
    }
    report__row__init(row);
    row->n_cells = a->column_count;
    row->cells = list;
    return row;
}

static Report__Row **make_rows(struct answer *a, struct report_group *const *groups, size_t count)
{
    Report__Row **rows = allocate(a, count * sizeof(*rows));
    for (size_t i = 0; i < count && !a->full; i++) {
        rows[i] = make_row(a, groups[i]);
    }
    return rows;
}

static enum status fill_response(struct answer *a, struct report_group *const *groups, size_t count,
                                 Report__QueryReportResponse *response)
{
    a->figure_count = report_rules_columns(a->request->metric, &a->figure_names);
    a->column_count = a->request->n_by + has_period(a) + a->figure_count;
    char **columns = make_columns(a);
    Report__Row **rows = make_rows(a, groups, count);
    if (!a->full) {
        response->n_columns = a->column_count;
        response->columns = columns;
        response->n_rows = count;
        response->rows = rows;
        response->n_as_of = read_positions(a->r, &response->as_of);
        a->full = response->n_as_of == 0;
    }
    if (a->full || protobuf_c_message_get_packed_size(&response->base) > RPC_MESSAGE_BYTES_MAX) {
        return read_refuse(a->r, STATUS_RESOURCE_EXHAUSTED, "rows_max",
                           "an answer of %zu rows is too large for one message: " REPORT_ADVICE,
                           count);
    }
    return STATUS_OK;
}

static enum status read_query(struct read *r, const ProtobufCMessage *request,
                              ProtobufCMessage *response)
{
    struct answer a = {.r = r, .request = (const Report__QueryReportRequest *)request};
    struct arena *scratch = arena_new(REPORT_QUERY_BYTES_MAX);
    struct report_group **groups;
    size_t count;
    enum status status = report_query_run(r, scratch, a.request, &groups, &count);
    if (status == STATUS_OK) {
        status = fill_response(&a, groups, count, (Report__QueryReportResponse *)response);
    }
    arena_free(scratch);
    return status;
}

const struct service_method report_methods[] = {
    {
        .name = "QueryReport",
        .kind = METHOD_READ,
        .slow = true,
        .roles = ROLE_BIT(RPC_ROLE_LEADERSHIP) | ROLE_BIT(RPC_ROLE_ADMIN),
        .check = check_query,
        .read = read_query,
    },
    {
        .name = "ListSurges",
        .kind = METHOD_READ,
        .roles =
            ROLE_BIT(RPC_ROLE_FRONT_END) | ROLE_BIT(RPC_ROLE_LEADERSHIP) | ROLE_BIT(RPC_ROLE_ADMIN),
        .check = report_check_surges,
        .read = report_read_surges,
    },
};
