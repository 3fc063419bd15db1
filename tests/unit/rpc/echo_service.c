/* Parking shows how a handler lives with a cancel that may come at any moment: a lock decides who
 * answers. */
#include "echo_service.h"

#include "base/check.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct echo_parked {
    struct echo *echo;
    struct rpc_call *call;
    struct echo_parked *previous;
    struct echo_parked *next;
    bool listed;
    bool cancelled;
};

/* Under the lock. */
static void unlist(struct echo *echo, struct echo_parked *parked)
{
    if (parked->previous != NULL) {
        parked->previous->next = parked->next;
    } else {
        echo->parked = parked->next;
    }
    if (parked->next != NULL) {
        parked->next->previous = parked->previous;
    }
    parked->listed = false;
    echo->parked_count--;
}

static void end_cancelled(struct echo_parked *parked)
{
    struct echo *echo = parked->echo;
    struct error err;
    error_set(&err, STATUS_CANCELLED, NULL, "the caller has gone");
    rpc_call_refuse(parked->call, &err);
    free(parked);
    pthread_mutex_lock(&echo->lock);
    echo->cancelled_count++;
    pthread_cond_broadcast(&echo->changed);
    pthread_mutex_unlock(&echo->lock);
}

static void park_cancelled(struct rpc_call *call, void *context)
{
    (void)call;
    struct echo_parked *parked = context;
    struct echo *echo = parked->echo;
    pthread_mutex_lock(&echo->lock);
    bool mine = parked->listed;
    if (mine) {
        unlist(echo, parked);
    } else {
        parked->cancelled = true; /* whoever has it will see */
    }
    pthread_mutex_unlock(&echo->lock);
    if (mine) {
        end_cancelled(parked);
    }
}

/* The cancel is set first: once the call is listed, another thread may answer it. */
static void park(struct echo *echo, struct rpc_call *call)
{
    struct echo_parked *parked = calloc(1, sizeof(*parked));
    CHECK(parked != NULL);
    parked->echo = echo;
    parked->call = call;
    rpc_call_on_cancel(call, park_cancelled, parked);
    pthread_mutex_lock(&echo->lock);
    bool cancelled = parked->cancelled;
    if (!cancelled) {
        parked->next = echo->parked;
        if (echo->parked != NULL) {
            echo->parked->previous = parked;
        }
        echo->parked = parked;
        parked->listed = true;
        echo->parked_count++;
        pthread_cond_broadcast(&echo->changed);
    }
    pthread_mutex_unlock(&echo->lock);
    if (cancelled) {
        end_cancelled(parked);
    }
}

void echo_release(struct echo *echo)
{
    for (;;) {
        pthread_mutex_lock(&echo->lock);
        struct echo_parked *parked = echo->parked;
        if (parked != NULL) {
            unlist(echo, parked);
        }
        pthread_mutex_unlock(&echo->lock);
        if (parked == NULL) {
            return;
        }
        rpc_call_on_cancel(parked->call, NULL, NULL); /* on return it does not run */
        Echo__ParkCallResponse response = ECHO__PARK_CALL_RESPONSE__INIT;
        response.text = ((const Echo__ParkCallRequest *)rpc_call_request(parked->call))->text;
        rpc_call_answer(parked->call, &response.base, NULL);
        free(parked);
    }
}

static void say_back(struct echo *echo, struct rpc_call *call)
{
    const Echo__SayBackRequest *request = (const Echo__SayBackRequest *)rpc_call_request(call);
    uint64_t runs = atomic_fetch_add(&echo->runs, 1) + 1;
    if (request->refuse_with != 0) {
        struct error err;
        error_set(&err, (enum status)request->refuse_with, "text", "as you wished");
        rpc_call_refuse(call, &err);
        return;
    }
    Echo__SayBackResponse response = ECHO__SAY_BACK_RESPONSE__INIT;
    response.text = request->text;
    response.payload = request->payload;
    response.runs = runs;
    response.left_ms =
        (uint32_t)((rpc_call_deadline_us(call) - clock_mono_us(echo->clock)) / MS_US);
    if (request->answer_bytes > 0) {
        response.payload.len = request->answer_bytes;
        response.payload.data = arena_alloc(rpc_call_arena(call), request->answer_bytes);
        CHECK(response.payload.data != NULL);
    }
    Common__Position position = COMMON__POSITION__INIT;
    position.offset = runs;
    rpc_call_answer(call, &response.base, &position);
}

static void handle(void *context, unsigned method, struct rpc_call *call)
{
    if (method == ECHO_PARK_CALL) {
        park(context, call);
    } else {
        say_back(context, call);
    }
}

void echo_init(struct echo *echo, struct clock *clock, size_t calls_max)
{
    memset(echo, 0, sizeof(*echo));
    echo->clock = clock;
    CHECK(pthread_mutex_init(&echo->lock, NULL) == 0);
    CHECK(pthread_cond_init(&echo->changed, NULL) == 0);
    echo->metrics = metric_registry_new();
    echo->router = rpc_router_new(clock, echo->metrics, "echo", calls_max);
    rpc_router_add(echo->router, &(struct rpc_service){.descriptor = &echo__echo__descriptor,
                                                       .handle = handle,
                                                       .context = echo});
}

void echo_fini(struct echo *echo)
{
    echo_release(echo);
    metric_registry_free(echo->metrics);
    rpc_router_free(echo->router);
    pthread_cond_destroy(&echo->changed);
    pthread_mutex_destroy(&echo->lock);
}

void echo_wait_parked(struct echo *echo, size_t count)
{
    pthread_mutex_lock(&echo->lock);
    while (echo->parked_count < count) {
        pthread_cond_wait(&echo->changed, &echo->lock);
    }
    pthread_mutex_unlock(&echo->lock);
}

void echo_wait_cancelled(struct echo *echo, size_t count)
{
    pthread_mutex_lock(&echo->lock);
    while (echo->cancelled_count < count) {
        pthread_cond_wait(&echo->changed, &echo->lock);
    }
    pthread_mutex_unlock(&echo->lock);
}

int64_t echo_metric(struct echo *echo, const char *line)
{
    struct buffer out = BUFFER_EMPTY;
    metric_print(echo->metrics, &out);
    const char *found = strstr(buffer_text(&out), line);
    int64_t value = found != NULL ? strtoll(found + strlen(line), NULL, 10) : -1;
    buffer_fini(&out);
    return value;
}

static void *loop_thread_run(void *context)
{
    loop_run(context);
    return NULL;
}

void loop_thread_start(struct loop_thread *it)
{
    it->loop = loop_new(clock_system());
    CHECK(pthread_create(&it->thread, NULL, loop_thread_run, it->loop) == 0);
}

void loop_thread_stop(struct loop_thread *it)
{
    loop_stop(it->loop);
    CHECK(pthread_join(it->thread, NULL) == 0);
    loop_free(it->loop);
    it->loop = NULL;
}

struct rpc_server *rig_server(struct echo *echo, const char *url, char *ret_url)
{
    struct rpc_server *server = rpc_server_new(echo->router);
    struct error err = ERROR_NONE;
    CHECK(rpc_server_listen(server, url, ret_url, &err) == STATUS_OK);
    CHECK(rpc_server_start(server, &err) == STATUS_OK);
    return server;
}

struct rpc_client *rig_client(struct loop *loop, const char *url, size_t in_flight_max)
{
    struct rpc_transport *transport = NULL;
    struct error err = ERROR_NONE;
    CHECK(rpc_nng_transport_new(&transport, url, in_flight_max, &err) == STATUS_OK);
    struct rpc_caller caller = {.name = "tests", .role = RPC_ROLE_SERVICE, .unit = "d3"};
    return rpc_client_new(loop, transport, random_system(), &caller);
}

struct farewell {
    struct loop_task task;
    struct rpc_client *client;
    pthread_mutex_t lock;
    pthread_cond_t changed;
    bool over;
};

static void farewell_run(struct loop_task *task)
{
    struct farewell *farewell = (struct farewell *)task;
    rpc_client_free(farewell->client);
    pthread_mutex_lock(&farewell->lock);
    farewell->over = true;
    pthread_cond_signal(&farewell->changed);
    pthread_mutex_unlock(&farewell->lock);
}

void rig_client_free(struct loop *loop, struct rpc_client *client)
{
    struct farewell farewell = {.task.run = farewell_run,
                                .client = client,
                                .lock = PTHREAD_MUTEX_INITIALIZER,
                                .changed = PTHREAD_COND_INITIALIZER};
    loop_post(loop, &farewell.task);
    pthread_mutex_lock(&farewell.lock);
    while (!farewell.over) {
        pthread_cond_wait(&farewell.changed, &farewell.lock);
    }
    pthread_mutex_unlock(&farewell.lock);
}

void rig_init(struct rig *rig, const char *url, size_t calls_max)
{
    echo_init(&rig->echo, clock_system(), calls_max);
    rig->server = rig_server(&rig->echo, url, rig->url);
    loop_thread_start(&rig->loop);
    rig->client = rig_client(rig->loop.loop, rig->url, 2048);
}

/* The client goes when its loop has stopped, but before the loop is freed. */
void rig_fini(struct rig *rig)
{
    loop_stop(rig->loop.loop);
    CHECK(pthread_join(rig->loop.thread, NULL) == 0);
    rpc_client_free(rig->client);
    loop_free(rig->loop.loop);
    echo_release(&rig->echo);
    rpc_server_stop(rig->server, 5000);
    rpc_server_free(rig->server);
    echo_fini(&rig->echo);
}

void call_prepare_say_back(struct rpc_client_call *call, const Echo__SayBackRequest *request,
                           uint32_t deadline_ms)
{
    memset(call, 0, sizeof(*call));
    call->service = &echo__echo__descriptor;
    call->method = ECHO_SAY_BACK;
    call->request = &request->base;
    call->deadline_ms = deadline_ms;
}

enum status call_say_back(struct rpc_client *client, struct rpc_client_call *call, const char *text,
                          uint32_t deadline_ms)
{
    Echo__SayBackRequest request = ECHO__SAY_BACK_REQUEST__INIT;
    request.text = (char *)text;
    call_prepare_say_back(call, &request, deadline_ms);
    return rpc_client_wait(client, call);
}

enum status call_park(struct rpc_client *client, struct rpc_client_call *call, uint32_t deadline_ms)
{
    Echo__ParkCallRequest request = ECHO__PARK_CALL_REQUEST__INIT;
    memset(call, 0, sizeof(*call));
    call->service = &echo__echo__descriptor;
    call->method = ECHO_PARK_CALL;
    call->request = &request.base;
    call->deadline_ms = deadline_ms;
    return rpc_client_wait(client, call);
}

bool echo_works(struct rpc_client *client)
{
    struct rpc_client_call call;
    enum status status = call_say_back(client, &call, "سلام", ECHO_PATIENCE_MS);
    bool works = status == STATUS_OK &&
                 strcmp(((const Echo__SayBackResponse *)call.response)->text, "سلام") == 0;
    if (!works) {
        fprintf(stderr, "echo: %s: %s after %u attempts\n", status_name(status), call.error.message,
                call.attempts);
    }
    rpc_client_call_fini(&call);
    return works;
}

int64_t test_now_us(void)
{
    return clock_mono_us(clock_system());
}

void test_ipc_url(char *ret_url, size_t size)
{
    static unsigned count;
    snprintf(ret_url, size, "ipc:///tmp/vafa-rpc-%d-%u.sock", (int)getpid(), count++);
}
