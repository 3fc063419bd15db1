/* Phone numbers against the vectors of others and against a city's own habits. */
#include "text/phone.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void assert_phone(const struct phone_plan *plan, const char *text, const char *expected)
{
    char e164[PHONE_E164_SIZE] = "untouched";
    struct error err = ERROR_NONE;
    enum status status = phone_normalise(plan, text, e164, &err);
    if (expected == NULL) {
        assert_int_equal(status, STATUS_INVALID_ARGUMENT);
        assert_string_equal(err.field, "phone");
        assert_string_equal(e164, "untouched");
    } else {
        assert_int_equal(status, STATUS_OK);
        assert_string_equal(e164, expected);
    }
}

/* One row of the vectors: check, input, expected. */
static void check_row(const struct phone_plan *plan, const char *check, const char *input,
                      const char *expected)
{
    char e164[PHONE_E164_SIZE] = "";
    bool valid = phone_normalise(plan, input, e164, NULL) == STATUS_OK;
    if (strcmp(check, "valid") == 0) {
        assert_int_equal(valid, expected[0] == '1');
    } else if (strcmp(expected, "ERROR") == 0) {
        assert_false(valid);
    } else if (strcmp(check, "normalize:0") == 0) {
        assert_true(valid);
        assert_string_equal(e164 + 3, expected + 1);
    } else if (strcmp(check, "normalize:+98") == 0) {
        assert_true(valid);
        assert_string_equal(e164, expected);
    } else {
        assert_string_equal(check, "prefix");
        assert_int_equal(valid, expected[0] != '\0');
        assert_memory_equal(e164 + 3 * valid, expected, strlen(expected));
    }
}

/* The vectors are of mobile numbers alone and know no city: with a local number of eight digits
 * "   99999999     " is 031-99999999 to us and an error to them. So they are read without local
 * numbers; takes_a_number_without_area_code_in_the_city has the row as we take it. */
static void agrees_with_the_published_vectors(void **state)
{
    (void)state;
    struct phone_plan plan = phone_plan_iran();
    plan.local_digits = 0;
    FILE *file = fopen(VAFA_SOURCE_DIR "/tests/data/vectors_phone_ir.tsv", "r");
    assert_non_null(file);
    char line[256];
    int rows = 0;
    assert_non_null(fgets(line, sizeof(line), file)); /* the head */
    while (fgets(line, sizeof(line), file) != NULL) {
        char *rest = line;
        const char *check = strsep(&rest, "\t");
        const char *input = strsep(&rest, "\t");
        const char *expected = strsep(&rest, "\t\n");
        check_row(&plan, check, input, expected);
        rows++;
    }
    fclose(file);
    assert_int_equal(rows, 46);
}

static void takes_every_spelling_of_one_number(void **state)
{
    (void)state;
    struct phone_plan plan = phone_plan_iran();
    const char *const texts[] = {
        "09131234567",
        "+98 913 123 4567",
        "0098-913-1234567",
        "989131234567",
        "9131234567",
        "۰۹۱۳۱۲۳۴۵۶۷",
        "٠٩١٣١٢٣٤٥٦٧",
        "(0913) 123.45.67",
        "+98 (0)9131234567",
        "\xE2\x80\x8E+989131234567\xE2\x80\xAC",
        "０９１３ １２３ ４５６７",
    };
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        assert_phone(&plan, texts[i], "+989131234567");
    }
}

static void takes_a_number_without_area_code_in_the_city(void **state)
{
    (void)state;
    struct phone_plan plan = phone_plan_iran();
    assert_phone(&plan, "32222137", "+983132222137");
    assert_phone(&plan, "031-32222137", "+983132222137");
    assert_phone(&plan, "   99999999     ", "+983199999999");
    assert_phone(&plan, "02222137", NULL); /* no subscriber number begins with the trunk prefix */
}

static void takes_foreign_numbers_only_with_their_country(void **state)
{
    (void)state;
    struct phone_plan plan = phone_plan_iran();
    assert_phone(&plan, "+1 617 555 0123", "+16175550123");
    assert_phone(&plan, "0044 20 7946 0958", "+442079460958");
    assert_phone(&plan, "+1234567", NULL);          /* seven digits */
    assert_phone(&plan, "+1234567890123456", NULL); /* sixteen */
    assert_phone(&plan, "+0123456789", NULL);
}

static void refuses_what_is_no_number(void **state)
{
    (void)state;
    struct phone_plan plan = phone_plan_iran();
    const char *const texts[] = {"",
                                 "137",
                                 "abc",
                                 "0913123456",
                                 "091312345678",
                                 "0913 123 456x",
                                 "++989131234567",
                                 "0913+1234567",
                                 "\xFF",
                                 "09802002580",
                                 "+9809802002580",
                                 "000000000000000000000000000000"};
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        assert_phone(&plan, texts[i], NULL);
    }
}

static void follows_the_plan_of_another_country(void **state)
{
    (void)state;
    const struct phone_plan boston = {.country = "1",
                                      .area = "617",
                                      .local_digits = 7,
                                      .national_digits_min = 10,
                                      .national_digits_max = 10,
                                      .refused = {"0", "1"},
                                      .refused_count = 2};
    assert_phone(&boston, "555-0123", "+16175550123");
    assert_phone(&boston, "(617) 555-0123", "+16175550123");
    assert_phone(&boston, "1 617 555 0123", "+16175550123");
    assert_phone(&boston, "017 555 0123", NULL);
    assert_phone(&boston, "+98 913 123 4567", "+989131234567");
}

static void never_says_the_number_in_an_error(void **state)
{
    (void)state;
    struct phone_plan plan = phone_plan_iran();
    char e164[PHONE_E164_SIZE];
    struct error err;
    phone_normalise(&plan, "0913123456", e164, &err);
    assert_null(strstr(err.message, "913"));
}

static void masks_the_middle(void **state)
{
    (void)state;
    struct phone_plan plan = phone_plan_iran();
    char out[24];
    phone_mask(&plan, "+989131234567", out);
    assert_string_equal(out, "0913 *** 4567");
    phone_mask(&plan, "+16175550123", out);
    assert_string_equal(out, "+161 *** 0123");
    phone_mask(&plan, "+29012345", out);
    assert_string_equal(out, "+290 *** 45");
    phone_mask(&plan, "+123456789012345", out);
    assert_string_equal(out, "+123 *** 2345");
    phone_mask(&plan, "", out);
    assert_string_equal(out, "***");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(agrees_with_the_published_vectors),
        cmocka_unit_test(takes_every_spelling_of_one_number),
        cmocka_unit_test(takes_a_number_without_area_code_in_the_city),
        cmocka_unit_test(takes_foreign_numbers_only_with_their_country),
        cmocka_unit_test(refuses_what_is_no_number),
        cmocka_unit_test(follows_the_plan_of_another_country),
        cmocka_unit_test(never_says_the_number_in_an_error),
        cmocka_unit_test(masks_the_middle),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
