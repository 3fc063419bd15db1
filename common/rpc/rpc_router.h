/*
 * The server's side without a transport: a frame comes in, is checked, finds its method, and one
 * reply frame goes out, whatever happens.
 *
 * What each bad frame is answered with, and the `reason` of vafa_rpc_refused_total that counts it:
 *
 *   malformed or truncated envelope    INVALID_ARGUMENT      malformed
 *   frame over RPC_FRAME_BYTES_MAX     RESOURCE_EXHAUSTED    oversized
 *   another version of the envelope    FAILED_PRECONDITION   version
 *   no such service or method          UNIMPLEMENTED         unknown_method
 *   a request message we can't read    INVALID_ARGUMENT      malformed_body
 *   a field we don't know              INVALID_ARGUMENT      unknown_field
 *   too many calls                     RESOURCE_EXHAUSTED    overloaded
 *   stopping                           UNAVAILABLE           draining
 *
 * Unknown fields are refused since an acknowledged request was understood whole.
 */
#ifndef VAFA_RPC_ROUTER_H
#define VAFA_RPC_ROUTER_H

#include "base/clock.h"
#include "base/metric.h"
#include "rpc/rpc.h"

struct rpc_router;
struct rpc_call;

/* A service and who handles its methods. `handle` runs on a transport thread and must answer or
 * refuse the call exactly once, now or later, from any thread; it may not block for longer than a
 * disk read. */
struct rpc_service {
    const ProtobufCServiceDescriptor *descriptor;
    void (*handle)(void *context, unsigned method, struct rpc_call *call);
    void *context;
};

/* How a transport hands a frame in and gets the reply. Embedded in the transport's own object,
 * zeroed before first use. */
struct rpc_exchange {
    /* The reply frame; borrowed during the call. Called exactly once for a frame, from any thread,
     * with no lock held. */
    void (*reply)(struct rpc_exchange *exchange, struct bytes frame);
    /* When the frame came, on the router's monotonic clock: its deadline counts from there. 0: now. */
    int64_t arrived_us;
    struct rpc_call *_Atomic call; /* the router's own: set while a call is open */
    /* Set by cancelling, even before the call is open. */
    _Atomic bool gone;
};

struct rpc_router *rpc_router_new(struct clock *clock, struct metric_registry *metrics,
                                  const char *name /* label service="..." */, size_t calls_max);
/* All calls must have been answered. Its metrics end with it: print the registry no more. NULL is
 * allowed. */
void rpc_router_free(struct rpc_router *router);
void rpc_router_add(struct rpc_router *router,
                    const struct rpc_service *service); /* before serving; at most 8 */

void rpc_router_serve(struct rpc_router *router, struct rpc_exchange *exchange, struct bytes frame);

/* The caller of this exchange has gone: its call, if still open, is marked and its on_cancel runs.
 * Any thread. */
void rpc_router_cancel(struct rpc_exchange *exchange);
/* Its two halves, for a transport whose exchange ends with the reply, which may come at the same
 * time: the first under the transport's own lock, which keeps the exchange; the second, which runs
 * on_cancel, without it. */
struct rpc_call *rpc_router_cancel_begin(struct rpc_exchange *exchange);
void rpc_router_cancel_end(struct rpc_call *call); /* NULL is allowed */

/* What never became a frame, counted among the refused: a connection that announced too much
 * (oversized), did not speak the protocol or broke off inside a message (broken), or was one too
 * many, or one too many with a large message half sent (crowded). */
enum rpc_router_cut { RPC_ROUTER_CUT_OVERSIZED, RPC_ROUTER_CUT_BROKEN, RPC_ROUTER_CUT_CROWDED };
void rpc_router_count_cut(struct rpc_router *router, enum rpc_router_cut cut);

/* From now on new calls are refused as draining. */
void rpc_router_drain(struct rpc_router *router);
size_t rpc_router_open_calls(struct rpc_router *router);

/* --- what a handler sees of a call --- */

/* The unpacked request; lives until the call is answered, as does the arena. */
const ProtobufCMessage *rpc_call_request(const struct rpc_call *call);
/* The request's bytes as they came (for digests). */
struct bytes rpc_call_request_bytes(const struct rpc_call *call);
struct arena *rpc_call_arena(struct rpc_call *call);
const struct rpc_caller *rpc_call_caller(const struct rpc_call *call);
const uint8_t *rpc_call_trace_id(const struct rpc_call *call); /* RPC_TRACE_BYTES */
int64_t rpc_call_deadline_us(const struct rpc_call *call);     /* on the router's monotonic clock */
size_t rpc_call_at_least(const struct rpc_call *call, Common__Position *const **ret_positions);
/* The caller has gone or its deadline has passed: work not begun need not begin. */
bool rpc_call_gone(const struct rpc_call *call);
/* Runs `cancel` once (on any thread) when the caller goes before the answer; at once if it has
 * gone. The handler must still answer the call. NULL clears it; on return from clearing, cancel is
 * not running (but on its own thread). An answer does not wait for a cancel that runs: clear it
 * first when `context` ends with the call. */
void rpc_call_on_cancel(struct rpc_call *call, void (*cancel)(struct rpc_call *call, void *context),
                        void *context);

/* Answers; the call is gone afterwards. `position` may be NULL. A response over the limit becomes
 * RESOURCE_EXHAUSTED. */
void rpc_call_answer(struct rpc_call *call, const ProtobufCMessage *response,
                     const Common__Position *position);
void rpc_call_answer_bytes(struct rpc_call *call, struct bytes response,
                           const Common__Position *position);
void rpc_call_refuse(struct rpc_call *call, const struct error *err);

#endif
