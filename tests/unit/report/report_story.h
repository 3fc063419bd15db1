/* What the four services tell of a request, in one line each: for tests that tell a story to
 * report. */
#ifndef VAFA_TESTS_REPORT_STORY_H
#define VAFA_TESTS_REPORT_STORY_H

#include "service/service.h"

#include "vafa/followup/v1/followup.pb-c.h"

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
void story_cancelled(struct story *story, uint64_t number, const char *unit);
void story_reopened(struct story *story, uint64_t number, const char *unit);
void story_moved(struct story *story, uint64_t number, const char *from, const char *to);
void story_due_moved(struct story *story, uint64_t number, int64_t due_us);
void story_overdue(struct story *story, uint64_t number, const char *unit);
void story_called(struct story *story, uint64_t number, Followup__CallOutcome outcome);
void story_answered(struct story *story, uint64_t number, Followup__Resolution resolution,
                    uint32_t score);

#endif
