/*
 * Tracking codes: the first 16 bytes are the key, the next 8 a number, the rest what somebody
 * typed.
 */
#include "tests/fuzz/fuzz.h"
#include "text/code.h"

#include <stdio.h>
#include <string.h>

static void check_number(const uint8_t key[CODE_KEY_BYTES], uint64_t number, uint8_t mistake)
{
    char code[CODE_SIZE];
    uint64_t again = 0;
    code_encode(key, number, code);
    PROPERTY(strlen(code) == CODE_DIGITS && strspn(code, "0123456789") == CODE_DIGITS,
             "a code has ten digits");
    PROPERTY(code[0] != '0', "it does not begin with 0");
    PROPERTY(code_decode(key, code, &again, NULL) == STATUS_OK && again == number,
             "it reads back as its number");

    char *wrong = &code[mistake % CODE_DIGITS];
    *wrong = (char)('0' + (*wrong - '0' + 1 + mistake / CODE_DIGITS % 9) % 10);
    struct error err = ERROR_NONE;
    again = number;
    enum status status = code_decode(key, code, &again, &err);
    PROPERTY(status == (code[0] == '0' ? STATUS_INVALID_ARGUMENT : STATUS_NOT_FOUND) &&
                 again == number,
             "one wrong digit is noticed");
    fuzz_check_refusal(status, &err);
    PROPERTY(strcmp(err.field, "code") == 0, "the refusal names the field");
}

static void check_swap(const uint8_t key[CODE_KEY_BYTES], uint64_t number, uint8_t place)
{
    char code[CODE_SIZE];
    uint64_t again;
    code_encode(key, number, code);
    size_t at = place % (CODE_DIGITS - 1);
    char left = code[at];
    code[at] = code[at + 1];
    code[at + 1] = left;
    PROPERTY(code[at] == code[at + 1] || code_decode(key, code, &again, NULL) != STATUS_OK,
             "two swapped neighbours are noticed");
}

static void check_typed(const uint8_t key[CODE_KEY_BYTES], const char *text)
{
    struct error err = ERROR_NONE;
    uint64_t number = 0;
    enum status status = code_decode(key, text, &number, &err);
    if (status != STATUS_OK) {
        fuzz_check_refusal(status, &err);
        return;
    }
    char code[CODE_SIZE];
    uint64_t again = 0;
    PROPERTY(number <= CODE_NUMBER_MAX, "a code's number is within its range");
    code_encode(key, number, code);
    PROPERTY(code_decode(key, code, &again, NULL) == STATUS_OK && again == number,
             "it has a code, which is its own");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fuzz_input in;
    uint8_t key[CODE_KEY_BYTES] = {0};
    fuzz_begin(&in, data, size);
    struct bytes given = fuzz_take(&in, sizeof(key));
    if (given.size > 0) {
        memcpy(key, given.data, given.size);
    }
    uint64_t number = fuzz_u64(&in) % (CODE_NUMBER_MAX + 1);
    uint8_t mistake = (uint8_t)(number >> 3);
    check_number(key, number, mistake);
    check_swap(key, number, mistake);
    check_typed(key, fuzz_rest_text(&in));
    fuzz_end(&in);
    return 0;
}
