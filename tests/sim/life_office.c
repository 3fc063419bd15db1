/*
 * Offices: each follows its unit's tasks, acknowledges, and does all that can be done to a task; one of
 * them is the coordinator. One reads slowly, one stays away for a week; now and then one forgets what it had read and relies on
 * what it acknowledged.
 */
#include "tests/sim/life_internal.h"

#define AWAY_OF_A_THOUSAND 150
#define SLOW_OF_A_THOUSAND 200
#define FORGETS_OF_A_THOUSAND 60

/* Longer than an errand is tried again, and than any clock is wrong. */
#define BEYOND_US (8 * DAY_US)

/* What an office will do about a task; the last three are the coordinator's. */
enum act_kind {
    ACT_SEE,
    ACT_ACCEPT,
    ACT_PLAN,
    ACT_START,
    ACT_PAUSE,
    ACT_RESUME,
    ACT_REPORT,
    ACT_FINISH,
    ACT_CLOSE,
    ACT_RETURN,
    ACT_ASK_HELP,
    ACT_FINISH_HELP,
    ACT_WITHDRAW_HELP,
    ACT_MOVE,
    ACT_REOPEN,
    ACT_CANCEL,
};

struct act {
    struct later later;
    struct act *next;
    struct office *office;
    uint64_t task;
    uint64_t case_number;
    enum act_kind kind;
    const char *helper; /* the unit that is asked, or let go */
};

static struct act *plan(struct office *office, uint64_t task, uint64_t case_number,
                        enum act_kind kind, int64_t delay_us);
static void act_free(struct act *act);
static const struct office *another(const struct office *office);

/* --- acts --- */

/* Another office is asked for a part; what it has not done after some days is withdrawn, so that the
 * task can be finished. */
static void plan_help(struct office *office, uint64_t task, uint64_t case_number)
{
    struct life *life = office->life;
    const struct office *helper = another(office);
    if (helper == office) {
        return;
    }
    int64_t ask_us = life_draw(life, MINUTE_US, HOUR_US);
    plan(office, task, case_number, ACT_ASK_HELP, ask_us)->helper = helper->unit;
    plan(office, task, case_number, ACT_WITHDRAW_HELP, ask_us + life_draw(life, DAY_US, 3 * DAY_US))
        ->helper = helper->unit;
    plan(office, task, case_number, ACT_FINISH, ask_us + 4 * DAY_US);
}

/* What comes after: an accepted task is done after hours or days, or closed undone; before that it
 * may be planned, begun, or have to wait, some words on the way; some go to another office. */
static void plan_next(struct office *office, uint64_t task, uint64_t case_number)
{
    struct life *life = office->life;
    if (life_chance(life, 80)) {
        plan(office, task, case_number, ACT_RETURN, life_draw(life, MINUTE_US, 5 * HOUR_US));
        return;
    }
    static const struct {
        enum act_kind kind;
        unsigned of_a_thousand;
    } on_the_way[] = {
        {ACT_REPORT, 300}, {ACT_PLAN, 150}, {ACT_START, 200}, {ACT_PAUSE, 150}, {ACT_RESUME, 80},
    };
    for (size_t i = 0; i < sizeof on_the_way / sizeof on_the_way[0]; i++) {
        if (life_chance(life, on_the_way[i].of_a_thousand)) {
            plan(office, task, case_number, on_the_way[i].kind, life_draw(life, MINUTE_US, DAY_US));
        }
    }
    if (life_chance(life, 100)) {
        plan_help(office, task, case_number);
    }
    int64_t span_us = life_chance(life, 700) ? DAY_US : 9 * DAY_US;
    enum act_kind end = life_chance(life, 120) ? ACT_CLOSE : ACT_FINISH;
    plan(office, task, case_number, end, life_draw(life, HOUR_US, span_us));
}

/* Whoever forgot what they had read does some things twice, or to a task that has gone; and who
 * returns or begins what waits is told so. */
static bool is_late(enum status status)
{
    return status == STATUS_FAILED_PRECONDITION || status == STATUS_PERMISSION_DENIED;
}

/* It asked for a longer waiting than the pack allows, however long the errand has taken. */
static bool waits_too_long(const struct errand *errand)
{
    if (errand->request->descriptor != &routing__pause_task_request__descriptor) {
        return false;
    }
    const Routing__PauseTaskRequest *request = (const Routing__PauseTaskRequest *)errand->request;
    return request->until_us - errand->begun_us > RECOUNT_PAUSE_DAYS_MAX * DAY_US;
}

static void act_done(struct errand *errand)
{
    struct office *office = errand->context;
    struct life *life = office->life;
    if (errand->error.status != STATUS_OK) {
        bool too_long = waits_too_long(errand) && errand->error.status == STATUS_INVALID_ARGUMENT &&
                        strcmp(errand->error.field, "until_us") == 0;
        life_refused(errand, too_long || is_late(errand->error.status));
        return;
    }
    const struct recount_case *one =
        recount_catch_up(life->recount) ? recount_case(life->recount, errand->number) : NULL;
    if (one != NULL && life_chance(life, 100)) {
        life_ask_story(life, one->code, &errand->position);
    }
    if (one != NULL && life_chance(life, 100)) {
        life_ask_same(life, one, &errand->position);
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

/* Every act's request has these two fields under these numbers. */
static void set_task(ProtobufCMessage *request, uint64_t task)
{
    const ProtobufCFieldDescriptor *field =
        message_field(request->descriptor, "task_number", PROTOBUF_C_TYPE_UINT64);
    CHECK(field != NULL);
    *(uint64_t *)((char *)request + field->offset) = task;
}

static const struct office *another(const struct office *office)
{
    struct life *life = office->life;
    return &life->offices[life_draw(life, 0, (int64_t)life->office_count)];
}

/* What the act says besides the task's number. */
static void fill(const struct act *act, struct errand *errand, ProtobufCMessage *message)
{
    struct life *life = act->office->life;
    int64_t now_us = world_now_us(life->world);
    switch (act->kind) {
    case ACT_PLAN:
        ((Routing__PlanTaskRequest *)message)->planned_for_us =
            now_us + life_draw(life, 4 * DAY_US, 12 * DAY_US);
        break;
    case ACT_PAUSE: {
        Routing__PauseTaskRequest *request = (Routing__PauseTaskRequest *)message;
        request->reason = (Routing__PauseReason)life_draw(life, 1, 3);
        request->until_us = life_chance(life, 50)
                                ? now_us + RECOUNT_PAUSE_DAYS_MAX * DAY_US + BEYOND_US
                                : now_us + life_draw(life, 3 * DAY_US, 6 * DAY_US);
        request->note = TEXT("در انتظار مجوز");
        break;
    }
    case ACT_REPORT: {
        Routing__ReportTaskRequest *request = (Routing__ReportTaskRequest *)message;
        request->note = TEXT("در دست اقدام");
        if (life_chance(life, 300)) {
            request->n_pictures = 1;
            request->pictures = arena_alloc(errand->arena, sizeof *request->pictures);
            request->pictures[0] = TEXT("archive/2026/11/1.jpg");
        }
        break;
    }
    case ACT_FINISH: ((Routing__FinishTaskRequest *)message)->note = TEXT("انجام شد"); break;
    case ACT_CLOSE: {
        Routing__CloseTaskRequest *request = (Routing__CloseTaskRequest *)message;
        request->reason = (Routing__CloseReason)life_draw(life, 1, 6);
        request->words = TEXT("در این محل چیزی یافت نشد");
        break;
    }
    case ACT_RETURN: {
        const struct office *other = another(act->office);
        Routing__ReturnTaskRequest *request = (Routing__ReturnTaskRequest *)message;
        request->reason = TEXT("مربوط به ما نیست");
        request->to_unit = TEXT(other == act->office ? "" : other->unit);
        break;
    }
    case ACT_ASK_HELP:
        ((Routing__AskHelpRequest *)message)->unit = TEXT(act->helper);
        ((Routing__AskHelpRequest *)message)->note = TEXT("جابه‌جایی تیر برق");
        break;
    case ACT_FINISH_HELP:
        ((Routing__FinishHelpRequest *)message)->unit = TEXT(act->office->unit);
        ((Routing__FinishHelpRequest *)message)->note = TEXT("انجام شد");
        break;
    case ACT_WITHDRAW_HELP:
        ((Routing__WithdrawHelpRequest *)message)->unit = TEXT(act->helper);
        break;
    case ACT_MOVE:
        ((Routing__MoveTaskRequest *)message)->to_unit = TEXT(another(act->office)->unit);
        ((Routing__MoveTaskRequest *)message)->reason = TEXT("به تشخیص مرکز");
        break;
    case ACT_REOPEN:
        ((Routing__ReopenTaskRequest *)message)->reason =
            (Routing__ReopenReason)life_draw(life, 1, 4);
        ((Routing__ReopenTaskRequest *)message)->note = TEXT("دوباره بررسی شود");
        break;
    case ACT_CANCEL: ((Routing__CancelTaskRequest *)message)->reason = TEXT("انصراف"); break;
    default: break;
    }
}

static void act_now(struct later *later)
{
    static const struct {
        const char *method;
        const ProtobufCMessageDescriptor *request;
    } acts[] = {
        [ACT_SEE] = {"SeeTask", &routing__see_task_request__descriptor},
        [ACT_ACCEPT] = {"AcceptTask", &routing__accept_task_request__descriptor},
        [ACT_PLAN] = {"PlanTask", &routing__plan_task_request__descriptor},
        [ACT_START] = {"StartTask", &routing__start_task_request__descriptor},
        [ACT_PAUSE] = {"PauseTask", &routing__pause_task_request__descriptor},
        [ACT_RESUME] = {"ResumeTask", &routing__resume_task_request__descriptor},
        [ACT_REPORT] = {"ReportTask", &routing__report_task_request__descriptor},
        [ACT_FINISH] = {"FinishTask", &routing__finish_task_request__descriptor},
        [ACT_CLOSE] = {"CloseTask", &routing__close_task_request__descriptor},
        [ACT_RETURN] = {"ReturnTask", &routing__return_task_request__descriptor},
        [ACT_ASK_HELP] = {"AskHelp", &routing__ask_help_request__descriptor},
        [ACT_FINISH_HELP] = {"FinishHelp", &routing__finish_help_request__descriptor},
        [ACT_WITHDRAW_HELP] = {"WithdrawHelp", &routing__withdraw_help_request__descriptor},
        [ACT_MOVE] = {"MoveTask", &routing__move_task_request__descriptor},
        [ACT_REOPEN] = {"ReopenTask", &routing__reopen_task_request__descriptor},
        [ACT_CANCEL] = {"CancelTask", &routing__cancel_task_request__descriptor},
    };
    struct act *act = (struct act *)((char *)later - offsetof(struct act, later));
    struct office *office = act->office;
    struct errand *errand = life_errand(office->life, office->caller, acts[act->kind].method,
                                        act->kind == ACT_ACCEPT ? accepted : act_done, office);
    ProtobufCMessage *request = errand_request(errand, acts[act->kind].request);
    errand->number = act->case_number;
    set_task(request, act->task);
    fill(act, errand, request);
    story_step("%s: %s of task %" PRIu64, office->unit, acts[act->kind].method, act->task);
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

static struct act *plan(struct office *office, uint64_t task, uint64_t case_number,
                        enum act_kind kind, int64_t delay_us)
{
    struct act *act = calloc(1, sizeof *act);
    CHECK(act != NULL);
    act->office = office;
    act->task = task;
    act->case_number = case_number;
    act->kind = kind;
    act->next = office->life->acts;
    office->life->acts = act;
    later_set(&act->later, office->life, act_now, delay_us);
    return act;
}

/* --- the coordinator --- */

/* Now and then a task is moved, opened again or cancelled from above, whatever its office is at. */
static void coordinate(struct office *office)
{
    static const enum act_kind kinds[] = {ACT_MOVE, ACT_REOPEN, ACT_CANCEL, ACT_RESUME};
    struct life *life = office->life;
    if (life->recount->task_count == 0 || !life_chance(life, 400)) {
        return;
    }
    const struct recount_task *task =
        &life->recount->tasks[life_draw(life, 0, (int64_t)life->recount->task_count)];
    enum act_kind kind = kinds[life_draw(life, 0, 4)];
    plan(office, task->number, task->case_number, kind, life_draw(life, MINUTE_US, HOUR_US));
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
                 change->kind == ROUTING__CHANGE_KIND__CHANGE_KIND_RETURNED ||
                 change->kind == ROUTING__CHANGE_KIND__CHANGE_KIND_MOVED ||
                 change->kind == ROUTING__CHANGE_KIND__CHANGE_KIND_REOPENED;
    if (change->kind == ROUTING__CHANGE_KIND__CHANGE_KIND_HELP_ASKED && !life->closing &&
        strcmp(change->task->unit, office->unit) != 0 && life_chance(life, 700)) {
        plan(office, change->task->number, change->task->case_number, ACT_FINISH_HELP,
             life_draw(life, HOUR_US, 2 * DAY_US));
    }
    if (comes && !life->closing && strcmp(change->task->unit, office->unit) == 0) {
        uint64_t task = change->task->number;
        uint64_t case_number = change->task->case_number;
        if (life_chance(life, 300)) {
            plan(office, task, case_number, ACT_SEE, life_draw(life, MINUTE_US, HOUR_US));
        }
        plan(office, task, case_number, ACT_ACCEPT, life_draw(life, MINUTE_US, 6 * HOUR_US));
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
    int64_t delay_us = more && !office->slow ? 0 : life_draw(life, 30 * MINUTE_US, 9 * HOUR_US);
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
    if (strcmp(office->unit, city_coordinator(world_city(life->world))) == 0) {
        coordinate(office);
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
