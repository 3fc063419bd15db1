/*
 * Storms, a second time: which runs, what is in its scope, that it ends; what routing makes of it.
 * What the dates come to is calculated in recount_clock.c.
 */
#include "tests/sim/recount_internal.h"

#include "base/check.h"

#include <inttypes.h>
#include <string.h>

#define RUNNING_MAX 8
#define WEEK_US (168 * HOUR_US)
/* Of the pack. */
#define DUE_PERCENT 300
#define RESPOND_PERCENT 200
#define MUST_TELL "lost-property"

static _Noreturn void impossible(const struct found *found, const char *why)
{
    invariant_broken(INVARIANT_STORMS, "%s's event %" PRIu64 ": %s",
                     service_name((Common__ServiceId)found->service), found->offset, why);
}

struct recount_storm *recount_storm(struct recount *recount, uint64_t number)
{
    return number < 1 || number > recount->storm_count ? NULL : &recount->storms[number - 1];
}

static struct recount_storm *known_storm(struct recount *recount, const struct found *found,
                                         uint64_t number)
{
    struct recount_storm *storm = recount_storm(recount, number);
    if (storm == NULL) {
        impossible(found, "nobody began the storm");
    }
    return storm;
}

static bool is_named(const char *key, const char *const *keys, size_t count)
{
    bool found = count == 0;
    for (size_t i = 0; i < count; i++) {
        found = found || strcmp(keys[i], key) == 0;
    }
    return found;
}

bool recount_storm_holds(const struct recount_storm *storm, const char *topic, const char *area)
{
    return is_named(topic, storm->topics, storm->topic_count) &&
           is_named(area, storm->areas, storm->area_count);
}

/* --- intake --- */

static bool runs(const struct recount_storm *storm, int64_t at_us)
{
    return !storm->has_ended && at_us < storm->ends_us;
}

static void keep(struct recount *recount, const struct found *found, char *const *keys,
                 size_t count, const char **ret_keys, size_t *ret_count)
{
    if (count > RECOUNT_STORM_KEYS) {
        impossible(found, "nobody named so many");
    }
    for (size_t i = 0; i < count; i++) {
        ret_keys[i] = recount_text(recount, keys[i]);
    }
    *ret_count = count;
}

static void take_started(struct recount *recount, const struct found *found,
                         const Intake__StormStarted *started)
{
    size_t running = 0;
    for (size_t i = 0; i < recount->storm_count; i++) {
        running += !recount->storms[i].has_ended;
    }
    int64_t lasts_us = started->ends_at_us - found->record->recorded_at_us;
    if (started->storm_number != recount->storm_count + 1 || running >= RUNNING_MAX) {
        impossible(found, "storms are numbered one after another, and so many run at a time");
    }
    if (lasts_us < HOUR_US || lasts_us > WEEK_US || started->due_percent != DUE_PERCENT ||
        started->respond_percent != RESPOND_PERCENT) {
        impossible(found, "it lasts too long, or allows what the pack does not");
    }
    recount->storms = recount_grow(recount->storms, recount->storm_count, &recount->storm_room,
                                   sizeof *recount->storms);
    struct recount_storm *storm = &recount->storms[recount->storm_count++];
    *storm = (struct recount_storm){.number = started->storm_number,
                                    .started_us = found->record->occurred_at_us,
                                    .ends_us = started->ends_at_us,
                                    .surge = started->surge,
                                    .due_percent = DUE_PERCENT,
                                    .respond_percent = RESPOND_PERCENT};
    keep(recount, found, started->topics, started->n_topics, storm->topics, &storm->topic_count);
    keep(recount, found, started->areas, started->n_areas, storm->areas, &storm->area_count);
}

static void take_lengthened(struct recount *recount, const struct found *found,
                            const Intake__StormLengthened *lengthened)
{
    struct recount_storm *storm = known_storm(recount, found, lengthened->storm_number);
    if (!runs(storm, found->record->recorded_at_us) || lengthened->ends_at_us <= storm->ends_us ||
        lengthened->ends_at_us - found->record->recorded_at_us > WEEK_US) {
        impossible(found, "the storm was over, or is made shorter or too long");
    }
    storm->ends_us = lengthened->ends_at_us;
}

static void take_ended(struct recount *recount, const struct found *found,
                       const Intake__StormEnded *ended)
{
    struct recount_storm *storm = known_storm(recount, found, ended->storm_number);
    int64_t now_us = found->record->recorded_at_us;
    bool in_time = ended->by_itself
                       ? now_us >= storm->ends_us && found->record->occurred_at_us == storm->ends_us
                       : now_us < storm->ends_us;
    if (storm->has_ended || !in_time) {
        impossible(found, "the storm ended before, or not at its time");
    }
    storm->has_ended = true;
}

bool recount_take_storm(struct recount *recount, const struct found *found)
{
    const Intake__Event *event = (const Intake__Event *)found->open;
    switch (event->kind_case) {
    case INTAKE__EVENT__KIND_STORM_STARTED:
        take_started(recount, found, event->storm_started);
        return true;
    case INTAKE__EVENT__KIND_STORM_LENGTHENED:
        take_lengthened(recount, found, event->storm_lengthened);
        return true;
    case INTAKE__EVENT__KIND_STORM_ENDED:
        take_ended(recount, found, event->storm_ended);
        return true;
    default: return false;
    }
}

/* All storms allow as much: the newest counts. */
void recount_take_registered_in_storm(struct recount *recount, const struct found *found,
                                      const struct recount_case *one,
                                      const Intake__RequestRegistered *request)
{
    uint64_t expected = 0;
    for (size_t i = 0; i < recount->storm_count && !one->historical; i++) {
        const struct recount_storm *storm = &recount->storms[i];
        if (runs(storm, found->record->recorded_at_us) &&
            recount_storm_holds(storm, one->topic, one->area)) {
            expected = storm->number;
        }
    }
    if (request->storm != expected) {
        impossible(found, "the request is of another storm, or of none");
    }
    if (expected == 0 && !one->historical && strcmp(one->topic, MUST_TELL) == 0 &&
        request->n_answers == 0) {
        impossible(found, "what must be told was not, and no storm runs");
    }
}

void recount_check_storms(const struct recount *recount, int64_t until_us)
{
    for (size_t i = 0; i < recount->storm_count; i++) {
        const struct recount_storm *storm = &recount->storms[i];
        if (!storm->has_ended && storm->ends_us < until_us) {
            invariant_broken(INVARIANT_STORMS, "storm %" PRIu64 " should have ended by itself",
                             storm->number);
        }
    }
}

/* --- routing --- */

static bool are_same(char *const *a, size_t a_count, const char *const *b, size_t b_count)
{
    bool same = a_count == b_count;
    for (size_t i = 0; same && i < a_count; i++) {
        same = strcmp(a[i], b[i]) == 0;
    }
    return same;
}

static void take_taken(struct recount *recount, const struct found *found,
                       const Routing__StormTaken *taken)
{
    struct recount_storm *storm = known_storm(recount, found, taken->storm_number);
    if (storm->is_taken || (storm->number > 1 && !recount->storms[storm->number - 2].is_taken) ||
        taken->last_task != recount->task_count || taken->started_at_us != storm->started_us) {
        impossible(found, "it is taken again, out of order, or for other tasks");
    }
    if (!are_same(taken->topics, taken->n_topics, storm->topics, storm->topic_count) ||
        !are_same(taken->areas, taken->n_areas, storm->areas, storm->area_count) ||
        taken->due_percent != storm->due_percent ||
        taken->respond_percent != storm->respond_percent) {
        impossible(found, "it is another storm than intake tells of");
    }
    storm->is_taken = true;
    storm->last_task = taken->last_task;
}

/* Behind a step none of its tasks is left which the storm should have moved. */
static void take_applied(struct recount *recount, const struct found *found,
                         const Routing__StormApplied *applied)
{
    struct recount_storm *storm = known_storm(recount, found, applied->storm_number);
    if (!storm->is_taken || storm->is_applied || applied->task_number < storm->looked ||
        applied->task_number > storm->last_task) {
        impossible(found, "it looks at no tasks, or at others");
    }
    uint64_t to = applied->finished ? storm->last_task : applied->task_number;
    for (uint64_t number = storm->looked + 1; number <= to; number++) {
        const struct recount_task *task = recount_task(recount, number);
        if (recount_clock_awaits_storm(task, storm)) {
            invariant_broken(INVARIANT_STORMS,
                             "task %" PRIu64 " was open when storm %" PRIu64
                             " began, and has no later date",
                             number, storm->number);
        }
    }
    storm->looked = applied->task_number;
    storm->is_applied = applied->finished;
}

bool recount_take_storm_of_routing(struct recount *recount, const struct found *found)
{
    const Routing__Event *event = (const Routing__Event *)found->open;
    switch (event->kind_case) {
    case ROUTING__EVENT__KIND_STORM_TAKEN:
        take_taken(recount, found, event->storm_taken);
        return true;
    case ROUTING__EVENT__KIND_STORM_APPLIED:
        take_applied(recount, found, event->storm_applied);
        return true;
    default: return false;
    }
}
