/* Operators find that two requests are about the same thing, and now and then that they are not. */
#include "tests/sim/life_internal.h"

#define LATELY 40 /* requests among which the same thing is looked for */

/* One of the latest that have a code; NULL: not yet. */
const struct wish *life_recent_wish(struct life *life)
{
    int64_t count = (int64_t)life->wish_count;
    int64_t from = count > LATELY ? count - LATELY : 0;
    const struct wish *wish = &life->wishes[life_draw(life, from, count)];
    return wish->answered ? wish : NULL;
}

/* What is over cannot be joined or split off; what is joined cannot be joined to itself, what is not
 * cannot be split off: all of that happens while the operator thinks. */
static void matched(struct errand *errand)
{
    struct life *life = errand->context;
    if (errand->error.status != STATUS_OK) {
        life_refused(errand, errand->error.status == STATUS_FAILED_PRECONDITION);
        return;
    }
    life_answered(life, errand);
}

static void join_two(struct life *life, const struct wish *one, const struct wish *other)
{
    struct errand *errand = life_errand(life, life->front_end, "JoinCase", matched, life);
    Intake__JoinCaseRequest *request =
        errand_request(errand, &intake__join_case_request__descriptor);
    request->code = arena_copy_text(errand->arena, one->code);
    request->join = arena_copy_text(errand->arena, other->code);
    errand_start(errand);
}

static void split_off(struct life *life, const struct wish *wish)
{
    struct errand *errand = life_errand(life, life->front_end, "SplitCase", matched, life);
    Intake__SplitCaseRequest *request =
        errand_request(errand, &intake__split_case_request__descriptor);
    request->code = arena_copy_text(errand->arena, wish->code);
    errand_start(errand);
}

static void match(struct later *later)
{
    struct life *life = later->life;
    if (life->closing) {
        return;
    }
    const struct wish *one = life_recent_wish(life);
    const struct wish *other = life_recent_wish(life);
    if (one != NULL && life_chance(life, 350)) {
        split_off(life, one);
    } else if (one != NULL && other != NULL) {
        join_two(life, one, other);
    }
    later_set(later, life, match, life_draw(life, MINUTE_US, 3 * HOUR_US));
}

void life_begin_matching(struct life *life)
{
    later_set(&life->match, life, match, life_draw(life, 0, DAY_US / 2));
}
