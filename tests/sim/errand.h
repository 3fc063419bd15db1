/*
 * Errands: what somebody wants of a service, asked until there is an answer.
 *
 * As careful front-ends do: the client library tries again inside the deadline, and the errand after
 * it, later and with the same idempotency key, for days if need be. Some are sent twice at once. A
 * ledger keeps the answer to every key: whoever hears another one for the same key has found a
 * broken promise.
 */
#ifndef VAFA_TESTS_SIM_ERRAND_H
#define VAFA_TESTS_SIM_ERRAND_H

#include "tests/sim/world.h"

#include "base/arena.h"

struct errand_office; /* keeps the ledger and what is under way */

struct errand_office *errand_office_new(struct world *world);
/* Whatever is under way is dropped. */
void errand_office_free(struct errand_office *office);
/* Not answered yet, long polls not counted. */
size_t errand_office_open(const struct errand_office *office);
/* So many answers were compared with an earlier one of the same key. */
uint64_t errand_office_compared(const struct errand_office *office);
/* Of a thousand errands with a key: so many are sent twice at once. */
void errand_office_double(struct errand_office *office, unsigned doubled);

struct errand {
    /* in */
    struct world_caller *caller;
    const ProtobufCServiceDescriptor
        *rpc; /* of another service of the contract; NULL: the caller's */
    const char *method;
    ProtobufCMessage *request; /* from the errand's arena */
    struct arena *arena;       /* freed with the errand */
    bool has_at_least;
    Common__Position at_least; /* its bytes live in the arena */
    bool once;                 /* a poll: whoever asked asks anew */
    bool may_fade;             /* what was answered may be forgotten, and then is refused */
    /* Once. The errand is freed behind it, unless errand_keep was called. */
    void (*done)(struct errand *errand);
    void *context;
    uint64_t number; /* the context's own */
    int64_t begun_us;

    /* out */
    struct error error; /* OK, or a refusal that trying again would not change */
    const ProtobufCMessage *response;
    Common__Position position;

    /* the office's own */
    struct errand_office *office;
    struct errand *previous, *next;
    struct rpc_client_call calls[2];
    unsigned in_flight;
    unsigned tries;
    bool kept;
    bool has_answer;
    bool waits; /* to be started again */
    struct loop_timer again;
};

/* An empty errand with an arena, for requests to be made in. */
struct errand *errand_new(struct errand_office *office, struct world_caller *caller,
                          const char *method);
/* Initialised, in the errand's arena; becomes its request. */
void *errand_request(struct errand *errand, const ProtobufCMessageDescriptor *type);
/* A read waits for it. */
void errand_at_least(struct errand *errand, const Common__Position *position);
/* An empty idempotency key is filled. */
void errand_start(struct errand *errand);

/* From `done` on it is the caller's, who frees it or starts it again after a while: the same
 * request under the same key. */
void errand_keep(struct errand *errand);
void errand_start_again(struct errand *errand, int64_t delay_us);
void errand_free(struct errand *errand);
int64_t errand_now_us(const struct errand *errand);

#endif
