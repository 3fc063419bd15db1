#include "tests/support/memory.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

/* A line of /proc/PID/status, e.g. "VmRSS:     1234 kB". */
static int64_t status_bytes(pid_t pid, const char *name)
{
    char line[256];
    long long kib = -1;
    snprintf(line, sizeof(line), "/proc/%d/status", (int)(pid != 0 ? pid : getpid()));
    FILE *file = fopen(line, "re");
    assert_true(file != NULL);
    while (kib < 0 && fgets(line, sizeof(line), file) != NULL) {
        if (strncmp(line, name, strlen(name)) == 0) {
            kib = strtoll(line + strlen(name), NULL, 10);
        }
    }
    (void)fclose(file); /* it was only read */
    assert_true(kib >= 0);
    return kib * 1024;
}

int64_t memory_rss_bytes(pid_t pid)
{
    return status_bytes(pid, "VmRSS:");
}

int64_t memory_peak_bytes(pid_t pid)
{
    return status_bytes(pid, "VmHWM:");
}
