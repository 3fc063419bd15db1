/*
 * The other side of a connection as bare bytes: what a client would never send. For tests that are
 * rude to a server or a client, over tcp on this machine or over a local socket.
 *
 * A failing system call fails the test, but where a function says otherwise.
 */
#ifndef VAFA_TESTS_RAW_SOCKET_H
#define VAFA_TESTS_RAW_SOCKET_H

#include "rpc/rpc_wire.h"

/* "tcp://127.0.0.1:PORT" or "ipc:///PATH". */
int raw_connect(const char *url);
/* Listens on a port of tcp's choice, and gives its url. */
int raw_listen(char *ret_url, size_t size);

void raw_put(int fd, struct bytes bytes);
/* The same to a side that may close meanwhile, or take no more: returns how much it took at once. */
size_t raw_offer(int fd, struct bytes bytes);
/* False: the other side has closed before. */
bool raw_get(int fd, void *out, size_t size);

/* Sends our greeting and reads theirs. */
void raw_greet(int fd, uint16_t protocol, uint16_t theirs);
/* A connection that has greeted as a caller. */
int raw_call_in(const char *url);
/* One message that comes over it (a local socket's when `ipc`), its payload appended to `out`.
 * False: closed before. */
bool raw_receive(int fd, bool ipc, struct buffer *out);

/* Reads until the other side has closed, and closes; what it sends before is not looked at. */
void raw_expect_closed(int fd);
/* FIN, then RST. */
void raw_reset(int fd);

#endif
