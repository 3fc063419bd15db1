/* Lists, read page by page: what a phone has asked for, calls back, sessions, and who follows how far. */
#include "tests/sim/life_internal.h"

#include "city/city.h"

#define FOUND_MAX 1024
#define PHONES 200 /* of which citizens have one */

/* Of one kind; what stood there when it began. */
struct pages {
    struct life *life;
    int64_t begun_us;
    size_t known;                     /* calls, sessions, or units */
    char phone[16];                   /* whose requests */
    uint32_t state;                   /* of which only; 0: of any */
    struct world_caller *caller;      /* of sessions … */
    const char *unit;                 /* … whose; "": anybody's */
    struct recount_call *calls;       /* as they were */
    struct recount_session *sessions; /* as they were */
    struct recount_unit *units;       /* as they were: how far each was */
    uint64_t found[FOUND_MAX];        /* numbers; of an office its unit's place, from 1 */
    size_t found_count;
};

static struct pages *pages_new(struct life *life)
{
    struct pages *pages = calloc(1, sizeof *pages);
    CHECK(pages != NULL);
    pages->life = life;
    pages->begun_us = world_now_us(life->world);
    pages->unit = "";
    return pages;
}

static void *copy_of(const void *list, size_t count, size_t size)
{
    void *copy = calloc(count + 1, size);
    CHECK(copy != NULL);
    if (count > 0) {
        memcpy(copy, list, count * size);
    }
    return copy;
}

static void pages_free(struct pages *pages)
{
    free(pages->calls);
    free(pages->sessions);
    free(pages->units);
    free(pages);
}

static void note(struct pages *pages, uint64_t number)
{
    CHECK(pages->found_count < FOUND_MAX);
    pages->found[pages->found_count++] = number;
}

/* In their order, and none twice. */
static void note_next(struct pages *pages, uint64_t number, bool newest_first)
{
    uint64_t last = pages->found_count > 0 ? pages->found[pages->found_count - 1] : 0;
    if (last != 0 && (newest_first ? number >= last : number <= last)) {
        invariant_broken(INVARIANT_PAGES, "%" PRIu64 " stands behind %" PRIu64, number, last);
    }
    note(pages, number);
}

static bool was_found(const struct pages *pages, uint64_t number)
{
    for (size_t i = 0; i < pages->found_count; i++) {
        if (pages->found[i] == number) {
            return true;
        }
    }
    return false;
}

/* --- the requests of a phone --- */

static void check_phone(const struct pages *pages)
{
    const struct life *life = pages->life;
    for (size_t i = 0; i < pages->found_count; i++) {
        const struct recount_case *one = recount_case(life->recount, pages->found[i]);
        if (one == NULL || one->marker == 0 ||
            strcmp(life->wishes[one->marker].phone, pages->phone) != 0) {
            invariant_broken(INVARIANT_SEALED, "request %" PRIu64 " is listed as of another phone",
                             pages->found[i]);
        }
    }
    for (size_t marker = 1; marker < life->wish_count; marker++) {
        const struct wish *wish = &life->wishes[marker];
        if (strcmp(wish->phone, pages->phone) != 0 || !wish->answered) {
            continue;
        }
        bool found = was_found(pages, wish->number);
        if (found && wish->forgotten_us != 0 && wish->forgotten_us < pages->begun_us) {
            invariant_broken(INVARIANT_FORGOTTEN,
                             "request %" PRIu64 " is listed by its phone, and was forgotten",
                             wish->number);
        }
        if (!found && wish->personal && wish->answered_us < pages->begun_us &&
            !wish->may_be_forgotten) {
            invariant_broken(INVARIANT_PAGES, "request %" PRIu64 " is not listed by its phone",
                             wish->number);
        }
    }
}

static void ask_phone(struct pages *pages, uint64_t token);

static void phone_told(struct errand *errand)
{
    struct pages *pages = errand->context;
    life_refused(errand, errand->error.status == STATUS_OK);
    const Intake__ListCasesResponse *response = (const Intake__ListCasesResponse *)errand->response;
    for (size_t i = 0; i < response->n_cases; i++) {
        note_next(pages, response->cases[i]->number, true);
    }
    if (response->next_page_token != 0) {
        ask_phone(pages, response->next_page_token);
        return;
    }
    if (recount_catch_up(pages->life->recount)) {
        check_phone(pages);
    }
    pages_free(pages);
}

static void ask_phone(struct pages *pages, uint64_t token)
{
    struct life *life = pages->life;
    struct errand *errand = life_errand(life, life->front_end, "ListCases", phone_told, pages);
    Intake__ListCasesRequest *request =
        errand_request(errand, &intake__list_cases_request__descriptor);
    request->phone = arena_copy_text(errand->arena, pages->phone);
    request->page_size = (uint32_t)life_draw(life, 1, 4);
    request->page_token = token;
    errand_start(errand);
}

void life_list_phone(struct life *life)
{
    struct pages *pages = pages_new(life);
    const struct wish *wish = &life->wishes[life_draw(life, 0, (int64_t)life->wish_count)];
    if (wish->phone[0] != '\0') {
        memcpy(pages->phone, wish->phone, sizeof pages->phone);
    } else {
        (void)snprintf(pages->phone, sizeof pages->phone, "+98913%07d",
                       (int)life_draw(life, 0, PHONES));
    }
    ask_phone(pages, 0);
}

/* --- calls back --- */

static bool is_final(Followup__CallState state)
{
    return state != FOLLOWUP__CALL_STATE__CALL_STATE_WAITING &&
           state != FOLLOWUP__CALL_STATE__CALL_STATE_CLAIMED;
}

static void check_calls(const struct pages *pages)
{
    const struct recount *recount = pages->life->recount;
    for (size_t i = 0; i < recount->call_count; i++) {
        const struct recount_call *call = &recount->calls[i];
        bool found = was_found(pages, call->number);
        /* A heard citizen was waited for before; what has ended stays so. */
        bool is_wrong = found && pages->state != 0 && call->state != pages->state;
        bool is_missing = !found && i < pages->known && pages->state == 0;
        if ((is_wrong && is_final((Followup__CallState)pages->state)) || is_missing) {
            invariant_broken(INVARIANT_PAGES, "call %" PRIu64 " %s", call->number,
                             found ? "is listed in a state it is not in" : "is on no page");
        }
    }
}

static void ask_calls(struct pages *pages, uint64_t token);

static void calls_told(struct errand *errand)
{
    struct pages *pages = errand->context;
    life_refused(errand, errand->error.status == STATUS_OK);
    const Followup__ListCallsResponse *response =
        (const Followup__ListCallsResponse *)errand->response;
    bool is_read = recount_catch_up(pages->life->recount);
    for (size_t i = 0; i < response->n_calls; i++) {
        note_next(pages, response->calls[i]->number, false);
        if (is_read) {
            const Followup__Call *told = response->calls[i];
            life_check_call(pages->life,
                            told->number <= pages->known ? &pages->calls[told->number - 1] : NULL,
                            told);
        }
    }
    if (response->next_page_token != 0) {
        ask_calls(pages, response->next_page_token);
        return;
    }
    if (is_read) {
        check_calls(pages);
    }
    pages_free(pages);
}

static void ask_calls(struct pages *pages, uint64_t token)
{
    struct life *life = pages->life;
    struct errand *errand =
        life_errand(life, life->desks[1].caller, "ListCalls", calls_told, pages);
    Followup__ListCallsRequest *request =
        errand_request(errand, &followup__list_calls_request__descriptor);
    request->state = (Followup__CallState)pages->state;
    request->page_size = (uint32_t)life_draw(life, 20, 101);
    request->page_token = token;
    errand_start(errand);
}

void life_list_calls(struct life *life)
{
    struct pages *pages = pages_new(life);
    pages->known = life->recount->call_count;
    pages->calls = copy_of(life->recount->calls, pages->known, sizeof *pages->calls);
    pages->state = life_chance(life, 500) ? 0 : FOLLOWUP__CALL_STATE__CALL_STATE_ANSWERED;
    ask_calls(pages, 0);
}

/* --- sessions --- */

static void check_sessions(const struct pages *pages)
{
    for (size_t i = 0; i < pages->known; i++) {
        const struct recount_session *then = &pages->sessions[i];
        const struct recount_session *now = recount_session(pages->life->recount, then->number);
        bool is_open = pages->state == FOLLOWUP__SESSION_STATE__SESSION_STATE_OPEN;
        bool belongs = (pages->unit[0] == '\0' || strcmp(pages->unit, then->unit) == 0) &&
                       (pages->state == 0 || (is_open ? !now->has_ended : then->has_ended));
        bool may = pages->state == 0 || (is_open ? !then->has_ended : now->has_ended);
        bool found = was_found(pages, then->number);
        if (found ? !may : belongs) {
            invariant_broken(INVARIANT_SESSIONS, "session %" PRIu64 " is %s", then->number,
                             found ? "listed, and not in that state" : "not listed");
        }
    }
}

static void ask_sessions(struct pages *pages, uint64_t token);

static void sessions_told(struct errand *errand)
{
    struct pages *pages = errand->context;
    life_refused(errand, errand->error.status == STATUS_OK);
    const Followup__ListSessionsResponse *response =
        (const Followup__ListSessionsResponse *)errand->response;
    bool is_read = recount_catch_up(pages->life->recount);
    for (size_t i = 0; i < response->n_sessions; i++) {
        const Followup__Session *told = response->sessions[i];
        note_next(pages, told->number, true);
        if (is_read) {
            life_check_session(
                pages->life,
                told->number <= pages->known ? &pages->sessions[told->number - 1] : NULL, told);
        }
        if (pages->unit[0] != '\0' && strcmp(told->unit, pages->unit) != 0) {
            invariant_broken(INVARIANT_SESSIONS, "session %" PRIu64 " is listed to %s",
                             told->number, pages->unit);
        }
    }
    if (response->next_page_token != 0) {
        ask_sessions(pages, response->next_page_token);
        return;
    }
    if (is_read) {
        check_sessions(pages);
    }
    pages_free(pages);
}

static void ask_sessions(struct pages *pages, uint64_t token)
{
    struct life *life = pages->life;
    struct errand *errand = life_errand(life, pages->caller, "ListSessions", sessions_told, pages);
    Followup__ListSessionsRequest *request =
        errand_request(errand, &followup__list_sessions_request__descriptor);
    request->state = (Followup__SessionState)pages->state;
    request->unit = TEXT(pages->unit);
    request->page_size = (uint32_t)life_draw(life, 3, 20);
    request->page_token = token;
    errand_start(errand);
}

/* A manager sees those of the own unit, the desk all. */
void life_list_sessions(struct life *life)
{
    struct pages *pages = pages_new(life);
    pages->known = life->recount->session_count;
    pages->sessions = copy_of(life->recount->sessions, pages->known, sizeof *pages->sessions);
    pages->state = (uint32_t)life_draw(life, 0, 3);
    pages->caller = life->desks[0].caller;
    if (life_chance(life, 500)) {
        const struct manager *manager = &life->managers[life_draw(life, 0, MANAGERS)];
        pages->caller = manager->caller;
        pages->unit = manager->unit;
    }
    ask_sessions(pages, 0);
}

/* --- who follows, and how far --- */

static uint64_t last_of(const struct recount_unit *unit)
{
    return unit->count == 0 ? 0 : unit->sequences[unit->count - 1];
}

static void check_office(const struct pages *pages, const Routing__Office *told)
{
    const struct recount_unit *unit = recount_unit(pages->life->recount, told->unit);
    size_t place = (size_t)(unit - pages->life->recount->units);
    const struct recount_unit *then = place < pages->known ? &pages->units[place] : NULL;
    size_t behind = 0;
    for (size_t i = unit->count; i > 0 && unit->sequences[i - 1] > told->acknowledged; i--) {
        behind += unit->sequences[i - 1] <= told->last;
    }
    if (told->acknowledged > unit->acknowledged || told->last > last_of(unit) ||
        (then != NULL && (told->acknowledged < then->acknowledged || told->last < then->count)) ||
        told->behind != (behind < 1000 ? behind : 1000) ||
        (told->behind == 0) != (told->behind_since_us == 0)) {
        invariant_broken(INVARIANT_OFFICES,
                         "%s is told to have %" PRIu64 " of %" PRIu64 ", and to lack %" PRIu32,
                         told->unit, told->acknowledged, told->last, told->behind);
    }
}

/* Bodies outside the city have no office. */
static void check_offices(const struct pages *pages)
{
    const struct city *city = world_city(pages->life->world);
    for (size_t i = 0; i < pages->known; i++) {
        const struct recount_unit *then = &pages->units[i];
        if (then->count > 0 && !city_unit_is_outside(city, then->key) && !was_found(pages, i + 1)) {
            invariant_broken(INVARIANT_OFFICES, "%s was told of tasks, and is not listed",
                             then->key);
        }
    }
}

static void ask_offices(struct pages *pages, const char *token);

static void offices_told(struct errand *errand)
{
    struct pages *pages = errand->context;
    struct recount *recount = pages->life->recount;
    life_refused(errand, errand->error.status == STATUS_OK);
    const Routing__ListOfficesResponse *response =
        (const Routing__ListOfficesResponse *)errand->response;
    bool is_read = recount_catch_up(recount);
    for (size_t i = 0; i < response->n_offices; i++) {
        const char *unit = response->offices[i]->unit;
        uint64_t place = (uint64_t)(recount_unit(recount, unit) - recount->units) + 1;
        if (was_found(pages, place) ||
            (i > 0 && strcmp(unit, response->offices[i - 1]->unit) <= 0)) {
            invariant_broken(INVARIANT_OFFICES, "%s is listed twice, or out of order", unit);
        }
        note(pages, place);
        if (is_read) {
            check_office(pages, response->offices[i]);
        }
    }
    if (response->next_page_token[0] != '\0') {
        ask_offices(pages, response->next_page_token);
        return;
    }
    check_offices(pages);
    pages_free(pages);
}

static void ask_offices(struct pages *pages, const char *token)
{
    struct life *life = pages->life;
    struct errand *errand = life_errand(life, life->mayor, "ListOffices", offices_told, pages);
    Routing__ListOfficesRequest *request =
        errand_request(errand, &routing__list_offices_request__descriptor);
    request->page_size = (uint32_t)life_draw(life, 4, 20);
    request->page_token = arena_copy_text(errand->arena, token);
    errand_start(errand);
}

void life_list_offices(struct life *life)
{
    struct pages *pages = pages_new(life);
    pages->known = life->recount->unit_count;
    pages->units = copy_of(life->recount->units, pages->known, sizeof *pages->units);
    ask_offices(pages, "");
}
