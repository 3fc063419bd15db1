/*
 * Something happens: within an hour and a half several people call about the same topic, from one district or from
 * anywhere. Leadership looks at the surges that report tells of; the shift's head makes a storm of one.
 */
#include "tests/sim/life_internal.h"

/* --- calling --- */

const char *life_talk_topic(const struct life *life)
{
    return world_now_us(life->world) < life->talk.until_us ? life->talk.topic : NULL;
}

const char *life_talk_area(const struct life *life)
{
    return world_now_us(life->world) < life->talk.until_us ? life->talk.area : NULL;
}

static void something_happens(struct later *later)
{
    struct life *life = later->life;
    if (life->closing) {
        return;
    }
    life->talk.topic = life_draw_topic(life);
    life->talk.area = life_chance(life, 500) ? life_areas[life_draw(life, 0, LIFE_AREAS)] : NULL;
    int64_t lasts_us = life_draw(life, HOUR_US / 2, 90 * MINUTE_US);
    int64_t count = life_draw(life, 5, 10);
    life->talk.until_us = world_now_us(life->world) + lasts_us;
    for (int64_t i = 0; i < count; i++) {
        life_call_later(life, life_draw(life, 0, lasts_us));
    }
    later_set(later, life, something_happens, life_draw(life, DAY_US, 4 * DAY_US));
}

/* --- looking --- */

static void check_surge(struct life *life, const Report__Surge *told)
{
    const struct recount_surge *surge = recount_surge(life->recount, told->surge_number);
    bool same = surge != NULL && told->n_topics == 1 && told->n_areas <= 1 &&
                strcmp(told->topics[0], surge->topic) == 0 &&
                strcmp(told->n_areas == 0 ? "" : told->areas[0], surge->area) == 0 &&
                told->began_at_us == surge->began_us && told->requests == surge->requests &&
                told->requests_before == surge->before && told->weeks == surge->weeks &&
                (told->ended_at_us == 0 || told->ended_at_us == told->until_us) &&
                !told->outside; /* no topic alone sends a request to a body outside */
    /* It may have gone on, or ended, since it was told; its time may be over before its end is in the log. */
    if (same && life->quiet) {
        same = (told->ended_at_us != 0 || !surge->has_ended) && told->until_us == surge->until_us &&
               told->requests_most == surge->most;
    } else if (same) {
        same = told->until_us <= surge->until_us && told->requests_most <= surge->most;
    }
    if (!same) {
        invariant_broken(INVARIANT_SURGES,
                         "surge %" PRIu64 " is told otherwise than the log has it",
                         told->surge_number);
    }
}

/* Its topics and areas, and its number; the storm's reason is as usual. */
static void begin_storm(struct life *life, const Report__Surge *surge)
{
    struct errand *errand =
        life_errand(life, life->shift_head, "StartStorm", life_storm_answered, life);
    Intake__StartStormRequest *request =
        errand_request(errand, &intake__start_storm_request__descriptor);
    request->hours = (uint32_t)life_draw(life, 1, 20);
    request->reason = TEXT("اوج تماس");
    request->surge = surge->surge_number;
    request->n_topics = 1;
    request->topics = arena_alloc(errand->arena, sizeof *request->topics);
    request->topics[0] = arena_copy_text(errand->arena, surge->topics[0]);
    request->n_areas = surge->n_areas;
    request->areas = arena_alloc(errand->arena, sizeof *request->areas);
    if (surge->n_areas > 0) {
        request->areas[0] = arena_copy_text(errand->arena, surge->areas[0]);
    }
    errand_start(errand);
}

static void surges_told(struct errand *errand)
{
    struct life *life = errand->context;
    const Report__ListSurgesRequest *request = (const Report__ListSurgesRequest *)errand->request;
    const Report__ListSurgesResponse *response =
        (const Report__ListSurgesResponse *)errand->response;
    if (errand->error.status != STATUS_OK) {
        life_refused(errand, false);
    }
    if (!recount_catch_up(life->recount)) {
        return;
    }
    for (size_t i = 0; i < response->n_surges; i++) {
        const Report__Surge *surge = response->surges[i];
        check_surge(life, surge);
        if (i > 0 && !request->open &&
            surge->surge_number + 1 != response->surges[i - 1]->surge_number) {
            invariant_broken(INVARIANT_SURGES, "a page lacks a surge behind %" PRIu64,
                             surge->surge_number);
        }
        if (request->open && surge->ended_at_us != 0) {
            invariant_broken(INVARIANT_SURGES, "surge %" PRIu64 " has ended, and is told as open",
                             surge->surge_number);
        }
        if (!life->closing && surge->ended_at_us == 0 && life_chance(life, 200)) {
            begin_storm(life, surge);
        }
    }
    if (life->quiet && !request->open && request->page_token == 0 &&
        response->n_surges < request->page_size &&
        response->n_surges != life->recount->surge_count) {
        invariant_broken(INVARIANT_SURGES, "%zu surges are told, and the log has %zu",
                         response->n_surges, life->recount->surge_count);
    }
}

void life_ask_surges(struct life *life, bool open)
{
    struct errand *errand = life_errand(life, life->leader, "ListSurges", surges_told, life);
    Report__ListSurgesRequest *request =
        errand_request(errand, &report__list_surges_request__descriptor);
    request->open = open;
    request->page_size = 100;
    errand_start(errand);
}

static void look(struct later *later)
{
    struct life *life = later->life;
    if (life->closing) {
        return;
    }
    life_ask_surges(life, life_chance(life, 500));
    later_set(later, life, look, life_draw(life, 2 * HOUR_US, 8 * HOUR_US));
}

void life_begin_surges(struct life *life)
{
    later_set(&life->talk.later, life, something_happens, life_draw(life, HOUR_US, 2 * DAY_US));
    later_set(&life->surges, life, look, life_draw(life, HOUR_US, 6 * HOUR_US));
}
