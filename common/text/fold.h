/*
 * Folding for search and comparison, Persian first; never for storage: what a citizen said is kept
 * as said.
 *
 * NFKC, case folding; Arabic ye, alef maksura and kaf to the Persian letters, te marbuta to he,
 * hamza forms of alef, waw and ye to the bare letter; every script's decimal digits to ASCII;
 * harakat, tatweel and bidi controls dropped; ZWNJ and white space to one space; trimmed.
 */
#ifndef VAFA_TEXT_FOLD_H
#define VAFA_TEXT_FOLD_H

#include "base/bytes.h"

/* Appends the folded text. INVALID_ARGUMENT when `text` is not well-formed UTF-8. */
enum status text_fold(const char *text, struct buffer *out, struct error *err);

/* Only the digits: decimal digits of every script become ASCII, all else stays. */
enum status text_fold_digits(const char *text, struct buffer *out, struct error *err);

#endif
