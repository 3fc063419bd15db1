/* A call that is waited for: for programs with threads. */
#include "rpc/rpc_client.h"

#include "base/check.h"

#include <pthread.h>

struct waiter {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    bool over;
};

static void waiter_done(struct rpc_client_call *call)
{
    struct waiter *waiter = call->context;
    pthread_mutex_lock(&waiter->lock);
    waiter->over = true;
    pthread_cond_signal(&waiter->changed);
    pthread_mutex_unlock(&waiter->lock);
}

enum status rpc_client_wait(struct rpc_client *client, struct rpc_client_call *call)
{
    struct waiter waiter = {.over = false};
    CHECK(pthread_mutex_init(&waiter.lock, NULL) == 0);
    CHECK(pthread_cond_init(&waiter.changed, NULL) == 0);
    void (*done)(struct rpc_client_call *) = call->done;
    void *context = call->context;
    call->done = waiter_done;
    call->context = &waiter;
    rpc_client_start(client, call);
    pthread_mutex_lock(&waiter.lock);
    while (!waiter.over) {
        pthread_cond_wait(&waiter.changed, &waiter.lock);
    }
    pthread_mutex_unlock(&waiter.lock);
    call->done = done;
    call->context = context;
    pthread_cond_destroy(&waiter.changed);
    pthread_mutex_destroy(&waiter.lock);
    return call->error.status;
}
