/* Lines of a measurement; see the header. */
#include "clients/vafa/figures.h"

#include "base/bytes.h"
#include "clients/vafa/table.h"
#include "text/utf8.h"

#include <inttypes.h>
#include <stdio.h>

#define WHAT_COLUMNS 58

/* What it is, as wide on a terminal in every language. */
static void print_what(struct session *session, const char *what, const char *name)
{
    struct buffer text = BUFFER_EMPTY;
    buffer_append_format(&text, "%s%s", session_word(session, what), name[0] != '\0' ? " " : "");
    table_plain_text(&text, name);
    size_t width = utf8_width(buffer_text(&text));
    printf("%s%*s ", buffer_text(&text), width < WHAT_COLUMNS ? (int)(WHAT_COLUMNS - width) : 0,
           "");
    buffer_fini(&text);
}

void figures_head(struct session *session, const char *what)
{
    printf("\n%s\n", session_word(session, what));
}

void figures_count(struct session *session, const char *what, uint64_t count)
{
    print_what(session, what, "");
    printf("%7" PRIu64 "\n", count);
}

void figures_share(struct session *session, const char *what, uint64_t part, uint64_t whole)
{
    figures_share_of(session, what, "", part, whole);
}

void figures_share_of(struct session *session, const char *what, const char *name, uint64_t part,
                      uint64_t whole)
{
    print_what(session, what, name);
    printf("%7" PRIu64 "  %5.1f %%\n", part, whole == 0 ? 0 : 100 * (double)part / (double)whole);
}

void figures_yearly(struct session *session, const char *what, uint64_t count, double a_year)
{
    print_what(session, what, "");
    printf("%7" PRIu64 "  %5.0f %s\n", count, a_year, session_word(session, "a_year"));
}
