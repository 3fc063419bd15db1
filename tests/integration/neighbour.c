#include "tests/integration/neighbour.h"

#include "base/check.h"
#include "clients/libvafa/vafa.h"

#include "vafa/health/v1/health.pb-c.h"
#include "vafa/intake/v1/intake.pb-c.h"

#include <inttypes.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define DEADLINE_MS 60000

struct neighbour {
    struct vafa *vafa;
    pthread_t thread;
    int64_t slowest_us;   /* the thread's own while it runs */
    pthread_mutex_t lock; /* guards the block below */
    pthread_cond_t changed;
    bool over;
    uint64_t rounds;
    struct error failed; /* the first call that did */
};

static bool call(struct neighbour *n, struct vafa_call *call)
{
    int64_t before_us = clock_mono_us(clock_system());
    call->once = true;
    call->deadline_ms = DEADLINE_MS;
    if (vafa_call_wait(n->vafa, call) != STATUS_OK) {
        pthread_mutex_lock(&n->lock);
        error_set(&n->failed, call->error.status, call->error.field, "%s: %s", call->method,
                  call->error.message);
        pthread_mutex_unlock(&n->lock);
        vafa_call_fini(call);
        return false;
    }
    int64_t took_us = clock_mono_us(clock_system()) - before_us;
    n->slowest_us = took_us > n->slowest_us ? took_us : n->slowest_us;
    return true;
}

static bool register_and_read(struct neighbour *n)
{
    uint8_t key[UUID_BYTES];
    char code[32];
    Intake__RegisterCaseRequest request = INTAKE__REGISTER_CASE_REQUEST__INIT;
    Common__Place place = COMMON__PLACE__INIT;
    request.idempotency_key = vafa_new_key(key);
    request.channel = COMMON__CHANNEL__CHANNEL_PHONE;
    request.topic = "asphalt";
    request.place = &place;
    place.area = "5";
    struct vafa_call made = {
        .service = &intake__intake__descriptor, .method = "RegisterCase", .request = &request.base};
    if (!call(n, &made)) {
        return false;
    }
    snprintf(code, sizeof(code), "%s", ((const Intake__RegisterCaseResponse *)made.response)->code);
    vafa_call_fini(&made);

    Intake__GetCaseRequest get = INTAKE__GET_CASE_REQUEST__INIT;
    get.code = code;
    struct vafa_call got = {
        .service = &intake__intake__descriptor, .method = "GetCase", .request = &get.base};
    if (!call(n, &got)) {
        return false;
    }
    vafa_call_fini(&got);
    return true;
}

static bool ask_health(struct neighbour *n, Common__ServiceId service)
{
    Health__CheckHealthRequest request = HEALTH__CHECK_HEALTH_REQUEST__INIT;
    struct vafa_call asked = {.to = service,
                              .service = &health__health__descriptor,
                              .method = "CheckHealth",
                              .request = &request.base};
    if (!call(n, &asked)) {
        return false;
    }
    const Health__CheckHealthResponse *response = (const void *)asked.response;
    bool serving = response->state == HEALTH__SERVING_STATE__SERVING_STATE_SERVING;
    if (!serving) {
        pthread_mutex_lock(&n->lock);
        error_set(&n->failed, STATUS_INTERNAL, NULL, "service %d does not serve wholly: %s",
                  (int)service, response->reason);
        pthread_mutex_unlock(&n->lock);
    }
    vafa_call_fini(&asked);
    return serving;
}

static void *live(void *context)
{
    struct neighbour *n = context;
    bool good = true;
    while (good) {
        good = register_and_read(n);
        for (int i = COMMON__SERVICE_ID__SERVICE_ID_INTAKE;
             good && i <= COMMON__SERVICE_ID__SERVICE_ID_REPORT; i++) {
            good = ask_health(n, (Common__ServiceId)i);
        }
        pthread_mutex_lock(&n->lock);
        n->rounds += good;
        n->over = n->over || !good;
        good = !n->over;
        pthread_cond_broadcast(&n->changed);
        pthread_mutex_unlock(&n->lock);
    }
    return NULL;
}

struct neighbour *neighbour_new(const char *data)
{
    struct neighbour *n = calloc(1, sizeof(*n));
    struct error err = ERROR_NONE;
    CHECK(n != NULL);
    CHECK(pthread_mutex_init(&n->lock, NULL) == 0 && pthread_cond_init(&n->changed, NULL) == 0);
    const struct vafa_options options = {
        .data = data, .role = RPC_ROLE_FRONT_END, .name = "neighbour"};
    if (vafa_open(&n->vafa, &options, &err) != STATUS_OK) {
        fail_msg("%s", err.message);
    }
    CHECK(pthread_create(&n->thread, NULL, live, n) == 0);
    neighbour_expect(n, 1);
    return n;
}

void neighbour_expect(struct neighbour *n, uint64_t rounds)
{
    pthread_mutex_lock(&n->lock);
    uint64_t until = n->rounds + rounds;
    while (n->rounds < until && n->failed.status == STATUS_OK) {
        pthread_cond_wait(&n->changed, &n->lock);
    }
    struct error failed = n->failed;
    pthread_mutex_unlock(&n->lock);
    if (failed.status != STATUS_OK) {
        fail_msg("a well-behaved call failed: %s: %s", status_name(failed.status), failed.message);
    }
}

void neighbour_free(struct neighbour *n)
{
    pthread_mutex_lock(&n->lock);
    n->over = true;
    pthread_mutex_unlock(&n->lock);
    CHECK(pthread_join(n->thread, NULL) == 0);
    struct error failed = n->failed;
    printf("           %" PRIu64 " rounds beside it, the slowest call %.0f ms\n", n->rounds,
           (double)n->slowest_us / 1000);
    vafa_close(n->vafa);
    (void)pthread_cond_destroy(&n->changed);
    (void)pthread_mutex_destroy(&n->lock);
    free(n);
    if (failed.status != STATUS_OK) {
        fail_msg("a well-behaved call failed: %s: %s", status_name(failed.status), failed.message);
    }
}
