/*
 * A program that runs one service or all five: options, start in order, a ready line, signals,
 * drain, stop.
 *
 * `program --help` prints the options (options.h). Exit codes: 0 stopped as asked, 1 could not
 * start or run, 2 wrong usage or configuration, 3 verification found something wrong.
 */
#ifndef VAFA_SERVICE_RUN_H
#define VAFA_SERVICE_RUN_H

#include "service/service.h"

int service_main(int argc, char **argv, const struct service_def *const *services, size_t count);

#endif
