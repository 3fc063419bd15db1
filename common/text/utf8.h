/* UTF-8 that comes from outside: validity and length. */
#ifndef VAFA_TEXT_UTF8_H
#define VAFA_TEXT_UTF8_H

#include "base/bytes.h"

/* Well-formed UTF-8 (Unicode table 3-7: no overlong forms, no surrogates) without NUL. */
bool utf8_valid(struct bytes text);
/* Code points in well-formed text. */
size_t utf8_length(const char *text);
/* Columns the text takes in a terminal: wide East Asian and emoji two, marks, ZWNJ and controls
 * none. */
size_t utf8_width(const char *text);
/* Checks a field of a request: well-formed, at most characters_max code points, no control
 * characters but newline and tab; INVALID_ARGUMENT naming the field otherwise. "" is allowed; see
 * text_require. */
enum status text_check(const char *text, size_t characters_max, const char *field,
                       struct error *err);
/* The same, and not empty or blank. */
enum status text_require(const char *text, size_t characters_max, const char *field,
                         struct error *err);
/* A key such as "asphalt" or "district-5": 1..size_max bytes, well-formed, no control characters.
 */
enum status text_check_key(const char *text, size_t size_max, const char *field, struct error *err);

#endif
