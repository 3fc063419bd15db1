/* Rude peers over bare sockets: connections reset at the worst moment, and headers that announce
 * too much. */
#include "echo_service.h"

#include "base/check.h"
#include "tests/support/raw_socket.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#define RESETS 400
#define DIALERS 16
#define DIALER_RESETS 160
#define GROWTH_MAX (8 * 1024 * 1024)

static void tcp_listener_survives_resets(void **state)
{
    (void)state;
    struct rig rig;
    rig_init(&rig, "tcp://127.0.0.1:0", 64);
    for (int i = 0; i < RESETS; i++) {
        raw_reset(raw_connect(rig.url));
    }
    struct rpc_client *newcomer = rig_client(rig.loop.loop, rig.url, 4);
    assert_true(echo_works(newcomer));
    assert_true(echo_works(rig.client));
    rig_client_free(rig.loop.loop, newcomer);
    rig_fini(&rig);
}

static void ipc_listener_survives_connections_closed_at_once(void **state)
{
    (void)state;
    struct rig rig;
    char url[128];
    test_ipc_url(url, sizeof(url));
    rig_init(&rig, url, 64);
    for (int i = 0; i < RESETS; i++) {
        close(raw_connect(url));
    }
    struct rpc_client *newcomer = rig_client(rig.loop.loop, rig.url, 4);
    assert_true(echo_works(newcomer));
    rig_client_free(rig.loop.loop, newcomer);
    rig_fini(&rig);
}

static void dialers_survive_resets(void **state)
{
    (void)state;
    char url[128];
    int listener = raw_listen(url, sizeof(url));
    struct loop_thread loop;
    loop_thread_start(&loop);
    struct rpc_client *clients[DIALERS];
    for (int i = 0; i < DIALERS; i++) {
        clients[i] = rig_client(loop.loop, url, 4);
    }
    for (int i = 0; i < DIALER_RESETS; i++) {
        int fd = accept(listener, NULL, NULL);
        CHECK(fd >= 0);
        raw_reset(fd);
    }
    close(listener);
    struct echo echo;
    echo_init(&echo, clock_system(), 64);
    struct rpc_server *server = rig_server(&echo, url, NULL);
    for (int i = 0; i < DIALERS; i++) {
        assert_true(echo_works(clients[i]));
        rig_client_free(loop.loop, clients[i]);
    }
    rpc_server_stop(server, 1000);
    rpc_server_free(server);
    echo_fini(&echo);
    loop_thread_stop(&loop);
}

/* Greets, then announces 4 GiB. */
static void announce_too_much(int fd, uint16_t protocol, uint16_t theirs)
{
    static const uint8_t length[8] = {0, 0, 0, 1, 0, 0, 0, 0};
    raw_greet(fd, protocol, theirs);
    raw_put(fd, bytes_of(length, sizeof(length)));
}

static void server_does_not_grow_with_an_announced_size(void **state)
{
    (void)state;
    struct rig rig;
    rig_init(&rig, "tcp://127.0.0.1:0", 64);
    assert_true(echo_works(rig.client));
    int64_t before = memory_rss_bytes(0);
    for (int i = 0; i < 20; i++) {
        int fd = raw_connect(rig.url);
        announce_too_much(fd, RPC_WIRE_REQ, RPC_WIRE_REP);
        raw_expect_closed(fd);
    }
    assert_true(TEST_SANITIZED || memory_rss_bytes(0) - before < GROWTH_MAX);
    assert_true(echo_works(rig.client));
    rig_fini(&rig);
}

static void client_does_not_grow_with_an_announced_size(void **state)
{
    (void)state;
    char url[128];
    int listener = raw_listen(url, sizeof(url));
    struct loop_thread loop;
    loop_thread_start(&loop);
    int64_t before = memory_rss_bytes(0);
    struct rpc_client *client = rig_client(loop.loop, url, 4);
    for (int i = 0; i < 5; i++) {
        int fd = accept(listener, NULL, NULL);
        CHECK(fd >= 0);
        announce_too_much(fd, RPC_WIRE_REP, RPC_WIRE_REQ);
        raw_expect_closed(fd);
    }
    assert_true(TEST_SANITIZED || memory_rss_bytes(0) - before < GROWTH_MAX);
    rig_client_free(loop.loop, client);
    close(listener);
    loop_thread_stop(&loop);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tcp_listener_survives_resets),
        cmocka_unit_test(ipc_listener_survives_connections_closed_at_once),
        cmocka_unit_test(dialers_survive_resets),
        cmocka_unit_test(server_does_not_grow_with_an_announced_size),
        cmocka_unit_test(client_does_not_grow_with_an_announced_size),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    return failed;
}
