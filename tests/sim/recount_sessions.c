/*
 * Managers' sessions, a second time: what routing's log makes news of, by comparing each task before an event and behind it; which of
 * it each session is shown; that sessions end. Nothing of services/followup is in it.
 */
#include "tests/sim/recount_internal.h"

#include "city/city.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define HOURS_MAX 12
#define OPEN_TASKS_MAX 500

#define KIND(name) FOLLOWUP__URGENT_CHANGE_KIND__URGENT_CHANGE_KIND_##name

static _Noreturn void impossible(const struct found *found, const char *why)
{
    invariant_broken(INVARIANT_SESSIONS, "%s's event %" PRIu64 ": %s",
                     service_name((Common__ServiceId)found->service), found->offset, why);
}

/* --- routing: what is news --- */

static uint64_t place_hash(const Common__Place *place)
{
    struct buffer packed = BUFFER_EMPTY;
    uint64_t hash = UINT64_C(1469598103934665603);
    if (place == NULL) {
        return 0;
    }
    message_pack(&place->base, &packed);
    struct bytes bytes = buffer_bytes(&packed);
    for (size_t i = 0; i < bytes.size; i++) {
        hash = (hash ^ bytes.data[i]) * UINT64_C(1099511628211);
    }
    buffer_fini(&packed);
    return hash;
}

static const char *desk_name(const struct recount *recount, uint64_t desk)
{
    return desk == 0 ? "" : recount->desks[desk - 1].name;
}

static void add_news(struct recount *recount, const struct found *found,
                     const struct recount_task *task, Followup__UrgentChangeKind kind,
                     const char *from_unit)
{
    const struct recount_told *told = &task->told;
    recount->news = recount_grow(recount->news, recount->news_count, &recount->news_room,
                                 sizeof *recount->news);
    recount->news[recount->news_count++] = (struct recount_news){
        .offset = found->offset,
        .at_us = found->record->occurred_at_us,
        .task = task->number,
        .kind = kind,
        .unit = told->unit,
        .from_unit = from_unit,
        .topic = told->topic,
        .desk = desk_name(recount, told->desk),
        .person = told->person,
        .steps = told->steps,
        .is_open = told->is_on,
        .since_us = told->since_us,
    };
}

static Followup__UrgentChangeKind end_of(const struct recount_task *task)
{
    switch (task->state) {
    case ROUTING__TASK_STATE__TASK_STATE_DONE: return KIND(DONE);
    case ROUTING__TASK_STATE__TASK_STATE_CLOSED_UNDONE: return KIND(CLOSED_UNDONE);
    case ROUTING__TASK_STATE__TASK_STATE_CANCELLED: return KIND(CANCELLED);
    case ROUTING__TASK_STATE__TASK_STATE_JOINED: return KIND(JOINED);
    default: return KIND(UNSPECIFIED);
    }
}

/* What has become of a task since it was last told of, the weightiest first; told then. */
static Followup__UrgentChangeKind compare(struct recount_task *task)
{
    struct recount_told *told = &task->told;
    Followup__UrgentChangeKind end = end_of(task);
    if (end != KIND(UNSPECIFIED) || !task->urgent) {
        told->is_on = false;
        told->desk = 0;
        return end != KIND(UNSPECIFIED) ? end : KIND(CALMED);
    }
    if (strcmp(told->unit, task->unit) != 0) {
        told->unit = task->unit;
        told->desk = 0;
        return KIND(LEFT);
    }
    if (told->steps != task->alarm.steps) {
        told->steps = task->alarm.steps;
        return KIND(WENT_UP);
    }
    if (told->desk != task->desk) {
        told->desk = task->desk;
        return KIND(DESK);
    }
    return KIND(UNSPECIFIED);
}

/* The first act of a person, as recount_alarm.c has it; an act that ends or hands it on is told as that. */
static bool is_acknowledged_now(struct recount *recount, struct recount_task *task,
                                const struct found *found)
{
    struct recount_told *told = &task->told;
    bool stays = strcmp(told->unit, task->unit) == 0;
    if (told->person[0] != '\0' || !task->alarm.acknowledged || !stays) {
        return false;
    }
    told->person = recount_text(recount, found->record->actor);
    return !recount_has_ended(task) && task->urgent;
}

static void look_at(struct recount *recount, const struct found *found, struct recount_task *task)
{
    const char *before = task == NULL ? "" : task->told.unit;
    if (task == NULL || !task->told.is_on) {
        return;
    }
    if (is_acknowledged_now(recount, task, found)) {
        add_news(recount, found, task, KIND(ACKNOWLEDGED), "");
        return;
    }
    Followup__UrgentChangeKind kind = compare(task);
    if (kind != KIND(UNSPECIFIED)) {
        add_news(recount, found, task, kind, kind == KIND(LEFT) ? before : "");
    }
}

static void take_alarmed(struct recount *recount, const struct found *found,
                         const Routing__TaskAlarmed *alarmed)
{
    struct recount_task *task = recount_task(recount, alarmed->task_number);
    const struct recount_case *one = recount_case(recount, task->case_number);
    if (strcmp(alarmed->code, one->code) != 0) {
        impossible(found, "the alarm bears another code");
    }
    task->told = (struct recount_told){
        .is_on = true,
        .unit = task->unit,
        .desk = task->desk,
        .person = "",
        .topic = recount_text(recount, alarmed->topic),
        .place = place_hash(alarmed->place),
        .since_us = alarmed->since_us,
    };
    add_news(recount, found, task, KIND(ALARMED), "");
}

static void take_amended(struct recount *recount, const struct found *found,
                         const Routing__TaskAmended *amended)
{
    struct recount_task *task = recount_task(recount, amended->task_number);
    if (task == NULL || !task->told.is_on || amended->is_joined || !task->urgent) {
        look_at(recount, found, task);
        return;
    }
    uint64_t place = place_hash(amended->place);
    bool same = strcmp(task->told.topic, amended->topic) == 0 && task->told.place == place;
    task->told.topic = recount_text(recount, amended->topic);
    task->told.place = place;
    if (!same) {
        add_news(recount, found, task, KIND(AMENDED), "");
    }
}

static void take_desks(struct recount *recount, const struct found *found)
{
    for (size_t i = 0; i < recount->task_count; i++) {
        look_at(recount, found, &recount->tasks[i]);
    }
}

/* A desk is given what is to be done first, in that order. */
static void take_claimed(struct recount *recount, const struct found *found,
                         const Routing__DeskClaimed *claimed)
{
    for (size_t i = 0; i < claimed->n_task_numbers; i++) {
        look_at(recount, found, recount_task(recount, claimed->task_numbers[i]));
    }
}

void recount_sessions_follow(struct recount *recount, const struct found *found, uint64_t task)
{
    const Routing__Event *event = (const Routing__Event *)found->open;
    switch (event->kind_case) {
    case ROUTING__EVENT__KIND_TASK_ALARMED:
        take_alarmed(recount, found, event->task_alarmed);
        break;
    case ROUTING__EVENT__KIND_TASK_AMENDED:
        take_amended(recount, found, event->task_amended);
        break;
    case ROUTING__EVENT__KIND_DESK_CLAIMED:
        take_claimed(recount, found, event->desk_claimed);
        break;
    case ROUTING__EVENT__KIND_DESK_SILENT: take_desks(recount, found); break;
    default: look_at(recount, found, recount_task(recount, task)); break;
    }
}

/* --- follow-up: sessions --- */

struct recount_session *recount_session(struct recount *recount, uint64_t number)
{
    return number < 1 || number > recount->session_count ? NULL : &recount->sessions[number - 1];
}

static bool stands_under(const struct city *city, const char *key, const char *above)
{
    const struct city_unit *unit = city_unit(city, key);
    while (unit != NULL && strcmp(unit->key, above) != 0) {
        unit = city_unit(city, unit->parent);
    }
    return unit != NULL;
}

static bool shows(const struct recount *recount, const struct recount_session *session,
                  const char *unit)
{
    return unit[0] != '\0' && stands_under(world_city(recount->world), unit, session->unit);
}

static bool is_open(const struct recount_session *session, int64_t at_us)
{
    return !session->has_ended && at_us < session->ends_us;
}

static void show(struct recount_session *session, Followup__UrgentChangeKind kind, uint64_t task)
{
    session->shown = recount_grow(session->shown, session->shown_count, &session->shown_room,
                                  sizeof *session->shown);
    session->shown[session->shown_count++] = (struct recount_shown){kind, task};
}

/* Behind `last` in the order of waiting, as far as follow-up has heard: urgent, with one of the units, and no person has it; the
 * longest since it was alarmed, then the lowest number. NULL: none. */
static const struct recount_task *next_waiting(const struct recount *recount,
                                               const struct recount_session *session,
                                               const struct recount_task *last)
{
    const struct recount_task *next = NULL;
    for (size_t i = 0; i < recount->task_count; i++) {
        const struct recount_task *task = &recount->tasks[i];
        int64_t since_us = task->heard.since_us;
        bool is_behind = last == NULL || since_us > last->heard.since_us ||
                         (since_us == last->heard.since_us && task->number > last->number);
        if (task->heard.waits && is_behind && (next == NULL || since_us < next->heard.since_us) &&
            shows(recount, session, task->heard.unit)) {
            next = task;
        }
    }
    return next;
}

static void show_open_tasks(struct recount *recount, const struct found *found,
                            struct recount_session *session, const Followup__SessionOpened *opened)
{
    size_t count = 0;
    const struct recount_task *task = next_waiting(recount, session, NULL);
    for (; task != NULL; task = next_waiting(recount, session, task)) {
        if (count < OPEN_TASKS_MAX &&
            (count >= opened->n_open_tasks || opened->open_tasks[count] != task->number)) {
            impossible(found, "it does not begin with what waits for a person in its units, the "
                              "longest waiting first");
        }
        if (count++ < OPEN_TASKS_MAX) {
            show(session, KIND(STILL_OPEN), task->number);
        }
    }
    if (opened->n_open_tasks + opened->left_out != count) {
        impossible(found, "it begins with more than what waits, or leaves out another number");
    }
}

static void take_opened(struct recount *recount, const struct found *found,
                        const Followup__SessionOpened *opened)
{
    int64_t now_us = found->record->recorded_at_us;
    const struct city *city = world_city(recount->world);
    size_t units = 0;
    for (size_t i = 0; i < recount->session_count; i++) {
        if (!recount->sessions[i].has_ended &&
            strcmp(recount->sessions[i].unit, opened->unit) == 0) {
            impossible(found, "the unit has an open session already");
        }
    }
    if (opened->session_number != recount->session_count + 1 || opened->ends_at_us <= now_us ||
        opened->ends_at_us > now_us + HOURS_MAX * HOUR_US) {
        impossible(found, "it is out of order, or lasts too long");
    }
    for (size_t i = 0; i < city_unit_count(city); i++) {
        units += stands_under(city, city_unit_at(city, i)->key, opened->unit);
    }
    if (opened->n_units != units) {
        impossible(found, "it is shown more or less than its unit and those under it");
    }
    recount->sessions = recount_grow(recount->sessions, recount->session_count,
                                     &recount->session_room, sizeof *recount->sessions);
    struct recount_session *session = &recount->sessions[recount->session_count++];
    *session = (struct recount_session){.number = opened->session_number,
                                        .unit = recount_text(recount, opened->unit),
                                        .ends_us = opened->ends_at_us};
    show_open_tasks(recount, found, session, opened);
}

static struct recount_session *known_session(struct recount *recount, const struct found *found,
                                             uint64_t number)
{
    struct recount_session *session = recount_session(recount, number);
    if (session == NULL || session->has_ended) {
        impossible(found, "there is no such session, or it has ended");
    }
    return session;
}

static void take_lengthened(struct recount *recount, const struct found *found,
                            const Followup__SessionLengthened *lengthened)
{
    struct recount_session *session = known_session(recount, found, lengthened->session_number);
    int64_t now_us = found->record->recorded_at_us;
    if (!is_open(session, now_us) || lengthened->ends_at_us <= session->ends_us ||
        lengthened->ends_at_us > now_us + HOURS_MAX * HOUR_US) {
        impossible(found, "it was over, or is made shorter or too long");
    }
    session->ends_us = lengthened->ends_at_us;
}

static void take_closed(struct recount *recount, const struct found *found,
                        const Followup__SessionClosed *closed)
{
    struct recount_session *session = known_session(recount, found, closed->session_number);
    bool in_time = closed->by_itself ? !is_open(session, found->record->recorded_at_us) &&
                                           found->record->occurred_at_us == session->ends_us
                                     : is_open(session, found->record->recorded_at_us);
    if (!in_time) {
        impossible(found, "it is closed, or over, not at its time");
    }
    session->has_ended = true;
}

/* --- follow-up: what is told on --- */

static bool is_told_so(const struct recount_news *news, const struct found *found,
                       const Followup__UrgentChanged *changed)
{
    const Followup__UrgentTask *task = changed->task;
    return task->task_number == news->task && changed->kind == news->kind &&
           strcmp(task->unit, news->unit) == 0 &&
           strcmp(changed->from_unit, news->from_unit) == 0 &&
           strcmp(task->topic, news->topic) == 0 && strcmp(task->desk, news->desk) == 0 &&
           strcmp(task->acknowledged_by, news->person) == 0 && task->steps == news->steps &&
           (task->end == KIND(UNSPECIFIED)) == news->is_open &&
           found->record->occurred_at_us == news->at_us;
}

static void take_changed(struct recount *recount, const struct found *found,
                         const Followup__UrgentChanged *changed)
{
    if (recount->news_told == recount->news_count) {
        impossible(found, "routing told nothing more of an urgent task");
    }
    if (!is_told_so(&recount->news[recount->news_told], found, changed)) {
        const struct recount_news *due = &recount->news[recount->news_told];
        invariant_broken(INVARIANT_SESSIONS,
                         "follow-up's event %" PRIu64 " tells %d of task %" PRIu64
                         " with %s, and routing's event %" PRIu64 " told %d of task %" PRIu64
                         " with %s",
                         found->offset, (int)changed->kind, changed->task->task_number,
                         changed->task->unit, due->offset, (int)due->kind, due->task, due->unit);
    }
    const struct recount_news *news = &recount->news[recount->news_told++];
    struct recount_task *task = recount_task(recount, news->task);
    task->heard.unit = news->unit;
    task->heard.since_us = news->since_us;
    task->heard.waits = news->is_open && news->person[0] == '\0';
    for (size_t i = 0; i < recount->session_count; i++) {
        struct recount_session *session = &recount->sessions[i];
        const char *unit = news->from_unit[0] != '\0' ? news->from_unit : news->unit;
        if (is_open(session, found->record->recorded_at_us) && shows(recount, session, unit)) {
            show(session, news->kind, news->task);
        }
    }
}

bool recount_take_session(struct recount *recount, const struct found *found)
{
    const Followup__Event *event = (const Followup__Event *)found->open;
    switch (event->kind_case) {
    case FOLLOWUP__EVENT__KIND_SESSION_OPENED:
        take_opened(recount, found, event->session_opened);
        return true;
    case FOLLOWUP__EVENT__KIND_SESSION_LENGTHENED:
        take_lengthened(recount, found, event->session_lengthened);
        return true;
    case FOLLOWUP__EVENT__KIND_SESSION_CLOSED:
        take_closed(recount, found, event->session_closed);
        return true;
    case FOLLOWUP__EVENT__KIND_URGENT_CHANGED:
        take_changed(recount, found, event->urgent_changed);
        return true;
    default: return false;
    }
}

/* --- is everything told, and over? --- */

void recount_check_news(const struct recount *recount, uint64_t cursor)
{
    size_t due = recount->news_told;
    while (due < recount->news_count && recount->news[due].offset <= cursor) {
        due++;
    }
    bool too_many = recount->news_told > 0 && recount->news[recount->news_told - 1].offset > cursor;
    if (due != recount->news_told || too_many) {
        invariant_broken(INVARIANT_SESSIONS,
                         "follow-up has followed routing to %" PRIu64
                         " and has told %zu changes of urgent tasks, not %zu",
                         cursor, recount->news_told, due);
    }
}

void recount_check_sessions(const struct recount *recount, int64_t until_us)
{
    for (size_t i = 0; i < recount->session_count; i++) {
        const struct recount_session *session = &recount->sessions[i];
        if (!session->has_ended && session->ends_us < until_us) {
            invariant_broken(INVARIANT_SESSIONS, "session %" PRIu64 " should have ended by itself",
                             session->number);
        }
    }
}

void recount_free_sessions(struct recount *recount)
{
    for (size_t i = 0; i < recount->session_count; i++) {
        free(recount->sessions[i].shown);
    }
    free(recount->sessions);
    free(recount->news);
}
