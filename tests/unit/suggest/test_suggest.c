/* What is suggested for citizens' words: from the pack's words at first, from lessons later. All sentences are made up. */
#include "suggest/suggest.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

struct desk {
    struct city *city;
    struct suggest_model *model;
    struct words words;
};

static struct desk open_desk(void)
{
    struct desk desk = {.city = NULL};
    struct error err = ERROR_NONE;
    if (city_load(&desk.city, VAFA_SOURCE_DIR "/deploy/cities/isfahan", &err) != STATUS_OK) {
        fail_msg("%s", err.message);
    }
    desk.model = suggest_model_new(desk.city, city_topic_count(desk.city));
    return desk;
}

static void close_desk(struct desk *desk)
{
    suggest_model_free(desk->model);
    words_fini(&desk->words);
    city_free(desk->city);
}

static size_t place_of(const struct desk *desk, const char *topic)
{
    for (size_t i = 0; i < city_topic_count(desk->city); i++) {
        if (strcmp(city_topic_at(desk->city, i)->key, topic) == 0) {
            return i;
        }
    }
    fail_msg("no topic %s", topic);
    return 0;
}

/* All answers; *ret_told of them are to be told. */
static size_t ask(struct desk *desk, const char *text,
                  struct suggestion answers[SUGGEST_ANSWERS_MAX], size_t *ret_told)
{
    struct suggest_text read;
    assert_int_equal(suggest_read(desk->city, text, &desk->words, &read, NULL), STATUS_OK);
    size_t count = suggest_model_ask(desk->model, &read, answers);
    *ret_told = suggest_worth_telling(answers, count);
    return count;
}

static const char *key_of(const struct desk *desk, const struct suggestion *answer)
{
    return city_topic_at(desk->city, answer->topic)->key;
}

static void learn(struct desk *desk, const char *text, const char *topic, size_t times)
{
    struct suggest_text read;
    assert_int_equal(suggest_read(desk->city, text, &desk->words, &read, NULL), STATUS_OK);
    for (size_t i = 0; i < times; i++) {
        suggest_model_learn(desk->model, &read, place_of(desk, topic));
    }
}

static void expect_first(struct desk *desk, const char *text, const char *topic)
{
    struct suggestion answers[SUGGEST_ANSWERS_MAX];
    size_t told;
    size_t count = ask(desk, text, answers, &told);
    if (told == 0 || strcmp(key_of(desk, &answers[0]), topic) != 0) {
        fail_msg("\"%s\": %s with %.2f (%zu told), not %s", text,
                 count > 0 ? key_of(desk, &answers[0]) : "silence",
                 count > 0 ? (double)answers[0].confidence : 0.0, told, topic);
    }
}

static void knows_on_the_first_day_how_people_call_a_topic(void **state)
{
    (void)state;
    static const char *const said[][2] = {
        {"سلام، چراغ کوچه ما سوخته و شب‌ها خیلی تاریکه",
         "lighting"},
        {"جلوی خونمون یه چالهٔ بزرگه، آسفالت کنده شده", "asphalt"},
        {"سطل زباله سر کوچه شکسته", "bins"},
        {"چند روزه ماشین زباله نیومده، آشغالها مونده", "garbage"},
        {"اتوبوس خط ۹۱ نیم ساعته نمیاد، معطل اتوبوس شدیم", "bus-headway"},
        {"بوي گاز مياد توي كوچه", "gas-leak"}, /* Arabic ye and kaf */
        {"یک شاخه شکسته روی سیم افتاده", "broken-branch"},
        {"لطفاً درختهای خیابان ما را هرس کنید", "pruning"},
        {"درِ منهول وسط خیابان باز است", "manhole"},
        {"سگ‌های ولگرد جلوی مدرسه جمع می‌شوند", "stray-dogs"},
        {"مغازه‌دار اجناسش را توی پیاده‌رو چیده، سد معبر "
         "کرده",
         "blocked-pavement"},
        {"آب قطع است، فشار آب هم کم بود", "water-cut"},
        {"همسایه بدون مجوز ساخت و ساز می‌کند", "illegal-building"},
        {"راننده اتوبوس توهین کرد", "bus-driver"},
    };
    struct desk desk = open_desk();
    for (size_t i = 0; i < sizeof(said) / sizeof(said[0]); i++) {
        expect_first(&desk, said[i][0], said[i][1]);
    }
    close_desk(&desk);
}

static void is_silent_when_it_knows_no_word(void **state)
{
    (void)state;
    static const char *const said[] = {"", "سلام، خسته نباشید، لطفاً رسیدگی کنید", "۰۹۱۳۱۲۳۴۵۶۷",
                                       "xyzzy plugh", "درخت"};
    struct desk desk = open_desk();
    for (size_t i = 0; i < sizeof(said) / sizeof(said[0]); i++) {
        struct suggestion answers[SUGGEST_ANSWERS_MAX];
        size_t told;
        (void)ask(&desk, said[i], answers, &told);
        assert_int_equal(told, 0);
    }
    close_desk(&desk);
}

static void learns_what_no_pack_foresaw(void **state)
{
    struct desk desk = open_desk();
    struct suggestion answers[SUGGEST_ANSWERS_MAX];
    size_t told;
    (void)state;
    (void)ask(&desk, "آبنمای میدان کار نمی‌کند", answers, &told);
    assert_int_equal(told, 0);
    learn(&desk, "آبنما کار نمی‌کند", "park-furniture", 20);
    learn(&desk, "فواره و آبنما خراب است", "park-furniture", 20);
    learn(&desk, "چاله در آسفالت", "asphalt", 100);
    learn(&desk, "سطل زباله شکسته", "bins", 100);
    assert_int_equal(suggest_model_lessons(desk.model), 240);
    expect_first(&desk, "آبنمای میدان کار نمی‌کند", "park-furniture");
    close_desk(&desk);
}

static void follows_the_people_when_the_pack_is_wrong(void **state)
{
    struct desk desk = open_desk();
    (void)state;
    expect_first(&desk, "لامپ سوخته", "lighting");
    for (size_t i = 0; i < 10; i++) { /* here the operators mean the parks */
        learn(&desk, "لامپ سوخته", "park-lighting", 30);
        learn(&desk, "تیر برق کج", "lighting", 30);
        learn(&desk, "چاله در آسفالت", "asphalt", 30);
    }
    expect_first(&desk, "لامپ سوخته", "park-lighting");
    close_desk(&desk);
}

static void gives_confidences_that_are_shares(void **state)
{
    struct desk desk = open_desk();
    struct suggestion answers[SUGGEST_ANSWERS_MAX];
    size_t told;
    (void)state;
    assert_int_equal(ask(&desk, "اتوبوس کثیف بود و راننده توهین کرد", answers, &told),
                     SUGGEST_ANSWERS_MAX);
    float sum = 0;
    for (size_t i = 0; i < SUGGEST_ANSWERS_MAX; i++) {
        assert_true(answers[i].confidence > 0 && answers[i].confidence <= 1);
        assert_true(i == 0 || answers[i].confidence <= answers[i - 1].confidence);
        sum += answers[i].confidence;
    }
    assert_true(sum <= 1.0001F);
    close_desk(&desk);
}

static void tells_the_first_only_when_it_is_sure_enough(void **state)
{
    struct suggestion answers[SUGGEST_ANSWERS_MAX] = {
        {1, SUGGEST_FIRST_MIN}, {2, SUGGEST_NEXT_MIN}, {3, 0.01F}};
    (void)state;
    assert_int_equal(suggest_worth_telling(answers, 3), 2);
    assert_int_equal(suggest_worth_telling(answers, 1), 1);
    assert_int_equal(suggest_worth_telling(answers, 0), 0);
    answers[0].confidence = SUGGEST_FIRST_MIN - 0.01F;
    assert_int_equal(suggest_worth_telling(answers, 3), 0);
}

/* Past every bound: more lessons than are kept whole, more words than are looked at, topics that are not there. */
static void stays_within_its_bounds(void **state)
{
    struct desk desk = open_desk();
    struct suggest_text read;
    struct buffer text = BUFFER_EMPTY;
    (void)state;
    for (size_t i = 0; i < 300; i++) {
        buffer_append_format(&text, "کلمه%c%c ", (char)('a' + i % 26), (char)('a' + i / 26));
    }
    assert_int_equal(suggest_read(desk.city, buffer_text(&text), &desk.words, &read, NULL),
                     STATUS_OK);
    assert_int_equal(read.word_count, SUGGEST_WORDS_MAX);
    assert_true(read.phrase_count <= 2 * SUGGEST_WORDS_MAX);
    suggest_model_learn(desk.model, &read, city_topic_count(desk.city)); /* no such topic */
    assert_int_equal(suggest_model_lessons(desk.model), 0);
    learn(&desk, "آبنما خراب", "park-furniture", SUGGEST_LESSONS_MAX + 10);
    learn(&desk, "فواره خراب", "market", 1000);
    assert_int_equal(suggest_model_lessons(desk.model), SUGGEST_LESSONS_MAX + 1010);
    expect_first(&desk, "آبنما", "park-furniture");
    expect_first(&desk, "فواره", "market");
    assert_true(suggest_model_bytes(desk.model) < SUGGEST_MEMORY_MAX + (1u << 20));
    buffer_fini(&text);
    close_desk(&desk);
}

static void stops_taking_words_when_its_memory_is_full(void **state)
{
    struct desk desk = open_desk();
    struct suggest_text read = {.word_count = SUGGEST_WORDS_MAX};
    struct suggest_model *wide = suggest_model_new(desk.city, SUGGEST_TOPICS_MAX + 5);
    (void)state;
    for (uint64_t word = 1; word < 20000; word += SUGGEST_WORDS_MAX) {
        for (size_t i = 0; i < SUGGEST_WORDS_MAX; i++) {
            read.words[i] = word + i;
        }
        suggest_model_learn(wide, &read, SUGGEST_TOPICS_MAX - 1);
    }
    assert_true(suggest_model_bytes(wide) < SUGGEST_MEMORY_MAX + (1u << 20));
    struct suggestion answers[SUGGEST_ANSWERS_MAX];
    read = (struct suggest_text){.word_count = 1, .words = {17}};
    assert_int_equal(suggest_model_ask(wide, &read, answers), SUGGEST_ANSWERS_MAX);
    assert_int_equal(answers[0].topic, SUGGEST_TOPICS_MAX - 1);
    suggest_model_free(wide);
    close_desk(&desk);
}

static void refuses_what_is_no_text(void **state)
{
    struct desk desk = open_desk();
    struct suggest_text read;
    (void)state;
    assert_int_equal(suggest_read(desk.city, "\xFF\xFE", &desk.words, &read, NULL),
                     STATUS_INVALID_ARGUMENT);
    close_desk(&desk);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(knows_on_the_first_day_how_people_call_a_topic),
        cmocka_unit_test(is_silent_when_it_knows_no_word),
        cmocka_unit_test(learns_what_no_pack_foresaw),
        cmocka_unit_test(follows_the_people_when_the_pack_is_wrong),
        cmocka_unit_test(gives_confidences_that_are_shares),
        cmocka_unit_test(tells_the_first_only_when_it_is_sure_enough),
        cmocka_unit_test(stays_within_its_bounds),
        cmocka_unit_test(stops_taking_words_when_its_memory_is_full),
        cmocka_unit_test(refuses_what_is_no_text),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
