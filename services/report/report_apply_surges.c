/* What report's own events change: the rows of surges, and the timer of their end. */
#include "services/report/report_internal.h"
#include "services/report/report_tables_surges.h"

#include "base/clock.h"
#include "base/plant.h"

/* The feed may be some minutes behind: what came in time is to count still. And a report that catches
 * up with days hears of a whole surge within the hour, before its timer ends it. */
#define NOTICED_AFTER_US (5 * MINUTE_US)
#define CAUGHT_UP_US HOUR_US

static Report__Surge *surge_of(struct apply *a, uint64_t number)
{
    Report__Surge *surge = report_tables_surge(a->txn, number, a->arena);
    if (surge == NULL) {
        txn_fail(a->txn, STATUS_DATA_LOSS, "the log speaks of surge %llu, which is missing",
                 (unsigned long long)number);
    }
    return surge;
}

static const char *area_of(const Report__Surge *surge)
{
    return surge->n_areas == 0 ? "" : surge->areas[0];
}

/* It lasts: its row, the row by which it is found, and its timer. */
static void put_open(struct apply *a, const struct event *event, Report__Surge *surge)
{
    int64_t noticed_us = us_add(surge->until_us, NOTICED_AFTER_US);
    int64_t caught_up_us = us_add(event->recorded_at_us, CAUGHT_UP_US);
    const struct timer timer = {
        .due_us = noticed_us > caught_up_us ? noticed_us : caught_up_us,
        .kind = REPORT_TIMER_SURGE,
        .subject = surge->surge_number,
    };
    report_tables_surge_put(a->txn, surge);
    report_tables_open_surge_put(a->txn, surge->topics[0], area_of(surge), surge->surge_number,
                                 surge->until_us);
    if (!PLANTED("surge_never_ends")) {
        timer_set(a->txn, &timer);
    }
}

static void began(struct apply *a, const struct event *event, const Report__SurgeBegan *began)
{
    Report__Surge surge = REPORT__SURGE__INIT;
    char *topics[] = {began->topic};
    char *areas[] = {began->area};
    surge.surge_number = began->surge_number;
    surge.topics = topics;
    surge.n_topics = 1;
    surge.areas = areas;
    surge.n_areas = began->area[0] != '\0';
    surge.began_at_us = event->occurred_at_us;
    surge.until_us = began->until_us;
    surge.requests = surge.requests_most = began->requests;
    surge.requests_before = began->requests_before;
    surge.weeks = began->weeks;
    put_open(a, event, &surge);
}

static void lengthened(struct apply *a, const struct event *event,
                       const Report__SurgeLengthened *lengthened)
{
    Report__Surge *surge = surge_of(a, lengthened->surge_number);
    if (surge == NULL) {
        return;
    }
    surge->until_us = lengthened->until_us;
    if (lengthened->requests > surge->requests_most) {
        surge->requests_most = lengthened->requests;
    }
    put_open(a, event, surge);
}

static void ended(struct apply *a, const struct event *event, const Report__SurgeEnded *ended)
{
    Report__Surge *surge = surge_of(a, ended->surge_number);
    if (surge == NULL) {
        return;
    }
    surge->ended_at_us = event->occurred_at_us;
    report_tables_surge_put(a->txn, surge);
    report_tables_open_surge_delete(a->txn, surge->topics[0], area_of(surge));
    timer_clear(a->txn, REPORT_TIMER_SURGE, surge->surge_number);
}

void report_apply(struct apply *a, const struct event *event)
{
    const Report__Event *open = (const Report__Event *)event->open;
    switch (open->kind_case) {
    case REPORT__EVENT__KIND_SURGE_BEGAN: began(a, event, open->surge_began); break;
    case REPORT__EVENT__KIND_SURGE_LENGTHENED: lengthened(a, event, open->surge_lengthened); break;
    case REPORT__EVENT__KIND_SURGE_ENDED: ended(a, event, open->surge_ended); break;
    default: break;
    }
}
