/*
 * NNG as the transport: a server on REP contexts, a client transport on REQ contexts. nng.h is
 * included only behind this header.
 *
 * Urls: inproc://NAME, ipc:///path/NAME.sock (the whole path under 100 bytes), tcp://127.0.0.1:PORT
 * (loopback only: anything else is refused with PERMISSION_DENIED until callers can be
 * authenticated; port 0 takes a free one).
 *
 * Traps of NNG 1.5.2 that are handled here (each kept by a test): a FIN+RST kills listeners and
 * dialers (nng_reset.c turns EPIPE into ECONNRESET), REQ resends by itself, RECVMAXSZ is unlimited
 * by default, REP is not told that a caller has gone, shutdown order. NNG itself is not ended:
 * nng_fini does not wait for the connections its reaper still closes and now and then aborts the
 * process ("panic: pthread_mutex_lock"); the end of the process ends it.
 */
#ifndef VAFA_RPC_NNG_H
#define VAFA_RPC_NNG_H

#include "rpc/rpc_client.h"
#include "rpc/rpc_router.h"

struct rpc_server;

/* Serves the router with `contexts` calls at once (parked ones included; 16 to 4,096). */
enum status rpc_server_new(struct rpc_server **ret_server, struct rpc_router *router,
                           size_t contexts, struct error *err);
/* Before or after start; at most 4. ret_url (may be NULL, 128 bytes) is the url with the port
 * taken. An ipc path's stale socket file is replaced: the caller holds the store's lock, so nobody
 * else serves it. */
enum status rpc_server_listen(struct rpc_server *server, const char *url, char *ret_url,
                              struct error *err);
/* Begins to receive; the router must be complete. */
enum status rpc_server_start(struct rpc_server *server, struct error *err);
/* Stops receiving; open calls may still be answered and their answers are flushed (up to
 * timeout_ms). */
void rpc_server_stop(struct rpc_server *server, uint32_t timeout_ms);
void rpc_server_free(struct rpc_server *server); /* stops first; NULL is allowed */

/* A transport to one server. Dials in the background and again for ever. in_flight_max: 1 to 4,096;
 * more calls are answered RESOURCE_EXHAUSTED by send. */
enum status rpc_nng_transport_new(struct rpc_transport **ret_transport, const char *url,
                                  size_t in_flight_max, struct error *err);

#endif
