/* What `vafa case same` and `vafa register` share. */
#ifndef VAFA_CLIENTS_VAFA_CMD_SAME_H
#define VAFA_CLIENTS_VAFA_CMD_SAME_H

#include "clients/vafa/session.h"

#include "vafa/intake/v1/intake.pb-c.h"

/* Prints the open requests as a table. */
void same_print(struct session *session, const Intake__FindSameResponse *response);

#endif
