/* Now and then a citizen asks to be forgotten. Others of the same phone are forgotten with them. */
#include "tests/sim/life_internal.h"

/* The requests of the phone that were answered before the wish came are the citizen's, or of one who
 * was forgotten before. Those that are under way may come before or after. */
static void mark(struct life *life, const char *phone, int64_t begun_us, int64_t forgotten_us)
{
    for (size_t i = 1; i < life->wish_count; i++) {
        struct wish *wish = &life->wishes[i];
        if (strcmp(wish->phone, phone) != 0) {
            continue;
        }
        wish->may_be_forgotten = true;
        if (wish->answered && wish->answered_us < begun_us && forgotten_us != 0 &&
            wish->forgotten_us == 0) {
            wish->forgotten_us = forgotten_us;
        }
    }
}

static void forgotten(struct errand *errand)
{
    struct life *life = errand->context;
    const struct wish *wish = &life->wishes[errand->number];
    if (errand->error.status != STATUS_OK) {
        /* Somebody was quicker, or had the phone before. */
        life_refused(errand, errand->error.status == STATUS_FAILED_PRECONDITION);
        return;
    }
    char phone[sizeof wish->phone];
    memcpy(phone, wish->phone, sizeof phone);
    mark(life, phone, errand->begun_us, world_now_us(life->world));
    life_answered(life, errand);
}

static void forget(struct later *later)
{
    struct life *life = later->life;
    if (life->closing) {
        return;
    }
    uint64_t marker = (uint64_t)life_draw(life, 0, (int64_t)life->wish_count);
    const struct wish *wish = &life->wishes[marker];
    if (wish->answered && wish->personal) {
        struct errand *errand = life_errand(life, life->admin, "ForgetCitizen", forgotten, life);
        Intake__ForgetCitizenRequest *request =
            errand_request(errand, &intake__forget_citizen_request__descriptor);
        request->code = arena_copy_text(errand->arena, wish->code);
        request->reason = TEXT("asked");
        errand->number = marker;
        story_step("r%" PRIu64 "'s citizen is to be forgotten", marker);
        mark(life, wish->phone, 0, 0);
        errand_start(errand);
    }
    later_set(later, life, forget, life_draw(life, 3 * HOUR_US, 20 * HOUR_US));
}

bool life_check_reveal(struct life *life, const struct errand *errand)
{
    const struct recount_case *one = recount_case(life->recount, errand->number);
    const struct wish *wish = one != NULL && one->marker != 0 ? &life->wishes[one->marker] : NULL;
    if (errand->error.status != STATUS_OK) {
        life_refused(errand, errand->error.status == STATUS_NOT_FOUND && wish != NULL &&
                                 wish->may_be_forgotten);
        return false;
    }
    if (wish != NULL && wish->forgotten_us != 0 && errand->begun_us > wish->forgotten_us) {
        invariant_broken(INVARIANT_FORGOTTEN, "request %" PRIu64 " is revealed, and was forgotten",
                         errand->number);
    }
    return true;
}

void life_begin_forgetting(struct life *life)
{
    life->admin = world_caller_new(life->world, COMMON__SERVICE_ID__SERVICE_ID_INTAKE,
                                   RPC_ROLE_ADMIN, "registrar", "");
    later_set(&life->forget, life, forget, life_draw(life, DAY_US / 2, 2 * DAY_US));
}
