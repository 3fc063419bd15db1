/* A call-back desk for tests: follow-up on the rig, tasks that were finished elsewhere, and the
 * operators' calls. */
#ifndef VAFA_TESTS_UNIT_FOLLOWUP_DESK_H
#define VAFA_TESTS_UNIT_FOLLOWUP_DESK_H

#include "tests/support/rig.h"

#include "vafa/followup/v1/followup.pb-c.h"
#include "vafa/routing/v1/routing.pb-c.h"

#define DESK_CITIZEN 31 /* whoever is called */

#define ANSWERED FOLLOWUP__CALL_OUTCOME__CALL_OUTCOME_ANSWERED
#define NO_ANSWER FOLLOWUP__CALL_OUTCOME__CALL_OUTCOME_NO_ANSWER
#define BUSY FOLLOWUP__CALL_OUTCOME__CALL_OUTCOME_BUSY
#define WRONG_NUMBER FOLLOWUP__CALL_OUTCOME__CALL_OUTCOME_WRONG_NUMBER
#define REFUSED FOLLOWUP__CALL_OUTCOME__CALL_OUTCOME_REFUSED
#define STATE_WAITING FOLLOWUP__CALL_STATE__CALL_STATE_WAITING
#define STATE_CLAIMED FOLLOWUP__CALL_STATE__CALL_STATE_CLAIMED
#define STATE_ANSWERED FOLLOWUP__CALL_STATE__CALL_STATE_ANSWERED
#define STATE_UNREACHED FOLLOWUP__CALL_STATE__CALL_STATE_UNREACHED

/* A test on a rig of its own, which is *state. In the end the rig checks that tables rebuilt from
 * the log equal those that stand. */
#define DESK_TEST(test) cmocka_unit_test_setup_teardown(test, desk_begin, desk_finish)

int desk_begin(void **state);
int desk_finish(void **state);

/* --- what happens elsewhere --- */

/* Case 100 + task, code 1234567890, of district-5, about asphalt. */
Routing__TaskDone desk_done_task(uint64_t task_number);
void desk_feed_done(struct rig *rig, Routing__TaskDone done, struct event event);
/* Tasks 1..count are finished now. */
void desk_finish_tasks(struct rig *rig, uint64_t count);
void desk_pass_minutes(struct rig *rig, uint32_t minutes);
/* Until the calls of tasks that were finished now are due. */
void desk_pass_first_delay(struct rig *rig);
const struct city_callback *desk_callback(struct rig *rig);

/* --- calls, from the front-end; they must be taken --- */

const void *desk_call_ok(struct rig *rig, const char *method, ProtobufCMessage *request);
const Followup__NextCallResponse *desk_next_call(struct rig *rig, const char *operator_name);
/* NextCall must give a call: its number. */
uint64_t desk_claim(struct rig *rig, const char *operator_name);
Followup__RecordCallRequest desk_record_request(uint64_t call_number, const char *operator_name,
                                                Followup__CallOutcome outcome);
const Followup__Call *desk_record(struct rig *rig, uint64_t call_number, const char *operator_name,
                                  Followup__CallOutcome outcome);
/* ANSWERED, unresolved, with a score of 2. */
const Followup__Call *desk_record_answer(struct rig *rig, uint64_t call_number,
                                         const char *operator_name, const char *words);
const Followup__Call *desk_get_call(struct rig *rig, uint64_t call_number);
const char *desk_reveal(struct rig *rig, uint64_t call_number);

/* The call must be refused so, and leave no event. */
void desk_call_refused(struct rig *rig, const char *method, ProtobufCMessage *request,
                       enum status status, const char *field);

/* --- looking --- */

const Followup__Event *desk_last_event(struct rig *rig);
void desk_expect_same_call(const Followup__Call *a, const Followup__Call *b);
/* A UUIDv7 of this moment: `last` tells one from another. */
ProtobufCBinaryData desk_idempotency_key(struct rig *rig, uint8_t key[16], uint8_t last);

#endif
