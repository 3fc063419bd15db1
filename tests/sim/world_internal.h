/* What the world's own files share. */
#ifndef VAFA_TESTS_SIM_WORLD_INTERNAL_H
#define VAFA_TESTS_SIM_WORLD_INTERNAL_H

#include "tests/sim/world.h"
#include "tests/support/scratch.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

/* Last: it needs what the others declare. */
#include <cmocka.h>

#define WORLD_PATH_SIZE 128
#define PEOPLE 0 /* the machine the callers sit at; the services are 1..5 */
#define MACHINE_COUNT (SERVICE_COUNT + 1)

struct world_random {
    struct random random;
    uint64_t state;
};

/* One a machine: they share the time, not what their walls say. */
struct world_clock {
    struct clock clock;
    const int64_t *mono_us;
    const int64_t *slept_us; /* what its monotonic clock lacks of that */
    int64_t wall_offset_us;
};

/* A way from a machine to a service. */
struct link {
    struct world *world;
    unsigned to;
};

struct machine {
    const struct service_def *def; /* NULL: the people's */
    struct loop *loop;
    struct node *node; /* NULL: down */
    struct world_random random;
    struct world_clock clock;
    char folder[WORLD_PATH_SIZE];
    struct link links[MACHINE_COUNT];
    bool dying;         /* its process has ended, though it is still to be cleared away */
    int64_t restart_us; /* INT64_MAX: not planned */
    int64_t paused_us;  /* does nothing until then */
    int64_t due_us;     /* its first timer's, as of that many writes; INT64_MAX: none */
    uint64_t due_as_of;
    uint64_t head; /* where its log ends, as of that many writes */
    uint64_t head_as_of;
    enum world_disk disk;
};

struct crash_plan {
    unsigned service; /* 0: none */
    enum world_crash_point point;
    int64_t down_us;
};

struct world_caller {
    struct world *world;
    unsigned service;
    struct rpc_client *client;
};

struct world {
    struct world_faults faults;
    struct world_random random;
    int64_t mono_us;
    int64_t slept_us; /* so long the services' machines have slept; nobody else does */
    bool skip_idle;
    uint32_t follow_wait_ms; /* node_options */
    int64_t busy_us; /* when something was last written, or a call of people's was answered */
    uint64_t writes; /* commits and journal records, from one on */
    uint64_t followed_as_of;              /* as of so many everybody had followed everybody */
    unsigned people_calls[MACHINE_COUNT]; /* in flight, by the service that is called */
    const struct city *city, *other_city;
    struct arena *arena;
    char folder[SCRATCH_SIZE];
    char master_key[WORLD_PATH_SIZE];
    struct machine machines[MACHINE_COUNT];
    unsigned running; /* the machine whose turn it is */
    struct crash_plan plan;
    unsigned crashes;
    struct world_caller callers[WORLD_PEOPLE_MAX];
    size_t caller_count;
};

void world_random_begin(struct world_random *random, uint64_t seed);

/* world_city.c */
void world_load_cities(struct world *world);

/* world_net.c */
struct rpc_transport *world_connect(struct world *world, unsigned from, unsigned to);

void world_must(enum status status, const struct error *err);

#endif
