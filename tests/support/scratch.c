#include "tests/support/scratch.h"

#include <ftw.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statvfs.h>
#include <unistd.h>

/* Last: it needs what the others declare. */
#include <cmocka.h>

#define SCRATCH_MAX 64
#define MEMORY_BYTES_MIN (UINT64_C(1) << 30) /* containers have less, which a store may fill */

static char folders[SCRATCH_MAX][SCRATCH_SIZE]; /* "" where none is */
static pid_t owner;

static int remove_entry(const char *path, const struct stat *stat_of, int kind, struct FTW *ftw)
{
    (void)stat_of, (void)kind, (void)ftw;
    return remove(path);
}

static void remove_folder(char folder[SCRATCH_SIZE])
{
    (void)nftw(folder, remove_entry, 16,
               FTW_DEPTH | FTW_PHYS); /* what stays is in the temporary folder */
    folder[0] = '\0';
}

static void remove_all(void)
{
    for (size_t i = 0; i < SCRATCH_MAX && getpid() == owner; i++) {
        if (folders[i][0] != '\0') {
            remove_folder(folders[i]);
        }
    }
}

static void make(const char *parent, char ret_folder[SCRATCH_SIZE])
{
    if (owner == 0) {
        owner = getpid();
        assert_int_equal(atexit(remove_all), 0);
    }
    size_t i = 0;
    while (i < SCRATCH_MAX && folders[i][0] != '\0') {
        i++;
    }
    assert_true(i < SCRATCH_MAX);
    (void)snprintf(ret_folder, SCRATCH_SIZE, "%s/vafa-test-XXXXXX", parent);
    assert_non_null(mkdtemp(ret_folder));
    memcpy(folders[i], ret_folder, SCRATCH_SIZE);
}

void scratch_new(char ret_folder[SCRATCH_SIZE])
{
    make("/tmp", ret_folder);
}

void scratch_new_in_memory(char ret_folder[SCRATCH_SIZE])
{
    struct statvfs room;
    bool is_roomy = access("/dev/shm", W_OK) == 0 && statvfs("/dev/shm", &room) == 0 &&
                    room.f_bavail >= MEMORY_BYTES_MIN / room.f_frsize;
    make(is_roomy ? "/dev/shm" : "/tmp", ret_folder);
}

void scratch_remove(const char *folder)
{
    for (size_t i = 0; i < SCRATCH_MAX; i++) {
        if (strcmp(folders[i], folder) == 0) {
            remove_folder(folders[i]);
            return;
        }
    }
    fail_msg("%s was not made here", folder);
}
