/* What the files of this service give each other, beside its rules, its buckets and its tables. */
#ifndef VAFA_SERVICES_REPORT_REPORT_INTERNAL_H
#define VAFA_SERVICES_REPORT_REPORT_INTERNAL_H

#include "service/service.h"
#include "services/report/report_rules.h"

#include "vafa/report/v1/report.pb-c.h"

#define REPORT_ROWS_MAX 10000
#define REPORT_FILTERS_MAX 32
/* Memory of one question, beside its answer. A group with percentiles takes 0.4 KB and 256 bytes
 * for each octave of durations in it: REPORT_ROWS_MAX groups of ten octaves fit. */
#define REPORT_QUERY_BYTES_MAX ((size_t)32 << 20)

/* What to do about a question that is too large: RESOURCE_EXHAUSTED, field "rows_max". A service
 * that has no room names no field. */
#define REPORT_ADVICE "ask for a shorter time, for fewer dimensions, or filter"

#define REPORT_SURGES_PAGE 20
#define REPORT_SURGES_PAGE_MAX 100
#define REPORT_SURGES_EXAMINED_MAX 1000 /* for one page */

enum report_timer {
    REPORT_TIMER_SURGE = 1, /* of its end; the subject is its number */
};

/* report_methods.c: in the order of report.proto. */
extern const struct service_method report_methods[];

/* report_query.c: the groups that answer a request which has passed its check, in the order of the
 * answer's rows. They live in `scratch`, their values in r->arena. RESOURCE_EXHAUSTED when there
 * are more of them than the caller wants, or when the scratch is full. */
enum status report_query_run(struct read *r, struct arena *scratch,
                             const Report__QueryReportRequest *request,
                             struct report_group ***ret_groups, size_t *ret_count);

/* report_methods_surges.c */
enum status report_check_surges(const struct city *city, const struct rpc_caller *caller,
                                const ProtobufCMessage *message, struct error *err);
enum status report_read_surges(struct read *r, const ProtobufCMessage *message,
                               ProtobufCMessage *answer);

/* report_decide.c: surges alone. */
enum status report_decide_intake(struct decide *d, const struct event *event);
enum status report_decide_timer(struct decide *d, const struct timer *timer);

/* report_apply_surges.c: own events. */
void report_apply(struct apply *a, const struct event *event);
/* report_apply.c: others' events change the view. */
void report_apply_view_intake(struct apply *a, const struct event *event);
void report_apply_view_routing(struct apply *a, const struct event *event);
void report_apply_view_followup(struct apply *a, const struct event *event);
void report_apply_view_feedback(struct apply *a, const struct event *event);

#endif
