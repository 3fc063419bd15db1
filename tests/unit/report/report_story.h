/* What the four services tell of a request, in one line each: for tests that tell a story to
 * report. */
#ifndef VAFA_TESTS_REPORT_STORY_H
#define VAFA_TESTS_REPORT_STORY_H

#include "service/service.h"

#include "vafa/followup/v1/followup.pb-c.h"
#include "vafa/routing/v1/routing.pb-c.h"

/* Who hears the story. The event lives until `tell` returns. */
struct story {
    void (*tell)(struct story *story, Common__ServiceId service, const struct event *event);
};

void story_registered(struct story *story, uint64_t number, int64_t at_us, const char *topic,
                      const char *area, Common__Channel channel);
/* due_us: 0 for none. */
void story_routed(struct story *story, uint64_t number, const char *unit, int64_t due_us);
void story_returned(struct story *story, uint64_t number, const char *from, const char *to);
void story_done(struct story *story, uint64_t number, const char *unit, int64_t at_us);
void story_closed_undone(struct story *story, uint64_t number, const char *unit);
void story_referred(struct story *story, uint64_t number, const char *unit);
void story_cancelled(struct story *story, uint64_t number, const char *unit);
void story_reopened(struct story *story, uint64_t number, const char *unit);
void story_moved(struct story *story, uint64_t number, const char *from, const char *to);
void story_due_moved(struct story *story, uint64_t number, int64_t due_us);
/* Joined to another request's task; split off it again (unit "": it could not be joined); what befell
 * that task befell the joined requests first .. first + count - 1. */
#define STORY_JOINED_MAX 8
void story_joined(struct story *story, uint64_t number, const char *unit, int64_t due_us);
void story_split(struct story *story, uint64_t number, const char *unit);
/* Taken back, it leaves the task that it shares. */
void story_left(struct story *story, uint64_t number, const char *unit);
void story_followed(struct story *story, uint64_t first, size_t count, const char *unit,
                    Routing__JoinedFate fate, int64_t due_us, int64_t at_us);
void story_overdue(struct story *story, uint64_t number, const char *unit);
void story_called(struct story *story, uint64_t number, Followup__CallOutcome outcome);
void story_answered(struct story *story, uint64_t number, Followup__Resolution resolution,
                    uint32_t score);

#endif
