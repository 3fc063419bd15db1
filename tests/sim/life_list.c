/*
 * Those who look for requests: operators search page by page, and by what citizens said, or ask what is
 * open of the same thing; offices list their tasks. Meanwhile everything goes on.
 */
#include "tests/sim/life_internal.h"

#define FOUND_MAX 2048
#define THING_SIZE 16

/* A list that is read page by page. */
struct paging {
    struct life *life;
    const struct office *office; /* whose tasks; NULL: requests */
    int64_t from_us;             /* requests: that happened from then on */
    const char *topic;           /* of that topic; "": any */
    char thing[THING_SIZE];      /* and with that in the name of their thing; "": any */
    const char *area;            /* and of that area; "": any */
    size_t said;                 /* and with that answer; 0: any */
    bool by_due;
    size_t known;    /* requests, or tasks, that were there when it began */
    size_t *changes; /* of a task by then: events about its request */
    uint64_t found[FOUND_MAX];
    size_t found_count;
};

static struct paging *paging_new(struct life *life, const struct office *office)
{
    struct paging *paging = calloc(1, sizeof *paging);
    CHECK(paging != NULL);
    paging->life = life;
    paging->office = office;
    paging->topic = paging->area = "";
    return paging;
}

static void paging_free(struct paging *paging)
{
    free(paging->changes);
    free(paging);
}

static void note_found(struct paging *paging, uint64_t number)
{
    for (size_t i = 0; i < paging->found_count; i++) {
        if (paging->found[i] == number) {
            invariant_broken(INVARIANT_PAGES, "%" PRIu64 " stands on two pages", number);
        }
    }
    if (!paging->by_due && paging->found_count > 0) {
        uint64_t last = paging->found[paging->found_count - 1];
        if (paging->office == NULL ? number > last : number < last) {
            invariant_broken(INVARIANT_PAGES, "%" PRIu64 " stands behind %" PRIu64, number, last);
        }
    }
    CHECK(paging->found_count < FOUND_MAX);
    paging->found[paging->found_count++] = number;
}

static bool was_found(const struct paging *paging, uint64_t number)
{
    for (size_t i = 0; i < paging->found_count; i++) {
        if (paging->found[i] == number) {
            return true;
        }
    }
    return false;
}

/* --- requests --- */

/* As it was registered. When it happened and what its thing is called stays so; an amendment changes all else. */
static bool fits(const struct paging *paging, const struct recount_case *one)
{
    char thing[32];
    (void)snprintf(thing, sizeof thing, "r%" PRIu64, one->marker);
    return one->occurred_at_us >= paging->from_us && strstr(thing, paging->thing) != NULL &&
           (paging->topic[0] == '\0' || strcmp(paging->topic, one->topic) == 0) &&
           (paging->area[0] == '\0' || strcmp(paging->area, one->area) == 0) &&
           (paging->said == 0 || life_was_said(paging->said, one->answered));
}

static void check_cases(const struct paging *paging)
{
    struct recount *recount = paging->life->recount;
    if (!recount_catch_up(recount)) {
        return;
    }
    bool may_be_amended = paging->topic[0] == '\0' && paging->area[0] == '\0' && paging->said == 0;
    for (uint64_t number = 1; number <= recount->case_count; number++) {
        const struct recount_case *one = recount_case(recount, number);
        if (one->amendments > 0 && !may_be_amended) {
            continue;
        }
        bool found = was_found(paging, number);
        bool belongs = fits(paging, one);
        if (found ? !belongs : belongs && number <= paging->known) {
            invariant_broken(INVARIANT_PAGES, "request %" PRIu64 " %s", number,
                             found ? "was found, and does not fit"
                                   : "fits what was searched for, and is on no page");
        }
    }
}

static void search_page(struct paging *paging, uint64_t token);

static void searched(struct errand *errand)
{
    struct paging *paging = errand->context;
    if (errand->error.status != STATUS_OK) {
        life_refused(errand, false);
    }
    const Intake__SearchCasesResponse *response =
        (const Intake__SearchCasesResponse *)errand->response;
    for (size_t i = 0; i < response->n_cases; i++) {
        note_found(paging, response->cases[i]->number);
    }
    if (response->next_page_token != 0) {
        search_page(paging, response->next_page_token);
        return;
    }
    check_cases(paging);
    paging_free(paging);
}

static void search_page(struct paging *paging, uint64_t token)
{
    struct life *life = paging->life;
    struct errand *errand = life_errand(life, life->front_end, "SearchCases", searched, paging);
    Intake__SearchCasesRequest *request =
        errand_request(errand, &intake__search_cases_request__descriptor);
    request->from_us = paging->from_us;
    request->topic = TEXT(paging->topic);
    request->area = TEXT(paging->area);
    request->place_words = arena_copy_text(errand->arena, paging->thing);
    request->page_size = (uint32_t)life_draw(life, 2, 12);
    request->page_token = token;
    if (paging->said != 0) {
        request->n_answers = 1;
        request->answers = arena_alloc(errand->arena, sizeof *request->answers);
        request->answers[0] = life_say(errand, paging->said);
    }
    errand_start(errand);
}

static void search(struct life *life)
{
    struct paging *paging = paging_new(life, NULL);
    paging->known = life->recount->case_count;
    if (life_chance(life, 700)) {
        paging->from_us = world_now_us(life->world) - life_draw(life, HOUR_US, 3 * DAY_US);
    } else {
        (void)snprintf(paging->thing, sizeof paging->thing, "r%d", (int)life_draw(life, 1, 10));
    }
    if (life_chance(life, 300)) {
        paging->said = life_draw_said(life);
    } else if (life_chance(life, 300)) {
        paging->topic = life_draw_topic(life);
    }
    if (life_chance(life, 200)) {
        paging->area = life_areas[life_draw(life, 1, LIFE_AREAS)];
    }
    search_page(paging, 0);
}

/* --- what was said --- */

static void words_searched(struct errand *errand)
{
    struct life *life = errand->context;
    if (errand->error.status != STATUS_OK) {
        life_refused(errand, false);
    }
    const struct wish *wish = &life->wishes[errand->number];
    const Intake__SearchWordsResponse *response =
        (const Intake__SearchWordsResponse *)errand->response;
    bool found = response->n_cases == 1 && response->cases[0]->number == wish->number;
    if (found && wish->forgotten_us != 0 && errand->begun_us > wish->forgotten_us) {
        invariant_broken(INVARIANT_FORGOTTEN, "r%" PRIu64 " is found by words, and was forgotten",
                         errand->number);
    }
    if (response->n_cases > 1 || (!found && (!wish->may_be_forgotten || response->n_cases > 0))) {
        invariant_broken(INVARIANT_SEALED, "r%" PRIu64 " is not found by its own words",
                         errand->number);
    }
    life_answered(life, errand);
}

void life_search_words(struct life *life, uint64_t marker)
{
    const struct wish *wish = &life->wishes[marker];
    if (!wish->answered || !wish->personal || wish->words[0] == '\0') {
        return;
    }
    struct errand *errand = life_errand(life, life->front_end, "SearchWords", words_searched, life);
    Intake__SearchWordsRequest *request =
        errand_request(errand, &intake__search_words_request__descriptor);
    request->among = arena_alloc(errand->arena, sizeof *request->among);
    intake__search_cases_request__init(request->among);
    request->among->code = arena_copy_text(errand->arena, wish->code);
    request->words = arena_copy_text(errand->arena, wish->words);
    request->purpose = TEXT("code lost");
    errand->number = marker;
    errand_start(errand);
}

/* --- the same thing --- */

/* How a request stood as of a place in routing's log, and whether it may have come back since. */
static bool is_over(const struct recount_case *one, uint64_t as_of)
{
    bool over = one->task == 0;
    for (size_t i = 0; i < one->event_count; i++) {
        const struct recount_event *event = &one->events[i];
        if (event->service != COMMON__SERVICE_ID__SERVICE_ID_ROUTING || event->copied) {
            continue;
        }
        switch (event->kind) {
        case ROUTING__EVENT__KIND_TASK_DONE:
        case ROUTING__EVENT__KIND_TASK_CLOSED_UNDONE:
        case ROUTING__EVENT__KIND_TASK_CANCELLED:
        case ROUTING__EVENT__KIND_CASE_JOINED: over = over || event->offset <= as_of; break;
        case ROUTING__EVENT__KIND_TASK_ROUTED:
        case ROUTING__EVENT__KIND_TASK_REOPENED:
        case ROUTING__EVENT__KIND_CASE_SPLIT: over = false; break;
        default: break;
        }
    }
    return over;
}

static void check_same(struct life *life, const struct errand *errand,
                       const Intake__FindSameResponse *response)
{
    uint64_t as_of = errand->has_at_least ? errand->at_least.offset : UINT64_MAX;
    bool found = false;
    for (size_t i = 0; i < response->n_requests; i++) {
        const struct recount_case *one =
            recount_case(life->recount, response->requests[i]->case_data->number);
        if (one == NULL || is_over(one, as_of)) {
            invariant_broken(INVARIANT_SAME, "request %" PRIu64 " is shown, and its work is over",
                             response->requests[i]->case_data->number);
        }
        found = found || one->number == errand->number;
    }
    const struct recount_case *own = recount_case(life->recount, errand->number);
    if (life->quiet && !found && !is_over(own, UINT64_MAX) && !own->withdrawn) {
        invariant_broken(INVARIANT_SAME, "request %" PRIu64 " is open, and not found by its thing",
                         errand->number);
    }
}

static void same_found(struct errand *errand)
{
    struct life *life = errand->context;
    if (errand->error.status != STATUS_OK) {
        life_refused(errand, false);
    }
    if (recount_catch_up(life->recount)) {
        check_same(life, errand, (const Intake__FindSameResponse *)errand->response);
    }
}

void life_ask_same(struct life *life, const struct recount_case *one,
                   const Common__Position *at_least)
{
    if (one->marker == 0 || one->amendments > 0) {
        return;
    }
    struct errand *errand = life_errand(life, life->front_end, "FindSame", same_found, life);
    Intake__FindSameRequest *request =
        errand_request(errand, &intake__find_same_request__descriptor);
    request->topic = arena_copy_text(errand->arena, one->topic);
    if (one->by_line) { /* before registering, the line was an answer */
        request->n_answers =
            life_answer_questions(errand, one->topic, one->marker, &request->answers);
    } else {
        request->place = arena_alloc(errand->arena, sizeof *request->place);
        common__place__init(request->place);
        request->place->thing = arena_format(errand->arena, "r%" PRIu64, one->marker);
    }
    request->at_us = one->occurred_at_us;
    errand->number = one->number;
    if (at_least != NULL) {
        errand_at_least(errand, at_least);
    }
    errand_start(errand);
}

/* --- an office's tasks --- */

static size_t changes_of(const struct life *life, const struct recount_task *task)
{
    return recount_case(life->recount, task->case_number)->event_count;
}

static void check_tasks(const struct paging *paging)
{
    const struct life *life = paging->life;
    struct recount *recount = life->recount;
    if (!recount_catch_up(recount)) {
        return;
    }
    for (size_t i = 0; i < paging->known; i++) {
        const struct recount_task *task = &recount->tasks[i];
        if (strcmp(task->unit, paging->office->unit) == 0 &&
            changes_of(life, task) == paging->changes[i] && !was_found(paging, task->number)) {
            invariant_broken(INVARIANT_PAGES,
                             "task %" PRIu64 " of %s has not changed, and is on no page",
                             task->number, task->unit);
        }
    }
}

static void list_page(struct paging *paging, const Routing__ListTasksResponse *before);

static void listed(struct errand *errand)
{
    struct paging *paging = errand->context;
    if (errand->error.status != STATUS_OK) {
        life_refused(errand, false);
    }
    const Routing__ListTasksResponse *response =
        (const Routing__ListTasksResponse *)errand->response;
    for (size_t i = 0; i < response->n_tasks; i++) {
        if (!paging->by_due || !was_found(paging, response->tasks[i]->number)) {
            note_found(paging, response->tasks[i]->number); /* what moved may be told again */
        }
    }
    if (paging->by_due ? response->next_page.len > 0 : response->next_page_token != 0) {
        list_page(paging, response);
        return;
    }
    check_tasks(paging);
    paging_free(paging);
}

static void list_page(struct paging *paging, const Routing__ListTasksResponse *before)
{
    struct life *life = paging->life;
    struct errand *errand = life_errand(life, paging->office->caller, "ListTasks", listed, paging);
    Routing__ListTasksRequest *request =
        errand_request(errand, &routing__list_tasks_request__descriptor);
    request->unit = TEXT(paging->office->unit);
    request->page_size = (uint32_t)life_draw(life, 2, 12);
    request->order = paging->by_due ? ROUTING__TASK_ORDER__TASK_ORDER_DUE
                                    : ROUTING__TASK_ORDER__TASK_ORDER_UNSPECIFIED;
    if (before != NULL) {
        request->page_token = before->next_page_token;
        request->page.len = before->next_page.len;
        request->page.data =
            arena_copy(errand->arena, before->next_page.data, before->next_page.len);
    }
    errand_start(errand);
}

static void list(struct life *life)
{
    struct paging *paging =
        paging_new(life, &life->offices[life_draw(life, 0, (int64_t)life->office_count)]);
    paging->by_due = life_chance(life, 500);
    paging->known = life->recount->task_count;
    paging->changes = calloc(paging->known + 1, sizeof *paging->changes);
    CHECK(paging->changes != NULL);
    for (size_t i = 0; i < paging->known; i++) {
        paging->changes[i] = changes_of(life, &life->recount->tasks[i]);
    }
    list_page(paging, NULL);
}

/* --- now and then --- */

static void look(struct later *later)
{
    struct life *life = later->life;
    if (life->closing) {
        return;
    }
    if (recount_catch_up(life->recount)) {
        switch (life_draw(life, 0, 3)) {
        case 0: search(life); break;
        case 1: list(life); break;
        default:
            life_search_words(life, (uint64_t)life_draw(life, 0, (int64_t)life->wish_count));
            break;
        }
    }
    later_set(later, life, look, life_draw(life, HOUR_US, 9 * HOUR_US));
}

void life_begin_lists(struct life *life)
{
    later_set(&life->list, life, look, life_draw(life, 0, DAY_US / 2));
}

#define LAST_LOOKS 40

void life_list_at_the_end(struct life *life)
{
    size_t step = life->recount->case_count / LAST_LOOKS + 1;
    for (size_t i = 0; i < life->recount->case_count; i += step) {
        life_ask_same(life, &life->recount->cases[i], NULL);
    }
    for (uint64_t marker = 1; marker < life->wish_count; marker += step) {
        life_search_words(life, marker);
    }
}
