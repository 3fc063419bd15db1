/* Fault points; each plan is read once, so each test is a process of its own. */
#include "base/fault.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* Runs `body` in a child with the plan; returns its wait status. */
static int run_with(const char *plan, int (*body)(void))
{
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        if (freopen("/dev/null", "w", stderr) == NULL) {
            _exit(99);
        }
        if (plan != NULL) {
            setenv("VAFA_FAULT", plan, 1);
        }
        _exit(body());
    }
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    return status;
}

static int pass_four_times(void)
{
    int failed = 0;
    for (int i = 0; i < 4; i++) {
        failed = failed * 2 + fault_point("store.commit");
        failed += fault_point("another") ? 100 : 0;
    }
    return failed;
}

static void does_nothing_without_a_plan(void **state)
{
    (void)state;
    assert_int_equal(WEXITSTATUS(run_with(NULL, pass_four_times)), 0);
    assert_int_equal(WEXITSTATUS(run_with("", pass_four_times)), 0);
    assert_int_equal(WEXITSTATUS(run_with("elsewhere=fail", pass_four_times)), 0);
}

static void fails_from_the_given_time_on(void **state)
{
    (void)state;
    assert_int_equal(WEXITSTATUS(run_with("store.commit=fail", pass_four_times)), 15);
    assert_int_equal(WEXITSTATUS(run_with("x=kill,store.commit=fail@3", pass_four_times)), 3);
}

static void kills_the_process_at_the_given_time(void **state)
{
    (void)state;
    int status = run_with("store.commit=kill@4", pass_four_times);
    assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
    assert_true(WIFEXITED(run_with("store.commit=kill@5", pass_four_times)));
}

static void refuses_a_plan_it_cannot_read(void **state)
{
    (void)state;
    const char *const plans[] = {"store.commit",       "store.commit=stop",   "=kill",
                                 "store.commit=fail@", "store.commit=fail@0", "a=fail,,b=fail"};
    for (size_t i = 0; i < sizeof(plans) / sizeof(plans[0]); i++) {
        int status = run_with(plans[i], pass_four_times);
        assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT);
    }
}

static bool fail_one(void *ctx, const char *name)
{
    (*(int *)ctx)++;
    return strcmp(name, "store.commit") == 0;
}

static void asks_the_hook_while_there_is_one(void **state)
{
    (void)state;
    int asked = 0;
    fault_set_hook(fail_one, &asked);
    assert_true(fault_point("store.commit"));
    assert_false(fault_point("another"));
    fault_set_hook(NULL, NULL);
    assert_false(fault_point("store.commit"));
    assert_int_equal(asked, 2);
}

int main(void)
{
    unsetenv("VAFA_FAULT");
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(does_nothing_without_a_plan),
        cmocka_unit_test(fails_from_the_given_time_on),
        cmocka_unit_test(kills_the_process_at_the_given_time),
        cmocka_unit_test(refuses_a_plan_it_cannot_read),
        cmocka_unit_test(asks_the_hook_while_there_is_one), /* last: it reads the plans here */
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
