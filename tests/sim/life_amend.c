/*
 * What citizens do about requests they have made: they correct them, add to them, take them back, and
 * look them up by code and phone; and somebody guesses digits.
 */
#include "tests/sim/life_internal.h"

/* Taken back, or finished, meanwhile. */
static void answered_or_refused(struct errand *errand)
{
    struct life *life = errand->context;
    if (errand->error.status != STATUS_OK) {
        life_refused(errand, errand->error.status == STATUS_FAILED_PRECONDITION);
        return;
    }
    life_answered(life, errand);
}

static void amend(struct life *life, const struct wish *wish)
{
    struct errand *errand =
        life_errand(life, life->front_end, "AmendCase", answered_or_refused, life);
    Intake__AmendCaseRequest *request =
        errand_request(errand, &intake__amend_case_request__descriptor);
    request->code = arena_copy_text(errand->arena, wish->code);
    request->topic = TEXT(life_draw_topic(life));
    request->n_answers =
        life_answer_questions(errand, request->topic, wish->number, &request->answers);
    if (life_chance(life, 200)) {
        request->urgency = COMMON__URGENCY__URGENCY_URGENT;
    }
    request->reason = TEXT("اشتباه در ثبت");
    errand_start(errand);
}

/* Mostly of late: what is still worked on, and may be shared with others. */
static void withdraw(struct life *life, const struct wish *any)
{
    const struct wish *recent = life_chance(life, 700) ? life_recent_wish(life) : NULL;
    const struct wish *wish = recent != NULL ? recent : any;
    struct errand *errand =
        life_errand(life, life->front_end, "WithdrawCase", answered_or_refused, life);
    Intake__WithdrawCaseRequest *request =
        errand_request(errand, &intake__withdraw_case_request__descriptor);
    request->code = arena_copy_text(errand->arena, wish->code);
    request->reason = TEXT("خودش برطرف شد");
    errand_start(errand);
}

static void add_words(struct life *life, const struct wish *wish)
{
    struct errand *errand =
        life_errand(life, life->front_end, "AddWords", answered_or_refused, life);
    Intake__AddWordsRequest *request =
        errand_request(errand, &intake__add_words_request__descriptor);
    request->code = arena_copy_text(errand->arena, wish->code);
    request->words = TEXT("بدتر شده است");
    errand_start(errand);
}

static void look_up(struct life *life, uint64_t marker, unsigned guesses_of_a_thousand);

static void looked_up(struct errand *errand)
{
    struct life *life = errand->context;
    if (errand->error.status != STATUS_OK) {
        life_refused(errand, false);
    }
    const Intake__LookUpCaseResponse *response =
        (const Intake__LookUpCaseResponse *)errand->response;
    const struct wish *wish = &life->wishes[errand->number];
    const Intake__LookUpCaseRequest *request = (const Intake__LookUpCaseRequest *)errand->request;
    if (wish->may_be_forgotten && !response->found) {
        life_answered(life, errand);
        return; /* the forgotten have no digits */
    }
    bool is_right =
        wish->personal && strcmp(wish->phone + strlen(wish->phone) - strlen(request->phone_digits),
                                 request->phone_digits) == 0;
    if (response->found != is_right || (response->case_data != NULL) != is_right ||
        (is_right && response->case_data->number != wish->number)) {
        invariant_broken(INVARIANT_SEALED, "r%" PRIu64 " is shown to whoever has %s digits",
                         errand->number, is_right ? "its" : "other");
    }
    if (wish->personal && !is_right && !life->closing) {
        look_up(life, errand->number, 200); /* now with the right ones */
    }
    life_answered(life, errand);
}

static void look_up(struct life *life, uint64_t marker, unsigned guesses_of_a_thousand)
{
    const struct wish *wish = &life->wishes[marker];
    struct errand *errand = life_errand(life, life->front_end, "LookUpCase", looked_up, life);
    Intake__LookUpCaseRequest *request =
        errand_request(errand, &intake__look_up_case_request__descriptor);
    bool guesses = !wish->personal || life_chance(life, guesses_of_a_thousand);
    errand->number = marker;
    request->code = arena_copy_text(errand->arena, wish->code);
    size_t digits = marker % 3 == 0 ? 8 : 4;
    request->phone_digits =
        guesses ? TEXT("9999")
                : arena_copy_text(errand->arena, wish->phone + strlen(wish->phone) - digits);
    errand_start(errand);
}

/* The last that was told to be another body's; NULL: none. */
static const struct wish *referred_wish(const struct life *life)
{
    size_t at = life->wish_count;
    while (at > 0 && !(life->wishes[at - 1].answered && life->wishes[at - 1].referred)) {
        at--;
    }
    return at == 0 ? NULL : &life->wishes[at - 1];
}

static void think_again(struct later *later)
{
    struct life *life = later->life;
    if (life->closing) {
        return;
    }
    uint64_t marker = (uint64_t)life_draw(life, 0, (int64_t)life->wish_count);
    const struct wish *wish = &life->wishes[marker];
    const struct wish *referred = life_chance(life, 80) ? referred_wish(life) : NULL;
    if (referred != NULL) { /* by mistake, it may be */
        amend(life, referred);
    } else if (wish->answered) {
        switch (life_draw(life, 0, 8)) {
        case 0:
        case 1: amend(life, wish); break;
        case 2: withdraw(life, wish); break;
        case 3:
        case 4:
        case 5: add_words(life, wish); break;
        default: look_up(life, marker, 300); break;
        }
    }
    later_set(later, life, think_again, life_draw(life, 20 * MINUTE_US, 6 * HOUR_US));
}

void life_begin_second_thoughts(struct life *life)
{
    later_set(&life->thoughts, life, think_again, life_draw(life, HOUR_US, 6 * HOUR_US));
}
