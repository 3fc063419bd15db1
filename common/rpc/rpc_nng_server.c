/*
 * A server on REP contexts: a worker - context, aio, exchange - for each call that may be open. A
 * worker receives, has its call served, sends the reply and receives again:
 *
 *   IDLE -> RECEIVING -> SERVING -> SENDING -> RECEIVING ...      (IDLE again when the server
 * stops)
 *                           \-> LEFT: the server was freed before the call was answered; the worker
 * waits for that alone
 *
 * NNG does not tell REP that a caller has gone, but it does tell when a connection ends: so each
 * worker knows its connection, and the server which connections live. A worker looks there after it
 * has noted its own: either it sees that the connection has gone, or the end of the connection sees
 * the worker.
 *
 * Locks: the gate, a worker's, then the server's or the call's. NNG's sends and receives are called
 * without a worker's lock: its threads call back at once and would only stumble over it. The gate
 * keeps the server from being freed meanwhile.
 */
#include "rpc/rpc_nng.h"

#include "base/check.h"
#include "rpc/rpc_nng_private.h"
#include "rpc/rpc_pipe_set.h"

#include <errno.h>
#include <nng/nng.h>
#include <nng/protocol/reqrep0/rep.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define CONTEXTS_MIN 16
#define CONTEXTS_MAX 4096
#define LISTENERS_MAX 4
#define IPC_PERMISSIONS 0660
#define URL_BYTES 128

enum worker_state {
    WORKER_IDLE,
    WORKER_RECEIVING,
    WORKER_SERVING,
    WORKER_SENDING,
    WORKER_LEFT,
};

struct worker {
    struct rpc_exchange exchange;
    struct rpc_server *server;
    nng_ctx ctx;
    nng_aio *aio;
    pthread_mutex_t lock; /* guards the block below */
    enum worker_state state;
    uint32_t pipe;       /* of the call being served, else 0 */
    uint32_t pipe_known; /* lived when so many had gone: saves a look under the server's lock */
    uint64_t gone_known;
};

struct rpc_server {
    struct rpc_router *router;
    nng_socket socket;
    struct worker *workers;
    size_t worker_count;
    size_t worker_ready; /* those that were made */
    _Atomic bool stopping;
    _Atomic size_t references; /* its owner and the workers that are LEFT */
    _Atomic uint64_t pipes_gone;
    pthread_rwlock_t gate; /* read: handing a reply to NNG; written: marking workers as LEFT */

    pthread_mutex_t lock; /* guards the block below */
    pthread_cond_t changed;
    struct rpc_pipe_set pipes;
    size_t active; /* workers that are not IDLE */
    size_t listener_count;
    bool started;
    bool stopped;
};

static void worker_happened(void *context);
static void worker_reply(struct rpc_exchange *exchange, struct bytes frame);
static void server_release(struct rpc_server *server);

/* --- a worker --- */

/* Under its lock. True: it is to be worker_receive-d, without the lock. */
static bool worker_next(struct worker *worker)
{
    struct rpc_server *server = worker->server;
    worker->pipe = 0;
    if (!atomic_load(&server->stopping)) {
        worker->state = WORKER_RECEIVING;
        return true;
    }
    worker->state = WORKER_IDLE;
    pthread_mutex_lock(&server->lock);
    server->active--;
    pthread_cond_broadcast(&server->changed);
    pthread_mutex_unlock(&server->lock);
    return false;
}

static void worker_cancel_receive(struct worker *worker)
{
    pthread_mutex_lock(&worker->lock);
    if (worker->state == WORKER_RECEIVING) {
        nng_aio_cancel(worker->aio);
    }
    pthread_mutex_unlock(&worker->lock);
}

static void worker_receive(struct worker *worker)
{
    nng_ctx_recv(worker->ctx, worker->aio);
    if (atomic_load(&worker->server->stopping)) {
        worker_cancel_receive(worker); /* the server's own cancel may have come too early */
    }
}

/* Under the worker's lock, when it has noted its pipe. */
static bool pipe_lives(struct worker *worker)
{
    struct rpc_server *server = worker->server;
    uint64_t gone = atomic_load(&server->pipes_gone);
    if (worker->pipe == worker->pipe_known && gone == worker->gone_known) {
        return true;
    }
    pthread_mutex_lock(&server->lock);
    bool lives = rpc_pipe_set_has(&server->pipes, worker->pipe);
    pthread_mutex_unlock(&server->lock);
    if (lives) {
        worker->pipe_known = worker->pipe;
        worker->gone_known = gone;
    }
    return lives;
}

static bool result_is_final(int rc)
{
    return rc == NNG_ECLOSED || rc == NNG_ECANCELED;
}

/* Takes the message in, under the lock; NULL: there is none, and the worker is free for the next.
 */
static nng_msg *worker_take_message(struct worker *worker)
{
    int rc = nng_aio_result(worker->aio);
    if (rc != 0) {
        if (result_is_final(rc)) {
            atomic_store(&worker->server->stopping, true); /* it would only fail again */
        }
        return NULL;
    }
    nng_msg *message = nng_aio_get_msg(worker->aio);
    nng_aio_set_msg(worker->aio, NULL);
    worker->state = WORKER_SERVING;
    worker->pipe = (uint32_t)nng_pipe_id(nng_msg_get_pipe(message));
    atomic_store(&worker->exchange.gone, false);
    if (!pipe_lives(worker)) {
        nng_msg_free(message);
        return NULL;
    }
    return message;
}

static void worker_sent(struct worker *worker)
{
    if (nng_aio_result(worker->aio) != 0) { /* the message stayed with us */
        nng_msg_free(nng_aio_get_msg(worker->aio));
        nng_aio_set_msg(worker->aio, NULL);
    }
}

/* NNG's callback: on its threads. */
static void worker_happened(void *context)
{
    struct worker *worker = context;
    nng_msg *message = NULL;
    bool receive = false;
    pthread_mutex_lock(&worker->lock);
    switch (worker->state) {
    case WORKER_RECEIVING:
        message = worker_take_message(worker);
        receive = message == NULL && worker_next(worker);
        break;
    case WORKER_SENDING:
        worker_sent(worker);
        receive = worker_next(worker);
        break;
    case WORKER_IDLE:
    case WORKER_SERVING:
    case WORKER_LEFT: break; /* the last callback of nng_aio_stop */
    }
    pthread_mutex_unlock(&worker->lock);
    if (receive) {
        worker_receive(worker);
    }
    if (message != NULL) {
        /* Once it is served the worker may be at its next call already. */
        rpc_router_serve(worker->server->router, &worker->exchange,
                         bytes_of(nng_msg_body(message), nng_msg_len(message)));
        nng_msg_free(message);
    }
}

static void worker_reply(struct rpc_exchange *exchange, struct bytes frame)
{
    struct worker *worker = (struct worker *)exchange;
    nng_msg *message = NULL;
    CHECK(nng_msg_alloc(&message, frame.size) == 0);
    memcpy(nng_msg_body(message), frame.data, frame.size);
    struct rpc_server *server = worker->server;
    pthread_rwlock_rdlock(&server->gate);
    pthread_mutex_lock(&worker->lock);
    bool left = worker->state == WORKER_LEFT;
    CHECK(left || worker->state == WORKER_SERVING);
    worker->pipe = 0;
    if (!left) {
        worker->state = WORKER_SENDING;
        nng_aio_set_msg(worker->aio, message);
    }
    pthread_mutex_unlock(&worker->lock);
    if (!left) {
        nng_ctx_send(worker->ctx, worker->aio);
    }
    pthread_rwlock_unlock(&server->gate);
    if (left) {
        nng_msg_free(message);
        server_release(server);
    }
}

/* --- connections --- */

static void pipe_gone(struct rpc_server *server, uint32_t pipe)
{
    pthread_mutex_lock(&server->lock);
    rpc_pipe_set_remove(&server->pipes, pipe);
    pthread_mutex_unlock(&server->lock);
    atomic_fetch_add(&server->pipes_gone, 1);
    for (size_t i = 0; i < server->worker_ready; i++) {
        struct worker *worker = &server->workers[i];
        struct rpc_call *call = NULL;
        pthread_mutex_lock(&worker->lock);
        if (worker->pipe == pipe) {
            call = rpc_router_cancel_begin(&worker->exchange);
        }
        pthread_mutex_unlock(&worker->lock);
        rpc_router_cancel_end(call);
    }
}

static void pipe_happened(nng_pipe pipe, nng_pipe_ev event, void *context)
{
    struct rpc_server *server = context;
    uint32_t id = (uint32_t)nng_pipe_id(pipe);
    if (event == NNG_PIPE_EV_REM_POST) {
        pipe_gone(server, id);
        return;
    }
    /* Before the first message can come. */
    pthread_mutex_lock(&server->lock);
    bool added = !atomic_load(&server->stopping) && rpc_pipe_set_add(&server->pipes, id);
    pthread_mutex_unlock(&server->lock);
    if (!added) {
        nng_pipe_close(pipe); /* how a connection is refused */
    }
}

/* --- the server --- */

static enum status workers_new(struct rpc_server *server, struct error *err)
{
    for (size_t i = 0; i < server->worker_count; i++) {
        struct worker *worker = &server->workers[i];
        worker->server = server;
        worker->exchange.reply = worker_reply;
        int rc = nng_ctx_open(&worker->ctx, server->socket);
        if (rc != 0) {
            return rpc_nng_error(err, rc, "open a context");
        }
        rc = nng_aio_alloc(&worker->aio, worker_happened, worker);
        if (rc != 0) {
            nng_ctx_close(worker->ctx);
            return rpc_nng_error(err, rc, "make a worker");
        }
        CHECK(pthread_mutex_init(&worker->lock, NULL) == 0);
        server->worker_ready++;
    }
    return STATUS_OK;
}

enum status rpc_server_new(struct rpc_server **ret_server, struct rpc_router *router,
                           size_t contexts, struct error *err)
{
    CHECK(contexts >= CONTEXTS_MIN && contexts <= CONTEXTS_MAX);
    nng_socket socket;
    int rc = nng_rep0_open(&socket);
    if (rc != 0) {
        return rpc_nng_error(err, rc, "open a socket");
    }
    struct rpc_server *server = calloc(1, sizeof(*server));
    CHECK(server != NULL);
    server->router = router;
    server->socket = socket;
    server->worker_count = contexts;
    server->workers = calloc(contexts, sizeof(*server->workers));
    CHECK(server->workers != NULL);
    atomic_store(&server->references, 1);
    CHECK(pthread_mutex_init(&server->lock, NULL) == 0);
    CHECK(pthread_rwlock_init(&server->gate, NULL) == 0);
    pthread_condattr_t attributes;
    CHECK(pthread_condattr_init(&attributes) == 0);
    CHECK(pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC) == 0);
    CHECK(pthread_cond_init(&server->changed, &attributes) == 0);
    pthread_condattr_destroy(&attributes);
    rc = nng_socket_set_size(socket, NNG_OPT_RECVMAXSZ, RPC_TRANSPORT_BYTES_MAX);
    if (rc == 0) {
        rc = nng_pipe_notify(socket, NNG_PIPE_EV_ADD_PRE, pipe_happened, server);
    }
    if (rc == 0) {
        rc = nng_pipe_notify(socket, NNG_PIPE_EV_REM_POST, pipe_happened, server);
    }
    enum status status =
        rc == 0 ? workers_new(server, err) : rpc_nng_error(err, rc, "prepare the socket");
    if (status != STATUS_OK) {
        rpc_server_free(server);
        return status;
    }
    *ret_server = server;
    return STATUS_OK;
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

static int listen_on(const struct rpc_server *server, const char *url, nng_listener *ret_listener)
{
    nng_listener listener;
    int rc = nng_listener_create(&listener, server->socket, url);
    if (rc != 0) {
        return rc;
    }
    rc = nng_listener_set_size(listener, NNG_OPT_RECVMAXSZ, RPC_TRANSPORT_BYTES_MAX);
    rc = rc == NNG_ENOTSUP ? 0 : rc; /* inproc has no limit: the router looks at the size */
    if (rc == 0 && rpc_nng_url_path(url) != NULL) {
        rc = nng_listener_set_int(listener, NNG_OPT_IPC_PERMISSIONS, IPC_PERMISSIONS);
    }
    if (rc == 0) {
        rc = nng_listener_start(listener, 0);
    }
    if (rc != 0) {
        nng_listener_close(listener);
        return rc;
    }
    *ret_listener = listener;
    return 0;
}

/* The url with the port that was taken. */
static void url_of(nng_listener listener, const char *url, char *ret_url)
{
    int port = 0;
    if (nng_listener_get_int(listener, NNG_OPT_TCP_BOUND_PORT, &port) == 0) {
        snprintf(ret_url, URL_BYTES, "%.*s:%d", (int)(strrchr(url, ':') - url), url, port);
    } else {
        snprintf(ret_url, URL_BYTES, "%s", url);
    }
}

enum status rpc_server_listen(struct rpc_server *server, const char *url, char *ret_url,
                              struct error *err)
{
    enum status status = rpc_nng_url_check(url, err);
    if (status == STATUS_OK && rpc_nng_url_path(url) != NULL) {
        status = remove_stale(rpc_nng_url_path(url), err);
    }
    if (status != STATUS_OK) {
        return status;
    }
    if (server->listener_count == LISTENERS_MAX) {
        return error_set(err, STATUS_RESOURCE_EXHAUSTED, NULL, "at most %d listeners",
                         LISTENERS_MAX);
    }
    nng_listener listener;
    int rc = listen_on(server, url, &listener);
    if (rc != 0) {
        char what[URL_BYTES + 16];
        snprintf(what, sizeof(what), "listen on %s", url);
        return rpc_nng_error(err, rc, what);
    }
    server->listener_count++;
    if (ret_url != NULL) {
        url_of(listener, url, ret_url);
    }
    return STATUS_OK;
}

enum status rpc_server_start(struct rpc_server *server, struct error *err)
{
    if (server->started) {
        return error_set(err, STATUS_FAILED_PRECONDITION, NULL, "the server was started before");
    }
    server->started = true;
    pthread_mutex_lock(&server->lock);
    server->active = server->worker_count;
    pthread_mutex_unlock(&server->lock);
    for (size_t i = 0; i < server->worker_count; i++) {
        struct worker *worker = &server->workers[i];
        pthread_mutex_lock(&worker->lock);
        bool receive = worker_next(worker);
        pthread_mutex_unlock(&worker->lock);
        if (receive) {
            worker_receive(worker);
        }
    }
    return STATUS_OK;
}

static void wait_until_idle(struct rpc_server *server, uint32_t timeout_ms)
{
    struct timespec until;
    CHECK(clock_gettime(CLOCK_MONOTONIC, &until) == 0);
    until.tv_sec += timeout_ms / 1000;
    until.tv_nsec += (long)(timeout_ms % 1000) * 1000000;
    if (until.tv_nsec >= 1000000000) {
        until.tv_nsec -= 1000000000;
        until.tv_sec++;
    }
    pthread_mutex_lock(&server->lock);
    while (server->active > 0 &&
           pthread_cond_timedwait(&server->changed, &server->lock, &until) != ETIMEDOUT) {
    }
    pthread_mutex_unlock(&server->lock);
}

void rpc_server_stop(struct rpc_server *server, uint32_t timeout_ms)
{
    if (server->stopped) {
        return;
    }
    server->stopped = true;
    atomic_store(&server->stopping, true);
    /* The listeners stay until the end: closing one would cut its connections, and the answers with
     * them. */
    for (size_t i = 0; i < server->worker_ready; i++) {
        worker_cancel_receive(&server->workers[i]);
    }
    wait_until_idle(server, timeout_ms);
}

/* The last of its owner and the calls that were left open. */
static void server_release(struct rpc_server *server)
{
    if (atomic_fetch_sub(&server->references, 1) > 1) {
        return;
    }
    for (size_t i = 0; i < server->worker_ready; i++) {
        pthread_mutex_destroy(&server->workers[i].lock);
    }
    pthread_rwlock_destroy(&server->gate);
    pthread_cond_destroy(&server->changed);
    pthread_mutex_destroy(&server->lock);
    free(server->workers);
    free(server);
}

static void leave_open_calls(struct rpc_server *server)
{
    pthread_rwlock_wrlock(&server->gate);
    for (size_t i = 0; i < server->worker_ready; i++) {
        struct worker *worker = &server->workers[i];
        pthread_mutex_lock(&worker->lock);
        if (worker->state == WORKER_SERVING) {
            worker->state = WORKER_LEFT;
            atomic_fetch_add(&server->references, 1);
        }
        pthread_mutex_unlock(&worker->lock);
    }
    pthread_rwlock_unlock(&server->gate);
}

void rpc_server_free(struct rpc_server *server)
{
    if (server == NULL) {
        return;
    }
    rpc_server_stop(server, 0);
    /* What is open is left before its aio is stopped; a call that came in until then, after. */
    leave_open_calls(server);
    for (size_t i = 0; i < server->worker_ready; i++) {
        struct worker *worker = &server->workers[i];
        nng_aio_stop(worker->aio); /* waits for the callback */
    }
    leave_open_calls(server);
    for (size_t i = 0; i < server->worker_ready; i++) {
        nng_msg *unsent = nng_aio_get_msg(server->workers[i].aio); /* sent when it was stopped */
        if (unsent != NULL) {
            nng_msg_free(unsent);
        }
        nng_aio_free(server->workers[i].aio);
        nng_ctx_close(server->workers[i].ctx);
    }
    /* Connections end now, which cancels the calls that were left; on return no callback runs. */
    rpc_nng_hold();
    nng_close(server->socket);
    rpc_nng_release();
    server_release(server);
}
