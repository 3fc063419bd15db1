/* A decision while it is being made: the events and the key rows that will be written if it is not
 * refused. */
#ifndef VAFA_SERVICE_DECISION_H
#define VAFA_SERVICE_DECISION_H

#include "service/service.h"

#define DECISION_KEY_ROWS_MAX 4

struct decision {
    struct {
        const ProtobufCMessage *open;
        struct event_options options;
    } events[SERVICE_EVENTS_PER_COMMAND_MAX];
    size_t event_count;
    struct {
        struct key key;
        struct bytes value;
        bool is_deleted;
    } key_rows[DECISION_KEY_ROWS_MAX]; /* of the keys space */
    size_t key_row_count;
    struct random *random;
};

/* Adds a row of the keys space, written with the events. */
enum status decision_add_key_row(struct decide *d, const struct key *key, struct bytes value);
/* Deletes one. */
enum status decision_delete_key_row(struct decide *d, const struct key *key);

#endif
