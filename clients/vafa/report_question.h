/* The question to report, as it stands on the command line. */
#ifndef VAFA_CLIENTS_VAFA_REPORT_QUESTION_H
#define VAFA_CLIENTS_VAFA_REPORT_QUESTION_H

#include "city/city.h"
#include "clients/vafa/args.h"

#include "vafa/report/v1/report.pb-c.h"

#define REPORT_BY_MAX 4
#define REPORT_WHERE_MAX 32
#define REPORT_ROWS_MAX 10000

/* The request and what it borrows. It is not to be moved. */
struct report_question {
    Report__QueryReportRequest request;
    Report__Dimension by[REPORT_BY_MAX];
    Report__Filter filters[REPORT_WHERE_MAX]; /* their values are owned */
    Report__Filter *where[REPORT_WHERE_MAX];
    bool known[REPORT_WHERE_MAX]; /* a key or name that was found; see name_keys */
    uint64_t limit;               /* 0: all */
};

/* All that can be read without a server: everything but the times. INVALID_ARGUMENT naming the
 * option. Ends with report_question_fini in any case. */
enum status report_question_read(struct report_question *q, const struct args *args,
                                 struct error *err);
void report_question_fini(struct report_question *q);

/* Looks at request.from_us and to_us, of which those are looked at that were given. INVALID_ARGUMENT
 * naming the option. */
enum status report_question_check_times(const struct report_question *q, const struct args *args,
                                        struct error *err);

/* The service's name of a field becomes the option's: "to_us" is "to". */
void report_question_name_option(struct error *err);

/* Names in the filters become the pack's keys; `city` may be NULL. */
void report_question_name_keys(struct report_question *q, const struct city *city);

/* "topic", as it is typed. */
void report_question_dimension(Report__Dimension dimension, char out[32]);

#endif
