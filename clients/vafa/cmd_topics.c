/* vafa topics: what people may call about, and what each topic asks, as the server tells it. */
#include "clients/vafa/details.h"
#include "clients/vafa/labels.h"
#include "clients/vafa/list_text.h"
#include "clients/vafa/output.h"
#include "clients/vafa/session.h"
#include "clients/vafa/table.h"

#include "vafa/intake/v1/intake.pb-c.h"

#include <string.h>

static const char *name_in(struct session *session, const char *name_fa, const char *name_en)
{
    return strcmp(session_language(session), "fa") == 0 ? name_fa : name_en;
}

static const char *yes(struct session *session, bool is_so)
{
    return is_so ? session_word(session, "yes") : "";
}

/* --- one topic --- */

static void print_choices(struct session *session, const Intake__Question *question,
                          struct buffer *out)
{
    for (size_t i = 0; i < question->n_choices; i++) {
        const Intake__Choice *choice = question->choices[i];
        buffer_append_format(out, "%s%s%s (%s)", i > 0 ? session_word(session, ",") : "",
                             i > 0 ? " " : "", name_in(session, choice->name_fa, choice->name_en),
                             choice->key);
    }
}

static void print_questions(struct session *session, const Intake__Topic *topic)
{
    static const char *const heads[] = {"key", "question", "kind", "required", "choices"};
    struct table *table = table_new(5);
    for (size_t i = 0; i < 5; i++) {
        table_head(table, i, session_word(session, heads[i]));
    }
    for (size_t i = 0; i < topic->n_questions; i++) {
        const Intake__Question *question = topic->questions[i];
        struct buffer choices = BUFFER_EMPTY;
        print_choices(session, question, &choices);
        table_cell(table, question->key);
        table_cell(table, name_in(session, question->name_fa, question->name_en));
        table_cell(table, label_enum(&intake__question_kind__descriptor, (int)question->kind,
                                     session_language(session)));
        table_cell(table, yes(session, question->required));
        table_cell(table, buffer_text(&choices));
        buffer_fini(&choices);
    }
    table_print(table, stdout);
    table_free(table);
}

static void print_topic(struct session *session, const Intake__Topic *topic)
{
    struct table *table = table_new(2);
    details_text(session, table, "key", topic->key);
    details_text(session, table, "topic", name_in(session, topic->name_fa, topic->name_en));
    details_text(session, table, "group", topic->group);
    details_text(session, table, "urgent", yes(session, topic->urgent));
    details_text(session, table, "emergency_phone", topic->emergency_phone);
    if (topic->referral != NULL) {
        details_text(session, table, "outside",
                     name_in(session, topic->referral->name_fa, topic->referral->name_en));
        details_text(session, table, "phone", topic->referral->phone);
    }
    table_print(table, stdout);
    table_free(table);
    if (topic->n_questions > 0) {
        putchar('\n');
        print_questions(session, topic);
    }
}

static int show_topic(struct session *session, char *key)
{
    struct error err = ERROR_NONE;
    Intake__GetTopicRequest request = INTAKE__GET_TOPIC_REQUEST__INIT;
    request.topic = key;
    struct vafa_call call = {
        .service = &intake__intake__descriptor, .method = "GetTopic", .request = &request.base};
    enum status status = session_call(session, &call, &err);
    if (status == STATUS_OK) {
        const Intake__Topic *topic = ((const Intake__GetTopicResponse *)call.response)->topic;
        if (topic == NULL) {
            status = session_lacks("topic", &err);
        } else if (session->json) {
            output_message(&topic->base);
        } else {
            print_topic(session, topic);
        }
    }
    vafa_call_fini(&call);
    return status == STATUS_OK ? EXIT_DONE : output_error(&err);
}

/* --- all topics --- */

static void add_row(struct session *session, struct table *table, const Intake__Topic *topic)
{
    table_cell(table, topic->key);
    table_cell(table, name_in(session, topic->name_fa, topic->name_en));
    table_cell(table, topic->group);
    table_cell(table, yes(session, topic->urgent));
    if (topic->n_questions > 0) {
        table_cell_format(table, "%zu", topic->n_questions);
    } else {
        table_cell(table, "");
    }
    table_cell(table, topic->referral == NULL
                          ? ""
                          : name_in(session, topic->referral->name_fa, topic->referral->name_en));
    table_cell(table, topic->emergency_phone);
}

/* One page; *token is that of the next, 0 behind the last. */
static enum status take_page(struct session *session, struct table *table, uint64_t *token,
                             struct error *err)
{
    Intake__ListTopicsRequest request = INTAKE__LIST_TOPICS_REQUEST__INIT;
    request.page_token = *token;
    struct vafa_call call = {
        .service = &intake__intake__descriptor, .method = "ListTopics", .request = &request.base};
    enum status status = session_call(session, &call, err);
    if (status == STATUS_OK) {
        const Intake__ListTopicsResponse *response =
            (const Intake__ListTopicsResponse *)call.response;
        for (size_t i = 0; i < response->n_topics; i++) {
            if (session->json) {
                output_message(&response->topics[i]->base);
            } else {
                add_row(session, table, response->topics[i]);
            }
        }
        /* A page leads on, or the server is not to be believed. */
        *token = response->next_page_token > *token ? response->next_page_token : 0;
    }
    vafa_call_fini(&call);
    return status;
}

static int list_topics(struct session *session)
{
    static const char *const heads[] = {"key",       "topic",   "group",          "urgent",
                                        "questions", "outside", "emergency_phone"};
    struct error err = ERROR_NONE;
    struct table *table = table_new(sizeof(heads) / sizeof(heads[0]));
    for (size_t i = 0; i < sizeof(heads) / sizeof(heads[0]); i++) {
        table_head(table, i, session_word(session, heads[i]));
    }
    uint64_t token = 0;
    enum status status;
    do {
        status = take_page(session, table, &token, &err);
    } while (status == STATUS_OK && token != 0);
    if (status == STATUS_OK && !session->json) {
        list_text_print(session, table);
    }
    table_free(table);
    return status == STATUS_OK ? EXIT_DONE : output_error(&err);
}

static int run_topics(struct session *session)
{
    return session->args.argument_count > 0 ? show_topic(session, session->args.arguments[0])
                                            : list_topics(session);
}

const struct command command_topics = {
    .name = "topics",
    .arguments = "[TOPIC]",
    .arguments_min = 0,
    .arguments_max = 1,
    .summary = "the topics of the server's city, or what one asks",
    .help =
        "Without TOPIC all topics: key, name, group, whether urgent, how many questions, the "
        "body outside the city that it is for, and the number to dial at once where life may be in "
        "danger. With TOPIC, a key, also its questions: vafa "
        "register answers them with --answer QUESTION=VALUE.\n"
        "With --json one object a line.",
    .examples = "vafa topics\nvafa topics bus-headway --lang en\nvafa topics --json",
    .role = RPC_ROLE_FRONT_END,
    .run = run_topics,
};
