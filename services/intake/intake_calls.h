/*
 * Calls: from the ring to how it ended, and what was done in between. Their rules, their table, their
 * decisions.
 *
 *   state  CALL  {call number}  CallRecord   where the log tells of it, and the requests it was about
 *
 * The caller's phone is in none of this unless they are a known citizen: then it is sealed under that
 * citizen's key, and goes with it. Whoever is not known becomes a citizen with the first request.
 */
#ifndef VAFA_SERVICES_INTAKE_INTAKE_CALLS_H
#define VAFA_SERVICES_INTAKE_INTAKE_CALLS_H

#include "service/service.h"

#include "vafa/intake/v1/intake.pb-c.h"
#include "vafa/intake/v1/records.pb-c.h"

/* What a citizen's key seals in CallOpened; authenticated with the ciphertext. */
#define INTAKE_CALLER_PURPOSE "caller"
/* Why a card is opened, in the log. */
#define INTAKE_CARD_PURPOSE "call"
/* Nobody said how it ended: it is closed by itself. */
#define INTAKE_CALL_OPEN_US_MAX (2 * HOUR_US)
/* Times that the exchange tells of a call are not older. */
#define INTAKE_CALL_AGE_US_MAX DAY_US
#define INTAKE_CALL_PHONE_MAX 40 /* code points, of what the exchange gives */
#define INTAKE_OPERATOR_MAX 100
#define INTAKE_CARD_CASES_MAX 5
/* Requests that one call may register, and others that it may chase. */
#define INTAKE_CALL_CASES_MAX 20
#define INTAKE_CHASES_MAX 999 /* of one request */
#define INTAKE_CHASE_NOTE_MAX 1000

/* --- rules --- */

/* The E.164 form of what the exchange gives, "" when nothing can be read: a call is never refused for
 * its number. */
void intake_rules_caller_phone(const struct city *city, const char *given, char *ret_e164);
enum status intake_rules_check_open(const Intake__OpenCallRequest *request, struct error *err);
enum status intake_rules_check_end(const struct city *city, const Intake__EndCallRequest *request,
                                   struct error *err);
enum status intake_rules_check_record(const struct city *city,
                                      const Intake__RecordCallRequest *request, struct error *err);
enum status intake_rules_check_chase(const Intake__ChaseCaseRequest *request, struct error *err);
/* Each 0 or within the last day, in this order, not later than now. INVALID_ARGUMENT with the field. */
enum status intake_rules_check_call_times(int64_t queued_at_us, int64_t answered_at_us,
                                          int64_t ended_at_us, int64_t now_us, struct error *err);
/* How a call ends that was asked to end so, given what was done in it. FAILED_PRECONDITION, field
 * "result", when that contradicts it. */
enum status intake_rules_call_result(Intake__CallResult asked, size_t registered, size_t chased,
                                     Intake__CallResult *ret_result, struct error *err);
/* The open requests of the card with the topic and area of `cases[index]`, and their chases; 0 when it
 * is not open itself. */
uint32_t intake_rules_times_called(Intake__CardCase *const *cases, size_t count, size_t index);

/* --- tables --- */

uint64_t intake_tables_last_call(struct store_txn *txn); /* 0: none yet */
/* NULL when there is none, or the transaction has failed; the caller's to change. */
Intake__CallRecord *intake_tables_call(struct store_txn *txn, uint64_t number, struct arena *arena);
void intake_tables_call_put(struct store_txn *txn, uint64_t number,
                            const Intake__CallRecord *record);

/* --- decide --- */

enum status intake_decide_open_call(struct decide *d, const ProtobufCMessage *request,
                                    ProtobufCMessage *response);
enum status intake_decide_end_call(struct decide *d, const ProtobufCMessage *request,
                                   ProtobufCMessage *response);
enum status intake_decide_record_call(struct decide *d, const ProtobufCMessage *request,
                                      ProtobufCMessage *response);
enum status intake_decide_chase(struct decide *d, const ProtobufCMessage *request,
                                ProtobufCMessage *response);
/* May something be registered in this call? 0: in none, OK. */
enum status intake_decide_within_call(struct decide *d, uint64_t call_number);
/* The phone of the call's known caller, for PHONE_E164_SIZE bytes; untouched when nobody is known. */
enum status intake_decide_caller(struct decide *d, uint64_t call_number, char *ret_e164);
enum status intake_decide_timer(struct decide *d, const struct timer *timer);

/* --- apply --- */

void intake_apply_call_opened(struct apply *a, const struct event *event,
                              const Intake__CallOpened *opened);
void intake_apply_call_ended(struct apply *a, const struct event *event,
                             const Intake__CallEnded *ended);
void intake_apply_chased(struct apply *a, const struct event *event,
                         const Intake__CaseChased *chased);
void intake_apply_registered_in_call(struct apply *a, uint64_t call_number, uint64_t case_number);

/* --- methods --- */

enum status intake_check_open_call(const struct city *city, const struct rpc_caller *caller,
                                   const ProtobufCMessage *request, struct error *err);
enum status intake_check_end_call(const struct city *city, const struct rpc_caller *caller,
                                  const ProtobufCMessage *request, struct error *err);
enum status intake_check_record_call(const struct city *city, const struct rpc_caller *caller,
                                     const ProtobufCMessage *request, struct error *err);
enum status intake_check_chase(const struct city *city, const struct rpc_caller *caller,
                               const ProtobufCMessage *request, struct error *err);
enum status intake_read_open_call(struct read *r, const ProtobufCMessage *request,
                                  ProtobufCMessage *response);
enum status intake_read_end_call(struct read *r, const ProtobufCMessage *request,
                                 ProtobufCMessage *response);
enum status intake_read_record_call(struct read *r, const ProtobufCMessage *request,
                                    ProtobufCMessage *response);
enum status intake_read_get_call(struct read *r, const ProtobufCMessage *request,
                                 ProtobufCMessage *response);
/* A call as it stands, in the reader's arena; NOT_FOUND, field "call_number". */
enum status intake_tell_call(struct read *r, uint64_t number, Intake__Call **ret_call);

/* intake_list_calls.c */
enum status intake_check_list_calls(const struct city *city, const struct rpc_caller *caller,
                                    const ProtobufCMessage *request, struct error *err);
enum status intake_read_list_calls(struct read *r, const ProtobufCMessage *request,
                                   ProtobufCMessage *response);

#endif
