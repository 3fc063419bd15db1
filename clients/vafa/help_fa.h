/* What `--help` says, in Persian; and what to do about an error. */
#ifndef VAFA_CLIENTS_VAFA_HELP_FA_H
#define VAFA_CLIENTS_VAFA_HELP_FA_H

#include <stdbool.h>

/* In Persian, when it is asked for and known; else the text itself. */
const char *help_in(bool fa, const char *text);
/* The same of what is told of a command, by its name. */
const char *help_about(bool fa, const char *command, const char *text);

/* Whether the command line (`--lang fa`) or else the environment (VAFA_LANG) asks for it: no command has been read yet. */
bool help_is_fa(int argc, char **argv);

#endif
