/* Tasks and timers in order, from any thread, on real and on virtual time. */
#include "base/loop.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

struct virtual_clock {
    struct clock clock;
    int64_t now_us;
};

static int64_t virtual_now(struct clock *clock)
{
    return ((struct virtual_clock *)clock)->now_us;
}

static struct virtual_clock virtual_clock(void)
{
    return (struct virtual_clock){.clock = {.wall_us = virtual_now, .mono_us = virtual_now}};
}

/* What ran, one letter each. */
static char trace[64];

static void note(char letter)
{
    size_t length = strlen(trace);
    assert_true(length + 1 < sizeof(trace));
    trace[length] = letter;
    trace[length + 1] = '\0';
}

struct named_task {
    struct loop_task task;
    char letter;
};

struct named_timer {
    struct loop_timer timer;
    char letter;
};

static void task_note(struct loop_task *task)
{
    note(((struct named_task *)task)->letter);
}

static void timer_note(struct loop_timer *timer)
{
    note(((struct named_timer *)timer)->letter);
}

static struct named_task named_task(char letter)
{
    return (struct named_task){.task = {.run = task_note}, .letter = letter};
}

static struct named_timer named_timer(char letter)
{
    return (struct named_timer){.timer = {.expired = timer_note}, .letter = letter};
}

static int clear_trace(void **state)
{
    (void)state;
    trace[0] = '\0';
    return 0;
}

static void run_all(struct loop *loop)
{
    while (loop_step(loop)) {
    }
}

static void runs_tasks_in_the_order_posted_and_each_once(void **state)
{
    (void)state;
    struct virtual_clock clock = virtual_clock();
    struct loop *loop = loop_new(&clock.clock);
    struct named_task a = named_task('a');
    struct named_task b = named_task('b');
    loop_post(loop, &b.task);
    loop_post(loop, &a.task);
    loop_post(loop, &b.task); /* queued already */
    run_all(loop);
    assert_string_equal(trace, "ba");
    loop_post(loop, &b.task);
    run_all(loop);
    assert_string_equal(trace, "bab");
    loop_free(loop);
}

static void expires_timers_in_order_of_time_and_then_of_setting(void **state)
{
    (void)state;
    struct virtual_clock clock = virtual_clock();
    struct loop *loop = loop_new(&clock.clock);
    struct named_timer timers[5];
    const int64_t delays_us[5] = {30, 10, 20, 10, 10};
    for (int i = 0; i < 5; i++) {
        timers[i] = named_timer((char)('a' + i));
        loop_timer_set(loop, &timers[i].timer, delays_us[i]);
    }
    assert_true(loop_next_us(loop) == 10);
    run_all(loop);
    assert_string_equal(trace, "");
    clock.now_us = 10;
    run_all(loop);
    assert_string_equal(trace, "bde");
    clock.now_us = 100;
    run_all(loop);
    assert_string_equal(trace, "bdeca");
    assert_true(loop_next_us(loop) == INT64_MAX);
    loop_free(loop);
}

static void runs_due_tasks_before_due_timers(void **state)
{
    (void)state;
    struct virtual_clock clock = virtual_clock();
    struct loop *loop = loop_new(&clock.clock);
    struct named_timer timer = named_timer('t');
    struct named_task task = named_task('a');
    loop_timer_set(loop, &timer.timer, 0);
    loop_post(loop, &task.task);
    run_all(loop);
    assert_string_equal(trace, "at");
    loop_free(loop);
}

static void moves_and_clears_timers(void **state)
{
    (void)state;
    struct virtual_clock clock = virtual_clock();
    struct loop *loop = loop_new(&clock.clock);
    struct named_timer a = named_timer('a');
    struct named_timer b = named_timer('b');
    struct named_timer c = named_timer('c');
    loop_timer_set(loop, &a.timer, 10);
    loop_timer_set(loop, &b.timer, 20);
    loop_timer_set(loop, &c.timer, 30);
    loop_timer_set(loop, &a.timer, 40);
    loop_timer_clear(loop, &b.timer);
    loop_timer_clear(loop, &b.timer); /* a second time does nothing */
    clock.now_us = 50;
    run_all(loop);
    assert_string_equal(trace, "ca");
    loop_timer_clear(loop, &a.timer); /* it has expired */
    loop_free(loop);
}

static void keeps_order_through_random_setting_and_clearing(void **state)
{
    (void)state;
    enum { COUNT = 300 };
    static struct loop_timer timers[COUNT];
    struct virtual_clock clock = virtual_clock();
    struct loop *loop = loop_new(&clock.clock);
    unsigned seed = 7;
    for (int i = 0; i < 20000; i++) {
        struct loop_timer *timer = &timers[(size_t)rand_r(&seed) % COUNT];
        timer->expired = NULL;
        if (rand_r(&seed) % 3 == 0) {
            loop_timer_clear(loop, timer);
        } else {
            loop_timer_set(loop, timer, rand_r(&seed) % 1000 + 1);
        }
        int64_t earliest_us = INT64_MAX;
        for (int k = 0; k < COUNT; k++) {
            bool earlier = timers[k].slot != 0 && timers[k].at_us < earliest_us;
            earliest_us = earlier ? timers[k].at_us : earliest_us;
        }
        assert_true(loop_next_us(loop) == earliest_us);
    }
    loop_free(loop);
}

struct chain {
    struct loop_task task;
    struct loop *loop;
    int left;
};

static void chain_run(struct loop_task *task)
{
    struct chain *chain = (struct chain *)task;
    if (chain->left-- > 0) {
        loop_post(chain->loop, task);
    }
}

static void lets_a_due_timer_through_though_tasks_keep_coming(void **state)
{
    (void)state;
    struct virtual_clock clock = virtual_clock();
    struct loop *loop = loop_new(&clock.clock);
    struct chain chain = {.task = {.run = chain_run}, .loop = loop, .left = 1000};
    struct named_timer timer = named_timer('t');
    loop_post(loop, &chain.task);
    loop_timer_set(loop, &timer.timer, 0);
    for (int i = 0; i < 500; i++) {
        assert_true(loop_step(loop));
    }
    assert_string_equal(trace, "t");
    assert_true(chain.left > 0);
    loop_free(loop);
}

static void *loop_thread(void *loop)
{
    loop_run(loop);
    return NULL;
}

enum { POSTERS = 4, POSTS = 2000 };

struct poster {
    struct loop *loop;
    struct counting_task {
        struct loop_task task;
        int *count; /* touched by the loop's thread only */
    } tasks[POSTS];
};

static void count_run(struct loop_task *task)
{
    (*((struct counting_task *)task)->count)++;
}

static void *poster_thread(void *arg)
{
    struct poster *poster = arg;
    for (int i = 0; i < POSTS; i++) {
        loop_post(poster->loop, &poster->tasks[i].task);
    }
    return NULL;
}

static void runs_everything_posted_by_other_threads_before_it_stops(void **state)
{
    (void)state;
    struct loop *loop = loop_new(clock_system());
    static struct poster posters[POSTERS];
    int count = 0;
    pthread_t runner;
    pthread_t threads[POSTERS];
    assert_int_equal(pthread_create(&runner, NULL, loop_thread, loop), 0);
    for (int i = 0; i < POSTERS; i++) {
        posters[i].loop = loop;
        for (int k = 0; k < POSTS; k++) {
            posters[i].tasks[k] =
                (struct counting_task){.task = {.run = count_run}, .count = &count};
        }
        assert_int_equal(pthread_create(&threads[i], NULL, poster_thread, &posters[i]), 0);
    }
    for (int i = 0; i < POSTERS; i++) {
        pthread_join(threads[i], NULL);
    }
    loop_stop(loop);
    pthread_join(runner, NULL);
    assert_int_equal(count, POSTERS * POSTS);
    loop_free(loop);
}

struct stopper {
    struct loop_timer timer;
    struct loop *loop;
};

static void stopper_expired(struct loop_timer *timer)
{
    note('s');
    loop_stop(((struct stopper *)timer)->loop);
}

static void wakes_for_timers_on_real_time(void **state)
{
    (void)state;
    struct loop *loop = loop_new(clock_system());
    struct stopper stopper = {.timer = {.expired = stopper_expired}, .loop = loop};
    struct named_timer early = named_timer('e');
    int64_t start_us = loop_mono_us(loop);
    loop_timer_set(loop, &stopper.timer, 20 * MS_US);
    loop_timer_set(loop, &early.timer, 5 * MS_US);
    loop_run(loop);
    assert_string_equal(trace, "es");
    assert_true(loop_mono_us(loop) - start_us >= 20 * MS_US);
    loop_free(loop);
}

static void returns_at_once_when_stopped_before_it_runs(void **state)
{
    (void)state;
    struct loop *loop = loop_new(clock_system());
    struct named_task a = named_task('a');
    struct named_task b = named_task('b');
    loop_post(loop, &a.task);
    loop_stop(loop);
    loop_post(loop, &b.task); /* too late for this run */
    loop_run(loop);
    assert_string_equal(trace, "a");
    loop_free(loop);
    assert_false(b.task.queued);
}

struct self_freeing {
    struct loop_task task;
};

static void free_run(struct loop_task *task)
{
    free(task);
}

static void lets_a_task_free_itself(void **state)
{
    (void)state;
    struct loop *loop = loop_new(clock_system());
    struct self_freeing *self = calloc(1, sizeof(*self));
    assert_non_null(self);
    self->task.run = free_run;
    loop_post(loop, &self->task);
    run_all(loop);
    loop_free(loop);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(runs_tasks_in_the_order_posted_and_each_once, clear_trace),
        cmocka_unit_test_setup(expires_timers_in_order_of_time_and_then_of_setting, clear_trace),
        cmocka_unit_test_setup(runs_due_tasks_before_due_timers, clear_trace),
        cmocka_unit_test_setup(moves_and_clears_timers, clear_trace),
        cmocka_unit_test_setup(keeps_order_through_random_setting_and_clearing, clear_trace),
        cmocka_unit_test_setup(lets_a_due_timer_through_though_tasks_keep_coming, clear_trace),
        cmocka_unit_test_setup(runs_everything_posted_by_other_threads_before_it_stops,
                               clear_trace),
        cmocka_unit_test_setup(wakes_for_timers_on_real_time, clear_trace),
        cmocka_unit_test_setup(returns_at_once_when_stopped_before_it_runs, clear_trace),
        cmocka_unit_test_setup(lets_a_task_free_itself, clear_trace),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
