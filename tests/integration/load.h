/* Front-ends that register as fast as they are answered, and remember what was acknowledged. */
#ifndef VAFA_TESTS_LOAD_H
#define VAFA_TESTS_LOAD_H

#include "tests/integration/system.h"

struct load;

/* So many calls at once, each a registration of its own. */
struct load *load_begin(const struct system *system, unsigned lanes);
/* Until so many were acknowledged in all, or a registration has failed. */
void load_wait(struct load *load, unsigned acknowledged);
/* No more are begun. Those under way are tried again, with their keys, for up to 3 s. */
void load_stop(struct load *load);
/* The same; returns when all have ended: at once, when the server that was killed is there again. */
void load_end(struct load *load);
unsigned load_acknowledged(struct load *load);

/* Every acknowledged registration can be read, with its number and its place, and nothing has two
 * numbers. */
void load_check(struct load *load);
void load_free(struct load *load); /* after load_end */

#endif
