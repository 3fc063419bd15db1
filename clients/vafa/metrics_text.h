/* Prometheus texts of several services as one. */
#ifndef VAFA_CLIENTS_VAFA_METRICS_TEXT_H
#define VAFA_CLIENTS_VAFA_METRICS_TEXT_H

#include "base/bytes.h"

/* Appends the texts with each metric's samples together under one HELP and TYPE, as the format
 * wants it; a sample line that stands in several texts (services in one process may share a
 * counter) is there once. */
void metrics_text_merge(const char *const *texts, size_t count, struct buffer *out);

#endif
