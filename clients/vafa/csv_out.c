/* RFC 4180: a cell with a comma, a quote or a line break stands in quotes, its quotes doubled. */
#include "clients/vafa/csv_out.h"

#include <string.h>

void csv_out_plain(struct buffer *out, const char *text)
{
    if (strpbrk(text, ",\"\r\n") == NULL) {
        buffer_append_text(out, text);
        return;
    }
    buffer_append_text(out, "\"");
    for (; *text != '\0'; text++) {
        if (*text == '"') {
            buffer_append_text(out, "\"");
        }
        buffer_append(out, text, 1);
    }
    buffer_append_text(out, "\"");
}

void csv_out_text(struct buffer *out, const char *text)
{
    if (text[0] == '\0' || strchr("=+-@\t\r\n", text[0]) == NULL) {
        csv_out_plain(out, text);
        return;
    }
    struct buffer safe = BUFFER_EMPTY;
    buffer_append_text(&safe, "'");
    buffer_append_text(&safe, text);
    csv_out_plain(out, buffer_text(&safe));
    buffer_fini(&safe);
}
