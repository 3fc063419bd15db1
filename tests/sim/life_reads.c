/*
 * Those who only look: the call-back desk at a call, operators at one of the phones and at what citizens answered, managers at their
 * sessions, the registrar at who looked at a citizen's data, and at the lists of life_reads_lists.c and life_reads_pack.c. What
 * they are told lies between how things stood when they asked and how they stand now.
 */
#include "tests/sim/life_internal.h"

/* What was asked about, as it stood then. */
struct asked {
    struct life *life;
    uint64_t number;
    size_t known;
    struct recount_call call;
    struct recount_ring ring;
    struct recount_session session;
};

/* It lives as long as the errand. */
static struct errand *ask(const struct asked *asked, struct world_caller *caller,
                          const char *method, void (*done)(struct errand *errand))
{
    struct errand *errand = life_errand(asked->life, caller, method, done, NULL);
    errand->context = arena_copy(errand->arena, asked, sizeof *asked);
    return errand;
}

/* NULL: the logs cannot be read just now. */
static const struct asked *answer_to(const struct errand *errand)
{
    const struct asked *asked = errand->context;
    life_refused(errand, errand->error.status == STATUS_OK);
    return recount_catch_up(asked->life->recount) ? asked : NULL;
}

/* From 1; 0: there is none. */
static uint64_t draw_number(struct life *life, size_t count)
{
    return count == 0 ? 0 : (uint64_t)life_draw(life, 1, (int64_t)count + 1);
}

/* --- who looked --- */

static void looks_told(struct errand *errand)
{
    const struct asked *asked = answer_to(errand);
    if (asked != NULL) {
        recount_check_looks(asked->life->recount, asked->number, asked->known, asked->life->quiet,
                            (const Intake__ListLooksResponse *)errand->response);
    }
}

/* Those whom somebody looked at are the more interesting. */
static uint64_t draw_looked_at(struct life *life)
{
    const struct recount *recount = life->recount;
    uint64_t look = draw_number(life, recount->look_count);
    return look != 0 && life_chance(life, 800) ? recount->looks[look - 1].case_number
                                               : draw_number(life, recount->case_count);
}

static void ask_looks(struct life *life)
{
    struct asked asked = {
        .life = life, .number = draw_looked_at(life), .known = life->recount->look_count};
    if (asked.number == 0) {
        return;
    }
    struct errand *errand = ask(&asked, life->admin, "ListLooks", looks_told);
    Intake__ListLooksRequest *request =
        errand_request(errand, &intake__list_looks_request__descriptor);
    request->code = arena_copy_text(errand->arena, recount_case(life->recount, asked.number)->code);
    errand_start(errand);
}

/* --- a call back --- */

static bool is_same_call(const struct recount_call *one, const struct recount_call *other)
{
    return one->state == other->state && one->attempts == other->attempts &&
           one->due_at_us == other->due_at_us && one->lease_until_us == other->lease_until_us &&
           strcmp(one->holder, other->holder) == 0;
}

static bool is_as_counted(const struct recount_call *call, const Followup__Call *told)
{
    bool is_held = call->state == FOLLOWUP__CALL_STATE__CALL_STATE_CLAIMED;
    return told->state == call->state && told->attempts == call->attempts &&
           told->due_at_us == call->due_at_us && told->resolution == call->resolution &&
           told->lease_until_us == (is_held ? call->lease_until_us : 0) &&
           (!is_held || strcmp(told->operator_name, call->holder) == 0);
}

/* What never changes of it; and all of it, when nothing has changed. */
void life_check_call(struct life *life, const struct recount_call *then, const Followup__Call *told)
{
    const struct recount_call *call = recount_call(life->recount, told->number);
    if (call == NULL || call->task != told->task_number || call->finish != told->finish ||
        call->citizen != told->citizen || call->case_number != told->case_number ||
        strcmp(recount_case(life->recount, call->case_number)->code, told->code) != 0) {
        invariant_broken(INVARIANT_ONE_CHAIN, "call %" PRIu64 " is told as of another finish",
                         told->number);
    }
    if (then != NULL && is_same_call(call, then) && !is_as_counted(call, told)) {
        invariant_broken(INVARIANT_ONE_CHAIN, "call %" PRIu64 " is told otherwise than it went",
                         told->number);
    }
}

static void call_told(struct errand *errand)
{
    const struct asked *asked = answer_to(errand);
    if (asked == NULL) {
        return;
    }
    const Followup__Call *told = ((const Followup__GetCallResponse *)errand->response)->call;
    if (told == NULL || told->number != asked->number) {
        invariant_broken(INVARIANT_ONE_CHAIN, "another call is told than %" PRIu64, asked->number);
    }
    life_check_call(asked->life, &asked->call, told);
}

static void ask_call(struct life *life)
{
    struct asked asked = {.life = life, .number = draw_number(life, life->recount->call_count)};
    if (asked.number == 0) {
        return;
    }
    asked.call = *recount_call(life->recount, asked.number);
    struct errand *errand = ask(&asked, life->desks[0].caller, "GetCall", call_told);
    Followup__GetCallRequest *request =
        errand_request(errand, &followup__get_call_request__descriptor);
    request->call_number = asked.number;
    errand_start(errand);
}

/* --- a call to the hotline --- */

static void ring_told(struct errand *errand)
{
    const struct asked *asked = answer_to(errand);
    if (asked == NULL) {
        return;
    }
    const Intake__Call *told = ((const Intake__GetCallResponse *)errand->response)->call;
    const struct recount_ring *now = &asked->life->recount->rings[asked->number - 1];
    const struct recount_ring *then = &asked->ring;
    if (told == NULL || told->number != asked->number ||
        (then->has_ended && told->ended_at_us == 0) ||
        told->n_registered_codes < then->registered || told->n_chased_codes < then->chased ||
        told->n_registered_codes > now->registered || told->n_chased_codes > now->chased) {
        invariant_broken(INVARIANT_CALLS, "call %" PRIu64 " is told otherwise than it went",
                         asked->number);
    }
    recount_check_listed(asked->life->recount, told);
}

static void ask_ring(struct life *life)
{
    struct asked asked = {.life = life, .number = draw_number(life, life->recount->ring_count)};
    if (asked.number == 0) {
        return;
    }
    asked.ring = life->recount->rings[asked.number - 1];
    struct errand *errand = ask(&asked, life->front_end, "GetCall", ring_told);
    Intake__GetCallRequest *request = errand_request(errand, &intake__get_call_request__descriptor);
    request->call_number = asked.number;
    errand_start(errand);
}

/* --- sessions --- */

void life_check_session(struct life *life, const struct recount_session *then,
                        const Followup__Session *told)
{
    const struct recount_session *now = recount_session(life->recount, told->number);
    bool is_open = told->state == FOLLOWUP__SESSION_STATE__SESSION_STATE_OPEN;
    if (now == NULL || strcmp(now->unit, told->unit) != 0 || is_open != (told->closed_at_us == 0) ||
        (is_open ? then != NULL && then->has_ended : !now->has_ended) ||
        told->ends_at_us > now->ends_us || (then != NULL && told->ends_at_us < then->ends_us)) {
        invariant_broken(INVARIANT_SESSIONS, "session %" PRIu64 " is told otherwise than it went",
                         told->number);
    }
}

static void session_told(struct errand *errand)
{
    const struct asked *asked = answer_to(errand);
    if (asked == NULL) {
        return;
    }
    const Followup__Session *told =
        ((const Followup__GetSessionResponse *)errand->response)->session;
    if (told == NULL || told->number != asked->number || told->n_units == 0 ||
        strcmp(told->units[0], told->unit) != 0) {
        invariant_broken(INVARIANT_SESSIONS, "session %" PRIu64 " is told as another's",
                         asked->number);
    }
    life_check_session(asked->life, &asked->session, told);
}

static void ask_session(struct life *life)
{
    struct asked asked = {.life = life, .number = draw_number(life, life->recount->session_count)};
    if (asked.number == 0) {
        return;
    }
    asked.session = *recount_session(life->recount, asked.number);
    struct errand *errand = ask(&asked, life->desks[0].caller, "GetSession", session_told);
    Followup__GetSessionRequest *request =
        errand_request(errand, &followup__get_session_request__descriptor);
    request->session_number = asked.number;
    errand_start(errand);
}

/* --- what citizens answered --- */

/* The answers about the request that feedback has counted: the first so many of them are told. */
static void check_answers(const struct asked *asked, const Feedback__GetAnswersResponse *told)
{
    const struct recount_case *one = recount_case(asked->life->recount, asked->number);
    size_t counted = 0;
    for (size_t i = 0; i < one->event_count; i++) {
        const struct recount_event *event = &one->events[i];
        if (event->service != COMMON__SERVICE_ID__SERVICE_ID_FEEDBACK) {
            continue;
        }
        if (counted < told->n_answers) {
            const Feedback__FeedbackAnswer *answer = told->answers[counted];
            const struct recount_call *call =
                recount_call(asked->life->recount, answer->call_number);
            if (answer->score != event->score || answer->answered_at_us != event->at_us ||
                (uint32_t)answer->resolution != event->resolution ||
                strcmp(answer->unit, event->unit) != 0 || strcmp(answer->code, one->code) != 0 ||
                call == NULL || call->case_number != one->number) {
                invariant_broken(INVARIANT_ONE_CHAIN,
                                 "answer %zu about request %" PRIu64 " is told otherwise",
                                 counted + 1, one->number);
            }
        }
        counted++;
    }
    if (told->n_answers < asked->known || told->n_answers > counted) {
        invariant_broken(INVARIANT_ONE_CHAIN,
                         "%zu answers about request %" PRIu64 " are told, and there are %zu",
                         told->n_answers, one->number, counted);
    }
}

static void answers_told(struct errand *errand)
{
    const struct asked *asked = answer_to(errand);
    if (asked != NULL) {
        check_answers(asked, (const Feedback__GetAnswersResponse *)errand->response);
    }
}

static size_t count_answers(const struct recount_case *one)
{
    size_t count = 0;
    for (size_t i = 0; i < one->event_count; i++) {
        count += one->events[i].service == COMMON__SERVICE_ID__SERVICE_ID_FEEDBACK;
    }
    return count;
}

static void ask_answers(struct life *life)
{
    const struct recount *recount = life->recount;
    uint64_t call = draw_number(life, recount->call_count);
    if (call == 0) {
        return;
    }
    struct asked asked = {.life = life, .number = recount->calls[call - 1].case_number};
    asked.known = count_answers(&recount->cases[asked.number - 1]);
    struct errand *errand = ask(&asked, life->rater, "GetAnswers", answers_told);
    Feedback__GetAnswersRequest *request =
        errand_request(errand, &feedback__get_answers_request__descriptor);
    request->case_number = asked.number;
    errand_start(errand);
}

/* --- now and then --- */

static void (*const reads[])(struct life *life) = {
    ask_looks,          ask_call,          ask_ring,         ask_session,     ask_answers,
    life_ask_health,    life_ask_keys,     life_ask_citizen, life_list_phone, life_list_calls,
    life_list_sessions, life_list_offices, life_ask_file,    life_ask_topics, life_ask_suggestion,
    life_ask_route};
#define READS (sizeof reads / sizeof reads[0])

void life_read(struct life *life)
{
    if (recount_catch_up(life->recount)) {
        reads[life_draw(life, 0, READS)](life);
    }
}

#define LAST_READS 6 /* of each kind */

void life_read_at_the_end(struct life *life)
{
    for (size_t i = 0; i < READS; i++) {
        for (size_t j = 0; j < LAST_READS; j++) {
            reads[i](life);
        }
    }
}
