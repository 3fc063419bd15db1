/* Which planted mistake this process makes (base/plant.h); linked into one test alone. */
#include "base/plant.h"

#include <stddef.h>
#include <string.h>

static const char *chosen;
static unsigned long count;

void plant_choose(const char *name)
{
    chosen = name;
    count = 0;
}

bool plant_is_chosen(const char *name)
{
    bool is_chosen = chosen != NULL && strcmp(chosen, name) == 0;
    count += is_chosen;
    return is_chosen;
}

unsigned long plant_count(void)
{
    return count;
}
