/* A place in one line, as people say it. */
#ifndef VAFA_CLIENTS_VAFA_PLACE_WORDS_H
#define VAFA_CLIENTS_VAFA_PLACE_WORDS_H

#include "clients/vafa/session.h"

/* Appends what is known of it, with commas: area, neighbourhood, street, landmark, line, stop, pole
 * and the like. Nothing for NULL. */
void place_words(struct session *session, const Common__Place *place, struct buffer *out);

#endif
