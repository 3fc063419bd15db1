/* One request's whole life, as the people who take part in it see it. */
#ifndef VAFA_TESTS_SIM_WALK_H
#define VAFA_TESTS_SIM_WALK_H

#include "tests/sim/world.h"

#include "vafa/feedback/v1/feedback.pb-c.h"
#include "vafa/followup/v1/followup.pb-c.h"
#include "vafa/intake/v1/intake.pb-c.h"
#include "vafa/report/v1/report.pb-c.h"
#include "vafa/routing/v1/routing.pb-c.h"

/* In this order. Before each of them a test may let something go wrong. */
enum walk_step {
    WALK_REGISTER,
    WALK_FOLLOW, /* the office hears of its task */
    WALK_ACCEPT,
    WALK_FINISH,
    WALK_ACKNOWLEDGE,
    WALK_NEXT_CALL, /* the desk gets the call, once it is due */
    WALK_REVEAL,    /* and the phone to call */
    WALK_RECORD,    /* the citizen is satisfied */
    WALK_REPORT,    /* leadership asks */
    WALK_STEP_COUNT,
};

/* The five, for a world. */
extern const struct service_def *const walk_services[SERVICE_COUNT + 1];

struct walk {
    struct world *world;
    struct world_caller *front_end, *office, *desk, *rates, *leadership;
    /* What the steps brought. */
    const char *code;
    uint64_t case_number, task_number, call_number;
    uint64_t sequence;
    unsigned tries; /* of all calls */
    Common__Position registered, recorded;
};

void walk_begin(struct walk *walk, struct world *world);
/* Fails the test when the step is not taken. */
void walk_take(struct walk *walk, enum walk_step step);
/* The story as each service tells it; fails the test when one tells another. The world must be
 * quiet. */
void walk_check_story(struct walk *walk);

#endif
