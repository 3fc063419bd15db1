/*
 * Planted mistakes: proof that the simulator finds bugs. `if (PLANTED("name"))` guards a real
 * mistake that tests/sim/test_plants.c shows found.
 *
 * Outside of that one test build the condition is the constant false and the mistake is not in the
 * program at all; scripts/check-tree sees to it that nobody else defines VAFA_PLANT.
 */
#ifndef VAFA_BASE_PLANT_H
#define VAFA_BASE_PLANT_H

#include <stdbool.h>

#ifdef VAFA_PLANT

/* tests/sim/plant.c */
bool plant_is_chosen(const char *name);
void plant_choose(const char *name); /* NULL: none */
/* How often the mistake was made. */
unsigned long plant_count(void);

#define PLANTED(name) plant_is_chosen(name)

#else

#define PLANTED(name) false

#endif

#endif
