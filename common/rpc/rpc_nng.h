/*
 * NNG as the transport: a server and a client's transport, over NNG's byte streams, in the protocol
 * of its REQ and REP sockets (rpc_wire.h). nng.h is included only behind this header.
 *
 * Urls: inproc://NAME, ipc:///path/NAME.sock (the whole path under 100 bytes), tcp://127.0.0.1:PORT
 * (loopback only: anything else is refused with PERMISSION_DENIED until callers can be
 * authenticated; port 0 takes a free one).
 *
 * NNG's own sockets are not used: in NNG 1.5.2 a stranger's FIN+RST kills their listeners and
 * dialers, a connection cut between two pieces of a message blocks the thread that clears
 * connections away, REQ resends by itself, REP is not told that a caller has gone
 * (docs/decisions/0010). NNG itself is not ended: the end of the process ends it.
 */
#ifndef VAFA_RPC_NNG_H
#define VAFA_RPC_NNG_H

#include "rpc/rpc_client.h"
#include "rpc/rpc_router.h"

/* A url we may listen on or dial: INVALID_ARGUMENT for one we don't know, PERMISSION_DENIED for
 * another machine. */
enum status rpc_nng_url_check(const char *url, struct error *err);

struct rpc_server;

/* A url we may listen on or dial, known without doing either: INVALID_ARGUMENT for one we don't
 * know, PERMISSION_DENIED for another machine. */
enum status rpc_nng_url_check(const char *url, struct error *err);

/* Serves the router, whose bound on open calls is the server's. */
struct rpc_server *rpc_server_new(struct rpc_router *router);
/* Before or after start; at most 4. ret_url (may be NULL, 128 bytes) is the url with the port
 * taken. An ipc path's stale socket file is replaced: the caller holds the store's lock, so nobody
 * else serves it. */
enum status rpc_server_listen(struct rpc_server *server, const char *url, char *ret_url,
                              struct error *err);
/* Begins to accept connections (at most 4,096); the router must be complete. */
enum status rpc_server_start(struct rpc_server *server, struct error *err);
/* Takes no more connections and calls; open calls may still be answered. When all are and their
 * answers are sent, within timeout_ms, the connections are closed; else they stay until free. */
void rpc_server_stop(struct rpc_server *server, uint32_t timeout_ms);
/* Stops first; what is still open is cancelled, and may be answered later. NULL is allowed. */
void rpc_server_free(struct rpc_server *server);

/* A transport to one server. Dials in the background and again for ever. in_flight_max: 1 to 4,096;
 * more calls are answered RESOURCE_EXHAUSTED by send. */
enum status rpc_nng_transport_new(struct rpc_transport **ret_transport, const char *url,
                                  size_t in_flight_max, struct error *err);

#endif
