/*
 * A program's options: one table says name, kind, range, default and help of each. A value comes
 * from the flag --name, else the environment VAFA_NAME, else the file given by --config ("name =
 * value" lines), else the default. An unknown key in any of them is an error.
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
    const char *origin[OPTIONS_MAX]; /* "default", "file", "environment", "flag" */
};

/* INVALID_ARGUMENT, field: the option's name. Spec "config" names the file. */
enum status options_read(struct options *options, const struct option_spec *specs, size_t count,
                         int argc, char **argv, struct error *err);

const char *option_text(const struct options *options, const char *name);
int64_t option_number(const struct options *options, const char *name);
bool option_switch(const struct options *options, const char *name);

/* For --help, and for --print-config (a file that --config reads; says where each value came from).
 */
void options_print_help(const struct option_spec *specs, size_t count, struct buffer *out);
void options_print(const struct options *options, struct buffer *out);

#endif
