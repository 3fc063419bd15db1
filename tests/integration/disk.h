/* The test's half of fault_disk.h: makes a disk that fails, and takes back what was not synced. */
#ifndef VAFA_TESTS_DISK_H
#define VAFA_TESTS_DISK_H

#include "tests/integration/fault_disk.h"
#include "tests/integration/system.h"

struct disk {
    char path[64];
    struct fault_disk_page *page;
};

/* Programs started from now on have this disk. */
void disk_init(struct disk *disk);
void disk_fini(struct disk *disk);

void disk_set(struct disk *disk, unsigned faults);
unsigned disk_refused(struct disk *disk);

/* What a loss of power leaves. */
enum disk_loss {
    DISK_LOSES_ALL,     /* everything since the last sync */
    DISK_LOSES_WRITES,  /* some writes */
    DISK_LOSES_SECTORS, /* some sectors, so that writes are torn */
    DISK_LOSS_COUNT,
};
/* After the programs were killed. Returns how many bytes were taken back. */
uint64_t disk_lose(const struct system *system, enum disk_loss loss, unsigned *seed);

#endif
