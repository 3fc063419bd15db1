/* Which pack is in force in each service, as its log tells; and that what routing routes goes by it. */
#include "tests/sim/invariants.h"
#include "tests/sim/recount_internal.h"

#include "city/city.h"

#include <inttypes.h>
#include <string.h>

/* The member of each service's Event, by the numbers of the contract. */
static const Common__PackTaken *taken_of(const struct found *found)
{
    switch (found->service) {
    case COMMON__SERVICE_ID__SERVICE_ID_INTAKE: {
        const Intake__Event *event = (const Intake__Event *)found->open;
        return event->kind_case == INTAKE__EVENT__KIND_PACK_TAKEN ? event->pack_taken : NULL;
    }
    case COMMON__SERVICE_ID__SERVICE_ID_ROUTING: {
        const Routing__Event *event = (const Routing__Event *)found->open;
        return event->kind_case == ROUTING__EVENT__KIND_PACK_TAKEN ? event->pack_taken : NULL;
    }
    case COMMON__SERVICE_ID__SERVICE_ID_FOLLOWUP: {
        const Followup__Event *event = (const Followup__Event *)found->open;
        return event->kind_case == FOLLOWUP__EVENT__KIND_PACK_TAKEN ? event->pack_taken : NULL;
    }
    case COMMON__SERVICE_ID__SERVICE_ID_FEEDBACK: {
        const Feedback__Event *event = (const Feedback__Event *)found->open;
        return event->kind_case == FEEDBACK__EVENT__KIND_PACK_TAKEN ? event->pack_taken : NULL;
    }
    default: {
        const Report__Event *event = (const Report__Event *)found->open;
        return event->kind_case == REPORT__EVENT__KIND_PACK_TAKEN ? event->pack_taken : NULL;
    }
    }
}

static bool is_pack(ProtobufCBinaryData digest, const struct city *city)
{
    return bytes_equal(bytes_of(digest.data, digest.len), city_digest(city));
}

bool recount_take_pack(struct recount *recount, const struct found *found)
{
    const Common__PackTaken *taken = taken_of(found);
    if (taken == NULL) {
        return false;
    }
    const struct city *packs[] = {world_city(recount->world), world_other_city(recount->world)};
    unsigned before = recount->packs[found->service];
    if (!is_pack(taken->before, packs[before]) || !is_pack(taken->digest, packs[1 - before])) {
        invariant_broken(INVARIANT_PACKS,
                         "event %" PRIu64
                         " of service %u takes what is in force, or leaves what is not",
                         found->offset, found->service);
    }
    recount->packs[found->service] = 1 - before;
    return true;
}

unsigned recount_pack(const struct recount *recount, unsigned service)
{
    return recount->packs[service];
}

/* The one rule in which the packs differ. */
void recount_pack_routed(const struct recount *recount, const struct found *found,
                         const struct recount_case *one, const char *unit)
{
    bool is_other = recount->packs[found->service] != 0;
    if (one->by_pack && (strcmp(unit, WORLD_OTHER_UNIT) == 0) != is_other) {
        invariant_broken(INVARIANT_PACKS,
                         "event %" PRIu64 " routes request %" PRIu64
                         " to %s, and the %s pack is in force",
                         found->offset, one->number, unit, is_other ? "other" : "usual");
    }
}
