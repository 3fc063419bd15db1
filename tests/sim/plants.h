/* The planted mistakes (base/plant.h), and which invariant each breaks. */
#ifndef VAFA_TESTS_SIM_PLANTS_H
#define VAFA_TESTS_SIM_PLANTS_H

#include "tests/sim/invariants.h"

#include <stddef.h>

struct plant {
    const char *name;
    enum invariant breaks;
    enum invariant or_else; /* what it breaks as often; INVARIANT_COUNT: nothing */
};

extern const struct plant plants[];
extern const size_t plants_count;

/* NULL: there is none of that name. */
const struct plant *plants_find(const char *name);

#endif
