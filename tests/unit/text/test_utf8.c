/* Validity, length, width and field checks. */
#include "text/utf8.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

static void accepts_exactly_the_well_formed(void **state)
{
    (void)state;
    const char *const good[] = {"",
                                "abc",
                                "\x7F",
                                "\xC2\x80",
                                "\xDF\xBF",
                                "\xE0\xA0\x80",
                                "\xED\x9F\xBF",
                                "\xEE\x80\x80",
                                "\xEF\xBF\xBF",
                                "\xF0\x90\x80\x80",
                                "\xF4\x8F\xBF\xBF",
                                "گوش به زنگ"};
    const char *const bad[] = {"\x80",
                               "\xC0\x80",
                               "\xC1\xBF",
                               "\xC2",
                               "\xE0\x9F\xBF",
                               "\xED\xA0\x80",
                               "\xE1\x80",
                               "\xF0\x8F\xBF\xBF",
                               "\xF4\x90\x80\x80",
                               "\xF5\x80\x80\x80",
                               "\xFE",
                               "abcdefgh\xFF",
                               "\xC2\x41"};
    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
        assert_true(utf8_valid(bytes_of_text(good[i])));
    }
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        assert_false(utf8_valid(bytes_of_text(bad[i])));
    }
    assert_false(utf8_valid(bytes_of("a\0b", 3)));
    assert_true(utf8_valid(bytes_of(NULL, 0)));
}

/* Every code point, encoded by hand, is accepted but for the surrogates. */
static void accepts_every_code_point_but_surrogates(void **state)
{
    (void)state;
    for (uint32_t code = 0x800; code <= 0xFFFF; code++) {
        uint8_t text[3] = {(uint8_t)(0xE0 | code >> 12), (uint8_t)(0x80 | (code >> 6 & 0x3F)),
                           (uint8_t)(0x80 | (code & 0x3F))};
        bool surrogate = code >= 0xD800 && code <= 0xDFFF;
        assert_int_equal(utf8_valid(bytes_of(text, 3)), !surrogate);
    }
}

static void counts_characters_and_columns(void **state)
{
    (void)state;
    assert_int_equal(utf8_length("می‌روم"), 6);
    assert_int_equal(utf8_width("می‌روم"), 5);
    assert_int_equal(utf8_width("بُزُرگ"), 4);
    assert_int_equal(utf8_width("漢字"), 4);
    assert_int_equal(utf8_width("🚌"), 2);
    assert_int_equal(utf8_width("a\tb"), 2);
    assert_int_equal(utf8_width(""), 0);
}

static void checks_a_field_and_names_it(void **state)
{
    (void)state;
    struct error err;
    assert_int_equal(text_check("", 5, "words", &err), STATUS_OK);
    assert_int_equal(text_check("سلام!", 5, "words", &err), STATUS_OK);
    assert_int_equal(text_check("a\n\tb", 5, "words", &err), STATUS_OK);
    assert_int_equal(text_check("سلام!!", 5, "words", &err), STATUS_INVALID_ARGUMENT);
    assert_string_equal(err.field, "words");
    assert_int_equal(text_check("\x1B[31m", 9, "words", &err), STATUS_INVALID_ARGUMENT);
    assert_int_equal(text_check("\xC2\x85", 9, "words", &err), STATUS_INVALID_ARGUMENT);
    assert_int_equal(text_check("\xFF", 9, "words", &err), STATUS_INVALID_ARGUMENT);
}

static void takes_blank_for_empty_where_text_is_required(void **state)
{
    (void)state;
    struct error err;
    assert_int_equal(text_require("", 9, "name", &err), STATUS_INVALID_ARGUMENT);
    assert_int_equal(text_require(" \n\xC2\xA0", 9, "name", &err), STATUS_INVALID_ARGUMENT);
    assert_int_equal(text_require("\xE2\x80\x8C\xE2\x80\x8F", 9, "name", &err),
                     STATUS_INVALID_ARGUMENT);
    assert_string_equal(err.field, "name");
    assert_int_equal(text_require(" x", 9, "name", &err), STATUS_OK);
}

static void checks_keys_by_bytes(void **state)
{
    (void)state;
    struct error err;
    assert_int_equal(text_check_key("district-5", 10, "unit", &err), STATUS_OK);
    assert_int_equal(text_check_key("district-51", 10, "unit", &err), STATUS_INVALID_ARGUMENT);
    assert_int_equal(text_check_key("", 10, "unit", &err), STATUS_INVALID_ARGUMENT);
    assert_int_equal(text_check_key("a\nb", 10, "unit", &err), STATUS_INVALID_ARGUMENT);
    assert_string_equal(err.field, "unit");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(accepts_exactly_the_well_formed),
        cmocka_unit_test(accepts_every_code_point_but_surrogates),
        cmocka_unit_test(counts_characters_and_columns),
        cmocka_unit_test(checks_a_field_and_names_it),
        cmocka_unit_test(takes_blank_for_empty_where_text_is_required),
        cmocka_unit_test(checks_keys_by_bytes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
