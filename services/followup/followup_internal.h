/* What the files of this service give each other, beside its rules and its tables. */
#ifndef VAFA_SERVICES_FOLLOWUP_FOLLOWUP_INTERNAL_H
#define VAFA_SERVICES_FOLLOWUP_FOLLOWUP_INTERNAL_H

#include "service/service.h"

#include "vafa/followup/v1/followup.pb-c.h"

/* What a citizen's key seals here; authenticated with the ciphertext. */
#define FOLLOWUP_SEAL_PURPOSE "answer"

/* followup_methods.c: in the order of the .proto. */
extern const struct service_method followup_methods[];

/* followup_decide.c: the requests have passed the check of their method. */
enum status followup_decide_routing(struct decide *d, const struct event *event);
enum status followup_decide_next_call(struct decide *d, const ProtobufCMessage *request,
                                      ProtobufCMessage *response);
enum status followup_decide_record_call(struct decide *d, const ProtobufCMessage *request,
                                        ProtobufCMessage *response);
enum status followup_decide_reveal_call(struct decide *d, const ProtobufCMessage *request,
                                        ProtobufCMessage *response);

/* followup_decide_forget.c */
enum status followup_decide_intake(struct decide *d, const struct event *event);
enum status followup_decide_timer(struct decide *d, const struct timer *timer);

/* followup_apply.c */
void followup_apply(struct apply *a, const struct event *event);

#endif
