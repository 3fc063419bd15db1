/* Two desks of one office share its work: they claim tasks, report on them, say that they are there, and
 * now and then fall silent. */
#include "tests/sim/life_internal.h"

/* What a desk is at, until it falls silent for some hours. */
#define ROUNDS_MAX 6

static void round_begins(struct later *later);

static void later_again(struct share *share)
{
    struct life *life = share->life;
    bool goes_on = share->rounds > 0;
    share->rounds = goes_on ? share->rounds - 1 : (unsigned)life_draw(life, 1, ROUNDS_MAX);
    int64_t delay_us = goes_on ? life_draw(life, MINUTE_US, 9 * MINUTE_US)
                               : life_draw(life, 4 * HOUR_US, 30 * HOUR_US);
    later_set(&share->later, life, round_begins, delay_us);
}

/* Another desk may have it by now, or it has ended. */
static void reported(struct errand *errand)
{
    struct share *share = errand->context;
    if (errand->error.status != STATUS_OK) {
        life_refused(errand, errand->error.status == STATUS_FAILED_PRECONDITION ||
                                 errand->error.status == STATUS_PERMISSION_DENIED);
        return;
    }
    life_answered(share->life, errand);
}

static void report(struct share *share, uint64_t task)
{
    struct errand *errand = life_errand(share->life, share->caller, "ReportTask", reported, share);
    Routing__ReportTaskRequest *request =
        errand_request(errand, &routing__report_task_request__descriptor);
    request->task_number = task;
    request->note = TEXT("میز پیگیری");
    errand_start(errand);
}

static void claimed(struct errand *errand)
{
    struct share *share = errand->context;
    struct life *life = share->life;
    if (errand->error.status != STATUS_OK) {
        life_refused(errand, false);
    }
    const Routing__ClaimTasksResponse *response =
        (const Routing__ClaimTasksResponse *)errand->response;
    if (response->n_claimed > 0 && life_chance(life, 400)) {
        report(share, response->claimed[0]);
    }
    if (!life->closing) {
        later_again(share);
    }
    life_answered(life, errand);
}

static void round_begins(struct later *later)
{
    struct share *share = (struct share *)((char *)later - offsetof(struct share, later));
    struct life *life = share->life;
    if (life->closing) {
        return;
    }
    struct errand *errand = life_errand(life, share->caller, "ClaimTasks", claimed, share);
    Routing__ClaimTasksRequest *request =
        errand_request(errand, &routing__claim_tasks_request__descriptor);
    request->unit = TEXT(share->unit);
    request->desk = share->name;
    request->tasks_max = (uint32_t)life_draw(life, 0, 6);
    story_step("%s of %s claims", share->name, share->unit);
    errand_start(errand);
}

void share_begin(struct share *share, struct life *life, const char *unit, unsigned number)
{
    share->life = life;
    share->unit = unit;
    /* The first is the unit's desk for what is urgent, if it has one. */
    const struct city_unit *listed = city_unit(world_city(life->world), unit);
    const char *urgent_desk = listed == NULL ? "" : listed->urgent_desk;
    if (number == 0 && urgent_desk[0] != '\0') {
        (void)snprintf(share->name, sizeof share->name, "%s", urgent_desk);
    } else {
        (void)snprintf(share->name, sizeof share->name, "table %u", number + 1);
    }
    share->caller = world_caller_new(life->world, COMMON__SERVICE_ID__SERVICE_ID_ROUTING,
                                     RPC_ROLE_OFFICE, share->name, unit);
    later_set(&share->later, life, round_begins, life_draw(life, HOUR_US, 12 * HOUR_US));
}
