#include "tests/sim/plants.h"

#include <string.h>

#define NONE INVARIANT_COUNT

const struct plant plants[] = {
    {"answer_before_commit", INVARIANT_SAME_ANSWER, INVARIANT_OFFICES},
    {"cursor_in_another_transaction", INVARIANT_APPLIED_ONCE, INVARIANT_REPORTS},
    {"key_forgotten", INVARIANT_SAME_ANSWER, NONE},
    {"timer_lost_on_crash", INVARIANT_TIMERS, NONE},
    {"doubled_message_applied_twice", INVARIANT_SAME_ANSWER, NONE},
    {"acknowledged_too_far", INVARIANT_OFFICES, NONE},
    {"office_not_told_of_return", INVARIANT_OFFICES, NONE},
    {"nobody_hears_of_the_step", INVARIANT_OFFICES, NONE},
    {"counter_not_counted_down", INVARIANT_REPORTS, NONE},
    {"chain_head_not_moved", INVARIANT_SYNCED, NONE},
    {"record_not_in_hash", INVARIANT_CHAINS, NONE},
    {"at_least_ignored", INVARIANT_OWN_WRITES, NONE},
    {"event_skipped_on_restart", INVARIANT_APPLIED_ONCE, INVARIANT_TIMELINES},
    {"effects_before_causes", INVARIANT_DELIVERY, NONE},
    {"clock_followed_backwards", INVARIANT_CLOCKS, NONE},
    {"full_disk_acknowledged", INVARIANT_EXACTLY_ONCE, INVARIANT_OFFICES},
    {"full_disk_refuses_for_good", INVARIANT_REFUSALS, NONE},
    {"call_handed_out_twice", INVARIANT_ONE_CHAIN, NONE},
    {"journal_not_replayed", INVARIANT_STARTS, NONE},
    {"key_outlives_the_forgotten", INVARIANT_FORGOTTEN, NONE},
    {"pause_not_counted", INVARIANT_CLOCK_RIGHT, NONE},
    {"waits_for_ever", INVARIANT_ONE_CHAIN, NONE},
    {"closure_forgotten", INVARIANT_CLOCK_RIGHT, NONE},
    {"joined_not_told", INVARIANT_JOINED, NONE},
    {"joined_not_called", INVARIANT_APPLIED_ONCE, NONE},
    {"open_call_never_closed", INVARIANT_CALLS, NONE},
    {"chase_counted_twice", INVARIANT_CALLS, NONE},
    {"taken_back_not_left", INVARIANT_JOINED, NONE},
    {"storm_never_ends", INVARIANT_STORMS, NONE},
    {"storm_forgets_open_tasks", INVARIANT_STORMS, NONE},
    {"surge_never_ends", INVARIANT_SURGES, NONE},
    {"surge_begins_again", INVARIANT_SURGES, NONE},
    {"session_never_ends", INVARIANT_SESSIONS, NONE},
    {"session_not_told_who_has_it", INVARIANT_SESSIONS, NONE},
    {"session_not_shown_what_is_under_it", INVARIANT_SESSIONS, NONE},
    {"taken_pack_forgotten", INVARIANT_PACKS, NONE},
    {"chased_left_in_place", INVARIANT_OFFICES, NONE},
    {"returned_alarm_forgotten", INVARIANT_URGENT, NONE},
    {"answers_not_ruled", INVARIANT_RULED, NONE},
    {"amended_left_in_place", INVARIANT_RULED, NONE},
    {"outside_stays_open", INVARIANT_RULED, NONE},
    {"referred_for_good", INVARIANT_RULED, NONE},
    {"danger_after_the_end", INVARIANT_RULED, NONE},
    {"urgent_caller_unheard", INVARIANT_URGENT, NONE},
    {"urgent_not_hastened", INVARIANT_CLOCK_RIGHT, NONE},
    {"caller_not_taken", INVARIANT_CALLS, NONE},
    {"call_passed_over", INVARIANT_CALLS, NONE},
    {"external_name_forgotten", INVARIANT_EXACTLY_ONCE, NONE},
    {"apply_remembers", INVARIANT_TABLES, NONE},
    {"digits_not_compared", INVARIANT_SEALED, NONE},
    {"split_off_still_told", INVARIANT_TIMELINES, NONE},
    {"card_seen_untold", INVARIANT_LOOKS, NONE},
    {"answer_seen_untold", INVARIANT_LOOKS, NONE},
    {"phone_passes_one_over", INVARIANT_PAGES, NONE},
    {"behind_from_the_start", INVARIANT_OFFICES, NONE},
    {"one_answer_told", INVARIANT_ONE_CHAIN, NONE},
    {"lease_outlives_the_try", INVARIANT_ONE_CHAIN, NONE},
    {"sessions_of_any_state", INVARIANT_SESSIONS, NONE},
    {"file_from_its_start", INVARIANT_PACKS, NONE},
    {"closed_still_found", INVARIANT_SAME, NONE},
    {"page_skips_one", INVARIANT_PAGES, NONE},
    {"any_answer_fits", INVARIANT_PAGES, NONE},
    {"wrapped_by_halves", INVARIANT_REFUSALS, NONE},
    {"refusal_leaves_a_trace", INVARIANT_ALIVE, NONE},
    {"alarm_never_waits", INVARIANT_TIME, NONE},
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
