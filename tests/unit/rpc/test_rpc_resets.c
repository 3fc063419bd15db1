/* Rude peers over bare sockets: connections reset at the worst moment, and headers that announce
 * too much. */
#include "echo_service.h"

#include "base/check.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cmocka.h>

#define RESETS 400
#define DIALERS 16
#define DIALER_RESETS 160
#define GROWTH_MAX (8 * 1024 * 1024)

static int port_of(const char *url)
{
    return atoi(strrchr(url, ':') + 1);
}

static struct sockaddr_in loopback(int port)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return address;
}

static int tcp_connect(int port)
{
    struct sockaddr_in address = loopback(port);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    CHECK(fd >= 0);
    CHECK(connect(fd, (struct sockaddr *)&address, sizeof(address)) == 0);
    return fd;
}

/* FIN, then RST. */
static void reset(int fd)
{
    struct linger linger = {.l_onoff = 1, .l_linger = 0};
    shutdown(fd, SHUT_WR);
    CHECK(setsockopt(fd, SOL_SOCKET, SO_LINGER, &linger, sizeof(linger)) == 0);
    close(fd);
}

static void tcp_listener_survives_resets(void **state)
{
    (void)state;
    struct rig rig;
    rig_init(&rig, "tcp://127.0.0.1:0", 64);
    for (int i = 0; i < RESETS; i++) {
        reset(tcp_connect(port_of(rig.url)));
    }
    struct rpc_client *newcomer = rig_client(rig.loop.loop, rig.url, 4);
    assert_true(echo_works(newcomer, 10000));
    assert_true(echo_works(rig.client, 10000));
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
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    snprintf(address.sun_path, sizeof(address.sun_path), "%.100s", url + strlen("ipc://"));
    for (int i = 0; i < RESETS; i++) {
        int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
        CHECK(fd >= 0);
        CHECK(connect(fd, (struct sockaddr *)&address, sizeof(address)) == 0);
        close(fd);
    }
    struct rpc_client *newcomer = rig_client(rig.loop.loop, rig.url, 4);
    assert_true(echo_works(newcomer, 10000));
    rig_client_free(rig.loop.loop, newcomer);
    rig_fini(&rig);
}

static int tcp_listen(int *ret_port)
{
    struct sockaddr_in address = loopback(0);
    socklen_t size = sizeof(address);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    int on = 1;
    CHECK(fd >= 0);
    CHECK(setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) == 0);
    CHECK(bind(fd, (struct sockaddr *)&address, size) == 0 && listen(fd, 64) == 0);
    CHECK(getsockname(fd, (struct sockaddr *)&address, &size) == 0);
    *ret_port = ntohs(address.sin_port);
    return fd;
}

static void dialers_survive_resets(void **state)
{
    (void)state;
    int port = 0;
    int listener = tcp_listen(&port);
    char url[128];
    snprintf(url, sizeof(url), "tcp://127.0.0.1:%d", port);
    struct loop_thread loop;
    loop_thread_start(&loop);
    struct rpc_client *clients[DIALERS];
    for (int i = 0; i < DIALERS; i++) {
        clients[i] = rig_client(loop.loop, url, 4);
    }
    for (int i = 0; i < DIALER_RESETS; i++) {
        int fd = accept(listener, NULL, NULL);
        CHECK(fd >= 0);
        reset(fd);
    }
    close(listener);
    struct echo echo;
    echo_init(&echo, clock_system(), 64);
    struct rpc_server *server = rig_server(&echo, url, NULL);
    for (int i = 0; i < DIALERS; i++) {
        assert_true(echo_works(clients[i], 10000));
        rig_client_free(loop.loop, clients[i]);
    }
    rpc_server_stop(server, 1000);
    rpc_server_free(server);
    echo_fini(&echo);
    loop_thread_stop(&loop);
}

/* NNG's own header, then a length of 4 GiB: nanomsg RFC "SP over TCP". The other side's header is
 * read first. */
static void announce_too_much(int fd, uint8_t protocol)
{
    uint8_t header[8] = {0, 'S', 'P', 0, 0, protocol, 0, 0};
    uint8_t theirs[8];
    uint8_t length[8] = {0, 0, 0, 1, 0, 0, 0, 0};
    CHECK(send(fd, header, sizeof(header), MSG_NOSIGNAL) == sizeof(header));
    CHECK(recv(fd, theirs, sizeof(theirs), MSG_WAITALL) == sizeof(theirs));
    CHECK(send(fd, length, sizeof(length), MSG_NOSIGNAL) == sizeof(length));
}

/* Until the other side has closed; what it sends before is not looked at. */
static void expect_closed(int fd)
{
    uint8_t bytes[4096];
    ssize_t got;
    do {
        got = recv(fd, bytes, sizeof(bytes), 0);
    } while (got > 0);
    assert_true(got == 0 || errno == ECONNRESET);
    close(fd);
}

static void server_does_not_grow_with_an_announced_size(void **state)
{
    (void)state;
    struct rig rig;
    rig_init(&rig, "tcp://127.0.0.1:0", 64);
    assert_true(echo_works(rig.client, 5000));
    int64_t before = test_rss_bytes();
    for (int i = 0; i < 20; i++) {
        int fd = tcp_connect(port_of(rig.url));
        announce_too_much(fd, 0x30);
        expect_closed(fd);
    }
    assert_true(TEST_SANITIZED || test_rss_bytes() - before < GROWTH_MAX);
    assert_true(echo_works(rig.client, 5000));
    rig_fini(&rig);
}

static void client_does_not_grow_with_an_announced_size(void **state)
{
    (void)state;
    int port = 0;
    int listener = tcp_listen(&port);
    char url[128];
    snprintf(url, sizeof(url), "tcp://127.0.0.1:%d", port);
    struct loop_thread loop;
    loop_thread_start(&loop);
    int64_t before = test_rss_bytes();
    struct rpc_client *client = rig_client(loop.loop, url, 4);
    for (int i = 0; i < 5; i++) {
        int fd = accept(listener, NULL, NULL);
        CHECK(fd >= 0);
        announce_too_much(fd, 0x31);
        expect_closed(fd);
    }
    assert_true(TEST_SANITIZED || test_rss_bytes() - before < GROWTH_MAX);
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
