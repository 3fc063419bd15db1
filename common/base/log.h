/* The program's log: one line an event to standard error, as text or JSON. Only programs log (and
 * the service skeleton, which is one program with its main.c). */
#ifndef VAFA_BASE_LOG_H
#define VAFA_BASE_LOG_H

#include "base/status.h"

enum log_level { LOG_LEVEL_DEBUG, LOG_LEVEL_INFO, LOG_LEVEL_WARNING, LOG_LEVEL_ERROR };
enum log_format { LOG_FORMAT_TEXT, LOG_FORMAT_JSON };

void log_setup(enum log_level level, enum log_format format);

/* `component` is the service or module speaking; text is escaped for JSON; one write(2) a line.
 * Never pass personal data. */
void log_line(enum log_level level, const char *component, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* "<text>: <field>: <message> (<STATUS>)" */
void log_error(const char *component, const char *text, const struct error *err);

#define log_debug(component, ...) log_line(LOG_LEVEL_DEBUG, component, __VA_ARGS__)
#define log_info(component, ...) log_line(LOG_LEVEL_INFO, component, __VA_ARGS__)
#define log_warning(component, ...) log_line(LOG_LEVEL_WARNING, component, __VA_ARGS__)

#endif
