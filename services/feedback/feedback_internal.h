/* What the files of this service give each other, beside its rules and its tables. */
#ifndef VAFA_SERVICES_FEEDBACK_FEEDBACK_INTERNAL_H
#define VAFA_SERVICES_FEEDBACK_FEEDBACK_INTERNAL_H

#include "service/service.h"

#include "vafa/feedback/v1/feedback.pb-c.h"

/* feedback_methods.c: in the order of the .proto. */
extern const struct service_method feedback_methods[];

/* feedback_decide.c */
enum status feedback_decide_followup(struct decide *d, const struct event *event);

/* feedback_apply.c */
void feedback_apply(struct apply *a, const struct event *event);

#endif
