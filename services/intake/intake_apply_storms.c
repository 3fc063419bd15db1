/* What events about storms change: their rows, and the timer of their end. */
#include "services/intake/intake_storms.h"
#include "services/intake/intake_tables.h"

#include "base/plant.h"

static Intake__Storm *storm_of(struct apply *a, uint64_t number)
{
    Intake__Storm *storm = intake_tables_storm(a->txn, number, a->arena);
    if (storm == NULL) {
        txn_fail(a->txn, STATUS_DATA_LOSS, "the log speaks of storm %llu, which is missing",
                 (unsigned long long)number);
    }
    return storm;
}

static void set_end(struct apply *a, uint64_t number, int64_t ends_at_us)
{
    const struct timer timer = {
        .due_us = ends_at_us,
        .kind = INTAKE_TIMER_STORM,
        .subject = number,
    };
    if (!PLANTED("storm_never_ends")) {
        timer_set(a->txn, &timer);
    }
}

void intake_apply_storm_started(struct apply *a, const struct event *event,
                                const Intake__StormStarted *started)
{
    uint64_t running[INTAKE_STORMS_RUNNING_MAX + 1];
    Intake__Storm storm = INTAKE__STORM__INIT;
    storm.storm_number = started->storm_number;
    storm.n_topics = started->n_topics;
    storm.topics = started->topics;
    storm.n_areas = started->n_areas;
    storm.areas = started->areas;
    storm.started_at_us = event->recorded_at_us;
    storm.ends_at_us = started->ends_at_us;
    storm.reason = started->reason;
    storm.started_by = (char *)(uintptr_t)event->actor;
    storm.due_percent = started->due_percent;
    storm.respond_percent = started->respond_percent;
    storm.surge = started->surge;
    intake_tables_storm_put(a->txn, &storm);
    size_t count = intake_tables_running_storms(a->txn, a->arena, running);
    running[count++] = started->storm_number;
    intake_tables_running_storms_put(a->txn, running, count);
    set_end(a, started->storm_number, started->ends_at_us);
}

void intake_apply_storm_lengthened(struct apply *a, const Intake__StormLengthened *lengthened)
{
    Intake__Storm *storm = storm_of(a, lengthened->storm_number);
    if (storm != NULL) {
        storm->ends_at_us = lengthened->ends_at_us;
        intake_tables_storm_put(a->txn, storm);
        set_end(a, storm->storm_number, storm->ends_at_us);
    }
}

void intake_apply_storm_ended(struct apply *a, const struct event *event,
                              const Intake__StormEnded *ended)
{
    uint64_t running[INTAKE_STORMS_RUNNING_MAX];
    Intake__Storm *storm = storm_of(a, ended->storm_number);
    if (storm == NULL) {
        return;
    }
    storm->ended_at_us = event->occurred_at_us;
    storm->by_itself = ended->by_itself;
    storm->end_reason = ended->reason;
    intake_tables_storm_put(a->txn, storm);
    size_t count = intake_tables_running_storms(a->txn, a->arena, running);
    size_t left = 0;
    for (size_t i = 0; i < count; i++) {
        if (running[i] != ended->storm_number) {
            running[left++] = running[i];
        }
    }
    intake_tables_running_storms_put(a->txn, running, left);
    timer_clear(a->txn, INTAKE_TIMER_STORM, ended->storm_number);
}

void intake_apply_registered_in_storm(struct apply *a, uint64_t number, uint64_t case_number)
{
    Intake__Storm *storm = number == 0 ? NULL : storm_of(a, number);
    if (storm != NULL) {
        storm->requests++;
        intake_tables_storm_put(a->txn, storm);
        intake_tables_storm_case_put(a->txn, number, case_number);
    }
}
