#include "tests/sim/checks.h"

#include "tests/sim/invariants.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* --- timelines --- */

/* What intake calls an event of another log; 0: it does not show it. */
static unsigned kind_of(const struct recount_event *event)
{
    static const unsigned intake[] = {[INTAKE__EVENT__KIND_REQUEST_REGISTERED] = 1,
                                      [INTAKE__EVENT__KIND_CASE_CHASED] = 12,
                                      [INTAKE__EVENT__KIND_REQUEST_AMENDED] = 13,
                                      [INTAKE__EVENT__KIND_REQUEST_WITHDRAWN] = 14,
                                      [INTAKE__EVENT__KIND_WORDS_ADDED] = 15};
    static const unsigned routing[] = {[ROUTING__EVENT__KIND_TASK_ROUTED] = 2,
                                       [ROUTING__EVENT__KIND_TASK_ACCEPTED] = 3,
                                       [ROUTING__EVENT__KIND_TASK_REPORTED] = 4,
                                       [ROUTING__EVENT__KIND_TASK_RETURNED] = 5,
                                       [ROUTING__EVENT__KIND_TASK_DONE] = 6,
                                       [ROUTING__EVENT__KIND_TASK_OVERDUE] = 7,
                                       [ROUTING__EVENT__KIND_TASK_SEEN] = 20,
                                       [ROUTING__EVENT__KIND_TASK_PLANNED] = 21,
                                       [ROUTING__EVENT__KIND_TASK_STARTED] = 22,
                                       [ROUTING__EVENT__KIND_TASK_PAUSED] = 23,
                                       [ROUTING__EVENT__KIND_TASK_RESUMED] = 24,
                                       [ROUTING__EVENT__KIND_TASK_CLOSED_UNDONE] = 25,
                                       [ROUTING__EVENT__KIND_TASK_MOVED] = 26,
                                       [ROUTING__EVENT__KIND_TASK_REOPENED] = 27,
                                       [ROUTING__EVENT__KIND_TASK_CANCELLED] = 28,
                                       [ROUTING__EVENT__KIND_TASK_HELP_ASKED] = 29,
                                       [ROUTING__EVENT__KIND_TASK_HELP_FINISHED] = 45,
                                       [ROUTING__EVENT__KIND_TASK_WARNED] = 30,
                                       [ROUTING__EVENT__KIND_TASK_ESCALATED] = 31,
                                       [ROUTING__EVENT__KIND_TASK_RESPONSE_OVERDUE] = 32,
                                       [ROUTING__EVENT__KIND_TASK_DUE_MOVED] = 33,
                                       [ROUTING__EVENT__KIND_TASK_ALARMED] = 37,
                                       [ROUTING__EVENT__KIND_TASK_UNACKNOWLEDGED] = 38,
                                       [ROUTING__EVENT__KIND_TASK_ALARM_GIVEN] = 39,
                                       [ROUTING__EVENT__KIND_CASE_JOINED] = 16,
                                       [ROUTING__EVENT__KIND_CASE_SPLIT] = 17,
                                       [ROUTING__EVENT__KIND_JOINED_FOLLOWED] = 0};
    static const unsigned followup[] = {[FOLLOWUP__EVENT__KIND_CALL_SCHEDULED] = 8,
                                        [FOLLOWUP__EVENT__KIND_CALL_ATTEMPTED] = 9,
                                        [FOLLOWUP__EVENT__KIND_CALL_COMPLETED] = 10};
    static const unsigned feedback[] = {[FEEDBACK__EVENT__KIND_FEEDBACK_RECORDED] = 11};
    switch (event->service) {
    case 1: return intake[event->kind];
    case 2:
        if (event->by_storm) {
            return 35;
        }
        if (event->planned_before) {
            return INTAKE__TIMELINE_KIND__TIMELINE_KIND_PLANNED;
        }
        if (event->calmed || event->alarmed_before) {
            return event->calmed ? 40 : 37;
        }
        if (event->referred) {
            return 50;
        }
        return event->left && event->kind == ROUTING__EVENT__KIND_CASE_SPLIT ? 18
                                                                             : routing[event->kind];
    case 3: return followup[event->kind];
    default: return feedback[event->kind];
    }
}

/* One event may be told in two lines: the one of that kind, or else the first. */
static const Intake__TimelineEntry *entry_of(const Intake__GetCaseResponse *response,
                                             const struct recount_event *event)
{
    const Intake__TimelineEntry *first = NULL;
    for (size_t i = 0; i < response->n_timeline; i++) {
        const Intake__TimelineEntry *entry = response->timeline[i];
        if ((unsigned)entry->service != event->service || entry->offset != event->offset) {
            continue;
        }
        if ((unsigned)entry->kind == kind_of(event)) {
            return entry;
        }
        first = first != NULL ? first : entry;
    }
    return first;
}

/* The registration tells a second line when a storm was running; returns how many there are. */
static size_t check_storm_told(const struct recount_case *one,
                               const Intake__GetCaseResponse *response)
{
    size_t told = 0;
    for (size_t i = 0; i < response->n_timeline; i++) {
        told += response->timeline[i]->kind == INTAKE__TIMELINE_KIND__TIMELINE_KIND_STORM &&
                response->timeline[i]->offset == one->offset;
    }
    if (told != (one->storm != 0) || response->case_data->storm != one->storm) {
        invariant_broken(INVARIANT_TIMELINES,
                         "the story of request %" PRIu64 " tells of a storm, or of none, wrongly",
                         one->number);
    }
    return told;
}

/* The place in routing's log where the story last tells of that; 0: nowhere. */
static uint64_t last_told(const Intake__GetCaseResponse *response, Intake__TimelineKind kind)
{
    uint64_t last = 0;
    for (size_t i = 0; i < response->n_timeline; i++) {
        const Intake__TimelineEntry *entry = response->timeline[i];
        last = entry->kind == kind && entry->offset > last ? entry->offset : last;
    }
    return last;
}

/* Somebody has an urgent task as long as the story says so: since it was told as urgent, or the request joined it, and until
 * nobody calls it urgent, nobody wants it, or the request has left it. */
static void check_alarm_told(const struct recount_case *one,
                             const Intake__GetCaseResponse *response)
{
    uint64_t told = last_told(response, INTAKE__TIMELINE_KIND__TIMELINE_KIND_ALARMED);
    uint64_t joined = last_told(response, INTAKE__TIMELINE_KIND__TIMELINE_KIND_JOINED);
    uint64_t split = last_told(response, INTAKE__TIMELINE_KIND__TIMELINE_KIND_SPLIT);
    uint64_t left = last_told(response, INTAKE__TIMELINE_KIND__TIMELINE_KIND_LEFT);
    bool is_on = told > last_told(response, INTAKE__TIMELINE_KIND__TIMELINE_KIND_CALMED) &&
                 told > last_told(response, INTAKE__TIMELINE_KIND__TIMELINE_KIND_CANCELLED) &&
                 told > split && told >= joined && !(joined > split && left > joined);
    if (is_on != (response->case_data->alarm != NULL)) {
        invariant_broken(INVARIANT_TIMELINES,
                         "who has request %" PRIu64 " as an urgent one is told, or not, against "
                         "its story",
                         one->number);
    }
}

void check_timeline(struct recount *recount, const Intake__GetCaseResponse *response,
                    const Common__Position *at_least, bool whole)
{
    bool ended[SERVICE_COUNT + 1] = {false}; /* behind the last event of this log it shows */
    size_t shown = 0;
    size_t hidden = 0; /* events of which the story tells nothing */
    if (!recount_catch_up(recount)) {
        return;
    }
    const struct recount_case *one = recount_case(recount, response->case_data->number);
    if (one == NULL || strcmp(one->code, response->case_data->code) != 0) {
        invariant_broken(INVARIANT_TIMELINES, "intake tells of a request that is in no log");
    }
    for (size_t i = 0; i < one->event_count; i++) {
        const struct recount_event *event = &one->events[i];
        if (kind_of(event) == 0) {
            hidden++;
            continue;
        }
        const Intake__TimelineEntry *entry = entry_of(response, event);
        bool asked = at_least != NULL && (unsigned)at_least->service == event->service &&
                     event->offset <= at_least->offset;
        if (entry == NULL && asked) {
            invariant_broken(INVARIANT_OWN_WRITES,
                             "asked for at least %" PRIu64 " of %s, intake lacks %" PRIu64
                             " in the story of request %" PRIu64,
                             at_least->offset, service_name(at_least->service), event->offset,
                             one->number);
        }
        if (entry == NULL) {
            ended[event->service] = true;
            continue;
        }
        if (ended[event->service]) {
            invariant_broken(INVARIANT_TIMELINES,
                             "the story of request %" PRIu64 " has %" PRIu64
                             " of %s, and not what came before it",
                             one->number, event->offset,
                             service_name((Common__ServiceId)event->service));
        }
        if ((unsigned)entry->kind != kind_of(event) || entry->at_us != event->at_us ||
            entry->score != event->score || strcmp(entry->actor, event->actor) != 0) {
            invariant_broken(INVARIANT_TIMELINES,
                             "the story of request %" PRIu64 " tells %" PRIu64 " of %s otherwise",
                             one->number, event->offset,
                             service_name((Common__ServiceId)event->service));
        }
        shown++;
    }
    check_alarm_told(one, response);
    if (shown + check_storm_told(one, response) != response->n_timeline ||
        (whole && shown + hidden != one->event_count)) {
        invariant_broken(INVARIANT_TIMELINES,
                         "the story of request %" PRIu64
                         " has %zu entries, of which the logs know %zu of %zu",
                         one->number, response->n_timeline, shown, one->event_count);
    }
}

/* --- offices --- */

void check_changes(struct recount *recount, const char *unit, uint64_t after,
                   const Routing__FollowTasksResponse *response)
{
    if (!recount_catch_up(recount)) {
        return;
    }
    const struct recount_unit *known = recount_unit(recount, unit);
    size_t given = 0;
    for (size_t i = 0; i < known->count; i++) {
        uint64_t sequence = known->sequences[i];
        if (sequence <= after || sequence > response->next) {
            continue;
        }
        if (given == response->n_changes || response->changes[given]->sequence != sequence) {
            invariant_broken(INVARIANT_OFFICES,
                             "%s was not given %" PRIu64 ", between %" PRIu64 " and %" PRIu64, unit,
                             sequence, after, response->next);
        }
        given++;
    }
    if (given != response->n_changes) {
        invariant_broken(INVARIANT_OFFICES, "%s was given a change that does not concern it", unit);
    }
}

/* --- rates --- */

void check_rate(struct recount *recount, const Feedback__UnitRate *rate)
{
    const struct recount_unit *unit = recount_unit(recount, rate->unit);
    bool same = rate->n_scores == 5 && rate->answers == unit->answers &&
                rate->resolved == unit->resolved && rate->partly == unit->partly &&
                rate->unresolved == unit->unresolved;
    for (size_t i = 0; same && i < 5; i++) {
        same = rate->scores[i] == unit->scores[i + 1];
    }
    if (!same) {
        invariant_broken(INVARIANT_REPORTS, "the rate of %s is not what its answers come to",
                         rate->unit);
    }
}

/* --- reports --- */

#define GROUPS_MAX 512
#define ZONE_US (210 * MINUTE_US) /* Tehran: 3:30 ahead, without summer time since 2022 */

struct group {
    const char *value;
    int64_t day;
    uint64_t requests, done, undone, cancelled, referred, with_due, on_time, calls, answered,
        answers, scores, satisfied, resolved;
};

struct as_of {
    uint64_t offsets[SERVICE_COUNT + 1];
};

/* The request as it stood then, added to its group. */
struct standing {
    const char *unit;
    const char *topic, *area; /* as amended by then */
    bool done, undone, cancelled, referred;
    int64_t due_at_us, done_at_us;
    uint64_t calls, answered, answers, scores, satisfied, resolved;
};

/* What befell the task that it is joined to. */
static void stand_joined(struct standing *standing, const struct recount_event *event)
{
    standing->done = event->fate == ROUTING__JOINED_FATE__JOINED_FATE_DONE;
    standing->done_at_us = event->at_us;
    standing->due_at_us = event->due_at_us;
    standing->undone = event->fate == ROUTING__JOINED_FATE__JOINED_FATE_CLOSED_UNDONE;
    standing->referred = false;
    standing->cancelled = event->fate == ROUTING__JOINED_FATE__JOINED_FATE_CANCELLED;
}

/* Taken back; and what befalls the task that it shared is not its affair any more. */
static void stand_left(struct standing *standing, const struct recount_event *event)
{
    if (event->kind == ROUTING__EVENT__KIND_CASE_SPLIT) {
        standing->unit = event->unit;
        standing->cancelled = true;
        standing->done = standing->undone = standing->referred = false;
    }
}

static void stand(struct standing *standing, const struct recount_event *event)
{
    if (event->service == 1 && event->topic != NULL) {
        standing->topic = event->topic;
        standing->area = event->area;
    } else if (event->service == 2 && event->left) {
        stand_left(standing, event);
    } else if (event->service == 2 && !event->copied) {
        standing->unit = event->unit;
        switch (event->kind) {
        case ROUTING__EVENT__KIND_TASK_ROUTED:
        case ROUTING__EVENT__KIND_TASK_DUE_MOVED:
        case ROUTING__EVENT__KIND_CASE_JOINED: standing->due_at_us = event->due_at_us; break;
        case ROUTING__EVENT__KIND_CASE_SPLIT:
            standing->done = standing->undone = standing->cancelled = standing->referred = false;
            break;
        case ROUTING__EVENT__KIND_JOINED_FOLLOWED: stand_joined(standing, event); break;
        case ROUTING__EVENT__KIND_TASK_DONE:
            standing->done = true;
            standing->done_at_us = event->at_us;
            break;
        case ROUTING__EVENT__KIND_TASK_CLOSED_UNDONE:
            standing->undone = !event->referred;
            standing->referred = event->referred;
            break;
        case ROUTING__EVENT__KIND_TASK_CANCELLED: standing->cancelled = true; break;
        case ROUTING__EVENT__KIND_TASK_REOPENED:
            standing->done = standing->undone = standing->cancelled = standing->referred = false;
            break;
        default: break;
        }
    } else if (event->service == 3 && event->kind == FOLLOWUP__EVENT__KIND_CALL_COMPLETED) {
        standing->calls++;
        standing->answered += event->answered;
    } else if (event->service == 4) {
        standing->answers++;
        standing->scores += event->score;
        standing->satisfied += event->score >= 4;
        standing->resolved += event->resolution == FOLLOWUP__RESOLUTION__RESOLUTION_RESOLVED;
    }
}

static const char *channel_word(Common__Channel channel)
{
    static const char *const words[] = {"",        "phone",   "sms",   "web",   "app",
                                        "walk_in", "session", "staff", "import"};
    return words[channel];
}

static const char *value_of(const struct recount_case *one, const struct standing *now,
                            const Report__QueryReportRequest *request)
{
    if (request->n_by == 0) {
        return "";
    }
    switch (request->by[0]) {
    case REPORT__DIMENSION__DIMENSION_TOPIC: return now->topic;
    case REPORT__DIMENSION__DIMENSION_AREA: return now->area;
    case REPORT__DIMENSION__DIMENSION_UNIT: return now->unit;
    default: return channel_word(one->channel);
    }
}

static void count(struct group *groups, size_t *group_count, const struct recount_case *one,
                  const Report__QueryReportRequest *request, const struct as_of *as_of)
{
    struct standing now = {.unit = "", .topic = one->topic, .area = one->area};
    for (size_t i = 0; i < one->event_count; i++) {
        if (one->events[i].offset <= as_of->offsets[one->events[i].service]) {
            stand(&now, &one->events[i]);
        }
    }
    const char *value = value_of(one, &now, request);
    int64_t day =
        request->per == REPORT__PERIOD__PERIOD_DAY ? (one->occurred_at_us + ZONE_US) / DAY_US : 0;
    size_t at = 0;
    while (at < *group_count && (strcmp(groups[at].value, value) != 0 || groups[at].day != day)) {
        at++;
    }
    if (at == GROUPS_MAX) {
        invariant_broken(INVARIANT_REPORTS, "more groups than the simulator can count");
    }
    if (at == *group_count) {
        groups[(*group_count)++] = (struct group){.value = value, .day = day};
    }
    struct group *group = &groups[at];
    group->requests++;
    group->done += now.done;
    group->undone += now.undone;
    group->cancelled += now.cancelled;
    group->referred += now.referred;
    group->with_due += now.done && now.due_at_us != 0;
    group->on_time += now.done && now.due_at_us != 0 && now.done_at_us <= now.due_at_us;
    group->calls += now.calls;
    group->answered += now.answered;
    group->answers += now.answers;
    group->scores += now.scores;
    group->satisfied += now.satisfied;
    group->resolved += now.resolved;
}

static bool is_count(const Report__Cell *cell, uint64_t expected)
{
    return cell->value_case == REPORT__CELL__VALUE_COUNT && cell->count == (int64_t)expected;
}

static bool is_share(const Report__Cell *cell, uint64_t part, uint64_t whole)
{
    if (whole == 0) {
        return cell->value_case == REPORT__CELL__VALUE__NOT_SET;
    }
    return cell->value_case == REPORT__CELL__VALUE_NUMBER &&
           fabs(cell->number - (double)part / (double)whole) < 1e-9;
}

static bool are_figures(Report__Metric metric, Report__Cell *const *cells,
                        const struct group *group)
{
    switch (metric) {
    case REPORT__METRIC__METRIC_REQUESTS: return is_count(cells[0], group->requests);
    case REPORT__METRIC__METRIC_DONE: return is_count(cells[0], group->done);
    case REPORT__METRIC__METRIC_OPEN:
        return is_count(cells[0], group->requests - group->done - group->undone - group->cancelled -
                                      group->referred);
    case REPORT__METRIC__METRIC_UNDONE:
        return is_count(cells[0], group->undone) && is_count(cells[1], group->cancelled) &&
               is_count(cells[2], group->referred);
    case REPORT__METRIC__METRIC_ON_TIME:
        return is_share(cells[0], group->on_time, group->with_due) &&
               is_count(cells[1], group->on_time) && is_count(cells[2], group->with_due);
    case REPORT__METRIC__METRIC_RESOLUTION_HOURS: return is_count(cells[0], group->done);
    case REPORT__METRIC__METRIC_CALLS:
        return is_count(cells[0], group->calls) && is_count(cells[1], group->answered);
    case REPORT__METRIC__METRIC_SATISFACTION:
        return is_count(cells[0], group->answers) &&
               is_share(cells[1], group->scores, group->answers) &&
               is_share(cells[2], group->satisfied, group->answers) &&
               is_share(cells[3], group->resolved, group->answers);
    default: return false;
    }
}

static bool read_as_of(struct recount *recount, const Report__QueryReportResponse *response,
                       struct as_of *ret_as_of)
{
    *ret_as_of = (struct as_of){{0}};
    for (size_t i = 0; i < response->n_as_of; i++) {
        recount_check_position(recount, response->as_of[i], "QueryReport");
        ret_as_of->offsets[response->as_of[i]->service] = response->as_of[i]->offset;
    }
    return recount_catch_up(recount);
}

/* Days come in order, each that has a request. */
static int compare_days(const void *a, const void *b)
{
    const struct group *one = a;
    const struct group *other = b;
    return one->day < other->day ? -1 : one->day > other->day;
}

static const char *text_of(const Report__Cell *cell)
{
    return cell->value_case == REPORT__CELL__VALUE_TEXT ? cell->text : "";
}

void check_report(struct recount *recount, const Report__QueryReportRequest *request,
                  const Report__QueryReportResponse *response, const Common__Position *at_least)
{
    static struct group groups[GROUPS_MAX];
    size_t group_count = 0;
    struct as_of as_of;
    if (!read_as_of(recount, response, &as_of)) {
        return;
    }
    if (at_least != NULL && as_of.offsets[at_least->service] < at_least->offset) {
        invariant_broken(INVARIANT_OWN_WRITES,
                         "asked for at least %" PRIu64 " of %s, report answered as of %" PRIu64,
                         at_least->offset, service_name(at_least->service),
                         as_of.offsets[at_least->service]);
    }
    if (request->n_by == 0 && request->per == REPORT__PERIOD__PERIOD_UNSPECIFIED) {
        groups[group_count++] = (struct group){.value = ""};
    }
    for (size_t i = 0; i < recount->case_count; i++) {
        if (recount->cases[i].offset <= as_of.offsets[1]) {
            count(groups, &group_count, &recount->cases[i], request, &as_of);
        }
    }
    bool by_day = request->per == REPORT__PERIOD__PERIOD_DAY;
    size_t head = request->n_by + (by_day ? 1 : 0);
    if (response->n_rows != group_count) {
        invariant_broken(INVARIANT_REPORTS, "metric %d has %zu rows, and the logs have %zu groups",
                         (int)request->metric, response->n_rows, group_count);
    }
    if (by_day) {
        qsort(groups, group_count, sizeof groups[0], compare_days);
    }
    for (size_t i = 0; i < group_count; i++) {
        bool found = false;
        for (size_t j = by_day ? i : 0; j < (by_day ? i + 1 : response->n_rows) && !found; j++) {
            Report__Cell *const *cells = response->rows[j]->cells;
            found = (request->n_by == 0 || strcmp(text_of(cells[0]), groups[i].value) == 0) &&
                    are_figures(request->metric, cells + head, &groups[i]);
        }
        if (!found) {
            invariant_broken(INVARIANT_REPORTS,
                             "metric %d of \"%s\" is not what the logs come to: %" PRIu64
                             " requests, %" PRIu64 " done, %" PRIu64 " calls, %" PRIu64 " answers",
                             (int)request->metric, groups[i].value, groups[i].requests,
                             groups[i].done, groups[i].calls, groups[i].answers);
        }
    }
}
