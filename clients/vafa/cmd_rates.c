/* vafa rates: what citizens say of each unit. */
#include "clients/vafa/list_text.h"
#include "clients/vafa/output.h"
#include "clients/vafa/session.h"
#include "clients/vafa/table.h"

#include "vafa/feedback/v1/feedback.pb-c.h"

#include <inttypes.h>
#include <string.h>

#define TOKEN_SIZE 256   /* a page's; it is a unit's key */
#define UNITS_MAX 100000 /* more is no city's */

static void add_rate(struct session *session, struct table *table, const Feedback__UnitRate *rate)
{
    table_cell(table, session_unit(session, rate->unit));
    table_cell_format(table, "%" PRIu64, rate->answers);
    table_cell_format(table, "%" PRIu64, rate->resolved);
    table_cell_format(table, "%" PRIu64, rate->partly);
    table_cell_format(table, "%" PRIu64, rate->unresolved);
    if (rate->answers > 0) {
        table_cell_format(table, "%.2f", rate->mean_score);
        table_cell_format(table, "%.1f %%", rate->satisfied_share * 100);
    } else {
        table_cell(table, "–");
        table_cell(table, "–");
    }
}

/* Every count is there, whether or not it is zero; a mean of nothing is null. */
static void print_rate_json(const Feedback__UnitRate *rate)
{
    json_t *scores = json_array();
    for (size_t i = 0; i < rate->n_scores; i++) {
        json_array_append_new(scores, output_count(rate->scores[i]));
    }
    bool heard = rate->answers > 0;
    json_t *json = json_pack(
        "{s:s, s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "unit", rate->unit, "answers",
        output_count(rate->answers), "resolved", output_count(rate->resolved), "partly",
        output_count(rate->partly), "unresolved", output_count(rate->unresolved), "scores", scores,
        "mean_score", heard ? output_real(rate->mean_score) : json_null(), "satisfied_share",
        heard ? output_real(rate->satisfied_share) : json_null());
    output_json(json);
    json_decref(json);
}

static struct table *rate_table(struct session *session)
{
    static const char *const heads[] = {"unit",       "answers", "resolved", "partly",
                                        "unresolved", "mean",    "satisfied"};
    struct table *table = table_new(7);
    for (size_t i = 0; i < 7; i++) {
        table_head(table, i, session_word(session, heads[i]));
        if (i > 0) {
            table_align_right(table, i);
        }
    }
    return table;
}

/* The token of the next page, which comes behind this one: whoever goes round goes on for ever. */
static enum status next_page(const Feedback__ListUnitRatesResponse *page, char token[TOKEN_SIZE],
                             struct error *err)
{
    const char *next = page->next_page_token;
    if (next[0] != '\0' && (strlen(next) >= TOKEN_SIZE || strcmp(next, token) <= 0)) {
        return error_set(err, STATUS_INTERNAL, "next_page_token",
                         "the server's next page is not behind this one");
    }
    strcpy(token, next);
    return STATUS_OK;
}

static bool is_rate(const Feedback__UnitRate *rate)
{
    return rate->answers == 0 || (rate->mean_score >= 0 && rate->mean_score <= 5 &&
                                  rate->satisfied_share >= 0 && rate->satisfied_share <= 1);
}

static enum status take_rates(struct session *session, struct table *table,
                              const Feedback__ListUnitRatesResponse *page, size_t *count,
                              struct error *err)
{
    *count += page->n_rates > 0 ? page->n_rates : 1; /* an empty page counts, too */
    for (size_t i = 0; i < page->n_rates || *count > UNITS_MAX; i++) {
        if (*count > UNITS_MAX || !is_rate(page->rates[i])) {
            return error_set(err, STATUS_INTERNAL, "rates",
                             "the server's answer is not a list of units' rates");
        }
        if (session->json) {
            print_rate_json(page->rates[i]);
        } else {
            add_rate(session, table, page->rates[i]);
        }
    }
    return STATUS_OK;
}

/* One page; the token of the next is copied to *token. */
static enum status rate_page(struct session *session, struct table *table, char token[TOKEN_SIZE],
                             size_t *count, struct error *err)
{
    Feedback__ListUnitRatesRequest request = FEEDBACK__LIST_UNIT_RATES_REQUEST__INIT;
    struct vafa_call call = {.service = &feedback__feedback__descriptor,
                             .method = "ListUnitRates",
                             .request = &request.base};
    request.page_token = token;
    enum status status = session_call(session, &call, err);
    if (status == STATUS_OK) {
        const Feedback__ListUnitRatesResponse *page =
            (const Feedback__ListUnitRatesResponse *)call.response;
        status = take_rates(session, table, page, count, err);
        if (status == STATUS_OK) {
            status = next_page(page, token, err);
        }
        session_end_in(session, session->timeout_ms); /* a page that came gives the next its time */
    }
    vafa_call_fini(&call);
    return status;
}

static int run_rates(struct session *session)
{
    struct error err = ERROR_NONE;
    char token[TOKEN_SIZE] = "";
    size_t count = 0;
    enum status status;
    struct table *table = session->json ? NULL : rate_table(session);
    do {
        status = rate_page(session, table, token, &count, &err);
    } while (status == STATUS_OK && token[0] != '\0');
    if (status == STATUS_OK && table != NULL) {
        list_text_print(session, table);
    }
    table_free(table);
    return status == STATUS_OK ? EXIT_DONE : output_error(&err);
}

const struct command command_rates = {
    .name = "rates",
    .arguments = "",
    .summary = "what citizens say of each unit",
    .help = "Answers, how many said it was resolved, mean score (1 to 5) and the share with 4 or "
            "5, unit by unit.\n"
            "With --json one object a line.",
    .examples = "vafa rates\nvafa rates --json",
    .role = RPC_ROLE_LEADERSHIP,
    .run = run_rates,
};
