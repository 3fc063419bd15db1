/*
 * A well-behaved client beside an attack: on a thread of its own it registers requests, reads them
 * again and asks the other services how they are, one call after another. Each must succeed at the
 * first attempt: whatever others do, it is served.
 */
#ifndef VAFA_TESTS_NEIGHBOUR_H
#define VAFA_TESTS_NEIGHBOUR_H

#include "base/status.h"

#include <stdint.h>

struct neighbour;

/* Waits until its first round of calls has been answered: it is connected to all five services. */
struct neighbour *neighbour_new(const char *data);
/* Waits until so many more rounds have been answered, or fails the test. */
void neighbour_expect(struct neighbour *neighbour, uint64_t rounds);
/* Fails the test when a call did not succeed; prints how many there were and the slowest. */
void neighbour_free(struct neighbour *neighbour);

#endif
