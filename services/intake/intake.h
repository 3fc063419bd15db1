/* Intake: citizens, their requests, and each request's story. README.md says what it owns. */
#ifndef VAFA_SERVICES_INTAKE_INTAKE_H
#define VAFA_SERVICES_INTAKE_INTAKE_H

#include "service/service.h"

extern const struct service_def intake_service;

#endif
