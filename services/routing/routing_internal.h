/* What the files of this service give each other, beside its rules and its tables. */
#ifndef VAFA_SERVICES_ROUTING_ROUTING_INTERNAL_H
#define VAFA_SERVICES_ROUTING_ROUTING_INTERNAL_H

#include "service/service.h"

/* Stands for every unit in FollowTasks; no pack can have a unit of that name. */
#define ROUTING_EVERY_UNIT "*"

/* routing_methods.c: in the order of routing.proto. */
extern const struct service_method routing_methods[];

/* routing_decide.c: the requests have passed the check of their method. */
enum status routing_decide_acknowledge(struct decide *d, const ProtobufCMessage *request,
                                       ProtobufCMessage *response);
enum status routing_decide_accept(struct decide *d, const ProtobufCMessage *request,
                                  ProtobufCMessage *response);
enum status routing_decide_report(struct decide *d, const ProtobufCMessage *request,
                                  ProtobufCMessage *response);
enum status routing_decide_finish(struct decide *d, const ProtobufCMessage *request,
                                  ProtobufCMessage *response);
enum status routing_decide_return(struct decide *d, const ProtobufCMessage *request,
                                  ProtobufCMessage *response);
enum status routing_decide_intake(struct decide *d, const struct event *event);
enum status routing_decide_timer(struct decide *d, const struct timer *timer);

/* routing_apply.c */
void routing_apply(struct apply *a, const struct event *event);

#endif
