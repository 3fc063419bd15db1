/* A list for people; see the header. */
#include "clients/vafa/list_text.h"

void list_text_print(struct session *session, const struct table *table)
{
    if (table_rows(table) == 0) {
        puts(session_word(session, "none_found"));
    } else {
        table_print(table, stdout);
    }
}
