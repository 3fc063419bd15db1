/*
 * Phone numbers in one form, E.164 ("+989131234567"), out of every spelling people type: +98, 0098,
 * 98, 0, the bare subscriber number, Persian and Arabic digits, spaces, dashes, brackets.
 *
 * A numbering plan comes from the city pack. Source of the rules: ITU-T E.164.
 */
#ifndef VAFA_TEXT_PHONE_H
#define VAFA_TEXT_PHONE_H

#include "base/status.h"

#include <stdint.h>

#define PHONE_E164_SIZE 17 /* '+', at most 15 digits, NUL */
#define PHONE_PREFIXES_MAX 16

struct phone_plan {
    char country[4];             /* "98" */
    char trunk[3];               /* "0"; may be empty, as in North America */
    char area[6];                /* area code of the city without trunk prefix: "31" */
    uint8_t local_digits;        /* a number of this many digits is in `area`; 0: none is */
    uint8_t national_digits_min; /* without country and trunk: 10 */
    uint8_t national_digits_max;
    char mobile[PHONE_PREFIXES_MAX][6];  /* national numbers begin so when mobile: "9" */
    char refused[PHONE_PREFIXES_MAX][6]; /* prefixes that exist nowhere in the plan, e.g. "980" */
    uint8_t mobile_count;
    uint8_t refused_count;
};

/* Iran: country 98, trunk 0, 10 national digits, area 31 (Isfahan), 8 local digits. */
struct phone_plan phone_plan_iran(void);

/* Foreign numbers (written with + or 00 and another country) are taken when 8 to 15 digits long.
 * INVALID_ARGUMENT, field "phone", when no reading fits. */
enum status phone_normalise(const struct phone_plan *plan, const char *text,
                            char ret_e164[PHONE_E164_SIZE], struct error *err);

/* "0913 *** 4567": for people who need not see the whole. out holds 24 bytes. */
void phone_mask(const struct phone_plan *plan, const char *e164, char out[24]);

#endif
