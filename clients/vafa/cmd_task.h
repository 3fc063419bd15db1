/* What the commands about one task share. */
#ifndef VAFA_CLIENTS_VAFA_CMD_TASK_H
#define VAFA_CLIENTS_VAFA_CMD_TASK_H

#include "clients/vafa/session.h"

#include "vafa/routing/v1/routing.pb-c.h"

/* Makes the call and prints the task of its answer, which `task_of` finds; returns the exit status.
 */
int task_call(struct session *session, const char *method, const ProtobufCMessage *request,
              const Routing__Task *(*task_of)(const ProtobufCMessage *response));
/* The command's only argument. */
enum status task_read_number(struct session *session, uint64_t *ret_number, struct error *err);

#endif
