/* The city hall: now and then it closes the offices for snow, heat or dust, for hours or some days. */
#include "tests/sim/life_internal.h"

static void announced(struct errand *errand)
{
    struct life *life = errand->context;
    if (errand->error.status != STATUS_OK) {
        /* It came so late that the closure was over. */
        life_refused(errand, errand->error.status == STATUS_INVALID_ARGUMENT);
        return;
    }
    life_answered(life, errand);
}

static void announce(struct later *later)
{
    struct life *life = later->life;
    if (life->closing) {
        return;
    }
    struct errand *errand = life_errand(life, life->mayor, "AnnounceClosure", announced, life);
    Routing__AnnounceClosureRequest *request =
        errand_request(errand, &routing__announce_closure_request__descriptor);
    request->from_us = world_now_us(life->world) + life_draw(life, -5 * HOUR_US, 2 * DAY_US);
    request->to_us = request->from_us + life_draw(life, 6 * HOUR_US, 3 * DAY_US);
    request->reason = TEXT("برف");
    errand_start(errand);
    later_set(later, life, announce, life_draw(life, DAY_US, 8 * DAY_US));
}

void life_begin_closures(struct life *life)
{
    later_set(&life->closure, life, announce, life_draw(life, DAY_US / 2, 4 * DAY_US));
}
