/*
 * Where the services of a system are found.
 *
 * A data folder holds run/: a socket for each service (intake.sock …). When the folder's path is
 * too long for a socket's name, run/ is a file instead, whose one line is the short folder where
 * they are. A connect url names them all: "ipc:///folder" (sockets <service>.sock in it) or
 * "tcp://127.0.0.1:4137" (five ports from there on, in the order intake, routing, followup,
 * feedback, report).
 */
#ifndef VAFA_SERVICE_ADDRESS_H
#define VAFA_SERVICE_ADDRESS_H

#include "base/status.h"

#include "vafa/common/v1/common.pb-c.h"

#define ADDRESS_URL_SIZE 128

/* For a server: makes <data>/run (0700) or its short stand-in, and gives the folder. */
enum status address_make_run_folder(const char *data, char ret_folder[ADDRESS_URL_SIZE],
                                    struct error *err);
/* For a client: the connect url of a data folder; NOT_FOUND when nothing was ever started there. */
enum status address_of_data(const char *data, char ret_connect[ADDRESS_URL_SIZE],
                            struct error *err);
/* One service's url under a connect url. INVALID_ARGUMENT, field "connect". */
enum status address_of_service(const char *connect, Common__ServiceId service,
                               char ret_url[ADDRESS_URL_SIZE], struct error *err);

#endif
