/* Events change the tables of desks; see routing_apply.c. */
#include "services/routing/routing_internal.h"
#include "services/routing/routing_rules.h"
#include "services/routing/routing_tables.h"

#include <inttypes.h>
#include <string.h>

/* The log speaks of what must be there. */
static void *must(struct apply *a, void *record, const char *what, uint64_t number)
{
    if (record == NULL) {
        txn_fail(a->txn, STATUS_DATA_LOSS, "the log speaks of %s %" PRIu64 ", which is missing",
                 what, number);
    }
    return record;
}

static void watch(struct apply *a, uint64_t number, const Routing__DeskRecord *desk)
{
    const struct timer timer = {
        .due_us = desk->until_us,
        .kind = ROUTING_TIMER_DESK,
        .subject = number,
    };
    timer_set(a->txn, &timer);
}

static void give(struct apply *a, uint64_t desk_number, uint64_t task_number, char *desk)
{
    Routing__Task *task =
        must(a, routing_tables_task(a->txn, task_number, a->arena), "task", task_number);
    if (task != NULL) {
        task->desk = desk;
        routing_tables_put_task(a->txn, task);
        routing_tables_follow_free(a->txn, task);
        if (desk[0] != '\0') {
            routing_tables_put_claim(a->txn, desk_number, task_number);
        } else {
            routing_tables_delete_claim(a->txn, desk_number, task_number);
        }
    }
}

void routing_apply_claimed(struct apply *a, const struct event *event,
                           const Routing__DeskClaimed *claimed)
{
    Routing__DeskRecord desk = ROUTING__DESK_RECORD__INIT;
    const Routing__DeskRecord *before = routing_tables_desk(a->txn, claimed->desk_number, a->arena);
    if (before != NULL && strcmp(before->name, claimed->desk) != 0) {
        routing_tables_delete_desk_number(a->txn, before); /* it has its place no more */
        before = NULL;
    }
    desk.unit = claimed->unit;
    desk.name = claimed->desk;
    desk.lease_us = claimed->lease_us;
    desk.until_us = us_add(event->recorded_at_us, claimed->lease_us);
    desk.held = (before != NULL ? before->held : 0) + (uint32_t)claimed->n_task_numbers;
    routing_tables_put_desk(a->txn, claimed->desk_number, &desk);
    if (before == NULL) {
        routing_tables_put_desk_number(a->txn, &desk, claimed->desk_number);
    }
    for (size_t i = 0; i < claimed->n_task_numbers; i++) {
        give(a, claimed->desk_number, claimed->task_numbers[i], claimed->desk);
    }
    watch(a, claimed->desk_number, &desk);
}

void routing_apply_silent(struct apply *a, const Routing__DeskSilent *silent)
{
    uint64_t tasks[ROUTING_DESK_HELD_MAX];
    Routing__DeskRecord *desk = must(a, routing_tables_desk(a->txn, silent->desk_number, a->arena),
                                     "desk", silent->desk_number);
    if (desk == NULL) {
        return;
    }
    size_t count = routing_tables_claims(a->txn, silent->desk_number, tasks, ROUTING_DESK_HELD_MAX);
    for (size_t i = 0; i < count; i++) {
        give(a, silent->desk_number, tasks[i], (char *)protobuf_c_empty_string);
    }
    desk->held = 0;
    routing_tables_put_desk(a->txn, silent->desk_number, desk);
    timer_clear(a->txn, ROUTING_TIMER_DESK, silent->desk_number);
    apply_signal(a, service_signal_key(silent->unit));
}

/* The desk that has the task, as it is in the tables; NULL when it is missing. */
static Routing__DeskRecord *desk_of(struct apply *a, const Routing__Task *task,
                                    uint64_t *ret_number)
{
    *ret_number = routing_tables_desk_number(a->txn, task->unit, task->desk, a->arena);
    return must(a, routing_tables_desk(a->txn, *ret_number, a->arena), "desk", *ret_number);
}

/* Its desk has it no more, or has done something: that says that it is there. */
static void follow_desk(struct apply *a, const struct event *event, const Routing__Task *was,
                        bool leaves)
{
    uint64_t number;
    Routing__DeskRecord *desk = desk_of(a, was, &number);
    if (desk == NULL) {
        return;
    }
    if (leaves) {
        routing_tables_delete_claim(a->txn, number, was->number);
        desk->held--;
    }
    if (strcmp(event->actor, was->desk) == 0) {
        desk->until_us = us_add(event->recorded_at_us, desk->lease_us);
        watch(a, number, desk);
    }
    routing_tables_put_desk(a->txn, number, desk);
}

/* It was given to a desk that did not ask for it. */
static void join_desk(struct apply *a, const Routing__Task *now)
{
    uint64_t number;
    Routing__DeskRecord *desk = desk_of(a, now, &number);
    if (desk != NULL) {
        desk->held++;
        routing_tables_put_claim(a->txn, number, now->number);
        routing_tables_put_desk(a->txn, number, desk);
    }
}

/* What has ended, or gone to another unit or desk, a desk has no more. */
void routing_apply_desk_act(struct apply *a, const struct event *event, const Routing__Task *was,
                            const Routing__Task *now)
{
    bool leaves = strcmp(was->desk, now->desk) != 0;
    if (was->desk[0] != '\0') {
        follow_desk(a, event, was, leaves);
    }
    if (leaves && now->desk[0] != '\0') {
        join_desk(a, now);
    }
}
