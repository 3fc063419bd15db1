/* What topics ask: questions.csv and choices.csv. */
#include "city/city_questions.h"
#include "tests/unit/city/pack_rig.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#define QUESTIONS "questions.csv"
#define CHOICES "choices.csv"
#define HEAD "topic,key,kind,required,name_fa,name_en,choices\n"
#define LIST "list,key,name_fa,name_en\n"

static void questions_lie_together_in_the_order_of_the_file(void **state)
{
    (void)state;
    struct pack_rig rig;
    pack_rig_init(&rig);
    pack_rig_write(&rig, CHOICES,
                   LIST "touch,wire,سیم,a wire\n"
                        "yes-no,yes,بله,yes\n"
                        "touch,car,خودرو,a car\n"
                        "yes-no,no,خیر,no\n");
    pack_rig_write(&rig, QUESTIONS,
                   HEAD "bus-headway,line,string,yes,خط؟,Line?,\n"
                        "collapse,touches,several_of,no,به چه؟,What?,touch\n"
                        "bus-headway,at,datetime,,کی؟,When?,\n"
                        "collapse,fenced,one_of,no,بسته؟,Fenced?,yes-no\n"
                        "bus-headway,waited,number,no,چند؟,Minutes?,\n"
                        "bus-headway,more,text,no,دیگر؟,More?,\n");
    struct city *city = pack_rig_load(&rig);
    static const enum city_question_kind kinds[] = {CITY_QUESTION_STRING, CITY_QUESTION_DATETIME,
                                                    CITY_QUESTION_NUMBER, CITY_QUESTION_TEXT};
    static const char *const keys[] = {"line", "at", "waited", "more"};
    assert_int_equal(city_question_count(city, "bus-headway"), 4);
    for (size_t i = 0; i < 4; i++) {
        const struct city_question *question = city_question_at(city, "bus-headway", i);
        assert_string_equal(question->key, keys[i]);
        assert_int_equal(question->kind, kinds[i]);
        assert_int_equal(question->required, i == 0);
        assert_int_equal(question->choice_count, 0);
    }
    assert_int_equal(city_question_count(city, "asphalt"), 0);
    assert_int_equal(city_question_count(city, "unlisted"), 0);
    assert_null(city_question(city, "bus-headway", "touches"));
    const struct city_question *touches = city_question(city, "collapse", "touches");
    assert_int_equal(touches->kind, CITY_QUESTION_SEVERAL_OF);
    assert_int_equal(touches->choice_count, 2);
    assert_string_equal(touches->choices[0].key, "wire");
    assert_string_equal(touches->choices[1].name_en, "a car");
    assert_non_null(city_question_choice(touches, "car"));
    assert_null(city_question_choice(touches, "yes"));
    assert_int_equal(city_question(city, "collapse", "fenced")->kind, CITY_QUESTION_ONE_OF);
    city_free(city);
    pack_rig_fini(&rig);
}

static void mistakes_are_told_with_their_line(void **state)
{
    static const struct {
        const char *file;
        const char *text;
        int line;
        const char *part;
    } mistakes[] = {
        {QUESTIONS, HEAD "nothing,a,string,no,آ,A,\n", 2, "topic \"nothing\" is not in topics.csv"},
        {QUESTIONS, HEAD "asphalt,,string,no,آ,A,\n", 2, "key is empty"},
        {QUESTIONS, HEAD "asphalt,a=b,string,no,آ,A,\n", 2, "must not hold \"=\""},
        {QUESTIONS, HEAD "asphalt,a,words,no,آ,A,\n", 2, "kind \"words\""},
        {QUESTIONS, HEAD "asphalt,a,string,maybe,آ,A,\n", 2, "yes or no"},
        {QUESTIONS, HEAD "asphalt,a,string,no,,A,\n", 2, "name_fa is empty"},
        {QUESTIONS, HEAD "asphalt,a,string,no,آ,A,list\n", 2, "only one_of and several_of"},
        {QUESTIONS, HEAD "asphalt,a,one_of,no,آ,A,\n", 2, "not in choices.csv"},
        {QUESTIONS, HEAD "asphalt,a,one_of,no,آ,A,other\n", 2, "not in choices.csv"},
        {QUESTIONS,
         HEAD "asphalt,a,string,no,آ,A,\ncollapse,a,text,no,آ,A,\nasphalt,a,text,no,آ,A,\n", 4,
         "already, on line 2"},
        {QUESTIONS, "topic,key,kind,required,name_fa,name_en\n", 1, "\"choices\" is missing"},
        {CHOICES, LIST "list,,آ,A\n", 2, "key is empty"},
        {CHOICES, LIST "list,a,آ,A\nother,a,آ,A\nlist,a,ب,B\n", 4, "already, on line 2"},
        {CHOICES, LIST "list,a,,A\n", 2, "name_fa is empty"},
    };
    (void)state;
    struct pack_rig rig;
    for (size_t i = 0; i < sizeof(mistakes) / sizeof(mistakes[0]); i++) {
        pack_rig_init(&rig);
        pack_rig_write(&rig, CHOICES, LIST "list,a,آ,A\n");
        pack_rig_write(&rig, mistakes[i].file, mistakes[i].text);
        pack_rig_expect_error(&rig, mistakes[i].file, mistakes[i].line, mistakes[i].part);
        pack_rig_fini(&rig);
    }
}

/* `count` lines: `before`, a number, `after`. */
static void write_many(struct pack_rig *rig, const char *file, const char *head, const char *before,
                       const char *after, int count)
{
    struct buffer text = BUFFER_EMPTY;
    buffer_append_text(&text, head);
    for (int i = 0; i < count; i++) {
        buffer_append_format(&text, "%s%d%s\n", before, i, after);
    }
    pack_rig_write(rig, file, buffer_text(&text));
    buffer_fini(&text);
}

static void lists_and_topics_have_their_bounds(void **state)
{
    (void)state;
    struct pack_rig rig;
    pack_rig_init(&rig);
    write_many(&rig, QUESTIONS, HEAD, "asphalt,q", ",string,no,آ,A,", 20);
    city_free(pack_rig_load(&rig));
    write_many(&rig, QUESTIONS, HEAD, "asphalt,q", ",string,no,آ,A,", 21);
    pack_rig_expect_error(&rig, QUESTIONS, 22, "more than 20 questions");
    pack_rig_remove(&rig, QUESTIONS);
    write_many(&rig, CHOICES, LIST, "many,c", ",آ,A", 101);
    pack_rig_expect_error(&rig, CHOICES, 102, "more than 100 choices");
    write_many(&rig, CHOICES, LIST, "many,c", ",آ,A", 100);
    write_many(&rig, QUESTIONS, HEAD, "asphalt,q", ",one_of,no,آ,A,many", 4);
    city_free(pack_rig_load(&rig));
    write_many(&rig, QUESTIONS, HEAD, "asphalt,q", ",one_of,no,آ,A,many", 5);
    pack_rig_expect_error(&rig, QUESTIONS, 6, "more than 400 choices");
    pack_rig_fini(&rig);
}

static void a_list_nobody_asks_with_is_warned_of(void **state)
{
    (void)state;
    struct pack_rig rig;
    pack_rig_init(&rig);
    pack_rig_write(&rig, CHOICES, LIST "used,a,آ,A\nunused,a,آ,A\nunused,b,آ,A\n");
    pack_rig_write(&rig, QUESTIONS, HEAD "asphalt,q,one_of,no,آ,A,used\n");
    pack_rig_check(&rig);
    pack_rig_expect_warning(&rig, CHOICES, 3, "no question uses the list \"unused\"");
    assert_int_equal(pack_rig_errors(&rig), 0);
    pack_rig_fini(&rig);
}

static void units_may_have_a_phone(void **state)
{
    (void)state;
    struct pack_rig rig;
    pack_rig_init(&rig);
    struct city *city = pack_rig_load(&rig);
    assert_string_equal(city_unit(city, "bus")->phone, "");
    city_free(city);
    pack_rig_write(&rig, "units.csv",
                   "key,kind,name_fa,name_en,parent,phone\n"
                   "centre,centre,مرکز,Centre,,137\n"
                   "district-1,district,منطقه ۱,District 1,,\n"
                   "district-2,district,منطقه ۲,District 2,,\n"
                   "district-1-civil,office,عمران ۱,Civil 1,district-1,+98 31-3222\n"
                   "district-2-civil,office,عمران ۲,Civil 2,district-2,\n"
                   "bus,company,اتوبوس,Bus,,\n");
    city = pack_rig_load(&rig);
    assert_string_equal(city_unit(city, "centre")->phone, "137");
    assert_string_equal(city_unit(city, "district-1-civil")->phone, "+98 31-3222");
    city_free(city);
    pack_rig_replace(&rig, "units.csv", ",137", ",call us");
    pack_rig_expect_error(&rig, "units.csv", 2, "the phone \"call us\"");
    pack_rig_fini(&rig);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(questions_lie_together_in_the_order_of_the_file),
        cmocka_unit_test(mistakes_are_told_with_their_line),
        cmocka_unit_test(lists_and_topics_have_their_bounds),
        cmocka_unit_test(a_list_nobody_asks_with_is_warned_of),
        cmocka_unit_test(units_may_have_a_phone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
