/* Text inside a JSON string; private to base. */
#ifndef VAFA_BASE_JSON_TEXT_H
#define VAFA_BASE_JSON_TEXT_H

#include "base/bytes.h"

/* Appends the text with JSON's escapes and without quotes. Bytes that are not well-formed UTF-8
 * become U+FFFD. */
void json_escape(struct buffer *out, struct bytes text);

#endif
