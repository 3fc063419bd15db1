/* An error as the operator knows things: fields as options, the commonest reasons in Persian. */
#ifndef VAFA_CLIENTS_VAFA_ERROR_TEXT_H
#define VAFA_CLIENTS_VAFA_ERROR_TEXT_H

#include "base/status.h"
#include "clients/vafa/commands.h"

#include <stdbool.h>
#include <stddef.h>

/* What the command (NULL: none) calls the error's field of the contract: "--answered" for
 * answered_at_us, "CODE" for code; the field itself when the command has nothing of the kind. */
void error_text_field(const struct command *command, const struct error *err, char *out,
                      size_t out_size);
/* The reason in Persian; NULL when only the message tells it. Static. */
const char *error_text_fa(const struct command *command, const struct error *err);
/* How to try again what may have been done; "--key KEY" stands behind it. Static. */
const char *error_text_retry(bool is_fa);

#endif
