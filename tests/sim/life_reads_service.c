/* Who keeps the services running looks at them: how far each is, whether it serves, which pack it goes by, how its keys stand, and
 * what is left of a citizen. */
#include "tests/sim/life_internal.h"

#include "city/city.h"

#include "vafa/health/v1/health.pb-c.h"
#include "vafa/keys/v1/keys.pb-c.h"
#include "vafa/log/v1/log.pb-c.h"

#define CITIZENS_OF_A_THOUSAND 250 /* each reads a whole log */

/* What was asked about, as it stood then. */
struct asked {
    struct life *life;
    unsigned service;
    uint64_t ends[SERVICE_COUNT + 1]; /* of the logs */
    uint64_t citizen;
    unsigned forgotten, pack;
};

static struct asked asked_of(struct life *life, unsigned service)
{
    struct asked asked = {
        .life = life, .service = service, .pack = recount_pack(life->recount, service)};
    for (unsigned i = 1; i <= SERVICE_COUNT; i++) {
        asked.ends[i] = life->recount->logs[i].end;
    }
    return asked;
}

/* It lives as long as the errand. */
static struct errand *ask(const struct asked *asked, const char *method,
                          const ProtobufCServiceDescriptor *rpc,
                          void (*done)(struct errand *errand))
{
    struct world_caller *caller = NULL;
    for (size_t i = 0; i < PACK_SERVICES; i++) {
        if (world_caller_service(asked->life->keeper.callers[i]) == asked->service) {
            caller = asked->life->keeper.callers[i];
        }
    }
    struct errand *errand = life_errand(asked->life, caller, method, done, NULL);
    errand->context = arena_copy(errand->arena, asked, sizeof *asked);
    errand->rpc = rpc;
    return errand;
}

static unsigned draw_service(struct life *life)
{
    return (unsigned)life_draw(life, 1, SERVICE_COUNT + 1);
}

/* --- how far it is --- */

static void check_head(const struct asked *asked, const Common__Position *head, const char *method)
{
    if (head == NULL || (unsigned)head->service != asked->service ||
        head->offset < asked->ends[asked->service]) {
        invariant_broken(INVARIANT_SYNCED, "the log of service %u is told to end before %" PRIu64,
                         asked->service, asked->ends[asked->service]);
    }
    recount_check_position(asked->life->recount, head, method);
}

static void head_told(struct errand *errand)
{
    life_refused(errand, errand->error.status == STATUS_OK);
    check_head(errand->context, ((const Eventlog__GetHeadResponse *)errand->response)->head,
               errand->method);
}

/* What it has applied is there; with everything delivered, that is all that was then. */
static void check_feeds(const struct asked *asked, const Health__CheckHealthResponse *told)
{
    const struct life *life = asked->life;
    for (size_t i = 0; i < told->n_feeds; i++) {
        const Health__CheckHealthResponse__Feed *feed = told->feeds[i];
        uint64_t end = life->recount->logs[feed->service].end;
        if (feed->stopped_because[0] != '\0' || feed->offset > end ||
            (life->quiet && feed->offset < asked->ends[feed->service])) {
            invariant_broken(INVARIANT_DELIVERY,
                             "service %u is told to have %" PRIu64 " of %" PRIu64 " of %s: %s",
                             asked->service, feed->offset, end, service_name(feed->service),
                             feed->stopped_because);
        }
    }
}

static void health_told(struct errand *errand)
{
    const struct asked *asked = errand->context;
    const Health__CheckHealthResponse *told = (const Health__CheckHealthResponse *)errand->response;
    life_refused(errand, errand->error.status == STATUS_OK);
    check_head(asked, told->head, errand->method);
    if (asked->life->quiet && told->state != HEALTH__SERVING_STATE__SERVING_STATE_SERVING) {
        invariant_broken(INVARIANT_DELIVERY, "service %u does not serve wholly: %s", asked->service,
                         told->reason);
    }
    if (recount_catch_up(asked->life->recount)) {
        check_feeds(asked, told);
    }
}

static void version_told(struct errand *errand)
{
    const struct asked *asked = errand->context;
    const struct world *world = asked->life->world;
    const Health__GetVersionResponse *told = (const Health__GetVersionResponse *)errand->response;
    life_refused(errand, errand->error.status == STATUS_OK);
    struct bytes digest = bytes_of(told->city_digest.data, told->city_digest.len);
    unsigned pack = bytes_equal(digest, city_digest(world_city(world))) ? 0 : 1;
    bool is_known = pack == 0 || bytes_equal(digest, city_digest(world_other_city(world)));
    bool is_in_force = pack == asked->pack || !recount_catch_up(asked->life->recount) ||
                       pack == recount_pack(asked->life->recount, asked->service);
    if ((unsigned)told->service != asked->service || !is_known || !is_in_force) {
        invariant_broken(INVARIANT_PACKS, "service %u tells of another pack than is in force",
                         asked->service);
    }
}

void life_ask_health(struct life *life)
{
    struct asked asked = asked_of(life, draw_service(life));
    struct errand *errand;
    switch (life_draw(life, 0, 3)) {
    case 0:
        errand = ask(&asked, "GetHead", &eventlog__event_log__descriptor, head_told);
        (void)errand_request(errand, &eventlog__get_head_request__descriptor);
        break;
    case 1:
        errand = ask(&asked, "GetVersion", &health__health__descriptor, version_told);
        (void)errand_request(errand, &health__get_version_request__descriptor);
        break;
    default:
        errand = ask(&asked, "CheckHealth", &health__health__descriptor, health_told);
        (void)errand_request(errand, &health__check_health_request__descriptor);
        break;
    }
    errand_start(errand);
}

/* --- its keys --- */

static bool holds_words(unsigned service)
{
    return service == COMMON__SERVICE_ID__SERVICE_ID_INTAKE ||
           service == COMMON__SERVICE_ID__SERVICE_ID_FOLLOWUP;
}

static void keys_told(struct errand *errand)
{
    const struct asked *asked = errand->context;
    life_refused(errand, errand->error.status == STATUS_OK);
    const Keys__KeyState *told = ((const Keys__GetKeysResponse *)errand->response)->state;
    bool is_right = told != NULL && (bool)told->holds_words == holds_words(asked->service);
    if (is_right && told->holds_words) {
        is_right = told->keys >= 1 && told->keys <= 2 && told->wrapped_to <= told->citizens &&
                   (!asked->life->quiet || (told->keys == 1 && told->is_whole));
    }
    if (!is_right) {
        invariant_broken(INVARIANT_SEALED, "the keys of service %u are told otherwise",
                         asked->service);
    }
}

static void citizen_told(struct errand *errand)
{
    const struct asked *asked = errand->context;
    const struct recount *recount = asked->life->recount;
    const Keys__CheckCitizenResponse *told = (const Keys__CheckCitizenResponse *)errand->response;
    life_refused(errand, errand->error.status == STATUS_OK);
    bool is_own = asked->service == COMMON__SERVICE_ID__SERVICE_ID_INTAKE;
    bool was_forgotten = asked->forgotten >= (is_own ? 1u : 2u);
    if (!told->holds_words || (was_forgotten && told->has_key)) {
        invariant_broken(INVARIANT_FORGOTTEN,
                         "citizen %" PRIu64 " was forgotten, and has a key in service %u",
                         asked->citizen, asked->service);
    }
    if (!recount_catch_up(asked->life->recount)) {
        return;
    }
    bool is_remembered = recount_forgotten(recount, asked->citizen) < (is_own ? 1u : 2u);
    if ((is_own && was_forgotten && !told->is_forgotten) ||
        (is_own && is_remembered && !told->has_key) || (is_remembered && told->is_forgotten) ||
        told->events < asked->ends[asked->service] ||
        told->events > recount->logs[asked->service].end || (is_own && told->sealed_parts == 0)) {
        invariant_broken(INVARIANT_SEALED,
                         "of citizen %" PRIu64 " service %u tells %" PRIu64 " of %" PRIu64
                         " events sealed, a key: %d, forgotten: %d",
                         asked->citizen, asked->service, told->sealed_parts, told->events,
                         told->has_key, told->is_forgotten);
    }
}

void life_ask_keys(struct life *life)
{
    struct asked asked = asked_of(life, draw_service(life));
    struct errand *errand = ask(&asked, "GetKeys", &keys__keys__descriptor, keys_told);
    (void)errand_request(errand, &keys__get_keys_request__descriptor);
    errand_start(errand);
}

/* One who was forgotten, if there is one among a few. */
static uint64_t draw_citizen(struct life *life)
{
    uint64_t citizen = 0;
    for (unsigned i = 0; i < 16 && recount_forgotten(life->recount, citizen) == 0; i++) {
        int64_t drawn = life_draw(life, 0, (int64_t)life->recount->case_count);
        uint64_t other = life->recount->cases[drawn].citizen;
        citizen = other != 0 ? other : citizen;
    }
    return citizen;
}

void life_ask_citizen(struct life *life)
{
    const struct recount *recount = life->recount;
    struct asked asked =
        asked_of(life, life_chance(life, 500) ? COMMON__SERVICE_ID__SERVICE_ID_INTAKE
                                              : COMMON__SERVICE_ID__SERVICE_ID_FOLLOWUP);
    if (recount->case_count == 0 || !life_chance(life, CITIZENS_OF_A_THOUSAND)) {
        return;
    }
    asked.citizen = draw_citizen(life);
    if (asked.citizen == 0) {
        return;
    }
    asked.forgotten = recount_forgotten(recount, asked.citizen);
    struct errand *errand = ask(&asked, "CheckCitizen", &keys__citizens__descriptor, citizen_told);
    Keys__CheckCitizenRequest *request =
        errand_request(errand, &keys__check_citizen_request__descriptor);
    request->citizen = asked.citizen;
    errand_start(errand);
}
