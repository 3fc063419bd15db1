/* An answer of report as a table, bars, CSV or JSON. */
#ifndef VAFA_CLIENTS_VAFA_REPORT_VIEW_H
#define VAFA_CLIENTS_VAFA_REPORT_VIEW_H

#include "clients/vafa/session.h"

#include "vafa/report/v1/report.pb-c.h"

struct report_view {
    struct session *session;
    const char *metric;   /* "on_time" */
    size_t label_columns; /* dimensions and period, before the figures */
    const Report__QueryReportResponse *response;
};

/* Whether it is an answer to this question: the columns it needs, rows of as many cells, labels that
 * are texts and figures that are numbers. INTERNAL otherwise; then nothing else may be asked of it. */
enum status report_view_check(const struct report_view *view, struct error *err);
/* No row, or none with a figure other than 0: there may be zeros about nothing. */
bool report_view_is_empty(const struct report_view *view);
void report_view_table(const struct report_view *view);
/* A bar for each row: its labels and the metric's first figure. */
void report_view_chart(const struct report_view *view);
void report_view_csv(const struct report_view *view, bool bom);
/* {"metric":…,"columns":[…],"rows":[[…]…],"as_of":{"intake":N,…}} */
void report_view_json(const struct report_view *view);

#endif
