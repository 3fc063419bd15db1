/* Errors, JSON, progress. */
#include "clients/vafa/output.h"

#include "base/check.h"
#include "base/message.h"
#include "base/utf8_check.h"
#include "clients/vafa/commands.h"
#include "clients/vafa/error_text.h"
#include "clients/vafa/help_fa.h"
#include "clients/vafa/table.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

/* --- what an error means --- */

/* Where a key is listed that the city pack does not know. */
static const char *listing_of(const char *field)
{
    static const struct {
        const char *field;
        const char *advice;
    } listings[] = {
        {"topic", "`vafa city show topics` lists them."},
        {"topics", "`vafa city show topics` lists them."},
        {"area", "`vafa city show areas` lists them."},
        {"areas", "`vafa city show areas` lists them."},
        {"unit", "`vafa city show units` lists them."},
        {"to_unit", "`vafa city show units` lists them."},
    };
    for (size_t i = 0; i < sizeof(listings) / sizeof(listings[0]); i++) {
        if (strcmp(listings[i].field, field) == 0) {
            return listings[i].advice;
        }
    }
    return NULL;
}

static const char *advice_for(const struct error *err)
{
    switch (err->status) {
    case STATUS_UNAVAILABLE:
        if (err->field[0] != '\0') {
            return NULL; /* nobody opened to a knock: the message says what to do */
        }
        return "Is the server running? `vafa health` tells; `vafad --data DIR --city NAME` starts "
               "one.";
    case STATUS_DEADLINE_EXCEEDED:
        return "The server did not answer in time: try again, or give it longer with --timeout.";
    case STATUS_PERMISSION_DENIED:
        return "Another role or unit may do this: see --role and --unit.";
    case STATUS_RESOURCE_EXHAUSTED:
        if (strcmp(err->field, "code") == 0) {
            return NULL; /* locked: the message says for how long */
        }
        return "The server has no room for it now: ask for less, or see `vafa health`.";
    case STATUS_DATA_LOSS:
        if (strcmp(err->field, "after") == 0) { /* people type it, too */
            return "A number that was typed may be wrong; `vafa verify` tells what is damaged.";
        }
        return strcmp(err->field, "backup") == 0 || strcmp(err->field, "manifest") == 0
                   ? "Use another backup set: this one must not be trusted."
                   : "`vafa verify` tells what is damaged.";
    case STATUS_NOT_FOUND:
        return strcmp(err->field, "data") == 0
                   ? "Start a server there (vafad --data DIR --city NAME), or name another place "
                     "with --data or --connect."
                   : listing_of(err->field);
    case STATUS_INVALID_ARGUMENT:
        return strncmp(err->field, "answers.", 8) == 0 ? "`vafa topics TOPIC` shows what it asks."
                                                       : NULL;
    default: return NULL;
    }
}

/* Which errors are more than a refusal; README.md tells what the codes mean. */
static const struct {
    enum status status;
    const char *field; /* NULL: any */
    enum exit_code code;
} exit_codes[] = {
    {STATUS_OK, NULL, EXIT_DONE},
    {STATUS_INVALID_ARGUMENT, "connect", EXIT_USAGE},
    {STATUS_NOT_FOUND, "data", EXIT_UNREACHABLE},
    {STATUS_NOT_FOUND, NULL, EXIT_NOT_FOUND},
    {STATUS_UNAVAILABLE, NULL, EXIT_UNREACHABLE},
    {STATUS_DEADLINE_EXCEEDED, NULL, EXIT_UNREACHABLE},
    {STATUS_DATA_LOSS, NULL, EXIT_WRONG},
};

int output_exit_code(const struct error *err)
{
    for (size_t i = 0; i < sizeof(exit_codes) / sizeof(exit_codes[0]); i++) {
        const char *field = exit_codes[i].field;
        if (exit_codes[i].status == err->status &&
            (field == NULL || strcmp(field, err->field) == 0)) {
            return (int)exit_codes[i].code;
        }
    }
    return EXIT_REFUSED;
}

/* In UTF-8 U+0080 to U+009F are C2 80 to C2 9F. */
enum output_harm output_harm_of(struct bytes text, size_t *ret_size)
{
    uint32_t code = 0;
    size_t size = utf8_decode(text.data, text.size, &code);
    *ret_size = size > 0 ? size : 1;
    if (size == 0 || code < 0x20 || (code >= 0x7F && code <= 0x9F)) {
        return OUTPUT_DRIVES; /* bytes that are no text: who knows */
    }
    if ((code >= 0x202A && code <= 0x202E) || (code >= 0x2066 && code <= 0x2069)) {
        return OUTPUT_TURNS;
    }
    return OUTPUT_HARMLESS;
}

void output_foreign(FILE *out, const char *before, const char *text, const char *after)
{
    struct buffer plain = BUFFER_EMPTY;
    table_plain_text(&plain, text);
    fprintf(out, "%s%s%s\n", before, buffer_text(&plain), after);
    buffer_fini(&plain);
}

/* --- JSON --- */

/* Such characters stand in strings only, where an escape means the same. */
static void print_json_text(FILE *out, const struct buffer *json)
{
    struct buffer line = BUFFER_EMPTY;
    size_t size = 1;
    for (size_t at = 0; at < json->size; at += size) {
        struct bytes rest = bytes_of(json->data + at, json->size - at);
        if (output_harm_of(rest, &size) == OUTPUT_HARMLESS) {
            buffer_append(&line, rest.data, size);
        } else {
            uint32_t code = 0;
            (void)utf8_decode(rest.data, size, &code);
            buffer_append_format(&line, "\\u%04" PRIx32, code);
        }
    }
    fprintf(out, "%s\n", buffer_text(&line));
    buffer_fini(&line);
}

void output_json_text(const struct buffer *json)
{
    print_json_text(stdout, json);
}

void output_message(const ProtobufCMessage *message)
{
    struct buffer text = BUFFER_EMPTY;
    message_to_json(message, &text);
    output_json_text(&text);
    buffer_fini(&text);
}

static void append_json(struct buffer *out, const json_t *json)
{
    char *text = json_dumps(json, JSON_COMPACT | JSON_ENCODE_ANY | JSON_REAL_PRECISION(15));
    CHECK(text != NULL);
    buffer_append_text(out, text);
    free(text);
}

void output_json(const json_t *json)
{
    struct buffer text = BUFFER_EMPTY;
    append_json(&text, json);
    output_json_text(&text);
    buffer_fini(&text);
}

void output_json_string(struct buffer *json, const char *text)
{
    json_t *string = json_string(text);
    append_json(json, string);
    json_decref(string);
}

json_t *output_real(double value)
{
    return isfinite(value) ? json_real(value) : json_null();
}

json_t *output_count(uint64_t count)
{
    return count <= INT64_MAX ? json_integer((json_int_t)count) : json_real((double)count);
}

/* --- errors, told --- */

static struct output_voice voice;
static char retry_key[33]; /* "": nothing was asked that must not be done twice */

void output_speak(const struct output_voice *of)
{
    voice = of != NULL ? *of : (struct output_voice){0};
    retry_key[0] = '\0';
}

void output_retry_key(const char *key)
{
    snprintf(retry_key, sizeof(retry_key), "%s", key);
}

static void print_error_json(const struct error *err, const char *field, bool may_retry)
{
    struct buffer text = BUFFER_EMPTY;
    json_t *told = json_object();
    json_object_set_new(told, "status", json_string(status_name(err->status)));
    json_object_set_new(told, "field", json_string(err->field));
    json_object_set_new(told, "option", json_string(field));
    json_object_set_new(told, "message", json_string(err->message));
    if (may_retry) {
        json_object_set_new(told, "key", json_string(retry_key));
    }
    json_t *line = json_object();
    json_object_set_new(line, "error", told);
    append_json(&text, line);
    print_json_text(stderr, &text);
    json_decref(line);
    buffer_fini(&text);
}

static void print_error(const struct error *err, const char *field, const char *advice,
                        bool may_retry)
{
    const char *message = err->message[0] != '\0' ? err->message : status_name(err->status);
    bool is_fa = voice.language != NULL && strcmp(voice.language(voice.context), "fa") == 0;
    const char *fa = is_fa ? error_text_fa(voice.command, err) : NULL;
    struct buffer line = BUFFER_EMPTY;
    buffer_append_format(&line, "%s%s%s", field, field[0] != '\0' ? ": " : "",
                         fa != NULL ? fa : message);
    output_foreign(stderr, "vafa: ", buffer_text(&line), "");
    if (fa != NULL) {
        output_foreign(stderr, "  ", message, "");
    }
    if (advice != NULL) {
        fprintf(stderr, "%s\n", help_in(is_fa, advice));
    }
    if (may_retry) {
        fprintf(stderr, "%s --key %s\n", error_text_retry(is_fa), retry_key);
    }
    buffer_fini(&line);
}

int output_error_advised(const struct error *err, const char *advice)
{
    char field[96];
    int code = output_exit_code(err);
    bool was_sent = err->status != STATUS_NOT_FOUND; /* no data folder: to nobody */
    bool may_retry = code == EXIT_UNREACHABLE && was_sent && retry_key[0] != '\0';
    output_progress_end();
    error_text_field(voice.command, err, field, sizeof(field));
    if (voice.json) {
        print_error_json(err, field, may_retry);
    } else {
        print_error(err, field, advice, may_retry);
    }
    return code;
}

int output_error(const struct error *err)
{
    return output_error_advised(err, advice_for(err));
}

int output_usage(const struct error *err)
{
    output_error(err);
    return EXIT_USAGE;
}

/* --- progress --- */

static bool progress_forced;
static bool progress_on_line;

void output_progress_force(bool force)
{
    progress_forced = force;
}

bool output_progress_wanted(void)
{
    return progress_forced || isatty(STDERR_FILENO);
}

void output_progress(const char *format, ...)
{
    if (!output_progress_wanted()) {
        return;
    }
    bool over = isatty(STDERR_FILENO);
    va_list arguments;
    va_start(arguments, format);
    fputs(over ? "\r\033[K" : "", stderr);
    vfprintf(stderr, format, arguments);
    fputs(over ? "" : "\n", stderr);
    fflush(stderr);
    va_end(arguments);
    progress_on_line = over;
}

void output_progress_end(void)
{
    if (progress_on_line) {
        fputs("\r\033[K", stderr);
        fflush(stderr);
        progress_on_line = false;
    }
}

/* --- names --- */

static const char *const services[] = {"", "intake", "routing", "followup", "feedback", "report"};
#define SERVICES (sizeof(services) / sizeof(services[0]))

const char *output_service(Common__ServiceId service)
{
    return (size_t)service < SERVICES ? services[service] : "";
}

Common__ServiceId output_service_of(const char *name)
{
    for (size_t i = 1; i < SERVICES; i++) {
        if (strcmp(services[i], name) == 0) {
            return (Common__ServiceId)i;
        }
    }
    return COMMON__SERVICE_ID__SERVICE_ID_UNSPECIFIED;
}

size_t output_columns(void)
{
    const char *columns = getenv("COLUMNS");
    struct winsize size;
    long wanted = columns != NULL ? strtol(columns, NULL, 10) : 0;
    if (wanted >= 40 && wanted <= INT16_MAX) {
        return (size_t)wanted;
    }
    if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col >= 40) {
        return size.ws_col;
    }
    return 80;
}

bool output_flush(void)
{
    if (fflush(stdout) == 0 && !ferror(stdout)) {
        return true;
    }
    fprintf(stderr, "vafa: the output could not be written: %s\n", strerror(errno));
    return false;
}
