/* What intake has learned of which words are about which topic: in memory alone, from the words of registered requests. */
#ifndef VAFA_SERVICES_INTAKE_INTAKE_SUGGEST_H
#define VAFA_SERVICES_INTAKE_INTAKE_SUGGEST_H

#include "service/service.h"

/* After a start: lessons from requests that are there already, newest first, and how many of those are looked at. */
#define INTAKE_PAST_LESSONS_MAX 50000
#define INTAKE_PAST_REQUESTS_MAX 200000

extern const struct service_memory intake_memory;

/* SuggestTopics. */
enum status intake_check_suggest(const struct city *city, const struct rpc_caller *caller,
                                 const ProtobufCMessage *message, struct error *err);
enum status intake_read_suggest(struct read *r, const ProtobufCMessage *message,
                                ProtobufCMessage *answer);
/* It needs not see what was registered just before. */
bool intake_suggest_is_unhurried(const ProtobufCMessage *message);

#endif
