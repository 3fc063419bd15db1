/* What stands on a command line: options from tables, then the arguments. */
#ifndef VAFA_CLIENTS_VAFA_ARGS_H
#define VAFA_CLIENTS_VAFA_ARGS_H

#include "base/status.h"

#include <stddef.h>
#include <stdint.h>

#define ARGS_OPTIONS_MAX 48
#define ARGS_VALUES_MAX 64 /* options given in one command */

/* A table ends with a NULL name. */
struct option_def {
    const char *name;  /* long: "from" */
    char letter;       /* short, 0 for none */
    const char *value; /* what it takes, for the help: "TIME"; NULL: a switch */
    const char *help;
};

struct args {
    const struct option_def *defs[ARGS_OPTIONS_MAX];
    size_t def_count;
    struct {
        const struct option_def *def;
        const char *value; /* "" for a switch */
    } given[ARGS_VALUES_MAX];
    size_t given_count;
    char **arguments; /* borrowed from argv */
    size_t argument_count;
};

/* Reads argv[1..] by one or two tables (`more` may be NULL); a name in both is the first's. Options
 * may stand before, between and behind arguments; "--" ends them. INVALID_ARGUMENT, field: the
 * option. argv must outlive args. */
enum status args_parse(struct args *args, const struct option_def *own,
                       const struct option_def *more, int argc, char **argv, struct error *err);

bool args_has(const struct args *args, const char *name);
/* The last value given, NULL when none was. */
const char *args_value(const struct args *args, const char *name);
/* The value, or "" : for messages whose texts may be empty. */
const char *args_text(const struct args *args, const char *name);
/* INVALID_ARGUMENT, saying what to give, when the option was not given or is empty. */
enum status args_need(const struct args *args, const char *name, struct error *err);
/* The index-th value of an option that may be repeated; NULL behind the last. */
const char *args_value_at(const struct args *args, const char *name, size_t index);
/* A whole number in [least, most]; `fallback` when the option was not given. */
enum status args_number(const struct args *args, const char *name, uint64_t least, uint64_t most,
                        uint64_t fallback, uint64_t *ret_number, struct error *err);
/* The same of a text: INVALID_ARGUMENT naming `field`. Digits of any script. */
enum status args_read_number(const char *text, const char *field, uint64_t least, uint64_t most,
                             uint64_t *ret_number, struct error *err);

#endif
