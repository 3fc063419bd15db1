/*
 * When more is asked for than is usual: a surge begins, is made longer, ends. Plain values in, plain
 * values out; the service asks these rules of its tables, the command line of a file
 * (`vafa report evaluate`).
 *
 * What is compared: requests that citizens made in this local hour and the one before, with those of
 * the same two hours in up to eight weeks before. How: the requests of two hours are taken as Poisson
 * distributed, and all that is known of the rate is what the weeks before had; then, with Jeffreys'
 * prior, the number to be expected is distributed as a negative binomial with size B + 1/2 and
 * probability n / (n + 1), for B requests in n weeks. That is the "Bayes" method of outbreak detection
 * (Riebler 2004; algo.bayes of the R package surveillance), with hours of the week for weeks of the
 * year. Few weeks known make it careful by themselves: nothing is assumed that was not seen.
 */
#ifndef VAFA_SERVICES_REPORT_REPORT_RULES_SURGES_H
#define VAFA_SERVICES_REPORT_REPORT_RULES_SURGES_H

#include "city/city.h"

#define REPORT_SURGE_HOURS 2 /* local hours that are compared: this one and those before */
#define REPORT_SURGE_WEEKS 8 /* looked back */
#define REPORT_SURGE_WEEK_HOURS (7 * 24)
/* A surge lasts so long behind the last request that held it. */
#define REPORT_SURGE_LASTS_US (INT64_C(2) * 3600 * 1000000)
/* What holds a surge that has begun: half as many requests as begin one, and this chance. */
#define REPORT_SURGE_HOLDS_ONE_IN 20

struct report_surge_count {
    uint64_t now;    /* requests of these two hours */
    uint64_t before; /* of the same hours of `weeks` weeks before, together */
    uint32_t weeks;  /* in which anything at all was asked on that day, 0..REPORT_SURGE_WEEKS */
};

/* Citizens' own: staff enter many at a time, and an import's channel says nothing. */
bool report_surge_counts(uint32_t channel);

/* How likely it is that so many or more come, 0..1. 1 when they are not more than usual. */
double report_surge_chance(const struct report_surge_count *count);

enum report_surge_scope {
    REPORT_SURGE_AREA, /* the topic in the request's area */
    REPORT_SURGE_CITY, /* the topic everywhere */
    REPORT_SURGE_SCOPES,
};

/* What is known about the topic when one of its requests comes; none is asked for without need. */
struct report_surge_facts {
    void *context;
    /* Until when the scope's surge lasts, UTC us; 0: it has none. */
    int64_t (*lasts)(void *context, enum report_surge_scope scope);
    /* Requests of these two hours, the one that comes among them. */
    uint64_t (*now)(void *context, enum report_surge_scope scope);
    /* Those of them in areas whose own surge lasts at that time. */
    uint64_t (*told)(void *context, int64_t at_us);
    /* Fills `before` and `weeks`. */
    void (*before)(void *context, enum report_surge_scope scope, struct report_surge_count *count);
};

enum report_surge_step {
    REPORT_SURGE_NOTHING,
    REPORT_SURGE_BEGINS,
    REPORT_SURGE_GOES_ON, /* until REPORT_SURGE_LASTS_US after the request */
};

struct report_surge_outcome {
    bool ends; /* first, at the time until which it lasted */
    enum report_surge_step step;
    struct report_surge_count count; /* when it begins or goes on */
};

/*
 * What a request that comes at `at_us` does to the surges of its topic. An area's own surge comes
 * before the city's, and what is in areas with a surge of their own does not count for the city's; once
 * the city's has begun, areas begin none. At most one begins.
 */
void report_surge_follow(const struct city_surge *limits, int64_t at_us, bool has_area,
                         const struct report_surge_facts *facts,
                         struct report_surge_outcome ret_outcomes[REPORT_SURGE_SCOPES]);

#endif
