/* What a storm allows, and whom. */
#include "services/routing/routing_rules.h"
#include "services/routing/routing_storms.h"

#include <string.h>

/* Sums must not overflow, whoever wrote the event. */
static uint32_t percent_of(uint32_t told)
{
    return told < 100 ? 100 : told < CITY_STORM_PERCENT_MAX ? told : CITY_STORM_PERCENT_MAX;
}

struct routing_looseness routing_storm_looseness(const Routing__StormTaken *storm, bool urgent)
{
    const struct routing_looseness usual = {.due_percent = 100, .respond_percent = 100};
    return storm == NULL || urgent
               ? usual
               : (struct routing_looseness){.due_percent = percent_of(storm->due_percent),
                                            .respond_percent = percent_of(storm->respond_percent)};
}

struct routing_looseness routing_storm_allowed(const Routing__Task *task)
{
    return (struct routing_looseness){.due_percent = percent_of(task->due_percent),
                                      .respond_percent = percent_of(task->respond_percent)};
}

static bool is_among(const char *key, char *const *keys, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (strcmp(keys[i], key) == 0) {
            return true;
        }
    }
    return false;
}

bool routing_storm_holds(const Routing__StormTaken *storm, const Routing__Task *task)
{
    const char *area = task->place == NULL ? "" : task->place->area;
    return (storm->n_topics == 0 || is_among(task->topic, storm->topics, storm->n_topics)) &&
           (storm->n_areas == 0 || is_among(area, storm->areas, storm->n_areas));
}
