/* Client and server over each of NNG's transports. */
#include "echo_service.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#define URLS 3

static const char *url_of(int kind, char *out, size_t size)
{
    static unsigned count;
    switch (kind) {
    case 0: snprintf(out, size, "inproc://test-%u", count++); break;
    case 1: test_ipc_url(out, size); break;
    default: snprintf(out, size, "tcp://127.0.0.1:0"); break;
    }
    return out;
}

static void answers_over_every_transport(void **state)
{
    (void)state;
    for (int kind = 0; kind < URLS; kind++) {
        struct rig rig;
        char url[128];
        rig_init(&rig, url_of(kind, url, sizeof(url)), 16);
        assert_true(echo_works(rig.client));
        struct rpc_client_call call;
        assert_int_equal(call_say_back(rig.client, &call, "", ECHO_PATIENCE_MS), STATUS_OK);
        const Echo__SayBackResponse *response = (const Echo__SayBackResponse *)call.response;
        assert_in_range(response->left_ms, 1, ECHO_PATIENCE_MS);
        assert_int_equal(call.position.offset, 2);
        rpc_client_call_fini(&call);
        rig_fini(&rig);
    }
}

static void carries_the_largest_message_and_refuses_one_larger(void **state)
{
    (void)state;
    for (int kind = 0; kind < URLS; kind++) {
        struct rig rig;
        char url[128];
        rig_init(&rig, url_of(kind, url, sizeof(url)), 16);
        Echo__SayBackRequest request = ECHO__SAY_BACK_REQUEST__INIT;
        request.payload.len = RPC_MESSAGE_BYTES_MAX - 64;
        request.payload.data = calloc(1, RPC_MESSAGE_BYTES_MAX);
        memset(request.payload.data, 'x', request.payload.len);
        struct rpc_client_call call;
        call_prepare_say_back(&call, &request, 20000);
        assert_int_equal(rpc_client_wait(rig.client, &call), STATUS_OK);
        const Echo__SayBackResponse *response = (const Echo__SayBackResponse *)call.response;
        assert_int_equal(response->payload.len, request.payload.len);
        assert_memory_equal(response->payload.data, request.payload.data, request.payload.len);
        rpc_client_call_fini(&call);
        request.payload.len = RPC_MESSAGE_BYTES_MAX;
        call_prepare_say_back(&call, &request, 20000);
        assert_int_equal(rpc_client_wait(rig.client, &call), STATUS_RESOURCE_EXHAUSTED);
        rpc_client_call_fini(&call);
        assert_true(echo_works(rig.client));
        free(request.payload.data);
        rig_fini(&rig);
    }
}

static void passes_a_refusal_on_with_its_field(void **state)
{
    (void)state;
    struct rig rig;
    rig_init(&rig, "inproc://refusal", 16);
    Echo__SayBackRequest request = ECHO__SAY_BACK_REQUEST__INIT;
    request.refuse_with = STATUS_NOT_FOUND;
    struct rpc_client_call call;
    call_prepare_say_back(&call, &request, ECHO_PATIENCE_MS);
    assert_int_equal(rpc_client_wait(rig.client, &call), STATUS_NOT_FOUND);
    assert_string_equal(call.error.field, "text");
    assert_string_equal(call.error.message, "as you wished");
    assert_null(call.response);
    rpc_client_call_fini(&call);
    rig_fini(&rig);
}

static void refuses_addresses_of_other_machines(void **state)
{
    (void)state;
    static const struct {
        const char *url;
        enum status status;
    } cases[] = {
        {"tcp://0.0.0.0:0", STATUS_PERMISSION_DENIED},
        {"tcp://192.168.1.1:5555", STATUS_PERMISSION_DENIED},
        {"tcp://localhost:5555", STATUS_PERMISSION_DENIED},
        {"tcp://127.0.0.1.example.org:5555", STATUS_PERMISSION_DENIED},
        {"tcp://[::]:5555", STATUS_PERMISSION_DENIED},
        {"tcp://*:5555", STATUS_PERMISSION_DENIED},
        {"tcp://:5555", STATUS_PERMISSION_DENIED},
        {"tcp://127.0.0.1", STATUS_INVALID_ARGUMENT},
        {"tcp://127.0.0.1:99999", STATUS_INVALID_ARGUMENT},
        {"tls+tcp://127.0.0.1:5555", STATUS_INVALID_ARGUMENT},
        {"ws://127.0.0.1:5555/x", STATUS_INVALID_ARGUMENT},
        {"ipc://relative.sock", STATUS_INVALID_ARGUMENT},
        {"ipc:///tmp/"
         "123456789012345678901234567890123456789012345678901234567890123456789012345678901"
         "2345678901234567890",
         STATUS_INVALID_ARGUMENT},
        {"inproc://", STATUS_INVALID_ARGUMENT},
        {"", STATUS_INVALID_ARGUMENT},
    };
    struct echo echo;
    echo_init(&echo, clock_system(), 4);
    struct rpc_server *server = rpc_server_new(echo.router);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct error err = ERROR_NONE;
        struct rpc_transport *transport = NULL;
        assert_int_equal(rpc_server_listen(server, cases[i].url, NULL, &err), cases[i].status);
        assert_int_equal(rpc_nng_transport_new(&transport, cases[i].url, 1, &err), cases[i].status);
        assert_null(transport);
    }
    assert_int_equal(rpc_server_listen(server, "ipc:///etc/hostname", NULL, NULL),
                     STATUS_FAILED_PRECONDITION);
    rpc_server_free(server);
    echo_fini(&echo);
}

static void listens_on_several_addresses_and_tells_a_taken_port(void **state)
{
    (void)state;
    struct rig rig;
    char urls[3][128];
    char ipc[128];
    test_ipc_url(ipc, sizeof(ipc));
    rig_init(&rig, "tcp://127.0.0.1:0", 16);
    assert_null(strstr(rig.url, ":0"));
    struct error err = ERROR_NONE;
    assert_int_equal(rpc_server_listen(rig.server, ipc, urls[0], &err), STATUS_OK);
    assert_int_equal(rpc_server_listen(rig.server, "tcp://[::1]:0", urls[1], &err), STATUS_OK);
    assert_int_equal(rpc_server_listen(rig.server, rig.url, urls[2], &err), STATUS_ALREADY_EXISTS);
    assert_int_equal(rpc_server_listen(rig.server, "inproc://several", urls[2], &err), STATUS_OK);
    assert_int_equal(rpc_server_listen(rig.server, "inproc://fifth", NULL, &err),
                     STATUS_RESOURCE_EXHAUSTED);
    for (int i = 0; i < 3; i++) {
        struct rpc_client *client = rig_client(rig.loop.loop, urls[i], 4);
        assert_true(echo_works(client));
        rig_client_free(rig.loop.loop, client);
    }
    rig_fini(&rig);
}

#define FLYING 500

struct crowd {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    size_t over;
    size_t ok;
    size_t exhausted;
};

static void crowd_done(struct rpc_client_call *call)
{
    struct crowd *crowd = call->context;
    pthread_mutex_lock(&crowd->lock);
    crowd->over++;
    crowd->ok += call->error.status == STATUS_OK;
    crowd->exhausted += call->error.status == STATUS_RESOURCE_EXHAUSTED;
    pthread_cond_broadcast(&crowd->changed);
    pthread_mutex_unlock(&crowd->lock);
}

static void crowd_wait(struct crowd *crowd, size_t over)
{
    pthread_mutex_lock(&crowd->lock);
    while (crowd->over < over) {
        pthread_cond_wait(&crowd->changed, &crowd->lock);
    }
    pthread_mutex_unlock(&crowd->lock);
}

static void crowd_start(struct crowd *crowd, struct rpc_client *client,
                        struct rpc_client_call *calls, size_t count, unsigned method,
                        const ProtobufCMessage *request)
{
    for (size_t i = 0; i < count; i++) {
        calls[i] = (struct rpc_client_call){.service = &echo__echo__descriptor,
                                            .method = method,
                                            .request = request,
                                            .deadline_ms = 60000,
                                            .done = crowd_done,
                                            .context = crowd};
        rpc_client_start(client, &calls[i]);
    }
}

static void crowd_fini(struct rpc_client_call *calls, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        rpc_client_call_fini(&calls[i]);
    }
    free(calls);
}

static void carries_many_calls_at_once_and_refuses_more_than_agreed(void **state)
{
    (void)state;
    for (int kind = 0; kind < URLS; kind++) {
        struct rig rig;
        char url[128];
        rig_init(&rig, url_of(kind, url, sizeof(url)), FLYING);
        struct crowd crowd = {.lock = PTHREAD_MUTEX_INITIALIZER,
                              .changed = PTHREAD_COND_INITIALIZER};
        struct rpc_client_call *calls = calloc(FLYING, sizeof(*calls));
        Echo__SayBackRequest request = ECHO__SAY_BACK_REQUEST__INIT;
        request.text = "many";
        crowd_start(&crowd, rig.client, calls, FLYING, ECHO_SAY_BACK, &request.base);
        crowd_wait(&crowd, FLYING);
        assert_int_equal(crowd.ok, FLYING);
        assert_int_equal(rig.echo.runs, FLYING);
        crowd_fini(calls, FLYING);

        struct rpc_client *narrow = rig_client(rig.loop.loop, rig.url, 4);
        crowd =
            (struct crowd){.lock = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER};
        calls = calloc(8, sizeof(*calls));
        Echo__ParkCallRequest parked = ECHO__PARK_CALL_REQUEST__INIT;
        crowd_start(&crowd, narrow, calls, 8, ECHO_PARK_CALL, &parked.base);
        crowd_wait(&crowd, 4);
        assert_int_equal(crowd.exhausted, 4);
        echo_wait_parked(&rig.echo, 4);
        echo_release(&rig.echo);
        crowd_wait(&crowd, 8);
        assert_int_equal(crowd.ok, 4);
        crowd_fini(calls, 8);
        rig_client_free(rig.loop.loop, narrow);
        rig_fini(&rig);
    }
}

#define PARKED 1000
#define PARKED_BYTES_MAX (16 * 1024 * 1024)

static void parks_a_thousand_calls_in_little_memory_and_stays_quick(void **state)
{
    (void)state;
    struct rig rig;
    char url[128];
    test_ipc_url(url, sizeof(url));
    rig_init(&rig, url, PARKED + 50);
    assert_true(echo_works(rig.client));
    int64_t before = memory_rss_bytes(0);
    struct crowd crowd = {.lock = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER};
    struct rpc_client_call *calls = calloc(PARKED, sizeof(*calls));
    Echo__ParkCallRequest request = ECHO__PARK_CALL_REQUEST__INIT;
    request.text = "parked";
    crowd_start(&crowd, rig.client, calls, PARKED, ECHO_PARK_CALL, &request.base);
    echo_wait_parked(&rig.echo, PARKED);
    int64_t grown = memory_rss_bytes(0) - before;
    print_message("1,000 parked calls, client and server: %.1f MB\n", (double)grown / 1e6);
    if (!TEST_SANITIZED) {
        assert_true(grown < PARKED_BYTES_MAX);
    }
    assert_int_equal(echo_metric(&rig.echo, "vafa_rpc_open_calls{service=\"echo\"} "), PARKED);
    int quick = 0; /* most are: one or another may meet a machine that stands still */
    for (int i = 0; i < 50; i++) {
        int64_t start_us = test_now_us();
        assert_true(echo_works(rig.client));
        quick += test_now_us() - start_us < SECOND_US ? 1 : 0;
    }
    assert_true(quick > 25);
    echo_release(&rig.echo);
    crowd_wait(&crowd, PARKED);
    assert_int_equal(crowd.ok, PARKED);
    crowd_fini(calls, PARKED);
    rig_fini(&rig);
}

static void tells_a_parked_call_that_its_caller_has_gone(void **state)
{
    (void)state;
    for (int kind = 0; kind < URLS; kind++) {
        struct rig rig;
        char url[128];
        rig_init(&rig, url_of(kind, url, sizeof(url)), 64);
        struct rpc_client *leaver = rig_client(rig.loop.loop, rig.url, 32);
        struct crowd crowd = {.lock = PTHREAD_MUTEX_INITIALIZER,
                              .changed = PTHREAD_COND_INITIALIZER};
        struct rpc_client_call *calls = calloc(16, sizeof(*calls));
        struct rpc_client_call *stays = calloc(1, sizeof(*stays));
        Echo__ParkCallRequest request = ECHO__PARK_CALL_REQUEST__INIT;
        crowd_start(&crowd, rig.client, stays, 1, ECHO_PARK_CALL, &request.base);
        crowd_start(&crowd, leaver, calls, 16, ECHO_PARK_CALL, &request.base);
        echo_wait_parked(&rig.echo, 17);
        rig_client_free(rig.loop.loop, leaver);
        assert_int_equal(crowd.over, 16);
        echo_wait_cancelled(&rig.echo, 16);
        assert_int_equal(rig.echo.parked_count, 1);
        assert_int_equal(echo_metric(&rig.echo, "vafa_rpc_cancelled_total{service=\"echo\"} "), 16);
        crowd_fini(calls, 16);
        echo_release(&rig.echo);
        crowd_wait(&crowd, 17);
        assert_int_equal(crowd.ok, 1);
        crowd_fini(stays, 1);
        rig_fini(&rig);
    }
}

static void comes_and_goes_while_calls_are_parked(void **state)
{
    (void)state;
    struct rig rig;
    rig_init(&rig, "tcp://127.0.0.1:0", 64);
    Echo__ParkCallRequest request = ECHO__PARK_CALL_REQUEST__INIT;
    for (size_t round = 1; round <= 30;
         round++) { /* never waits for the park: the races are the point */
        struct rpc_client *leaver = rig_client(rig.loop.loop, rig.url, 8);
        struct crowd crowd = {.lock = PTHREAD_MUTEX_INITIALIZER,
                              .changed = PTHREAD_COND_INITIALIZER};
        struct rpc_client_call *calls = calloc(8, sizeof(*calls));
        assert_true(echo_works(leaver));
        crowd_start(&crowd, leaver, calls, 8, ECHO_PARK_CALL, &request.base);
        if (round % 3 == 0) {
            echo_release(&rig.echo);
        }
        rig_client_free(rig.loop.loop, leaver);
        assert_int_equal(crowd.over, 8);
        crowd_fini(calls, 8);
    }
    assert_true(echo_works(rig.client));
    rig_fini(&rig);
    /* Reached only when no parked call was forgotten: the router insists. */
}

static void stops_in_order_with_calls_in_flight(void **state)
{
    (void)state;
    for (int kind = 0; kind < URLS; kind++) {
        struct rig rig;
        char url[128];
        rig_init(&rig, url_of(kind, url, sizeof(url)), 64);
        struct crowd crowd = {.lock = PTHREAD_MUTEX_INITIALIZER,
                              .changed = PTHREAD_COND_INITIALIZER};
        struct rpc_client_call *calls = calloc(32, sizeof(*calls));
        Echo__ParkCallRequest request = ECHO__PARK_CALL_REQUEST__INIT;
        crowd_start(&crowd, rig.client, calls, 32, ECHO_PARK_CALL, &request.base);
        echo_wait_parked(&rig.echo, 32);
        rpc_router_drain(rig.echo.router);
        rpc_server_stop(rig.server, 0); /* receives no more, but answers still go out */
        echo_release(&rig.echo);
        crowd_wait(&crowd, 32);
        assert_int_equal(crowd.ok, 32);
        crowd_fini(calls, 32);
        rig_fini(&rig);
    }
}

static void may_be_freed_before_its_calls_are_answered(void **state)
{
    (void)state;
    struct rig rig;
    rig_init(&rig, "inproc://freed", 64);
    struct crowd crowd = {.lock = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER};
    struct rpc_client_call *calls = calloc(8, sizeof(*calls));
    Echo__ParkCallRequest request = ECHO__PARK_CALL_REQUEST__INIT;
    crowd_start(&crowd, rig.client, calls, 8, ECHO_PARK_CALL, &request.base);
    echo_wait_parked(&rig.echo, 8);
    rpc_server_free(
        rig.server); /* the callers go: each call is cancelled, and answered to nobody */
    echo_wait_cancelled(&rig.echo, 8);
    assert_int_equal(rpc_router_open_calls(rig.echo.router), 0);
    /* They try again by themselves, and find the next server. */
    rig.server = rig_server(&rig.echo, rig.url, NULL);
    echo_wait_parked(&rig.echo, 8);
    echo_release(&rig.echo);
    crowd_wait(&crowd, 8);
    assert_int_equal(crowd.ok, 8);
    crowd_fini(calls, 8);
    rig_fini(&rig);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(answers_over_every_transport),
        cmocka_unit_test(carries_the_largest_message_and_refuses_one_larger),
        cmocka_unit_test(passes_a_refusal_on_with_its_field),
        cmocka_unit_test(refuses_addresses_of_other_machines),
        cmocka_unit_test(listens_on_several_addresses_and_tells_a_taken_port),
        cmocka_unit_test(carries_many_calls_at_once_and_refuses_more_than_agreed),
        cmocka_unit_test(parks_a_thousand_calls_in_little_memory_and_stays_quick),
        cmocka_unit_test(tells_a_parked_call_that_its_caller_has_gone),
        cmocka_unit_test(comes_and_goes_while_calls_are_parked),
        cmocka_unit_test(stops_in_order_with_calls_in_flight),
        cmocka_unit_test(may_be_freed_before_its_calls_are_answered),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    return failed;
}
