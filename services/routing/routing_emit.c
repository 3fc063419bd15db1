/* The one way in which routing tells an event. */
#include "services/routing/routing_internal.h"

enum status routing_emit(struct decide *d, const Routing__Event *event, const void *member,
                         const struct event_options *options)
{
    const Routing__Event *kept = arena_copy(d->arena, event, sizeof(*event));
    if (kept == NULL || member == NULL) {
        return decide_refuse(d, STATUS_RESOURCE_EXHAUSTED, NULL, "the request is too large");
    }
    return decide_emit(d, &kept->base, options);
}
