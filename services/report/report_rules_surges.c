/* The arithmetic of surges; see the header. */
#include "services/report/report_rules_surges.h"

#include "base/clock.h"

#include "vafa/common/v1/common.pb-c.h"

#include <math.h>

bool report_surge_counts(uint32_t channel)
{
    switch (channel) {
    case COMMON__CHANNEL__CHANNEL_PHONE:
    case COMMON__CHANNEL__CHANNEL_SMS:
    case COMMON__CHANNEL__CHANNEL_WEB:
    case COMMON__CHANNEL__CHANNEL_APP:
    case COMMON__CHANNEL__CHANNEL_WALK_IN: return true;
    default: return false;
    }
}

/* A term is not added any more when it is so small a part of the sum, nor behind so many: a city asks
 * for some hundred, a damaged count for all. */
#define TAIL_EXACT 1e-6
#define TAIL_TERMS_MAX 100000

static double log_gamma(double x)
{
    int sign;
    return lgamma_r(x, &sign); /* lgamma is not safe from several threads */
}

/* The tail from k up, of terms that fall from there on: size r, chance of failure q. */
static double tail(double k, double r, double q)
{
    double term =
        exp(log_gamma(r + k) - log_gamma(r) - log_gamma(k + 1) + r * log1p(-q) + k * log(q));
    double sum = term;
    for (int i = 0; i < TAIL_TERMS_MAX && term > sum * TAIL_EXACT; i++) {
        term *= (r + k) / (k + 1) * q;
        sum += term;
        k++;
    }
    return sum < 1 ? sum : 1;
}

double report_surge_chance(const struct report_surge_count *count)
{
    double weeks = count->weeks;
    double size = (double)count->before + 0.5;
    if (count->weeks == 0 || (double)count->now * weeks <= size) {
        return 1; /* not more than the mean */
    }
    return tail((double)count->now, size, 1 / (weeks + 1));
}

/* Whether the scope has `requests` of them, and fewer were to be expected. */
static bool is_unusual(const struct report_surge_facts *facts, enum report_surge_scope scope,
                       uint64_t without, const struct city_surge *limits,
                       struct report_surge_count *ret_count)
{
    uint64_t now = facts->now(facts->context, scope);
    *ret_count = (struct report_surge_count){.now = now > without ? now - without : 0};
    if (ret_count->now < limits->requests) {
        return false;
    }
    facts->before(facts->context, scope, ret_count);
    return ret_count->weeks >= limits->weeks &&
           report_surge_chance(ret_count) * (double)limits->one_in <= 1;
}

static bool goes_on(const struct report_surge_facts *facts, enum report_surge_scope scope,
                    const struct city_surge *begins, struct report_surge_count *ret_count)
{
    const struct city_surge limits = {
        .requests = (begins->requests + 1) / 2,
        .weeks = 1,
        .one_in = REPORT_SURGE_HOLDS_ONE_IN,
    };
    return is_unusual(facts, scope, 0, &limits, ret_count);
}

void report_surge_follow(const struct city_surge *limits, int64_t at_us, bool has_area,
                         const struct report_surge_facts *facts,
                         struct report_surge_outcome ret_outcomes[REPORT_SURGE_SCOPES])
{
    struct report_surge_outcome *area = &ret_outcomes[REPORT_SURGE_AREA];
    struct report_surge_outcome *city = &ret_outcomes[REPORT_SURGE_CITY];
    bool is_open[REPORT_SURGE_SCOPES] = {false};
    for (int i = has_area ? REPORT_SURGE_AREA : REPORT_SURGE_CITY; i < REPORT_SURGE_SCOPES; i++) {
        int64_t until_us = facts->lasts(facts->context, (enum report_surge_scope)i);
        struct report_surge_outcome *outcome = &ret_outcomes[i];
        *outcome = (struct report_surge_outcome){.ends = until_us != 0 && at_us >= until_us};
        is_open[i] = until_us != 0 && !outcome->ends;
        /* Once an hour is enough: it is an event each time. */
        if (is_open[i] && at_us >= us_sub(until_us, HOUR_US) &&
            goes_on(facts, (enum report_surge_scope)i, limits, &outcome->count)) {
            outcome->step = REPORT_SURGE_GOES_ON;
        }
    }
    if (!has_area) {
        *area = (struct report_surge_outcome){.ends = false};
    }
    if (is_open[REPORT_SURGE_CITY]) {
        return;
    }
    if (has_area && !is_open[REPORT_SURGE_AREA] &&
        is_unusual(facts, REPORT_SURGE_AREA, 0, limits, &area->count)) {
        area->step = REPORT_SURGE_BEGINS;
    } else if (is_unusual(facts, REPORT_SURGE_CITY, facts->told(facts->context, at_us), limits,
                          &city->count)) {
        city->step = REPORT_SURGE_BEGINS;
    }
}
