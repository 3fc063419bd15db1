/* What is wrong with a pack, collected while it is read: one reading tells every mistake. */
#ifndef VAFA_CITY_FINDINGS_H
#define VAFA_CITY_FINDINGS_H

#include "city/city.h"

struct findings {
    struct city_finding *kept; /* borrowed: room for kept_max; may be NULL when that is 0 */
    size_t kept_max;
    size_t count;  /* found, kept or not */
    size_t errors; /* of them, errors */
    struct city_finding first_error;
};

/* `line` 0 stands for the whole file. Long messages are cut at a character boundary. */
void findings_error(struct findings *findings, const char *file, int line, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
void findings_warning(struct findings *findings, const char *file, int line, const char *format,
                      ...) __attribute__((format(printf, 4, 5)));

/* A cell or value as it may stand in a message: at most 60 bytes of it, valid UTF-8, no controls.
 */
struct findings_quote {
    char text[68];
};

struct findings_quote findings_quote(const char *value);

#endif
