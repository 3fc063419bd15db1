#include "tests/support/memory.h"

#include "base/check.h"

#include <stdio.h>
#include <unistd.h>

int64_t memory_rss_bytes(pid_t pid)
{
    char path[64];
    long size = 0;
    long resident = 0;
    snprintf(path, sizeof(path), "/proc/%d/statm", (int)(pid != 0 ? pid : getpid()));
    FILE *file = fopen(path, "re");
    CHECK(file != NULL);
    CHECK(fscanf(file, "%ld %ld", &size, &resident) == 2);
    (void)fclose(file); /* it was only read */
    return (int64_t)resident * sysconf(_SC_PAGESIZE);
}
