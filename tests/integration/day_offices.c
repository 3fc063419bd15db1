/* The offices of day.h: each has a thread that follows its tasks, acts on them, and acknowledges; and one of
 * its desk on watch, which claims nothing, is given what is urgent, and acts on that. */
#include "tests/integration/day.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/check.h"
#include "base/clock.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define WAIT_MS 500     /* of a long poll: after that it looks up */
#define CHANGES_MAX 100 /* in one answer */
#define RETURN_EVERY 5  /* one canal in so many is not theirs */
#define OPEN_EVERY 3    /* one task in so many is not finished that morning */

/* --- acts --- */

static struct day_task *task_of(struct day_office *office, const Routing__Task *task)
{
    return &office->day->tasks[task->case_number];
}

/* It ended at another's hand while the office had it open. */
static bool has_ended_otherwise(struct day_office *office, uint64_t number)
{
    Routing__GetTaskRequest request = ROUTING__GET_TASK_REQUEST__INIT;
    request.task_number = number;
    struct vafa_call call = {
        .service = &routing__routing__descriptor, .method = "GetTask", .request = &request.base};
    if (!day_try(office->day, office->vafa, office->name, &call)) {
        return false;
    }
    Routing__TaskState state = ((const Routing__GetTaskResponse *)call.response)->task->state;
    vafa_call_fini(&call);
    return state == ROUTING__TASK_STATE__TASK_STATE_CANCELLED ||
           state == ROUTING__TASK_STATE__TASK_STATE_JOINED;
}

/* False when there is nothing more to do about the task. */
static bool act(struct day_office *office, const Routing__Task *task, const char *method,
                const ProtobufCMessage *request)
{
    struct day *day = office->day;
    struct vafa_call call = {.service = &routing__routing__descriptor,
                             .method = method,
                             .request = request,
                             .patience_ms = DAY_PATIENCE_MS};
    bool done = vafa_call_wait(office->vafa, &call) == STATUS_OK;
    if (done) { /* the answers of all acts are of this shape */
        const Routing__Task *now = ((const Routing__AcceptTaskResponse *)call.response)->task;
        pthread_mutex_lock(&day->lock);
        snprintf(task_of(office, task)->unit, sizeof task_of(office, task)->unit, "%s", now->unit);
        pthread_mutex_unlock(&day->lock);
    } else if (call.error.status != STATUS_FAILED_PRECONDITION ||
               !has_ended_otherwise(office, task->number)) {
        (void)day_complain(day, office->name, "%s %" PRIu64 ": %s: %s", method, task->number,
                           status_name(call.error.status), call.error.message);
    }
    vafa_call_fini(&call);
    return done;
}

static void dealt_with(struct day_office *office, const Routing__Task *task, bool finished)
{
    struct day *day = office->day;
    pthread_mutex_lock(&day->lock);
    task_of(office, task)->dealt_with = true;
    task_of(office, task)->finished = finished;
    pthread_cond_broadcast(&day->changed);
    pthread_mutex_unlock(&day->lock);
}

static const struct day_topic *topic_of(const Routing__Task *task)
{
    for (size_t i = 0; i < DAY_TOPICS; i++) {
        if (strcmp(day_topics[i].key, task->topic) == 0) {
            return &day_topics[i];
        }
    }
    return NULL;
}

/* Works take longer than a morning, and so does the great tree, which has a street. */
static bool is_finished_today(const Routing__Task *task)
{
    const struct day_topic *topic = topic_of(task);
    return topic != NULL && strcmp(topic->desk, "civil") != 0 && task->place->street[0] == '\0' &&
           task->case_number % OPEN_EVERY != 0;
}

static void work_on(struct day_office *office, const Routing__Task *task)
{
    uint8_t key[UUID_BYTES];
    Routing__AcceptTaskRequest accept = ROUTING__ACCEPT_TASK_REQUEST__INIT;
    accept.idempotency_key = vafa_new_key(key);
    accept.task_number = task->number;
    bool finishes = act(office, task, "AcceptTask", &accept.base) && is_finished_today(task);
    if (finishes) {
        Routing__FinishTaskRequest finish = ROUTING__FINISH_TASK_REQUEST__INIT;
        finish.idempotency_key = vafa_new_key(key);
        finish.task_number = task->number;
        finish.note = (char *)(uintptr_t) "انجام شد";
        finishes = act(office, task, "FinishTask", &finish.base);
    }
    dealt_with(office, task, finishes);
}

/* Half of them to the works next door, half to the coordinator. */
static void give_back(struct day_office *office, const Routing__Task *task)
{
    uint8_t key[UUID_BYTES];
    char unit[64] = "";
    Routing__ReturnTaskRequest request = ROUTING__RETURN_TASK_REQUEST__INIT;
    request.idempotency_key = vafa_new_key(key);
    request.task_number = task->number;
    request.reason = (char *)(uintptr_t) "از ما نیست";
    if (task->case_number / RETURN_EVERY % 2 == 0) {
        snprintf(unit, sizeof unit, "district-%u-civil", office->district);
        request.to_unit = unit;
    }
    pthread_mutex_lock(&office->day->lock);
    task_of(office, task)->returns++;
    pthread_mutex_unlock(&office->day->lock);
    (void)act(office, task, "ReturnTask", &request.base); /* complained */
}

/* The coordinator gives it to the next district. */
static void hand_on(struct day_office *office, const Routing__Task *task)
{
    uint8_t key[UUID_BYTES];
    char unit[64];
    Routing__MoveTaskRequest request = ROUTING__MOVE_TASK_REQUEST__INIT;
    request.idempotency_key = vafa_new_key(key);
    request.task_number = task->number;
    request.reason = (char *)(uintptr_t) "آن سوی خیابان است";
    request.to_unit = unit;
    snprintf(unit, sizeof unit, "district-%lu-urban-services",
             strtoul(task->place->area, NULL, 10) % DAY_DISTRICTS + 1);
    (void)act(office, task, "MoveTask", &request.base); /* complained */
}

/* --- what it is told --- */

static bool is_not_theirs(const Routing__Task *task)
{
    return task->returns == 0 && strcmp(task->topic, "canal-cleaning") == 0 && task->storm != 0 &&
           task->case_number % RETURN_EVERY == 0;
}

/* What is urgent is the watch's work, the rest is not; the coordinator has no watch. */
static bool is_for(const struct day_office *office, const Routing__TaskChange *change)
{
    if (office->watches) {
        return change->kind == ROUTING__CHANGE_KIND__CHANGE_KIND_ALARMED;
    }
    bool urgent = change->task->urgency == COMMON__URGENCY__URGENCY_URGENT;
    bool came = change->kind == ROUTING__CHANGE_KIND__CHANGE_KIND_ROUTED ||
                change->kind == ROUTING__CHANGE_KIND__CHANGE_KIND_RETURNED ||
                change->kind == ROUTING__CHANGE_KIND__CHANGE_KIND_MOVED;
    return came && (!urgent || office->district == 0);
}

static void take(struct day_office *office, const Routing__TaskChange *change)
{
    const Routing__Task *task = change->task;
    if (strcmp(task->unit, office->unit) != 0 || !is_for(office, change)) {
        return;
    }
    if (office->district == 0) {
        hand_on(office, task);
    } else if (is_not_theirs(task)) {
        give_back(office, task);
    } else {
        work_on(office, task);
    }
}

/* With the lock held. */
static void hear_of_office(struct day_office *office, struct day_task *task,
                           Routing__ChangeKind kind)
{
    if (kind == ROUTING__CHANGE_KIND__CHANGE_KIND_ROUTED) {
        task->routed++;
        task->office = office;
    } else if (kind == ROUTING__CHANGE_KIND__CHANGE_KIND_DUE_MOVED) {
        task->moved++;
    }
    pthread_cond_broadcast(&office->day->changed); /* the watch may have dealt with it already */
}

/* With the lock held. */
static void hear_of_watch(struct day_task *task, const Routing__TaskChange *change, int64_t now_us)
{
    if (change->kind != ROUTING__CHANGE_KIND__CHANGE_KIND_ALARMED) {
        return;
    }
    if (task->alarmed == 0) {
        task->delay_us = now_us - change->task->registered_at_us;
        task->given = strcmp(change->task->desk, DAY_WATCH) == 0;
    }
    task->alarmed++;
}

static void hear(struct day_office *office, const Routing__TaskChange *change)
{
    struct day *day = office->day;
    if (office->told_count > 0 &&
        office->told[office->told_count - 1].sequence >= change->sequence) {
        (void)day_complain(day, office->name, "is told of %" PRIu64 " behind %" PRIu64,
                           change->sequence, office->told[office->told_count - 1].sequence);
    }
    if (office->told_count == office->told_room) {
        office->told_room = office->told_room * 2 + 256;
        office->told = realloc(office->told, office->told_room * sizeof *office->told);
        CHECK(office->told != NULL);
    }
    office->told[office->told_count++] =
        (struct day_told){change->sequence, change->task->number, change->kind};
    int64_t now_us = clock_wall_us(clock_system());
    CHECK(change->task->case_number <= day->call_count);
    pthread_mutex_lock(&day->lock);
    if (office->watches) {
        hear_of_watch(task_of(office, change->task), change, now_us);
    } else {
        hear_of_office(office, task_of(office, change->task), change->kind);
    }
    pthread_mutex_unlock(&day->lock);
}

static void acknowledge(struct day_office *office)
{
    uint8_t key[UUID_BYTES];
    Routing__AcknowledgeTasksRequest request = ROUTING__ACKNOWLEDGE_TASKS_REQUEST__INIT;
    request.idempotency_key = vafa_new_key(key);
    request.unit = office->unit;
    request.sequence = office->told[office->told_count - 1].sequence;
    struct vafa_call call = {.service = &routing__routing__descriptor,
                             .method = "AcknowledgeTasks",
                             .request = &request.base};
    if (day_try(office->day, office->vafa, office->name, &call)) {
        office->acknowledged = request.sequence;
        vafa_call_fini(&call);
    }
}

static bool ask_changes(struct day_office *office, uint32_t wait_ms, struct vafa_call *call)
{
    Routing__FollowTasksRequest request = ROUTING__FOLLOW_TASKS_REQUEST__INIT;
    request.unit = office->unit;
    request.after = office->next;
    request.wait_ms = wait_ms;
    request.changes_max = CHANGES_MAX;
    request.reader = office->name;
    if (office->watches) {
        request.desk = (char *)(uintptr_t)DAY_WATCH;
    }
    *call = (struct vafa_call){.service = &routing__routing__descriptor,
                               .method = "FollowTasks",
                               .request = &request.base};
    return day_try(office->day, office->vafa, office->name, call);
}

/* Returns how many changes came. */
static size_t follow(struct day_office *office, uint32_t wait_ms)
{
    struct vafa_call call;
    if (!ask_changes(office, wait_ms, &call)) {
        return 0;
    }
    const Routing__FollowTasksResponse *response =
        (const Routing__FollowTasksResponse *)call.response;
    size_t count = response->n_changes;
    if (office->next == 0 && response->acknowledged != office->acknowledged) {
        (void)day_complain(office->day, office->name,
                           "has acknowledged %" PRIu64 ", the server keeps %" PRIu64,
                           office->acknowledged, response->acknowledged);
    }
    for (size_t i = 0; i < count; i++) {
        hear(office, response->changes[i]);
    }
    for (size_t i = 0; i < count; i++) {
        take(office, response->changes[i]);
    }
    office->next = response->next;
    vafa_call_fini(&call);
    if (count > 0 && !office->watches) {
        acknowledge(office); /* for the unit */
    }
    return count;
}

/* What the server has told, and the office has not heard: it must be told again. */
static void lose_an_answer(struct day_office *office)
{
    struct vafa_call call;
    if (ask_changes(office, WAIT_MS, &call)) {
        vafa_call_fini(&call);
    }
}

/* --- threads --- */

static void connect_office(struct day_office *office)
{
    struct error err;
    const struct vafa_options options = {.data = office->day->system->data,
                                         .name = office->watches ? DAY_WATCH : office->unit,
                                         .unit = office->unit,
                                         .role = RPC_ROLE_OFFICE,
                                         .patience_ms = DAY_PATIENCE_MS};
    CHECK(vafa_open(&office->vafa, &options, &err) == STATUS_OK);
    if (!office->watches) {
        office->next = 0; /* a new program: the server knows where it was */
    }
}

/* The desk is there: for ten minutes from here or from its last act, longer than it is ever cut off. */
static void come_on_watch(struct day_office *office)
{
    uint8_t key[UUID_BYTES];
    Routing__ClaimTasksRequest request = ROUTING__CLAIM_TASKS_REQUEST__INIT;
    request.idempotency_key = vafa_new_key(key);
    request.unit = office->unit;
    request.desk = (char *)(uintptr_t)DAY_WATCH;
    struct vafa_call call = {
        .service = &routing__routing__descriptor, .method = "ClaimTasks", .request = &request.base};
    if (day_try(office->day, office->vafa, office->name, &call)) {
        vafa_call_fini(&call);
    }
    if (office->next == 0) {
        office->next = 1; /* the log's first is no task's: this was claimed before any came */
    }
}

/* With the lock held, which is given up meanwhile. */
static void be_cut_off(struct day_office *office)
{
    struct day *day = office->day;
    pthread_mutex_unlock(&day->lock);
    lose_an_answer(office);
    vafa_close(office->vafa);
    office->vafa = NULL;
    office->told_before = office->told_count;
    pthread_mutex_lock(&day->lock);
    day->cut_off++;
    pthread_cond_broadcast(&day->changed);
    while (day->away && !day->over) {
        pthread_cond_wait(&day->changed, &day->lock);
    }
    day->cut_off--;
    pthread_mutex_unlock(&day->lock);
    connect_office(office);
    if (office->watches) {
        come_on_watch(office);
    }
    pthread_mutex_lock(&day->lock);
}

static void *run(void *context)
{
    struct day_office *office = context;
    struct day *day = office->day;
    pthread_mutex_lock(&day->lock);
    while (!day->over && !day->failed) {
        if (day->away && office->district == DAY_AWAY) {
            be_cut_off(office);
        }
        pthread_mutex_unlock(&day->lock);
        (void)follow(office, WAIT_MS); /* it has been acted on */
        pthread_mutex_lock(&day->lock);
    }
    bool failed = day->failed;
    pthread_mutex_unlock(&day->lock);
    while (!failed && follow(office, 0) > 0) {
    }
    return NULL;
}

/* The unit is set. */
static void come(struct day *day, struct day_office *office, bool watches)
{
    office->day = day;
    office->watches = watches;
    snprintf(office->name, sizeof office->name, "%s%s", office->unit, watches ? " " DAY_WATCH : "");
    connect_office(office);
    if (watches) {
        come_on_watch(office);
    }
    assert_int_equal(pthread_create(&office->thread, NULL, run, office), 0);
}

void day_offices_come(struct day *day)
{
    day->offices = calloc(DAY_OFFICES, sizeof *day->offices);
    day->watches = calloc(DAY_WATCHES, sizeof *day->watches);
    assert_true(day->offices != NULL && day->watches != NULL);
    for (size_t i = 0; i < DAY_WATCHES; i++) {
        struct day_office *office = &day->offices[i], *watch = &day->watches[i];
        office->district = watch->district = (unsigned)(1 + i / DAY_DESKS);
        snprintf(office->unit, sizeof office->unit, "district-%u-%s", office->district,
                 day_desks[i % DAY_DESKS]);
        memcpy(watch->unit, office->unit, sizeof watch->unit);
        come(day, watch, true);
        come(day, office, false);
    }
    struct day_office *coordinator = &day->offices[DAY_OFFICES - 1];
    snprintf(coordinator->unit, sizeof coordinator->unit, "centre-137");
    come(day, coordinator, false);
}

static void go(struct day_office *office)
{
    assert_int_equal(pthread_join(office->thread, NULL), 0);
    vafa_close(office->vafa);
}

void day_offices_go(struct day *day)
{
    for (size_t i = 0; i < DAY_OFFICES; i++) {
        go(&day->offices[i]);
    }
    for (size_t i = 0; i < DAY_WATCHES; i++) {
        go(&day->watches[i]);
    }
}
