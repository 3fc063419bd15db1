/*
 * From "registered" to the office: requests are registered at a steady rate with a running vafad,
 * all for one office, which follows its tasks. Measured from the moment the front-end has its
 * answer to the moment the office has the task, and from the beginning of the call.
 */
#include "base/check.h"
#include "clients/libvafa/vafa.h"
#include "tests/bench/bench.h"
#include "tests/bench/bench_content.h"

#include "vafa/routing/v1/routing.pb-c.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define TOPIC "asphalt"
#define AREA "3"
#define UNIT "district-3-civil"
#define LAST_WAIT_US (10 * SECOND_US)

/* What is known of a request by its number. */
struct moment {
    _Atomic int64_t begun_us;
    _Atomic int64_t registered_us;
    _Atomic int64_t arrived_us;
};

struct run {
    struct vafa *desk;
    struct vafa *office;
    struct moment *moments;
    uint64_t count;
    atomic_uint_fast64_t registered;
    atomic_uint_fast64_t arrived;

    Routing__FollowTasksRequest request;
    struct vafa_call follow;
};

struct registration {
    struct run *run;
    struct vafa_call call;
    struct bench_request content;
    int64_t begun_us;
};

/* --- the office --- */

static void followed(struct vafa_call *call);

static void follow_on(struct run *run)
{
    run->follow = (struct vafa_call){.service = &routing__routing__descriptor,
                                     .method = "FollowTasks",
                                     .request = &run->request.base,
                                     .deadline_ms = 20000,
                                     .done = followed,
                                     .context = run};
    vafa_call_start(run->office, &run->follow);
}

static void followed(struct vafa_call *call)
{
    struct run *run = call->context;
    int64_t now_us = bench_now_us();
    if (call->error.status != STATUS_OK) {
        bench_fail("following: %s: %s", status_name(call->error.status), call->error.message);
    }
    const Routing__FollowTasksResponse *response =
        (const Routing__FollowTasksResponse *)call->response;
    for (size_t i = 0; i < response->n_changes; i++) {
        uint64_t number = response->changes[i]->task->case_number;
        CHECK(number >= 1 && number <= run->count);
        atomic_store(&run->moments[number - 1].arrived_us, now_us);
        atomic_fetch_add(&run->arrived, 1);
    }
    run->request.after = response->next;
    vafa_call_fini(call);
    if (atomic_load(&run->arrived) < run->count) {
        follow_on(run);
    }
}

/* --- the desk --- */

static void registered(struct vafa_call *call)
{
    struct registration *registration = call->context;
    int64_t now_us = bench_now_us();
    if (call->error.status != STATUS_OK) {
        bench_fail("registering: %s: %s", status_name(call->error.status), call->error.message);
    }
    uint64_t number = ((const Intake__RegisterCaseResponse *)call->response)->number;
    CHECK(number >= 1 && number <= registration->run->count);
    struct moment *moment = &registration->run->moments[number - 1];
    atomic_store(&moment->begun_us, registration->begun_us);
    atomic_store(&moment->registered_us, now_us);
    vafa_call_fini(call);
    atomic_fetch_add(&registration->run->registered, 1);
    free(registration);
}

static void register_one(struct run *run, uint64_t n)
{
    struct registration *registration = calloc(1, sizeof(*registration));
    CHECK(registration != NULL);
    registration->run = run;
    bench_request_make_for(&registration->content, n, TOPIC, AREA);
    registration->call = (struct vafa_call){.service = &intake__intake__descriptor,
                                            .method = "RegisterCase",
                                            .request = &registration->content.request.base,
                                            .done = registered,
                                            .context = registration};
    registration->begun_us = bench_now_us();
    vafa_call_start(run->desk, &registration->call);
}

static void sleep_until(int64_t until_us)
{
    struct timespec until = {.tv_sec = until_us / SECOND_US,
                             .tv_nsec = until_us % SECOND_US * 1000};
    (void)clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until,
                          NULL); /* woken early: a bit early */
}

/* At a steady rate, whatever the answers do. */
static void register_all(struct run *run, uint64_t rate)
{
    int64_t begun_us = bench_now_us();
    for (uint64_t n = 0; n < run->count; n++) {
        sleep_until(begun_us + (int64_t)(n * 1000000 / rate));
        register_one(run, n);
    }
    int64_t until_us = bench_now_us() + LAST_WAIT_US;
    while (atomic_load(&run->arrived) < run->count || atomic_load(&run->registered) < run->count) {
        if (bench_now_us() > until_us) {
            bench_fail("%" PRIu64 " of %" PRIu64 " tasks never reached the office",
                       run->count - atomic_load(&run->arrived), run->count);
        }
        sleep_until(bench_now_us() + MS_US);
    }
}

/* --- figures --- */

enum from { FROM_BEGUN, FROM_REGISTERED };

static void print_latencies(const char *name, const struct run *run, enum from from, uint64_t skip,
                            const char *end)
{
    int64_t *values = calloc(run->count, sizeof(*values));
    size_t count = 0;
    CHECK(values != NULL);
    for (uint64_t i = skip; i < run->count; i++) {
        const struct moment *moment = &run->moments[i];
        int64_t start_us = from == FROM_BEGUN ? moment->begun_us : moment->registered_us;
        int64_t took_us = moment->arrived_us - start_us;
        values[count++] = took_us > 0
                              ? took_us
                              : 0; /* the office may have it before the desk has read its answer */
    }
    int64_t p50_us = bench_percentile(values, count, 50);
    int64_t p99_us = bench_percentile(values, count, 99);
    int64_t max_us = bench_percentile(values, count, 100);
    printf("\"%s\":{\"p50_us\":%" PRId64 ",\"p99_us\":%" PRId64 ",\"max_us\":%" PRId64 "}%s", name,
           p50_us, p99_us, max_us, end);
    free(values);
}

static struct vafa *open_client(const char *data, enum rpc_role role, const char *unit)
{
    struct vafa_options options = {.data = data, .role = role, .name = "bench", .unit = unit};
    struct vafa *vafa;
    struct error err;
    if (vafa_open(&vafa, &options, &err) != STATUS_OK) {
        bench_fail("%s", err.message);
    }
    return vafa;
}

int main(int argc, char **argv)
{
    const char *data = NULL;
    uint64_t rate = 500, seconds = 5;
    const struct bench_option options[] = {
        {.name = "--data", .help = "data folder of a new vafad", .ret_text = &data},
        {.name = "--rate", .help = "registrations a second; default 500", .ret_number = &rate},
        {.name = "--seconds",
         .help = "how long, after one second that is not counted; default 5",
         .ret_number = &seconds},
        {0},
    };
    bench_options_read(argc, argv,
                       "Measures how soon an office has what a front-end registered; prints JSON.",
                       options);
    if (data == NULL) {
        bench_fail("--data is needed");
    }
    struct run run = {.desk = open_client(data, RPC_ROLE_FRONT_END, NULL),
                      .office = open_client(data, RPC_ROLE_OFFICE, UNIT),
                      .count = rate * (seconds + 1)};
    run.moments = calloc(run.count, sizeof(*run.moments));
    CHECK(run.moments != NULL);
    routing__follow_tasks_request__init(&run.request);
    run.request.unit = (char *)(uintptr_t)UNIT;
    run.request.wait_ms = 10000;
    follow_on(&run);
    register_all(&run, rate);
    vafa_close(run.desk);
    vafa_close(run.office);
    printf("{\"rate\":%" PRIu64 ",\"count\":%" PRIu64 ",", rate, run.count - rate);
    print_latencies("from_answer", &run, FROM_REGISTERED, rate, ",");
    print_latencies("from_call", &run, FROM_BEGUN, rate, "}\n");
    free(run.moments);
    return EXIT_SUCCESS;
}
