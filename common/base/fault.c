/* Fault points: a list of plans read once from VAFA_FAULT, and the simulator's hook. */
#include "base/fault.h"

#include "base/check.h"

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define PLANS_MAX 16
#define NAME_SIZE 64

enum action { ACTION_KILL, ACTION_FAIL };

struct plan {
    char name[NAME_SIZE];
    enum action action;
    uint64_t at;     /* acts when passed the at-th time */
    uint64_t passed; /* under `lock` */
};

enum state { STATE_UNREAD, STATE_OFF, STATE_ON };

static atomic_int state = STATE_UNREAD;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct plan plans[PLANS_MAX];
static size_t plan_count;
static bool (*hook)(void *ctx, const char *name);
static void *hook_ctx;

/* A test with a mistyped plan would pass without testing anything: better that it stops here. */
static _Noreturn void refuse(const char *text)
{
    fprintf(stderr, "VAFA_FAULT: cannot read \"%s\": NAME=kill[@N] or NAME=fail[@N], at most %d\n",
            text, PLANS_MAX);
    abort();
}

static struct plan parse_one(const char *text)
{
    struct plan plan = {.at = 1};
    const char *equals = strchr(text, '=');
    if (equals == NULL || equals == text || (size_t)(equals - text) >= NAME_SIZE) {
        refuse(text);
    }
    memcpy(plan.name, text, (size_t)(equals - text));
    const char *rest = equals + 1;
    if (strncmp(rest, "kill", 4) == 0) {
        plan.action = ACTION_KILL;
    } else if (strncmp(rest, "fail", 4) == 0) {
        plan.action = ACTION_FAIL;
    } else {
        refuse(text);
    }
    rest += 4;
    if (*rest == '@' && rest[1] >= '1' && rest[1] <= '9') {
        char *end;
        plan.at = strtoull(rest + 1, &end, 10);
        rest = end;
    }
    if (*rest != '\0') {
        refuse(text);
    }
    return plan;
}

static void read_environment(void)
{
    const char *text = getenv("VAFA_FAULT");
    if (text == NULL || *text == '\0') {
        return;
    }
    char *copy = strdup(text);
    CHECK(copy != NULL);
    char *rest = copy;
    for (char *one = strsep(&rest, ","); one != NULL; one = strsep(&rest, ",")) {
        if (plan_count == PLANS_MAX) {
            refuse(one);
        }
        plans[plan_count++] = parse_one(one);
    }
    free(copy);
}

/* Under `lock`. */
static void settle_state(void)
{
    if (atomic_load(&state) == STATE_UNREAD) {
        read_environment();
    }
    atomic_store(&state, plan_count > 0 || hook != NULL ? STATE_ON : STATE_OFF);
}

/* Under `lock`. */
static bool plans_pass(const char *name)
{
    bool fail = false;
    for (size_t i = 0; i < plan_count; i++) {
        struct plan *plan = &plans[i];
        if (strcmp(plan->name, name) != 0) {
            continue;
        }
        plan->passed++;
        if (plan->action == ACTION_KILL && plan->passed == plan->at) {
            kill(getpid(), SIGKILL);
            pause();
        }
        fail = fail || (plan->action == ACTION_FAIL && plan->passed >= plan->at);
    }
    return fail;
}

static bool pass(const char *name)
{
    pthread_mutex_lock(&lock);
    settle_state();
    bool fail = plans_pass(name);
    bool (*call)(void *ctx, const char *name) = hook;
    void *ctx = hook_ctx;
    pthread_mutex_unlock(&lock);
    bool hook_fail = call != NULL && call(ctx, name);
    return fail || hook_fail;
}

bool fault_point(const char *name)
{
    if (atomic_load_explicit(&state, memory_order_relaxed) == STATE_OFF) {
        return false;
    }
    return pass(name);
}

void fault_set_hook(bool (*new_hook)(void *ctx, const char *name), void *ctx)
{
    pthread_mutex_lock(&lock);
    hook = new_hook;
    hook_ctx = ctx;
    settle_state();
    pthread_mutex_unlock(&lock);
}
