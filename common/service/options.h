/*
 * A program's options: one table says name, kind, range, default and help of each. A value comes
 * from the flag --name, else the environment VAFA_NAME, else the file given by --config or VAFA_CONFIG
 * ("name = value" lines, each name once), else the default. An unknown key in any of them is an
 * error; what is wrong in a file is told with file and line.
 */
#ifndef VAFA_SERVICE_OPTIONS_H
#define VAFA_SERVICE_OPTIONS_H

#include "base/bytes.h"

enum option_kind { OPTION_TEXT, OPTION_NUMBER, OPTION_CHOICE, OPTION_SWITCH };

struct option_spec {
    const char *name; /* "map-size" ; VAFA_MAP_SIZE; map-size = ... */
    enum option_kind kind;
    const char *unit;     /* "MiB", or what a text is: "DIR" */
    const char *fallback; /* the default */
    int64_t least, most;  /* of a number */
    const char *choices;  /* of a choice: "text|json" */
    bool command;         /* a switch that asks for something else than running: not in files or the
                             environment */
    const char *help;
};

#define OPTIONS_MAX 32
#define OPTION_TEXT_SIZE 1024

struct options {
    const struct option_spec *specs;
    size_t count;
    char text[OPTIONS_MAX][OPTION_TEXT_SIZE];
    const char
        *origin[OPTIONS_MAX]; /* "default", "file", "environment", "flag", or of options_fill */
};

/* INVALID_ARGUMENT, field: the option's name. Spec "config" names the file; NOT_FOUND or
 * FAILED_PRECONDITION, field "config", when it cannot be opened or read. */
enum status options_read(struct options *options, const struct option_spec *specs, size_t count,
                         int argc, char **argv, struct error *err);

const char *option_text(const struct options *options, const char *name);
int64_t option_number(const struct options *options, const char *name);
bool option_switch(const struct options *options, const char *name);

/* What is in force where nothing was given, for printing: a value longer than an option's is left
 * out. `origin` must stay valid. */
void options_fill(struct options *options, const char *name, const char *value, const char *origin);

/* For --help, and for --print-config (a file that --config reads; says where each value came from).
 */
void options_print_help(const struct option_spec *specs, size_t count, struct buffer *out);
void options_print(const struct options *options, struct buffer *out);

#endif
