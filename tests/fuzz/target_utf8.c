/* UTF-8: our verdict is ICU's, and what is measured or cut stays text. The input is the bytes. */
#include "base/utf8_check.h"
#include "tests/fuzz/fuzz.h"
#include "text/utf8.h"

#include <string.h>
#include <unicode/ustring.h>

/* ICU's verdict, and how many code points it counts. */
static bool icu_says(struct bytes text, size_t *ret_points)
{
    UErrorCode code = U_ZERO_ERROR;
    int32_t units = 0;
    u_strFromUTF8(NULL, 0, &units, (const char *)text.data, (int32_t)text.size, &code);
    bool valid = code != U_INVALID_CHAR_FOUND;
    *ret_points = 0;
    for (size_t at = 0; valid && at < text.size;) {
        size_t length = utf8_decode(text.data + at, text.size - at, NULL);
        PROPERTY(length >= 1 && length <= 4, "a character of well-formed text has 1 to 4 bytes");
        at += length;
        ++*ret_points;
    }
    return valid;
}

static void check_cut(const char *text, size_t size)
{
    for (size_t size_max = 0; size_max <= size; size_max += 1 + size / 16) {
        size_t cut = utf8_cut(text, size, size_max);
        PROPERTY(cut <= size_max && size_max - cut < 4, "a cut is close below its limit");
        PROPERTY(utf8_well_formed(text, cut), "what is cut off well-formed text is well-formed");
    }
}

static void check_field(const char *text)
{
    struct error err = ERROR_NONE;
    enum status checked = text_check(text, 100, "words", &err);
    enum status required = text_require(text, 100, "words", NULL);
    enum status key = text_check_key(text, 64, "words", NULL);
    if (checked != STATUS_OK) {
        fuzz_check_refusal(checked, &err);
        PROPERTY(strcmp(err.field, "words") == 0, "the refusal names the field");
    } else {
        PROPERTY(utf8_well_formed(text, strlen(text)) && utf8_length(text) <= 100,
                 "what is taken is within its limits");
    }
    PROPERTY(required != STATUS_OK || checked == STATUS_OK, "what is required is checked, too");
    PROPERTY(key != STATUS_OK || (text[0] != '\0' && strpbrk(text, "\n\t") == NULL),
             "a key is one line and not empty");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fuzz_input in;
    size_t points = 0;
    fuzz_begin(&in, data, size);
    bool valid = icu_says(in.rest, &points);
    PROPERTY(utf8_well_formed(data, size) == valid, "our verdict is ICU's");
    bool has_nul = size > 0 && memchr(data, '\0', size) != NULL;
    PROPERTY(utf8_valid(in.rest) == (valid && !has_nul),
             "valid text is well-formed and has no NUL");

    const char *text = fuzz_rest_text(&in);
    (void)utf8_width(text); /* takes bytes that are no text, too */
    if (valid && !has_nul) {
        PROPERTY(utf8_length(text) == points, "its length is the number of its code points");
        PROPERTY(utf8_width(text) <= 2 * points, "nothing is wider than two columns");
        check_cut(text, size);
    }
    check_field(text);
    fuzz_end(&in);
    return 0;
}
