/* Tracking codes: what the telephone does to them. */
#include "text/code.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

static const uint8_t key[CODE_KEY_BYTES] = "0123456789abcde";

static void gives_ten_digits_that_do_not_begin_with_0_and_come_back(void **state)
{
    (void)state;
    const uint64_t numbers[] = {0, 1, 2, 1000000, CODE_NUMBER_MAX - 1, CODE_NUMBER_MAX};
    for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
        char code[CODE_SIZE];
        uint64_t back = UINT64_MAX;
        code_encode(key, numbers[i], code);
        assert_int_equal(strlen(code), CODE_DIGITS);
        assert_int_equal(strspn(code, "0123456789"), CODE_DIGITS);
        assert_true(code[0] != '0');
        assert_int_equal(code_decode(key, code, &back, NULL), STATUS_OK);
        assert_true(back == numbers[i]);
    }
}

static void gives_no_code_twice_among_a_million(void **state)
{
    (void)state;
    const uint64_t range = 900000000;
    uint8_t *seen = calloc(1, range / 8 + 1);
    assert_non_null(seen);
    for (uint64_t number = 0; number < 1000000; number++) {
        char code[CODE_SIZE];
        uint64_t back;
        code_encode(key, number, code);
        uint64_t first_nine = strtoull(code, NULL, 10) / 10 - 100000000;
        assert_true(first_nine < range);
        assert_int_equal(seen[first_nine / 8] >> (first_nine % 8) & 1, 0);
        seen[first_nine / 8] |= (uint8_t)(1 << (first_nine % 8));
        if (number % 16 == 0) {
            assert_int_equal(code_decode(key, code, &back, NULL), STATUS_OK);
            assert_true(back == number);
        }
    }
    free(seen);
}

static void gives_other_codes_under_another_key(void **state)
{
    (void)state;
    uint8_t other[CODE_KEY_BYTES];
    char a[CODE_SIZE];
    char b[CODE_SIZE];
    memcpy(other, key, sizeof(other));
    other[0] ^= 1;
    code_encode(key, 12345, a);
    code_encode(other, 12345, b);
    assert_string_not_equal(a, b);
}

/* A code given in one year must be found in the next: these digits may never change. They were
 * computed by a second implementation, written from the header. */
static void keeps_giving_the_same_code(void **state)
{
    (void)state;
    char code[CODE_SIZE];
    code_encode(key, 0, code);
    assert_string_equal(code, "3642750512");
    code_encode(key, 123456789, code);
    assert_string_equal(code, "9470912508");
}

/* Nothing has a code with a wrong digit; what begins with 0 is none at all. */
static enum status wrong_status(const char *code)
{
    return code[0] == '0' ? STATUS_INVALID_ARGUMENT : STATUS_NOT_FOUND;
}

static void catches_every_single_digit_slip(void **state)
{
    (void)state;
    for (uint64_t number = 0; number < 20000; number++) {
        char code[CODE_SIZE];
        code_encode(key, number * 44999 % CODE_NUMBER_MAX, code);
        for (int at = 0; at < CODE_DIGITS; at++) {
            char right = code[at];
            for (char digit = '0'; digit <= '9'; digit++) {
                code[at] = digit;
                uint64_t back;
                enum status expected = digit == right ? STATUS_OK : wrong_status(code);
                assert_int_equal(code_decode(key, code, &back, NULL), expected);
            }
            code[at] = right;
        }
    }
}

static void catches_every_swap_of_neighbours(void **state)
{
    (void)state;
    for (uint64_t number = 0; number < 100000; number++) {
        char code[CODE_SIZE];
        code_encode(key, number * 8999 % CODE_NUMBER_MAX, code);
        for (int at = 0; at + 1 < CODE_DIGITS; at++) {
            if (code[at] == code[at + 1]) {
                continue;
            }
            char swapped[CODE_SIZE];
            uint64_t back;
            memcpy(swapped, code, sizeof(code));
            swapped[at] = code[at + 1];
            swapped[at + 1] = code[at];
            assert_int_equal(code_decode(key, swapped, &back, NULL), wrong_status(swapped));
        }
    }
}

static void reads_codes_as_people_type_them(void **state)
{
    (void)state;
    char code[CODE_SIZE];
    char typed[64] = " ";
    uint64_t back;
    code_encode(key, 77, code);
    for (int i = 0; i < CODE_DIGITS; i++) {
        char persian[] = "\xDB\xB0";
        persian[1] = (char)(persian[1] + (code[i] - '0'));
        strcat(typed, persian);
        strcat(typed, i == 2 ? "-" : i == 5 ? " " : "");
    }
    assert_int_equal(code_decode(key, typed, &back, NULL), STATUS_OK);
    assert_true(back == 77);
}

static void refuses_what_is_no_code(void **state)
{
    (void)state;
    const char *const texts[] = {"", "123", "12345678901", "0000000000", "12345a7890", "\xFF"};
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        struct error err = ERROR_NONE;
        uint64_t back = 5;
        assert_int_equal(code_decode(key, texts[i], &back, &err), STATUS_INVALID_ARGUMENT);
        assert_string_equal(err.field, "code");
        assert_true(back == 5);
    }
}

/* The example of the literature: 572 has the check digit 4. */
static void computes_damms_check_digit(void **state)
{
    (void)state;
    assert_int_equal(code_check_digit("572"), '4');
    assert_int_equal(code_check_digit("5724"), '0');
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(gives_ten_digits_that_do_not_begin_with_0_and_come_back),
        cmocka_unit_test(gives_no_code_twice_among_a_million),
        cmocka_unit_test(gives_other_codes_under_another_key),
        cmocka_unit_test(keeps_giving_the_same_code),
        cmocka_unit_test(catches_every_single_digit_slip),
        cmocka_unit_test(catches_every_swap_of_neighbours),
        cmocka_unit_test(reads_codes_as_people_type_them),
        cmocka_unit_test(refuses_what_is_no_code),
        cmocka_unit_test(computes_damms_check_digit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
