/* Who has seen what citizens said, by the logs: a second time, against what ListLooks tells. */
#include "tests/sim/recount_internal.h"

#include "base/check.h"

#include <inttypes.h>
#include <string.h>

#define LOOKS_MAX 512 /* of a request, in either log */

static void take(struct recount *recount, const struct found *found, uint64_t case_number,
                 const char *purpose)
{
    recount->looks = recount_grow(recount->looks, recount->look_count, &recount->look_room,
                                  sizeof *recount->looks);
    recount->looks[recount->look_count++] =
        (struct recount_look){.service = found->service,
                              .case_number = case_number,
                              .at_us = found->record->recorded_at_us,
                              .actor = recount_text(recount, found->record->actor),
                              .purpose = recount_text(recount, purpose)};
}

static void take_all(struct recount *recount, const struct found *found, const uint64_t *numbers,
                     size_t count, const char *purpose)
{
    for (size_t i = 0; i < count; i++) {
        take(recount, found, numbers[i], purpose);
    }
}

static void take_intake(struct recount *recount, const struct found *found)
{
    const Intake__Event *event = (const Intake__Event *)found->open;
    switch (event->kind_case) {
    case INTAKE__EVENT__KIND_CASE_REVEALED:
        take(recount, found, event->case_revealed->number, event->case_revealed->purpose);
        break;
    case INTAKE__EVENT__KIND_CALL_OPENED:
        take_all(recount, found, event->call_opened->shown_cases, event->call_opened->n_shown_cases,
                 event->call_opened->purpose);
        break;
    case INTAKE__EVENT__KIND_WORDS_SEARCHED:
        take_all(recount, found, event->words_searched->found, event->words_searched->n_found,
                 event->words_searched->purpose);
        break;
    default: break;
    }
}

void recount_take_looks(struct recount *recount, const struct found *found)
{
    if (found->service == COMMON__SERVICE_ID__SERVICE_ID_INTAKE) {
        take_intake(recount, found);
    } else if (found->service == COMMON__SERVICE_ID__SERVICE_ID_FOLLOWUP) {
        const Followup__Event *event = (const Followup__Event *)found->open;
        if (event->kind_case == FOLLOWUP__EVENT__KIND_CALL_REVEALED) {
            take(recount, found, event->call_revealed->case_number, event->call_revealed->purpose);
        }
    }
}

static bool is_it(const struct recount_look *look, const Intake__Look *told)
{
    return look->service == (unsigned)told->service && look->at_us == told->at_us &&
           strcmp(look->actor, told->actor) == 0 && strcmp(look->purpose, told->purpose) == 0;
}

/* Some are alike: each stands for one. */
static bool find(const Intake__ListLooksResponse *response, const struct recount_look *look,
                 bool *used)
{
    for (size_t i = 0; i < response->n_looks; i++) {
        if (!used[i] && is_it(look, response->looks[i])) {
            used[i] = true;
            return true;
        }
    }
    return false;
}

void recount_check_looks(const struct recount *recount, uint64_t case_number, size_t known,
                         bool whole, const Intake__ListLooksResponse *response)
{
    bool used[2 * LOOKS_MAX] = {false};
    bool is_missing[SERVICE_COUNT + 1] = {false};
    size_t found = 0;
    CHECK(response->n_looks <= 2 * LOOKS_MAX);
    for (size_t i = 0; i < recount->look_count; i++) {
        const struct recount_look *look = &recount->looks[i];
        if (look->case_number != case_number) {
            continue;
        }
        bool is_told = find(response, look, used);
        bool is_own = look->service == COMMON__SERVICE_ID__SERVICE_ID_INTAKE;
        if ((!is_told && i < known && (whole || is_own)) ||
            (is_told && is_missing[look->service])) {
            invariant_broken(INVARIANT_LOOKS,
                             "%s looked at request %" PRIu64 " (\"%s\"), and it is not told",
                             look->actor, case_number, look->purpose);
        }
        is_missing[look->service] = is_missing[look->service] || !is_told;
        found += is_told;
    }
    for (size_t i = 0; i < response->n_looks; i++) {
        if (found != response->n_looks ||
            (i > 0 && response->looks[i]->at_us > response->looks[i - 1]->at_us)) {
            invariant_broken(INVARIANT_LOOKS,
                             "of request %" PRIu64
                             " looks are told that no log has, or not the newest first",
                             case_number);
        }
    }
}
