/*
 * Folding: our own letter map, then NFKC with case folding, and both again for as long as the map
 * still finds something: normalising can bring back what it removes (a ligature opens into a word
 * with tatweel and Arabic ye), and what it removes can bring two characters together that are one.
 */
#include "text/fold.h"

#include "base/check.h"
#include "base/utf8_check.h"
#include "text/icu_error.h"

#include <stdlib.h>
#include <string.h>
#include <unicode/uchar.h>
#include <unicode/unorm2.h>
#include <unicode/ustring.h>
#include <unicode/utf16.h>

/* Above any message; keeps ICU's 32-bit lengths far from their end. */
#define TEXT_SIZE_MAX ((size_t)16 * 1024 * 1024)

#define DROP 0

static enum status check_text(const char *text, size_t size, struct error *err)
{
    if (size > TEXT_SIZE_MAX || !utf8_well_formed(text, size)) {
        return error_set(err, STATUS_INVALID_ARGUMENT, NULL, "the text is not well-formed UTF-8");
    }
    return STATUS_OK;
}

/* Letters of the Arabic script that look or sound the same to a Persian reader. Alef with madda is
 * a letter of its own and stays. */
static UChar32 map_letter(UChar32 code)
{
    switch (code) {
    case 0x0623: /* alef with hamza above, below, with wavy hamza, wasla */
    case 0x0625:
    case 0x0672:
    case 0x0673:
    case 0x0671: return 0x0627;
    case 0x0624: return 0x0648; /* waw with hamza */
    case 0x0626:                /* ye with hamza */
    case 0x0649:                /* alef maksura */
    case 0x064A:                /* Arabic ye */
    case 0x06CD:
    case 0x06D2: /* ye barree, as on some phone keyboards */
    case 0x06D3: return 0x06CC;
    case 0x0643: /* Arabic kaf, swash kaf */
    case 0x06AA: return 0x06A9;
    case 0x0629: /* te marbuta */
    case 0x06BE: /* the other forms of he */
    case 0x06C0:
    case 0x06C1:
    case 0x06C2:
    case 0x06C3:
    case 0x06D5: return 0x0647;
    default: return code;
    }
}

/* A character's folded form; DROP when it goes; ' ' for every kind of space. */
static UChar32 map_code(UChar32 code)
{
    int32_t digit = u_charDigitValue(code);
    if (digit >= 0) {
        return '0' + digit;
    }
    if (code == 0x200C || code == 0x200B || u_isUWhiteSpace(code)) { /* ZWNJ, zero width space */
        return ' ';
    }
    if (code == 0x0640) { /* tatweel */
        return DROP;
    }
    if (code >= 0x0600 && code <= 0x08FF) {
        return u_charType(code) == U_NON_SPACING_MARK ? DROP : map_letter(code); /* harakat */
    }
    return code;
}

/* U16_NEXT as a function: the macro does not pass -Wconversion. */
static UChar32 next_code(const UChar *text, int32_t *at, int32_t length)
{
    uint32_t unit = text[(*at)++];
    if (U16_IS_LEAD(unit) && *at < length && U16_IS_TRAIL((uint32_t)text[*at])) {
        return U16_GET_SUPPLEMENTARY(unit, text[(*at)++]);
    }
    return (UChar32)unit;
}

/* Maps in place: no mapping is longer than its source in UTF-16. */
static int32_t map_all(UChar *text, int32_t length, bool *ret_changed)
{
    int32_t read = 0;
    int32_t write = 0;
    bool changed = false;
    while (read < length) {
        UChar32 code = next_code(text, &read, length);
        UChar32 mapped = map_code(code);
        changed = changed || mapped != code;
        if (mapped == DROP) {
            continue;
        }
        U16_APPEND_UNSAFE(text, write, (uint32_t)mapped);
    }
    *ret_changed = changed;
    return write;
}

static UChar *allocate(int32_t length)
{
    UChar *text = malloc(((size_t)length + 1) * sizeof(*text));
    CHECK(text != NULL);
    return text;
}

static UChar *normalise(const UChar *text, int32_t length, int32_t *ret_length, UErrorCode *code)
{
    const UNormalizer2 *form = unorm2_getNFKCCasefoldInstance(code);
    int32_t capacity = length + 16;
    UChar *out = allocate(capacity);
    int32_t needed = unorm2_normalize(form, text, length, out, capacity, code);
    if (*code == U_BUFFER_OVERFLOW_ERROR) {
        *code = U_ZERO_ERROR;
        free(out);
        out = allocate(needed);
        needed = unorm2_normalize(form, text, length, out, needed, code);
    }
    *ret_length = needed;
    return out;
}

/* Appends as UTF-8 with runs of spaces as one, and trimmed. */
static void append_squeezed(const UChar *text, int32_t length, struct buffer *out)
{
    bool any = false;
    bool space = false;
    for (int32_t i = 0; i < length;) {
        UChar32 code = next_code(text, &i, length);
        if (code == ' ') {
            space = any;
            continue;
        }
        if (space) {
            buffer_append_text(out, " ");
            space = false;
        }
        uint8_t bytes[U8_MAX_LENGTH];
        int32_t size = 0;
        U8_APPEND_UNSAFE(bytes, size, (uint32_t)code);
        buffer_append(out, bytes, (size_t)size);
        any = true;
    }
}

/* Two rounds do, for all of Unicode 15; a version that needed more would be folded almost whole. */
#define ROUNDS_MAX 4

/* *text is replaced. */
static void fold_wide(UChar **text, int32_t *length, UErrorCode *code)
{
    bool changed;
    *length = map_all(*text, *length, &changed);
    changed = true;
    for (int round = 0; changed && round < ROUNDS_MAX && U_SUCCESS(*code); round++) {
        UChar *normal = normalise(*text, *length, length, code);
        free(*text);
        *text = normal;
        if (U_SUCCESS(*code)) {
            *length = map_all(*text, *length, &changed);
        }
    }
}

enum status text_fold(const char *text, struct buffer *out, struct error *err)
{
    size_t size = strlen(text);
    enum status status = check_text(text, size, err);
    if (status != STATUS_OK || size == 0) {
        return status;
    }
    UErrorCode code = U_ZERO_ERROR;
    int32_t length = 0;
    UChar *wide = allocate((int32_t)size); /* never more units than bytes */
    u_strFromUTF8(wide, (int32_t)size + 1, &length, text, (int32_t)size, &code);
    status = icu_status(code, "reading the text", err);
    if (status != STATUS_OK) {
        goto out;
    }
    fold_wide(&wide, &length, &code);
    status = icu_status(code, "normalising the text", err);
    if (status != STATUS_OK) {
        goto out;
    }
    append_squeezed(wide, length, out);
out:
    free(wide);
    return status;
}

enum status text_fold_digits(const char *text, struct buffer *out, struct error *err)
{
    size_t size = strlen(text);
    enum status status = check_text(text, size, err);
    if (status != STATUS_OK) {
        return status;
    }
    const uint8_t *bytes = (const uint8_t *)text;
    for (size_t i = 0; i < size;) {
        uint32_t code = 0;
        size_t length = utf8_decode(bytes + i, size - i, &code);
        int32_t digit = u_charDigitValue((UChar32)code);
        if (digit >= 0) {
            uint8_t ascii = (uint8_t)('0' + digit);
            buffer_append(out, &ascii, 1);
        } else {
            buffer_append(out, bytes + i, length);
        }
        i += length;
    }
    return STATUS_OK;
}
