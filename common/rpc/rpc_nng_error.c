/* NNG's errors in our words; nothing else translates them. */
#include "rpc/rpc_nng_private.h"

#include <nng/nng.h>

static enum status status_of(int nng_error)
{
    switch (nng_error) {
    case NNG_ECANCELED: return STATUS_CANCELLED;
    case NNG_ETIMEDOUT: return STATUS_DEADLINE_EXCEEDED;
    case NNG_ECLOSED:
    case NNG_ECONNREFUSED:
    case NNG_ECONNABORTED:
    case NNG_ECONNRESET:
    case NNG_ECONNSHUT:
    case NNG_EUNREACHABLE:
    case NNG_EAGAIN:
    case NNG_EINTR: return STATUS_UNAVAILABLE;
    case NNG_ENOMEM:
    case NNG_ENOSPC:
    case NNG_ENOFILES:
    case NNG_EMSGSIZE: return STATUS_RESOURCE_EXHAUSTED;
    case NNG_EINVAL:
    case NNG_EADDRINVAL:
    case NNG_ENOTSUP: return STATUS_INVALID_ARGUMENT;
    case NNG_EPERM:
    case NNG_ECRYPTO:
    case NNG_EPEERAUTH: return STATUS_PERMISSION_DENIED;
    case NNG_ENOENT: return STATUS_NOT_FOUND;
    case NNG_EADDRINUSE:
    case NNG_EEXIST: return STATUS_ALREADY_EXISTS;
    case NNG_EPROTO:
    case NNG_EBADTYPE:
    case NNG_ESTATE:
    case NNG_EBUSY: return STATUS_FAILED_PRECONDITION;
    default: return STATUS_INTERNAL;
    }
}

enum status rpc_nng_error(struct error *err, int nng_error, const char *what)
{
    return error_set(err, status_of(nng_error), NULL, "%s: %s", what, nng_strerror(nng_error));
}
