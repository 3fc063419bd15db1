/*
 * What becomes of a request after it was registered: amended, withdrawn, words added, looked up by its
 * citizen. Rules, tables, decisions.
 *
 *   state  LOOKUP        {number}            LookUpRecord       wrong tries to look up a code
 *   state  LOOKUP_UNTIL  {until, number}     (empty)            when they are forgotten
 *   state  LOOKUP_COUNT  {}                  LookUpCountRecord  how many there are
 *   state  LOOKUP_RATE   {}                  LookUpRateRecord   how many tries were wrong of late
 */
#ifndef VAFA_SERVICES_INTAKE_INTAKE_AMEND_H
#define VAFA_SERVICES_INTAKE_INTAKE_AMEND_H

#include "service/service.h"
#include "services/intake/intake_tables.h"

#include "vafa/intake/v1/intake.pb-c.h"

#define INTAKE_REASON_MAX 200
#define INTAKE_AMENDMENTS_MAX 100 /* of one request */
#define INTAKE_WORDS_ADDED_MAX 20 /* of one request */
/* Wrong digits for a code: so often, then it is locked for so long. */
#define INTAKE_LOOKUP_TRIES_MAX 5
#define INTAKE_LOOKUP_LOCK_US (30 * MINUTE_US)
/* Codes with wrong tries at once; beyond it no other is looked up at all. */
#define INTAKE_LOOKUP_ROWS_MAX 10000
#define INTAKE_LOOKUP_DIGITS 4
/* So many wrong tries within the time of a lock, whatever the codes, and four digits are too few for everybody until there are
 * fewer: nothing tells who walks through the codes from other callers, and a citizen knows more of the own number. */
#define INTAKE_LOOKUP_WRONG_MAX 500
#define INTAKE_LOOKUP_MORE_DIGITS 8

/* --- rules --- */

enum status intake_rules_check_amendment(const struct city *city,
                                         const Intake__AmendCaseRequest *request,
                                         struct error *err);
/* Four digits of any script, or eight, as ASCII. INVALID_ARGUMENT, field "phone_digits". */
enum status intake_rules_phone_digits(const char *text,
                                      char ret_digits[INTAKE_LOOKUP_MORE_DIGITS + 1],
                                      struct error *err);

/* --- tables --- */

/* False: there are none. Expired ones are still there. */
bool intake_tables_lookup(struct store_txn *txn, uint64_t number, uint32_t *ret_tries,
                          int64_t *ret_until_us);
void intake_tables_lookup_put(struct store_txn *txn, struct arena *arena, uint64_t number,
                              uint32_t tries, int64_t until_us);
void intake_tables_lookup_delete(struct store_txn *txn, struct arena *arena, uint64_t number);
/* The one that expires first; false: there are none. */
bool intake_tables_lookup_oldest(struct store_txn *txn, uint64_t *ret_number,
                                 int64_t *ret_until_us);
uint64_t intake_tables_lookup_count(struct store_txn *txn, struct arena *arena);
void intake_tables_lookup_count_wrong(struct store_txn *txn, struct arena *arena, int64_t at_us);
/* How many tries were wrong in the time of a lock before: those of that half hour of the clock, and of the one before the
 * part that is not over yet, taken as evenly spread. */
uint64_t intake_tables_lookup_wrong(struct store_txn *txn, struct arena *arena, int64_t now_us);

/* --- decide --- */

/* The request of that code, which has not been withdrawn. */
enum status intake_decide_find_live(struct decide *d, const char *code,
                                    struct intake_case *ret_case);
enum status intake_decide_amend(struct decide *d, const ProtobufCMessage *request,
                                ProtobufCMessage *response);
enum status intake_decide_withdraw(struct decide *d, const ProtobufCMessage *request,
                                   ProtobufCMessage *response);
enum status intake_decide_add_words(struct decide *d, const ProtobufCMessage *request,
                                    ProtobufCMessage *response);
enum status intake_decide_look_up(struct decide *d, const ProtobufCMessage *request,
                                  ProtobufCMessage *response);

/* --- apply --- */

void intake_apply_amended(struct apply *a, const struct event *event,
                          const Intake__RequestAmended *amended);
void intake_apply_withdrawn(struct apply *a, const struct event *event,
                            const Intake__RequestWithdrawn *withdrawn);
void intake_apply_words_added(struct apply *a, const struct event *event,
                              const Intake__WordsAdded *added);
void intake_apply_look_up_failed(struct apply *a, const struct event *event,
                                 const Intake__LookUpFailed *failed);
void intake_apply_look_up_cleared(struct apply *a, const Intake__LookUpCleared *cleared);

/* --- methods --- */

enum status intake_check_amend(const struct city *city, const struct rpc_caller *caller,
                               const ProtobufCMessage *request, struct error *err);
enum status intake_check_withdraw(const struct city *city, const struct rpc_caller *caller,
                                  const ProtobufCMessage *request, struct error *err);
enum status intake_check_add_words(const struct city *city, const struct rpc_caller *caller,
                                   const ProtobufCMessage *request, struct error *err);
enum status intake_check_look_up(const struct city *city, const struct rpc_caller *caller,
                                 const ProtobufCMessage *request, struct error *err);
enum status intake_read_look_up(struct read *r, const ProtobufCMessage *request,
                                ProtobufCMessage *response);
/* What was added to a request, opened, into RevealCase's answer. */
enum status intake_read_added_words(struct read *r, const struct intake_case *found,
                                    Intake__RevealCaseResponse *response);
/* The citizen under whose key words of this request lie or are to lie; 0: nobody's yet. */
uint64_t intake_tables_words_citizen(struct store_txn *txn, const struct intake_case *found,
                                     struct arena *arena);

#endif
