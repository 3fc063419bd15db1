/* One line an event, one write(2) a line, so that lines of several threads and processes do not
 * mix. */
#include "base/log.h"

#include "base/bytes.h"
#include "base/clock.h"
#include "base/json_text.h"
#include "base/utf8_check.h"

#include <errno.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/* Longer text is cut. */
#define TEXT_SIZE 4096

static atomic_int threshold = LOG_LEVEL_INFO;
static atomic_int line_format = LOG_FORMAT_TEXT;

static const char *const level_names[] = {
    [LOG_LEVEL_DEBUG] = "DEBUG",
    [LOG_LEVEL_INFO] = "INFO",
    [LOG_LEVEL_WARNING] = "WARNING",
    [LOG_LEVEL_ERROR] = "ERROR",
};

void log_setup(enum log_level level, enum log_format format)
{
    atomic_store(&threshold, (int)level);
    atomic_store(&line_format, (int)format);
}

static void append_time(struct buffer *line)
{
    int64_t now_us = clock_wall_us(clock_system());
    time_t seconds = (time_t)(now_us / SECOND_US);
    struct tm utc;
    char text[32];
    gmtime_r(&seconds, &utc);
    strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%S", &utc);
    buffer_append_format(line, "%s.%06dZ", text, (int)(now_us % SECOND_US));
}

/* In a text line, what would end or forge a line is escaped as in JSON; quotes stay readable. */
static void append_plain(struct buffer *line, const char *text)
{
    for (const char *at = text; *at != '\0';) {
        size_t run = strcspn(at, "\"\\");
        json_escape(line, bytes_of(at, run));
        at += run;
        if (*at != '\0') {
            buffer_append(line, at, 1);
            at++;
        }
    }
}

static void write_line(const struct buffer *line)
{
    const uint8_t *at = line->data;
    size_t left = line->size;
    while (left > 0) {
        ssize_t written = write(STDERR_FILENO, at, left);
        if (written < 0 && errno == EINTR) {
            continue;
        }
        if (written <= 0) {
            return; /* a log that cannot be written has nowhere to say so */
        }
        at += written;
        left -= (size_t)written;
    }
}

void log_line(enum log_level level, const char *component, const char *format, ...)
{
    if ((int)level < atomic_load_explicit(&threshold, memory_order_relaxed)) {
        return;
    }
    int saved_errno = errno;
    char text[TEXT_SIZE];
    va_list arguments;
    va_start(arguments, format);
    int length = vsnprintf(text, sizeof(text), format, arguments);
    va_end(arguments);
    if (length < 0) {
        text[0] = '\0';
    } else if ((size_t)length >= sizeof(text)) {
        text[utf8_cut(text, sizeof(text), sizeof(text) - 4)] = '\0';
        strcat(text, "...");
    }
    struct buffer line = BUFFER_EMPTY;
    if (atomic_load_explicit(&line_format, memory_order_relaxed) == LOG_FORMAT_JSON) {
        buffer_append_text(&line, "{\"time\":\"");
        append_time(&line);
        buffer_append_format(&line, "\",\"level\":\"%s\",\"component\":\"", level_names[level]);
        json_escape(&line, bytes_of_text(component));
        buffer_append_text(&line, "\",\"text\":\"");
        json_escape(&line, bytes_of_text(text));
        buffer_append_text(&line, "\"}\n");
    } else {
        append_time(&line);
        buffer_append_format(&line, " %s %s: ", level_names[level], component);
        append_plain(&line, text);
        buffer_append_text(&line, "\n");
    }
    write_line(&line);
    buffer_fini(&line);
    errno = saved_errno;
}

void log_error(const char *component, const char *text, const struct error *err)
{
    if (err == NULL) {
        log_line(LOG_LEVEL_ERROR, component, "%s", text);
        return;
    }
    log_line(LOG_LEVEL_ERROR, component, "%s: %s%s%s (%s)", text, err->field,
             err->field[0] != '\0' ? ": " : "", err->message, status_name(err->status));
}
