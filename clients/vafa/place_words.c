/* The parts of a place that are numbers have their word before them: "line 12, stop 4". */
#include "clients/vafa/place_words.h"

#include "clients/vafa/labels.h"

void place_words(struct session *session, const Common__Place *place, struct buffer *out)
{
    if (place == NULL) {
        return;
    }
    const char *language = session_language(session);
    const struct {
        const char *name; /* NULL: it speaks for itself */
        const char *value;
    } parts[] = {
        {NULL, session_area(session, place->area)},
        {NULL, place->neighbourhood},
        {NULL, place->street},
        {NULL, place->landmark},
        {"line", place->line},
        {"direction", place->direction},
        {"stop", place->stop},
        {"pole", place->pole},
        {"vehicle", place->vehicle},
        {NULL, place->thing},
    };
    for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
        if (parts[i].value[0] == '\0') {
            continue;
        }
        if (out->size > 0) {
            buffer_append_format(out, "%s ", label_word(",", language));
        }
        if (parts[i].name != NULL) {
            buffer_append_format(out, "%s ", label_word(parts[i].name, language));
        }
        buffer_append_text(out, parts[i].value);
    }
}
