/*
 * Surges, a second time: at each request that report had read, by the logs up to there, whether one
 * should have begun, gone on or ended - and that report's log says just that.
 *
 * Report's events tell how far it had read intake's log (`seen`). So what it should have written at each
 * request is known when its next event comes, or its cursor is looked at.
 */
#include "tests/sim/recount_internal.h"

#include "base/check.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

/* Of the simulator's packs (world.c). */
#define BEGINS_REQUESTS 3
#define BEGINS_CHANCE (1.0 / 20)
/* The service's own. */
#define GOES_ON_REQUESTS 2
#define GOES_ON_CHANCE (1.0 / 20)
#define WEEKS 8
#define LASTS_US (2 * HOUR_US)
#define NOTICED_US (5 * MINUTE_US)
#define ZONE_US (210 * MINUTE_US) /* Tehran: 3:30 ahead, without summer time since 2022 */

static _Noreturn void impossible(const struct found *found, const char *why)
{
    invariant_broken(INVARIANT_SURGES, "report's event %" PRIu64 ": %s", found->offset, why);
}

struct recount_surge *recount_surge(struct recount *recount, uint64_t number)
{
    return number < 1 || number > recount->surge_count ? NULL : &recount->surges[number - 1];
}

/* --- counting --- */

static int64_t hour_of(int64_t us)
{
    us += ZONE_US;
    return us >= 0 ? us / HOUR_US : (us - HOUR_US + 1) / HOUR_US;
}

/* Phone, SMS, web, app, walk-in. */
static bool is_citizens(Common__Channel channel)
{
    return channel >= COMMON__CHANNEL__CHANNEL_PHONE && channel <= COMMON__CHANNEL__CHANNEL_WALK_IN;
}

/* As amended before that offset of intake's log. */
static void about(const struct recount_case *one, uint64_t offset, const char **ret_topic,
                  const char **ret_area)
{
    *ret_topic = one->topic;
    *ret_area = one->area;
    for (size_t i = 0; i < one->event_count; i++) {
        const struct recount_event *event = &one->events[i];
        if (event->service == 1 && event->topic != NULL && event->offset < offset) {
            *ret_topic = event->topic;
            *ret_area = event->area;
        }
    }
}

/* Citizens' requests about the topic of that hour and the one before, registered before the offset;
 * area NULL: everywhere. */
static uint64_t asked(const struct recount *recount, uint64_t offset, int64_t hour,
                      const char *topic, const char *area)
{
    uint64_t count = 0;
    for (size_t i = 0; i < recount->case_count; i++) {
        const struct recount_case *one = &recount->cases[i];
        int64_t its_hour = hour_of(one->occurred_at_us);
        const char *its_topic, *its_area;
        if (one->offset >= offset || (its_hour != hour && its_hour != hour - 1) ||
            !is_citizens(one->channel)) {
            continue;
        }
        about(one, offset, &its_topic, &its_area);
        count += strcmp(its_topic, topic) == 0 && (area == NULL || strcmp(its_area, area) == 0);
    }
    return count;
}

static bool was_busy(const struct recount *recount, uint64_t offset, int64_t hour)
{
    for (size_t i = 0; i < recount->case_count; i++) {
        const struct recount_case *one = &recount->cases[i];
        int64_t its_hour = hour_of(one->occurred_at_us);
        if (one->offset < offset && its_hour <= hour && its_hour > hour - 24) {
            return true;
        }
    }
    return false;
}

/* The negative binomial's tail, from what is below it. */
static double chance(uint64_t now, uint64_t before, uint32_t weeks)
{
    double size = (double)before + 0.5;
    double stays = 1.0 / (weeks + 1.0);
    double term = pow(1 - stays, size);
    double below = 0;
    for (uint64_t i = 0; i < now; i++) {
        below += term;
        term *= (size + (double)i) / ((double)i + 1) * stays;
    }
    return 1 - below;
}

/* The request of which it is asked whether there is a surge. */
struct look {
    struct recount *recount;
    const struct recount_case *one;
    int64_t at_us, hour;
};

static bool is_unusual(const struct look *look, const char *area, uint64_t without,
                       uint64_t requests, double at_most, struct recount_surge_owed *owed)
{
    owed->requests =
        1 + asked(look->recount, look->one->offset, look->hour, look->one->topic, area);
    owed->requests -= without < owed->requests ? without : owed->requests;
    owed->before = 0;
    owed->weeks = 0;
    if (owed->requests < requests) {
        return false;
    }
    for (int64_t week = 1; week <= WEEKS; week++) {
        int64_t hour = look->hour - week * 7 * 24;
        if (was_busy(look->recount, look->one->offset, hour)) {
            owed->weeks++;
            owed->before += asked(look->recount, look->one->offset, hour, look->one->topic, area);
        }
    }
    return owed->weeks > 0 && chance(owed->requests, owed->before, owed->weeks) <= at_most;
}

/* --- what is owed --- */

static struct recount_surge *open_surge(struct recount *recount, const char *topic,
                                        const char *area)
{
    for (size_t i = recount->surge_count; i > 0; i--) {
        struct recount_surge *surge = &recount->surges[i - 1];
        if (!surge->has_ended && strcmp(surge->topic, topic) == 0 &&
            strcmp(surge->area, area) == 0) {
            return surge;
        }
    }
    return NULL;
}

static void owe(struct recount *recount, Report__Event__KindCase kind, uint64_t number,
                const char *area, const struct look *look, struct recount_surge_owed owed)
{
    CHECK(recount->surge_owed_count < RECOUNT_SURGES_OWED);
    owed.kind = kind;
    owed.number = number;
    owed.topic = look->one->topic;
    owed.area = area;
    owed.at_us = look->at_us;
    recount->surge_owed[recount->surge_owed_count++] = owed;
}

/* Whether the scope's surge lasts behind what is owed about it. */
static bool go_on(const struct look *look, const char *area)
{
    struct recount *recount = look->recount;
    struct recount_surge *surge = open_surge(recount, look->one->topic, area);
    struct recount_surge_owed owed = {.requests = 0};
    if (surge == NULL) {
        return false;
    }
    if (look->at_us >= surge->until_us) {
        owe(recount, REPORT__EVENT__KIND_SURGE_ENDED, surge->number, area, look, owed);
        return false;
    }
    if (look->at_us >= surge->until_us - HOUR_US &&
        is_unusual(look, area[0] == '\0' ? NULL : area, 0, GOES_ON_REQUESTS, GOES_ON_CHANCE,
                   &owed)) {
        owe(recount, REPORT__EVENT__KIND_SURGE_LENGTHENED, surge->number, area, look, owed);
    }
    return true;
}

/* Requests of now in areas with a surge of their own. */
static uint64_t told_already(const struct look *look)
{
    uint64_t sum = 0;
    for (size_t i = 0; i < look->recount->surge_count; i++) {
        const struct recount_surge *surge = &look->recount->surges[i];
        if (!surge->has_ended && surge->area[0] != '\0' && look->at_us < surge->until_us &&
            strcmp(surge->topic, look->one->topic) == 0) {
            sum += asked(look->recount, look->one->offset, look->hour, surge->topic, surge->area) +
                   (strcmp(surge->area, look->one->area) == 0);
        }
    }
    return sum;
}

static void look_at(struct recount *recount, const struct recount_case *one)
{
    struct recount_surge_owed area = {.requests = 0};
    struct recount_surge_owed city = {.requests = 0};
    const struct look look = {recount, one, one->occurred_at_us, hour_of(one->occurred_at_us)};
    if (one->historical || !is_citizens(one->channel)) {
        return;
    }
    bool has_area = one->area[0] != '\0';
    bool area_lasts = has_area && go_on(&look, one->area);
    size_t behind_area = recount->surge_owed_count;
    bool city_lasts = go_on(&look, "");
    if (city_lasts) {
        return;
    }
    if (has_area && !area_lasts &&
        is_unusual(&look, one->area, 0, BEGINS_REQUESTS, BEGINS_CHANCE, &area)) {
        /* Told before what is told of the city's. */
        struct recount_surge_owed last = recount->surge_owed[behind_area];
        bool has_last = recount->surge_owed_count > behind_area;
        recount->surge_owed_count = behind_area;
        owe(recount, REPORT__EVENT__KIND_SURGE_BEGAN, recount->surge_count + 1, one->area, &look,
            area);
        if (has_last) {
            recount->surge_owed[recount->surge_owed_count++] = last;
        }
    } else if (is_unusual(&look, NULL, told_already(&look), BEGINS_REQUESTS, BEGINS_CHANCE,
                          &city)) {
        owe(recount, REPORT__EVENT__KIND_SURGE_BEGAN, recount->surge_count + 1, "", &look, city);
    }
}

/* Report has read intake's log up to there. */
static void read_up_to(struct recount *recount, uint64_t offset)
{
    for (uint64_t i = recount->surge_seen + 1; i <= offset; i++) {
        if (recount->surge_owed_count > 0) {
            invariant_broken(
                INVARIANT_SURGES,
                "%s%s%s: at intake's %" PRIu64 " report should have told of a surge, or of its end",
                recount->surge_owed[0].topic, recount->surge_owed[0].area[0] == '\0' ? "" : " in ",
                recount->surge_owed[0].area, recount->surge_seen);
        }
        /* Requests are numbered in the order of their offsets. */
        while (recount->surge_looked < recount->case_count &&
               recount->cases[recount->surge_looked].offset < i) {
            recount->surge_looked++;
        }
        recount->surge_seen = i;
        if (recount->surge_looked < recount->case_count &&
            recount->cases[recount->surge_looked].offset == i) {
            look_at(recount, &recount->cases[recount->surge_looked]);
        }
    }
}

/* --- report's log --- */

static void set_due(struct recount_surge *surge, const struct found *found)
{
    int64_t caught_up_us = found->record->recorded_at_us + HOUR_US;
    surge->due_us =
        surge->until_us + NOTICED_US > caught_up_us ? surge->until_us + NOTICED_US : caught_up_us;
}

static void take_began(struct recount *recount, const struct found *found,
                       const struct recount_surge_owed *owed, const Report__SurgeBegan *began)
{
    if (began->surge_number != owed->number || strcmp(began->topic, owed->topic) != 0 ||
        strcmp(began->area, owed->area) != 0 || found->record->occurred_at_us != owed->at_us ||
        began->until_us != owed->at_us + LASTS_US) {
        impossible(found, "another surge should have begun");
    }
    if (began->requests != owed->requests || began->requests_before != owed->before ||
        began->weeks != owed->weeks) {
        impossible(found, "the surge counts other requests than the logs have");
    }
    recount->surges = recount_grow(recount->surges, recount->surge_count, &recount->surge_room,
                                   sizeof *recount->surges);
    struct recount_surge *surge = &recount->surges[recount->surge_count++];
    *surge = (struct recount_surge){.number = owed->number,
                                    .topic = owed->topic,
                                    .area = owed->area,
                                    .began_us = owed->at_us,
                                    .until_us = began->until_us,
                                    .requests = owed->requests,
                                    .most = owed->requests,
                                    .before = owed->before,
                                    .weeks = owed->weeks};
    set_due(surge, found);
}

static void take_lengthened(struct recount *recount, const struct found *found,
                            const struct recount_surge_owed *owed,
                            const Report__SurgeLengthened *lengthened)
{
    struct recount_surge *surge = recount_surge(recount, lengthened->surge_number);
    if (surge == NULL || surge->number != owed->number ||
        lengthened->until_us != owed->at_us + LASTS_US || lengthened->requests != owed->requests) {
        impossible(found, "another surge should have gone on, or by other requests");
    }
    surge->until_us = lengthened->until_us;
    surge->most = owed->requests > surge->most ? owed->requests : surge->most;
    set_due(surge, found);
}

/* owed NULL: by its timer. */
static void take_ended(struct recount *recount, const struct found *found,
                       const struct recount_surge_owed *owed, const Report__SurgeEnded *ended)
{
    struct recount_surge *surge = recount_surge(recount, ended->surge_number);
    if (surge == NULL || surge->has_ended || (owed != NULL && owed->number != surge->number)) {
        impossible(found, "the surge does not last, or another should have ended");
    }
    if (found->record->occurred_at_us != surge->until_us ||
        (owed == NULL && found->record->recorded_at_us < surge->due_us)) {
        impossible(found, "the surge ended at another time than its own");
    }
    surge->has_ended = true;
}

void recount_take_read_by_report(struct recount *recount, const struct found *found)
{
    for (size_t i = 0; i < found->record->n_seen; i++) {
        if (found->record->seen[i]->service == COMMON__SERVICE_ID__SERVICE_ID_INTAKE) {
            read_up_to(recount, found->record->seen[i]->offset);
        }
    }
}

void recount_take_report(struct recount *recount, const struct found *found)
{
    const Report__Event *event = (const Report__Event *)found->open;
    struct recount_surge_owed first;
    bool is_owed = recount->surge_owed_count > 0;
    if (!is_owed && event->kind_case != REPORT__EVENT__KIND_SURGE_ENDED) {
        impossible(found, "by the logs there is no surge");
    }
    if (is_owed) {
        first = recount->surge_owed[0];
        recount->surge_owed_count--;
        memmove(&recount->surge_owed[0], &recount->surge_owed[1],
                recount->surge_owed_count * sizeof first);
        if (first.kind != event->kind_case) {
            impossible(found, "something else should have been told of the surges");
        }
    }
    switch (event->kind_case) {
    case REPORT__EVENT__KIND_SURGE_BEGAN:
        take_began(recount, found, &first, event->surge_began);
        break;
    case REPORT__EVENT__KIND_SURGE_LENGTHENED:
        take_lengthened(recount, found, &first, event->surge_lengthened);
        break;
    case REPORT__EVENT__KIND_SURGE_ENDED:
        take_ended(recount, found, is_owed ? &first : NULL, event->surge_ended);
        break;
    default: recount_impossible(found, "its kind is unknown");
    }
}

void recount_check_surges_read(struct recount *recount, uint64_t cursor)
{
    read_up_to(recount, cursor);
    if (recount->surge_owed_count > 0) {
        invariant_broken(INVARIANT_SURGES,
                         "report has read %" PRIu64 ", and told nothing of a surge of %s", cursor,
                         recount->surge_owed[0].topic);
    }
}

void recount_check_surges(const struct recount *recount, int64_t until_us)
{
    for (size_t i = 0; i < recount->surge_count; i++) {
        const struct recount_surge *surge = &recount->surges[i];
        if (!surge->has_ended && surge->due_us < until_us) {
            invariant_broken(INVARIANT_SURGES, "surge %" PRIu64 " should have ended by itself",
                             surge->number);
        }
    }
}
