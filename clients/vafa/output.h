/* What is printed: results on stdout, everything else on stderr. */
#ifndef VAFA_CLIENTS_VAFA_OUTPUT_H
#define VAFA_CLIENTS_VAFA_OUTPUT_H

#include "base/bytes.h"

#include "vafa/common/v1/common.pb-c.h"

#include <jansson.h>
#include <protobuf-c/protobuf-c.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/* The exit code that fits an error. */
int output_exit_code(const struct error *err);
/* "vafa: field: message" and what to do about it, on stderr; gives the exit code that fits. */
int output_error(const struct error *err);
/* The same with advice of the command's own; NULL: none. */
int output_error_advised(const struct error *err, const char *advice);
/* The same for what is wrong with the command line itself: EXIT_USAGE. */
int output_usage(const struct error *err);

/* How errors are told: by which command, in JSON ({"error":{"status","field","option","message"}} on
 * stderr) or in words of which language. Copied; NULL: plain English, no command's. */
struct command;
struct output_voice {
    const struct command *command;
    bool json;
    const char *(*language)(void *context); /* "fa" or "en"; NULL: "en" */
    void *context;
};
void output_speak(const struct output_voice *voice);
/* The key (32 hex digits) of what is asked of a server now: told with an error after which it may have
 * been done all the same. output_speak forgets it. */
void output_retry_key(const char *key);

/* What a character does to a terminal. */
enum output_harm {
    OUTPUT_HARMLESS,
    OUTPUT_DRIVES, /* a control character: U+0000 to U+001F, U+007F to U+009F */
    OUTPUT_TURNS, /* changes the direction of what stands behind it: U+202A to U+202E, U+2066 to U+2069 */
};
/* Of the character at the front of text that is not empty; how many bytes it has. */
enum output_harm output_harm_of(struct bytes text, size_t *ret_size);

/* What another wrote between words of ours, on a line, as plain text (table.h). */
void output_foreign(FILE *out, const char *before, const char *text, const char *after);

/* A message, or JSON that was composed, on one line of stdout; characters that harm are written as
 * escapes. */
void output_message(const ProtobufCMessage *message);
void output_json(const json_t *json);
void output_json_text(const struct buffer *json);
/* Appends a string to JSON that is being composed, with its quotes. */
void output_json_string(struct buffer *json, const char *text);
/* A number in it; null when it is none that JSON has. New reference. */
json_t *output_real(double value);
/* A count: as a real number when jansson has no whole one of its size (beyond 2^63). New reference. */
json_t *output_count(uint64_t count);

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
