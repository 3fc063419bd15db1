/* Civil times as text. Only the long form asks ICU, for its words. */
#include "base/clock.h"
#include "base/utf8_check.h"
#include "text/civil_internal.h"

#include <stdio.h>
#include <string.h>
#include <unicode/udat.h>
#include <unicode/ustring.h>

#define SHORT_SIZE 32
#define LONG_SIZE 96

void civil_period_name(const struct civil *civil, int32_t local_hour, enum civil_period period,
                       char out[32])
{
    int64_t start_us = civil_period_start(civil, local_hour, period) * HOUR_US;
    struct civil_time time = civil_split(civil->calendar, start_us, 0);
    switch (period) {
    case CIVIL_HOUR:
        snprintf(out, SHORT_SIZE, "%04d-%02d-%02d %02d:00", time.year, time.month, time.day,
                 time.hour);
        break;
    case CIVIL_DAY:
    case CIVIL_WEEK:
        snprintf(out, SHORT_SIZE, "%04d-%02d-%02d", time.year, time.month, time.day);
        break;
    case CIVIL_MONTH: snprintf(out, SHORT_SIZE, "%04d-%02d", time.year, time.month); break;
    }
}

void civil_format(const struct civil *civil, int64_t us, char out[32])
{
    struct civil_time time;
    civil_from_us(civil, us, &time);
    snprintf(out, SHORT_SIZE, "%04d-%02d-%02d %02d:%02d", time.year, time.month, time.day,
             time.hour, time.minute);
}

void civil_format_utc(int64_t us, char out[32])
{
    struct civil_time time = civil_split(CIVIL_GREGORIAN, us, 0);
    int64_t fraction = us % SECOND_US;
    snprintf(out, SHORT_SIZE, "%04d-%02d-%02dT%02d:%02d:%02d.%06dZ", time.year, time.month,
             time.day, time.hour, time.minute, time.second,
             (int)(fraction < 0 ? fraction + SECOND_US : fraction));
}

/* Languages that write their comma the Arabic way. */
static bool has_arabic_comma(const char *language)
{
    return strncmp(language, "fa", 2) == 0 || strncmp(language, "ar", 2) == 0 ||
           strncmp(language, "ur", 2) == 0 || strncmp(language, "ckb", 3) == 0;
}

void civil_format_long(const struct civil *civil, int64_t us, const char *language, char out[96])
{
    char locale[48];
    UChar pattern[32];
    UChar wide[LONG_SIZE];
    char text[LONG_SIZE * 3];
    int32_t length = 0;
    UErrorCode code = U_ZERO_ERROR;
    snprintf(locale, sizeof(locale), "%.16s@calendar=%s", language,
             civil->calendar == CIVIL_JALALI ? "persian" : "gregorian");
    u_strFromUTF8(pattern, 32, NULL,
                  has_arabic_comma(language) ? "EEEE d MMMM y\u060C HH:mm" : "EEEE d MMMM y, HH:mm",
                  -1, &code);
    /* Opened anew each time: a formatter may not be shared between threads, and people read few of
     * these. */
    UDateFormat *format = udat_open(UDAT_PATTERN, UDAT_PATTERN, locale, zone_name(civil->zone), -1,
                                    pattern, -1, &code);
    udat_format(format, (UDate)(us / MS_US), wide, LONG_SIZE, NULL, &code);
    u_strToUTF8(text, (int32_t)sizeof(text), &length, wide, -1, &code);
    udat_close(format);
    if (U_FAILURE(code) || code == U_STRING_NOT_TERMINATED_WARNING) {
        civil_format(civil, us, out);
        return;
    }
    size_t size = utf8_cut(text, (size_t)length, LONG_SIZE - 1);
    memcpy(out, text, size);
    out[size] = '\0';
}
