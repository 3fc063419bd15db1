/* What follows from a request that was registered, and when a surge's time is over. */
#include "services/report/report_internal.h"
#include "services/report/report_tables_surges.h"

#include "base/clock.h"
#include "base/plant.h"

#include "vafa/intake/v1/intake.pb-c.h"

static enum status emit(struct decide *d, const Report__Event *event, const void *member,
                        int64_t occurred_at_us)
{
    const struct event_options options = {.occurred_at_us = occurred_at_us};
    const Report__Event *kept = arena_copy(d->arena, event, sizeof(*event));
    return kept == NULL || member == NULL
               ? decide_refuse(d, STATUS_RESOURCE_EXHAUSTED, NULL,
                               "the event needs more memory than an event may have")
               : decide_emit(d, &kept->base, &options);
}

static enum status emit_ended(struct decide *d, uint64_t number, int64_t at_us)
{
    Report__SurgeEnded ended = REPORT__SURGE_ENDED__INIT;
    Report__Event event = REPORT__EVENT__INIT;
    ended.surge_number = number;
    event.kind_case = REPORT__EVENT__KIND_SURGE_ENDED;
    event.surge_ended = arena_copy(d->arena, &ended, sizeof(ended));
    return emit(d, &event, event.surge_ended, at_us);
}

/* --- a request --- */

/* The request that comes, which is not in the cells yet, and the surges of its topic. */
struct request {
    struct decide *d;
    int32_t local_hour;
    char *topic;
    char *area; /* "": none */
    const Report__OpenSurgeRecord *open[REPORT_SURGE_SCOPES];
};

/* As a key of an open surge, and as one of cells. */
static const char *open_area(const struct request *request, enum report_surge_scope scope)
{
    return scope == REPORT_SURGE_AREA ? request->area : "";
}

static const char *cell_area(const struct request *request, enum report_surge_scope scope)
{
    return scope == REPORT_SURGE_AREA ? request->area : NULL;
}

static int64_t lasts(void *context, enum report_surge_scope scope)
{
    struct request *request = context;
    request->open[scope] = report_tables_open_surge(request->d->txn, request->topic,
                                                    open_area(request, scope), request->d->arena);
    return request->open[scope] == NULL || PLANTED("surge_begins_again")
               ? 0
               : request->open[scope]->until_us;
}

static uint64_t now(void *context, enum report_surge_scope scope)
{
    const struct request *request = context;
    return 1 + report_tables_surge_requests(request->d->txn, request->local_hour, request->topic,
                                            cell_area(request, scope));
}

/* This one, too, when its own area's surge lasts. */
static uint64_t told(void *context, int64_t at_us)
{
    const struct request *request = context;
    const Report__OpenSurgeRecord *own = request->open[REPORT_SURGE_AREA];
    return report_tables_surge_told(request->d->txn, request->local_hour, request->topic, at_us,
                                    request->d->arena) +
           (own != NULL && at_us < own->until_us);
}

static void before(void *context, enum report_surge_scope scope, struct report_surge_count *count)
{
    const struct request *request = context;
    report_tables_surge_before(request->d->txn, request->local_hour, request->topic,
                               cell_area(request, scope), count);
}

static enum status emit_began(const struct request *request, enum report_surge_scope scope,
                              const struct report_surge_count *count, int64_t at_us)
{
    Report__SurgeBegan began = REPORT__SURGE_BEGAN__INIT;
    Report__Event event = REPORT__EVENT__INIT;
    began.surge_number = report_tables_last_surge(request->d->txn) + 1;
    began.topic = request->topic;
    began.area = (char *)(uintptr_t)open_area(request, scope);
    began.until_us = us_add(at_us, REPORT_SURGE_LASTS_US);
    began.requests = count->now;
    began.requests_before = count->before;
    began.weeks = count->weeks;
    event.kind_case = REPORT__EVENT__KIND_SURGE_BEGAN;
    event.surge_began = arena_copy(request->d->arena, &began, sizeof(began));
    return emit(request->d, &event, event.surge_began, at_us);
}

static enum status emit_lengthened(const struct request *request, enum report_surge_scope scope,
                                   const struct report_surge_count *count, int64_t at_us)
{
    Report__SurgeLengthened lengthened = REPORT__SURGE_LENGTHENED__INIT;
    Report__Event event = REPORT__EVENT__INIT;
    lengthened.surge_number = request->open[scope]->surge_number;
    lengthened.until_us = us_add(at_us, REPORT_SURGE_LASTS_US);
    lengthened.requests = count->now;
    event.kind_case = REPORT__EVENT__KIND_SURGE_LENGTHENED;
    event.surge_lengthened = arena_copy(request->d->arena, &lengthened, sizeof(lengthened));
    return emit(request->d, &event, event.surge_lengthened, at_us);
}

static enum status emit_outcome(const struct request *request, enum report_surge_scope scope,
                                const struct report_surge_outcome *outcome, int64_t at_us)
{
    enum status status = STATUS_OK;
    if (outcome->ends) {
        status = emit_ended(request->d, request->open[scope]->surge_number,
                            request->open[scope]->until_us);
    }
    if (status == STATUS_OK && outcome->step == REPORT_SURGE_BEGINS) {
        status = emit_began(request, scope, &outcome->count, at_us);
    } else if (status == STATUS_OK && outcome->step == REPORT_SURGE_GOES_ON) {
        status = emit_lengthened(request, scope, &outcome->count, at_us);
    }
    return status;
}

/* Histories, and what is told more than an hour late, say nothing about now. */
static bool is_about_now(const struct event *event, const Intake__RequestRegistered *registered)
{
    return !event->historical && report_surge_counts(registered->channel) &&
           us_sub(event->recorded_at_us, event->occurred_at_us) <= HOUR_US;
}

enum status report_decide_intake(struct decide *d, const struct event *event)
{
    const Intake__Event *intake = (const Intake__Event *)event->open;
    const Intake__RequestRegistered *registered = intake->request_registered;
    if (intake->kind_case != INTAKE__EVENT__KIND_REQUEST_REGISTERED ||
        !is_about_now(event, registered)) {
        return STATUS_OK;
    }
    int64_t at_us = event->occurred_at_us;
    struct request request = {
        .d = d,
        .local_hour = civil_local_hour(city_civil(d->city), at_us),
        .topic = registered->topic,
        .area = registered->place != NULL ? registered->place->area
                                          : (char *)(uintptr_t)protobuf_c_empty_string,
    };
    const struct report_surge_facts facts = {
        .context = &request, .lasts = lasts, .now = now, .told = told, .before = before};
    struct report_surge_outcome outcomes[REPORT_SURGE_SCOPES];
    report_surge_follow(city_surge(d->city), at_us, request.area[0] != '\0', &facts, outcomes);
    enum status status = txn_error(d->txn, d->error);
    for (int i = 0; i < REPORT_SURGE_SCOPES && status == STATUS_OK; i++) {
        status = emit_outcome(&request, (enum report_surge_scope)i, &outcomes[i], at_us);
    }
    return status;
}

/* --- an end --- */

/* It ended when its time was over, whenever that is noticed. */
enum status report_decide_timer(struct decide *d, const struct timer *timer)
{
    const Report__Surge *surge = report_tables_surge(d->txn, timer->subject, d->arena);
    if (surge == NULL || surge->ended_at_us != 0) {
        return decide_refuse(d, STATUS_INTERNAL, NULL,
                             "a timer is about surge %llu, which does not last",
                             (unsigned long long)timer->subject);
    }
    return emit_ended(d, surge->surge_number, surge->until_us);
}
