/* Report: what people ask for, where, when, how soon it is done, how satisfied they are. README.md
 * says what it owns. */
#ifndef VAFA_SERVICES_REPORT_REPORT_H
#define VAFA_SERVICES_REPORT_REPORT_H

#include "service/service.h"

extern const struct service_def report_service;

#endif
