/* What the files over NNG share. */
#ifndef VAFA_RPC_NNG_PRIVATE_H
#define VAFA_RPC_NNG_PRIVATE_H

#include "base/status.h"

struct rpc_conn;

/* The one translation of NNG's errors. `what` is what was being done: "listen on ipc:///x". Never
 * for 0. */
enum status rpc_nng_error(struct error *err, int nng_error, const char *what);

/* The path of an ipc url, NULL for another. */
const char *rpc_nng_url_path(const char *url);
bool rpc_nng_url_is_inproc(const char *url);

/* A connection to the server of this process that listens there: the caller's end, not started.
 * NULL: there is none, or it is stopping. */
struct rpc_conn *rpc_nng_connect_inproc(const char *url);

#endif
