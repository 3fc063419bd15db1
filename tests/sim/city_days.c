#include "tests/sim/city_days.h"

#include "base/check.h"
#include "tests/sim/invariants.h"
#include "tests/sim/trouble.h"
#include "tests/sim/walk.h"

#include <sodium.h>
#include <string.h>

/* Once all is well, errands are answered within this (people pause up to ten minutes between two
 * tries), and who follows has followed. */
#define ANSWERED_US (2 * HOUR_US)
#define FOLLOWED_US (10 * MINUTE_US)
/* A clock that was ahead has been caught up with. */
#define CAUGHT_UP_US (4 * HOUR_US)

static int64_t now_us(const void *world)
{
    return world_now_us(world);
}

static void come_to_rest(struct world *world, struct life *life)
{
    life_close(life);
    if (!world_run_until(world, life_is_over, life, ANSWERED_US)) {
        invariant_broken(INVARIANT_DELIVERY,
                         "errands had no answer two hours after all was well again");
    }
    world_skip_idle(world, false);
    world_quiesce(world, FOLLOWED_US);
    world_skip_idle(world, true);
    (void)world_run_until(world, NULL, NULL, CAUGHT_UP_US);
    world_quiesce(world, FOLLOWED_US);
}

static void digest_all(struct world *world, uint8_t ret_digest[STORY_DIGEST_BYTES])
{
    uint8_t both[STORY_DIGEST_BYTES + WORLD_DIGEST_BYTES];
    story_digest(both);
    world_digest(world, both + STORY_DIGEST_BYTES);
    CHECK(crypto_generichash(ret_digest, STORY_DIGEST_BYTES, both, sizeof both, NULL, 0) == 0);
}

void city_days_run(const struct city_days_options *options, struct city_days_result *ret_result)
{
    struct world *world = world_new(options->seed, &world_faults_none, walk_services);
    story_begin(&(struct story_options){.seed = options->seed,
                                        .trace = options->trace,
                                        .exits = true,
                                        .command = options->command,
                                        .begin_us = WORLD_BEGIN_US,
                                        .now_us = now_us,
                                        .context = world});
    struct life *life =
        life_new(world, &(struct life_options){.days = options->days,
                                               .requests_a_day = options->requests_a_day});
    struct trouble *trouble = trouble_new(world, options->troubles);
    world_skip_idle(world, true);
    life_begin(life);
    trouble_begin(trouble);
    for (unsigned day = 0; day < options->days; day++) {
        (void)world_run_until(world, NULL, NULL, DAY_US);
        life_check(life);
    }
    trouble_stop(trouble);
    come_to_rest(world, life);
    life_check_all(life);
    world_verify(world);
    digest_all(world, ret_result->digest);
    life_figures(life, &ret_result->figures);
    ret_result->crashes = world_crashes(world);
    story_end();
    trouble_free(trouble);
    life_free(life);
    world_free(world);
}
