/* Digits of every script and what people put between them. */
#include "text/digits.h"

#include "base/utf8_check.h"

#include <string.h>
#include <unicode/uchar.h>

int digit_of(uint32_t code)
{
    int32_t value = u_charDigitValue((UChar32)code);
    if (value >= 0) {
        return (int)value;
    }
    if (u_isUWhiteSpace((UChar32)code) ||
        u_hasBinaryProperty((UChar32)code, UCHAR_DEFAULT_IGNORABLE_CODE_POINT) ||
        u_charType((UChar32)code) == U_DASH_PUNCTUATION || code == 0x2212) { /* minus sign */
        return DIGIT_SEPARATOR;
    }
    return DIGIT_OTHER;
}

uint32_t text_next(const char **text)
{
    uint32_t code;
    const char *at = *text;
    if (*at == '\0') {
        return 0;
    }
    /* A NUL continues no character, so nothing behind it is read. */
    size_t length = utf8_decode((const uint8_t *)at, 4, &code);
    if (length == 0) {
        return UINT32_MAX;
    }
    *text = at + length;
    return code;
}
