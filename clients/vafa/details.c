#include "clients/vafa/details.h"

void details_text(struct session *session, struct table *table, const char *name, const char *value)
{
    if (value[0] != '\0') {
        table_cell(table, session_word(session, name));
        table_cell(table, value);
    }
}

void details_time(struct session *session, struct table *table, const char *name, int64_t us)
{
    char text[32];
    session_time(session, us, text);
    details_text(session, table, name, text);
}
