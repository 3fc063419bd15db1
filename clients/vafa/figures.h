/* What a measurement found, for people: lines of what it is, how many, and how much of the whole. */
#ifndef VAFA_CLIENTS_VAFA_FIGURES_H
#define VAFA_CLIENTS_VAFA_FIGURES_H

#include "clients/vafa/session.h"

#include <stdint.h>

/* On stdout, each. `what`: a word of labels.h. */
void figures_head(struct session *session, const char *what);
void figures_count(struct session *session, const char *what, uint64_t count);
void figures_share(struct session *session, const char *what, uint64_t part, uint64_t whole);
/* The same of a name between the word and the figure: "topic Street Lights". */
void figures_share_of(struct session *session, const char *what, const char *name, uint64_t part,
                      uint64_t whole);
/* How many, and how many a year that makes. */
void figures_yearly(struct session *session, const char *what, uint64_t count, double a_year);

#endif
