#include "tests/sim/plants.h"

#include <string.h>

const struct plant plants[] = {
    {"answer_before_commit", INVARIANT_SYNCED},
    {"cursor_in_another_transaction", INVARIANT_APPLIED_ONCE},
    {"key_forgotten", INVARIANT_SAME_ANSWER},
    {"timer_lost_on_crash", INVARIANT_TIMERS},
    {"doubled_message_applied_twice", INVARIANT_SAME_ANSWER},
    {"acknowledged_too_far", INVARIANT_OFFICES},
    {"office_not_told_of_return", INVARIANT_OFFICES},
    {"counter_not_counted_down", INVARIANT_REPORTS},
    {"chain_head_not_moved", INVARIANT_CHAINS},
    {"at_least_ignored", INVARIANT_OWN_WRITES},
    {"event_skipped_on_restart", INVARIANT_APPLIED_ONCE},
    {"effects_before_causes", INVARIANT_DELIVERY},
    {"clock_followed_backwards", INVARIANT_CLOCKS},
    {"full_disk_acknowledged", INVARIANT_EXACTLY_ONCE},
    {"full_disk_refuses_for_good", INVARIANT_REFUSALS},
    {"call_handed_out_twice", INVARIANT_ONE_CHAIN},
    {"journal_not_replayed", INVARIANT_STARTS},
    {"key_outlives_the_forgotten", INVARIANT_FORGOTTEN},
    {"pause_not_counted", INVARIANT_CLOCK_RIGHT},
    {"closure_forgotten", INVARIANT_CLOCK_RIGHT},
    {"joined_not_told", INVARIANT_JOINED},
    {"joined_not_called", INVARIANT_APPLIED_ONCE},
    {"open_call_never_closed", INVARIANT_CALLS},
    {"chase_counted_twice", INVARIANT_CALLS},
    {"taken_back_not_left", INVARIANT_JOINED},
    {"storm_never_ends", INVARIANT_STORMS},
    {"storm_forgets_open_tasks", INVARIANT_STORMS},
    {"taken_pack_forgotten", INVARIANT_PACKS},
    {"chased_left_in_place", INVARIANT_OFFICES},
    {"returned_alarm_forgotten", INVARIANT_URGENT},
    {"answers_not_ruled", INVARIANT_RULED},
    {"external_name_forgotten", INVARIANT_EXACTLY_ONCE},
    {"apply_remembers", INVARIANT_TABLES},
    {"digits_not_compared", INVARIANT_SEALED},
    {"split_off_still_told", INVARIANT_TIMELINES},
    {"refusal_leaves_a_trace", INVARIANT_ALIVE},
    {"alarm_never_waits", INVARIANT_TIME},
};
const size_t plants_count = sizeof plants / sizeof plants[0];

const struct plant *plants_find(const char *name)
{
    for (size_t i = 0; i < plants_count; i++) {
        if (strcmp(plants[i].name, name) == 0) {
            return &plants[i];
        }
    }
    return NULL;
}
