#include "service/options.h"

#include "base/check.h"

#include <ctype.h>
#include <errno.h>
#include <ini.h>
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
        if (strncmp(choice, value, length) == 0 && (choice[length] == '|' || choice[length] == '\0')) {
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
        if (errno != 0 || *end != '\0' || end == value || number < spec->least || number > spec->most) {
            return error_set(err, STATUS_INVALID_ARGUMENT, spec->name, "\"%s\" is not a number of %s from %lld to %lld",
                             value, spec->unit, (long long)spec->least, (long long)spec->most);
        }
        return STATUS_OK;
    }
    case OPTION_CHOICE:
        return is_choice(spec->choices, value)
                   ? STATUS_OK
                   : error_set(err, STATUS_INVALID_ARGUMENT, spec->name, "\"%s\" is not one of %s", value, spec->choices);
    case OPTION_SWITCH:
        return is_choice("yes|no", value)
                   ? STATUS_OK
                   : error_set(err, STATUS_INVALID_ARGUMENT, spec->name, "\"%s\" is neither yes nor no", value);
    }
    return STATUS_OK;
}

static enum status set(struct options *options, int i, const char *value, const char *origin, struct error *err)
{
    const struct option_spec *spec = &options->specs[i];
    if (strlen(value) >= OPTION_TEXT_SIZE) {
        return error_set(err, STATUS_INVALID_ARGUMENT, spec->name, "the value is longer than %d bytes",
                         OPTION_TEXT_SIZE - 1);
    }
    enum status status = check_value(spec, value, err);
    if (status == STATUS_OK) {
        snprintf(options->text[i], OPTION_TEXT_SIZE, "%s", value);
        options->origin[i] = origin;
    }
    return status;
}

/* --- the four sources --- */

struct file_reader {
    struct options *options;
    struct error *err;
    enum status status;
};

static int read_line(void *context, const char *section, const char *name, const char *value)
{
    struct file_reader *reader = context;
    int i = find(reader->options->specs, reader->options->count, name, strlen(name));
    if (section[0] != '\0' || i < 0 || reader->options->specs[i].command) {
        reader->status = error_set(reader->err, STATUS_INVALID_ARGUMENT, name,
                                   "there is no such option in a configuration file (--print-config shows them all)");
        return 0;
    }
    reader->status = set(reader->options, i, value, "file", reader->err);
    return reader->status == STATUS_OK;
}

static enum status read_file(struct options *options, const char *path, struct error *err)
{
    struct file_reader reader = {.options = options, .err = err, .status = STATUS_OK};
    int line = ini_parse(path, read_line, &reader);
    if (reader.status != STATUS_OK) {
        return reader.status;
    }
    if (line == -1) {
        return error_set_errno(err, STATUS_NOT_FOUND, errno, "the configuration file %s", path);
    }
    return line == 0 ? STATUS_OK
                     : error_set(err, STATUS_INVALID_ARGUMENT, "config", "%s:%d: not a line of the form name = value", path,
                                 line);
}

/* VAFA_MAP_SIZE -> map-size. The names that other parts of Vafa read are left to them. */
static enum status read_environment(struct options *options, struct error *err)
{
    static const char *const others[] = {"VAFA_FAULT", "VAFA_CITIES", "VAFA_CONNECT", "VAFA_LANG"};
    for (char **entry = environ; *entry != NULL; entry++) {
        char name[64];
        const char *equals = strchr(*entry, '=');
        size_t length = equals == NULL ? 0 : (size_t)(equals - *entry);
        bool is_other = strncmp(*entry, ENVIRONMENT_PREFIX, strlen(ENVIRONMENT_PREFIX)) != 0 || length >= sizeof name;
        for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
            is_other = is_other || (strlen(others[i]) == length && strncmp(*entry, others[i], length) == 0);
        }
        if (is_other) {
            continue;
        }
        size_t start = strlen(ENVIRONMENT_PREFIX);
        for (size_t i = start; i < length; i++) {
            char c = (*entry)[i];
            name[i - start] = c == '_' ? '-' : (char)tolower((unsigned char)c);
        }
        name[length - start] = '\0';
        int i = find(options->specs, options->count, name, strlen(name));
        if (i < 0 || options->specs[i].command) {
            return error_set(err, STATUS_INVALID_ARGUMENT, name, "the environment variable %.*s is no option",
                             (int)length, *entry);
        }
        enum status status = set(options, i, equals + 1, "environment", err);
        if (status != STATUS_OK) {
            return status;
        }
    }
    return STATUS_OK;
}

/* Flags "--name value", "--name=value", "--switch". */
static enum status read_flags(struct options *options, int argc, char **argv, bool config_only, struct error *err)
{
    for (int a = 1; a < argc; a++) {
        const char *flag = argv[a];
        size_t length = strcspn(flag, "=");
        int i = strncmp(flag, "--", 2) == 0 ? find(options->specs, options->count, flag + 2, length - 2) : -1;
        if (i < 0) {
            return error_set(err, STATUS_INVALID_ARGUMENT, flag, "there is no such option: see --help");
        }
        const char *value = flag[length] == '=' ? flag + length + 1 : NULL;
        if (options->specs[i].kind == OPTION_SWITCH) {
            value = value == NULL ? "yes" : value;
        } else if (value == NULL) {
            if (a + 1 == argc) {
                return error_set(err, STATUS_INVALID_ARGUMENT, options->specs[i].name, "it needs a value");
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

enum status options_read(struct options *options, const struct option_spec *specs, size_t count, int argc, char **argv,
                         struct error *err)
{
    CHECK(count <= OPTIONS_MAX);
    options->specs = specs;
    options->count = count;
    for (size_t i = 0; i < count; i++) {
        snprintf(options->text[i], OPTION_TEXT_SIZE, "%s", specs[i].fallback);
        options->origin[i] = "default";
    }
    enum status status = read_flags(options, argc, argv, true, err);
    if (status == STATUS_OK && option_text(options, "config")[0] != '\0') {
        status = read_file(options, option_text(options, "config"), err);
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

/* --- printing --- */

void options_print_help(const struct option_spec *specs, size_t count, struct buffer *out)
{
    for (size_t i = 0; i < count; i++) {
        const struct option_spec *spec = &specs[i];
        const char *kind = spec->kind == OPTION_CHOICE ? spec->choices : spec->kind == OPTION_SWITCH ? "" : spec->unit;
        char flag[64];
        snprintf(flag, sizeof flag, "--%s %s", spec->name, kind);
        buffer_append_format(out, "  %-28s %s", flag, spec->help);
        if (spec->kind == OPTION_NUMBER) {
            buffer_append_format(out, " (%lld to %lld)", (long long)spec->least, (long long)spec->most);
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
            buffer_append_format(out, "; %s (%s)\n%s = %s\n", spec->help, options->origin[i], spec->name, options->text[i]);
        }
    }
}
