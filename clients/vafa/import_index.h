/*
 * What an import must remember of each row until its task is finished: a slot of 40 bytes in memory
 * a row (a digest of the external id, the closing time, a state), and the closing note in a file
 * that has no name.
 */
#ifndef VAFA_CLIENTS_VAFA_IMPORT_INDEX_H
#define VAFA_CLIENTS_VAFA_IMPORT_INDEX_H

#include "base/bytes.h"

enum import_state {
    IMPORT_SENT,     /* not known to be registered */
    IMPORT_ACCEPTED, /* registered, now or before */
    IMPORT_OPEN,     /* its task is there and has no closing in the file */
    IMPORT_CLOSING,  /* it is being finished */
    IMPORT_FINISHED,
    IMPORT_ALREADY, /* was finished before */
    IMPORT_FAILED,  /* could not be finished */
    IMPORT_STATES,
};

struct import_index;

enum status import_index_new(struct import_index **ret_index, struct error *err);
void import_index_free(struct import_index *index); /* NULL is allowed */

/* Adds a row; *ret_added false when its id was there: the first row's closing counts. Any thread,
 * like all below. */
enum status import_index_add(struct import_index *index, const char *external_id, int64_t closed_us,
                             const char *note, bool *ret_added, struct error *err);
/* The row's state and closing time (0: none); false when the id is not there. */
bool import_index_find(struct import_index *index, const char *external_id,
                       enum import_state *ret_state, int64_t *ret_closed_us);
void import_index_set(struct import_index *index, const char *external_id, enum import_state state);
/* Appends the closing note, with a NUL. */
enum status import_index_note(struct import_index *index, const char *external_id,
                              struct buffer *out, struct error *err);
size_t import_index_count(struct import_index *index, enum import_state state);

#endif
