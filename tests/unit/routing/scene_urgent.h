/* A task of district 5's roads desk, and what it must look like once it is urgent. */
#ifndef VAFA_TESTS_SCENE_URGENT_H
#define VAFA_TESTS_SCENE_URGENT_H

#include "tests/support/rig.h"

#include "base/clock.h"

#include "vafa/common/v1/common.pb-c.h"

/* How long the pack gives a person to acknowledge an alarm. */
#define SCENE_ACK_US (10 * MINUTE_US)

/* Routing with task 1, which is not urgent, and the unit's urgent desk at its place; of today, or of a past. */
struct rig *scene_watched(void);
struct rig *scene_watched_history(Common__Urgency urgency);
/* The urgent desk asks for work. */
void scene_watch(struct rig *rig);

/* Task 1 is urgent since then, and at the urgent desk. */
void scene_expect_urgent(struct rig *rig, int64_t since_us);
void scene_expect_calm(struct rig *rig);
/* Task 1, of a past, is told like one of today: to the desk, and up the ladder until a person has it. */
void scene_expect_told(struct rig *rig, int64_t since_us);

#endif
