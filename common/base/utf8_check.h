/* UTF-8, as far as base itself needs it; common/text/utf8.h is the public face. */
#ifndef VAFA_BASE_UTF8_CHECK_H
#define VAFA_BASE_UTF8_CHECK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Well-formed by table 3-7 of the Unicode Standard: no overlong forms, no surrogates, nothing above
 * U+10FFFF. U+0000 is well-formed here. */
bool utf8_well_formed(const void *data, size_t size);

/* The length (1..4) of the well-formed character at the front of the `size` bytes, 0 when there is
 * none. ret_code may be NULL. */
size_t utf8_decode(const uint8_t *data, size_t size, uint32_t *ret_code);

/* The largest length not over size_max at which well-formed text may be cut. */
size_t utf8_cut(const char *text, size_t size, size_t size_max);

#endif
