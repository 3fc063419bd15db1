/*
 * A service as small as one can be, run by the real skeleton on a real store, in one thread, on
 * virtual time. It keeps notes, wakes its readers, has timers, and follows two logs that the test
 * writes (toy_log.h).
 *
 *   AddNote     "refuse" is refused; "many" would be 65 events; a timer_kind sets a timer a minute
 *               later: of kind 1 it adds the note "rang"; kind 2 does nothing; kind 3 never ends
 *   feeds       "refuse" is refused; of "again" the toy notes "heard"; each is a row of its view
 */
#ifndef VAFA_TESTS_SERVICE_TOY_H
#define VAFA_TESTS_SERVICE_TOY_H

#include "toy_log.h"

#include "rpc/rpc_client.h"
#include "service/node.h"
#include "tests/support/scratch.h"

#include "toy.pb-c.h"

/* Method numbers. */
enum { TOY_ADD_NOTE, TOY_READ_NOTES };

#define TOY_ID COMMON__SERVICE_ID__SERVICE_ID_INTAKE
#define TOY_FIRST_LOG COMMON__SERVICE_ID__SERVICE_ID_ROUTING
#define TOY_SECOND_LOG COMMON__SERVICE_ID__SERVICE_ID_FOLLOWUP

extern const struct service_def toy_def;
extern const struct service_method toy_methods[];

struct toy {
    const struct service_def *def;
    struct clock clock;
    int64_t now_us;
    int64_t wall_ahead_us; /* a test's: its wall clock is wrong by so much */
    uint64_t wakes;        /* how often something became due while time went on */
    bool full;             /* a test's: no room on its disk, not even the last of it */
    struct loop *loop;
    struct node *node;
    struct toy_log logs[2];
    struct rpc_client *front_end;
    struct rpc_client *leader;
    char folder[SCRATCH_SIZE];
};

/* With its logs empty, its feeds and timers running. Fails the test when anything goes wrong. */
void toy_init(struct toy *toy);
/* The same by another description of it. */
void toy_init_as(struct toy *toy, const struct service_def *def);
void toy_fini(struct toy *toy);
/* The node goes as in a crash, and a new one opens its store. */
void toy_restart(struct toy *toy);
/* What node_open makes of another description, in a folder of its own. */
enum status toy_try_open(struct toy *toy, const struct service_def *def, struct error *err);
/* Why it does not serve wholly; STATUS_OK when it does. */
enum status toy_trouble(struct toy *toy);

/* Everything that is due by then, on virtual time; 0: what is due now. */
void toy_advance(struct toy *toy, int64_t us);

/* A call under way, zeroed before use; `call` and `client` may be filled before toy_start. */
struct toy_call {
    struct rpc_client_call call;
    struct rpc_client *client; /* NULL: the front-end */
    bool ended;
};

void toy_start(struct toy *toy, struct toy_call *call, unsigned method,
               const ProtobufCMessage *request);
/* The same for a method that every service has. */
void toy_start_of(struct toy *toy, struct toy_call *call, const ProtobufCServiceDescriptor *service,
                  unsigned method, const ProtobufCMessage *request);
/* Moves time on until it has ended. Its response lives until rpc_client_call_fini(&call->call). */
enum status toy_end(struct toy *toy, struct toy_call *call);

/* What it is given as `done`; `context` is the bool that it sets. */
void toy_call_done(struct rpc_client_call *call);
/* A caller goes, with its connection; the pointer is NULL then. */
void toy_close(struct rpc_client **client);

/* AddNote with a key of its own, given to the end. ret_count may be NULL. */
enum status toy_add_note(struct toy *toy, const char *text, uint32_t timer_kind,
                         uint64_t *ret_count, struct error *err);
uint64_t toy_notes(struct toy *toy);               /* in its state */
uint64_t toy_viewed(struct toy *toy, size_t feed); /* the last event of that feed in its view */
struct log_position toy_head(struct toy *toy);

#endif
