/*
 * The shift's head: now and then a storm is begun, for some topics and areas or for all; it is
 * lengthened, ended before its time, or left to end by itself. Operators look at what it leaves.
 */
#include "tests/sim/life_internal.h"

#define HOURS_MAX 60

/* Ended by itself meanwhile, or it would last too long; or so many run. */
void life_storm_answered(struct errand *errand)
{
    struct life *life = errand->context;
    if (errand->error.status != STATUS_OK) {
        life_refused(errand, errand->error.status == STATUS_FAILED_PRECONDITION ||
                                 errand->error.status == STATUS_RESOURCE_EXHAUSTED ||
                                 (strcmp(errand->method, "LengthenStorm") == 0 &&
                                  errand->error.status == STATUS_INVALID_ARGUMENT));
        return;
    }
    life_answered(life, errand);
}

static void begin(struct life *life)
{
    struct errand *errand =
        life_errand(life, life->shift_head, "StartStorm", life_storm_answered, life);
    Intake__StartStormRequest *request =
        errand_request(errand, &intake__start_storm_request__descriptor);
    request->hours = (uint32_t)life_draw(life, 1, HOURS_MAX);
    request->reason = TEXT("باد شدید");
    if (life_chance(life, 700)) {
        request->topics = arena_alloc(errand->arena, 2 * sizeof *request->topics);
        request->topics[request->n_topics++] = TEXT(life_draw_topic(life));
        const char *another = life_draw_topic(life);
        if (strcmp(another, request->topics[0]) != 0) {
            request->topics[request->n_topics++] = TEXT(another);
        }
    }
    if (life_chance(life, 400)) {
        request->areas = arena_alloc(errand->arena, sizeof *request->areas);
        request->areas[request->n_areas++] = TEXT(life_chance(life, 500) ? "1" : "3");
    }
    errand_start(errand);
}

static void lengthen(struct life *life, uint64_t number)
{
    struct errand *errand =
        life_errand(life, life->shift_head, "LengthenStorm", life_storm_answered, life);
    Intake__LengthenStormRequest *request =
        errand_request(errand, &intake__lengthen_storm_request__descriptor);
    request->storm_number = number;
    request->hours = (uint32_t)life_draw(life, 1, HOURS_MAX);
    errand_start(errand);
}

static void end(struct life *life, uint64_t number)
{
    struct errand *errand =
        life_errand(life, life->shift_head, "EndStorm", life_storm_answered, life);
    Intake__EndStormRequest *request =
        errand_request(errand, &intake__end_storm_request__descriptor);
    request->storm_number = number;
    request->reason = TEXT("آرام شد");
    errand_start(errand);
}

/* --- looking --- */

static void left_told(struct errand *errand)
{
    struct life *life = errand->context;
    const Intake__ListStormLeftRequest *request =
        (const Intake__ListStormLeftRequest *)errand->request;
    const Intake__ListStormLeftResponse *response =
        (const Intake__ListStormLeftResponse *)errand->response;
    uint64_t before = 0;
    if (errand->error.status != STATUS_OK) {
        life_refused(errand, false);
    }
    if (!recount_catch_up(life->recount)) {
        return;
    }
    for (size_t i = 0; i < response->n_left; i++) {
        const Intake__Case *told = response->left[i]->case_data;
        const struct recount_case *one = recount_case(life->recount, told->number);
        bool lacks = strcmp(told->topic, "lost-property") == 0 && told->n_answers == 0;
        if (one == NULL || one->storm != request->storm_number || told->number <= before ||
            response->left[i]->n_missing != (lacks ? 1 : 0)) {
            invariant_broken(INVARIANT_STORMS,
                             "storm %" PRIu64 " is told to have left request %" PRIu64
                             ", out of order, or with other gaps",
                             request->storm_number, told->number);
        }
        before = told->number;
    }
}

static void ask_left(struct life *life, uint64_t number)
{
    struct errand *errand = life_errand(life, life->chaser, "ListStormLeft", left_told, life);
    Intake__ListStormLeftRequest *request =
        errand_request(errand, &intake__list_storm_left_request__descriptor);
    request->storm_number = number;
    request->page_size = 100;
    errand_start(errand);
}

/* It is of the surge that its log says, and has that one's scope. */
static void check_surge(struct life *life, const Intake__Storm *storm)
{
    if (!recount_catch_up(life->recount)) {
        return;
    }
    const struct recount_storm *known = recount_storm(life->recount, storm->storm_number);
    const struct recount_surge *surge = recount_surge(life->recount, storm->surge);
    bool proposed = surge != NULL && storm->n_topics == 1 &&
                    strcmp(storm->topics[0], surge->topic) == 0 &&
                    storm->n_areas == (surge->area[0] != '\0');
    if (known == NULL || known->surge != storm->surge || (storm->surge != 0 && !proposed)) {
        invariant_broken(INVARIANT_STORMS, "storm %" PRIu64 " is of another surge than %" PRIu64,
                         storm->storm_number, storm->surge);
    }
}

static void storms_told(struct errand *errand)
{
    struct life *life = errand->context;
    const Intake__ListStormsResponse *response =
        (const Intake__ListStormsResponse *)errand->response;
    if (errand->error.status != STATUS_OK) {
        life_refused(errand, false);
    }
    for (size_t i = 0; i < response->n_storms; i++) {
        const Intake__Storm *storm = response->storms[i];
        check_surge(life, storm);
        if (i > 0 && storm->storm_number + 1 != response->storms[i - 1]->storm_number) {
            invariant_broken(INVARIANT_STORMS, "a page lacks a storm behind %" PRIu64,
                             storm->storm_number);
        }
        if (life->closing) {
            continue;
        }
        if (storm->ended_at_us == 0 && life_chance(life, 250)) {
            end(life, storm->storm_number);
        } else if (storm->ended_at_us == 0 && life_chance(life, 250)) {
            lengthen(life, storm->storm_number);
        } else if (i < 2) {
            ask_left(life, storm->storm_number);
        }
    }
}

static void look(struct later *later)
{
    struct life *life = later->life;
    if (life->closing) {
        return;
    }
    struct errand *errand = life_errand(life, life->chaser, "ListStorms", storms_told, life);
    Intake__ListStormsRequest *request =
        errand_request(errand, &intake__list_storms_request__descriptor);
    request->page_size = 5;
    errand_start(errand);
    if (life_chance(life, 350)) {
        begin(life);
    }
    later_set(later, life, look, life_draw(life, 3 * HOUR_US, 20 * HOUR_US));
}

void life_begin_storms(struct life *life)
{
    later_set(&life->storm, life, look, life_draw(life, HOUR_US, DAY_US));
}
