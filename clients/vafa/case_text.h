/* A request and its story, for people. */
#ifndef VAFA_CLIENTS_VAFA_CASE_TEXT_H
#define VAFA_CLIENTS_VAFA_CASE_TEXT_H

#include "clients/vafa/session.h"

#include "vafa/intake/v1/intake.pb-c.h"

void case_text_print(struct session *session, const Intake__Case *told,
                     Intake__TimelineEntry *const *timeline, size_t count);
/* Many, a line each; with --json an object each. */
void case_text_list(struct session *session, Intake__Case *const *cases, size_t count);

/* What the state is called: of a request that its unit closed undone last, that. Static. */
const char *case_text_state(const Intake__Case *told, Intake__TimelineEntry *const *timeline,
                            size_t count, const char *language);
/* Why it was closed undone: "no budget" in the language; what a newer service says, as it is. */
const char *case_text_reason(struct session *session, const char *reason);

#endif
