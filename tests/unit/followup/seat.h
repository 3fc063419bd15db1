/* A managers' session in the tests: routing's events about urgent tasks, and whoever sits there. */
#ifndef VAFA_TESTS_UNIT_FOLLOWUP_SEAT_H
#define VAFA_TESTS_UNIT_FOLLOWUP_SEAT_H

#include "tests/unit/followup/desk.h"

#define SEAT_DISTRICT "district-5"
#define SEAT_CIVIL "district-5-civil" /* is under it */
#define SEAT_URGENT(name) FOLLOWUP__URGENT_CHANGE_KIND__URGENT_CHANGE_KIND_##name

/* --- what routing tells --- */

/* The event of the kind, whose member is set; by `actor`. */
void seat_feed(struct rig *rig, Routing__Event open, const char *actor);
/* Task `number` is urgent, and the unit's; a desk has it, or none (""). */
void seat_alarm(struct rig *rig, uint64_t number, const char *unit, const char *desk);
void seat_see(struct rig *rig, uint64_t number, const char *unit, const char *person);
void seat_return(struct rig *rig, uint64_t number, const char *from, const char *to);

/* --- sessions --- */

/* Opens one of the unit as its office, ends in two hours. */
const Followup__Session *seat_open(struct rig *rig, const char *unit);
/* As an office of the unit. */
enum status seat_call(struct rig *rig, const char *unit, const char *method,
                      ProtobufCMessage *request, const void **ret_response, struct error *err);
const Followup__Session *seat_session(struct rig *rig, uint64_t number);
/* What the session was shown behind `after`, as admin. */
const Followup__FollowSessionResponse *seat_follow(struct rig *rig, uint64_t session,
                                                   uint64_t after);
/* Fails unless change `at` is of that kind and task, and has its place in the order. */
const Followup__UrgentTask *seat_expect(const Followup__FollowSessionResponse *page, size_t at,
                                        Followup__UrgentChangeKind kind, uint64_t task);

#endif
