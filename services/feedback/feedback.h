/* Feedback: what citizens answered, and how each unit fares. */
#ifndef VAFA_SERVICES_FEEDBACK_FEEDBACK_H
#define VAFA_SERVICES_FEEDBACK_FEEDBACK_H

#include "service/service.h"

extern const struct service_def feedback_service;

#endif
