/* Reading of phone numbers: the readings are tried from the most explicit to the least. */
#include "text/phone.h"

#include "text/digits.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#define E164_DIGITS_MAX 15
#define FOREIGN_DIGITS_MIN 8

/* With an international prefix in front; what is longer is no phone number. */
#define TYPED_DIGITS_MAX 20

struct phone_plan phone_plan_iran(void)
{
    return (struct phone_plan){
        .country = "98",
        .trunk = "0",
        .area = "31",
        .local_digits = 8,
        .national_digits_min = 10,
        .national_digits_max = 10,
        .mobile = {"9"},
        .refused = {"980"},
        .mobile_count = 1,
        .refused_count = 1,
    };
}

static bool starts_with(const char *text, const char *prefix)
{
    return strncmp(text, prefix, strlen(prefix)) == 0;
}

struct typed {
    char digits[TYPED_DIGITS_MAX + 1];
    bool international; /* a plus in front */
};

/* Brackets, dots and slashes stand between digits as often as spaces do. */
static bool is_punctuation(uint32_t code)
{
    return code == '(' || code == ')' || code == '[' || code == ']' || code == '.' || code == '/';
}

static bool read_typed(const char *text, struct typed *ret_typed)
{
    struct typed typed = {.international = false};
    size_t count = 0;
    for (uint32_t code = text_next(&text); code != 0; code = text_next(&text)) {
        int digit = code == UINT32_MAX ? DIGIT_OTHER : digit_of(code);
        bool plus = code == '+' || code == 0xFF0B; /* the full-width plus */
        if (digit >= 0 && count < TYPED_DIGITS_MAX) {
            typed.digits[count++] = (char)('0' + digit);
        } else if (plus && count == 0 && !typed.international) {
            typed.international = true;
        } else if (digit != DIGIT_SEPARATOR && !is_punctuation(code)) {
            return false;
        }
    }
    *ret_typed = typed;
    return true;
}

static bool is_refused(const struct phone_plan *plan, const char *national)
{
    for (size_t i = 0; i < plan->refused_count; i++) {
        if (starts_with(national, plan->refused[i])) {
            return true;
        }
    }
    return false;
}

/* The two together are at most E164_DIGITS_MAX long. */
static void write_e164(char *out, const char *country, const char *digits)
{
    size_t country_size = strlen(country);
    out[0] = '+';
    memcpy(out + 1, country, country_size);
    memcpy(out + 1 + country_size, digits, strlen(digits) + 1);
}

/* A national number, with or without the trunk prefix. */
static bool read_national(const struct phone_plan *plan, const char *digits, char *ret_e164)
{
    size_t trunk = strlen(plan->trunk);
    if (trunk > 0 && starts_with(digits, plan->trunk)) {
        digits += trunk;
    }
    size_t length = strlen(digits);
    bool twice = trunk > 0 && starts_with(digits, plan->trunk);
    if (length < plan->national_digits_min || length > plan->national_digits_max || twice ||
        length + strlen(plan->country) > E164_DIGITS_MAX || is_refused(plan, digits)) {
        return false;
    }
    write_e164(ret_e164, plan->country, digits);
    return true;
}

/* Behind + or 00. */
static bool read_international(const struct phone_plan *plan, const char *digits, char *ret_e164)
{
    if (starts_with(digits, plan->country)) {
        return read_national(plan, digits + strlen(plan->country), ret_e164);
    }
    size_t length = strlen(digits);
    if (length < FOREIGN_DIGITS_MIN || length > E164_DIGITS_MAX || digits[0] == '0') {
        return false; /* no country's code begins with 0 */
    }
    write_e164(ret_e164, "", digits);
    return true;
}

static bool read_local(const struct phone_plan *plan, const char *digits, char *ret_e164)
{
    char national[32];
    if (plan->local_digits == 0 || strlen(digits) != plan->local_digits ||
        (plan->trunk[0] != '\0' && starts_with(digits, plan->trunk))) {
        return false;
    }
    snprintf(national, sizeof(national), "%.5s%.20s", plan->area, digits);
    return read_national(plan, national, ret_e164);
}

static bool read_any(const struct phone_plan *plan, const struct typed *typed, char *ret_e164)
{
    const char *digits = typed->digits;
    if (typed->international) {
        return read_international(plan, digits, ret_e164);
    }
    if (starts_with(digits, "00")) {
        return read_international(plan, digits + 2, ret_e164);
    }
    return read_local(plan, digits, ret_e164) || read_national(plan, digits, ret_e164) ||
           (starts_with(digits, plan->country) &&
            read_national(plan, digits + strlen(plan->country), ret_e164));
}

enum status phone_normalise(const struct phone_plan *plan, const char *text,
                            char ret_e164[PHONE_E164_SIZE], struct error *err)
{
    struct typed typed;
    char e164[PHONE_E164_SIZE] = "";
    /* The number itself is personal and stays out of the message. */
    if (!read_typed(text, &typed)) {
        return error_set(err, STATUS_INVALID_ARGUMENT, "phone",
                         "a phone number is written with digits, spaces, dashes and brackets");
    }
    if (!read_any(plan, &typed, e164)) {
        return error_set(err, STATUS_INVALID_ARGUMENT, "phone",
                         "%zu digits that are no phone number here or abroad",
                         strlen(typed.digits));
    }
    memcpy(ret_e164, e164, sizeof(e164));
    return STATUS_OK;
}

void phone_mask(const struct phone_plan *plan, const char *e164, char out[24])
{
    size_t length = strnlen(e164, PHONE_E164_SIZE);
    size_t country = strlen(plan->country);
    if (e164[0] != '+' || length >= PHONE_E164_SIZE || length < FOREIGN_DIGITS_MIN + 1) {
        snprintf(out, 24, "***");
        return;
    }
    bool ours = starts_with(e164 + 1, plan->country);
    const char *shown = ours ? e164 + 1 + country : e164 + 1;
    size_t digits = strlen(shown);
    /* At least three digits stay hidden. */
    size_t tail = digits >= 10 ? 4 : 2;
    snprintf(out, 24, "%s%.3s *** %s", ours ? plan->trunk : "+", shown, shown + digits - tail);
}
