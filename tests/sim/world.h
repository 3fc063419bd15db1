/*
 * The world: five services with their real stores, the network between them and the people who call
 * them, in one thread and on virtual time, from one seed. The same seed gives the same bytes in
 * every log.
 *
 * Each service is a machine of its own, with its own loop; which machine moves next is drawn from
 * the seed, as is what happens to every frame on its way. When nothing is due the clock goes on to
 * the next timer.
 *
 * What is real: the services, the skeleton, the stores on LMDB, the message coding, router and
 * client. What is not: the disk's sync (a crash leaves exactly what was committed), the sockets,
 * the clock, the random numbers.
 */
#ifndef VAFA_TESTS_SIM_WORLD_H
#define VAFA_TESTS_SIM_WORLD_H

#include "rpc/rpc_client.h"
#include "service/node.h"

#define WORLD_BEGIN_US (INT64_C(1767254400) * SECOND_US) /* 2026-01-01T08:00:00Z, a Thursday */
#define WORLD_DIGEST_BYTES 32
#define WORLD_PEOPLE_MAX 64 /* callers, each for one service */

/* What the network does, in frames of a thousand. */
struct world_faults {
    uint32_t lost;
    uint32_t cut;
    uint32_t doubled;
    uint32_t slow; /* takes up to slow_us_max instead of delay_us_max: it is overtaken */
    int64_t delay_us_max;
    int64_t slow_us_max;
};

/* A bad day, and a perfect one. */
extern const struct world_faults world_faults_usual;
extern const struct world_faults world_faults_none;

struct world;

/* The services, by their ids, run; those that are NULL do not exist. Fails the test when anything
 * goes wrong. */
struct world *world_new(uint64_t seed, const struct world_faults *faults,
                        const struct service_def *const services[SERVICE_COUNT + 1]);
void world_free(struct world *world);

int64_t world_now_us(const struct world *world);
/* A number below `limit`, of the world's own seed. */
uint64_t world_draw(struct world *world, uint64_t limit);
/* The wall clock jumps; time itself goes on as it did. Everybody's, or one service's. */
void world_jump_clock(struct world *world, int64_t us);
void world_jump_clock_of(struct world *world, Common__ServiceId service, int64_t us);
/* From here on the network does this. */
void world_set_faults(struct world *world, const struct world_faults *faults);
/* As by SIGSTOP, for that long: what reaches the service waits. (Its reads are answered all the
 * same: they run on the thread they came on.) */
void world_pause(struct world *world, Common__ServiceId service, int64_t us);

enum world_disk {
    WORLD_DISK_EMPTY,
    WORLD_DISK_NEARLY_FULL, /* the reserve is left, which calls may not use */
    WORLD_DISK_FULL,
};
void world_fill_disk(struct world *world, Common__ServiceId service, enum world_disk disk);

struct node *world_node(struct world *world, Common__ServiceId service); /* NULL while it is down */
/* Commits, journal records and starts, from 1 on: as long as it stands, so do all logs. */
uint64_t world_writes(const struct world *world);
const char *world_folder(struct world *world, Common__ServiceId service); /* its store's */

/* --- time --- */

/* Runs until the predicate holds (NULL: never); false when it did not within limit_us of virtual
 * time. */
bool world_run_until(struct world *world, bool (*holds)(struct world *world, void *context),
                     void *context, int64_t limit_us);
/* Hours in which nothing happens are passed over: the services' machines sleep, as virtual machines are
 * suspended - their monotonic clocks stand, so that polls outlast it - and wake when somebody calls, and
 * shortly before something is due. Off at first. */
void world_skip_idle(struct world *world, bool skip);
/* Until all are up and each has followed the others to their logs' ends. Fails the test when that
 * takes longer than limit_us. */
void world_quiesce(struct world *world, int64_t limit_us);

/* --- crashes --- */

/* As by kill -9: what was not committed is gone, answers on their way are cut. */
void world_crash(struct world *world, Common__ServiceId service);
void world_restart(struct world *world, Common__ServiceId service);

enum world_crash_point {
    WORLD_CRASH_NOW,
    WORLD_CRASH_BEFORE_COMMIT,  /* of its next transaction */
    WORLD_CRASH_AFTER_COMMIT,   /* committed, but nobody was told */
    WORLD_CRASH_BEFORE_JOURNAL, /* of the next batch that would be in the journal only */
    WORLD_CRASH_AFTER_JOURNAL,  /* it is there, but nobody was told */
    WORLD_CRASH_FOLLOWING,      /* behind an event of another log, in the middle of a transaction */
    WORLD_CRASH_POINT_COUNT,
};

/* The service crashes at that point, when it comes to it, and is started again after down_us. One plan at a
 * time: a new one takes the place of one whose point has not come, else the rare points hold up all others. */
void world_plan_crash(struct world *world, Common__ServiceId service, enum world_crash_point point,
                      int64_t down_us);
/* No crash is to come; who is down is started now. */
void world_mend(struct world *world);
/* How many crashes there were. */
unsigned world_crashes(const struct world *world);

/* --- people --- */

/* Somebody who calls one service. */
struct world_caller;
struct world_caller *world_caller_new(struct world *world, Common__ServiceId service,
                                      enum rpc_role role, const char *name, const char *unit);

/* For calls that are to be in flight together; `done` runs while the world does. */
struct rpc_client *world_caller_client(struct world_caller *caller);

/* Around such a call, so that nobody falls asleep meanwhile (world_skip_idle). */
void world_call_begins(struct world_caller *caller);
void world_call_ends(struct world_caller *caller);

struct world_answer {
    struct error error;
    const ProtobufCMessage *response; /* lives as long as the world; NULL unless OK */
    Common__Position position;        /* likewise */
    unsigned tries;
};

/* Calls, and while the answer is UNAVAILABLE, DEADLINE_EXCEEDED or ABORTED calls again with the
 * same request, as a careful front-end does, for at most an hour of virtual time. An empty
 * idempotency_key is filled. */
enum status world_call(struct world_caller *caller, const char *method, ProtobufCMessage *request,
                       const Common__Position *at_least, struct world_answer *ret_answer);

/* --- looking --- */

const struct city *world_city(const struct world *world);
/* The same but for one rule: what is asked for in district 1 goes to another unit. */
#define WORLD_OTHER_AREA "1"
#define WORLD_OTHER_UNIT "deputy-civil"
const struct city *world_other_city(const struct world *world);
/* The people's machine: their actors run on its loop, with its random numbers and clock. */
struct loop *world_people_loop(struct world *world);
struct random *world_people_random(struct world *world);
struct clock *world_people_clock(struct world *world);
unsigned world_caller_service(const struct world_caller *caller);
const ProtobufCServiceDescriptor *world_service_rpc(const struct world *world, unsigned service);

/* Of all five logs: their ids, ends and hashes. */
void world_digest(struct world *world, uint8_t ret_digest[WORLD_DIGEST_BYTES]);
/* Every chain holds and every table equals its rebuild from the logs. Fails the test otherwise. */
void world_verify(struct world *world);

#endif
