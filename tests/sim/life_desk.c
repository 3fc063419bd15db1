/* The call-back desk: it asks for a call, looks up the number, calls, and records what came of it;
 * or forgets to, or is late. */
#include "tests/sim/life_internal.h"

#define THANKS "سپاسگزارم"

struct conversation {
    struct later later;
    struct desk *desk;
    uint64_t call;
    uint64_t case_number;
};

static void look(struct later *later);

/* --- the number to call --- */

static void revealed(struct errand *errand)
{
    struct desk *desk = errand->context;
    struct life *life = desk->life;
    if (!life_check_reveal(life, errand)) {
        return;
    }
    const Intake__RevealCaseResponse *response =
        (const Intake__RevealCaseResponse *)errand->response;
    const struct recount_case *one = recount_case(life->recount, errand->number);
    if (one != NULL && one->marker != 0) {
        const struct wish *wish = &life->wishes[one->marker];
        if (response->citizen == NULL || strcmp(response->citizen->phone, wish->phone) != 0 ||
            strcmp(response->words, wish->words) != 0) {
            invariant_broken(INVARIANT_SEALED, "request %" PRIu64 " is revealed otherwise",
                             errand->number);
        }
    }
    life_answered(life, errand);
}

static void reveal(struct desk *desk, const Followup__Call *call)
{
    struct errand *errand =
        life_errand(desk->life, desk->life->front_end, "RevealCase", revealed, desk);
    Intake__RevealCaseRequest *request =
        errand_request(errand, &intake__reveal_case_request__descriptor);
    request->code = arena_copy_text(errand->arena, call->code);
    request->purpose = TEXT("call-back");
    errand->number = call->case_number;
    errand->may_fade = true;
    errand_start(errand);
}

/* --- what they said, read again --- */

static void words_revealed(struct errand *errand)
{
    struct life *life = errand->context;
    const struct recount_case *one = recount_case(life->recount, errand->number);
    bool may_be_forgotten =
        one != NULL && one->marker != 0 && life->wishes[one->marker].may_be_forgotten;
    if (errand->error.status != STATUS_OK) {
        life_refused(errand, errand->error.status == STATUS_NOT_FOUND && may_be_forgotten);
        return;
    }
    const Followup__RevealCallResponse *response =
        (const Followup__RevealCallResponse *)errand->response;
    if (strcmp(response->words, "") != 0 && strcmp(response->words, THANKS) != 0) {
        invariant_broken(INVARIANT_SEALED, "a call about request %" PRIu64 " is revealed otherwise",
                         errand->number);
    }
    life_answered(life, errand);
}

static void reveal_words(struct desk *desk, const Followup__Call *call)
{
    struct errand *errand =
        life_errand(desk->life, desk->caller, "RevealCall", words_revealed, desk->life);
    Followup__RevealCallRequest *request =
        errand_request(errand, &followup__reveal_call_request__descriptor);
    request->call_number = call->number;
    request->purpose = TEXT("complaint");
    errand->number = call->case_number;
    errand->may_fade = true;
    errand_start(errand);
}

/* --- what came of it --- */

static void recorded(struct errand *errand)
{
    struct desk *desk = errand->context;
    struct life *life = desk->life;
    if (errand->error.status != STATUS_OK) {
        /* Too late: the call has gone to another. */
        life_refused(errand, errand->error.status == STATUS_FAILED_PRECONDITION);
        return;
    }
    const Followup__RecordCallResponse *response =
        (const Followup__RecordCallResponse *)errand->response;
    if (response->call == NULL) {
        invariant_broken(INVARIANT_SAME_ANSWER, "call %" PRIu64 " is recorded, and none is told of",
                         errand->number);
    }
    life->heard += response->call->state == FOLLOWUP__CALL_STATE__CALL_STATE_ANSWERED;
    if (life_chance(life, 200)) {
        life_ask_report(life, &errand->position);
    }
    if (life_chance(life, 200)) {
        life_ask_story(life, response->call->code, &errand->position);
    }
    if (response->call->state == FOLLOWUP__CALL_STATE__CALL_STATE_ANSWERED &&
        life_chance(life, 150)) {
        reveal_words(desk, response->call);
    }
    life_answered(life, errand);
}

static Followup__CallOutcome draw_outcome(struct life *life)
{
    static const Followup__CallOutcome outcomes[] = {
        FOLLOWUP__CALL_OUTCOME__CALL_OUTCOME_NO_ANSWER, FOLLOWUP__CALL_OUTCOME__CALL_OUTCOME_BUSY,
        FOLLOWUP__CALL_OUTCOME__CALL_OUTCOME_NO_ANSWER,
        FOLLOWUP__CALL_OUTCOME__CALL_OUTCOME_WRONG_NUMBER,
        FOLLOWUP__CALL_OUTCOME__CALL_OUTCOME_REFUSED};
    return life_chance(life, 650) ? FOLLOWUP__CALL_OUTCOME__CALL_OUTCOME_ANSWERED
                                  : outcomes[life_draw(life, 0, 5)];
}

static void hang_up(struct later *later)
{
    struct conversation *conversation =
        (struct conversation *)((char *)later - offsetof(struct conversation, later));
    struct desk *desk = conversation->desk;
    struct life *life = desk->life;
    life->waiting--;
    struct errand *errand = life_errand(life, desk->caller, "RecordCall", recorded, desk);
    Followup__RecordCallRequest *request =
        errand_request(errand, &followup__record_call_request__descriptor);
    request->call_number = conversation->call;
    request->operator_name = desk->name;
    request->outcome = draw_outcome(life);
    if (request->outcome == FOLLOWUP__CALL_OUTCOME__CALL_OUTCOME_ANSWERED) {
        request->answer = arena_alloc(errand->arena, sizeof *request->answer);
        followup__answer__init(request->answer);
        request->answer->resolution = (Followup__Resolution)life_draw(life, 1, 4);
        request->answer->score = (uint32_t)life_draw(life, 1, 6);
        request->answer->words = TEXT(life_chance(life, 500) ? THANKS : "");
    }
    story_step("%s records call %" PRIu64, desk->name, conversation->call);
    free(conversation);
    errand_start(errand);
}

/* --- the next call --- */

static void call_citizen(struct desk *desk, const Followup__Call *call)
{
    struct life *life = desk->life;
    if (life_chance(life, 500)) {
        reveal(desk, call);
    }
    if (life_chance(life, 60)) {
        story_step("%s forgets call %" PRIu64, desk->name, call->number);
        return;
    }
    struct conversation *conversation = calloc(1, sizeof *conversation);
    CHECK(conversation != NULL);
    conversation->desk = desk;
    conversation->call = call->number;
    conversation->case_number = call->case_number;
    life->waiting++;
    int64_t span_us = life_chance(life, 900) ? 12 * MINUTE_US : 40 * MINUTE_US;
    later_set(&conversation->later, life, hang_up, life_draw(life, 10 * SECOND_US, span_us));
}

static void given(struct errand *errand)
{
    struct desk *desk = errand->context;
    struct life *life = desk->life;
    desk->asking = false;
    if (errand->error.status != STATUS_OK) {
        life_refused(errand, false);
    }
    const Followup__NextCallResponse *response =
        (const Followup__NextCallResponse *)errand->response;
    int64_t delay_us = life_draw(life, 30 * MINUTE_US, 4 * HOUR_US);
    if (response->call != NULL) {
        call_citizen(desk, response->call);
        delay_us = life_draw(life, MINUTE_US, 20 * MINUTE_US);
    }
    if (!life->closing) {
        later_set(&desk->look, life, look, delay_us);
    }
    life_answered(life, errand);
}

static void look(struct later *later)
{
    struct desk *desk = (struct desk *)((char *)later - offsetof(struct desk, look));
    if (desk->life->closing) {
        return;
    }
    struct errand *errand = life_errand(desk->life, desk->caller, "NextCall", given, desk);
    Followup__NextCallRequest *request =
        errand_request(errand, &followup__next_call_request__descriptor);
    request->operator_name = desk->name;
    desk->asking = true;
    errand_start(errand);
}

void desk_begin(struct desk *desk, struct life *life, unsigned number)
{
    desk->life = life;
    (void)snprintf(desk->name, sizeof desk->name, "desk %u", number + 1);
    desk->caller = world_caller_new(life->world, COMMON__SERVICE_ID__SERVICE_ID_FOLLOWUP,
                                    RPC_ROLE_FRONT_END, desk->name, "");
    later_set(&desk->look, life, look, life_draw(life, HOUR_US, 3 * HOUR_US));
}
