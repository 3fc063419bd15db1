/* Follow-up: calling citizens back about what was done for them; managers' sessions. */
#ifndef VAFA_SERVICES_FOLLOWUP_FOLLOWUP_H
#define VAFA_SERVICES_FOLLOWUP_FOLLOWUP_H

#include "service/service.h"

extern const struct service_def followup_service;

#endif
