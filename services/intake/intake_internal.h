/* What the files of this service give each other, beside its rules and its tables. */
#ifndef VAFA_SERVICES_INTAKE_INTAKE_INTERNAL_H
#define VAFA_SERVICES_INTAKE_INTAKE_INTERNAL_H

#include "service/service.h"

#include "vafa/intake/v1/intake.pb-c.h"

/* What a citizen's key seals here; authenticated with the ciphertext. */
#define INTAKE_SEAL_PURPOSE "request"

/* intake_methods.c: in the order of intake.proto. */
extern const struct service_method intake_methods[];

/* A request without personal data. `scratch` holds its timeline meanwhile, and is emptied before. */
enum status intake_read_case(struct read *r, uint64_t number, struct arena *scratch,
                             Intake__Case **ret_case);

/* intake_incident_methods.c */
enum status intake_check_find_same(const struct city *city, const struct rpc_caller *caller,
                                   const ProtobufCMessage *request, struct error *err);
enum status intake_read_find_same(struct read *r, const ProtobufCMessage *request,
                                  ProtobufCMessage *response);
/* intake_methods_topics.c */
enum status intake_read_topic(struct read *r, const ProtobufCMessage *request,
                              ProtobufCMessage *response);
enum status intake_check_topics(const struct city *city, const struct rpc_caller *caller,
                                const ProtobufCMessage *request, struct error *err);
enum status intake_read_topics(struct read *r, const ProtobufCMessage *request,
                               ProtobufCMessage *response);

/* intake_decide_incident.c: joining, splitting off, and what routing could not join. The head of the
 * request with the code `join`, which is open and has room, and that one's own code. */
enum status intake_decide_incident_of(struct decide *d, char *join, uint64_t *ret_head,
                                      char **ret_code);
enum status intake_decide_join(struct decide *d, const ProtobufCMessage *request,
                               ProtobufCMessage *response);
enum status intake_decide_split(struct decide *d, const ProtobufCMessage *request,
                                ProtobufCMessage *response);
enum status intake_decide_routing(struct decide *d, const struct event *event);

/* intake_decide.c: the requests have passed the check of their method. */
const void *intake_prepare_register(struct prepare *p, const ProtobufCMessage *request);
enum status intake_decide_register(struct decide *d, const ProtobufCMessage *request,
                                   ProtobufCMessage *response);
enum status intake_decide_reveal(struct decide *d, const ProtobufCMessage *request,
                                 ProtobufCMessage *response);

/* intake_decide_citizens.c */
enum status intake_decide_forget(struct decide *d, const ProtobufCMessage *request,
                                 ProtobufCMessage *response);

/* intake_methods_citizens.c */
enum status intake_check_forget(const struct city *city, const struct rpc_caller *caller,
                                const ProtobufCMessage *message, struct error *err);
enum status intake_read_looks(struct read *r, const ProtobufCMessage *message,
                              ProtobufCMessage *answer);

/* intake_apply.c: own events change the state tables, those of others the view. */
void intake_apply(struct apply *a, const struct event *event);
void intake_apply_view_routing(struct apply *a, const struct event *event);
void intake_apply_view_followup(struct apply *a, const struct event *event);
void intake_apply_view_feedback(struct apply *a, const struct event *event);

#endif
