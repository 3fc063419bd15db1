/* A handful of options: each is compared with those before it. */
#include "clients/vafa/answer_args.h"

#include <string.h>

#define OPTION "answer"

static Common__Answer *find(Common__Answer **answers, size_t count, const char *question)
{
    for (size_t i = 0; i < count; i++) {
        if (strcmp(answers[i]->question, question) == 0) {
            return answers[i];
        }
    }
    return NULL;
}

static enum status refuse_memory(struct error *err)
{
    return error_set(err, STATUS_RESOURCE_EXHAUSTED, OPTION, "too many answers");
}

static enum status add(Common__Answer **answers, size_t *count, const char *given,
                       struct arena *arena, struct error *err)
{
    const char *sign = strchr(given, '=');
    if (sign == NULL || sign == given || sign[1] == '\0') {
        return error_set(err, STATUS_INVALID_ARGUMENT, OPTION,
                         "\"%s\" is not QUESTION=VALUE; vafa topics TOPIC shows the questions",
                         given);
    }
    char *question = arena_copy_text(arena, given);
    if (question == NULL) {
        return refuse_memory(err);
    }
    question[sign - given] = '\0';
    Common__Answer *answer = find(answers, *count, question);
    if (answer == NULL) {
        answer = arena_alloc(arena, sizeof(*answer));
        if (answer == NULL) {
            return refuse_memory(err);
        }
        common__answer__init(answer);
        answer->question = question;
        answer->values = arena_alloc(arena, ARGS_VALUES_MAX * sizeof(*answer->values));
        if (answer->values == NULL) {
            return refuse_memory(err);
        }
        answers[(*count)++] = answer;
    }
    answer->values[answer->n_values++] = question + (sign - given) + 1;
    return STATUS_OK;
}

enum status answer_args_read(const struct args *args, struct arena *arena,
                             Common__Answer ***ret_answers, size_t *ret_count, struct error *err)
{
    size_t count = 0;
    Common__Answer **answers = arena_alloc(arena, ARGS_VALUES_MAX * sizeof(*answers));
    if (answers == NULL) {
        return refuse_memory(err);
    }
    for (size_t i = 0; args_value_at(args, OPTION, i) != NULL; i++) {
        enum status status = add(answers, &count, args_value_at(args, OPTION, i), arena, err);
        if (status != STATUS_OK) {
            return status;
        }
    }
    *ret_answers = answers;
    *ret_count = count;
    return STATUS_OK;
}
