/* People: those who call the services from outside. */
#include "tests/sim/story.h"
#include "tests/sim/world_internal.h"
#include "tests/support/request_key.h"

#include "base/check.h"

#include <stdio.h>

/* --- people --- */

struct world_caller *world_caller_new(struct world *world, Common__ServiceId service,
                                      enum rpc_role role, const char *name, const char *unit)
{
    CHECK(world->caller_count < WORLD_PEOPLE_MAX);
    struct world_caller *caller = &world->callers[world->caller_count++];
    struct rpc_caller identity = {.role = role};
    snprintf(identity.name, sizeof identity.name, "%s", name);
    snprintf(identity.unit, sizeof identity.unit, "%s", unit);
    struct machine *people = &world->machines[PEOPLE];
    caller->world = world;
    caller->service = service;
    caller->client = rpc_client_new(people->loop, world_connect(world, PEOPLE, service),
                                    &people->random.random, &identity);
    return caller;
}

struct rpc_client *world_caller_client(struct world_caller *caller)
{
    return caller->client;
}

unsigned world_caller_service(const struct world_caller *caller)
{
    return caller->service;
}

const ProtobufCServiceDescriptor *world_service_rpc(const struct world *world, unsigned service)
{
    return world->machines[service].def->rpc;
}

struct loop *world_people_loop(struct world *world)
{
    return world->machines[PEOPLE].loop;
}

struct random *world_people_random(struct world *world)
{
    return &world->machines[PEOPLE].random.random;
}

struct clock *world_people_clock(struct world *world)
{
    return &world->machines[PEOPLE].clock.clock;
}

const struct city *world_city(const struct world *world)
{
    return world->city;
}

const struct city *world_other_city(const struct world *world)
{
    return world->other_city;
}

void world_call_begins(struct world_caller *caller)
{
    caller->world->people_calls[caller->service]++;
}

void world_call_ends(struct world_caller *caller)
{
    struct world *world = caller->world;
    CHECK(world->people_calls[caller->service] > 0);
    world->people_calls[caller->service]--;
    if (world->machines[caller->service].node != NULL) {
        world->busy_us = world->mono_us;
    }
}

static void mark_done(struct rpc_client_call *call)
{
    *(bool *)call->context = true;
}

static bool is_done(struct world *world, void *context)
{
    (void)world;
    return *(bool *)context;
}

static void keep_position(struct world *world, const Common__Position *position,
                          Common__Position *ret_kept)
{
    *ret_kept = *position;
    ret_kept->log_id.data = arena_copy(world->arena, position->log_id.data, position->log_id.len);
    ret_kept->hash.data = arena_copy(world->arena, position->hash.data, position->hash.len);
}

static void keep_answer(struct world *world, const struct rpc_client_call *call,
                        struct world_answer *ret_answer)
{
    struct error err;
    ret_answer->error = call->error;
    ret_answer->response = NULL;
    if (call->error.status != STATUS_OK) {
        return;
    }
    struct buffer packed = BUFFER_EMPTY;
    ProtobufCMessage *response;
    message_pack(call->response, &packed);
    world_must(message_unpack(call->response->descriptor, buffer_bytes(&packed),
                              MESSAGE_UNKNOWN_REFUSE, world->arena, &response, &err),
               &err);
    buffer_fini(&packed);
    ret_answer->response = response;
    keep_position(world, &call->position, &ret_answer->position);
}

static void try_once(struct world_caller *caller, unsigned method, const ProtobufCMessage *request,
                     const Common__Position *at_least, struct world_answer *ret_answer)
{
    struct world *world = caller->world;
    bool done = false;
    struct rpc_client_call call = {
        .service = world->machines[caller->service].def->rpc,
        .method = method,
        .request = request,
        .done = mark_done,
        .context = &done,
    };
    if (at_least != NULL) {
        call.at_least[call.at_least_count++] = at_least;
    }
    rpc_client_start(caller->client, &call);
    assert_true(world_run_until(world, is_done, &done, HOUR_US));
    keep_answer(world, &call, ret_answer);
    rpc_client_call_fini(&call);
}

static bool is_worth_another(enum status status)
{
    return status == STATUS_UNAVAILABLE || status == STATUS_DEADLINE_EXCEEDED ||
           status == STATUS_ABORTED;
}

enum status world_call(struct world_caller *caller, const char *method_name,
                       ProtobufCMessage *request, const Common__Position *at_least,
                       struct world_answer *ret_answer)
{
    struct world *world = caller->world;
    const ProtobufCServiceDescriptor *rpc = world->machines[caller->service].def->rpc;
    const ProtobufCMethodDescriptor *method =
        protobuf_c_service_descriptor_get_method_by_name(rpc, method_name);
    assert_non_null(method);
    int64_t end_us = world->mono_us + HOUR_US;
    *ret_answer = (struct world_answer){.tries = 0};
    request_key_fill(request, world->arena, world_people_random(world),
                     clock_wall_us(world_people_clock(world)));
    do {
        ret_answer->tries++;
        try_once(caller, (unsigned)(method - rpc->methods), request, at_least, ret_answer);
    } while (is_worth_another(ret_answer->error.status) && world->mono_us < end_us);
    return ret_answer->error.status;
}
