/* vafa case suggest: which topics a citizen's words may be about. */
#include "clients/vafa/labels.h"
#include "clients/vafa/output.h"
#include "clients/vafa/session.h"
#include "clients/vafa/table.h"

#include "vafa/intake/v1/intake.pb-c.h"

#include <string.h>

static void print_answer(struct session *session, const Intake__SuggestTopicsResponse *response)
{
    const char *language = session_language(session);
    bool persian = strcmp(language, "fa") == 0;
    if (response->n_suggestions == 0) {
        puts(label_word("no_suggestion", language));
        return;
    }
    struct table *table = table_new(3);
    table_head(table, 0, label_word("topic", language));
    table_head(table, 1, label_word("name", language));
    table_head(table, 2, label_word("confidence", language));
    table_align_right(table, 2);
    for (size_t i = 0; i < response->n_suggestions; i++) {
        const Intake__TopicSuggestion *suggestion = response->suggestions[i];
        table_cell(table, suggestion->topic);
        table_cell(table, persian ? suggestion->name_fa : suggestion->name_en);
        table_cell_format(table, "%.0f %%", suggestion->confidence * 100);
    }
    table_print(table, stdout);
    table_free(table);
}

static int run_suggest(struct session *session)
{
    struct error err = ERROR_NONE;
    Intake__SuggestTopicsRequest request = INTAKE__SUGGEST_TOPICS_REQUEST__INIT;
    request.words = session->args.arguments[0];
    struct vafa_call call = {.to = COMMON__SERVICE_ID__SERVICE_ID_INTAKE,
                             .service = &intake__intake__descriptor,
                             .method = "SuggestTopics",
                             .request = &request.base};
    enum status status = session_call(session, &call, &err);
    if (status == STATUS_OK && session->json) {
        output_message(call.response);
    } else if (status == STATUS_OK) {
        print_answer(session, (const Intake__SuggestTopicsResponse *)call.response);
    }
    vafa_call_fini(&call);
    return status == STATUS_OK ? EXIT_DONE : output_error(&err);
}

const struct command command_suggest = {
    .name = "case suggest",
    .arguments = "WORDS",
    .arguments_min = 1,
    .arguments_max = 1,
    .summary = "which topics a citizen's words may be about",
    .help = "Suggests up to three topics of the city pack, the likeliest first, or none when it is "
            "not sure enough.\n"
            "It goes by the pack's words (words.csv) and by what was learned from registered "
            "requests. Nothing of "
            "WORDS is kept.\n"
            "`vafa intake evaluate` measures how good the suggestions are.",
    .examples = "vafa case suggest 'چراغ کوچه ما سوخته'\n"
                "vafa case suggest 'سطل زباله شکسته' --json",
    .role = RPC_ROLE_FRONT_END,
    .run = run_suggest,
};
