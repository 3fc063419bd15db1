/* What citizens write as words that meet. */
#include "text/words.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* The words with a space between them. */
static void assert_words(const char *text, const char *expected)
{
    struct words words = WORDS_EMPTY;
    struct buffer joined = BUFFER_EMPTY;
    assert_int_equal(words_read(text, &words, NULL), STATUS_OK);
    for (size_t i = 0; i < words.count; i++) {
        buffer_append_format(&joined, "%s%s", i > 0 ? " " : "", words_at(&words, i));
    }
    assert_string_equal(buffer_text(&joined), expected);
    buffer_fini(&joined);
    words_fini(&words);
}

static void assert_same(const char *a, const char *b)
{
    struct words of_a = WORDS_EMPTY;
    struct words of_b = WORDS_EMPTY;
    assert_int_equal(words_read(a, &of_a, NULL), STATUS_OK);
    assert_int_equal(words_read(b, &of_b, NULL), STATUS_OK);
    if (of_a.count != 1 || of_b.count != 1 || strcmp(words_at(&of_a, 0), words_at(&of_b, 0)) != 0) {
        fail_msg("\"%s\" gives %zu words (%s), \"%s\" %zu (%s)", a, of_a.count,
                 of_a.count > 0 ? words_at(&of_a, 0) : "", b, of_b.count,
                 of_b.count > 0 ? words_at(&of_b, 0) : "");
    }
    words_fini(&of_a);
    words_fini(&of_b);
}

static void splits_a_citizen_s_sentence(void **state)
{
    (void)state;
    assert_words("چراغ کوچه سوخته، شب‌ها خیلی تاریکه!",
                 "چراغ کوچه سوخته شب خیلی تاریکه");
    assert_words("جوی آب جلوی مغازه گرفته و بوی بد می‌دهد",
                 "جوی آب جلوی مغازه گرفته بوی بد دهد");
    assert_words("Broken branch, on the neighbors' street.",
                 "broken branch on the neighbor street");
    assert_words("", "");
    assert_words(" ،؛ ... ", "");
}

static void meets_a_word_in_every_spelling(void **state)
{
    (void)state;
    assert_same("زباله", "زبـــاله");         /* tatweel */
    assert_same("خیابان", "خِیابان");          /* harakat */
    assert_same("کوچه", "كوچه");              /* Arabic kaf */
    assert_same("فاضلابی", "فاضلابي");        /* Arabic ye */
    assert_same("آسفالت", "آسفالت‌"); /* a half space behind */
    assert_same("Trees", "TREE");
}

static void meets_a_word_with_its_endings(void **state)
{
    (void)state;
    static const char *const forms[][2] = {
        {"درخت", "درخت‌ها"},
        {"درخت", "درختها"},
        {"درخت", "درختهای"},
        {"درخت", "درخت‌هایش"},
        {"درخت", "درختان"},
        {"چراغ", "چراغهایمان"},
        {"خیابان", "خیابانها"},
        {"آسفالت", "آسفالتی"},
        {"آسفالت", "آسفالتش"},
        {"اتوبوس", "اتوبوسها"},
        {"کثیف", "کثیف‌ترین"},
        {"ساختمان", "ساختمانی"},
        {"ساختمان", "ساختمان‌های"},
        {"ماشین", "ماشینا"},
        {"کوچه", "کوچه‌مان"},
        {"آشغال", "آشغالامونو"},
        {"آشغال", "آشغال‌هامون"},
        {"نظافت", "نظافتی"},
        {"فاضلاب", "فاضلابمون"},
    };
    for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
        assert_same(forms[i][0], forms[i][1]);
    }
}

static void leaves_short_words_as_they_are(void **state)
{
    (void)state;
    assert_words("بازی آبی سگی بها پلی", "بازی آبی سگی بها پلی");
    assert_words("grass bus glass", "grass bus glass");
    assert_words("باران کلاس", "باران کلاس");
}

static void leaves_out_numbers_plates_and_ids(void **state)
{
    (void)state;
    assert_words("پلاک ۱۷ تلفن ۰۹۱۳۱۲۳۴۵۶۷ است", "پلاک تلفن است");
    assert_words("H196740-101001319988 closed 2weeks ago", "closed ago");
    assert_words("خط۹۱ اتوبوس", "اتوبوس");
}

static void leaves_out_single_letters_and_what_is_no_word(void **state)
{
    char word[WORDS_WORD_BYTES_MAX + 2];
    (void)state;
    memset(word, 'b', sizeof(word));
    word[sizeof(word) - 1] = '\0';
    assert_words(word, "");
    word[sizeof(word) - 2] = '\0';
    assert_words(word, word);
    assert_words("a و b", "");
    assert_words("😀🙏", "");
}

static void reads_no_more_than_the_beginning_of_a_long_text(void **state)
{
    struct words words = WORDS_EMPTY;
    struct buffer text = BUFFER_EMPTY;
    (void)state;
    for (size_t i = 0; i < 1000; i++) {
        buffer_append_text(&text, "ab ");
    }
    assert_int_equal(words_read(buffer_text(&text), &words, NULL), STATUS_OK);
    assert_int_equal(words.count, WORDS_MAX);
    buffer_clear(&text);
    for (size_t i = 0; i < 1000; i++) {
        buffer_append_text(&text, "آبگرفتگی ");
    }
    assert_int_equal(words_read(buffer_text(&text), &words, NULL), STATUS_OK);
    assert_in_range(words.count, WORDS_TEXT_BYTES_MAX / 20, WORDS_TEXT_BYTES_MAX / 17 + 1);
    assert_string_equal(words_at(&words, 0), "آبگرفتگ");
    buffer_append_text(&text, "\xD8");
    assert_int_equal(words_read(buffer_text(&text), &words, NULL), STATUS_INVALID_ARGUMENT);
    assert_string_equal(words_at(&words, 0), "آبگرفتگ"); /* untouched */
    assert_int_equal(words_read("\xFF", &words, NULL), STATUS_INVALID_ARGUMENT);
    buffer_fini(&text);
    words_fini(&words);
}

static void tells_words_and_their_order_apart(void **state)
{
    (void)state;
    assert_int_not_equal(words_hash("آب"), words_hash("برق"));
    uint64_t here = words_hash_more(words_hash("چراغ"), "راهنما");
    assert_int_not_equal(here, words_hash_more(words_hash("راهنما"), "چراغ"));
    assert_int_not_equal(here, words_hash("چراغراهنما"));
    assert_int_equal(words_hash("آب"), words_hash_more(0, "آب"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(splits_a_citizen_s_sentence),
        cmocka_unit_test(meets_a_word_in_every_spelling),
        cmocka_unit_test(meets_a_word_with_its_endings),
        cmocka_unit_test(leaves_short_words_as_they_are),
        cmocka_unit_test(leaves_out_numbers_plates_and_ids),
        cmocka_unit_test(leaves_out_single_letters_and_what_is_no_word),
        cmocka_unit_test(reads_no_more_than_the_beginning_of_a_long_text),
        cmocka_unit_test(tells_words_and_their_order_apart),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
