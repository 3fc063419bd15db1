/* The pack's keeper: now and then another city pack is taken in all services, one after the other, or the one before taken back. There are
 * two, which differ in one rule. */
#include "tests/sim/life_internal.h"

#include "city/city.h"

#include "vafa/packs/v1/packs.pb-c.h"

#define PACKS 2

static const unsigned order[PACK_SERVICES] = {
    COMMON__SERVICE_ID__SERVICE_ID_ROUTING, COMMON__SERVICE_ID__SERVICE_ID_FOLLOWUP,
    COMMON__SERVICE_ID__SERVICE_ID_FEEDBACK, COMMON__SERVICE_ID__SERVICE_ID_REPORT,
    COMMON__SERVICE_ID__SERVICE_ID_INTAKE};

static void ask_next(struct keeper *keeper);

static const struct city *wanted(const struct keeper *keeper)
{
    return keeper->wants_other ? world_other_city(keeper->life->world)
                               : world_city(keeper->life->world);
}

static ProtobufCBinaryData digest_of(struct errand *errand, const struct city *city)
{
    struct bytes digest = city_digest(city);
    return (ProtobufCBinaryData){digest.size, arena_copy(errand->arena, digest.data, digest.size)};
}

static struct errand *errand_for(struct keeper *keeper, const char *method,
                                 void (*done)(struct errand *errand))
{
    struct errand *errand =
        life_errand(keeper->life, keeper->callers[keeper->place], method, done, keeper);
    errand->rpc = &packs__packs__descriptor;
    return errand;
}

/* Messages of before that come late, of another pack: it is begun again from the start, with a look at how things stand. */
static bool is_refused(struct keeper *keeper, const struct errand *errand)
{
    if (errand->error.status == STATUS_OK) {
        return false;
    }
    enum status status = errand->error.status;
    life_refused(errand, status == STATUS_FAILED_PRECONDITION || status == STATUS_NOT_FOUND ||
                             status == STATUS_INVALID_ARGUMENT);
    ask_next(keeper);
    return true;
}

static void taken(struct errand *errand)
{
    struct keeper *keeper = errand->context;
    if (!is_refused(keeper, errand)) {
        if (errand->position.offset != 0) {
            recount_check_position(keeper->life->recount, &errand->position, errand->method);
        }
        keeper->place++;
        ask_next(keeper);
    }
}

static void take(struct keeper *keeper)
{
    struct errand *errand = errand_for(keeper, "TakePack", taken);
    Packs__TakePackRequest *request = errand_request(errand, &packs__take_pack_request__descriptor);
    request->pack = digest_of(errand, wanted(keeper));
    request->last = keeper->last;
    request->name = TEXT(keeper->wants_other ? "other" : "usual");
    request->note = TEXT("آزمایش");
    request->is_back = keeper->is_back;
    errand_start(errand);
}

static void put_next(struct keeper *keeper);

static void was_put(struct errand *errand)
{
    struct keeper *keeper = errand->context;
    if (!is_refused(keeper, errand)) {
        keeper->file++;
        put_next(keeper);
    }
}

/* What is to be taken back is there already. */
static void put_next(struct keeper *keeper)
{
    const struct city *city = wanted(keeper);
    if (keeper->is_back || keeper->file == city_file_count(city)) {
        take(keeper);
        return;
    }
    const char *name;
    struct bytes data = city_file_at(city, keeper->file, &name);
    struct errand *errand = errand_for(keeper, "PutFile", was_put);
    Packs__PutFileRequest *request = errand_request(errand, &packs__put_file_request__descriptor);
    request->pack = digest_of(errand, city);
    request->file = arena_copy_text(errand->arena, name);
    request->data =
        (ProtobufCBinaryData){data.size, arena_copy(errand->arena, data.data, data.size)};
    errand_start(errand);
}

static void looked(struct errand *errand)
{
    struct keeper *keeper = errand->context;
    if (is_refused(keeper, errand)) {
        return;
    }
    const Packs__GetPacksResponse *packs = (const Packs__GetPacksResponse *)errand->response;
    struct bytes digest = city_digest(wanted(keeper));
    keeper->last = packs->last;
    keeper->file = 0;
    keeper->is_back = bytes_equal(bytes_of(packs->back.data, packs->back.len), digest);
    put_next(keeper);
}

/* The next service, or it is done for now. */
static void ask_next(struct keeper *keeper)
{
    if (keeper->place == PACK_SERVICES) {
        keeper->is_busy = false;
        return;
    }
    struct errand *errand = errand_for(keeper, "GetPacks", looked);
    (void)errand_request(errand, &packs__get_packs_request__descriptor);
    errand_start(errand);
}

static void begin(struct later *later)
{
    struct keeper *keeper = &later->life->keeper;
    if (later->life->closing) {
        return;
    }
    if (!keeper->is_busy) {
        keeper->is_busy = true;
        keeper->wants_other = !keeper->wants_other;
        keeper->place = 0;
        story_step("the %s pack is to be taken", keeper->wants_other ? "other" : "usual");
        ask_next(keeper);
    }
    later_set(later, later->life, begin, life_draw(later->life, 3 * DAY_US, 15 * DAY_US));
}

void life_begin_packs(struct life *life)
{
    struct keeper *keeper = &life->keeper;
    keeper->life = life;
    for (size_t i = 0; i < PACK_SERVICES; i++) {
        keeper->callers[i] = world_caller_new(life->world, (Common__ServiceId)order[i],
                                              RPC_ROLE_ADMIN, "keeper", "");
    }
    later_set(&life->pack, life, begin, life_draw(life, DAY_US / 4, 6 * DAY_US));
}

/* At the end each has in force what it was last told, on disk and in memory. */
void life_check_packs(struct life *life)
{
    for (size_t i = 0; i < PACK_SERVICES; i++) {
        char folder[PACK_SHELF_PATH_SIZE], hex[65];
        const struct city *city = recount_pack(life->recount, order[i]) != 0
                                      ? world_other_city(life->world)
                                      : world_city(life->world);
        (void)node_pack_folder(world_node(life->world, (Common__ServiceId)order[i]), folder);
        hex_encode(city_digest(city).data, 32, hex);
        if (folder[0] != '\0' && strcmp(strrchr(folder, '/') + 1, hex) != 0) {
            invariant_broken(INVARIANT_PACKS, "service %u has another pack in force than it took",
                             order[i]);
        }
    }
}
