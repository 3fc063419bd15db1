/* CHECK's end: says where, and aborts. */
#include "base/check.h"

#include <stdio.h>
#include <stdlib.h>

_Noreturn void check_failed(const char *condition, const char *file, int line, const char *function)
{
    fprintf(stderr, "%s:%d: %s: this must hold and does not: %s\n", file, line, function,
            condition);
    abort();
}
