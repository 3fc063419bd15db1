/* Feedback's methods: what is refused without the tables, what is read, and the list of them all.
 */
#include "services/feedback/feedback_internal.h"
#include "services/feedback/feedback_rules.h"
#include "services/feedback/feedback_tables.h"

#include "base/plant.h"
#include "text/utf8.h"

/* --- GetAnswers --- */

static enum status check_get_answers(const struct city *city, const struct rpc_caller *caller,
                                     const ProtobufCMessage *message, struct error *err)
{
    (void)city;
    (void)caller;
    const Feedback__GetAnswersRequest *request = (const Feedback__GetAnswersRequest *)message;
    if (request->case_number == 0) {
        return error_set(err, STATUS_INVALID_ARGUMENT, "case_number", "say which request");
    }
    return STATUS_OK;
}

static enum status read_get_answers(struct read *r, const ProtobufCMessage *message,
                                    ProtobufCMessage *reply)
{
    const Feedback__GetAnswersRequest *request = (const Feedback__GetAnswersRequest *)message;
    Feedback__GetAnswersResponse *response = (Feedback__GetAnswersResponse *)reply;
    Feedback__FeedbackAnswer **answers =
        arena_alloc(r->arena, FEEDBACK_ANSWERS_MAX * sizeof(*answers));
    if (answers == NULL) {
        return read_refuse(r, STATUS_RESOURCE_EXHAUSTED, NULL,
                           "the call needs more memory than a call may have");
    }
    response->n_answers =
        feedback_tables_answers(r->txn, request->case_number, r->arena, answers,
                                PLANTED("one_answer_told") ? 1 : FEEDBACK_ANSWERS_MAX);
    response->answers = answers;
    return STATUS_OK;
}

/* --- GetUnitRate --- */

/* In the arena; NULL when that is full. */
static Feedback__UnitRate *unit_rate(struct arena *arena, const char *unit,
                                     const struct feedback_tally *tally)
{
    Feedback__UnitRate *rate = arena_alloc(arena, sizeof(*rate));
    uint64_t *scores = arena_copy(arena, tally->scores, sizeof(tally->scores));
    char *name = arena_copy_text(arena, unit);
    if (rate == NULL || scores == NULL || name == NULL) {
        return NULL;
    }
    feedback__unit_rate__init(rate);
    rate->unit = name;
    rate->answers = tally->answers;
    rate->resolved = tally->resolved;
    rate->partly = tally->partly;
    rate->unresolved = tally->unresolved;
    rate->scores = scores;
    rate->n_scores = FEEDBACK_SCORE_MAX;
    rate->mean_score = feedback_rules_mean_score(tally);
    rate->satisfied_share = feedback_rules_satisfied_share(tally);
    return rate;
}

static enum status check_get_unit_rate(const struct city *city, const struct rpc_caller *caller,
                                       const ProtobufCMessage *message, struct error *err)
{
    (void)city;
    (void)caller;
    const Feedback__GetUnitRateRequest *request = (const Feedback__GetUnitRateRequest *)message;
    return text_check_key(request->unit, CITY_KEY_SIZE_MAX, "unit", err);
}

static enum status read_get_unit_rate(struct read *r, const ProtobufCMessage *message,
                                      ProtobufCMessage *reply)
{
    const Feedback__GetUnitRateRequest *request = (const Feedback__GetUnitRateRequest *)message;
    Feedback__GetUnitRateResponse *response = (Feedback__GetUnitRateResponse *)reply;
    struct feedback_tally tally;
    bool answered = feedback_tables_rate(r->txn, request->unit, r->arena, &tally);
    enum status status = txn_error(r->txn, r->error);
    if (status != STATUS_OK) {
        return status;
    }
    if (!answered && city_unit(r->city, request->unit) == NULL) {
        return read_refuse(r, STATUS_NOT_FOUND, "unit",
                           "there is no unit %s, and nobody has answered about one", request->unit);
    }
    response->rate = unit_rate(r->arena, request->unit, &tally);
    if (response->rate == NULL) {
        return read_refuse(r, STATUS_RESOURCE_EXHAUSTED, NULL,
                           "the call needs more memory than a call may have");
    }
    return STATUS_OK;
}

/* --- ListUnitRates --- */

static enum status check_list_unit_rates(const struct city *city, const struct rpc_caller *caller,
                                         const ProtobufCMessage *message, struct error *err)
{
    (void)city;
    (void)caller;
    const Feedback__ListUnitRatesRequest *request = (const Feedback__ListUnitRatesRequest *)message;
    if (request->page_size > FEEDBACK_PAGE_SIZE_MAX) {
        return error_set(err, STATUS_INVALID_ARGUMENT, "page_size", "a page has 1 to %d units",
                         FEEDBACK_PAGE_SIZE_MAX);
    }
    if (request->page_token[0] == '\0') {
        return STATUS_OK;
    }
    return text_check_key(request->page_token, CITY_KEY_SIZE_MAX, "page_token", err);
}

static enum status read_list_unit_rates(struct read *r, const ProtobufCMessage *message,
                                        ProtobufCMessage *reply)
{
    const Feedback__ListUnitRatesRequest *request = (const Feedback__ListUnitRatesRequest *)message;
    Feedback__ListUnitRatesResponse *response = (Feedback__ListUnitRatesResponse *)reply;
    size_t page = request->page_size != 0 ? request->page_size : FEEDBACK_PAGE_SIZE_DEFAULT;
    /* One more tells whether there is another page. */
    struct feedback_unit_tally *found = arena_alloc(r->arena, (page + 1) * sizeof(*found));
    Feedback__UnitRate **rates = arena_alloc(r->arena, page * sizeof(*rates));
    if (found == NULL || rates == NULL) {
        return read_refuse(r, STATUS_RESOURCE_EXHAUSTED, "page_size",
                           "such a page needs more memory than a call may have");
    }
    size_t count = feedback_tables_rates(r->txn, request->page_token, r->arena, found, page + 1);
    size_t shown = count < page ? count : page;
    for (size_t i = 0; i < shown; i++) {
        rates[i] = unit_rate(r->arena, found[i].unit, &found[i].tally);
        if (rates[i] == NULL) {
            return read_refuse(r, STATUS_RESOURCE_EXHAUSTED, "page_size",
                               "such a page needs more memory than a call may have");
        }
    }
    response->rates = rates;
    response->n_rates = shown;
    if (count > page) {
        response->next_page_token = rates[shown - 1]->unit;
    }
    return STATUS_OK;
}

/* --- all of them --- */

/* Counts and scores without a name: for whoever works here. */
#define ROLES_KNOWN                                                                                \
    (ROLE_BIT(RPC_ROLE_FRONT_END) | ROLE_BIT(RPC_ROLE_OFFICE) | ROLE_BIT(RPC_ROLE_SERVICE) |       \
     ROLE_BIT(RPC_ROLE_LEADERSHIP) | ROLE_BIT(RPC_ROLE_IMPORT) | ROLE_BIT(RPC_ROLE_ADMIN))

const struct service_method feedback_methods[] = {
    {
        .name = "GetAnswers",
        .kind = METHOD_READ,
        .roles = ROLES_KNOWN,
        .check = check_get_answers,
        .read = read_get_answers,
    },
    {
        .name = "GetUnitRate",
        .kind = METHOD_READ,
        .roles = ROLES_KNOWN,
        .check = check_get_unit_rate,
        .read = read_get_unit_rate,
    },
    {
        .name = "ListUnitRates",
        .kind = METHOD_READ,
        .roles = ROLES_KNOWN,
        .check = check_list_unit_rates,
        .read = read_list_unit_rates,
    },
};
