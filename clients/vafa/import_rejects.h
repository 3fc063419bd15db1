/* Rows that were not taken, in a file that can be put right and imported again: the row as it was,
 * its line and the reason behind. */
#ifndef VAFA_CLIENTS_VAFA_IMPORT_REJECTS_H
#define VAFA_CLIENTS_VAFA_IMPORT_REJECTS_H

#include "clients/vafa/import_csv.h"

struct import_rejects;

/* Opens the file at once, so that one that cannot be written is known before the first row is sent;
 * FAILED_PRECONDITION, field "rejected". What an earlier run has left in it stays until there is a
 * row. `csv` gives the head. */
enum status import_rejects_new(struct import_rejects **ret_rejects, const char *path,
                               const struct import_csv *csv, struct error *err);
/* Any thread. A failure to write is kept, and told by import_rejects_close. */
void import_rejects_add(struct import_rejects *rejects, uint64_t line, const char *const *cells,
                        size_t cell_count, const struct error *why);
uint64_t import_rejects_count(struct import_rejects *rejects);
/* Whether every row is in the file, which is gone again when it was made for none. Frees nothing. */
enum status import_rejects_close(struct import_rejects *rejects, struct error *err);
void import_rejects_free(struct import_rejects *rejects); /* NULL is allowed */

#endif
