/* The longer tables of Persian help: help_fa_options.c, help_fa_about.c. */
#ifndef VAFA_CLIENTS_VAFA_HELP_FA_TABLES_H
#define VAFA_CLIENTS_VAFA_HELP_FA_TABLES_H

#include <stddef.h>

struct help_text {
    const char *what; /* the English text, or a command's name */
    const char *fa;
};

extern const struct help_text help_fa_options[];
extern const size_t help_fa_options_count;
extern const struct help_text help_fa_about[];
extern const size_t help_fa_about_count;

#endif
