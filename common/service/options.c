#include "service/options.h"

#include "base/check.h"

#include <ctype.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

extern char **environ;

#define ENVIRONMENT_PREFIX "VAFA_"

static int find(const struct option_spec *specs, size_t count, const char *name, size_t length)
{
    for (size_t i = 0; i < count; i++) {
        if (strlen(specs[i].name) == length && strncmp(specs[i].name, name, length) == 0) {
            return (int)i;
        }
    }
    return -1;
}

static int must_find(const struct options *options, const char *name)
{
    int i = find(options->specs, options->count, name, strlen(name));
    CHECK(i >= 0);
    return i;
}

/* --- one value --- */

static bool is_choice(const char *choices, const char *value)
{
    size_t length = strlen(value);
    for (const char *choice = choices; length > 0 && choice != NULL; choice = strchr(choice, '|')) {
        choice += *choice == '|' ? 1 : 0;
        if (strcspn(choice, "|") == length && strncmp(choice, value, length) == 0) {
            return true;
        }
    }
    return false;
}

static enum status check_value(const struct option_spec *spec, const char *value, struct error *err)
{
    char *end;
    switch (spec->kind) {
    case OPTION_TEXT: return STATUS_OK;
    case OPTION_NUMBER: {
        errno = 0;
        long long number = strtoll(value, &end, 10);
        if (errno != 0 || *end != '\0' || end == value || number < spec->least ||
            number > spec->most) {
            return error_set(err, STATUS_INVALID_ARGUMENT, spec->name,
                             "\"%s\" is not a number of %s from %lld to %lld", value, spec->unit,
                             (long long)spec->least, (long long)spec->most);
        }
        return STATUS_OK;
    }
    case OPTION_CHOICE:
        return is_choice(spec->choices, value)
                   ? STATUS_OK
                   : error_set(err, STATUS_INVALID_ARGUMENT, spec->name, "\"%s\" is not one of %s",
                               value, spec->choices);
    case OPTION_SWITCH:
        return is_choice("yes|no", value) ? STATUS_OK
                                          : error_set(err, STATUS_INVALID_ARGUMENT, spec->name,
                                                      "\"%s\" is neither yes nor no", value);
    }
    return STATUS_OK;
}

/* One line without blanks around it, so that --config reads again what --print-config writes. */
static bool is_one_line(const char *value)
{
    size_t length = strlen(value);
    return length == 0 || (strchr(value, '\n') == NULL && !isspace((unsigned char)value[0]) &&
                           !isspace((unsigned char)value[length - 1]));
}

static enum status set(struct options *options, int i, const char *value, const char *origin,
                       struct error *err)
{
    const struct option_spec *spec = &options->specs[i];
    if (!is_one_line(value)) {
        return error_set(err, STATUS_INVALID_ARGUMENT, spec->name,
                         "the value has line ends in it, or blanks around it");
    }
    if (strlen(value) >= OPTION_TEXT_SIZE) {
        return error_set(err, STATUS_INVALID_ARGUMENT, spec->name,
                         "the value is longer than %d bytes", OPTION_TEXT_SIZE - 1);
    }
    enum status status = check_value(spec, value, err);
    if (status == STATUS_OK) {
        snprintf(options->text[i], OPTION_TEXT_SIZE, "%s", value);
        options->origin[i] = origin;
    }
    return status;
}

/* --- the four sources --- */

static char *trim(char *text)
{
    while (isspace((unsigned char)*text)) {
        text++;
    }
    size_t length = strlen(text);
    while (length > 0 && isspace((unsigned char)text[length - 1])) {
        length--;
    }
    text[length] = '\0';
    return text;
}

/* What is wrong with a value, behind the place where it stands. */
__attribute__((format(printf, 3, 4))) static enum status
say_where(struct error *err, const struct error *why, const char *format, ...)
{
    char place[128];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(place, sizeof place, format, arguments);
    va_end(arguments);
    return error_set(err, why->status, why->field, "%s: %s", place, why->message);
}

/* A configuration file while it is read. */
struct file {
    const char *path;
    unsigned line;               /* from 1 */
    unsigned given[OPTIONS_MAX]; /* the line that gave the option; 0: none yet */
};

/* "name = value"; everything behind the first = is the value, so that whatever --print-config
 * prints is read again. */
static enum status read_line(struct options *options, struct file *file, char *line,
                             struct error *err)
{
    struct error why;
    char *name = trim(line);
    char *equals = strchr(name, '=');
    if (*name == '\0' || *name == ';' || *name == '#') {
        return STATUS_OK;
    }
    if (equals == NULL) {
        return error_set(err, STATUS_INVALID_ARGUMENT, "config",
                         "%s:%u: not a line of the form name = value", file->path, file->line);
    }
    *equals = '\0';
    name = trim(name);
    int i = find(options->specs, options->count, name, strlen(name));
    if (i < 0 || options->specs[i].command || strcmp(name, "config") == 0) {
        return error_set(err, STATUS_INVALID_ARGUMENT, name,
                         "%s:%u: there is no such option in a configuration file (--print-config "
                         "shows them all)",
                         file->path, file->line);
    }
    if (file->given[i] != 0) {
        return error_set(err, STATUS_INVALID_ARGUMENT, name,
                         "%s:%u: it is given a second time; the first is in line %u", file->path,
                         file->line, file->given[i]);
    }
    file->given[i] = file->line;
    return set(options, i, trim(equals + 1), "file", &why) == STATUS_OK
               ? STATUS_OK
               : say_where(err, &why, "%s:%u", file->path, file->line);
}

static enum status read_file(struct options *options, const char *path, struct error *err)
{
    struct file file = {.path = path, .line = 1};
    FILE *stream = fopen(path, "re");
    if (stream == NULL) {
        return error_set(err, STATUS_NOT_FOUND, "config", "the file %s cannot be opened: %s", path,
                         strerror(errno));
    }
    char *line = NULL;
    size_t size = 0;
    ssize_t length;
    enum status status = STATUS_OK;
    for (; status == STATUS_OK && (length = getline(&line, &size, stream)) >= 0; file.line++) {
        status = strlen(line) == (size_t)length
                     ? read_line(options, &file, line, err)
                     : error_set(err, STATUS_INVALID_ARGUMENT, "config", "%s:%u: a NUL in the line",
                                 path, file.line);
    }
    if (status == STATUS_OK && ferror(stream) != 0) {
        status = error_set(err, STATUS_FAILED_PRECONDITION, "config",
                           "the file %s cannot be read: %s", path, strerror(errno));
    }
    free(line);
    (void)fclose(stream); /* it was only read */
    return status;
}

/* Which file is known before the rest: from the flag, else from the environment. */
static enum status read_chosen_file(struct options *options, struct error *err)
{
    int i = must_find(options, "config");
    const char *variable = getenv(ENVIRONMENT_PREFIX "CONFIG");
    enum status status = STATUS_OK;
    if (strcmp(options->origin[i], "flag") != 0 && variable != NULL) {
        status = set(options, i, variable, "environment", err);
    }
    return status == STATUS_OK && options->text[i][0] != '\0'
               ? read_file(options, options->text[i], err)
               : status;
}

/* The names that other parts of Vafa read are left to them. */
static bool is_for_others(const char *entry, size_t length)
{
    static const char *const others[] = {"VAFA_FAULT", "VAFA_CITIES", "VAFA_CONNECT", "VAFA_LANG"};
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
        if (strlen(others[i]) == length && strncmp(entry, others[i], length) == 0) {
            return true;
        }
    }
    return strncmp(entry, ENVIRONMENT_PREFIX, strlen(ENVIRONMENT_PREFIX)) != 0;
}

/* VAFA_MAP_SIZE -> map-size; "" when it is too long to be one. */
static void name_of_variable(const char *entry, size_t length, char ret_name[64])
{
    size_t start = strlen(ENVIRONMENT_PREFIX);
    size_t end = length - start < 64 ? length : start;
    for (size_t i = start; i < end; i++) {
        ret_name[i - start] = entry[i] == '_' ? '-' : (char)tolower((unsigned char)entry[i]);
    }
    ret_name[end - start] = '\0';
}

static enum status read_environment(struct options *options, struct error *err)
{
    for (char **entry = environ; *entry != NULL; entry++) {
        const char *equals = strchr(*entry, '=');
        size_t length = equals == NULL ? 0 : (size_t)(equals - *entry);
        if (equals == NULL || is_for_others(*entry, length)) {
            continue;
        }
        char name[64];
        name_of_variable(*entry, length, name);
        int i = find(options->specs, options->count, name, strlen(name));
        if (i < 0 || options->specs[i].command) {
            return error_set(err, STATUS_INVALID_ARGUMENT, name,
                             "the environment variable %.*s is no option", (int)length, *entry);
        }
        struct error why;
        if (set(options, i, equals + 1, "environment", &why) != STATUS_OK) {
            return say_where(err, &why, "%.*s", (int)length, *entry);
        }
    }
    return STATUS_OK;
}

/* Flags "--name value", "--name=value", "--switch". */
static enum status read_flags(struct options *options, int argc, char **argv, bool config_only,
                              struct error *err)
{
    for (int a = 1; a < argc; a++) {
        const char *flag = argv[a];
        size_t length = strcspn(flag, "=");
        int i = strncmp(flag, "--", 2) == 0
                    ? find(options->specs, options->count, flag + 2, length - 2)
                    : -1;
        if (i < 0) {
            return error_set(err, STATUS_INVALID_ARGUMENT, flag,
                             "there is no such option: see --help");
        }
        const char *value = flag[length] == '=' ? flag + length + 1 : NULL;
        if (options->specs[i].kind == OPTION_SWITCH) {
            value = value == NULL ? "yes" : value;
        } else if (value == NULL) {
            if (a + 1 == argc) {
                return error_set(err, STATUS_INVALID_ARGUMENT, options->specs[i].name,
                                 "it needs a value");
            }
            value = argv[++a];
        }
        if (config_only && strcmp(options->specs[i].name, "config") != 0) {
            continue;
        }
        enum status status = set(options, i, value, "flag", err);
        if (status != STATUS_OK) {
            return status;
        }
    }
    return STATUS_OK;
}

enum status options_read(struct options *options, const struct option_spec *specs, size_t count,
                         int argc, char **argv, struct error *err)
{
    CHECK(count <= OPTIONS_MAX);
    options->specs = specs;
    options->count = count;
    for (size_t i = 0; i < count; i++) {
        snprintf(options->text[i], OPTION_TEXT_SIZE, "%s", specs[i].fallback);
        options->origin[i] = "default";
    }
    enum status status = read_flags(options, argc, argv, true, err);
    if (status == STATUS_OK) {
        status = read_chosen_file(options, err);
    }
    if (status == STATUS_OK) {
        status = read_environment(options, err);
    }
    return status == STATUS_OK ? read_flags(options, argc, argv, false, err) : status;
}

/* --- values --- */

const char *option_text(const struct options *options, const char *name)
{
    return options->text[must_find(options, name)];
}

int64_t option_number(const struct options *options, const char *name)
{
    return strtoll(option_text(options, name), NULL, 10); /* checked when it was set */
}

bool option_switch(const struct options *options, const char *name)
{
    return strcmp(option_text(options, name), "yes") == 0;
}

void options_fill(struct options *options, const char *name, const char *value, const char *origin)
{
    int i = must_find(options, name);
    if (strlen(value) < OPTION_TEXT_SIZE) {
        snprintf(options->text[i], OPTION_TEXT_SIZE, "%s", value);
        options->origin[i] = origin;
    }
}

/* --- printing --- */

void options_print_help(const struct option_spec *specs, size_t count, struct buffer *out)
{
    for (size_t i = 0; i < count; i++) {
        const struct option_spec *spec = &specs[i];
        const char *kind = spec->kind == OPTION_CHOICE   ? spec->choices
                           : spec->kind == OPTION_SWITCH ? ""
                                                         : spec->unit;
        char flag[64];
        snprintf(flag, sizeof flag, "--%s %s", spec->name, kind);
        buffer_append_format(out, "  %-28s %s", flag, spec->help);
        if (spec->kind == OPTION_NUMBER) {
            buffer_append_format(out, " (%lld to %lld)", (long long)spec->least,
                                 (long long)spec->most);
        }
        if (spec->fallback[0] != '\0' && spec->kind != OPTION_SWITCH) {
            buffer_append_format(out, " [%s]", spec->fallback);
        }
        buffer_append_text(out, "\n");
    }
}

void options_print(const struct options *options, struct buffer *out)
{
    for (size_t i = 0; i < options->count; i++) {
        const struct option_spec *spec = &options->specs[i];
        if (!spec->command && strcmp(spec->name, "config") != 0) {
            buffer_append_format(out, "; %s (%s)\n%s = %s\n", spec->help, options->origin[i],
                                 spec->name, options->text[i]);
        }
    }
}
