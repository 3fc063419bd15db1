/* What the commands about managers' sessions share. */
#ifndef VAFA_CLIENTS_VAFA_CMD_SESSION_H
#define VAFA_CLIENTS_VAFA_CMD_SESSION_H

#include "clients/vafa/session.h"

#include "vafa/followup/v1/followup.pb-c.h"

/* The command's argument: a session's number. */
enum status cmd_session_number(struct session *session, uint64_t *ret_number, struct error *err);

#endif
