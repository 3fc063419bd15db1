/*
 * Storms: more is asked than can be done as usual. What is in a storm's scope is taken in short form,
 * joining is offered first, and it may take longer. Their rules, their tables, their decisions.
 *
 *   state  STORM  {1, storm number}        StormRecord          every storm
 *   state  STORM  {2}                      RunningStormsRecord  those that run
 *   state  STORM  {3, storm, request}      (empty)              what was registered in its scope
 */
#ifndef VAFA_SERVICES_INTAKE_INTAKE_STORMS_H
#define VAFA_SERVICES_INTAKE_INTAKE_STORMS_H

#include "service/service.h"

#include "vafa/intake/v1/intake.pb-c.h"
#include "vafa/intake/v1/records.pb-c.h"

#define INTAKE_STORMS_RUNNING_MAX 8
#define INTAKE_STORM_KEYS_MAX 100 /* topics, and areas, of a scope */
#define INTAKE_STORM_HOURS_MAX 168
#define INTAKE_STORM_REASON_MAX 200
#define INTAKE_STORM_EXAMINED_MAX 500 /* requests looked at for a page of what is left */

/* --- rules --- */

enum status intake_rules_check_storm(const struct city *city,
                                     const Intake__StartStormRequest *request, struct error *err);
/* area "": none is known. */
bool intake_rules_storm_holds(const Intake__Storm *storm, const char *topic, const char *area);
/* It loosens more than the other (NULL: none), or as much and is the newer one. */
bool intake_rules_storm_counts(const Intake__Storm *storm, const Intake__Storm *other);

/* --- tables --- */

uint64_t intake_tables_last_storm(struct store_txn *txn); /* 0: none yet */
/* NULL when there is none, or the transaction has failed; the caller's to change. */
Intake__Storm *intake_tables_storm(struct store_txn *txn, uint64_t number, struct arena *arena);
void intake_tables_storm_put(struct store_txn *txn, Intake__Storm *storm);
/* Ascending; returns how many. */
size_t intake_tables_running_storms(struct store_txn *txn, struct arena *arena,
                                    uint64_t ret_numbers[INTAKE_STORMS_RUNNING_MAX]);
void intake_tables_running_storms_put(struct store_txn *txn, uint64_t *numbers, size_t count);
/* The storm that counts for such a request at that time; NULL: none. */
Intake__Storm *intake_tables_storm_for(struct store_txn *txn, struct arena *arena,
                                       const char *topic, const char *area, int64_t at_us);
void intake_tables_storm_case_put(struct store_txn *txn, uint64_t storm, uint64_t number);
/* Requests of the storm behind `after`, ascending; returns how many, at most max. */
size_t intake_tables_storm_cases(struct store_txn *txn, uint64_t storm, uint64_t after,
                                 uint64_t *ret_numbers, size_t max);

/* --- decide --- */

enum status intake_decide_start_storm(struct decide *d, const ProtobufCMessage *request,
                                      ProtobufCMessage *response);
enum status intake_decide_end_storm(struct decide *d, const ProtobufCMessage *request,
                                    ProtobufCMessage *response);
enum status intake_decide_lengthen_storm(struct decide *d, const ProtobufCMessage *request,
                                         ProtobufCMessage *response);
enum status intake_decide_storm_over(struct decide *d, const struct timer *timer);

/* --- apply --- */

void intake_apply_storm_started(struct apply *a, const struct event *event,
                                const Intake__StormStarted *started);
void intake_apply_storm_lengthened(struct apply *a, const Intake__StormLengthened *lengthened);
void intake_apply_storm_ended(struct apply *a, const struct event *event,
                              const Intake__StormEnded *ended);
void intake_apply_registered_in_storm(struct apply *a, uint64_t storm, uint64_t number);

/* --- methods --- */

enum status intake_check_start_storm(const struct city *city, const struct rpc_caller *caller,
                                     const ProtobufCMessage *request, struct error *err);
enum status intake_check_end_storm(const struct city *city, const struct rpc_caller *caller,
                                   const ProtobufCMessage *request, struct error *err);
enum status intake_check_lengthen_storm(const struct city *city, const struct rpc_caller *caller,
                                        const ProtobufCMessage *request, struct error *err);
enum status intake_check_storms(const struct city *city, const struct rpc_caller *caller,
                                const ProtobufCMessage *request, struct error *err);
enum status intake_read_storms(struct read *r, const ProtobufCMessage *request,
                               ProtobufCMessage *response);
enum status intake_check_storm_left(const struct city *city, const struct rpc_caller *caller,
                                    const ProtobufCMessage *request, struct error *err);
enum status intake_read_storm_left(struct read *r, const ProtobufCMessage *request,
                                   ProtobufCMessage *response);

#endif
