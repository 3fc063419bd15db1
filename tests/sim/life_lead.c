/* Leadership: it asks for figures. */
#include "tests/sim/life_internal.h"

static void reported(struct errand *errand)
{
    struct life *life = errand->context;
    if (errand->error.status != STATUS_OK) {
        life_refused(errand, false);
    }
    check_report(life->recount, (const Report__QueryReportRequest *)errand->request,
                 (const Report__QueryReportResponse *)errand->response,
                 errand->has_at_least ? &errand->at_least : NULL);
}

static void ask_report(struct life *life, Report__Metric metric, Report__Dimension by, bool by_day,
                       const Common__Position *at_least)
{
    struct errand *errand = life_errand(life, life->leader, "QueryReport", reported, life);
    Report__QueryReportRequest *request =
        errand_request(errand, &report__query_report_request__descriptor);
    request->metric = metric;
    if (by != REPORT__DIMENSION__DIMENSION_UNSPECIFIED) {
        request->n_by = 1;
        request->by = arena_alloc(errand->arena, sizeof *request->by);
        request->by[0] = by;
    } else if (by_day) {
        request->per = REPORT__PERIOD__PERIOD_DAY;
    }
    if (at_least != NULL) {
        errand_at_least(errand, at_least);
    }
    errand_start(errand);
}

void life_ask_report(struct life *life, const Common__Position *at_least)
{
    Report__Metric metric = (Report__Metric)life_draw(life, 1, REPORT__METRIC__METRIC_UNDONE + 1);
    Report__Dimension by = (Report__Dimension)life_draw(life, 0, 5);
    bool by_day = life_chance(life, 500);
    ask_report(life, metric, by, by_day, at_least);
}

static void look(struct later *later)
{
    struct life *life = later->life;
    if (life->closing) {
        return;
    }
    life_ask_report(life, NULL);
    later_set(later, life, look, life_draw(life, 2 * HOUR_US, 12 * HOUR_US));
}

static void rated(struct errand *errand)
{
    struct life *life = errand->context;
    if (errand->error.status != STATUS_OK) {
        life_refused(errand, false);
    }
    const Feedback__ListUnitRatesResponse *response =
        (const Feedback__ListUnitRatesResponse *)errand->response;
    size_t known = 0;
    for (size_t i = 0; i < life->recount->unit_count; i++) {
        known += life->recount->units[i].answers > 0;
    }
    if (response->n_rates != known) {
        invariant_broken(INVARIANT_REPORTS, "%zu units have a rate, and %zu have answers",
                         response->n_rates, known);
    }
    for (size_t i = 0; i < response->n_rates; i++) {
        check_rate(life->recount, response->rates[i]);
    }
}

void life_ask_everything(struct life *life)
{
    for (int metric = 1; metric <= REPORT__METRIC__METRIC_UNDONE; metric++) {
        for (int by = 0; by <= REPORT__DIMENSION__DIMENSION_CHANNEL; by++) {
            ask_report(life, (Report__Metric)metric, (Report__Dimension)by, false, NULL);
        }
        ask_report(life, (Report__Metric)metric, REPORT__DIMENSION__DIMENSION_UNSPECIFIED, true,
                   NULL);
    }
    struct errand *errand = life_errand(life, life->rater, "ListUnitRates", rated, life);
    Feedback__ListUnitRatesRequest *request =
        errand_request(errand, &feedback__list_unit_rates_request__descriptor);
    request->page_size = 500;
    errand_start(errand);
}

void life_begin_leadership(struct life *life)
{
    later_set(&life->report, life, look, life_draw(life, DAY_US / 2, DAY_US));
}
