/* What the services' answers must be, by the recount. Each fails the seed when an answer is another.
 */
#ifndef VAFA_TESTS_SIM_CHECKS_H
#define VAFA_TESTS_SIM_CHECKS_H

#include "tests/sim/recount.h"

#include "vafa/report/v1/report.pb-c.h"

/* A request's story; `at_least` (may be NULL) must be in it when it is about the request. `whole`:
 * everything is delivered. */
void check_timeline(struct recount *recount, const Intake__GetCaseResponse *response,
                    const Common__Position *at_least, bool whole);
/* Every figure, as of the answer's positions. */
void check_report(struct recount *recount, const Report__QueryReportRequest *request,
                  const Report__QueryReportResponse *response, const Common__Position *at_least);
/* Every change of the unit between `after` and `next`. `after` is where the answer began. */
void check_changes(struct recount *recount, const char *unit, uint64_t after,
                   const Routing__FollowTasksResponse *response);
/* With everything delivered: the unit's rate. */
void check_rate(struct recount *recount, const Feedback__UnitRate *rate);

#endif
