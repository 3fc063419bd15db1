/* The network: what becomes of each frame is drawn from the seed. */
#include "tests/sim/world_internal.h"

#include "rpc/rpc_direct.h"

const struct world_faults world_faults_usual = {.lost = 5,
                                                .cut = 10,
                                                .doubled = 20,
                                                .slow = 20,
                                                .delay_us_max = 20 * MS_US,
                                                .slow_us_max = 3 * SECOND_US};
const struct world_faults world_faults_none = {.delay_us_max = MS_US};

static struct rpc_fate draw_fate(void *context, bool is_reply)
{
    const struct link *link = context;
    struct world *world = link->world;
    const struct world_faults *faults = &world->faults;
    if (is_reply && world->machines[link->to].dying) {
        return (struct rpc_fate){.cut = true};
    }
    uint64_t fortune = world_draw(world, 1000);
    bool slow = world_draw(world, 1000) < faults->slow;
    int64_t delay_us_max = slow ? faults->slow_us_max : faults->delay_us_max;
    struct rpc_fate fate = {.copies = 1,
                            .delay_us = (int64_t)world_draw(world, (uint64_t)delay_us_max + 1)};
    if (fortune < faults->lost) {
        fate.lost = true;
    } else if (fortune < faults->lost + faults->cut) {
        fate.cut = true;
    } else if (fortune < faults->lost + faults->cut + faults->doubled) {
        fate.copies = 2;
    }
    return fate;
}

static struct rpc_router *find_router(void *context)
{
    const struct link *link = context;
    const struct machine *machine = &link->world->machines[link->to];
    return machine->node == NULL || machine->dying ? NULL : node_router(machine->node);
}

struct rpc_transport *world_connect(struct world *world, unsigned from, unsigned to)
{
    struct machine *machine = &world->machines[from];
    machine->links[to] = (struct link){.world = world, .to = to};
    const struct rpc_direct direct = {.loop = machine->loop,
                                      .router = find_router,
                                      .fate = draw_fate,
                                      .context = &machine->links[to]};
    return rpc_direct_transport_new(&direct);
}
