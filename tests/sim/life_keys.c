/*
 * The master key's keeper: now and then it is changed, in the services that hold citizens' words, while
 * they crash; what was broken off is gone on with by beginning again.
 */
#include "tests/sim/life_internal.h"

#include "vafa/keys/v1/keys.pb-c.h"

static const Common__ServiceId holders[KEY_SERVICES] = {COMMON__SERVICE_ID__SERVICE_ID_INTAKE,
                                                        COMMON__SERVICE_ID__SERVICE_ID_FOLLOWUP};

enum step { STEP_BEGIN, STEP_WRAP, STEP_END, STEP_COUNT };

static void go_on(struct key_keeper *keeper);

static const Keys__KeyState *state_of(const struct errand *errand)
{
    switch ((enum step)errand->number) {
    case STEP_BEGIN: return ((const Keys__BeginChangeResponse *)errand->response)->state;
    case STEP_WRAP: return ((const Keys__WrapKeysResponse *)errand->response)->state;
    default: return ((const Keys__EndChangeResponse *)errand->response)->state;
    }
}

static void stepped(struct errand *errand)
{
    struct key_keeper *keeper = errand->context;
    if (errand->error.status != STATUS_OK) {
        /* A message of before, doubled and late, has begun another change meanwhile. */
        life_refused(errand, errand->error.status == STATUS_FAILED_PRECONDITION);
        keeper->step = STEP_BEGIN;
        keeper->place = 0;
    } else if (keeper->step != STEP_WRAP || state_of(errand)->is_whole) {
        keeper->place++;
    }
    if (keeper->place == KEY_SERVICES) {
        keeper->place = 0;
        keeper->step++;
    }
    go_on(keeper);
}

static void go_on(struct key_keeper *keeper)
{
    static const struct {
        const char *method;
        const ProtobufCMessageDescriptor *request;
    } steps[STEP_COUNT] = {
        [STEP_BEGIN] = {"BeginChange", &keys__begin_change_request__descriptor},
        [STEP_WRAP] = {"WrapKeys", &keys__wrap_keys_request__descriptor},
        [STEP_END] = {"EndChange", &keys__end_change_request__descriptor},
    };
    if (keeper->step == STEP_COUNT) {
        keeper->is_busy = false;
        keeper->life->key_changes++;
        return;
    }
    struct errand *errand = life_errand(keeper->life, keeper->callers[keeper->place],
                                        steps[keeper->step].method, stepped, keeper);
    errand->rpc = &keys__keys__descriptor;
    errand->number = keeper->step;
    (void)errand_request(errand, steps[keeper->step].request);
    errand_start(errand);
}

void life_change_keys(struct life *life)
{
    struct key_keeper *keeper = &life->key_keeper;
    if (keeper->is_busy) {
        return;
    }
    story_step("the master key is to be changed");
    keeper->is_busy = true;
    keeper->step = STEP_BEGIN;
    keeper->place = 0;
    go_on(keeper);
}

static void begin(struct later *later)
{
    struct life *life = later->life;
    if (life->closing) {
        return;
    }
    life_change_keys(life);
    later_set(later, life, begin, life_draw(life, DAY_US, 5 * DAY_US));
}

void life_begin_keys(struct life *life)
{
    struct key_keeper *keeper = &life->key_keeper;
    keeper->life = life;
    for (size_t i = 0; i < KEY_SERVICES; i++) {
        keeper->callers[i] =
            world_caller_new(life->world, holders[i], RPC_ROLE_ADMIN, "key-keeper", "");
    }
    later_set(&life->keys, life, begin, life_draw(life, DAY_US / 2, 3 * DAY_US));
}
