/* Short ways to say what happens to routing: requests come in from intake, offices call. */
#ifndef VAFA_TESTS_ROUTING_SCENE_H
#define VAFA_TESTS_ROUTING_SCENE_H

#include "tests/support/rig.h"

#include "base/clock.h"

#include "vafa/routing/v1/routing.pb-c.h"

/* A request as intake tells of it; zero what does not matter. */
struct scene_request {
    uint64_t number;   /* of the case */
    const char *topic; /* NULL: "asphalt" */
    const char *area;  /* NULL: no place at all */
    bool urgent;
    bool nobody_to_call;
    const char *unit; /* a history's own */
    int64_t due_us;   /* likewise */
    bool historical;
    int64_t at_us;      /* when it was made; 0: now */
    const char *answer; /* to the question "size"; NULL: none */
    uint64_t storm;     /* in whose scope it was made; 0: none */
};

/* Routing, with the pack of Isfahan but for its clocks: every hour counts, and nothing but the due date
 * comes by itself. So tests of other things count events and hours easily. */
struct rig *scene_new(void);
/* With the pack as it is. */
struct rig *scene_new_clocked(void);
void scene_register(struct rig *rig, struct scene_request request);
/* Requests 1..count about asphalt in district 5: tasks 1..count of district-5-civil. */
void scene_register_many(struct rig *rig, uint64_t count);

/* A call; in the role of an office it speaks for `unit`. */
enum status scene_call(struct rig *rig, enum rpc_role role, const char *unit, const char *method,
                       ProtobufCMessage *request, const ProtobufCMessage **ret_response,
                       struct error *err);
/* Acts of the office that has the task; the task as answered in *ret_task (may be NULL). */
enum status scene_accept(struct rig *rig, uint64_t task, const Routing__Task **ret_task);
enum status scene_report(struct rig *rig, uint64_t task, const char *note,
                         const Routing__Task **ret_task);
enum status scene_finish(struct rig *rig, uint64_t task, const char *note,
                         const Routing__Task **ret_task);
enum status scene_return(struct rig *rig, uint64_t task, const char *to_unit,
                         const Routing__Task **ret_task);
/* The import tells when a task was finished. */
enum status scene_finish_at(struct rig *rig, enum rpc_role role, uint64_t task, int64_t at_us,
                            struct error *err);

/* The task as it is; fails the test when there is none. */
const Routing__Task *scene_task(struct rig *rig, uint64_t number);
/* One page of changes; fails the test when refused. */
const Routing__FollowTasksResponse *scene_follow(struct rig *rig, enum rpc_role role,
                                                 const char *unit, uint64_t after,
                                                 uint32_t changes_max);
enum status scene_acknowledge(struct rig *rig, const char *unit, uint64_t sequence);

/* The event of the own log at that offset. */
const Routing__Event *scene_event(struct rig *rig, uint64_t offset);

#endif
