/* The lane: everything that was taken is run, what is too much is refused. */
#include "service/lane.h"

#include "base/check.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdbool.h>

#define JOBS 500

struct work {
    struct lane_job job; /* first */
    pthread_mutex_t *lock;
    pthread_cond_t *changed;
    unsigned *running;
    unsigned *ran;
    bool *open; /* jobs wait for it; NULL: they do not */
};

static void run_work(struct lane_job *job)
{
    struct work *work = (struct work *)job;
    pthread_mutex_lock(work->lock);
    ++*work->running;
    pthread_cond_broadcast(work->changed);
    while (work->open != NULL && !*work->open) {
        pthread_cond_wait(work->changed, work->lock);
    }
    --*work->running;
    ++*work->ran;
    pthread_cond_broadcast(work->changed);
    pthread_mutex_unlock(work->lock);
}

static void runs_all_that_it_took_before_it_stops(void **state)
{
    (void)state;
    pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
    pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
    unsigned running = 0, ran = 0;
    static struct work works[JOBS];
    struct lane *lane;
    assert_int_equal(lane_new(&lane, 3, JOBS, NULL), STATUS_OK);
    for (int i = 0; i < JOBS; i++) {
        works[i] = (struct work){{.run = run_work}, &lock, &changed, &running, &ran, NULL};
        assert_int_equal(lane_submit(lane, &works[i].job, NULL), STATUS_OK);
    }
    lane_stop(lane);
    assert_int_equal(ran, JOBS);
    struct error err;
    assert_int_equal(lane_submit(lane, &works[0].job, &err), STATUS_UNAVAILABLE);
    lane_free(lane);
    lane_free(NULL);
}

static void runs_several_at_once_and_refuses_what_is_too_much(void **state)
{
    (void)state;
    pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
    pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
    unsigned running = 0, ran = 0;
    bool open = false;
    struct work works[6];
    struct lane *lane;
    struct error err;
    assert_int_equal(lane_new(&lane, 2, 3, NULL), STATUS_OK);
    for (int i = 0; i < 6; i++) {
        works[i] = (struct work){{.run = run_work}, &lock, &changed, &running, &ran, &open};
    }
    for (int i = 0; i < 2; i++) {
        assert_int_equal(lane_submit(lane, &works[i].job, NULL), STATUS_OK);
    }
    pthread_mutex_lock(&lock);
    while (running < 2) {
        pthread_cond_wait(&changed, &lock);
    }
    pthread_mutex_unlock(&lock);
    for (int i = 2; i < 5; i++) {
        assert_int_equal(lane_submit(lane, &works[i].job, NULL), STATUS_OK);
    }
    assert_int_equal(lane_submit(lane, &works[5].job, &err), STATUS_RESOURCE_EXHAUSTED);
    pthread_mutex_lock(&lock);
    open = true;
    pthread_cond_broadcast(&changed);
    pthread_mutex_unlock(&lock);
    lane_free(lane);
    assert_int_equal(ran, 5);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(runs_all_that_it_took_before_it_stops),
        cmocka_unit_test(runs_several_at_once_and_refuses_what_is_too_much),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    return failed;
}
