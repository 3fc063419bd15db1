/* Answers to questions as options of the command line. */
#include "clients/vafa/answer_args.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

static const struct option_def options[] = {
    {"answer", 0, "QUESTION=VALUE", "an answer"},
    {NULL, 0, NULL, NULL},
};

/* Reads the words; the answers live in the arena. */
static enum status read_answers(char **argv, struct arena *arena, Common__Answer ***ret_answers,
                                size_t *ret_count, struct error *err)
{
    struct args args;
    int argc = 0;
    while (argv[argc] != NULL) {
        argc++;
    }
    assert_int_equal(args_parse(&args, options, NULL, argc, argv, NULL), STATUS_OK);
    return answer_args_read(&args, arena, ret_answers, ret_count, err);
}

static void the_same_question_again_adds_a_value(void **state)
{
    (void)state;
    struct arena *arena = arena_new(1 << 18);
    Common__Answer **answers = NULL;
    size_t count = 9;
    char *argv[] = {"register", "--answer", "touches=wire", "--answer",
                    "line=a=b", "--answer", "touches=car",  NULL};
    assert_int_equal(read_answers(argv, arena, &answers, &count, NULL), STATUS_OK);
    assert_int_equal(count, 2);
    assert_string_equal(answers[0]->question, "touches");
    assert_int_equal(answers[0]->n_values, 2);
    assert_string_equal(answers[0]->values[1], "car");
    assert_string_equal(answers[1]->question, "line");
    assert_string_equal(answers[1]->values[0], "a=b");
    char *none[] = {"register", NULL};
    assert_int_equal(read_answers(none, arena, &answers, &count, NULL), STATUS_OK);
    assert_int_equal(count, 0);
    arena_free(arena);
}

static void refuses_what_is_no_answer(void **state)
{
    (void)state;
    static const char *const wrong[] = {"line", "=12", "line=", ""};
    struct arena *arena = arena_new(1 << 18);
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        Common__Answer **answers = NULL;
        size_t count = 0;
        struct error err = ERROR_NONE;
        char *argv[] = {"register", "--answer", (char *)(uintptr_t)wrong[i], NULL};
        assert_int_equal(read_answers(argv, arena, &answers, &count, &err),
                         STATUS_INVALID_ARGUMENT);
        assert_string_equal(err.field, "answer");
        assert_null(answers);
    }
    arena_free(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_same_question_again_adds_a_value),
        cmocka_unit_test(refuses_what_is_no_answer),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
