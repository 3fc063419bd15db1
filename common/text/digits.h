/* Reading numbers as people type them; private to text. */
#ifndef VAFA_TEXT_DIGITS_H
#define VAFA_TEXT_DIGITS_H

#include <stdint.h>

enum { DIGIT_SEPARATOR = -1, DIGIT_OTHER = -2 };

/* 0..9 for a decimal digit of any script; DIGIT_SEPARATOR for spaces, dashes and invisible
 * characters (ZWNJ, bidi marks that come along when a number is copied); DIGIT_OTHER for all else.
 */
int digit_of(uint32_t code);

/* Takes one character from well-formed text. 0 at its end, UINT32_MAX for ill-formed bytes. */
uint32_t text_next(const char **text);

#endif
