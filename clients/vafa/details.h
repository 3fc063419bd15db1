/* One thing as a table of two columns: what each part is called, and what it is. */
#ifndef VAFA_CLIENTS_VAFA_DETAILS_H
#define VAFA_CLIENTS_VAFA_DETAILS_H

#include "clients/vafa/session.h"
#include "clients/vafa/table.h"

/* A row, unless the value is "" (the time 0). `name`: a word of labels.h. */
void details_text(struct session *session, struct table *table, const char *name,
                  const char *value);
void details_time(struct session *session, struct table *table, const char *name, int64_t us);

#endif
