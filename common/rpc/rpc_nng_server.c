/*
 * A server: listeners, the connections they accept (peers), and the calls that came over each
 * (exchanges). A call is served on the thread that read it; its answer may come later, from any
 * thread. When a connection ends, the calls still open on it are cancelled.
 *
 * An exchange holds references to its connection and its server, so a call may be answered after
 * either has gone. Everything else ends before rpc_server_free returns.
 *
 * Locks: the registry's, then the server's, then a call's. No lock is held while a connection is
 * sent to, closed or started, nor while a call is served.
 */
#include "rpc/rpc_nng.h"

#include "base/check.h"
#include "base/clock.h"
#include "base/mutex.h"
#include "rpc/rpc_conn.h"
#include "rpc/rpc_nng_private.h"

#include <errno.h>
#include <nng/nng.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define LISTENERS_MAX 4
#define CONNECTIONS_MAX 4096
#define IPC_PERMISSIONS 0660
#define URL_BYTES 128

/* After an accept that failed: no descriptors, no memory. */
#define ACCEPT_AGAIN_MS 100

struct listener {
    struct rpc_server *server;
    nng_stream_listener *stream; /* NULL: inside the process, under `name` */
    char name[URL_BYTES];
    bool ipc;
    nng_aio *aio;
    bool resting; /* the aio waits after a failure; its callback's own */
};

struct exchange {
    struct rpc_exchange base; /* first */
    struct rpc_server *server;
    struct rpc_conn *conn;
    struct peer *peer; /* under the server's lock; NULL: its connection has ended */
    struct exchange *previous;
    struct exchange *next;
    size_t stack_size;
    uint8_t stack[RPC_WIRE_STACK_BYTES_MAX];
};

struct peer {
    struct rpc_server *server;
    struct rpc_conn *conn;
    struct peer *previous; /* the block under the server's lock */
    struct peer *next;
    struct exchange *exchanges;
};

struct rpc_server {
    struct rpc_router *router;
    _Atomic size_t references; /* its owner's, and each exchange's */
    struct listener listeners[LISTENERS_MAX];
    size_t listener_count;
    struct rpc_server *next_registered; /* under the registry's lock */

    pthread_mutex_t lock; /* guards the block below */
    pthread_cond_t changed;
    struct peer *peers;
    size_t peer_count;
    size_t exchange_count;
    bool started;
    bool stopping;
};

/* --- a call --- */

static void server_release(struct rpc_server *server)
{
    if (atomic_fetch_sub(&server->references, 1) == 1) {
        pthread_cond_destroy(&server->changed);
        pthread_mutex_destroy(&server->lock);
        free(server);
    }
}

/* Under the lock. */
static void exchange_unlist(struct exchange *exchange)
{
    if (exchange->previous != NULL) {
        exchange->previous->next = exchange->next;
    } else {
        exchange->peer->exchanges = exchange->next;
    }
    if (exchange->next != NULL) {
        exchange->next->previous = exchange->previous;
    }
    exchange->peer = NULL;
}

/* The router's reply. */
static void exchange_reply(struct rpc_exchange *base, struct bytes frame)
{
    struct exchange *exchange = (struct exchange *)base;
    struct rpc_server *server = exchange->server;
    if (!rpc_conn_send(exchange->conn, bytes_of(exchange->stack, exchange->stack_size), frame)) {
        rpc_conn_close(exchange->conn); /* the caller has gone, or reads nothing */
    }
    pthread_mutex_lock(&server->lock);
    if (exchange->peer != NULL) {
        exchange_unlist(exchange);
    }
    if (--server->exchange_count == 0) {
        pthread_cond_broadcast(&server->changed);
    }
    pthread_mutex_unlock(&server->lock);
    rpc_conn_release(exchange->conn);
    free(exchange);
    server_release(server);
}

static void peer_message(void *context, const struct rpc_wire_message *message, int64_t arrived_us)
{
    struct peer *peer = context;
    struct rpc_server *server = peer->server;
    struct exchange *exchange = calloc(1, sizeof(*exchange));
    CHECK(exchange != NULL);
    exchange->base.reply = exchange_reply;
    exchange->base.arrived_us = arrived_us;
    exchange->server = server;
    exchange->conn = peer->conn;
    exchange->stack_size = message->stack.size;
    memcpy(exchange->stack, message->stack.data, message->stack.size);
    pthread_mutex_lock(&server->lock);
    bool serve = !server->stopping;
    if (serve) {
        exchange->peer = peer;
        exchange->next = peer->exchanges;
        if (peer->exchanges != NULL) {
            peer->exchanges->previous = exchange;
        }
        peer->exchanges = exchange;
        server->exchange_count++;
    }
    pthread_mutex_unlock(&server->lock);
    if (!serve) { /* the caller learns it from the end of the connection */
        free(exchange);
        return;
    }
    rpc_conn_acquire(peer->conn);
    atomic_fetch_add(&server->references, 1);
    rpc_router_serve(server->router, &exchange->base, message->frame);
}

/* --- connections --- */

static void peer_ended(void *context, enum rpc_conn_end why)
{
    struct peer *peer = context;
    struct rpc_server *server = peer->server;
    switch (why) {
    case RPC_CONN_GONE: break;
    case RPC_CONN_BROKEN: rpc_router_count_cut(server->router, RPC_ROUTER_CUT_BROKEN); break;
    case RPC_CONN_OVERSIZED: rpc_router_count_cut(server->router, RPC_ROUTER_CUT_OVERSIZED); break;
    case RPC_CONN_CROWDED: rpc_router_count_cut(server->router, RPC_ROUTER_CUT_CROWDED); break;
    }
    pthread_mutex_lock(&server->lock);
    while (peer->exchanges != NULL) {
        struct exchange *exchange = peer->exchanges;
        exchange_unlist(exchange);
        struct rpc_call *call = rpc_router_cancel_begin(&exchange->base);
        pthread_mutex_unlock(&server->lock);
        rpc_router_cancel_end(call);
        pthread_mutex_lock(&server->lock);
    }
    if (peer->previous != NULL) {
        peer->previous->next = peer->next;
    } else {
        server->peers = peer->next;
    }
    if (peer->next != NULL) {
        peer->next->previous = peer->previous;
    }
    server->peer_count--;
    pthread_cond_broadcast(&server->changed);
    pthread_mutex_unlock(&server->lock);
    free(peer);
}

/* Takes the connection in, or lets it go: the server is stopping, or has as many as it may. */
static bool server_admit(struct rpc_server *server, struct rpc_conn *conn)
{
    static const struct rpc_conn_events events = {.message = peer_message, .ended = peer_ended};
    struct peer *peer = calloc(1, sizeof(*peer));
    CHECK(peer != NULL);
    peer->server = server;
    peer->conn = conn;
    rpc_conn_acquire(conn); /* until it is started: it may be closed as soon as it is listed */
    pthread_mutex_lock(&server->lock);
    bool serving = server->started && !server->stopping;
    bool admitted = serving && server->peer_count < CONNECTIONS_MAX;
    if (serving && !admitted) {
        rpc_router_count_cut(server->router, RPC_ROUTER_CUT_CROWDED);
    }
    if (admitted) {
        peer->next = server->peers;
        if (server->peers != NULL) {
            server->peers->previous = peer;
        }
        server->peers = peer;
        server->peer_count++;
    }
    pthread_mutex_unlock(&server->lock);
    if (admitted) {
        rpc_conn_start(conn, &events, peer);
    } else {
        free(peer);
        rpc_conn_close(conn);
        rpc_conn_release(conn);
    }
    rpc_conn_release(conn);
    return admitted;
}

/* Each with a reference of the caller's, since they end meanwhile. NULL: there are none. */
static struct rpc_conn **server_conns(struct rpc_server *server, size_t *ret_count)
{
    pthread_mutex_lock(&server->lock);
    *ret_count = server->peer_count;
    struct rpc_conn **conns =
        server->peer_count > 0 ? calloc(server->peer_count, sizeof(*conns)) : NULL;
    CHECK(conns != NULL || server->peer_count == 0);
    size_t i = 0;
    for (struct peer *peer = server->peers; peer != NULL; peer = peer->next) {
        rpc_conn_acquire(peer->conn);
        conns[i++] = peer->conn;
    }
    pthread_mutex_unlock(&server->lock);
    return conns;
}

static void server_each_conn(struct rpc_server *server, void (*act)(struct rpc_conn *conn))
{
    size_t count = 0;
    struct rpc_conn **conns = server_conns(server, &count);
    for (size_t i = 0; i < count; i++) {
        act(conns[i]);
        rpc_conn_release(conns[i]);
    }
    free(conns);
}

/* --- inside the process: names of servers that listen --- */

static pthread_mutex_t registry_lock = PTHREAD_MUTEX_INITIALIZER;
static struct rpc_server *registry;

/* Under the registry's lock. */
static struct rpc_server *registry_find(const char *name)
{
    for (struct rpc_server *server = registry; server != NULL; server = server->next_registered) {
        for (size_t i = 0; i < server->listener_count; i++) {
            const struct listener *listener = &server->listeners[i];
            if (listener->stream == NULL && strcmp(listener->name, name) == 0) {
                return server;
            }
        }
    }
    return NULL;
}

static void registry_remove(struct rpc_server *server)
{
    pthread_mutex_lock(&registry_lock);
    struct rpc_server **link = &registry;
    while (*link != NULL && *link != server) {
        link = &(*link)->next_registered;
    }
    if (*link != NULL) {
        *link = server->next_registered;
    }
    pthread_mutex_unlock(&registry_lock);
}

struct rpc_conn *rpc_nng_connect_inproc(const char *url)
{
    struct rpc_conn *ends[2];
    if (!rpc_conn_pair(ends)) {
        return NULL;
    }
    pthread_mutex_lock(&registry_lock);
    struct rpc_server *server = registry_find(url);
    bool admitted = server != NULL;
    if (admitted) {
        atomic_fetch_add(&server->references, 1);
    }
    pthread_mutex_unlock(&registry_lock);
    if (server != NULL) {
        admitted = server_admit(server, ends[1]);
        server_release(server);
    } else {
        rpc_conn_release(ends[1]);
    }
    if (!admitted) {
        rpc_conn_release(ends[0]);
        return NULL;
    }
    return ends[0];
}

/* --- listening --- */

static bool server_is_stopping(struct rpc_server *server)
{
    pthread_mutex_lock(&server->lock);
    bool stopping = server->stopping;
    pthread_mutex_unlock(&server->lock);
    return stopping;
}

/* NNG's callback: a connection, a failure, or the end of the rest after one. Whatever went wrong,
 * the listener goes on as long as the server does. */
static void listener_accepted(void *context)
{
    struct listener *listener = context;
    int rc = nng_aio_result(listener->aio);
    bool was_resting = listener->resting;
    if (rc == 0 && !was_resting) {
        struct rpc_conn *conn =
            rpc_conn_new(nng_aio_get_output(listener->aio, 0), listener->ipc, RPC_WIRE_REP);
        if (conn != NULL) {
            (void)server_admit(listener->server, conn);
        }
    }
    if (server_is_stopping(listener->server)) {
        return;
    }
    listener->resting = rc != 0 && !was_resting;
    if (listener->resting) {
        nng_sleep_aio(ACCEPT_AGAIN_MS, listener->aio);
    } else {
        nng_stream_listener_accept(listener->stream, listener->aio);
    }
}

/* A socket that a process left behind. */
static enum status remove_stale(const char *path, struct error *err)
{
    struct stat info;
    if (lstat(path, &info) != 0) {
        return STATUS_OK;
    }
    if (!S_ISSOCK(info.st_mode)) {
        return error_set(err, STATUS_FAILED_PRECONDITION, NULL, "%s exists and is no socket", path);
    }
    if (unlink(path) != 0 && errno != ENOENT) {
        return error_set_errno(err, STATUS_FAILED_PRECONDITION, errno, "remove %s", path);
    }
    return STATUS_OK;
}

static int stream_listen(struct listener *listener, const char *url)
{
    int rc = nng_stream_listener_alloc(&listener->stream, url);
    if (rc != 0) {
        listener->stream = NULL;
        return rc;
    }
    rc = listener->ipc ? nng_stream_listener_set_int(listener->stream, NNG_OPT_IPC_PERMISSIONS,
                                                     IPC_PERMISSIONS)
                       : nng_stream_listener_set_bool(listener->stream, NNG_OPT_TCP_NODELAY, true);
    if (rc == 0) {
        rc = nng_aio_alloc(&listener->aio, listener_accepted, listener);
    }
    return rc == 0 ? nng_stream_listener_listen(listener->stream) : rc;
}

static void listener_fini(struct listener *listener)
{
    if (listener->aio != NULL) {
        nng_aio_stop(listener->aio); /* waits for the callback */
        nng_aio_free(listener->aio);
    }
    nng_stream_listener_free(listener->stream);
    *listener = (struct listener){0};
}

/* The url with the port that was taken. */
static void url_of(struct listener *listener, const char *url, char *ret_url)
{
    int port = 0;
    if (listener->stream != NULL &&
        nng_stream_listener_get_int(listener->stream, NNG_OPT_TCP_BOUND_PORT, &port) == 0) {
        snprintf(ret_url, URL_BYTES, "%.*s:%d", (int)(strrchr(url, ':') - url), url, port);
    } else {
        snprintf(ret_url, URL_BYTES, "%s", url);
    }
}

static enum status listen_inside(struct rpc_server *server, struct listener *listener,
                                 const char *url, struct error *err)
{
    snprintf(listener->name, sizeof(listener->name), "%s", url);
    pthread_mutex_lock(&registry_lock);
    bool taken = registry_find(url) != NULL;
    if (!taken) {
        server->listener_count++;
        struct rpc_server *at = registry;
        while (at != NULL && at != server) {
            at = at->next_registered;
        }
        if (at == NULL) {
            server->next_registered = registry;
            registry = server;
        }
    }
    pthread_mutex_unlock(&registry_lock);
    return !taken ? STATUS_OK
                  : error_set(err, STATUS_ALREADY_EXISTS, NULL, "listen on %s: in use", url);
}

static enum status listen_outside(struct rpc_server *server, struct listener *listener,
                                  const char *url, struct error *err)
{
    enum status status = STATUS_OK;
    listener->ipc = rpc_nng_url_path(url) != NULL;
    if (listener->ipc) {
        status = remove_stale(rpc_nng_url_path(url), err);
    }
    if (status != STATUS_OK) {
        return status;
    }
    int rc = stream_listen(listener, url);
    if (rc != 0) {
        char what[URL_BYTES + 16];
        snprintf(what, sizeof(what), "listen on %s", url);
        listener_fini(listener);
        return rpc_nng_error(err, rc, what);
    }
    pthread_mutex_lock(&registry_lock);
    server->listener_count++;
    pthread_mutex_unlock(&registry_lock);
    pthread_mutex_lock(&server->lock);
    bool started = server->started;
    pthread_mutex_unlock(&server->lock);
    if (started) {
        nng_stream_listener_accept(listener->stream, listener->aio);
    }
    return STATUS_OK;
}

enum status rpc_server_listen(struct rpc_server *server, const char *url, char *ret_url,
                              struct error *err)
{
    enum status status = rpc_nng_url_check(url, err);
    if (status != STATUS_OK) {
        return status;
    }
    if (server->listener_count == LISTENERS_MAX) {
        return error_set(err, STATUS_RESOURCE_EXHAUSTED, NULL, "at most %d listeners",
                         LISTENERS_MAX);
    }
    struct listener *listener = &server->listeners[server->listener_count];
    listener->server = server;
    status = rpc_nng_url_is_inproc(url) ? listen_inside(server, listener, url, err)
                                        : listen_outside(server, listener, url, err);
    if (status == STATUS_OK && ret_url != NULL) {
        url_of(listener, url, ret_url);
    }
    return status;
}

/* --- the server --- */

struct rpc_server *rpc_server_new(struct rpc_router *router)
{
    struct rpc_server *server = calloc(1, sizeof(*server));
    CHECK(server != NULL);
    server->router = router;
    atomic_store(&server->references, 1);
    mutex_init_brief(&server->lock);
    pthread_condattr_t attributes;
    CHECK(pthread_condattr_init(&attributes) == 0);
    CHECK(pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC) == 0);
    CHECK(pthread_cond_init(&server->changed, &attributes) == 0);
    pthread_condattr_destroy(&attributes);
    return server;
}

enum status rpc_server_start(struct rpc_server *server, struct error *err)
{
    pthread_mutex_lock(&server->lock);
    bool again = server->started;
    server->started = true;
    pthread_mutex_unlock(&server->lock);
    if (again) {
        return error_set(err, STATUS_FAILED_PRECONDITION, NULL, "the server was started before");
    }
    for (size_t i = 0; i < server->listener_count; i++) {
        struct listener *listener = &server->listeners[i];
        if (listener->stream != NULL) {
            nng_stream_listener_accept(listener->stream, listener->aio);
        }
    }
    return STATUS_OK;
}

/* Under the lock. False: the time is over. */
static bool wait_for_change(struct rpc_server *server, const struct timespec *until)
{
    return pthread_cond_timedwait(&server->changed, &server->lock, until) != ETIMEDOUT;
}

static struct timespec after_ms(uint32_t timeout_ms)
{
    struct timespec until;
    CHECK(clock_gettime(CLOCK_MONOTONIC, &until) == 0);
    until.tv_sec += timeout_ms / 1000;
    until.tv_nsec += (long)(timeout_ms % 1000) * 1000000;
    if (until.tv_nsec >= 1000000000) {
        until.tv_nsec -= 1000000000;
        until.tv_sec++;
    }
    return until;
}

void rpc_server_stop(struct rpc_server *server, uint32_t timeout_ms)
{
    struct timespec until = after_ms(timeout_ms);
    pthread_mutex_lock(&server->lock);
    bool again = server->stopping;
    server->stopping = true;
    pthread_mutex_unlock(&server->lock);
    if (again) {
        return;
    }
    registry_remove(server);
    for (size_t i = 0; i < server->listener_count; i++) {
        listener_fini(&server->listeners[i]);
    }
    pthread_mutex_lock(&server->lock);
    while (server->exchange_count > 0 && wait_for_change(server, &until)) {
    }
    bool answered = server->exchange_count == 0;
    pthread_mutex_unlock(&server->lock);
    if (!answered) {
        return; /* the connections stay: an answer may still come */
    }
    server_each_conn(server, rpc_conn_finish);
    pthread_mutex_lock(&server->lock);
    while (server->peer_count > 0 && wait_for_change(server, &until)) {
    }
    pthread_mutex_unlock(&server->lock);
}

void rpc_server_free(struct rpc_server *server)
{
    if (server == NULL) {
        return;
    }
    rpc_server_stop(server, 0);
    server_each_conn(server, rpc_conn_close);
    /* On return no callback runs, and what is still open has been cancelled. */
    pthread_mutex_lock(&server->lock);
    while (server->peer_count > 0) {
        pthread_cond_wait(&server->changed, &server->lock);
    }
    pthread_mutex_unlock(&server->lock);
    server_release(server);
}
