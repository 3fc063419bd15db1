/* See disk.h. */
#include "tests/integration/disk.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define SECTOR 512

void disk_init(struct disk *disk)
{
    snprintf(disk->path, sizeof disk->path, "/tmp/vafa-disk-XXXXXX");
    int fd = mkstemp(disk->path);
    assert_true(fd >= 0);
    assert_int_equal(ftruncate(fd, sizeof *disk->page), 0);
    void *mapped = mmap(NULL, sizeof *disk->page, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    assert_true(mapped != MAP_FAILED);
    assert_int_equal(close(fd), 0);
    disk->page = mapped;
    assert_int_equal(setenv("LD_PRELOAD", FAULT_DISK_LIBRARY, 1), 0);
    assert_int_equal(setenv(FAULT_DISK_VARIABLE, disk->path, 1), 0);
}

void disk_fini(struct disk *disk)
{
    assert_int_equal(unsetenv("LD_PRELOAD"), 0);
    assert_int_equal(unsetenv(FAULT_DISK_VARIABLE), 0);
    assert_int_equal(munmap(disk->page, sizeof *disk->page), 0);
    assert_int_equal(unlink(disk->path), 0);
}

void disk_set(struct disk *disk, unsigned faults)
{
    atomic_store(&disk->page->faults, faults);
}

unsigned disk_refused(struct disk *disk)
{
    return atomic_load(&disk->page->refused);
}

/* --- loss of power --- */

static char *read_file(const char *path, size_t *ret_size)
{
    FILE *file = fopen(path, "re");
    if (file == NULL) {
        *ret_size = 0;
        return NULL;
    }
    assert_int_equal(fseek(file, 0, SEEK_END), 0);
    long size = ftell(file);
    assert_true(size >= 0);
    rewind(file);
    char *data = malloc((size_t)size + 1);
    assert_non_null(data);
    assert_int_equal(fread(data, 1, (size_t)size, file), size);
    assert_int_equal(fclose(file), 0);
    *ret_size = (size_t)size;
    return data;
}

static uint64_t take_back(int fd, const struct fault_disk_undo *head, const char *old,
                          enum disk_loss loss, unsigned *seed)
{
    uint64_t lost = 0;
    bool whole = loss == DISK_LOSES_ALL || (loss == DISK_LOSES_WRITES && rand_r(seed) % 2 == 0);
    for (uint64_t at = 0; at < head->size; at += SECTOR) {
        size_t size = head->size - at < SECTOR ? (size_t)(head->size - at) : SECTOR;
        if (whole || (loss == DISK_LOSES_SECTORS && rand_r(seed) % 2 == 0)) {
            assert_int_equal(pwrite(fd, old + at, size, (off_t)(head->offset + at)), size);
            lost += size;
        }
    }
    return lost;
}

/* The newest first: an older record knows what was there before a newer write. */
static uint64_t undo_from(int fd, const char *undo, size_t size, enum disk_loss loss,
                          unsigned *seed)
{
    struct fault_disk_undo head;
    if (size < sizeof head) {
        return 0;
    }
    memcpy(&head, undo, sizeof head);
    if (head.size > size - sizeof head) {
        return 0; /* died while it remembered, before it wrote */
    }
    size_t record = sizeof head + (size_t)head.size;
    uint64_t lost = undo_from(fd, undo + record, size - record, loss, seed);
    return lost + take_back(fd, &head, undo + sizeof head, loss, seed);
}

static uint64_t lose_file(const char *path, enum disk_loss loss, unsigned *seed)
{
    char undo_path[512];
    size_t size;
    snprintf(undo_path, sizeof undo_path, "%s" FAULT_DISK_UNDO, path);
    char *undo = read_file(undo_path, &size);
    uint64_t lost = 0;
    if (undo != NULL) {
        int fd = open(path, O_WRONLY | O_CLOEXEC);
        assert_true(fd >= 0);
        lost = undo_from(fd, undo, size, loss, seed);
        assert_int_equal(close(fd), 0);
        assert_int_equal(unlink(undo_path), 0);
    }
    free(undo);
    return lost;
}

uint64_t disk_lose(const struct system *system, enum disk_loss loss, unsigned *seed)
{
    static const char *const services[] = {"intake", "routing", "followup", "feedback", "report"};
    static const char *const files[] = {"data.mdb", "journal"};
    uint64_t lost = 0;
    for (size_t i = 0; i < sizeof services / sizeof services[0]; i++) {
        for (size_t k = 0; k < sizeof files / sizeof files[0]; k++) {
            char path[300];
            snprintf(path, sizeof path, "%s/%s/%s", system->data, services[i], files[k]);
            lost += lose_file(path, loss, seed);
        }
    }
    return lost;
}
