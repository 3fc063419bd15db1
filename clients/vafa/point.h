/* A point of the earth as people write it. */
#ifndef VAFA_CLIENTS_VAFA_POINT_H
#define VAFA_CLIENTS_VAFA_POINT_H

#include "base/status.h"

/* Reads "32.6,51.6": degrees; digits of any script, "٫" for the decimal point, "،" for the comma,
 * blanks around it. INVALID_ARGUMENT, field "point". */
enum status point_read(const char *text, double *ret_latitude, double *ret_longitude,
                       struct error *err);

#endif
