/* What a call's events change: its row, its timer, and the requests it was about. */
#include "services/intake/intake_calls.h"
#include "services/intake/intake_tables.h"

#include "base/clock.h"
#include "base/plant.h"

void intake_apply_call_opened(struct apply *a, const struct event *event,
                              const Intake__CallOpened *opened)
{
    Intake__CallRecord record = INTAKE__CALL_RECORD__INIT;
    record.opened_offset = event->offset;
    intake_tables_call_put(a->txn, opened->call_number, &record);
    const struct timer timer = {
        .due_us = us_add(event->recorded_at_us, INTAKE_CALL_OPEN_US_MAX),
        .kind = INTAKE_TIMER_CALL,
        .subject = opened->call_number,
    };
    if (!PLANTED("open_call_never_closed")) {
        timer_set(a->txn, &timer);
    }
}

static Intake__CallRecord *call_of(struct apply *a, uint64_t number)
{
    Intake__CallRecord *record = intake_tables_call(a->txn, number, a->arena);
    if (record == NULL) {
        txn_fail(a->txn, STATUS_DATA_LOSS, "the log speaks of call %llu, which is missing",
                 (unsigned long long)number);
    }
    return record;
}

void intake_apply_call_ended(struct apply *a, const struct event *event,
                             const Intake__CallEnded *ended)
{
    Intake__CallRecord *record = call_of(a, ended->call_number);
    if (record != NULL) {
        record->ended_offset = event->offset;
        intake_tables_call_put(a->txn, ended->call_number, record);
        timer_clear(a->txn, INTAKE_TIMER_CALL, ended->call_number);
    }
}

/* The list with one number more, unless it has it. */
static void append(struct apply *a, uint64_t **list, size_t *count, uint64_t number)
{
    for (size_t i = 0; i < *count; i++) {
        if ((*list)[i] == number) {
            return;
        }
    }
    uint64_t *longer = arena_alloc(a->arena, (*count + 1) * sizeof(*longer));
    if (longer == NULL) {
        txn_fail(a->txn, STATUS_RESOURCE_EXHAUSTED,
                 "a call's requests need more memory than there is");
        return;
    }
    for (size_t i = 0; i < *count; i++) {
        longer[i] = (*list)[i];
    }
    longer[(*count)++] = number;
    *list = longer;
}

void intake_apply_registered_in_call(struct apply *a, uint64_t call_number, uint64_t case_number)
{
    Intake__CallRecord *record = call_number == 0 ? NULL : call_of(a, call_number);
    if (record != NULL) {
        append(a, &record->registered, &record->n_registered, case_number);
        intake_tables_call_put(a->txn, call_number, record);
    }
}

static void chased_in_call(struct apply *a, uint64_t call_number, uint64_t case_number)
{
    Intake__CallRecord *record = call_number == 0 ? NULL : call_of(a, call_number);
    if (record != NULL) {
        append(a, &record->chased, &record->n_chased, case_number);
        intake_tables_call_put(a->txn, call_number, record);
    }
}

void intake_apply_chased(struct apply *a, const struct event *event,
                         const Intake__CaseChased *chased)
{
    Intake__TimelineRecord row = INTAKE__TIMELINE_RECORD__INIT;
    Intake__CaseChangesRecord *changes =
        intake_tables_case_changes(a->txn, chased->number, a->arena);
    if (changes == NULL) {
        txn_fail(a->txn, STATUS_RESOURCE_EXHAUSTED,
                 "a request's changes need more memory than there is");
        return;
    }
    changes->chases = chased->chases;
    intake_tables_case_changes_put(a->txn, chased->number, changes);
    row.kind = INTAKE__TIMELINE_KIND__TIMELINE_KIND_CHASED;
    row.at_us = event->occurred_at_us;
    row.note = chased->note;
    row.actor = (char *)(uintptr_t)event->actor;
    intake_tables_story_put(a->txn, chased->number, event->offset, &row);
    chased_in_call(a, chased->call_number, chased->number);
}
