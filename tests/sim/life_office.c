/*
 * Offices: each follows its unit's tasks, acknowledges, accepts, reports, finishes and returns. One
 * reads slowly, one stays away for a week; now and then one forgets what it had read and relies on
 * what it acknowledged.
 */
#include "tests/sim/life_internal.h"

#define AWAY_OF_A_THOUSAND 150
#define SLOW_OF_A_THOUSAND 200
#define FORGETS_OF_A_THOUSAND 60

/* What an office will do about a task. */
struct act {
    struct later later;
    struct act *next;
    struct office *office;
    uint64_t task;
    uint64_t case_number;
    enum { ACT_ACCEPT, ACT_REPORT, ACT_FINISH, ACT_RETURN } kind;
};

static void plan(struct office *office, uint64_t task, uint64_t case_number, int kind,
                 int64_t delay_us);
static void act_free(struct act *act);

/* --- acts --- */

/* What comes after: an accepted task is done after hours or days, some words on the way, some go to
 * another office. */
static void plan_next(struct office *office, uint64_t task, uint64_t case_number)
{
    struct life *life = office->life;
    if (life_chance(life, 80)) {
        plan(office, task, case_number, ACT_RETURN, life_draw(life, MINUTE_US, 5 * HOUR_US));
        return;
    }
    if (life_chance(life, 300)) {
        plan(office, task, case_number, ACT_REPORT, life_draw(life, MINUTE_US, DAY_US));
    }
    int64_t span_us = life_chance(life, 700) ? DAY_US : 9 * DAY_US;
    plan(office, task, case_number, ACT_FINISH, life_draw(life, HOUR_US, span_us));
}

/* Whoever forgot what they had read does some things twice, or to a task that has gone. */
static bool is_late(enum status status)
{
    return status == STATUS_FAILED_PRECONDITION || status == STATUS_PERMISSION_DENIED;
}

static void act_done(struct errand *errand)
{
    struct office *office = errand->context;
    struct life *life = office->life;
    if (errand->error.status != STATUS_OK) {
        life_refused(errand, is_late(errand->error.status));
        return;
    }
    const struct recount_case *one =
        recount_catch_up(life->recount) ? recount_case(life->recount, errand->number) : NULL;
    if (one != NULL && life_chance(life, 100)) {
        life_ask_story(life, one->code, &errand->position);
    }
    life_answered(life, errand);
}

static void accepted(struct errand *errand)
{
    struct office *office = errand->context;
    const Routing__AcceptTaskRequest *request = (const Routing__AcceptTaskRequest *)errand->request;
    if (!office->life->closing && errand->error.status == STATUS_OK) {
        plan_next(office, request->task_number, errand->number);
    }
    act_done(errand);
}

static void act_now(struct later *later)
{
    struct act *act = (struct act *)((char *)later - offsetof(struct act, later));
    struct office *office = act->office;
    struct life *life = office->life;
    static const char *const methods[] = {"AcceptTask", "ReportTask", "FinishTask", "ReturnTask"};
    struct errand *errand = life_errand(life, office->caller, methods[act->kind],
                                        act->kind == ACT_ACCEPT ? accepted : act_done, office);
    errand->number = act->case_number;
    switch (act->kind) {
    case ACT_ACCEPT: {
        Routing__AcceptTaskRequest *request =
            errand_request(errand, &routing__accept_task_request__descriptor);
        request->task_number = act->task;
        break;
    }
    case ACT_REPORT: {
        Routing__ReportTaskRequest *request =
            errand_request(errand, &routing__report_task_request__descriptor);
        request->task_number = act->task;
        request->note = TEXT("در دست اقدام");
        break;
    }
    case ACT_FINISH: {
        Routing__FinishTaskRequest *request =
            errand_request(errand, &routing__finish_task_request__descriptor);
        request->task_number = act->task;
        request->note = TEXT("انجام شد");
        break;
    }
    case ACT_RETURN: {
        const struct office *other =
            &life->offices[life_draw(life, 0, (int64_t)life->office_count)];
        Routing__ReturnTaskRequest *request =
            errand_request(errand, &routing__return_task_request__descriptor);
        request->task_number = act->task;
        request->reason = TEXT("مربوط به ما نیست");
        request->to_unit = TEXT(other == office ? "" : other->unit);
        break;
    }
    }
    story_step("%s: %s of task %" PRIu64, office->unit, methods[act->kind], act->task);
    act_free(act);
    errand_start(errand);
}

static void act_free(struct act *act)
{
    struct act **link = &act->office->life->acts;
    while (*link != act) {
        link = &(*link)->next;
    }
    *link = act->next;
    later_clear(&act->later);
    free(act);
}

void life_drop_acts(struct life *life)
{
    while (life->acts != NULL) {
        act_free(life->acts);
    }
}

static void plan(struct office *office, uint64_t task, uint64_t case_number, int kind,
                 int64_t delay_us)
{
    struct act *act = calloc(1, sizeof *act);
    CHECK(act != NULL);
    act->office = office;
    act->task = task;
    act->case_number = case_number;
    act->kind = (unsigned)kind;
    act->next = office->life->acts;
    office->life->acts = act;
    later_set(&act->later, office->life, act_now, delay_us);
}

/* --- following --- */

static void acknowledged(struct errand *errand)
{
    struct office *office = errand->context;
    if (errand->error.status != STATUS_OK) {
        /* A later acknowledgement overtook it. */
        life_refused(errand, errand->error.status == STATUS_FAILED_PRECONDITION &&
                                 office->sent_ack > errand->number);
        return;
    }
    const Routing__AcknowledgeTasksResponse *response =
        (const Routing__AcknowledgeTasksResponse *)errand->response;
    if (response->acknowledged != errand->number) {
        invariant_broken(INVARIANT_OFFICES, "%s acknowledged %" PRIu64 ", and was told %" PRIu64,
                         office->unit, errand->number, response->acknowledged);
    }
    if (errand->number > office->answered_ack) {
        office->answered_ack = errand->number;
    }
    life_answered(office->life, errand);
}

static void acknowledge(struct office *office)
{
    if (office->has <= office->sent_ack) {
        return;
    }
    struct errand *errand =
        life_errand(office->life, office->caller, "AcknowledgeTasks", acknowledged, office);
    Routing__AcknowledgeTasksRequest *request =
        errand_request(errand, &routing__acknowledge_tasks_request__descriptor);
    errand->number = office->has;
    request->unit = TEXT(office->unit);
    request->sequence = office->has;
    office->sent_ack = office->has;
    errand_start(errand);
}

static void take_change(struct office *office, const Routing__TaskChange *change)
{
    struct life *life = office->life;
    bool comes = change->kind == ROUTING__CHANGE_KIND__CHANGE_KIND_ROUTED ||
                 change->kind == ROUTING__CHANGE_KIND__CHANGE_KIND_RETURNED;
    if (comes && !life->closing && strcmp(change->task->unit, office->unit) == 0) {
        plan(office, change->task->number, change->task->case_number, ACT_ACCEPT,
             life_draw(life, MINUTE_US, 6 * HOUR_US));
    }
}

/* The answer is whole, and begins no later than where the office is. */
static void check_follow(struct office *office, const struct errand *errand,
                         const Routing__FollowTasksRequest *request,
                         const Routing__FollowTasksResponse *response)
{
    uint64_t after = request->after != 0 ? request->after : response->acknowledged;
    if (response->acknowledged < errand->number || response->acknowledged > office->sent_ack) {
        invariant_broken(INVARIANT_OFFICES,
                         "%s acknowledged %" PRIu64 " (%" PRIu64
                         " perhaps), and the server knows of %" PRIu64,
                         office->unit, errand->number, office->sent_ack, response->acknowledged);
    }
    if (after > office->has) {
        invariant_broken(INVARIANT_OFFICES,
                         "%s has changes up to %" PRIu64 ", and is to go on behind %" PRIu64,
                         office->unit, office->has, after);
    }
    check_changes(office->life->recount, office->unit, after, response);
}

static void look(struct later *later);

static void look_again(struct office *office, bool more)
{
    struct life *life = office->life;
    int64_t delay_us = more && !office->slow ? 0 : life_draw(life, 20 * MINUTE_US, 5 * HOUR_US);
    int64_t back_us = world_now_us(life->world) + delay_us;
    if (back_us >= office->away_from_us && back_us < office->away_until_us) {
        delay_us = office->away_until_us - world_now_us(life->world);
        story_step("%s goes away", office->unit);
    }
    later_set(&office->look, life, look, delay_us);
}

static void followed(struct errand *errand)
{
    struct office *office = errand->context;
    struct life *life = office->life;
    office->reading = false;
    bool more = false;
    if (errand->error.status == STATUS_OK) {
        const Routing__FollowTasksRequest *request =
            (const Routing__FollowTasksRequest *)errand->request;
        const Routing__FollowTasksResponse *response =
            (const Routing__FollowTasksResponse *)errand->response;
        check_follow(office, errand, request, response);
        for (size_t i = 0; i < response->n_changes; i++) {
            if (response->changes[i]->sequence > office->has) {
                take_change(office, response->changes[i]);
            }
        }
        office->next = response->next;
        office->has = response->next > office->has ? response->next : office->has;
        more = response->n_changes > 0;
        if (more && life_chance(life, 700)) {
            acknowledge(office);
        }
    } else {
        bool passes = errand->error.status == STATUS_UNAVAILABLE ||
                      errand->error.status == STATUS_DEADLINE_EXCEEDED ||
                      errand->error.status == STATUS_ABORTED ||
                      errand->error.status == STATUS_RESOURCE_EXHAUSTED;
        life_refused(errand, passes);
    }
    if (!life->closing) {
        look_again(office, more);
    } else if (life->quiet && more) {
        office_last_look(office);
    }
}

static void ask(struct office *office, uint32_t wait_ms, uint32_t changes_max, bool once)
{
    struct errand *errand =
        life_errand(office->life, office->caller, "FollowTasks", followed, office);
    Routing__FollowTasksRequest *request =
        errand_request(errand, &routing__follow_tasks_request__descriptor);
    request->unit = TEXT(office->unit);
    request->after = office->next;
    request->wait_ms = wait_ms;
    request->changes_max = changes_max;
    request->reader = TEXT("office");
    errand->once = once;
    errand->number = office->answered_ack;
    office->reading = true;
    errand_start(errand);
}

static void look(struct later *later)
{
    struct office *office = (struct office *)((char *)later - offsetof(struct office, look));
    struct life *life = office->life;
    if (life->closing) {
        return;
    }
    if (life_chance(life, FORGETS_OF_A_THOUSAND)) {
        story_step("%s forgets what it has read", office->unit);
        office->next = 0;
    }
    ask(office, (uint32_t)life_draw(life, 0, 20000), office->slow ? 2 : 50, true);
}

void office_last_look(struct office *office)
{
    ask(office, 0, 500, false);
}

void office_begin(struct office *office)
{
    struct life *life = office->life;
    office->slow = life_chance(life, SLOW_OF_A_THOUSAND);
    if (life_chance(life, AWAY_OF_A_THOUSAND)) {
        int64_t days = (int64_t)life->options.days;
        office->away_from_us = WORLD_BEGIN_US + life_draw(life, 0, (days + 1) * DAY_US);
        office->away_until_us = office->away_from_us + 7 * DAY_US;
    }
    later_set(&office->look, life, look, life_draw(life, 0, 2 * HOUR_US));
}

void life_add_office(struct life *life, const char *unit)
{
    for (size_t i = 0; i < life->office_count; i++) {
        if (strcmp(life->offices[i].unit, unit) == 0) {
            return;
        }
    }
    CHECK(life->office_count < OFFICES_MAX);
    struct office *office = &life->offices[life->office_count++];
    office->life = life;
    office->unit = recount_unit(life->recount, unit)->key;
    office->caller = world_caller_new(life->world, COMMON__SERVICE_ID__SERVICE_ID_ROUTING,
                                      RPC_ROLE_OFFICE, "office", unit);
}
