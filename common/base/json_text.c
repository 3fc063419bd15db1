/* JSON's escapes (RFC 8259, section 7). */
#include "base/json_text.h"

#include "base/utf8_check.h"

#define REPLACEMENT "\xEF\xBF\xBD"

static void escape_ascii(struct buffer *out, uint8_t c)
{
    switch (c) {
    case '"': buffer_append_text(out, "\\\""); break;
    case '\\': buffer_append_text(out, "\\\\"); break;
    case '\n': buffer_append_text(out, "\\n"); break;
    case '\r': buffer_append_text(out, "\\r"); break;
    case '\t': buffer_append_text(out, "\\t"); break;
    default:
        if (c < 0x20 || c == 0x7F) {
            buffer_append_format(out, "\\u%04x", c);
        } else {
            buffer_append(out, &c, 1);
        }
    }
}

void json_escape(struct buffer *out, struct bytes text)
{
    for (size_t i = 0; i < text.size;) {
        size_t length = utf8_decode(text.data + i, text.size - i, NULL);
        if (length == 0) {
            buffer_append_text(out, REPLACEMENT);
            i++;
        } else if (length == 1) {
            escape_ascii(out, text.data[i]);
            i++;
        } else {
            buffer_append(out, text.data + i, length);
            i += length;
        }
    }
}
