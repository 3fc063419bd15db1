/* A family is a HELP line and all lines up to the next; families of one name are put together in the order first met, and a line that a
 * family has already is left out. By sorting, since a server may send as many as fit a message. */
#include "clients/vafa/metrics_text.h"

#include "base/check.h"
#include "clients/vafa/table.h"

#include <stdlib.h>
#include <string.h>

#define HELP "# HELP "

struct line {
    struct bytes name; /* of its family */
    size_t at, size;   /* in `plain` */
    struct bytes text;
    size_t order;  /* as it came */
    size_t family; /* order of its family's first line */
    bool is_repeated;
};

struct lines {
    struct line *items;
    size_t count, room;
    struct buffer plain;
};

/* --- as they come --- */

static void add_line(struct lines *lines, struct bytes name, const char *text, size_t size)
{
    struct buffer line = BUFFER_EMPTY;
    size_t at = lines->plain.size;
    buffer_append(&line, text, size);
    table_plain_text(&lines->plain, buffer_text(&line));
    buffer_append_text(&lines->plain, "\n");
    buffer_fini(&line);
    if (lines->count == lines->room) {
        lines->room = lines->room == 0 ? 256 : 2 * lines->room;
        lines->items = realloc(lines->items, lines->room * sizeof(*lines->items));
        CHECK(lines->items != NULL);
    }
    lines->items[lines->count] = (struct line){
        .name = name, .at = at, .size = lines->plain.size - at, .order = lines->count};
    lines->count++;
}

static void add_text(struct lines *lines, const char *text)
{
    static const size_t help = sizeof HELP - 1;
    struct bytes name = {NULL, 0};
    const char *end = text + strlen(text);
    while (text < end) {
        const char *line_end = memchr(text, '\n', (size_t)(end - text));
        size_t size = (size_t)((line_end == NULL ? end : line_end) - text);
        if (size >= help && memcmp(text, HELP, help) == 0) {
            const char *space = memchr(text + help, ' ', size - help);
            name =
                bytes_of(text + help, space == NULL ? size - help : (size_t)(space - text) - help);
        }
        if (name.data != NULL && size > 0) {
            add_line(lines, name, text, size);
        }
        text += size + (line_end != NULL);
    }
}

/* --- in order --- */

static int compare_sizes(size_t a, size_t b)
{
    return (a > b) - (a < b);
}

static int by_name(const void *left, const void *right)
{
    const struct line *a = left;
    const struct line *b = right;
    int order = bytes_compare(a->name, b->name);
    return order != 0 ? order : compare_sizes(a->order, b->order);
}

static int by_text(const void *left, const void *right)
{
    const struct line *a = left;
    const struct line *b = right;
    int order = compare_sizes(a->family, b->family);
    if (order == 0) {
        order = bytes_compare(a->text, b->text);
    }
    return order != 0 ? order : compare_sizes(a->order, b->order);
}

static int by_order(const void *left, const void *right)
{
    const struct line *a = left;
    const struct line *b = right;
    int order = compare_sizes(a->family, b->family);
    return order != 0 ? order : compare_sizes(a->order, b->order);
}

static void find_families(struct lines *lines)
{
    qsort(lines->items, lines->count, sizeof(*lines->items), by_name);
    for (size_t i = 0; i < lines->count; i++) {
        struct line *line = &lines->items[i];
        bool is_first = i == 0 || !bytes_equal(line[-1].name, line->name);
        line->family = is_first ? line->order : line[-1].family;
        line->text = bytes_of(lines->plain.data + line->at, line->size);
    }
}

static void find_repeated(struct lines *lines)
{
    qsort(lines->items, lines->count, sizeof(*lines->items), by_text);
    for (size_t i = 1; i < lines->count; i++) {
        struct line *line = &lines->items[i];
        line->is_repeated =
            line[-1].family == line->family && bytes_equal(line[-1].text, line->text);
    }
}

void metrics_text_merge(const char *const *texts, size_t count, struct buffer *out)
{
    struct lines lines = {.plain = BUFFER_EMPTY};
    for (size_t i = 0; i < count; i++) {
        add_text(&lines, texts[i]);
    }
    if (lines.count > 0) {
        find_families(&lines);
        find_repeated(&lines);
        qsort(lines.items, lines.count, sizeof(*lines.items), by_order);
    }
    for (size_t i = 0; i < lines.count; i++) {
        if (!lines.items[i].is_repeated) {
            buffer_append_bytes(out, lines.items[i].text);
        }
    }
    buffer_fini(&lines.plain);
    free(lines.items);
}
