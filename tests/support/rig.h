/*
 * One service on a real store in a temporary folder, in one thread, on virtual time: calls,
 * upstream events and timers go through the same engine as in the running program. For unit tests
 * of services.
 */
#ifndef VAFA_TESTS_RIG_H
#define VAFA_TESTS_RIG_H

#include "service/service.h"
#include "service/verify.h"

struct rig;

/* Begins at 2026-01-01T08:00:00Z with the pack deploy/cities/<city>. Fails the test when anything
 * goes wrong. */
struct rig *rig_new(const struct service_def *def, const char *city);
/* The same with the pack of a folder. */
struct rig *rig_new_in(const struct service_def *def, const char *pack);
/* The same with a loaded pack, which is borrowed, and randomness of one's own: for tests that make
 * many. */
struct rig *rig_new_with(const struct service_def *def, const struct city *city,
                         struct random *random);
/* Verifies first (rig_verify), then removes the folder (which goes at exit, if the test has failed
 * before). */
void rig_free(struct rig *rig);
/* Without verification: for a store that was damaged on purpose. */
void rig_drop(struct rig *rig);

struct node *rig_node(struct rig *rig);
const struct city *rig_city(struct rig *rig);
int64_t rig_now_us(struct rig *rig);
/* Moves the clock and fires what is due. */
void rig_advance(struct rig *rig, int64_t us);

/* A call as `role`. The response (NULL unless OK) lives until the rig is freed. A request whose
 * idempotency_key is empty is given a new one. A wait that would park is answered at once with
 * nothing. */
enum status rig_call(struct rig *rig, enum rpc_role role, const char *method,
                     ProtobufCMessage *request, const ProtobufCMessage **ret_response,
                     struct error *err);
/* The same with a name and a unit of the caller's own. */
enum status rig_call_as(struct rig *rig, const struct rpc_caller *caller, const char *method,
                        ProtobufCMessage *request, const ProtobufCMessage **ret_response,
                        struct error *err);

/* A frame as it comes from the wire, and the reply to it, which the caller ends with buffer_fini.
 * The clock moves on until there is one. */
void rig_serve(struct rig *rig, struct bytes frame, struct buffer *ret_reply);

/* Calls of any service of the contract that come in together, in that order, and how each ended. */
struct rig_mixed {
    const ProtobufCServiceDescriptor *rpc;
    const char *method;
    enum rpc_role role;
    ProtobufCMessage *request;
    const ProtobufCMessage *response; /* out; NULL unless OK */
    struct error err;                 /* out */
};
void rig_call_mixed(struct rig *rig, struct rig_mixed *calls, size_t count);

/* Calls that come in together: each is prepared before any is decided. All must go well. */
void rig_call_together(struct rig *rig, enum rpc_role role, const char *method,
                       ProtobufCMessage *const *requests, size_t count,
                       const ProtobufCMessage **ret_responses);

/* An upstream event as that service's feed hands it over; `event->open` is packed and unpacked on
 * the way; offset and zero times are filled. Nothing of it is kept in the rig's memory: feed as
 * many as you like. */
enum status rig_feed(struct rig *rig, Common__ServiceId upstream, const struct event *event,
                     struct error *err);

/* How many events the own log has, and one of them (lives until the rig is freed). */
uint64_t rig_event_count(struct rig *rig);
const struct event *rig_event(struct rig *rig, uint64_t offset);

/* The log's chain holds, and state and view tables rebuilt from the logs equal those that stand.
 * Fails the test otherwise. */
void rig_verify(struct rig *rig);
/* The same, told: for a store that was damaged on purpose. */
enum status rig_try_verify(struct rig *rig, struct verify_result *ret_result, struct error *err);
/* Closes the store and opens it again, as after a crash. */
void rig_restart(struct rig *rig);
/* The same with another pack given at the start (NULL: the rig's); when it is refused, the rig has no node until it is tried
 * again. */
enum status rig_try_restart(struct rig *rig, const struct city *city, struct error *err);

#endif
