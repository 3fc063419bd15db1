#include "tests/sim/trouble.h"

#include "base/check.h"
#include "tests/sim/story.h"
#include "tests/sim/tally.h"

#include <stdlib.h>
#include <string.h>

#define JUMP_US_MAX (3 * HOUR_US)

static const struct world_faults calm = {.lost = 1,
                                         .cut = 2,
                                         .doubled = 5,
                                         .slow = 5,
                                         .delay_us_max = 5 * MS_US,
                                         .slow_us_max = SECOND_US};
static const struct world_faults storm = {.lost = 60,
                                          .cut = 80,
                                          .doubled = 120,
                                          .slow = 150,
                                          .delay_us_max = 200 * MS_US,
                                          .slow_us_max = 20 * SECOND_US};

struct source {
    struct trouble *trouble;
    struct loop_timer timer;
    void (*strike)(struct trouble *trouble);
    int64_t every_us; /* on average */
    unsigned kind;
};

enum { SOURCE_WEATHER, SOURCE_PAUSE, SOURCE_CRASH, SOURCE_DISK, SOURCE_CLOCK, SOURCE_COUNT };

struct victim {
    struct trouble *trouble;
    Common__ServiceId service;
    struct loop_timer disk;  /* when it is emptied */
    struct loop_timer clock; /* when it is set right */
    int64_t jumped_us;
};

struct trouble {
    struct world *world;
    unsigned kinds;
    struct source sources[SOURCE_COUNT];
    struct victim victims[SERVICE_COUNT + 1];
};

static uint64_t draw(struct trouble *trouble, int64_t below)
{
    return world_draw(trouble->world, (uint64_t)below);
}

static Common__ServiceId draw_service(struct trouble *trouble)
{
    return (Common__ServiceId)(1 + draw(trouble, SERVICE_COUNT));
}

/* --- kinds --- */

static void change_weather(struct trouble *trouble)
{
    static const struct world_faults *const weathers[] = {&calm, &calm, &world_faults_usual,
                                                          &world_faults_usual, &storm};
    uint64_t weather = draw(trouble, 5);
    story_step("the network: weather %d", (int)weather);
    if (weathers[weather] == &storm) {
        tally(TALLY_STORM);
    }
    world_set_faults(trouble->world, weathers[weather]);
}

static void pause_one(struct trouble *trouble)
{
    Common__ServiceId service = draw_service(trouble);
    int64_t span_us = draw(trouble, 4) == 0 ? 20 * MINUTE_US : MINUTE_US;
    int64_t pause_us = 1 + (int64_t)draw(trouble, span_us);
    if (world_node(trouble->world, service) != NULL) {
        story_step("%s pauses for %d s", service_name(service), (int)(pause_us / SECOND_US));
        world_pause(trouble->world, service, pause_us);
        tally(TALLY_PAUSE);
    }
}

static void crash_one(struct trouble *trouble)
{
    /* Every minute of an outage costs as much as an hour of work, in vain tries: long ones are rare. */
    static const int64_t spans_us[] = {SECOND_US, 10 * SECOND_US, MINUTE_US, 10 * MINUTE_US};
    Common__ServiceId service = draw_service(trouble);
    enum world_crash_point point = (enum world_crash_point)draw(trouble, WORLD_CRASH_POINT_COUNT);
    int64_t span_us = draw(trouble, 16) == 0 ? 3 * HOUR_US : spans_us[draw(trouble, 4)];
    int64_t down_us = (int64_t)draw(trouble, span_us);
    if (world_node(trouble->world, service) != NULL) {
        story_step("%s is to crash at point %d, for %d s", service_name(service), (int)point,
                   (int)(down_us / SECOND_US));
        world_plan_crash(trouble->world, service, point, down_us);
    }
}

static void empty_disk(struct loop_timer *timer)
{
    struct victim *victim = (struct victim *)((char *)timer - offsetof(struct victim, disk));
    story_step("%s's disk has room again", service_name(victim->service));
    world_fill_disk(victim->trouble->world, victim->service, WORLD_DISK_EMPTY);
}

static void fill_disk(struct trouble *trouble)
{
    struct victim *victim = &trouble->victims[draw_service(trouble)];
    enum world_disk disk = draw(trouble, 2) == 0 ? WORLD_DISK_NEARLY_FULL : WORLD_DISK_FULL;
    int64_t full_us = MINUTE_US + (int64_t)draw(trouble, 40 * MINUTE_US);
    story_step("%s's disk is %s full", service_name(victim->service),
               disk == WORLD_DISK_FULL ? "wholly" : "nearly");
    world_fill_disk(trouble->world, victim->service, disk);
    tally(TALLY_FULL_DISK);
    loop_timer_set(world_people_loop(trouble->world), &victim->disk, full_us);
}

static void set_clock_right(struct victim *victim)
{
    world_jump_clock_of(victim->trouble->world, victim->service, -victim->jumped_us);
    victim->jumped_us = 0;
}

static void clock_expired(struct loop_timer *timer)
{
    struct victim *victim = (struct victim *)((char *)timer - offsetof(struct victim, clock));
    story_step("%s's clock is set right", service_name(victim->service));
    set_clock_right(victim);
}

static void jump_clock(struct trouble *trouble)
{
    struct victim *victim = &trouble->victims[draw_service(trouble)];
    int64_t jump_us = (int64_t)draw(trouble, 2 * JUMP_US_MAX) - JUMP_US_MAX;
    int64_t right_us = MINUTE_US + (int64_t)draw(trouble, 12 * HOUR_US);
    set_clock_right(victim);
    victim->jumped_us = jump_us;
    story_step("%s's clock jumps by %d s", service_name(victim->service),
               (int)(jump_us / SECOND_US));
    world_jump_clock_of(trouble->world, victim->service, jump_us);
    tally(TALLY_CLOCK_JUMP);
    loop_timer_set(world_people_loop(trouble->world), &victim->clock, right_us);
}

/* --- sources: each strikes again and again --- */

static void source_again(struct source *source)
{
    int64_t delay_us = 1 + (int64_t)draw(source->trouble, 2 * source->every_us);
    loop_timer_set(world_people_loop(source->trouble->world), &source->timer, delay_us);
}

static void source_expired(struct loop_timer *timer)
{
    struct source *source = (struct source *)((char *)timer - offsetof(struct source, timer));
    source->strike(source->trouble);
    source_again(source);
}

bool trouble_parse(const char *text, unsigned *ret_kinds)
{
    static const struct {
        const char *word;
        unsigned kinds;
    } words[] = {{"none", 0},
                 {"network", TROUBLE_NETWORK},
                 {"crash", TROUBLE_CRASH},
                 {"disk", TROUBLE_DISK},
                 {"clock", TROUBLE_CLOCK},
                 {"all", TROUBLE_ALL}};
    unsigned kinds = 0;
    while (*text != '\0') {
        size_t size = strcspn(text, ",");
        size_t i = 0;
        while (i < sizeof words / sizeof words[0] &&
               (strlen(words[i].word) != size || strncmp(words[i].word, text, size) != 0)) {
            i++;
        }
        if (i == sizeof words / sizeof words[0]) {
            return false;
        }
        kinds |= words[i].kinds;
        text += size;
        text += *text == ',' ? 1 : 0;
    }
    *ret_kinds = kinds;
    return true;
}

struct trouble *trouble_new(struct world *world, unsigned kinds)
{
    static const struct source sources[SOURCE_COUNT] = {
        [SOURCE_WEATHER] = {.strike = change_weather,
                            .every_us = 8 * HOUR_US,
                            .kind = TROUBLE_NETWORK},
        [SOURCE_PAUSE] = {.strike = pause_one, .every_us = 20 * HOUR_US, .kind = TROUBLE_NETWORK},
        [SOURCE_CRASH] = {.strike = crash_one, .every_us = 5 * HOUR_US, .kind = TROUBLE_CRASH},
        [SOURCE_DISK] = {.strike = fill_disk, .every_us = 16 * HOUR_US, .kind = TROUBLE_DISK},
        [SOURCE_CLOCK] = {.strike = jump_clock, .every_us = 25 * HOUR_US, .kind = TROUBLE_CLOCK},
    };
    struct trouble *trouble = calloc(1, sizeof *trouble);
    CHECK(trouble != NULL);
    trouble->world = world;
    trouble->kinds = kinds;
    for (unsigned i = 0; i < SOURCE_COUNT; i++) {
        trouble->sources[i] = sources[i];
        trouble->sources[i].trouble = trouble;
        trouble->sources[i].timer.expired = source_expired;
    }
    for (unsigned i = 1; i <= SERVICE_COUNT; i++) {
        struct victim *victim = &trouble->victims[i];
        victim->trouble = trouble;
        victim->service = (Common__ServiceId)i;
        victim->disk.expired = empty_disk;
        victim->clock.expired = clock_expired;
    }
    return trouble;
}

/* Each seed has weather of its own: of some trouble little, of some much. */
void trouble_begin(struct trouble *trouble)
{
    for (unsigned i = 0; i < SOURCE_COUNT; i++) {
        struct source *source = &trouble->sources[i];
        static const int64_t fourths[] = {12, 4, 4, 4, 1};
        source->every_us = source->every_us / 4 * fourths[draw(trouble, 5)];
        if ((source->kind & trouble->kinds) != 0) {
            source_again(source);
        }
    }
}

static void clear_timers(struct trouble *trouble)
{
    struct loop *loop = world_people_loop(trouble->world);
    for (unsigned i = 0; i < SOURCE_COUNT; i++) {
        loop_timer_clear(loop, &trouble->sources[i].timer);
    }
    for (unsigned i = 1; i <= SERVICE_COUNT; i++) {
        loop_timer_clear(loop, &trouble->victims[i].disk);
        loop_timer_clear(loop, &trouble->victims[i].clock);
    }
}

void trouble_stop(struct trouble *trouble)
{
    clear_timers(trouble);
    for (unsigned i = 1; i <= SERVICE_COUNT; i++) {
        set_clock_right(&trouble->victims[i]);
    }
    world_set_faults(trouble->world, &world_faults_none);
    world_mend(trouble->world);
    story_step("all is well again");
}

void trouble_free(struct trouble *trouble)
{
    clear_timers(trouble);
    free(trouble);
}
