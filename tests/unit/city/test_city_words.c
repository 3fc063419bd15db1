/* words.csv and stopwords.txt: what is read of them, and what is told. */
#include "tests/unit/city/pack_rig.h"
#include "text/words.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static uint64_t hash_of(const char *text)
{
    struct words words = WORDS_EMPTY;
    uint64_t hash = 0;
    assert_int_equal(words_read(text, &words, NULL), STATUS_OK);
    for (size_t i = 0; i < words.count; i++) {
        hash = words_hash_more(hash, words_at(&words, i));
    }
    words_fini(&words);
    return hash;
}

/* The weight the pack gives the words for the topic, 0 for none. */
static uint32_t weight_of(const struct city *city, const char *topic, const char *text)
{
    size_t count;
    const struct city_word *words = city_words(city, &count);
    for (size_t i = 0; i < count; i++) {
        assert_true(i == 0 || words[i].hash >= words[i - 1].hash);
        if (words[i].hash == hash_of(text) &&
            strcmp(city_topic_at(city, words[i].topic)->key, topic) == 0) {
            return words[i].weight;
        }
    }
    return 0;
}

static void reads_words_by_every_comma_and_weights(void **state)
{
    struct pack_rig rig;
    size_t count;
    (void)state;
    pack_rig_init(&rig);
    pack_rig_write(&rig, "stopwords.txt", "# a remark\nو\nخیلی\n\nشده\n");
    pack_rig_write(
        &rig, "words.csv",
        "topic,words,weight\n# a remark\nasphalt,\"چاله، آسفالت کنده ; پات هول؛ potholes | "
        "گودال,دست انداز\",3\n"
        "bus-headway,اتوبوس‌های,\nasphalt,آسفالت خیلی خراب شده,1\n");
    struct city *city = pack_rig_load(&rig);
    (void)city_words(city, &count);
    assert_int_equal(count, 8);
    assert_int_equal(weight_of(city, "asphalt", "چاله"), 3);
    assert_int_equal(weight_of(city, "asphalt", "چاله‌های"), 3);
    assert_int_equal(weight_of(city, "asphalt", "آسفالت کنده"), 3);
    assert_int_equal(weight_of(city, "asphalt", "pothole"), 3);
    assert_int_equal(weight_of(city, "asphalt", "دست انداز"), 3);
    assert_int_equal(weight_of(city, "bus-headway", "اتوبوس"), CITY_WORD_WEIGHT_DEFAULT);
    assert_int_equal(weight_of(city, "asphalt", "آسفالت خراب"), 1); /* without stop words */
    assert_int_equal(weight_of(city, "asphalt", "آسفالت"), 0);
    assert_true(city_is_stop_word(city, hash_of("خیلی")));
    assert_false(city_is_stop_word(city, hash_of("چاله")));
    city_free(city);
    pack_rig_fini(&rig);
}

static void needs_neither_file(void **state)
{
    struct pack_rig rig;
    size_t count;
    (void)state;
    pack_rig_init(&rig);
    struct city *city = pack_rig_load(&rig);
    (void)city_words(city, &count);
    assert_int_equal(count, 0);
    assert_false(city_is_stop_word(city, hash_of("و")));
    city_free(city);
    pack_rig_fini(&rig);
}

static void changes_the_digest(void **state)
{
    struct pack_rig rig;
    uint8_t before[32];
    (void)state;
    pack_rig_init(&rig);
    struct city *city = pack_rig_load(&rig);
    memcpy(before, city_digest(city).data, sizeof(before));
    city_free(city);
    pack_rig_write(&rig, "words.csv", "topic,words,weight\nasphalt,چاله,\n");
    city = pack_rig_load(&rig);
    assert_memory_not_equal(before, city_digest(city).data, sizeof(before));
    city_free(city);
    pack_rig_fini(&rig);
}

static void tells_each_mistake_with_its_line(void **state)
{
    static const struct {
        const char *rows;
        int line;
        const char *part;
    } mistakes[] = {
        {"asfalt,چاله,2\n", 2, "\"asfalt\" is not in topics.csv"},
        {"asphalt,چاله,0\n", 2, "\"weight\" must be a whole number"},
        {"asphalt,چاله,6\n", 2, "\"weight\" must be a whole number"},
        {"asphalt,چاله,\nasphalt,۱۲۳,\n", 3, "holds no word"},
        {"asphalt,\"چاله، و\",\n", 2, "\"و\" holds no word"},
        {"asphalt,یک چاله بزرگ عمیق خطرناک,\n", 2, "longer than 3 words"},
        {"asphalt,چاله\n", 2, "2 cells and the first row has 3"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(mistakes) / sizeof(mistakes[0]); i++) {
        struct pack_rig rig;
        char text[512];
        pack_rig_init(&rig);
        snprintf(text, sizeof(text), "topic,words,weight\n%s", mistakes[i].rows);
        pack_rig_write(&rig, "words.csv", text);
        pack_rig_write(&rig, "stopwords.txt", "و\n");
        pack_rig_expect_error(&rig, "words.csv", mistakes[i].line, mistakes[i].part);
        pack_rig_fini(&rig);
    }
}

static void warns_of_two_weights_and_counts_the_first(void **state)
{
    struct pack_rig rig;
    (void)state;
    pack_rig_init(&rig);
    pack_rig_write(
        &rig, "words.csv",
        "topic,words,weight\nasphalt,\"چاله، چاله‌ها\",3\nasphalt,چاله,1\n");
    pack_rig_expect_warning(&rig, "words.csv", 3, "another weight on line 2");
    struct city *city = pack_rig_load(&rig);
    assert_int_equal(weight_of(city, "asphalt", "چاله"), 3);
    city_free(city);
    pack_rig_fini(&rig);
}

static void warns_of_a_phrase_that_stop_words_made_one_word(void **state)
{
    struct pack_rig rig;
    (void)state;
    pack_rig_init(&rig);
    pack_rig_write(&rig, "stopwords.txt", "دادن\n");
    pack_rig_write(&rig, "words.csv", "topic,words,weight\nasphalt,\"چاله، آب دادن\",3\n");
    pack_rig_expect_warning(&rig, "words.csv", 2, "of \"آب دادن\" one word is left");
    pack_rig_fini(&rig);
}

static void refuses_files_that_are_no_text_or_too_long(void **state)
{
    struct pack_rig rig;
    struct buffer text = BUFFER_EMPTY;
    (void)state;
    pack_rig_init(&rig);
    pack_rig_write_bytes(&rig, "stopwords.txt", "a\n\xFF\n", 4);
    pack_rig_expect_error(&rig, "stopwords.txt", 2, "is not UTF-8");
    for (int i = 0; i <= CITY_STOP_WORDS_MAX; i++) {
        buffer_append_text(&text, "و\n");
    }
    pack_rig_write(&rig, "stopwords.txt", buffer_text(&text));
    pack_rig_expect_error(&rig, "stopwords.txt", CITY_STOP_WORDS_MAX + 1, "more than");
    buffer_fini(&text);
    pack_rig_fini(&rig);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_words_by_every_comma_and_weights),
        cmocka_unit_test(needs_neither_file),
        cmocka_unit_test(changes_the_digest),
        cmocka_unit_test(tells_each_mistake_with_its_line),
        cmocka_unit_test(warns_of_two_weights_and_counts_the_first),
        cmocka_unit_test(warns_of_a_phrase_that_stop_words_made_one_word),
        cmocka_unit_test(refuses_files_that_are_no_text_or_too_long),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
