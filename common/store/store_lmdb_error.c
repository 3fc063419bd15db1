/* LMDB's codes in our words. */
#include "store/store_internal.h"

#include <errno.h>

bool store_lmdb_error_is_room(int rc)
{
    switch (rc) {
    case MDB_MAP_FULL:
    case MDB_TXN_FULL:
    case MDB_READERS_FULL:
    case ENOSPC:
    case EDQUOT:
    case EFBIG:
    case ENOMEM: return true;
    default: return false;
    }
}

static enum status status_of(int rc)
{
    if (store_lmdb_error_is_room(rc)) {
        return STATUS_RESOURCE_EXHAUSTED;
    }
    switch (rc) {
    case MDB_SUCCESS: return STATUS_OK;
    case ENOENT:
    case MDB_NOTFOUND: return STATUS_NOT_FOUND;
    case EACCES:
    case EPERM:
    case EROFS:
    case MDB_VERSION_MISMATCH: return STATUS_FAILED_PRECONDITION;
    case EAGAIN:
    case EBUSY: return STATUS_UNAVAILABLE;
    case EIO:
    case MDB_INVALID:
    case MDB_CORRUPTED:
    case MDB_PAGE_NOTFOUND:
    case MDB_PANIC:
    /* What only damage does here: a table of another kind, a tree without an end, and an error that LMDB
     * kept to itself until the next call. */
    case MDB_INCOMPATIBLE:
    case MDB_CURSOR_FULL:
    case MDB_BAD_TXN: return STATUS_DATA_LOSS;
    default: return STATUS_INTERNAL;
    }
}

enum status store_lmdb_error(struct error *err, int rc, const char *what)
{
    const char *hint = "";
    if (rc == MDB_MAP_FULL) {
        hint = " (raise the map size or make room)";
    } else if (rc == MDB_PANIC) {
        hint = " (an earlier write failed: inspect the disk and restart)";
    }
    return error_set(err, status_of(rc), NULL, "%s: %s%s", what, mdb_strerror(rc), hint);
}
