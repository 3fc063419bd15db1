/* A family is a HELP line and all lines up to the next; families of one name are put together in
 * the order first met. */
#include "clients/vafa/metrics_text.h"

#include "base/check.h"
#include "clients/vafa/table.h"

#include <stdlib.h>
#include <string.h>

#define HELP "# HELP "

struct family {
    struct bytes name;
    struct buffer lines;
};

struct families {
    struct family *items;
    size_t count;
};

static struct family *family_of(struct families *families, struct bytes name)
{
    for (size_t i = 0; i < families->count; i++) {
        if (bytes_equal(families->items[i].name, name)) {
            return &families->items[i];
        }
    }
    families->items = realloc(families->items, (families->count + 1) * sizeof(*families->items));
    CHECK(families->items != NULL);
    families->items[families->count] = (struct family){.name = name, .lines = BUFFER_EMPTY};
    return &families->items[families->count++];
}

static bool has_line(struct family *family, struct bytes line)
{
    const char *at = buffer_text(&family->lines);
    while (*at != '\0') {
        size_t size = strcspn(at, "\n") + 1;
        if (bytes_equal(bytes_of(at, size), line)) {
            return true;
        }
        at += size;
    }
    return false;
}

static void add_line(struct family *family, const char *text, size_t size)
{
    struct buffer line = BUFFER_EMPTY;
    struct buffer plain = BUFFER_EMPTY;
    buffer_append(&line, text, size);
    table_plain_text(&plain, buffer_text(&line));
    buffer_append_text(&plain, "\n");
    if (!has_line(family, buffer_bytes(&plain))) {
        buffer_append_bytes(&family->lines, buffer_bytes(&plain));
    }
    buffer_fini(&plain);
    buffer_fini(&line);
}

static void add_text(struct families *families, const char *text)
{
    struct family *family = NULL;
    while (*text != '\0') {
        size_t size = strcspn(text, "\n");
        size_t whole = size + (text[size] == '\n');
        if (strncmp(text, HELP, strlen(HELP)) == 0) {
            const char *name = text + strlen(HELP);
            family = family_of(families, bytes_of(name, strcspn(name, " \n")));
        }
        if (family != NULL && size > 0) {
            add_line(family, text, size);
        }
        text += whole;
    }
}

void metrics_text_merge(const char *const *texts, size_t count, struct buffer *out)
{
    struct families families = {0};
    for (size_t i = 0; i < count; i++) {
        add_text(&families, texts[i]);
    }
    for (size_t i = 0; i < families.count; i++) {
        buffer_append_bytes(out, buffer_bytes(&families.items[i].lines));
        buffer_fini(&families.items[i].lines);
    }
    free(families.items);
}
