/* Servers that stop, hang, die and come back; deadlines hold all the while. */
#include "child.h"
#include "echo_service.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

/* A hundred deadlines are far above what a busy machine adds, and half of what a call has that asks
 * for none. That it ends at its deadline exactly is shown on virtual time, in test_rpc_direct.c. */
#define DEADLINE_MS 50
#define DEADLINE_MS_LATEST (100 * DEADLINE_MS)
_Static_assert(DEADLINE_MS_LATEST <= RPC_DEADLINE_MS_DEFAULT / 2, "tells one from the other");

static void expect_deadline_obeyed(struct rpc_client *client, bool park)
{
    struct rpc_client_call call;
    int64_t start_us = test_now_us();
    enum status status = park ? call_park(client, &call, DEADLINE_MS)
                              : call_say_back(client, &call, "anyone?", DEADLINE_MS);
    int64_t took_us = test_now_us() - start_us;
    assert_true(status == STATUS_DEADLINE_EXCEEDED || status == STATUS_UNAVAILABLE);
    assert_in_range(took_us, status == STATUS_DEADLINE_EXCEEDED ? DEADLINE_MS * MS_US : 0,
                    DEADLINE_MS_LATEST * MS_US);
    rpc_client_call_fini(&call);
}

static void obeys_the_deadline_when_nobody_listens(void **state)
{
    (void)state;
    static const char *const urls[] = {"inproc://nobody", "ipc:///tmp/vafa-rpc-nobody.sock",
                                       "tcp://127.0.0.1:1"};
    struct loop_thread loop;
    loop_thread_start(&loop);
    for (int i = 0; i < 3; i++) {
        struct rpc_client *client = rig_client(loop.loop, urls[i], 4);
        for (int j = 0; j < 5; j++) {
            expect_deadline_obeyed(client, false);
        }
        rig_client_free(loop.loop, client);
    }
    loop_thread_stop(&loop);
}

static void obeys_the_deadline_when_the_server_does_not_answer(void **state)
{
    (void)state;
    struct rig rig;
    char url[128];
    test_ipc_url(url, sizeof(url));
    rig_init(&rig, url, 64);
    for (int i = 0; i < 5; i++) {
        expect_deadline_obeyed(rig.client, true);
        assert_true(echo_works(rig.client)); /* the connection goes on */
    }
    rig_fini(&rig);
}

static void obeys_the_deadline_when_the_server_is_stopped_and_goes_on_afterwards(void **state)
{
    (void)state;
    struct child child;
    char url[128];
    test_ipc_url(url, sizeof(url));
    child_start(&child, url);
    struct loop_thread loop;
    loop_thread_start(&loop);
    struct rpc_client *client = rig_client(loop.loop, url, 4);
    assert_true(echo_works(client));
    child_stop(&child);
    for (int i = 0; i < 5; i++) {
        expect_deadline_obeyed(client, false);
    }
    kill(child.pid, SIGCONT);
    assert_true(echo_works(client));
    rig_client_free(loop.loop, client);
    child_end(&child);
    loop_thread_stop(&loop);
}

static void recovers_by_itself_when_the_server_is_back(void **state)
{
    (void)state;
    char url[128];
    test_ipc_url(url, sizeof(url));
    struct loop_thread loop;
    loop_thread_start(&loop);
    struct rpc_client *client = rig_client(loop.loop, url, 4);
    for (int round = 0; round < 5; round++) {
        struct child child;
        child_start(&child, url);
        assert_true(echo_works(client));
        if (round % 2 == 0) {
            child_kill(&child); /* leaves its socket file behind */
        } else {
            child_end(&child);
        }
        expect_deadline_obeyed(client, false);
    }
    rig_client_free(loop.loop, client);
    loop_thread_stop(&loop);
}

struct waiting {
    struct rpc_client *client;
    bool no_retry;
    struct rpc_client_call call;
    enum status status;
};

static void *wait_for_it(void *context)
{
    struct waiting *waiting = context;
    Echo__ParkCallRequest request = ECHO__PARK_CALL_REQUEST__INIT;
    waiting->call = (struct rpc_client_call){.service = &echo__echo__descriptor,
                                             .method = ECHO_PARK_CALL,
                                             .request = &request.base,
                                             .deadline_ms = 30000,
                                             .no_retry = waiting->no_retry};
    waiting->status = rpc_client_wait(waiting->client, &waiting->call);
    return NULL;
}

static void sends_a_cut_call_again_inside_its_deadline(void **state)
{
    (void)state;
    struct rig rig;
    char url[128];
    test_ipc_url(url, sizeof(url));
    rig_init(&rig, url, 64);
    struct waiting waiting = {.client = rig.client};
    pthread_t thread;
    assert_int_equal(pthread_create(&thread, NULL, wait_for_it, &waiting), 0);
    echo_wait_parked(&rig.echo, 1);
    rpc_server_free(rig.server); /* the first attempt is cut while it runs */
    echo_wait_cancelled(&rig.echo, 1);
    rig.server = rig_server(&rig.echo, url, NULL);
    echo_wait_parked(&rig.echo, 1); /* and comes again by itself */
    echo_release(&rig.echo);
    pthread_join(thread, NULL);
    assert_int_equal(waiting.status, STATUS_OK);
    assert_int_equal(waiting.call.attempts, 2);
    rpc_client_call_fini(&waiting.call);
    rig_fini(&rig);
}

/* NNG's REQ would send a call again by itself: after a minute, and at once when its connection is
 * cut. */
static void leaves_trying_again_to_the_client(void **state)
{
    (void)state;
    struct rig rig;
    char url[128];
    test_ipc_url(url, sizeof(url));
    rig_init(&rig, url, 64);
    struct waiting waiting = {.client = rig.client, .no_retry = true};
    pthread_t thread;
    assert_int_equal(pthread_create(&thread, NULL, wait_for_it, &waiting), 0);
    echo_wait_parked(&rig.echo, 1);
    rpc_server_free(rig.server);
    rig.server = rig_server(&rig.echo, url, NULL);
    pthread_join(thread, NULL);
    assert_int_equal(waiting.status, STATUS_UNAVAILABLE);
    assert_int_equal(waiting.call.attempts, 1);
    rpc_client_call_fini(&waiting.call);
    assert_true(echo_works(
        rig.client)); /* over the new connection, so a second send would have come before */
    assert_int_equal(rig.echo.parked_count, 0);
    assert_int_equal(rpc_router_open_calls(rig.echo.router), 0);
    rig_fini(&rig);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(obeys_the_deadline_when_nobody_listens),
        cmocka_unit_test(obeys_the_deadline_when_the_server_does_not_answer),
        cmocka_unit_test(obeys_the_deadline_when_the_server_is_stopped_and_goes_on_afterwards),
        cmocka_unit_test(recovers_by_itself_when_the_server_is_back),
        cmocka_unit_test(sends_a_cut_call_again_inside_its_deadline),
        cmocka_unit_test(leaves_trying_again_to_the_client),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    return failed;
}
