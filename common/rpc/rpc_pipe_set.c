/* Linear probing, removal by moving back what would be lost: Knuth, TAOCP 3, 6.4, algorithm R. */
#include "rpc/rpc_pipe_set.h"

#define SLOT_MASK (RPC_PIPE_SLOTS - 1)

static size_t home_of(uint32_t id)
{
    return (size_t)(id * UINT32_C(2654435769) >> 16) & SLOT_MASK;
}

/* The id's slot, or the empty one where it would go. */
static size_t find(const struct rpc_pipe_set *set, uint32_t id)
{
    size_t at = home_of(id);
    while (set->slots[at] != 0 && set->slots[at] != id) {
        at = (at + 1) & SLOT_MASK;
    }
    return at;
}

bool rpc_pipe_set_has(const struct rpc_pipe_set *set, uint32_t id)
{
    return set->slots[find(set, id)] == id;
}

bool rpc_pipe_set_add(struct rpc_pipe_set *set, uint32_t id)
{
    size_t at = find(set, id);
    if (set->slots[at] == id) {
        return true;
    }
    if (set->count == RPC_PIPES_MAX) {
        return false;
    }
    set->slots[at] = id;
    set->count++;
    return true;
}

void rpc_pipe_set_remove(struct rpc_pipe_set *set, uint32_t id)
{
    size_t hole = find(set, id);
    if (set->slots[hole] != id) {
        return;
    }
    set->count--;
    for (size_t at = (hole + 1) & SLOT_MASK; set->slots[at] != 0; at = (at + 1) & SLOT_MASK) {
        /* How far each lies from its home: may it go back to the hole? */
        size_t from_home = (at - home_of(set->slots[at])) & SLOT_MASK;
        size_t from_hole = (at - hole) & SLOT_MASK;
        if (from_home >= from_hole) {
            set->slots[hole] = set->slots[at];
            hole = at;
        }
    }
    set->slots[hole] = 0;
}
