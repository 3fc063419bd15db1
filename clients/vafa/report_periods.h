/* Periods in which nothing happened: without their rows a time axis would lie. */
#ifndef VAFA_CLIENTS_VAFA_REPORT_PERIODS_H
#define VAFA_CLIENTS_VAFA_REPORT_PERIODS_H

#include "base/arena.h"
#include "text/civil.h"

#include "vafa/report/v1/report.pb-c.h"

#define REPORT_PERIODS_MAX 10000 /* as many rows as an answer can have */

/* Answers that have a row of zeros for an empty period: counts by time alone. (An empty period has
 * no share and no percentile, and no topics or areas.) They must also tell, by rows or by both
 * times of the request, where time begins and ends. */
bool report_periods_wanted(const Report__QueryReportRequest *request,
                           const Report__QueryReportResponse *response);

/* For what is wanted. *ret_filled: the answer to the request, with a row for each period from request->from_us (0: the
 * first row) to request->to_us (0: the last row). It borrows from `response` and lives in `arena`.
 * RESOURCE_EXHAUSTED when there are more than REPORT_PERIODS_MAX periods or the arena is full;
 * FAILED_PRECONDITION when the rows are not of this calendar. */
enum status report_periods_fill(const Report__QueryReportRequest *request,
                                const Report__QueryReportResponse *response,
                                const struct civil *civil, struct arena *arena,
                                Report__QueryReportResponse *ret_filled, struct error *err);

#endif
