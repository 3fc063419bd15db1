/* The story of a request, in order: its registration, and what the others' logs tell of it. */
#ifndef VAFA_SERVICES_INTAKE_INTAKE_STORY_H
#define VAFA_SERVICES_INTAKE_INTAKE_STORY_H

#include "services/intake/intake_tables.h"

/* A request may be joined and split off again and again: of so many stretches, the latest, the other's
 * story is told. */
#define INTAKE_STORY_HEADS_MAX 16

/* Who has a request whose task is urgent: of the last time that its unit was told of it as that. */
struct intake_alarm {
    int64_t since_us; /* 0: never, or it is not urgent any more */
    const char *desk; /* never NULL, as the next */
    const char *acknowledged_by;
    int64_t acknowledged_at_us;
    uint32_t steps;
};

struct intake_story {
    Intake__TimelineEntry **entries; /* in order; the registration is among them */
    size_t count;
    int64_t due_at_us; /* as last routed or joined, 0 before or for never */
    struct intake_alarm alarm;
};

/* While a request was joined to another, the story of that one's task is its own: those rows are
 * read under the head and written once only, however many are joined. Everything the story points
 * to lives in `arena`, or where `found` lives. False: the arena is full, or the transaction has
 * failed. */
bool intake_story_read(struct store_txn *txn, const struct intake_case *found, struct arena *arena,
                       struct intake_story *ret_story);

/* At most `count_max` entries of at most `bytes_max` together: the oldest behind the first give
 * way. */
void intake_story_fit(struct intake_story *story, size_t count_max, size_t bytes_max);

#endif
