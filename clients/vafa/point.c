/* Persian digits and punctuation first become what strtod reads. */
#include "clients/vafa/point.h"

#include "text/fold.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define ARABIC_DECIMAL_SEPARATOR "\u066B"
#define ARABIC_COMMA "\u060C"

/* Persian punctuation of numbers to what strtod reads. */
static enum status to_ascii(const char *text, struct buffer *out, struct error *err)
{
    struct buffer digits = BUFFER_EMPTY;
    enum status status = text_fold_digits(text, &digits, err);
    const char *from = status == STATUS_OK ? buffer_text(&digits) : "";
    while (*from != '\0') {
        if (strncmp(from, ARABIC_DECIMAL_SEPARATOR, strlen(ARABIC_DECIMAL_SEPARATOR)) == 0) {
            buffer_append_text(out, ".");
            from += strlen(ARABIC_DECIMAL_SEPARATOR);
        } else if (strncmp(from, ARABIC_COMMA, strlen(ARABIC_COMMA)) == 0) {
            buffer_append_text(out, ",");
            from += strlen(ARABIC_COMMA);
        } else {
            buffer_append(out, from, 1);
            from++;
        }
    }
    buffer_fini(&digits);
    return status;
}

/* A number and what ends it; false when there is none. */
static bool read_degrees(const char **text, char end_with, double *ret_degrees)
{
    char *end;
    *ret_degrees = strtod(*text, &end);
    if (end == *text || !isfinite(*ret_degrees)) {
        return false;
    }
    end += strspn(end, " ");
    *text = end + 1;
    return *end == end_with;
}

enum status point_read(const char *text, double *ret_latitude, double *ret_longitude,
                       struct error *err)
{
    struct buffer ascii = BUFFER_EMPTY;
    double latitude;
    double longitude;
    struct error why = ERROR_NONE;
    enum status status = to_ascii(text, &ascii, &why);
    if (status != STATUS_OK) {
        status = error_set(err, status, "point", "%s", why.message);
    } else {
        const char *at = buffer_text(&ascii);
        bool is_read = read_degrees(&at, ',', &latitude) && read_degrees(&at, '\0', &longitude);
        if (is_read && (fabs(latitude) > 90 || fabs(longitude) > 180)) {
            status = error_set(err, STATUS_INVALID_ARGUMENT, "point",
                               "\"%s\" is no point on earth: latitude -90 to 90, longitude -180 to "
                               "180",
                               text);
        } else if (is_read) {
            *ret_latitude = latitude;
            *ret_longitude = longitude;
        } else {
            status = error_set(err, STATUS_INVALID_ARGUMENT, "point",
                               "\"%s\" is not LATITUDE,LONGITUDE", text);
        }
    }
    buffer_fini(&ascii);
    return status;
}
