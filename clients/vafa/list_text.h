/* A list for people: a table with its head, or a line that says that there is nothing. */
#ifndef VAFA_CLIENTS_VAFA_LIST_TEXT_H
#define VAFA_CLIENTS_VAFA_LIST_TEXT_H

#include "clients/vafa/session.h"
#include "clients/vafa/table.h"

/* On stdout. */
void list_text_print(struct session *session, const struct table *table);

#endif
