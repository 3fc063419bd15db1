/* Names of the status codes and the filling of struct error. */
#include "base/status.h"

#include "base/utf8_check.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* Room to format in before the text is cut; longer than any message field. */
#define TEXT_SIZE 1024

static const char *const names[STATUS_COUNT] = {
    [STATUS_OK] = "OK",
    [STATUS_CANCELLED] = "CANCELLED",
    [STATUS_UNKNOWN] = "UNKNOWN",
    [STATUS_INVALID_ARGUMENT] = "INVALID_ARGUMENT",
    [STATUS_DEADLINE_EXCEEDED] = "DEADLINE_EXCEEDED",
    [STATUS_NOT_FOUND] = "NOT_FOUND",
    [STATUS_ALREADY_EXISTS] = "ALREADY_EXISTS",
    [STATUS_PERMISSION_DENIED] = "PERMISSION_DENIED",
    [STATUS_RESOURCE_EXHAUSTED] = "RESOURCE_EXHAUSTED",
    [STATUS_FAILED_PRECONDITION] = "FAILED_PRECONDITION",
    [STATUS_ABORTED] = "ABORTED",
    [STATUS_OUT_OF_RANGE] = "OUT_OF_RANGE",
    [STATUS_UNIMPLEMENTED] = "UNIMPLEMENTED",
    [STATUS_INTERNAL] = "INTERNAL",
    [STATUS_UNAVAILABLE] = "UNAVAILABLE",
    [STATUS_DATA_LOSS] = "DATA_LOSS",
    [STATUS_UNAUTHENTICATED] = "UNAUTHENTICATED",
};

const char *status_name(enum status status)
{
    unsigned number = (unsigned)status;
    return number < STATUS_COUNT ? names[number] : names[STATUS_UNKNOWN];
}

/* Errors quote what came in, whole or cut ("%.40s"): what is no UTF-8 in them becomes '?', so that
 * an error can always be sent on. */
static void copy_cut(char *out, size_t out_size, const char *text)
{
    size_t size = strlen(text);
    size_t used = 0;
    for (size_t at = 0; at < size;) {
        size_t length = utf8_decode((const uint8_t *)text + at, size - at, NULL);
        size_t taken = length > 0 ? length : 1;
        if (used + taken >= out_size) {
            break;
        }
        memcpy(out + used, length > 0 ? text + at : "?", taken);
        used += taken;
        at += taken;
    }
    out[used] = '\0';
}

/* The arguments may point into *err itself (an error wrapped in its own words), so it is written
 * last. */
static enum status fill(struct error *err, enum status status, const char *field, int errno_value,
                        const char *format, va_list arguments)
{
    char text[TEXT_SIZE];
    char name[sizeof(err->field)];
    int length = vsnprintf(text, sizeof(text), format, arguments);
    if (length < 0) {
        text[0] = '\0';
        length = 0;
    }
    if (errno_value != 0 && (size_t)length < sizeof(text)) {
        char reason[128];
        snprintf(text + length, sizeof(text) - (size_t)length, ": %s",
                 strerror_r(errno_value, reason, sizeof(reason)));
    }
    copy_cut(name, sizeof(name), field != NULL ? field : "");
    err->status = status;
    memcpy(err->field, name, sizeof(name));
    copy_cut(err->message, sizeof(err->message), text);
    return status;
}

enum status error_set(struct error *err, enum status status, const char *field, const char *format,
                      ...)
{
    if (err == NULL) {
        return status;
    }
    va_list arguments;
    va_start(arguments, format);
    fill(err, status, field, 0, format, arguments);
    va_end(arguments);
    return status;
}

enum status error_set_errno(struct error *err, enum status status, int errno_value,
                            const char *format, ...)
{
    if (err == NULL) {
        return status;
    }
    va_list arguments;
    va_start(arguments, format);
    fill(err, status, NULL, errno_value, format, arguments);
    va_end(arguments);
    return status;
}
