#include "tests/support/raw_socket.h"

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

#define IPC "ipc://"

static struct sockaddr_in loopback(uint16_t port)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port)};
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return address;
}

static int new_socket(int family)
{
    int fd = socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_true(fd >= 0);
    return fd;
}

int raw_connect(const char *url)
{
    if (strncmp(url, IPC, strlen(IPC)) == 0) {
        struct sockaddr_un address = {.sun_family = AF_UNIX};
        const char *path = url + strlen(IPC);
        assert_true(strlen(path) < sizeof(address.sun_path));
        memcpy(address.sun_path, path, strlen(path));
        int fd = new_socket(AF_UNIX);
        assert_true(connect(fd, (struct sockaddr *)&address, sizeof(address)) == 0);
        return fd;
    }
    struct sockaddr_in address = loopback((uint16_t)atoi(strrchr(url, ':') + 1));
    int fd = new_socket(AF_INET);
    assert_true(connect(fd, (struct sockaddr *)&address, sizeof(address)) == 0);
    return fd;
}

int raw_listen(char *ret_url, size_t size)
{
    struct sockaddr_in address = loopback(0);
    socklen_t address_size = sizeof(address);
    int fd = new_socket(AF_INET);
    int on = 1;
    assert_true(setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) == 0);
    assert_true(bind(fd, (struct sockaddr *)&address, address_size) == 0 && listen(fd, 64) == 0);
    assert_true(getsockname(fd, (struct sockaddr *)&address, &address_size) == 0);
    snprintf(ret_url, size, "tcp://127.0.0.1:%d", ntohs(address.sin_port));
    return fd;
}

void raw_put(int fd, struct bytes bytes)
{
    while (bytes.size > 0) {
        ssize_t sent = send(fd, bytes.data, bytes.size, MSG_NOSIGNAL);
        assert_true(sent > 0);
        bytes = bytes_of(bytes.data + sent, bytes.size - (size_t)sent);
    }
}

size_t raw_offer(int fd, struct bytes bytes)
{
    ssize_t sent = send(fd, bytes.data, bytes.size, MSG_NOSIGNAL | MSG_DONTWAIT);
    assert_true(sent >= 0 || errno == EAGAIN || errno == EPIPE || errno == ECONNRESET);
    return sent < 0 ? 0 : (size_t)sent;
}

bool raw_get(int fd, void *out, size_t size)
{
    ssize_t got = recv(fd, out, size, MSG_WAITALL);
    assert_true(got >= 0 || errno == ECONNRESET);
    return got == (ssize_t)size;
}

void raw_greet(int fd, uint16_t protocol, uint16_t theirs)
{
    uint8_t hello[RPC_WIRE_HELLO_BYTES];
    rpc_wire_hello_put(hello, protocol);
    raw_put(fd, bytes_of(hello, sizeof(hello)));
    assert_true(raw_get(fd, hello, sizeof(hello)));
    assert_true(rpc_wire_hello_is(hello, theirs));
}

int raw_call_in(const char *url)
{
    int fd = raw_connect(url);
    raw_greet(fd, RPC_WIRE_REQ, RPC_WIRE_REP);
    return fd;
}

bool raw_receive(int fd, bool ipc, struct buffer *out)
{
    uint8_t head[RPC_WIRE_HEAD_BYTES_MAX];
    size_t head_size = ipc ? RPC_WIRE_HEAD_BYTES_MAX : RPC_WIRE_HEAD_BYTES_MAX - 1;
    if (!raw_get(fd, head, head_size)) {
        return false;
    }
    size_t size = (size_t)be64_get(head + head_size - sizeof(uint64_t));
    return raw_get(fd, buffer_extend(out, size), size);
}

void raw_expect_closed(int fd)
{
    uint8_t bytes[4096];
    ssize_t got;
    do {
        got = recv(fd, bytes, sizeof(bytes), 0);
    } while (got > 0);
    assert_true(got == 0 || errno == ECONNRESET);
    close(fd);
}

void raw_reset(int fd)
{
    struct linger linger = {.l_onoff = 1, .l_linger = 0};
    shutdown(fd, SHUT_WR);
    assert_true(setsockopt(fd, SOL_SOCKET, SO_LINGER, &linger, sizeof(linger)) == 0);
    close(fd);
}
