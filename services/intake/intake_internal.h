/* What the files of this service give each other, beside its rules and its tables. */
#ifndef VAFA_SERVICES_INTAKE_INTAKE_INTERNAL_H
#define VAFA_SERVICES_INTAKE_INTAKE_INTERNAL_H

#include "service/service.h"

/* What a citizen's key seals here; authenticated with the ciphertext. */
#define INTAKE_SEAL_PURPOSE "request"

/* intake_methods.c: in the order of intake.proto. */
extern const struct service_method intake_methods[];

/* intake_methods_topics.c */
enum status intake_read_topic(struct read *r, const ProtobufCMessage *request,
                              ProtobufCMessage *response);
enum status intake_check_topics(const struct city *city, const struct rpc_caller *caller,
                                const ProtobufCMessage *request, struct error *err);
enum status intake_read_topics(struct read *r, const ProtobufCMessage *request,
                               ProtobufCMessage *response);

/* intake_decide.c: the requests have passed the check of their method. */
const void *intake_prepare_register(struct prepare *p, const ProtobufCMessage *request);
enum status intake_decide_register(struct decide *d, const ProtobufCMessage *request,
                                   ProtobufCMessage *response);
enum status intake_decide_reveal(struct decide *d, const ProtobufCMessage *request,
                                 ProtobufCMessage *response);

/* intake_apply.c: own events change the state tables, those of others the view. */
void intake_apply(struct apply *a, const struct event *event);
void intake_apply_view_routing(struct apply *a, const struct event *event);
void intake_apply_view_followup(struct apply *a, const struct event *event);
void intake_apply_view_feedback(struct apply *a, const struct event *event);

#endif
