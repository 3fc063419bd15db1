/* What changes when a request is amended, taken back, added to, or looked up in vain. */
#include "services/intake/intake_amend.h"
#include "services/intake/intake_members.h"

/* Rows of wrong look-ups that are forgotten with each new one. */
#define FORGOTTEN_AT_ONCE_MAX 4

static Intake__CaseChangesRecord *changes_of(struct apply *a, uint64_t number)
{
    Intake__CaseChangesRecord *changes = intake_tables_case_changes(a->txn, number, a->arena);
    if (changes == NULL) {
        txn_fail(a->txn, STATUS_RESOURCE_EXHAUSTED,
                 "a request's changes need more memory than there is");
    }
    return changes;
}

static void tell(struct apply *a, const struct event *event, uint64_t number,
                 Intake__TimelineKind kind, char *note)
{
    Intake__TimelineRecord row = INTAKE__TIMELINE_RECORD__INIT;
    row.kind = kind;
    row.at_us = event->occurred_at_us;
    row.note = note;
    row.actor = (char *)(uintptr_t)event->actor;
    intake_tables_story_put(a->txn, number, event->offset, &row);
}

void intake_apply_amended(struct apply *a, const struct event *event,
                          const Intake__RequestAmended *amended)
{
    Intake__CaseChangesRecord *changes = changes_of(a, amended->number);
    if (changes == NULL) {
        return;
    }
    changes->amendments = amended->amendments;
    changes->amended_offset = event->offset;
    changes->amended_at_us = event->occurred_at_us;
    intake_tables_case_changes_put(a->txn, amended->number, changes);
    tell(a, event, amended->number, INTAKE__TIMELINE_KIND__TIMELINE_KIND_AMENDED, amended->reason);
}

void intake_apply_withdrawn(struct apply *a, const struct event *event,
                            const Intake__RequestWithdrawn *withdrawn)
{
    Intake__CaseChangesRecord *changes = changes_of(a, withdrawn->number);
    if (changes == NULL) {
        return;
    }
    changes->withdrawn_at_us = event->occurred_at_us;
    intake_tables_case_changes_put(a->txn, withdrawn->number, changes);
    intake_members_split(a->txn, a->arena, withdrawn->number);
    tell(a, event, withdrawn->number, INTAKE__TIMELINE_KIND__TIMELINE_KIND_WITHDRAWN,
         withdrawn->reason);
}

void intake_apply_words_added(struct apply *a, const struct event *event,
                              const Intake__WordsAdded *added)
{
    Intake__CaseChangesRecord *changes = changes_of(a, added->number);
    if (changes == NULL) {
        return;
    }
    uint64_t *offsets = arena_alloc(a->arena, (changes->n_words_offsets + 1) * sizeof(*offsets));
    if (offsets == NULL) {
        txn_fail(a->txn, STATUS_RESOURCE_EXHAUSTED,
                 "a request's changes need more memory than there is");
        return;
    }
    for (size_t i = 0; i < changes->n_words_offsets; i++) {
        offsets[i] = changes->words_offsets[i];
    }
    offsets[changes->n_words_offsets++] = event->offset;
    changes->words_offsets = offsets;
    intake_tables_case_changes_put(a->txn, added->number, changes);
    tell(a, event, added->number, INTAKE__TIMELINE_KIND__TIMELINE_KIND_WORDS_ADDED,
         (char *)protobuf_c_empty_string);
}

void intake_apply_look_up_failed(struct apply *a, const struct event *event,
                                 const Intake__LookUpFailed *failed)
{
    uint64_t number;
    int64_t until_us;
    for (int i = 0;
         i < FORGOTTEN_AT_ONCE_MAX && intake_tables_lookup_oldest(a->txn, &number, &until_us) &&
         until_us <= event->recorded_at_us;
         i++) {
        intake_tables_lookup_delete(a->txn, a->arena, number);
    }
    intake_tables_lookup_put(a->txn, a->arena, failed->code_number, failed->tries,
                             failed->until_us);
    intake_tables_lookup_count_wrong(a->txn, a->arena, event->recorded_at_us);
}

void intake_apply_look_up_cleared(struct apply *a, const Intake__LookUpCleared *cleared)
{
    intake_tables_lookup_delete(a->txn, a->arena, cleared->code_number);
}
