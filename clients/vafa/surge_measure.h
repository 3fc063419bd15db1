/*
 * How often would report have told of a surge? Measured on a city's own history: the rules that the
 * service asks (services/report/report_rules_surges.h), of each row against the rows before it, in
 * order of time, as if each had been registered when it was made.
 */
#ifndef VAFA_CLIENTS_VAFA_SURGE_MEASURE_H
#define VAFA_CLIENTS_VAFA_SURGE_MEASURE_H

#include "services/report/report_rules_surges.h"

#define SURGE_MEASURE_ROWS_MAX 2000000

struct surge_measured {
    const char *topic; /* borrowed from the measure */
    const char *area;  /* NULL: everywhere */
    int64_t began_us;
    int64_t until_us;                /* when it ended */
    struct report_surge_count count; /* with which it began */
    uint64_t came;                   /* requests in its scope until it ended, those among them */
};

struct surge_result {
    uint32_t days;        /* on which something was asked */
    uint32_t judged_days; /* those of them before which enough weeks are known */
    uint32_t surge_days;  /* on which a surge began */
    size_t count;
    const struct surge_measured
        *surges; /* in the order in which they began; borrowed until the next run */
};

/* Whether it was more than what began it: as many requests came again while it lasted. */
bool surge_measure_went_on(const struct surge_measured *surge);

struct surge_measure;

struct surge_measure *surge_measure_new(void);
void surge_measure_free(struct surge_measure *measure); /* NULL is allowed */

/* `local_hour`: of at_us on the city's clock; `area` "": none. RESOURCE_EXHAUSTED above
 * SURGE_MEASURE_ROWS_MAX. */
enum status surge_measure_add(struct surge_measure *measure, int64_t at_us, int32_t local_hour,
                              const char *topic, const char *area, struct error *err);
/* After the last row; again with other limits. */
void surge_measure_run(struct surge_measure *measure, const struct city_surge *limits,
                       struct surge_result *ret_result);

#endif
