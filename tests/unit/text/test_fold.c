/* Different spellings that must meet. */
#include "text/fold.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

static void assert_fold(const char *text, const char *expected)
{
    struct buffer once = BUFFER_EMPTY;
    struct buffer twice = BUFFER_EMPTY;
    assert_int_equal(text_fold(text, &once, NULL), STATUS_OK);
    assert_string_equal(buffer_text(&once), expected);
    assert_int_equal(text_fold(buffer_text(&once), &twice, NULL), STATUS_OK);
    assert_string_equal(buffer_text(&twice), expected);
    buffer_fini(&once);
    buffer_fini(&twice);
}

static void folds_arabic_letters_to_persian_ones(void **state)
{
    (void)state;
    assert_fold("علي", "علی");
    assert_fold("كوى", "کوی");
    assert_fold("مدرسة", "مدرسه");
    assert_fold("خانۀ", "خانه");
    assert_fold("أحمد إيران مؤمن مسئول", "احمد ایران مومن مسیول");
    assert_fold("آب", "آب");
    assert_fold("اٴ ا\xD9\x94", "اٴ ا"); /* a combining hamza composes and goes */
}

static void drops_harakat_tatweel_and_bidi_controls(void **state)
{
    (void)state;
    assert_fold("اِعلام کَرد", "اعلام کرد");
    assert_fold("ســلام", "سلام");
    assert_fold("\xE2\x80\x8Fسلام\xE2\x80\xAC", "سلام");
    assert_fold("ذٰلك", "ذلک");
}

static void makes_one_space_of_zwnj_and_white_space(void **state)
{
    (void)state;
    assert_fold("  می‌روم \t\n خانه  ", "می روم خانه");
    assert_fold("a\xC2\xA0 b", "a b");
    assert_fold(" \xE2\x80\x8C ", "");
    assert_fold("", "");
}

static void folds_digits_of_every_script(void **state)
{
    (void)state;
    assert_fold("۱۲۳ ٤٥٦ ７८", "123 456 78");
}

static void folds_case_and_compatibility_forms(void **state)
{
    (void)state;
    assert_fold("STRASSE Straße", "strasse strasse");
    assert_fold("É", "é");
    assert_fold("E\xCC\x81", "é");
    assert_fold("\xEF\xBB\xBB", "لا"); /* the ligature lam-alef */
    assert_fold("ﷺ", "صلی الله علیه وسلم");
}

static void keeps_characters_beyond_the_basic_plane(void **state)
{
    (void)state;
    assert_fold("🚌 خط ۵", "🚌 خط 5");
}

/* Normalising brings the tatweel back that stood between a letter and its accent, or between two
 * parts of a syllable; without it they are one character. */
static void folds_no_further_when_folded_again(void **state)
{
    (void)state;
    assert_fold("a\uFE71\u0301", "\u00E1");
    assert_fold("\u1112\uFE71\u1161", "\uD558");
}

static void refuses_ill_formed_text_and_appends_nothing(void **state)
{
    (void)state;
    struct buffer out = BUFFER_EMPTY;
    buffer_append_text(&out, "x");
    assert_int_equal(text_fold("a\xFF", &out, NULL), STATUS_INVALID_ARGUMENT);
    assert_int_equal(text_fold_digits("a\xFF", &out, NULL), STATUS_INVALID_ARGUMENT);
    assert_string_equal(buffer_text(&out), "x");
    buffer_fini(&out);
}

static void folds_only_the_digits_when_asked(void **state)
{
    (void)state;
    struct buffer out = BUFFER_EMPTY;
    assert_int_equal(text_fold_digits("كوى ۱۲‌٣ A", &out, NULL), STATUS_OK);
    assert_string_equal(buffer_text(&out), "كوى 12‌3 A");
    buffer_fini(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(folds_arabic_letters_to_persian_ones),
        cmocka_unit_test(drops_harakat_tatweel_and_bidi_controls),
        cmocka_unit_test(makes_one_space_of_zwnj_and_white_space),
        cmocka_unit_test(folds_digits_of_every_script),
        cmocka_unit_test(folds_case_and_compatibility_forms),
        cmocka_unit_test(keeps_characters_beyond_the_basic_plane),
        cmocka_unit_test(folds_no_further_when_folded_again),
        cmocka_unit_test(refuses_ill_formed_text_and_appends_nothing),
        cmocka_unit_test(folds_only_the_digits_when_asked),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
