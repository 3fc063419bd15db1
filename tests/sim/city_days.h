/* A seed from beginning to end: the city lives for so many days under so much trouble, comes to
 * rest, and everything is checked. */
#ifndef VAFA_TESTS_SIM_CITY_DAYS_H
#define VAFA_TESTS_SIM_CITY_DAYS_H

#include "tests/sim/life.h"
#include "tests/sim/story.h"

struct city_days_options {
    uint64_t seed;
    unsigned days;
    unsigned requests_a_day;
    unsigned troubles; /* enum trouble_kind, or'ed */
    bool trace;
    const char *command; /* that repeats it */
};

#define CITY_DAYS_DEFAULT 30
#define CITY_DAYS_REQUESTS_DEFAULT 4

struct city_days_result {
    uint8_t digest[STORY_DIGEST_BYTES]; /* of every step and every log */
    struct life_figures figures;
    unsigned crashes;
};

/* Tells the story and ends the program, with 1, when an invariant is broken. */
void city_days_run(const struct city_days_options *options, struct city_days_result *ret_result);

#endif
