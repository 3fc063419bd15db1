/*
 * The phones of the hotline: somebody rings, is known or not, asks again about a request, has one
 * registered, wants only to know something, or says nothing; operators end the calls, and now and
 * then forget to.
 */
#include "tests/sim/life_internal.h"

struct conversation {
    struct later later;
    uint64_t call;
    char phone[16]; /* who calls; "" for nobody to be seen */
};

static void conversation_end(struct conversation *conversation)
{
    conversation->later.life->waiting--;
    free(conversation);
}

/* --- ending --- */

static void ended(struct errand *errand)
{
    struct life *life = errand->context;
    if (errand->error.status != STATUS_OK) {
        /* It was closed by itself meanwhile, or what should have been done in it was not. */
        life_refused(errand, errand->error.status == STATUS_FAILED_PRECONDITION);
        return;
    }
    const Intake__Call *call = ((const Intake__EndCallResponse *)errand->response)->call;
    if (call == NULL || call->number != errand->number || call->ended_at_us == 0) {
        invariant_broken(INVARIANT_CALLS, "call %" PRIu64 " was ended, and is told otherwise",
                         errand->number);
    }
    life_answered(life, errand);
}

static void end_call(struct life *life, uint64_t number, Intake__CallResult result)
{
    struct errand *errand = life_errand(life, life->front_end, "EndCall", ended, life);
    Intake__EndCallRequest *request = errand_request(errand, &intake__end_call_request__descriptor);
    request->call_number = number;
    request->result = result;
    if (result == INTAKE__CALL_RESULT__CALL_RESULT_REFERRED) {
        request->unit = TEXT("شرکت آب");
    }
    errand->number = number;
    errand_start(errand);
}

static void hang_up(struct later *later)
{
    struct conversation *conversation =
        (struct conversation *)((char *)later - offsetof(struct conversation, later));
    end_call(later->life, conversation->call, INTAKE__CALL_RESULT__CALL_RESULT_UNSPECIFIED);
    conversation_end(conversation);
}

static void later_hang_up(struct life *life, uint64_t call)
{
    struct conversation *conversation = calloc(1, sizeof *conversation);
    CHECK(conversation != NULL);
    conversation->call = call;
    life->waiting++;
    later_set(&conversation->later, life, hang_up, life_draw(life, MINUTE_US, 20 * MINUTE_US));
}

/* --- asking again --- */

static void chased(struct errand *errand)
{
    struct life *life = errand->context;
    if (errand->error.status != STATUS_OK) {
        life_refused(errand, errand->error.status == STATUS_FAILED_PRECONDITION);
        return;
    }
    const Intake__ChaseCaseRequest *request = (const Intake__ChaseCaseRequest *)errand->request;
    const struct recount_case *one =
        recount_catch_up(life->recount) ? recount_case_of_code(life->recount, request->code) : NULL;
    uint32_t chases = ((const Intake__ChaseCaseResponse *)errand->response)->chases;
    if (one != NULL && (chases == 0 || chases > one->chases)) {
        invariant_broken(INVARIANT_EXACTLY_ONCE,
                         "request %" PRIu64 " was chased for the %" PRIu32
                         ". time, and the log has %" PRIu32,
                         one->number, chases, one->chases);
    }
    if (life_chance(life, 300)) {
        life_ask_story(life, request->code, &errand->position);
    }
    life_answered(life, errand);
}

/* False: there is nothing to ask about yet. */
static bool chase(struct life *life, uint64_t call)
{
    const struct wish *wish = &life->wishes[life_draw(life, 0, (int64_t)life->wish_count)];
    if (!wish->answered) {
        return false;
    }
    struct errand *errand = life_errand(life, life->front_end, "ChaseCase", chased, life);
    Intake__ChaseCaseRequest *request =
        errand_request(errand, &intake__chase_case_request__descriptor);
    request->code = arena_copy_text(errand->arena, wish->code);
    request->call_number = call;
    request->note = TEXT(life_chance(life, 500) ? "هنوز کسی نیامده است" : "");
    errand_start(errand);
    return true;
}

/* --- the call --- */

static void talk(struct later *later)
{
    static const Intake__CallResult results[] = {
        INTAKE__CALL_RESULT__CALL_RESULT_INFORMED, INTAKE__CALL_RESULT__CALL_RESULT_INFORMED,
        INTAKE__CALL_RESULT__CALL_RESULT_WRONG_NUMBER, INTAKE__CALL_RESULT__CALL_RESULT_SILENT,
        INTAKE__CALL_RESULT__CALL_RESULT_REFERRED};
    struct conversation *conversation =
        (struct conversation *)((char *)later - offsetof(struct conversation, later));
    struct life *life = later->life;
    uint64_t call = conversation->call;
    char phone[sizeof conversation->phone];
    memcpy(phone, conversation->phone, sizeof phone);
    conversation_end(conversation);
    if (life_chance(life, 60)) {
        story_step("call %" PRIu64 " is forgotten", call);
    } else if (life_chance(life, 400) && chase(life, call)) {
        later_hang_up(life, call);
    } else if (life_chance(life, 500)) {
        life_register(life, call, phone);
        later_hang_up(life, call);
    } else {
        end_call(life, call, results[life_draw(life, 0, 5)]);
    }
}

static void check_card(struct life *life, const Intake__Card *card)
{
    if (!recount_catch_up(life->recount)) {
        return;
    }
    for (size_t i = 0; i < card->n_cases; i++) {
        const Intake__Case *shown = card->cases[i]->case_data;
        const struct recount_case *one = recount_case(life->recount, shown->number);
        if (one == NULL || strcmp(one->code, shown->code) != 0 || shown->chases > one->chases ||
            (i > 0 && shown->number >= card->cases[i - 1]->case_data->number)) {
            invariant_broken(INVARIANT_CALLS, "a card tells of request %" PRIu64 " otherwise",
                             shown->number);
        }
    }
}

static void opened(struct errand *errand)
{
    struct life *life = errand->context;
    if (errand->error.status != STATUS_OK) {
        life_refused(errand, false);
    }
    const Intake__OpenCallRequest *request = (const Intake__OpenCallRequest *)errand->request;
    const Intake__OpenCallResponse *response = (const Intake__OpenCallResponse *)errand->response;
    if (strcmp(response->phone, request->phone) != 0 ||
        (response->card != NULL && request->phone[0] == '\0')) {
        invariant_broken(INVARIANT_SEALED, "call %" PRIu64 " is somebody else's",
                         response->call_number);
    }
    if (response->card != NULL) {
        check_card(life, response->card);
    }
    struct conversation *conversation = calloc(1, sizeof *conversation);
    CHECK(conversation != NULL);
    conversation->call = response->call_number;
    (void)snprintf(conversation->phone, sizeof conversation->phone, "%s", response->phone);
    life->waiting++;
    if (response->call_number > life->last_call) {
        life->last_call = response->call_number;
    }
    later_set(&conversation->later, life, talk, life_draw(life, 20 * SECOND_US, 10 * MINUTE_US));
    life_answered(life, errand);
}

/* --- the head of the shift looks at the calls --- */

static void look_at_calls(struct life *life, uint64_t token, uint64_t last);

/* Every call is there, the newest first; one that is told as ended has ended. */
static void looked(struct errand *errand)
{
    struct life *life = errand->context;
    if (errand->error.status != STATUS_OK) {
        life_refused(errand, false);
    }
    const Intake__ListCallsRequest *request = (const Intake__ListCallsRequest *)errand->request;
    const Intake__ListCallsResponse *page = (const Intake__ListCallsResponse *)errand->response;
    bool goes_on = request->page_token != 0;
    uint64_t before = goes_on ? errand->number : 0; /* the last of the page before */
    bool knows = recount_catch_up(life->recount);
    if (!goes_on && errand->number > (page->n_calls > 0 ? page->calls[0]->number : 0)) {
        invariant_broken(INVARIANT_CALLS, "call %" PRIu64 " was opened, and is not listed",
                         errand->number);
    }
    for (size_t i = 0; i < page->n_calls; i++) {
        const Intake__Call *call = page->calls[i];
        if (before != 0 && call->number != before - 1) {
            invariant_broken(INVARIANT_CALLS, "call %" PRIu64 " is listed behind %" PRIu64,
                             call->number, before);
        }
        if (knows) {
            recount_check_listed(life->recount, call);
        }
        before = call->number;
    }
    if (page->next_page_token != 0) {
        look_at_calls(life, page->next_page_token, before);
    } else if (before > 1) {
        invariant_broken(INVARIANT_CALLS, "the list of calls ends at %" PRIu64, before);
    }
}

/* `last`: the newest call that was acknowledged by now; of a further page the last that was told. */
static void look_at_calls(struct life *life, uint64_t token, uint64_t last)
{
    struct errand *errand = life_errand(life, life->front_end, "ListCalls", looked, life);
    Intake__ListCallsRequest *request =
        errand_request(errand, &intake__list_calls_request__descriptor);
    request->page_size = (uint32_t)life_draw(life, 1, 20);
    request->page_token = token;
    errand->number = last;
    errand_start(errand);
}

static char *draw_phone(struct life *life, struct errand *errand)
{
    return life_chance(life, 750)
               ? arena_format(errand->arena, "+98913%07d", (int)life_draw(life, 0, 200))
               : TEXT("");
}

static void recorded(struct errand *errand)
{
    if (errand->error.status != STATUS_OK) {
        life_refused(errand, false);
    }
    life_answered(errand->context, errand);
}

static void give_up(struct life *life)
{
    struct errand *errand = life_errand(life, life->front_end, "RecordCall", recorded, life);
    Intake__RecordCallRequest *request =
        errand_request(errand, &intake__record_call_request__descriptor);
    request->phone = draw_phone(life, errand);
    request->channel = COMMON__CHANNEL__CHANNEL_PHONE;
    request->result = INTAKE__CALL_RESULT__CALL_RESULT_ABANDONED;
    errand_start(errand);
}

static void rings(struct later *later)
{
    struct life *life = later->life;
    if (life->closing) {
        return;
    }
    if (life_chance(life, 120)) {
        look_at_calls(life, 0, life->last_call);
    }
    life_read(life); /* whoever else is up */
    if (life_chance(life, 150)) {
        give_up(life);
    } else {
        struct errand *errand = life_errand(life, life->front_end, "OpenCall", opened, life);
        Intake__OpenCallRequest *request =
            errand_request(errand, &intake__open_call_request__descriptor);
        request->phone = draw_phone(life, errand);
        request->channel = COMMON__CHANNEL__CHANNEL_PHONE;
        errand_start(errand);
    }
    later_set(later, life, rings, life_draw(life, 20 * MINUTE_US, 6 * HOUR_US));
}

void life_begin_phones(struct life *life)
{
    later_set(&life->phone, life, rings, life_draw(life, HOUR_US, 3 * HOUR_US));
}
