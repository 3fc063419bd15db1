/* What is printed: results on stdout, everything else on stderr. */
#ifndef VAFA_CLIENTS_VAFA_OUTPUT_H
#define VAFA_CLIENTS_VAFA_OUTPUT_H

#include "base/bytes.h"

#include "vafa/common/v1/common.pb-c.h"

#include <jansson.h>
#include <protobuf-c/protobuf-c.h>
#include <stddef.h>
#include <stdio.h>

/* The exit code that fits an error. */
int output_exit_code(const struct error *err);
/* "vafa: field: message" and what to do about it, on stderr; gives the exit code that fits. */
int output_error(const struct error *err);
/* The same with advice of the command's own; NULL: none. */
int output_error_advised(const struct error *err, const char *advice);
/* The same for what is wrong with the command line itself: EXIT_USAGE. */
int output_usage(const struct error *err);

/* What another wrote between words of ours, on a line: control characters become spaces, so that it
 * does not drive the terminal. */
void output_foreign(FILE *out, const char *before, const char *text, const char *after);

/* A message, or composed JSON, on one line of stdout. */
void output_message(const ProtobufCMessage *message);
void output_json(const json_t *json);
/* A number in it; null when it is none that JSON has. New reference. */
json_t *output_real(double value);
/* A message as JSON to compose with; new reference. */
json_t *output_message_json(const ProtobufCMessage *message);

/* Long work tells how far it is, on one line that is written over: on a terminal, or when
 * --progress asks for it (then a line each). */
void output_progress_force(bool force);
bool output_progress_wanted(void);
void output_progress(const char *format, ...) __attribute__((format(printf, 1, 2)));
void output_progress_end(void); /* clears the line */

/* "intake"; "" for none. */
const char *output_service(Common__ServiceId service);
/* The service of a name; 0 for none. */
Common__ServiceId output_service_of(const char *name);
/* Columns of the terminal, 80 when stdout is none (COLUMNS wins). */
size_t output_columns(void);

/* stdout must have taken everything: false (told on stderr) when it has not. */
bool output_flush(void);

#endif
