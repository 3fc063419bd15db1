/* Validity, length and width of text, and the checks of a request's fields. */
#include "text/utf8.h"

#include "base/utf8_check.h"
#include "text/digits.h"

#include <string.h>
#include <unicode/uchar.h>

bool utf8_valid(struct bytes text)
{
    return utf8_well_formed(text.data, text.size) &&
           (text.size == 0 || memchr(text.data, '\0', text.size) == NULL);
}

size_t utf8_length(const char *text)
{
    size_t length = 0;
    for (const char *at = text; *at != '\0'; at++) {
        length += ((uint8_t)*at & 0xC0) != 0x80;
    }
    return length;
}

static size_t code_width(UChar32 code)
{
    switch (u_charType(code)) {
    case U_CONTROL_CHAR:
    case U_NON_SPACING_MARK:
    case U_ENCLOSING_MARK: return 0;
    default: break;
    }
    if (u_hasBinaryProperty(code, UCHAR_DEFAULT_IGNORABLE_CODE_POINT)) {
        return 0;
    }
    int32_t hangul = u_getIntPropertyValue(code, UCHAR_HANGUL_SYLLABLE_TYPE);
    if (hangul == U_HST_VOWEL_JAMO || hangul == U_HST_TRAILING_JAMO) {
        return 0; /* drawn over the leading consonant */
    }
    int32_t width = u_getIntPropertyValue(code, UCHAR_EAST_ASIAN_WIDTH);
    return width == U_EA_WIDE || width == U_EA_FULLWIDTH ? 2 : 1;
}

size_t utf8_width(const char *text)
{
    size_t width = 0;
    for (uint32_t code = text_next(&text); code != 0; code = text_next(&text)) {
        if (code == UINT32_MAX) {
            text++; /* a byte that is no text: a terminal shows a box */
            width++;
        } else {
            width += code_width((UChar32)code);
        }
    }
    return width;
}

/* Well-formed and without the controls, of which newline and tab may be allowed. */
static enum status check_characters(const char *text, bool lines, const char *field,
                                    struct error *err)
{
    if (!utf8_well_formed(text, strlen(text))) {
        return error_set(err, STATUS_INVALID_ARGUMENT, field, "the text is not well-formed UTF-8");
    }
    for (const uint8_t *at = (const uint8_t *)text; *at != 0; at++) {
        bool allowed = lines && (*at == '\n' || *at == '\t');
        bool is_c1 = *at == 0xC2 && at[1] <= 0x9F; /* U+0080 to U+009F; the rest are one byte */
        if (!allowed && (*at < 0x20 || *at == 0x7F || is_c1)) {
            return error_set(err, STATUS_INVALID_ARGUMENT, field,
                             "the text contains the control character U+%04X", is_c1 ? at[1] : *at);
        }
    }
    return STATUS_OK;
}

enum status text_check(const char *text, size_t characters_max, const char *field,
                       struct error *err)
{
    enum status status = check_characters(text, true, field, err);
    if (status != STATUS_OK) {
        return status;
    }
    if (utf8_length(text) > characters_max) {
        return error_set(err, STATUS_INVALID_ARGUMENT, field, "longer than %zu characters",
                         characters_max);
    }
    return STATUS_OK;
}

/* Nothing that can be seen. */
static bool is_blank(const char *text)
{
    for (uint32_t code = text_next(&text); code != 0; code = text_next(&text)) {
        if (!u_isUWhiteSpace((UChar32)code) &&
            !u_hasBinaryProperty((UChar32)code, UCHAR_DEFAULT_IGNORABLE_CODE_POINT)) {
            return false;
        }
    }
    return true;
}

enum status text_require(const char *text, size_t characters_max, const char *field,
                         struct error *err)
{
    enum status status = text_check(text, characters_max, field, err);
    if (status == STATUS_OK && is_blank(text)) {
        return error_set(err, STATUS_INVALID_ARGUMENT, field, "must not be empty");
    }
    return status;
}

enum status text_check_key(const char *text, size_t size_max, const char *field, struct error *err)
{
    size_t size = strlen(text);
    if (size == 0) {
        return error_set(err, STATUS_INVALID_ARGUMENT, field, "must not be empty");
    }
    if (size > size_max) {
        return error_set(err, STATUS_INVALID_ARGUMENT, field, "longer than %zu bytes", size_max);
    }
    return check_characters(text, false, field, err);
}
