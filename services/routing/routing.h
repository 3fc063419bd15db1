/* Routing: which unit a request concerns, and the life of its task there. README.md says what it
 * owns. */
#ifndef VAFA_SERVICES_ROUTING_ROUTING_H
#define VAFA_SERVICES_ROUTING_ROUTING_H

#include "service/service.h"

extern const struct service_def routing_service;

#endif
