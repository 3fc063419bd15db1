/* The keys behind the names that tables show: people filter by what they read. */
#ifndef VAFA_CLIENTS_VAFA_REPORT_NAMES_H
#define VAFA_CLIENTS_VAFA_REPORT_NAMES_H

#include "city/city.h"

#include "vafa/report/v1/report.pb-c.h"

/* The key of what was given: a key, or a name in either language, however its letters and digits
 * are spelled (text/fold.h); "—" is the empty key. To be freed. What nobody knows is given back as
 * it came and *ret_known is false: histories hold keys that no pack lists. `city` may be NULL: then
 * only channels are known. */
char *report_names_key(const struct city *city, Report__Dimension dimension, const char *given,
                       bool *ret_known);

#endif
