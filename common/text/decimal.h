/* Numbers as people write them, in one form, so that equal ones are the same text. */
#ifndef VAFA_TEXT_DECIMAL_H
#define VAFA_TEXT_DECIMAL_H

#include "base/bytes.h"

#define DECIMAL_DIGITS_MAX 15 /* before the point */

/* -?DIGITS[.DIGITS] in digits of any script, with the Persian decimal separator or a point, at most so many digits behind it: appends
 * "7.5" for "007.50" and "0" for "-0". INVALID_ARGUMENT, without a field, for anything else; `out` is untouched then. */
enum status decimal_fold(const char *text, size_t fraction_max, struct buffer *out,
                         struct error *err);

/* Digits become ASCII, the Persian decimal separator a point; all else stays. */
enum status decimal_ascii(const char *text, struct buffer *out, struct error *err);

#endif
