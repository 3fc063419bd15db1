/* getopt_long does the reading; the tables are also what --help prints. */
#include "clients/vafa/args.h"

#include "base/check.h"
#include "text/fold.h"

#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define FIRST_CODE 256 /* beyond every letter: what getopt_long returns for the i-th option */

static void add_table(struct args *args, const struct option_def *table)
{
    for (; table != NULL && table->name != NULL; table++) {
        bool known = false;
        for (size_t i = 0; i < args->def_count; i++) {
            known = known || strcmp(args->defs[i]->name, table->name) == 0;
        }
        if (!known) {
            CHECK(args->def_count < ARGS_OPTIONS_MAX);
            args->defs[args->def_count++] = table;
        }
    }
}

/* What getopt_long wants to see. */
struct getopt_view {
    struct option options[ARGS_OPTIONS_MAX + 1];
    char letters[2 * ARGS_OPTIONS_MAX + 2];
};

static void make_view(const struct args *args, struct getopt_view *view)
{
    size_t n = 0;
    memset(view, 0, sizeof(*view));
    view->letters[n++] = ':'; /* tell a missing value from an unknown option */
    for (size_t i = 0; i < args->def_count; i++) {
        const struct option_def *def = args->defs[i];
        view->options[i] = (struct option){
            .name = def->name,
            .has_arg = def->value != NULL ? required_argument : no_argument,
            .val = FIRST_CODE + (int)i,
        };
        if (def->letter != 0) {
            view->letters[n++] = def->letter;
            if (def->value != NULL) {
                view->letters[n++] = ':';
            }
        }
    }
}

static const struct option_def *def_of(const struct args *args, int code)
{
    if (code >= FIRST_CODE) {
        return args->defs[code - FIRST_CODE];
    }
    for (size_t i = 0; i < args->def_count; i++) {
        if (args->defs[i]->letter == code) {
            return args->defs[i];
        }
    }
    return NULL;
}

static enum status refuse(const char *what, const char *option, struct error *err)
{
    char field[64] = "";
    strncpy(field, option, sizeof(field) - 1);
    return error_set(err, STATUS_INVALID_ARGUMENT, field, "%s; --help tells what there is", what);
}

enum status args_parse(struct args *args, const struct option_def *own,
                       const struct option_def *more, int argc, char **argv, struct error *err)
{
    struct getopt_view view;
    memset(args, 0, sizeof(*args));
    add_table(args, own);
    add_table(args, more);
    make_view(args, &view);
    optind = 0; /* glibc: begin anew */
    opterr = 0;
    int code;
    while ((code = getopt_long(argc, argv, view.letters, view.options, NULL)) != -1) {
        const char *told = optind > 0 ? argv[optind - 1] : "";
        if (code == ':') {
            return refuse("it needs a value", told, err);
        }
        const struct option_def *def = code == '?' ? NULL : def_of(args, code);
        if (def == NULL) {
            return refuse("there is no such option, or it takes no value", told, err);
        }
        if (args->given_count == ARGS_VALUES_MAX) {
            return refuse("too many options", told, err);
        }
        args->given[args->given_count].def = def;
        args->given[args->given_count++].value = optarg != NULL ? optarg : "";
    }
    args->arguments = argv + optind;
    args->argument_count = (size_t)(argc - optind);
    return STATUS_OK;
}

const char *args_value_at(const struct args *args, const char *name, size_t index)
{
    for (size_t i = 0; i < args->given_count; i++) {
        if (strcmp(args->given[i].def->name, name) == 0 && index-- == 0) {
            return args->given[i].value;
        }
    }
    return NULL;
}

const char *args_value(const struct args *args, const char *name)
{
    for (size_t i = args->given_count; i > 0; i--) {
        if (strcmp(args->given[i - 1].def->name, name) == 0) {
            return args->given[i - 1].value;
        }
    }
    return NULL;
}

bool args_has(const struct args *args, const char *name)
{
    return args_value(args, name) != NULL;
}

const char *args_text(const struct args *args, const char *name)
{
    const char *value = args_value(args, name);
    return value != NULL ? value : "";
}

enum status args_need(const struct args *args, const char *name, struct error *err)
{
    if (args_text(args, name)[0] != '\0') {
        return STATUS_OK;
    }
    const char *value = "";
    for (size_t i = 0; i < args->def_count; i++) {
        if (strcmp(args->defs[i]->name, name) == 0) {
            value = args->defs[i]->value;
        }
    }
    return error_set(err, STATUS_INVALID_ARGUMENT, name, "it is missing: --%s %s", name, value);
}

enum status args_read_number(const char *text, const char *field, uint64_t least, uint64_t most,
                             uint64_t *ret_number, struct error *err)
{
    struct buffer digits = BUFFER_EMPTY;
    enum status status = text_fold_digits(text, &digits, err);
    if (status == STATUS_OK) {
        const char *ascii = buffer_text(&digits);
        char *end;
        errno = 0;
        uint64_t number = strtoull(ascii, &end, 10);
        if (ascii[0] < '0' || ascii[0] > '9' || *end != '\0' || errno != 0 || number < least ||
            number > most) {
            status = error_set(err, STATUS_INVALID_ARGUMENT, field,
                               "\"%s\" is not a whole number from %" PRIu64 " to %" PRIu64, text,
                               least, most);
        } else {
            *ret_number = number;
        }
    }
    buffer_fini(&digits);
    return status;
}

enum status args_number(const struct args *args, const char *name, uint64_t least, uint64_t most,
                        uint64_t fallback, uint64_t *ret_number, struct error *err)
{
    const char *value = args_value(args, name);
    if (value == NULL) {
        *ret_number = fallback;
        return STATUS_OK;
    }
    return args_read_number(value, name, least, most, ret_number, err);
}
