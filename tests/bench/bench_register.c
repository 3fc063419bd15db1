/* Registers requests with a running server, as a front-end does, with so many calls in flight. */
#include "base/check.h"
#include "clients/libvafa/vafa.h"
#include "tests/bench/bench.h"
#include "tests/bench/bench_content.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

struct run {
    struct vafa *vafa;
    uint64_t count;
    atomic_uint_fast64_t begun;
    struct bench_request *requests; /* made beforehand: making them is no part of it */
    int64_t *latencies_us;
    pthread_mutex_t lock; /* guards the block below */
    pthread_cond_t changed;
    uint64_t in_flight;
};

/* One call after another. */
struct lane {
    struct run *run;
    struct vafa_call call;
    uint64_t number;
    int64_t begun_us;
};

static void lane_ended(struct run *run)
{
    pthread_mutex_lock(&run->lock);
    run->in_flight--;
    pthread_cond_signal(&run->changed);
    pthread_mutex_unlock(&run->lock);
}

static void registered(struct vafa_call *call);

static void lane_next(struct lane *lane)
{
    struct run *run = lane->run;
    lane->number = atomic_fetch_add(&run->begun, 1);
    if (lane->number >= run->count) {
        lane_ended(run);
        return;
    }
    lane->call = (struct vafa_call){.service = &intake__intake__descriptor,
                                    .method = "RegisterCase",
                                    .request = &run->requests[lane->number].request.base,
                                    .done = registered,
                                    .context = lane};
    lane->begun_us = bench_now_us();
    vafa_call_start(run->vafa, &lane->call);
}

static void registered(struct vafa_call *call)
{
    struct lane *lane = call->context;
    if (call->error.status != STATUS_OK) {
        bench_fail("a registration failed: %s: %s", status_name(call->error.status),
                   call->error.message);
    }
    lane->run->latencies_us[lane->number] = bench_now_us() - lane->begun_us;
    vafa_call_fini(call);
    lane_next(lane);
}

static int64_t run_lanes(struct run *run, struct lane *lanes, uint64_t in_flight)
{
    int64_t begun_us = bench_now_us();
    run->in_flight = in_flight;
    for (uint64_t i = 0; i < in_flight; i++) {
        lanes[i].run = run;
        lane_next(&lanes[i]);
    }
    pthread_mutex_lock(&run->lock);
    while (run->in_flight > 0) {
        pthread_cond_wait(&run->changed, &run->lock);
    }
    pthread_mutex_unlock(&run->lock);
    return bench_now_us() - begun_us;
}

static struct bench_request *make_requests(uint64_t count)
{
    struct bench_request *requests = calloc(count, sizeof(*requests));
    CHECK(requests != NULL);
    for (uint64_t n = 0; n < count; n++) {
        bench_request_make(&requests[n], n);
    }
    return requests;
}

static struct vafa *open_client(const char *data)
{
    struct vafa_options options = {
        .data = data, .role = RPC_ROLE_FRONT_END, .name = "bench", .deadline_ms = 30000};
    struct vafa *vafa;
    struct error err;
    if (vafa_open(&vafa, &options, &err) != STATUS_OK) {
        bench_fail("%s", err.message);
    }
    return vafa;
}

/* The connection is made by the first call, which is not counted. */
static void connect_first(struct vafa *vafa)
{
    Intake__GetCaseRequest request = INTAKE__GET_CASE_REQUEST__INIT;
    struct vafa_call call = {
        .service = &intake__intake__descriptor, .method = "GetCase", .request = &request.base};
    (void)vafa_call_wait(vafa, &call); /* refused: there is no such code */
    vafa_call_fini(&call);
}

int main(int argc, char **argv)
{
    const char *data = NULL;
    uint64_t in_flight = 64, count = 20000;
    const struct bench_option options[] = {
        {.name = "--data", .help = "data folder of the server", .ret_text = &data},
        {.name = "--in-flight",
         .help = "calls at once, at most 1,024; default 64",
         .ret_number = &in_flight},
        {.name = "--count", .help = "registrations; default 20,000", .ret_number = &count},
        {0},
    };
    bench_options_read(argc, argv,
                       "Registers requests with a running server and prints the rate as JSON.",
                       options);
    if (data == NULL || in_flight > BENCH_IN_FLIGHT_MAX) {
        bench_fail("--data is needed, and --in-flight is at most %d", BENCH_IN_FLIGHT_MAX);
    }
    struct run run = {.vafa = open_client(data), .count = count, .requests = make_requests(count)};
    struct lane *lanes = calloc(in_flight, sizeof(*lanes));
    run.latencies_us = calloc(count, sizeof(*run.latencies_us));
    CHECK(lanes != NULL && run.latencies_us != NULL);
    CHECK(pthread_mutex_init(&run.lock, NULL) == 0);
    CHECK(pthread_cond_init(&run.changed, NULL) == 0);
    connect_first(run.vafa);
    int64_t took_us = run_lanes(&run, lanes, in_flight);
    bench_print(count, took_us, run.latencies_us, count);
    vafa_close(run.vafa);
    pthread_cond_destroy(&run.changed);
    pthread_mutex_destroy(&run.lock);
    free(run.latencies_us);
    free(run.requests);
    free(lanes);
    return EXIT_SUCCESS;
}
