#include "tests/fuzz/fuzz_files.h"

#include "base/check.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char folder[FUZZ_PATH_SIZE / 2];
static pid_t owner;

static int remove_entry(const char *path, const struct stat *info, int kind, struct FTW *where)
{
    (void)info, (void)kind, (void)where;
    return remove(path);
}

static void remove_folder(void)
{
    if (getpid() == owner) {
        (void)nftw(folder, remove_entry, 8,
                   FTW_DEPTH | FTW_PHYS); /* what stays is in the temporary folder */
    }
}

const char *fuzz_folder(void)
{
    if (folder[0] == '\0') {
        const char *chosen = getenv("TMPDIR");
        const char *memory = access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp";
        (void)snprintf(folder, sizeof(folder), "%s/vafa-fuzz-XXXXXX",
                       chosen != NULL ? chosen : memory);
        CHECK(mkdtemp(folder) != NULL);
        owner = getpid();
        CHECK(atexit(remove_folder) == 0);
    }
    return folder;
}

void fuzz_path(const char *name, char ret_path[FUZZ_PATH_SIZE])
{
    int length = snprintf(ret_path, FUZZ_PATH_SIZE, "%s/%s", fuzz_folder(), name);
    CHECK(length > 0 && length < FUZZ_PATH_SIZE);
}

static void make_folder_of(char *path)
{
    char *slash = strrchr(path, '/');
    *slash = '\0';
    CHECK(mkdir(path, 0700) == 0 || errno == EEXIST);
    *slash = '/';
}

void fuzz_write(const char *name, struct bytes content)
{
    char path[FUZZ_PATH_SIZE];
    fuzz_path(name, path);
    make_folder_of(path);
    int file = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    CHECK(file >= 0);
    CHECK(content.size == 0 || write(file, content.data, content.size) == (ssize_t)content.size);
    CHECK(close(file) == 0);
}

void fuzz_remove(const char *name)
{
    char path[FUZZ_PATH_SIZE];
    fuzz_path(name, path);
    CHECK(unlink(path) == 0 || errno == ENOENT);
}
