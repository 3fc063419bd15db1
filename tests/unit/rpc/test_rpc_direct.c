/* The client's machine and the direct transport in one thread on virtual time: loss, doubling,
 * delay, retries, deadlines. */
#include "echo_service.h"

#include "rpc/rpc_direct.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

struct virtual_clock {
    struct clock clock;
    int64_t now_us;
};

static int64_t virtual_now(struct clock *clock)
{
    return ((struct virtual_clock *)clock)->now_us;
}

/* A world of one server and one client. */
struct world {
    struct virtual_clock clock;
    struct loop *loop;
    struct echo echo;
    bool down;
    struct rpc_fate fates[64]; /* for the frames in order; the rest pass at once */
    size_t fate_count;
    size_t frames;
    struct rpc_client *client;
    uint32_t ended;
    int64_t ended_us; /* the last */
};

static struct rpc_router *world_router(void *context)
{
    struct world *world = context;
    return world->down ? NULL : world->echo.router;
}

static struct rpc_fate world_fate(void *context, bool is_reply)
{
    (void)is_reply;
    struct world *world = context;
    size_t frame = world->frames++;
    return frame < world->fate_count ? world->fates[frame] : (struct rpc_fate){.copies = 1};
}

static void world_init(struct world *world)
{
    memset(world, 0, sizeof(*world));
    world->clock.clock = (struct clock){.wall_us = virtual_now, .mono_us = virtual_now};
    world->clock.now_us = SECOND_US;
    world->loop = loop_new(&world->clock.clock);
    echo_init(&world->echo, &world->clock.clock, 16);
    struct rpc_direct direct = {
        .loop = world->loop, .router = world_router, .fate = world_fate, .context = world};
    struct rpc_caller caller = {.name = "tests"};
    world->client =
        rpc_client_new(world->loop, rpc_direct_transport_new(&direct), random_system(), &caller);
}

static void world_fini(struct world *world)
{
    rpc_client_free(world->client);
    echo_fini(&world->echo);
    loop_free(world->loop);
}

/* Until nothing is left to do. */
static void world_run(struct world *world)
{
    for (;;) {
        while (loop_step(world->loop)) {
        }
        int64_t next_us = loop_next_us(world->loop);
        if (next_us == INT64_MAX) {
            return;
        }
        world->clock.now_us = next_us > world->clock.now_us ? next_us : world->clock.now_us;
    }
}

static void ended(struct rpc_client_call *call)
{
    struct world *world = call->context;
    world->ended++;
    world->ended_us = world->clock.now_us;
}

static enum status say(struct world *world, struct rpc_client_call *call, uint32_t deadline_ms)
{
    Echo__SayBackRequest request = ECHO__SAY_BACK_REQUEST__INIT;
    request.text = "hello";
    call_prepare_say_back(call, &request, deadline_ms);
    call->done = ended;
    call->context = world;
    uint32_t before = world->ended;
    rpc_client_start(world->client, call);
    assert_int_equal(world->ended, before); /* never before it returns */
    world_run(world);
    assert_int_equal(world->ended, before + 1);
    return call->error.status;
}

static const Echo__SayBackResponse *response_of(const struct rpc_client_call *call)
{
    return (const Echo__SayBackResponse *)call->response;
}

static void answers_with_text_and_position(void **state)
{
    (void)state;
    struct world world;
    world_init(&world);
    struct rpc_client_call call;
    assert_int_equal(say(&world, &call, 1000), STATUS_OK);
    assert_string_equal(response_of(&call)->text, "hello");
    assert_int_equal(call.position.offset, 1);
    assert_int_equal(call.attempts, 1);
    rpc_client_call_fini(&call);
    world_fini(&world);
}

static void tells_the_server_the_time_that_remains(void **state)
{
    (void)state;
    struct world world;
    world_init(&world);
    world.fates[0] = (struct rpc_fate){.cut = true, .delay_us = 300 * MS_US};
    world.fate_count = 1;
    struct rpc_client_call call;
    assert_int_equal(say(&world, &call, 1000), STATUS_OK);
    assert_int_equal(call.attempts, 2);
    assert_int_equal(response_of(&call)->left_ms, 700); /* the first retry goes at once */
    rpc_client_call_fini(&call);
    world_fini(&world);
}

static void ends_at_its_deadline_when_the_frame_is_lost(void **state)
{
    (void)state;
    struct world world;
    world_init(&world);
    world.fates[0] = (struct rpc_fate){.lost = true};
    world.fate_count = 1;
    int64_t start_us = world.clock.now_us;
    struct rpc_client_call call;
    assert_int_equal(say(&world, &call, 50), STATUS_DEADLINE_EXCEEDED);
    assert_int_equal(world.clock.now_us - start_us, 50 * MS_US);
    rpc_client_call_fini(&call);

    /* A lost reply looks the same, but the server has run it. */
    world.frames = 0;
    world.fates[0] = (struct rpc_fate){.copies = 1};
    world.fates[1] = (struct rpc_fate){.lost = true};
    world.fate_count = 2;
    assert_int_equal(say(&world, &call, 50), STATUS_DEADLINE_EXCEEDED);
    assert_int_equal(world.echo.runs, 1);
    rpc_client_call_fini(&call);
    world_fini(&world);
}

static void takes_one_answer_when_a_frame_is_doubled_and_late(void **state)
{
    (void)state;
    struct world world;
    world_init(&world);
    world.fates[0] = (struct rpc_fate){.copies = 2, .delay_us = 20 * MS_US};
    world.fates[1] = (struct rpc_fate){.copies = 1, .delay_us = 90 * MS_US};
    world.fate_count = 2;
    int64_t start_us = world.clock.now_us;
    struct rpc_client_call call;
    assert_int_equal(say(&world, &call, 1000), STATUS_OK);
    assert_int_equal(response_of(&call)->runs, 2); /* the second copy's reply was faster */
    assert_int_equal(world.echo.runs, 2);
    assert_int_equal(response_of(&call)->left_ms,
                     1000); /* as the frame says: time remaining when sent */
    assert_int_equal(world.ended_us - start_us, 20 * MS_US);
    rpc_client_call_fini(&call);
    world_fini(&world);
}

static void backs_off_until_the_deadline_while_the_server_is_down(void **state)
{
    (void)state;
    struct world world;
    world_init(&world);
    world.down = true;
    int64_t start_us = world.clock.now_us;
    struct rpc_client_call call;
    assert_int_equal(say(&world, &call, 5000), STATUS_UNAVAILABLE);
    assert_in_range(call.attempts, 8, 20);
    assert_true(world.clock.now_us - start_us <= 5000 * MS_US);
    rpc_client_call_fini(&call);

    Echo__SayBackRequest request = ECHO__SAY_BACK_REQUEST__INIT;
    call_prepare_say_back(&call, &request, 5000);
    call.no_retry = 1;
    call.done = ended;
    call.context = &world;
    rpc_client_start(world.client, &call);
    world_run(&world);
    assert_int_equal(call.error.status, STATUS_UNAVAILABLE);
    assert_int_equal(call.attempts, 1);
    rpc_client_call_fini(&call);
    world_fini(&world);
}

static void sends_the_same_body_again_when_the_server_was_draining(void **state)
{
    (void)state;
    struct world world;
    world_init(&world);
    Echo__SayBackRequest request = ECHO__SAY_BACK_REQUEST__INIT;
    request.refuse_with = STATUS_UNAVAILABLE;
    request.text = "key";
    struct rpc_client_call call;
    call_prepare_say_back(&call, &request, 200);
    call.done = ended;
    call.context = &world;
    rpc_client_start(world.client, &call);
    world_run(&world);
    assert_int_equal(call.error.status, STATUS_UNAVAILABLE);
    assert_string_equal(call.error.field, "text");
    assert_true(call.attempts > 2);
    assert_int_equal(world.echo.runs, call.attempts); /* each was read whole */
    rpc_client_call_fini(&call);
    world_fini(&world);
}

static void refuses_what_the_envelope_does_not_take_before_sending(void **state)
{
    (void)state;
    struct world world;
    world_init(&world);
    Echo__SayBackRequest request = ECHO__SAY_BACK_REQUEST__INIT;
    Common__Position position = COMMON__POSITION__INIT;
    for (int i = 0; i < 2; i++) {
        struct rpc_client_call call;
        call_prepare_say_back(&call, &request, i == 0 ? RPC_DEADLINE_MS_MAX + 1 : 1000);
        call.at_least_count = i == 0 ? 0 : 9; /* one more than there is room for */
        for (size_t j = 0; j < sizeof call.at_least / sizeof call.at_least[0]; j++) {
            call.at_least[j] = &position;
        }
        call.done = ended;
        call.context = &world;
        rpc_client_start(world.client, &call);
        world_run(&world);
        assert_int_equal(call.error.status, STATUS_INVALID_ARGUMENT);
        assert_string_equal(call.error.field, i == 0 ? "deadline_ms" : "at_least");
        rpc_client_call_fini(&call);
    }
    assert_int_equal(world.ended, 2);
    assert_int_equal(world.frames, 0);
    world_fini(&world);
}

static void refuses_a_request_that_is_too_large_before_sending(void **state)
{
    (void)state;
    struct world world;
    world_init(&world);
    Echo__SayBackRequest request = ECHO__SAY_BACK_REQUEST__INIT;
    request.payload.len = RPC_MESSAGE_BYTES_MAX + 1;
    request.payload.data = calloc(1, request.payload.len);
    struct rpc_client_call call;
    call_prepare_say_back(&call, &request, 200);
    call.done = ended;
    call.context = &world;
    rpc_client_start(world.client, &call);
    world_run(&world);
    assert_int_equal(call.error.status, STATUS_RESOURCE_EXHAUSTED);
    assert_int_equal(world.frames, 0);
    rpc_client_call_fini(&call);
    free(request.payload.data);

    /* An answer over the limit. */
    Echo__SayBackRequest much = ECHO__SAY_BACK_REQUEST__INIT;
    much.answer_bytes = RPC_MESSAGE_BYTES_MAX + 1;
    call_prepare_say_back(&call, &much, 200);
    call.done = ended;
    call.context = &world;
    rpc_client_start(world.client, &call);
    world_run(&world);
    assert_int_equal(call.error.status, STATUS_RESOURCE_EXHAUSTED);
    rpc_client_call_fini(&call);
    world_fini(&world);
}

static void cancels_without_a_word(void **state)
{
    (void)state;
    struct world world;
    world_init(&world);
    Echo__SayBackRequest request = ECHO__SAY_BACK_REQUEST__INIT;
    struct rpc_client_call call;
    call_prepare_say_back(&call, &request, 200);
    call.done = ended;
    call.context = &world;
    rpc_client_start(world.client, &call);
    rpc_client_cancel(world.client, &call);
    world_run(&world);
    assert_int_equal(world.ended, 0);

    world.down = true; /* while it waits for its next attempt */
    call_prepare_say_back(&call, &request, 2000);
    call.done = ended;
    call.context = &world;
    rpc_client_start(world.client, &call);
    for (int i = 0; i < 6; i++) {
        loop_step(world.loop);
    }
    rpc_client_cancel(world.client, &call);
    world_run(&world);
    assert_int_equal(world.ended, 0);
    world_fini(&world);
}

static void ends_calls_in_flight_when_the_client_goes_and_tells_the_server(void **state)
{
    (void)state;
    struct world world;
    world_init(&world);
    Echo__ParkCallRequest request = ECHO__PARK_CALL_REQUEST__INIT;
    struct rpc_client_call call = {.service = &echo__echo__descriptor,
                                   .method = ECHO_PARK_CALL,
                                   .request = &request.base,
                                   .done = ended,
                                   .context = &world};
    rpc_client_start(world.client, &call);
    while (loop_step(world.loop)) {
    }
    assert_int_equal(world.echo.parked_count, 1);
    rpc_client_free(world.client);
    world.client = NULL;
    assert_int_equal(world.ended, 1);
    assert_int_equal(call.error.status, STATUS_CANCELLED);
    assert_int_equal(world.echo.cancelled_count, 1);
    rpc_client_call_fini(&call);
    world_fini(&world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(answers_with_text_and_position),
        cmocka_unit_test(tells_the_server_the_time_that_remains),
        cmocka_unit_test(ends_at_its_deadline_when_the_frame_is_lost),
        cmocka_unit_test(takes_one_answer_when_a_frame_is_doubled_and_late),
        cmocka_unit_test(backs_off_until_the_deadline_while_the_server_is_down),
        cmocka_unit_test(sends_the_same_body_again_when_the_server_was_draining),
        cmocka_unit_test(refuses_what_the_envelope_does_not_take_before_sending),
        cmocka_unit_test(refuses_a_request_that_is_too_large_before_sending),
        cmocka_unit_test(cancels_without_a_word),
        cmocka_unit_test(ends_calls_in_flight_when_the_client_goes_and_tells_the_server),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
