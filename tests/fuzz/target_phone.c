/*
 * Phone numbers. The first line is a numbering plan ("country trunk area local min max mobile
 * refused", any of them missing: Iran's), the rest what somebody typed.
 */
#include "tests/fuzz/fuzz.h"
#include "text/phone.h"

#include <stdio.h>
#include <string.h>

/* Copies the next word of digits; "-" stands for an empty one. */
static bool take_digits(const char **at, char *out, size_t digits_max)
{
    *at += strspn(*at, " ");
    size_t size = strcspn(*at, " ");
    bool good = size > 0 && size <= digits_max && strspn(*at, "0123456789") >= size;
    if (good) {
        memcpy(out, *at, size);
    }
    out[good ? size : 0] = '\0';
    good = good || (size == 1 && **at == '-');
    *at += size;
    return good;
}

static bool take_count(const char **at, uint8_t *ret_count)
{
    char digits[3];
    unsigned count = 0;
    bool good = take_digits(at, digits, 2) && sscanf(digits, "%2u", &count) == 1 && count <= 15;
    *ret_count = (uint8_t)count;
    return good;
}

/* As strict as the city pack's reader is. */
static bool read_plan(const char *at, struct phone_plan *plan)
{
    memset(plan, 0, sizeof(*plan));
    bool whole = take_digits(&at, plan->country, 3) && plan->country[0] != '\0' &&
                 take_digits(&at, plan->trunk, 2) && take_digits(&at, plan->area, 5) &&
                 take_count(&at, &plan->local_digits) &&
                 take_count(&at, &plan->national_digits_min) &&
                 take_count(&at, &plan->national_digits_max) &&
                 take_digits(&at, plan->mobile[0], 5) && take_digits(&at, plan->refused[0], 5);
    plan->mobile_count = plan->mobile[0][0] != '\0';
    plan->refused_count = plan->refused[0][0] != '\0';
    return whole && plan->national_digits_min >= 1 &&
           plan->national_digits_min <= plan->national_digits_max;
}

static void check_mask(const struct phone_plan *plan, const char *e164)
{
    char mask[24];
    memset(mask, 'x', sizeof(mask));
    phone_mask(plan, e164, mask);
    PROPERTY(memchr(mask, '\0', sizeof(mask)) != NULL, "a mask ends within its room");
    PROPERTY(strstr(mask, "***") != NULL, "a mask hides something");
    PROPERTY(strlen(e164) < 9 || strstr(mask, e164 + 1) == NULL, "it does not hold the number");
}

static void check_typed(const struct phone_plan *plan, const char *text)
{
    char e164[PHONE_E164_SIZE] = "untouched";
    char again[PHONE_E164_SIZE];
    struct error err = ERROR_NONE;
    enum status status = phone_normalise(plan, text, e164, &err);
    check_mask(plan, text);
    if (status != STATUS_OK) {
        fuzz_check_refusal(status, &err);
        PROPERTY(strcmp(err.field, "phone") == 0, "the refusal names the field");
        PROPERTY(strcmp(e164, "untouched") == 0, "a refusal leaves the output alone");
        return;
    }
    size_t digits = strspn(e164 + 1, "0123456789");
    PROPERTY(e164[0] == '+' && digits >= 1 && digits <= 15 && e164[digits + 1] == '\0',
             "E.164: + and 1 to 15 digits");
    PROPERTY(phone_normalise(plan, e164, again, NULL) == STATUS_OK && strcmp(e164, again) == 0,
             "a number in one form stays as it is");
    check_mask(plan, e164);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fuzz_input in;
    struct phone_plan plan;
    fuzz_begin(&in, data, size);
    if (!read_plan(fuzz_text_of(&in, fuzz_line(&in)), &plan)) {
        plan = phone_plan_iran();
    }
    check_typed(&plan, fuzz_rest_text(&in));
    fuzz_end(&in);
    return 0;
}
