/* Findings of a pack: see findings.h. */
#include "city/findings.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* Takes away a last character that was cut in two. */
static void findings_trim_utf8(char *text)
{
    size_t size = strlen(text);
    size_t start = size;
    while (start > 0 && ((unsigned char)text[start - 1] & 0xC0) == 0x80) {
        start--;
    }
    if (start == 0) {
        return;
    }
    unsigned char lead = (unsigned char)text[start - 1];
    size_t want = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : lead >= 0xC0 ? 2 : 1;
    if (size - (start - 1) < want) {
        text[start - 1] = '\0';
    }
}

/* One line of whole characters, whatever was quoted in it. */
static void findings_make_plain(char *text)
{
    findings_trim_utf8(text);
    for (char *c = text; *c != '\0'; c++) {
        if ((unsigned char)*c < 0x20 || *c == 0x7F) {
            *c = '?';
        }
    }
}

static void findings_add(struct findings *findings, const struct city_finding *finding)
{
    if (findings->count < findings->kept_max) {
        findings->kept[findings->count] = *finding;
    }
    findings->count++;
    if (finding->is_error) {
        if (findings->errors == 0) {
            findings->first_error = *finding;
        }
        findings->errors++;
    }
}

static void findings_format(struct findings *findings, bool is_error, const char *file, int line,
                            const char *format, va_list arguments)
{
    struct city_finding finding = {.line = line, .is_error = is_error};
    snprintf(finding.file, sizeof(finding.file), "%.63s", file);
    findings_make_plain(finding.file);
    if (vsnprintf(finding.message, sizeof(finding.message), format, arguments) < 0) {
        finding.message[0] = '\0';
    }
    findings_make_plain(finding.message);
    findings_add(findings, &finding);
}

void findings_error(struct findings *findings, const char *file, int line, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    findings_format(findings, true, file, line, format, arguments);
    va_end(arguments);
}

void findings_warning(struct findings *findings, const char *file, int line, const char *format,
                      ...)
{
    va_list arguments;
    va_start(arguments, format);
    findings_format(findings, false, file, line, format, arguments);
    va_end(arguments);
}

struct findings_quote findings_quote(const char *value)
{
    struct findings_quote quote;
    snprintf(quote.text, sizeof(quote.text), "%.60s", value);
    findings_make_plain(quote.text);
    if (strlen(value) > strlen(quote.text)) {
        strcat(quote.text, "...");
    }
    return quote;
}
