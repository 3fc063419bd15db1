/*
 * The public client library of Vafa.
 *
 *     struct vafa *vafa;
 *     struct vafa_options options = {.role = RPC_ROLE_FRONT_END, .name = "desk 4"};
 *     vafa_open(&vafa, &options, &err);
 *
 *     uint8_t key[UUID_BYTES];
 *     Intake__RegisterCaseRequest request = INTAKE__REGISTER_CASE_REQUEST__INIT;
 *     request.idempotency_key = vafa_new_key(key);
 *     ...
 *     struct vafa_call call = {.service = &intake__intake__descriptor,
 *                              .method = "RegisterCase",
 *                              .request = &request.base};
 *     if (vafa_call_wait(vafa, &call) == STATUS_OK) {
 *         const Intake__RegisterCaseResponse *response = (const void *)call.response;
 *         ...
 *     }
 *     vafa_call_fini(&call);
 *     vafa_close(vafa);
 *
 * A client has one thread of its own, on which calls end, and one connection to each service, made
 * when first needed. It recovers by itself when a server comes back. Any thread may use it.
 */
#ifndef VAFA_CLIENTS_LIBVAFA_VAFA_H
#define VAFA_CLIENTS_LIBVAFA_VAFA_H

#include "base/loop.h"
#include "base/random.h"
#include "rpc/rpc_client.h"

#define VAFA_DATA_DEFAULT "./vafa-data"
#define VAFA_AT_LEAST_MAX 8
#define VAFA_WINDOW_MAX 1024 /* calls in flight to one service */

struct vafa;

/* --- a client --- */

struct vafa_options {
    /* Where the services are: a connect url (service/address.h) or a server's data folder. Neither:
     * VAFA_CONNECT, then VAFA_DATA, then VAFA_DATA_DEFAULT. Both is INVALID_ARGUMENT. */
    const char *connect;
    const char *data;
    /* Who calls; believed while servers listen on this machine only. */
    const char *name; /* at most 100; NULL: the login name */
    const char *unit; /* the unit it speaks for; NULL: none */
    enum rpc_role role;
    /* For calls that do not say themselves. */
    uint32_t deadline_ms; /* of one attempt; 0: RPC_DEADLINE_MS_DEFAULT */
    uint32_t patience_ms; /* see struct vafa_call */
    /* How long a service is knocked at before the first call to it; when nobody opens, the call ends
     * with UNAVAILABLE, the service's name for its field. Calls with patience do not knock. 0: none
     * does; they go on connecting until their deadline. */
    uint32_t knock_ms;
};

/* NOT_FOUND, field "data", when no server was ever started in the folder; INVALID_ARGUMENT, field
 * "connect", for a url that is none or leads off this machine. Connects to nothing yet. */
enum status vafa_open(struct vafa **ret_vafa, const struct vafa_options *options,
                      struct error *err);
/* Every call must have ended. NULL is allowed. */
void vafa_close(struct vafa *vafa);
/* No attempt and no wait goes on beyond this time of the monotonic clock, for a program that is to be
 * over by then; 0: no such end. Any thread. */
void vafa_end_by(struct vafa *vafa, int64_t mono_us);
/* The connect url in use. */
const char *vafa_connect(const struct vafa *vafa);
/* The data folder it was found by; NULL when a url was given. */
const char *vafa_data(const struct vafa *vafa);

/* The name of who runs this program, "" when it is unknown. Borrowed until the next getpwuid. */
const char *vafa_login_name(void);

/* --- calls --- */

/* At most so many calls in flight: a start with the window full waits for one to end. */
struct vafa_window;
struct vafa_window *vafa_window_new(size_t size); /* 1 to VAFA_WINDOW_MAX */
/* Waits until none is in flight. */
void vafa_window_drain(struct vafa_window *window);
void vafa_window_free(struct vafa_window *window); /* drains first; NULL is allowed */

/* A call: owned by the caller, zeroed before use, valid until it has ended. */
struct vafa_call {
    /* in */
    Common__ServiceId
        to; /* unset: the service that `service` belongs to (needed for health, log and backup) */
    const ProtobufCServiceDescriptor *service;
    const char *method;              /* "RegisterCase"; must be one of the service's (CHECKed) */
    const ProtobufCMessage *request; /* borrowed until the call has ended */
    const Common__Position
        *at_least[VAFA_AT_LEAST_MAX]; /* a read waits until the service has come so far */
    size_t at_least_count;
    uint32_t deadline_ms; /* of one attempt; 0: the client's */
    /* An attempt that ended with UNAVAILABLE, DEADLINE_EXCEEDED, RESOURCE_EXHAUSTED or ABORTED is
     * made again, as it is and so with the same idempotency key, until this has passed since the
     * call began. 0: the client's (which may be 0: once). */
    uint32_t patience_ms;
    bool once;                  /* one attempt only, whatever the client's patience */
    struct vafa_window *window; /* may be NULL; never from within a `done` */
    void (*done)(struct vafa_call *
                     call); /* on the client's thread, which it must not block; may free the call */
    void *context;
    /* out */
    struct error error;
    const ProtobufCMessage *response; /* when OK; until vafa_call_fini */
    const Common__Position *position; /* what it wrote, or how far it saw; until vafa_call_fini */
    /* the client's own */
    struct vafa *vafa;
    struct rpc_client *client;
    struct rpc_client_call rpc;
    struct loop_timer again;
    int64_t until_us;
};

/* Starts it; always ends in call->done. Waits for room in the window. */
void vafa_call_start(struct vafa *vafa, struct vafa_call *call);
/* Starts it and waits for its end (`done` is not called); never on the client's thread. Returns
 * call->error.status. */
enum status vafa_call_wait(struct vafa *vafa, struct vafa_call *call);
void vafa_call_fini(
    struct vafa_call *call); /* frees what the call holds; a zeroed one is allowed */

/* A new idempotency key in `storage`, which the result borrows. */
ProtobufCBinaryData vafa_new_key(uint8_t storage[UUID_BYTES]);

/* --- positions: reading what was written, across services, without sleeping --- */

/* A position with its bytes. */
struct vafa_position {
    Common__Position position;
    uint8_t log_id[16];
    uint8_t hash[32];
};

/* Keeps a position beyond the call that brought it. */
void vafa_position_copy(struct vafa_position *out, const Common__Position *position);

/* The end of a service's log. */
enum status vafa_head(struct vafa *vafa, Common__ServiceId service, struct vafa_position *ret_head,
                      struct error *err);

/* A wait that may last: `tell` (NULL: never) is called about each second, on the waiting thread;
 * false ends the wait. It may call. */
struct vafa_wait {
    bool (*tell)(void *context, Common__ServiceId waiting_for);
    void *context;
    uint32_t wait_ms; /* in all; 0: as long as `tell` wishes, and vafa_end_by allows */
};

/* Waits until a service has reached positions of its own log or of logs it follows, through
 * restarts of it. DEADLINE_EXCEEDED or UNAVAILABLE when the wait was over before. */
enum status vafa_wait_reached(struct vafa *vafa, Common__ServiceId service,
                              const Common__Position *const *positions, size_t count,
                              const struct vafa_wait *wait, struct error *err);

/* Waits until everything registered, routed and answered so far has reached report: each service in
 * the order of the flow is awaited up to the head of the one before it. ret_heads[1..4] are
 * intake's … feedback's: pass them as at_least. */
enum status vafa_wait_settled(struct vafa *vafa, struct vafa_position ret_heads[5],
                              const struct vafa_wait *wait, struct error *err);

#endif
