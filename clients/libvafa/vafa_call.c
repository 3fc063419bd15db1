/* Calls: a knock at a service not met before, attempts until one counts or patience is over, and
 * windows that bound how many are under way. */
#include "clients/libvafa/vafa_internal.h"

#include "base/check.h"
#include "service/service.h"

#include "vafa/feedback/v1/feedback.pb-c.h"
#include "vafa/followup/v1/followup.pb-c.h"
#include "vafa/health/v1/health.pb-c.h"
#include "vafa/intake/v1/intake.pb-c.h"
#include "vafa/report/v1/report.pb-c.h"
#include "vafa/routing/v1/routing.pb-c.h"

#include <stdlib.h>
#include <string.h>

/* --- windows --- */

struct vafa_window {
    size_t size;
    pthread_mutex_t lock; /* guards in_flight */
    pthread_cond_t changed;
    size_t in_flight;
};

struct vafa_window *vafa_window_new(size_t size)
{
    CHECK(size >= 1 && size <= VAFA_WINDOW_MAX);
    struct vafa_window *window = calloc(1, sizeof(*window));
    CHECK(window != NULL);
    window->size = size;
    CHECK(pthread_mutex_init(&window->lock, NULL) == 0);
    CHECK(pthread_cond_init(&window->changed, NULL) == 0);
    return window;
}

static void window_enter(struct vafa_window *window)
{
    pthread_mutex_lock(&window->lock);
    while (window->in_flight == window->size) {
        pthread_cond_wait(&window->changed, &window->lock);
    }
    window->in_flight++;
    pthread_mutex_unlock(&window->lock);
}

static void window_leave(struct vafa_window *window)
{
    pthread_mutex_lock(&window->lock);
    window->in_flight--;
    pthread_cond_broadcast(&window->changed);
    pthread_mutex_unlock(&window->lock);
}

void vafa_window_drain(struct vafa_window *window)
{
    pthread_mutex_lock(&window->lock);
    while (window->in_flight > 0) {
        pthread_cond_wait(&window->changed, &window->lock);
    }
    pthread_mutex_unlock(&window->lock);
}

void vafa_window_free(struct vafa_window *window)
{
    if (window == NULL) {
        return;
    }
    vafa_window_drain(window);
    pthread_cond_destroy(&window->changed);
    pthread_mutex_destroy(&window->lock);
    free(window);
}

/* --- calls --- */

static Common__ServiceId service_of(const struct vafa_call *call)
{
    static const struct {
        const ProtobufCServiceDescriptor *service;
        Common__ServiceId id;
    } own[] = {
        {&intake__intake__descriptor, COMMON__SERVICE_ID__SERVICE_ID_INTAKE},
        {&routing__routing__descriptor, COMMON__SERVICE_ID__SERVICE_ID_ROUTING},
        {&followup__followup__descriptor, COMMON__SERVICE_ID__SERVICE_ID_FOLLOWUP},
        {&feedback__feedback__descriptor, COMMON__SERVICE_ID__SERVICE_ID_FEEDBACK},
        {&report__report__descriptor, COMMON__SERVICE_ID__SERVICE_ID_REPORT},
    };
    for (size_t i = 0; i < sizeof(own) / sizeof(own[0]); i++) {
        if (call->to == 0 && call->service == own[i].service) {
            return own[i].id;
        }
    }
    return call->to;
}

static unsigned method_of(const ProtobufCServiceDescriptor *service, const char *name)
{
    const ProtobufCMethodDescriptor *method =
        protobuf_c_service_descriptor_get_method_by_name(service, name);
    CHECK(method != NULL);
    return (unsigned)(method - service->methods);
}

/* The end. The call may be gone after `done`. */
static void call_end(struct vafa_call *call)
{
    struct vafa_window *window = call->window;
    call->done(call);
    if (window != NULL) {
        window_leave(window);
    }
}

static void attempt_done(struct rpc_client_call *rpc);

/* An attempt outlasts neither the caller's patience nor the program's end. */
static uint32_t attempt_ms(const struct vafa_call *call)
{
    const struct vafa *vafa = call->vafa;
    uint32_t deadline_ms = call->deadline_ms != 0 ? call->deadline_ms : vafa->deadline_ms;
    deadline_ms = vafa_ms_left(vafa, call->until_us, deadline_ms);
    return vafa_ms_left(vafa, atomic_load(&vafa->end_us), deadline_ms);
}

static void attempt(struct vafa_call *call)
{
    call->rpc = (struct rpc_client_call){
        .service = call->service,
        .method = method_of(call->service, call->method),
        .request = call->request,
        .deadline_ms = attempt_ms(call),
        .at_least_count = call->at_least_count,
        .done = attempt_done,
        .context = call,
    };
    memcpy(call->rpc.at_least, call->at_least, sizeof(call->at_least));
    rpc_client_start(call->client, &call->rpc);
}

/* What a server that restarts, is busy or has no room says. */
static bool may_pass(enum status status)
{
    return status == STATUS_UNAVAILABLE || status == STATUS_DEADLINE_EXCEEDED ||
           status == STATUS_RESOURCE_EXHAUSTED || status == STATUS_ABORTED;
}

/* These fields tell that there is no such place (vafa_open): no server may say so. */
static void keep_own_fields(struct error *said)
{
    if (strcmp(said->field, "connect") == 0 || strcmp(said->field, "data") == 0) {
        said->field[0] = '\0';
    }
}

static void attempt_done(struct rpc_client_call *rpc)
{
    struct vafa_call *call = rpc->context;
    struct loop *loop = call->vafa->loop;
    int64_t end_us = atomic_load(&call->vafa->end_us);
    int64_t again_us = loop_mono_us(loop) + VAFA_AGAIN_US;
    if (may_pass(rpc->error.status) && again_us < call->until_us &&
        (end_us == 0 || again_us < end_us)) {
        rpc_client_call_fini(rpc);
        loop_timer_set(loop, &call->again, VAFA_AGAIN_US);
        return;
    }
    call->error = rpc->error;
    keep_own_fields(&call->error);
    call->response = rpc->response;
    call->position = rpc->position.service != 0 ? &rpc->position : NULL;
    call_end(call);
}

/* --- knocking --- */

static void say_nobody(struct vafa_call *call)
{
    const char *service = service_name(service_of(call));
    const char *data = call->vafa->data;
    if (data != NULL) {
        error_set(&call->error, STATUS_UNAVAILABLE, service,
                  "no server answers on %s: start one with `vafad --data %s`", data, data);
    } else {
        error_set(&call->error, STATUS_UNAVAILABLE, service, "no server answers on %s",
                  call->vafa->connect);
    }
}

static void knocked(struct rpc_client_call *rpc)
{
    struct vafa_call *call = rpc->context;
    bool nobody = rpc->error.status == STATUS_UNAVAILABLE;
    rpc_client_call_fini(rpc);
    if (nobody) {
        say_nobody(call);
        call_end(call);
    } else { /* somebody is there, even if too busy to say so */
        atomic_store(&call->vafa->reached[service_of(call)], true);
        attempt(call);
    }
}

/* A call of its own, so that a call's whole deadline need not pass before it is known that there is
 * no server; a server that is just being started again is still found. */
static void knock(struct vafa_call *call)
{
    static const Health__CheckHealthRequest request = HEALTH__CHECK_HEALTH_REQUEST__INIT;
    const struct vafa *vafa = call->vafa;
    call->rpc = (struct rpc_client_call){
        .service = &health__health__descriptor,
        .method = method_of(&health__health__descriptor, "CheckHealth"),
        .request = &request.base,
        .deadline_ms = vafa_ms_left(vafa, atomic_load(&vafa->end_us), vafa->knock_ms),
        .done = knocked,
        .context = call,
    };
    rpc_client_start(call->client, &call->rpc);
}

/* Time for the next attempt; or there was no connection to be made at all. */
static void again_expired(struct loop_timer *timer)
{
    struct vafa_call *call =
        (struct vafa_call *)((char *)timer - offsetof(struct vafa_call, again));
    if (call->client == NULL) {
        call_end(call);
    } else {
        attempt(call);
    }
}

void vafa_call_start(struct vafa *vafa, struct vafa_call *call)
{
    uint32_t patience_ms = call->patience_ms != 0 ? call->patience_ms : vafa->patience_ms;
    CHECK(call->at_least_count <= VAFA_AT_LEAST_MAX);
    if (call->window != NULL) {
        window_enter(call->window);
    }
    call->vafa = vafa;
    call->error = ERROR_NONE;
    call->response = NULL;
    call->position = NULL;
    call->client = NULL;
    call->again = (struct loop_timer){.expired = again_expired};
    call->until_us =
        patience_ms != 0 && !call->once ? loop_mono_us(vafa->loop) + patience_ms * MS_US : 0;
    Common__ServiceId service = service_of(call);
    if (vafa_client_of(vafa, service, &call->client, &call->error) != STATUS_OK) {
        loop_timer_set(vafa->loop, &call->again, 0);
    } else if (vafa->knock_ms != 0 && call->until_us == 0 &&
               !atomic_load(&vafa->reached[service])) {
        knock(call);
    } else {
        attempt(call);
    }
}

/* --- for callers that wait --- */

struct waiter {
    struct loop_timer timer; /* of a pause */
    pthread_mutex_t lock;
    pthread_cond_t changed;
    bool over;
};

static void waiter_init(struct waiter *waiter)
{
    *waiter = (struct waiter){.over = false};
    CHECK(pthread_mutex_init(&waiter->lock, NULL) == 0);
    CHECK(pthread_cond_init(&waiter->changed, NULL) == 0);
}

static void waiter_end(struct waiter *waiter)
{
    pthread_mutex_lock(&waiter->lock);
    waiter->over = true;
    pthread_cond_signal(&waiter->changed);
    pthread_mutex_unlock(&waiter->lock);
}

static void waiter_wait(struct waiter *waiter)
{
    pthread_mutex_lock(&waiter->lock);
    while (!waiter->over) {
        pthread_cond_wait(&waiter->changed, &waiter->lock);
    }
    pthread_mutex_unlock(&waiter->lock);
    pthread_cond_destroy(&waiter->changed);
    pthread_mutex_destroy(&waiter->lock);
}

static void waiter_done(struct vafa_call *call)
{
    waiter_end(call->context);
}

enum status vafa_call_wait(struct vafa *vafa, struct vafa_call *call)
{
    struct waiter waiter;
    void (*done)(struct vafa_call *) = call->done;
    void *context = call->context;
    waiter_init(&waiter);
    call->done = waiter_done;
    call->context = &waiter;
    vafa_call_start(vafa, call);
    waiter_wait(&waiter);
    call->done = done;
    call->context = context;
    return call->error.status;
}

static void pause_expired(struct loop_timer *timer)
{
    waiter_end((struct waiter *)((char *)timer - offsetof(struct waiter, timer)));
}

void vafa_pause(struct vafa *vafa, int64_t us)
{
    struct waiter waiter;
    waiter_init(&waiter);
    waiter.timer.expired = pause_expired;
    loop_timer_set(vafa->loop, &waiter.timer, us);
    waiter_wait(&waiter);
}

void vafa_call_fini(struct vafa_call *call)
{
    rpc_client_call_fini(&call->rpc);
    call->response = NULL;
    call->position = NULL;
}

ProtobufCBinaryData vafa_new_key(uint8_t storage[UUID_BYTES])
{
    uuid7_make(random_system(), clock_wall_us(clock_system()), storage);
    return (ProtobufCBinaryData){UUID_BYTES, storage};
}
