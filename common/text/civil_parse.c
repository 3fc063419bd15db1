/* Civil times out of text: what people type, and what other systems export. */
#include "base/bytes.h"
#include "base/clock.h"
#include "text/civil_internal.h"
#include "text/fold.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define TEXT_SIZE_MAX 64
#define JALALI_FIRST 1200
#define JALALI_LAST 1599
#define YEAR_MAX 9999

/* "-36500d" is a century: what is longer is a slip. */
#define RELATIVE_US_MAX (36525 * DAY_US)
#define OFFSET_US_MAX (18 * HOUR_US)

#define HOW "YYYY-MM-DD, YYYY-MM-DDThh:mm[:ss] with Z or +hh:mm, now, today, -7d, -12h, -10m or +3d"

static enum status refuse(const char *text, const char *field, const char *reason,
                          struct error *err)
{
    return error_set(err, STATUS_INVALID_ARGUMENT, field, "\"%.40s\": %s", text, reason);
}

enum status civil_reading_to_us(const struct civil *civil, const struct civil_reading *reading,
                                const char *text, const char *field, int64_t *ret_us,
                                struct error *err)
{
    const struct civil_time *time = &reading->time;
    if (time->year < JALALI_FIRST || time->year > YEAR_MAX) {
        return refuse(text, field, "the year must be from 1200 to 9999", err);
    }
    enum civil_calendar calendar = time->year <= JALALI_LAST ? CIVIL_JALALI : CIVIL_GREGORIAN;
    if (time->month < 1 || time->month > 12 || time->day < 1 ||
        time->day > calendar_month_days(calendar, time->year, time->month)) {
        return refuse(text, field, "there is no such day", err);
    }
    if (time->hour < 0 || time->hour > 23 || time->minute < 0 || time->minute > 59 ||
        time->second < 0 || time->second > 59) {
        return refuse(text, field, "there is no such time of day", err);
    }
    if (!reading->has_offset) {
        *ret_us = civil_wall_to_us(civil, calendar, time) + reading->fraction_us;
        return STATUS_OK;
    }
    struct calendar_date date = {.year = time->year, .month = time->month, .day = time->day};
    *ret_us = calendar_day(calendar, date) * DAY_US + time->hour * HOUR_US +
              time->minute * MINUTE_US + time->second * SECOND_US + reading->fraction_us -
              reading->offset_us;
    return STATUS_OK;
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* From digits_min to digits_max digits at *at. */
static bool take_number(const char **at, int digits_min, int digits_max, int32_t *ret_number)
{
    int32_t number = 0;
    int digits = 0;
    while (digits < digits_max && is_digit((*at)[digits])) {
        number = number * 10 + ((*at)[digits] - '0');
        digits++;
    }
    if (digits < digits_min) {
        return false;
    }
    *at += digits;
    *ret_number = number;
    return true;
}

static bool take_char(const char **at, char c)
{
    if (**at != c) {
        return false;
    }
    (*at)++;
    return true;
}

static bool take_date(const char **at, struct civil_time *time)
{
    char separator;
    if (!take_number(at, 4, 4, &time->year)) {
        return false;
    }
    separator = **at; /* 1390-06-06 and, as Persian prints it, 1390/06/06 */
    return (separator == '-' || separator == '/') && take_char(at, separator) &&
           take_number(at, 1, 2, &time->month) && take_char(at, separator) &&
           take_number(at, 1, 2, &time->day);
}

/* ".5", up to nine digits, of which six count. */
static bool take_fraction(const char **at, int64_t *ret_us)
{
    int64_t us = 0;
    int digits = 0;
    for (; is_digit(**at) && digits < 9; (*at)++, digits++) {
        us = digits < 6 ? us * 10 + (**at - '0') : us;
    }
    for (int i = digits; i < 6; i++) {
        us *= 10;
    }
    *ret_us = us;
    return digits > 0;
}

static bool take_offset(const char **at, struct civil_reading *reading)
{
    if (take_char(at, 'Z') || take_char(at, 'z')) {
        reading->has_offset = true;
        return true;
    }
    bool minus = **at == '-';
    if (**at != '+' && !minus) {
        return true; /* none */
    }
    (*at)++;
    int32_t hours;
    int32_t minutes;
    if (!take_number(at, 2, 2, &hours) || !take_char(at, ':') || !take_number(at, 2, 2, &minutes) ||
        minutes > 59) {
        return false;
    }
    int64_t offset_us = hours * HOUR_US + minutes * MINUTE_US;
    reading->offset_us = minus ? -offset_us : offset_us;
    reading->has_offset = true;
    return offset_us <= OFFSET_US_MAX;
}

static bool take_all(const char *at, struct civil_reading *reading)
{
    struct civil_time *time = &reading->time;
    if (!take_date(&at, time)) {
        return false;
    }
    if (*at == '\0') {
        return true;
    }
    if (!take_char(&at, 'T') && !take_char(&at, 't') && !take_char(&at, ' ')) {
        return false;
    }
    if (!take_number(&at, 1, 2, &time->hour) || !take_char(&at, ':') ||
        !take_number(&at, 2, 2, &time->minute)) {
        return false;
    }
    if (take_char(&at, ':')) {
        if (!take_number(&at, 2, 2, &time->second)) {
            return false;
        }
        if (take_char(&at, '.') && !take_fraction(&at, &reading->fraction_us)) {
            return false;
        }
    }
    return take_offset(&at, reading) && *at == '\0';
}

/* "now", "today", "-7d", "-12h", "+3d". */
static bool read_relative(const struct civil *civil, const char *text, int64_t now_us,
                          int64_t *ret_us)
{
    if (strcmp(text, "now") == 0) {
        *ret_us = now_us;
        return true;
    }
    if (strcmp(text, "today") == 0) {
        struct civil_time time;
        civil_from_us(civil, now_us, &time);
        time.hour = time.minute = time.second = 0;
        *ret_us = civil_to_us(civil, &time);
        return true;
    }
    int32_t count;
    bool ahead = take_char(&text, '+');
    if ((!ahead && !take_char(&text, '-')) || !take_number(&text, 1, 6, &count)) {
        return false;
    }
    int64_t unit_us = *text == 'd' ? DAY_US : *text == 'h' ? HOUR_US : *text == 'm' ? MINUTE_US : 0;
    if (unit_us == 0 || text[1] != '\0' || count > RELATIVE_US_MAX / unit_us) {
        return false;
    }
    *ret_us = ahead ? now_us + count * unit_us : now_us - count * unit_us;
    return true;
}

/* The text with ASCII digits and without blanks around it. */
static enum status prepare(const char *text, const char *field, char out[TEXT_SIZE_MAX],
                           struct error *err)
{
    struct buffer folded = BUFFER_EMPTY;
    enum status status = STATUS_OK;
    if (strnlen(text, 4 * TEXT_SIZE_MAX) == 4 * TEXT_SIZE_MAX ||
        text_fold_digits(text, &folded, NULL) != STATUS_OK) {
        status = refuse("?", field, "no date and time", err);
        goto out;
    }
    const char *first = buffer_text(&folded);
    first += strspn(first, " \t\r\n");
    size_t size = strlen(first);
    while (size > 0 && strchr(" \t\r\n", first[size - 1]) != NULL) {
        size--;
    }
    if (size >= TEXT_SIZE_MAX) {
        status = refuse("?", field, "no date and time", err);
        goto out;
    }
    memcpy(out, first, size);
    out[size] = '\0';
out:
    buffer_fini(&folded);
    return status;
}

enum status civil_parse(const struct civil *civil, const char *text, int64_t now_us,
                        const char *field, int64_t *ret_us, struct error *err)
{
    char ready[TEXT_SIZE_MAX];
    enum status status = prepare(text, field, ready, err);
    if (status != STATUS_OK) {
        return status;
    }
    if (read_relative(civil, ready, now_us, ret_us)) {
        return STATUS_OK;
    }
    struct civil_reading reading = {0};
    if (!take_all(ready, &reading)) {
        return refuse(ready, field, "write " HOW, err);
    }
    return civil_reading_to_us(civil, &reading, ready, field, ret_us, err);
}

/* English month names by their first three letters, the whole name too. */
static bool take_month_name(const char **at, int32_t *ret_month)
{
    static const char *const names[12] = {"January",   "February", "March",    "April",
                                          "May",       "June",     "July",     "August",
                                          "September", "October",  "November", "December"};
    for (int32_t i = 0; i < 12; i++) {
        size_t whole = strlen(names[i]);
        if (strncasecmp(*at, names[i], 3) == 0) {
            *at += strncasecmp(*at, names[i], whole) == 0 ? whole : 3;
            *ret_month = i + 1;
            return true;
        }
    }
    return false;
}

/* What %p and %I need until the end is reached. */
struct half_day {
    int32_t hour; /* 1..12, 0: not given */
    bool given;
    bool after_noon;
};

static bool take_half(const char **at, struct half_day *half)
{
    if (strncasecmp(*at, "am", 2) != 0 && strncasecmp(*at, "pm", 2) != 0) {
        return false;
    }
    half->after_noon = **at == 'p' || **at == 'P';
    half->given = true;
    *at += 2;
    return true;
}

/* One %-directive. */
static bool take_directive(const char **at, char directive, struct civil_time *time,
                           struct half_day *half)
{
    switch (directive) {
    case 'Y': return take_number(at, 4, 4, &time->year);
    case 'm': return take_number(at, 1, 2, &time->month);
    case 'd': return take_number(at, 1, 2, &time->day);
    case 'H': return take_number(at, 1, 2, &time->hour);
    case 'M': return take_number(at, 1, 2, &time->minute);
    case 'S': return take_number(at, 1, 2, &time->second);
    case 'b': return take_month_name(at, &time->month);
    case 'p': return take_half(at, half);
    case 'I': return take_number(at, 1, 2, &half->hour) && half->hour >= 1 && half->hour <= 12;
    case 'y':
        if (!take_number(at, 2, 2, &time->year)) {
            return false;
        }
        time->year += time->year < 69 ? 2000 : 1900; /* POSIX strptime */
        return true;
    default: return false;
    }
}

static bool take_format(const char *at, const char *format, struct civil_time *time)
{
    struct half_day half = {0};
    for (; *format != '\0'; format++) {
        if (*format == ' ') {
            at += strspn(at, " \t");
        } else if (*format == '%' && format[1] != '\0' && format[1] != '%') {
            format++;
            if (!take_directive(&at, *format, time, &half)) {
                return false;
            }
        } else {
            format += *format == '%' && format[1] == '%';
            if (!take_char(&at, *format)) {
                return false;
            }
        }
    }
    if (half.hour != 0) {
        time->hour = half.hour % 12 + (half.given && half.after_noon ? 12 : 0);
    }
    return *at == '\0';
}

enum status civil_parse_format(const struct civil *civil, const char *text, const char *format,
                               const char *field, int64_t *ret_us, struct error *err)
{
    char ready[TEXT_SIZE_MAX];
    enum status status = prepare(text, field, ready, err);
    if (status != STATUS_OK) {
        return status;
    }
    struct civil_reading reading = {0};
    if (!take_format(ready, format, &reading.time)) {
        return error_set(err, STATUS_INVALID_ARGUMENT, field, "\"%.40s\" is not of the form \"%s\"",
                         ready, format);
    }
    return civil_reading_to_us(civil, &reading, ready, field, ret_us, err);
}
