/* Options become the fields of a QueryReportRequest. */
#include "clients/vafa/report_question.h"

#include "base/check.h"
#include "clients/vafa/labels.h"
#include "clients/vafa/report_names.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* `text` need not end where the word does. */
static enum status read_enum(const ProtobufCEnumDescriptor *type, const char *text, size_t size,
                             const char *field, int *ret_value, struct error *err)
{
    char *word = strndup(text, size);
    CHECK(word != NULL);
    enum status status = STATUS_OK;
    int value = label_enum_value(type, word);
    if (value < 0) {
        char choices[160];
        label_enum_choices(type, NULL, choices, sizeof(choices));
        for (char *c = choices; *c != '\0'; c++) {
            *c = *c == '-' ? '_' : *c; /* a metric's name is the contract's word */
        }
        status =
            error_set(err, STATUS_INVALID_ARGUMENT, field, "\"%s\" is none of %s", word, choices);
    } else {
        *ret_value = value;
    }
    free(word);
    return status;
}

static enum status add_dimension(const char *name, size_t size, struct report_question *q,
                                 struct error *err)
{
    int value = 0;
    if (size == 0) {
        return error_set(err, STATUS_INVALID_ARGUMENT, "by",
                         "a dimension is missing: --by topic,area");
    }
    enum status status = read_enum(&report__dimension__descriptor, name, size, "by", &value, err);
    if (status != STATUS_OK) {
        return status;
    }
    for (size_t i = 0; i < q->request.n_by; i++) {
        if ((int)q->by[i] == value) {
            return error_set(err, STATUS_INVALID_ARGUMENT, "by", "%.*s is given twice", (int)size,
                             name);
        }
    }
    CHECK(q->request.n_by < REPORT_BY_MAX); /* there are no more to be given once */
    q->by[q->request.n_by++] = (Report__Dimension)value;
    return STATUS_OK;
}

/* "--by topic --by area" is "--by topic,area". */
static enum status read_by(const struct args *args, struct report_question *q, struct error *err)
{
    const char *list;
    q->request.by = q->by;
    for (size_t i = 0; (list = args_value_at(args, "by", i)) != NULL; i++) {
        size_t size = 0;
        for (const char *name = list;; name += size + 1) {
            size = strcspn(name, ",");
            enum status status = add_dimension(name, size, q, err);
            if (status != STATUS_OK) {
                return status;
            }
            if (name[size] == '\0') {
                break;
            }
        }
    }
    return STATUS_OK;
}

static enum status read_filter(const char *text, struct report_question *q, struct error *err)
{
    const char *equals = strchr(text, '=');
    int dimension = 0;
    if (equals == NULL || q->request.n_where == REPORT_WHERE_MAX) {
        return error_set(err, STATUS_INVALID_ARGUMENT, "where",
                         equals == NULL ? "\"%s\" is not DIM=VALUE" : "\"%s\" is one too many",
                         text);
    }
    const char *value = equals + 1;
    enum status status = read_enum(&report__dimension__descriptor, text, (size_t)(equals - text),
                                   "where", &dimension, err);
    if (status == STATUS_OK && dimension == REPORT__DIMENSION__DIMENSION_CHANNEL) {
        bool known;
        free(report_names_key(NULL, REPORT__DIMENSION__DIMENSION_CHANNEL, value, &known));
        if (!known) { /* there are no others: read_enum says which there are */
            int channel = 0;
            return read_enum(&common__channel__descriptor, value, strlen(value), "where", &channel,
                             err);
        }
    }
    if (status == STATUS_OK) {
        Report__Filter *filter = &q->filters[q->request.n_where];
        report__filter__init(filter);
        filter->dimension = (Report__Dimension)dimension;
        filter->value = strdup(value);
        CHECK(filter->value != NULL);
        q->where[q->request.n_where++] = filter;
        q->request.where = q->where;
    }
    return status;
}

static enum status read_filters(const struct args *args, struct report_question *q,
                                struct error *err)
{
    enum status status = STATUS_OK;
    const char *text;
    for (size_t i = 0; status == STATUS_OK && (text = args_value_at(args, "where", i)) != NULL;
         i++) {
        status = read_filter(text, q, err);
    }
    return status;
}

/* An answer has one form. */
static enum status check_form(const struct args *args, struct error *err)
{
    static const char *const forms[] = {"json", "csv", "chart"};
    const char *form = NULL;
    for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
        if (args_has(args, forms[i]) && form != NULL) {
            return error_set(err, STATUS_INVALID_ARGUMENT, forms[i],
                             "--%s and --%s are two forms of an answer: leave one out", form,
                             forms[i]);
        }
        form = args_has(args, forms[i]) ? forms[i] : form;
    }
    if (args_has(args, "bom") && !args_has(args, "csv")) {
        return error_set(err, STATUS_INVALID_ARGUMENT, "bom",
                         "it is for CSV only: add --csv, or leave it out");
    }
    return STATUS_OK;
}

enum status report_question_read(struct report_question *q, const struct args *args,
                                 struct error *err)
{
    int metric = 0;
    int per = 0;
    const char *what = args->arguments[0];
    const char *period = args_value(args, "per");
    memset(q, 0, sizeof(*q));
    report__query_report_request__init(&q->request);
    enum status status = check_form(args, err);
    if (status == STATUS_OK) {
        status = read_enum(&report__metric__descriptor, what, strlen(what), "metric", &metric, err);
    }
    if (status == STATUS_OK) {
        status = read_by(args, q, err);
    }
    if (status == STATUS_OK && period != NULL) {
        status = read_enum(&report__period__descriptor, period, strlen(period), "per", &per, err);
    }
    if (status == STATUS_OK) {
        status = read_filters(args, q, err);
    }
    if (status == STATUS_OK) {
        status = args_number(args, "limit", 1, REPORT_ROWS_MAX, 0, &q->limit, err);
    }
    q->request.metric = (Report__Metric)metric;
    q->request.per = (Report__Period)per;
    return status;
}

void report_question_fini(struct report_question *q)
{
    for (size_t i = 0; i < q->request.n_where; i++) {
        free(q->filters[i].value);
    }
}

enum status report_question_check_times(const struct report_question *q, const struct args *args,
                                        struct error *err)
{
    if (args_has(args, "from") && q->request.from_us < 0) {
        return error_set(err, STATUS_INVALID_ARGUMENT, "from", "it must not be before 1970");
    }
    if (args_has(args, "to") && q->request.to_us <= q->request.from_us) {
        return error_set(err, STATUS_INVALID_ARGUMENT, "to",
                         "the time ends before it: \"%s\" must be behind %s",
                         args_value(args, "to"), args_has(args, "from") ? "--from" : "1970");
    }
    return STATUS_OK;
}

void report_question_name_option(struct error *err)
{
    static const struct {
        const char *field;
        const char *option;
    } names[] = {
        {"from_us", "from"},          {"to_us", "to"},          {"rows_max", "limit"},
        {"where.dimension", "where"}, {"where.value", "where"},
    };
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        if (strcmp(err->field, names[i].field) == 0) {
            snprintf(err->field, sizeof(err->field), "%s", names[i].option);
            return;
        }
    }
}

void report_question_name_keys(struct report_question *q, const struct city *city)
{
    for (size_t i = 0; i < q->request.n_where; i++) {
        Report__Filter *filter = &q->filters[i];
        char *key = report_names_key(city, filter->dimension, filter->value, &q->known[i]);
        free(filter->value);
        filter->value = key;
    }
}

void report_question_dimension(Report__Dimension dimension, char out[32])
{
    label_enum_word(&report__dimension__descriptor, (int)dimension, out, 32);
}
