/*
 * A disk that fails on demand, for programs that are not told: a library preloaded into them stands
 * between them and the kernel for the files of stores (data.mdb, journal). The test and the programs
 * share a page that says what goes wrong just now.
 *
 * What a program writes there and does not sync can also be remembered, so that after its end the
 * test can take it back, as a loss of power does.
 */
#ifndef VAFA_TESTS_FAULT_DISK_H
#define VAFA_TESTS_FAULT_DISK_H

#include <stdatomic.h>
#include <stdint.h>

#define FAULT_DISK_VARIABLE "TEST_DISK_PAGE" /* the shared page's path */

enum fault_disk_fault {
    FAULT_DISK_FULL = 1,      /* files do not grow: ENOSPC */
    FAULT_DISK_SYNC = 2,      /* syncs, and writes that sync, fail: EIO */
    FAULT_DISK_READ_ONLY = 4, /* nothing can be opened for writing, or written: EROFS */
    FAULT_DISK_VOLATILE = 8,  /* remember what is not synced; from before the start on */
};

struct fault_disk_page {
    atomic_uint faults;
    atomic_uint refused; /* calls that failed by them */
};

/* Beside a file, while it has writes that are not synced: records of this head and the bytes that
 * were there before. */
#define FAULT_DISK_UNDO ".undo"
struct fault_disk_undo {
    uint64_t offset;
    uint64_t size;
};

#endif
