/*
 * Named fault points: places where a test makes the process stop, fail or wait.
 *
 * A process reads VAFA_FAULT once: "NAME=kill[@N]" kills itself with SIGKILL when the point is
 * passed the N-th time (default the first), "NAME=fail[@N]" makes fault_point return true from then
 * on; several are separated by commas. The simulator sets a hook instead.
 */
#ifndef VAFA_BASE_FAULT_H
#define VAFA_BASE_FAULT_H

#include <stdbool.h>

/* True: fail here. Without VAFA_FAULT and without a hook this costs one load and a branch. */
bool fault_point(const char *name);
void fault_set_hook(bool (*hook)(void *ctx, const char *name), void *ctx); /* NULL: none */

#endif
