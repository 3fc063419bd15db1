/*
 * Managers at the hotline centre: each opens a session of their unit now and then, watches what is urgent, lengthens the session,
 * closes it, or leaves it to end by itself. Somebody there acknowledges, in the name of the unit that has the task.
 */
#include "tests/sim/life_internal.h"

/* The units of two districts, and one office of the first. */
static const char *const hosts[MANAGERS] = {"district-1", "district-3", "district-1-civil"};

static void look(struct later *later);

static void look_again(struct manager *manager, int64_t delay_us)
{
    if (!manager->life->closing) {
        later_set(&manager->later, manager->life, look, delay_us);
    }
}

static void goes_home(struct manager *manager)
{
    manager->session = 0;
    manager->has = 0;
    look_again(manager, life_draw(manager->life, 12 * HOUR_US, 96 * HOUR_US));
}

/* --- opening, lengthening, closing --- */

static void opened(struct errand *errand)
{
    struct manager *manager = errand->context;
    struct life *life = manager->life;
    if (errand->error.status != STATUS_OK) {
        /* It came too late, the clocks differ, or it would last too long. */
        life_refused(errand, errand->error.status == STATUS_INVALID_ARGUMENT);
        goes_home(manager);
        return;
    }
    const Followup__OpenSessionResponse *response =
        (const Followup__OpenSessionResponse *)errand->response;
    if (response->session == NULL) {
        invariant_broken(INVARIANT_SAME_ANSWER, "%s opened a session, and is told of none",
                         manager->unit);
    }
    manager->session = response->session->number;
    manager->has = 0;
    life_answered(life, errand);
    look_again(manager, 0);
}

static void open(struct manager *manager)
{
    struct life *life = manager->life;
    struct errand *errand = life_errand(life, manager->caller, "OpenSession", opened, manager);
    Followup__OpenSessionRequest *request =
        errand_request(errand, &followup__open_session_request__descriptor);
    request->unit = TEXT(manager->unit);
    request->host = TEXT("مدیر");
    if (life_chance(life, 600)) {
        request->until_us =
            world_now_us(life->world) + life_draw(life, 10 * MINUTE_US, 12 * HOUR_US + HOUR_US / 2);
    }
    errand_start(errand);
}

/* It was over meanwhile, or another clock says that it would end before now or too late. */
static void answered_or_refused(struct errand *errand)
{
    struct manager *manager = errand->context;
    if (errand->error.status != STATUS_OK) {
        life_refused(errand, errand->error.status == STATUS_FAILED_PRECONDITION ||
                                 errand->error.status == STATUS_INVALID_ARGUMENT);
        return;
    }
    life_answered(manager->life, errand);
}

static void lengthen(struct manager *manager)
{
    struct life *life = manager->life;
    struct errand *errand =
        life_errand(life, manager->caller, "LengthenSession", answered_or_refused, manager);
    Followup__LengthenSessionRequest *request =
        errand_request(errand, &followup__lengthen_session_request__descriptor);
    request->session_number = manager->session;
    request->until_us = world_now_us(life->world) + life_draw(life, HOUR_US, 13 * HOUR_US);
    errand_start(errand);
}

static void end(struct manager *manager)
{
    struct errand *errand =
        life_errand(manager->life, manager->caller, "CloseSession", answered_or_refused, manager);
    Followup__CloseSessionRequest *request =
        errand_request(errand, &followup__close_session_request__descriptor);
    request->session_number = manager->session;
    errand_start(errand);
}

/* --- watching --- */

/* What is told follows on what was told before, and is what the logs make of it. */
static void check_told(struct life *life, uint64_t number, uint64_t after,
                       const Followup__FollowSessionResponse *response)
{
    if (response->next != after + response->n_changes) {
        invariant_broken(INVARIANT_SESSIONS,
                         "session %" PRIu64 " is told %zu changes behind %" PRIu64
                         ", and goes on behind %" PRIu64,
                         number, response->n_changes, after, response->next);
    }
    bool is_read = recount_catch_up(life->recount);
    const struct recount_session *session = recount_session(life->recount, number);
    for (size_t i = 0; i < response->n_changes; i++) {
        const Followup__UrgentChange *change = response->changes[i];
        if (change->sequence != after + 1 + i) {
            invariant_broken(INVARIANT_SESSIONS, "session %" PRIu64 " is not told %" PRIu64, number,
                             after + 1 + i);
        }
        if (session == NULL || change->sequence > session->shown_count) {
            if (is_read) {
                invariant_broken(INVARIANT_SESSIONS,
                                 "session %" PRIu64 " is told change %" PRIu64
                                 ", and the log has no such",
                                 number, change->sequence);
            }
            return;
        }
        const struct recount_shown *shown = &session->shown[change->sequence - 1];
        if (shown->kind != change->kind || shown->task != change->task->task_number) {
            invariant_broken(INVARIANT_SESSIONS,
                             "change %" PRIu64 " of session %" PRIu64
                             " is told of another task, or as another kind",
                             change->sequence, number);
        }
    }
}

/* The unit that has it acts meanwhile, too, or another has it. */
static void acknowledged(struct errand *errand)
{
    struct manager *manager = errand->context;
    if (errand->error.status != STATUS_OK) {
        life_refused(errand, errand->error.status == STATUS_FAILED_PRECONDITION ||
                                 errand->error.status == STATUS_PERMISSION_DENIED);
        return;
    }
    life_answered(manager->life, errand);
}

/* Those who sit there speak for their units. */
static void acknowledge(struct manager *manager, const Followup__UrgentTask *task)
{
    struct life *life = manager->life;
    for (size_t i = 0; i < life->office_count; i++) {
        if (strcmp(life->offices[i].unit, task->unit) != 0) {
            continue;
        }
        struct errand *errand =
            life_errand(life, life->offices[i].caller, "SeeTask", acknowledged, manager);
        Routing__SeeTaskRequest *request =
            errand_request(errand, &routing__see_task_request__descriptor);
        request->task_number = task->task_number;
        errand_start(errand);
        return;
    }
}

static void take_changes(struct manager *manager, const Followup__FollowSessionResponse *response)
{
    for (size_t i = 0; i < response->n_changes; i++) {
        const Followup__UrgentChange *change = response->changes[i];
        if (change->sequence <= manager->has) {
            continue;
        }
        manager->has = change->sequence;
        if (change->task->acknowledged_at_us == 0 && life_chance(manager->life, 500)) {
            acknowledge(manager, change->task);
        }
    }
}

static void followed(struct errand *errand)
{
    struct manager *manager = errand->context;
    struct life *life = manager->life;
    if (errand->error.status != STATUS_OK) {
        bool passes = errand->error.status == STATUS_UNAVAILABLE ||
                      errand->error.status == STATUS_DEADLINE_EXCEEDED ||
                      errand->error.status == STATUS_ABORTED ||
                      errand->error.status == STATUS_RESOURCE_EXHAUSTED;
        life_refused(errand, passes);
        look_again(manager, life_draw(life, SECOND_US, 5 * MINUTE_US));
        return;
    }
    const Followup__FollowSessionRequest *request =
        (const Followup__FollowSessionRequest *)errand->request;
    const Followup__FollowSessionResponse *response =
        (const Followup__FollowSessionResponse *)errand->response;
    check_told(life, request->session_number, request->after, response);
    take_changes(manager, response);
    if (response->n_changes == 0 &&
        response->session->state == FOLLOWUP__SESSION_STATE__SESSION_STATE_CLOSED) {
        goes_home(manager);
        return;
    }
    look_again(manager,
               response->n_changes > 0 ? 0 : life_draw(life, 20 * MINUTE_US, 200 * MINUTE_US));
}

static void watch(struct manager *manager)
{
    struct life *life = manager->life;
    struct errand *errand = life_errand(life, manager->caller, "FollowSession", followed, manager);
    Followup__FollowSessionRequest *request =
        errand_request(errand, &followup__follow_session_request__descriptor);
    request->session_number = manager->session;
    request->after = life_chance(life, 50) ? 0 : manager->has; /* now and then all again */
    request->wait_ms = (uint32_t)life_draw(life, 0, 20000);
    request->changes_max = (uint32_t)life_draw(life, 1, 8);
    request->reader = TEXT("seat");
    errand->once = true;
    errand_start(errand);
}

static void look(struct later *later)
{
    struct manager *manager = (struct manager *)((char *)later - offsetof(struct manager, later));
    struct life *life = manager->life;
    if (life->closing) {
        return;
    }
    if (manager->session == 0) {
        open(manager);
        return;
    }
    if (life_chance(life, 100)) {
        lengthen(manager);
    } else if (life_chance(life, 60)) {
        end(manager);
    }
    watch(manager);
}

/* --- the last look --- */

static void looked_back(struct errand *errand)
{
    struct life *life = errand->context;
    if (errand->error.status != STATUS_OK) {
        life_refused(errand, false);
    }
    const Followup__FollowSessionRequest *request =
        (const Followup__FollowSessionRequest *)errand->request;
    const Followup__FollowSessionResponse *response =
        (const Followup__FollowSessionResponse *)errand->response;
    const struct recount_session *session = recount_session(life->recount, request->session_number);
    check_told(life, request->session_number, 0, response);
    size_t whole = session->shown_count < 500 ? session->shown_count : 500;
    bool is_open = response->session->state == FOLLOWUP__SESSION_STATE__SESSION_STATE_OPEN;
    if (response->n_changes != whole || is_open == session->has_ended) {
        invariant_broken(INVARIANT_SESSIONS,
                         "session %" PRIu64 " was shown %zu changes, and tells %zu",
                         session->number, session->shown_count, response->n_changes);
    }
}

void life_look_back_at_sessions(struct life *life)
{
    for (size_t i = 0; i < life->recount->session_count; i++) {
        struct errand *errand =
            life_errand(life, life->managers[0].caller, "FollowSession", looked_back, life);
        const struct recount_session *session = &life->recount->sessions[i];
        for (unsigned j = 0; j < MANAGERS; j++) {
            if (strcmp(life->managers[j].unit, session->unit) == 0) {
                errand->caller = life->managers[j].caller;
            }
        }
        Followup__FollowSessionRequest *request =
            errand_request(errand, &followup__follow_session_request__descriptor);
        request->session_number = session->number;
        request->changes_max = 500;
        errand_start(errand);
    }
}

void life_begin_sessions(struct life *life)
{
    for (unsigned i = 0; i < MANAGERS; i++) {
        struct manager *manager = &life->managers[i];
        manager->life = life;
        manager->unit = hosts[i];
        manager->caller = world_caller_new(life->world, COMMON__SERVICE_ID__SERVICE_ID_FOLLOWUP,
                                           RPC_ROLE_OFFICE, "seat", manager->unit);
        later_set(&manager->later, life, look, life_draw(life, 0, 12 * HOUR_US));
    }
}

void life_end_sessions(struct life *life)
{
    for (unsigned i = 0; i < MANAGERS; i++) {
        later_clear(&life->managers[i].later);
    }
}
