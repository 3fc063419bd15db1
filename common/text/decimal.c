/* Numbers in one form; see the header. */
#include "text/decimal.h"

#include "text/fold.h"

#include <stdbool.h>
#include <string.h>

#define SEPARATOR_FA "\u066B"

static bool is_number(const char *text, size_t fraction_max)
{
    text += text[0] == '-';
    size_t whole = strspn(text, "0123456789");
    text += whole;
    if (whole == 0 || whole > DECIMAL_DIGITS_MAX || *text == '\0') {
        return whole > 0 && whole <= DECIMAL_DIGITS_MAX;
    }
    size_t fraction = *text == '.' ? strspn(text + 1, "0123456789") : 0;
    return fraction > 0 && fraction <= fraction_max && text[1 + fraction] == '\0';
}

/* Without what changes nothing: zeros in front and behind the point, the sign of 0. */
static void append_number(const char *number, struct buffer *out)
{
    bool is_negative = number[0] == '-';
    number += is_negative;
    number += strspn(number, "0");
    size_t whole = strcspn(number, ".");
    const char *fraction = number + whole;
    size_t size = strlen(fraction);
    while (size > 0 && (fraction[size - 1] == '0' || fraction[size - 1] == '.')) {
        size--;
    }
    if (is_negative && whole + size > 0) {
        buffer_append_text(out, "-");
    }
    buffer_append(out, whole > 0 ? number : "0", whole > 0 ? whole : 1);
    buffer_append(out, fraction, size);
}

enum status decimal_ascii(const char *text, struct buffer *out, struct error *err)
{
    struct buffer digits = BUFFER_EMPTY;
    enum status status = text_fold_digits(text, &digits, err);
    const char *from = status == STATUS_OK ? buffer_text(&digits) : "";
    const size_t separator = strlen(SEPARATOR_FA);
    while (*from != '\0') {
        bool is_separator = strncmp(from, SEPARATOR_FA, separator) == 0;
        buffer_append(out, is_separator ? "." : from, 1);
        from += is_separator ? separator : 1;
    }
    buffer_fini(&digits);
    return status;
}

enum status decimal_fold(const char *text, size_t fraction_max, struct buffer *out,
                         struct error *err)
{
    struct buffer ascii = BUFFER_EMPTY;
    enum status status = decimal_ascii(text, &ascii, err);
    if (status == STATUS_OK && !is_number(buffer_text(&ascii), fraction_max)) {
        status =
            error_set(err, STATUS_INVALID_ARGUMENT, NULL,
                      "must be a number such as 12 or 3.5, of at most %d digits and %zu behind "
                      "the point",
                      DECIMAL_DIGITS_MAX, fraction_max);
    }
    if (status == STATUS_OK) {
        append_number(buffer_text(&ascii), out);
    }
    buffer_fini(&ascii);
    return status;
}
