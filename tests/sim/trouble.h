/* What goes wrong in the world of a seed, and when: drawn from the seed, by kinds. */
#ifndef VAFA_TESTS_SIM_TROUBLE_H
#define VAFA_TESTS_SIM_TROUBLE_H

#include "tests/sim/world.h"

enum trouble_kind {
    TROUBLE_NETWORK =
        1, /* frames are lost, doubled, late and cut, more on some days; services pause */
    TROUBLE_CRASH = 2, /* services die at any point and come back, soon or hours later */
    TROUBLE_DISK = 4,  /* disks fill and empty again */
    TROUBLE_CLOCK = 8, /* walls' clocks jump and are set right again */
    TROUBLE_ALL = 15,
};

/* "network,crash"; "none"; "all". False when a word is none of them. */
bool trouble_parse(const char *text, unsigned *ret_kinds);

struct trouble;
struct trouble *trouble_new(struct world *world, unsigned kinds);
void trouble_begin(struct trouble *trouble);
/* All is well again: nothing new, and what is broken is mended. */
void trouble_stop(struct trouble *trouble);
void trouble_free(struct trouble *trouble);

#endif
