/* The service the RPC tests call, and what most of them need around it. */
#ifndef VAFA_TESTS_RPC_ECHO_SERVICE_H
#define VAFA_TESTS_RPC_ECHO_SERVICE_H

#include "base/loop.h"
#include "rpc/rpc_client.h"
#include "rpc/rpc_nng.h"
#include "rpc/rpc_router.h"
#include "tests/support/memory.h"

#include "echo.pb-c.h"

#include <pthread.h>

/* Methods by number, as in echo.proto. */
enum { ECHO_SAY_BACK = 0, ECHO_PARK_CALL = 1 };

struct echo_parked;

/* The service with its router. */
struct echo {
    struct clock *clock;
    struct metric_registry *metrics;
    struct rpc_router *router;
    _Atomic uint64_t runs;
    pthread_mutex_t lock; /* guards the block below */
    pthread_cond_t changed;
    struct echo_parked *parked;
    size_t parked_count;
    size_t cancelled_count;
};

void echo_init(struct echo *echo, struct clock *clock, size_t calls_max);
void echo_fini(struct echo *echo);
/* Answers all parked calls, from this thread. */
void echo_release(struct echo *echo);
void echo_wait_parked(struct echo *echo, size_t count); /* until so many are parked */
void echo_wait_cancelled(struct echo *echo,
                         size_t count); /* until so many have been cancelled ever */
/* The value of a metric as printed: `line` is the name with its labels. -1: not there. */
int64_t echo_metric(struct echo *echo, const char *line);

/* A loop on a thread of its own. */
struct loop_thread {
    struct loop *loop;
    pthread_t thread;
};

void loop_thread_start(struct loop_thread *it);
void loop_thread_stop(struct loop_thread *it); /* frees the loop */

/* An echo service behind NNG, and a client of it. */
struct rig {
    struct echo echo;
    struct rpc_server *server;
    char url[128];
    struct loop_thread loop;
    struct rpc_client *client;
};

void rig_init(struct rig *rig, const char *url, size_t calls_max);
void rig_fini(struct rig *rig);
struct rpc_server *rig_server(struct echo *echo, const char *url, char *ret_url);
struct rpc_client *rig_client(struct loop *loop, const char *url, size_t in_flight_max);

/* Frees the client on its loop, which runs on another thread. */
void rig_client_free(struct loop *loop, struct rpc_client *client);

/* Calls that wait for their end; `call` is zeroed and filled, and must be ended with
 * rpc_client_call_fini. */
enum status call_say_back(struct rpc_client *client, struct rpc_client_call *call, const char *text,
                          uint32_t deadline_ms);
enum status call_park(struct rpc_client *client, struct rpc_client_call *call,
                      uint32_t deadline_ms);
void call_prepare_say_back(struct rpc_client_call *call, const Echo__SayBackRequest *request,
                           uint32_t deadline_ms);
/* Of a call that is answered: far more than it takes, also where a sanitizer and a busy machine slow it. */
#define ECHO_PATIENCE_MS 60000
/* True: the server answers the same text. */
bool echo_works(struct rpc_client *client);

int64_t test_now_us(void);
/* "ipc:///tmp/vafa-rpc-<pid>-<n>.sock" */
void test_ipc_url(char *ret_url, size_t size);

#endif
