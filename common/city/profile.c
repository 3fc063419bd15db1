/* Import profiles: how the columns of a city's own export become requests. Read when the pack is
 * checked, and again from the pack's kept bytes when one is asked for, so a profile is always the
 * one that was checked. */
#include "city/city_internal.h"

#include "base/check.h"
#include "text/utf8.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PROFILE_POINTS_MAX 16
#define PROFILE_VALUES_MAX 512
#define PROFILE_HEADER_SIZE_MAX 128
#define PROFILE_POINT_NEAR 0.000005 /* degrees: half a metre, for 42.3594 against 42.359400 */

static const char *const profile_fields[CITY_FIELD_COUNT] = {
    [CITY_FIELD_EXTERNAL_ID] = "external_id",
    [CITY_FIELD_OPENED] = "opened",
    [CITY_FIELD_DUE] = "due",
    [CITY_FIELD_CLOSED] = "closed",
    [CITY_FIELD_TOPIC] = "topic",
    [CITY_FIELD_UNIT] = "unit",
    [CITY_FIELD_AREA] = "area",
    [CITY_FIELD_CHANNEL] = "channel",
    [CITY_FIELD_LATITUDE] = "latitude",
    [CITY_FIELD_LONGITUDE] = "longitude",
    [CITY_FIELD_ADDRESS] = "address",
    [CITY_FIELD_WORDS] = "words",
    [CITY_FIELD_NOTE] = "note",
    [CITY_FIELD_PHONE] = "phone",
    [CITY_FIELD_NAME] = "name",
};

static const char *const profile_channels[] = {"phone",   "sms",     "web",   "app",
                                               "walk_in", "session", "staff", "import"};

struct profile_mapping { /* begins with the key, as key_index needs it */
    const char *from;
    const char *to;
};

struct city_profile {
    struct ini_table *table; /* owns the texts */
    struct civil *civil;
    const char *source;
    const char *time_format;
    const char *columns[CITY_FIELD_COUNT];  /* NULL: not mapped */
    const char *prefixes[CITY_FIELD_COUNT]; /* NULL: none */
    bool zeros[CITY_FIELD_COUNT];           /* leading zeros go */
    struct profile_mapping *mappings[CITY_FIELD_COUNT];
    struct key_index mapping_index[CITY_FIELD_COUNT];
    const char *others[CITY_FIELD_COUNT]; /* what `*` maps to, or NULL */
    double points[PROFILE_POINTS_MAX][2];
    size_t point_count;
};

/* One profile while it is read. */
struct profile_reading {
    const char *file;
    struct city_profile *profile;
    struct findings *findings;
};

/* The conversions of civil_parse_format; a date needs year, month and day. */
static void profile_check_format(const struct profile_reading *reading,
                                 const struct ini_value *value)
{
    bool year = false;
    bool month = false;
    bool day = false;
    for (const char *at = value->value; (at = strchr(at, '%')) != NULL; at += 2) {
        if (at[1] == '\0' || strchr("YmdHMSybpI", at[1]) == NULL) {
            findings_error(reading->findings, reading->file, value->line,
                           "\"time_format\" may hold %%Y %%y %%m %%b %%d %%H %%I %%M %%S %%p, not "
                           "\"%s\"",
                           findings_quote(at).text);
            return;
        }
        year = year || at[1] == 'Y' || at[1] == 'y';
        month = month || at[1] == 'm' || at[1] == 'b';
        day = day || at[1] == 'd';
    }
    if (!year || !month || !day) {
        findings_error(reading->findings, reading->file, value->line,
                       "\"time_format\" needs a year, a month and a day, such as "
                       "%%Y-%%m-%%d %%H:%%M:%%S");
    }
}

static void profile_read_head(const struct profile_reading *reading, const struct city *city)
{
    struct city_profile *profile = reading->profile;
    struct findings *findings = reading->findings;
    const struct ini_value *source =
        ini_table_find(profile->table, "profile", "source", true, findings);
    struct error err = ERROR_NONE;
    if (source != NULL) {
        profile->source = source->value;
        if (text_check_key(source->value, CITY_KEY_SIZE_MAX, "source", &err) != STATUS_OK) {
            findings_error(findings, reading->file, source->line, "\"source\" cannot be used: %s",
                           err.message);
        }
    }
    const struct ini_value *format =
        ini_table_find(profile->table, "profile", "time_format", true, findings);
    if (format != NULL) {
        profile->time_format = format->value;
        profile_check_format(reading, format);
    }
    const struct ini_value *zone =
        ini_table_find(profile->table, "profile", "zone", false, findings);
    const struct ini_value *calendar =
        ini_table_find(profile->table, "profile", "calendar", false, findings);
    enum civil_calendar used = city->calendar;
    if (calendar != NULL) {
        city_settings_calendar(calendar, reading->file, &used, findings);
    }
    const char *name = zone != NULL && zone->value[0] != '\0' ? zone->value
                       : city->zone != NULL                   ? city->zone
                                                              : "UTC";
    if (civil_new(&profile->civil, name, used, city->week_start, &err) != STATUS_OK) {
        findings_error(findings, reading->file, zone != NULL ? zone->line : 0,
                       "\"zone\" must be a name such as Asia/Tehran: %s", err.message);
    }
}

static void profile_read_columns(const struct profile_reading *reading)
{
    static const enum city_field required[] = {CITY_FIELD_EXTERNAL_ID, CITY_FIELD_OPENED,
                                               CITY_FIELD_TOPIC};
    struct city_profile *profile = reading->profile;
    for (int field = 0; field < CITY_FIELD_COUNT; field++) {
        const struct ini_value *value = ini_table_find(
            profile->table, "columns", profile_fields[field], false, reading->findings);
        struct error err = ERROR_NONE;
        if (value == NULL) {
            continue;
        }
        profile->columns[field] = value->value;
        if (text_check_key(value->value, PROFILE_HEADER_SIZE_MAX, "column", &err) != STATUS_OK) {
            findings_error(reading->findings, reading->file, value->line,
                           "the column of \"%s\" cannot be used: %s", profile_fields[field],
                           err.message);
        }
    }
    for (size_t i = 0; i < sizeof(required) / sizeof(required[0]); i++) {
        if (profile->columns[required[i]] == NULL) {
            findings_error(reading->findings, reading->file, 0,
                           "\"%s\" is missing under [columns]: nothing can be imported without it",
                           profile_fields[required[i]]);
        }
    }
    if ((profile->columns[CITY_FIELD_LATITUDE] == NULL) !=
        (profile->columns[CITY_FIELD_LONGITUDE] == NULL)) {
        findings_error(reading->findings, reading->file, 0,
                       "[columns] has one of latitude and longitude: give both or none");
    }
}

static void profile_read_strips(const struct profile_reading *reading)
{
    struct city_profile *profile = reading->profile;
    for (int field = 0; field < CITY_FIELD_COUNT; field++) {
        const char *name = profile_fields[field];
        const struct ini_value *prefix =
            ini_table_find(profile->table, "strip_prefix", name, false, reading->findings);
        if (prefix != NULL && prefix->value[0] != '\0') {
            profile->prefixes[field] = prefix->value;
        }
        const struct ini_value *zeros =
            ini_table_find(profile->table, "strip_zeros", name, false, reading->findings);
        if (zeros == NULL) {
            continue;
        }
        profile->zeros[field] = strcmp(zeros->value, "yes") == 0;
        if (!profile->zeros[field] && strcmp(zeros->value, "no") != 0) {
            findings_error(reading->findings, reading->file, zeros->line,
                           "\"%s\" under [strip_zeros] must be yes or no", name);
        }
    }
}

static bool profile_parse_point(const char *text, double ret_point[2])
{
    char *end = NULL;
    double latitude = strtod(text, &end);
    if (end == text || *end != ',') {
        return false;
    }
    const char *second = end + 1;
    double longitude = strtod(second, &end);
    if (end == second || *end != '\0' || !isfinite(latitude) || !isfinite(longitude) ||
        fabs(latitude) > 90.0 || fabs(longitude) > 180.0) {
        return false;
    }
    ret_point[0] = latitude;
    ret_point[1] = longitude;
    return true;
}

static void profile_read_points(const struct profile_reading *reading)
{
    struct city_profile *profile = reading->profile;
    for (size_t i = 0; i < ini_table_count(profile->table); i++) {
        const struct ini_value *value = ini_table_at(profile->table, i);
        if (strcmp(value->section, "default_points") != 0) {
            continue;
        }
        ini_table_use(profile->table, i);
        double point[2];
        if (!profile_parse_point(value->value, point)) {
            findings_error(reading->findings, reading->file, value->line,
                           "\"%s\" is not LATITUDE,LONGITUDE in degrees",
                           findings_quote(value->value).text);
        } else if (profile->point_count == PROFILE_POINTS_MAX) {
            findings_error(reading->findings, reading->file, value->line,
                           "more than %d default points", PROFILE_POINTS_MAX);
        } else {
            memcpy(profile->points[profile->point_count++], point, sizeof(point));
        }
    }
}

static void profile_check_mapping(const struct profile_reading *reading, int field,
                                  const struct ini_value *value)
{
    struct error err = ERROR_NONE;
    if (text_check_key(value->value, CITY_NAME_SIZE_MAX, "value", &err) != STATUS_OK) {
        findings_error(reading->findings, reading->file, value->line,
                       "\"%s\" must become a text: %s", findings_quote(value->name).text,
                       err.message);
        return;
    }
    bool known = field != CITY_FIELD_CHANNEL;
    for (size_t i = 0; i < sizeof(profile_channels) / sizeof(profile_channels[0]); i++) {
        known = known || strcmp(profile_channels[i], value->value) == 0;
    }
    if (!known) {
        findings_error(reading->findings, reading->file, value->line,
                       "the channel \"%s\" is none of phone, sms, web, app, walk_in, session, "
                       "staff, import",
                       findings_quote(value->value).text);
    }
}

static void profile_read_values(const struct profile_reading *reading, int field)
{
    struct city_profile *profile = reading->profile;
    char section[32];
    snprintf(section, sizeof(section), "values.%s", profile_fields[field]);
    struct profile_mapping *mappings = calloc(PROFILE_VALUES_MAX, sizeof(*mappings));
    CHECK(mappings != NULL);
    size_t count = 0;
    for (size_t i = 0; i < ini_table_count(profile->table); i++) {
        const struct ini_value *value = ini_table_at(profile->table, i);
        if (strcmp(value->section, section) != 0) {
            continue;
        }
        ini_table_use(profile->table, i);
        profile_check_mapping(reading, field, value);
        if (strcmp(value->name, "*") == 0) {
            profile->others[field] = value->value;
        } else if (count < PROFILE_VALUES_MAX) {
            mappings[count++] = (struct profile_mapping){.from = value->name, .to = value->value};
        } else {
            findings_error(reading->findings, reading->file, value->line,
                           "more than %d values of one field", PROFILE_VALUES_MAX);
            break;
        }
    }
    profile->mappings[field] = mappings;
    key_index_init(&profile->mapping_index[field], mappings, sizeof(*mappings), count);
}

struct city_profile *city_profile_read(const struct city *city, const struct pack_file *file,
                                       struct findings *findings)
{
    struct city_profile *profile = calloc(1, sizeof(*profile));
    CHECK(profile != NULL);
    size_t errors = findings->errors;
    struct profile_reading reading = {.file = file->name, .profile = profile, .findings = findings};
    profile->table = ini_table_read(file->name, file->text, findings);
    profile_read_head(&reading, city);
    profile_read_columns(&reading);
    profile_read_strips(&reading);
    profile_read_points(&reading);
    for (int field = 0; field < CITY_FIELD_COUNT; field++) {
        profile_read_values(&reading, field);
    }
    ini_table_refuse_unknown(profile->table, findings);
    if (findings->errors > errors) {
        city_profile_free(profile);
        return NULL;
    }
    return profile;
}

enum status city_profile_load(struct city_profile **ret_profile, const struct city *city,
                              const char *name, struct error *err)
{
    char file_name[PACK_FILE_NAME_SIZE];
    const struct pack_file *file = NULL;
    if ((size_t)snprintf(file_name, sizeof(file_name), "imports/%s.ini", name) <
        sizeof(file_name)) {
        file = pack_files_find(&city->files, file_name);
    }
    if (file == NULL) {
        return error_set(err, STATUS_NOT_FOUND, "profile",
                         "the pack of %s has no file imports/%s.ini", city->key,
                         findings_quote(name).text);
    }
    struct findings findings = {0};
    struct city_profile *profile = city_profile_read(city, file, &findings);
    if (profile == NULL) { /* cannot be: the pack was checked with it */
        return error_set(err, STATUS_INTERNAL, "profile", "%s:%d: %s", findings.first_error.file,
                         findings.first_error.line, findings.first_error.message);
    }
    *ret_profile = profile;
    return STATUS_OK;
}

void city_profile_free(struct city_profile *profile)
{
    if (profile == NULL) {
        return;
    }
    for (int field = 0; field < CITY_FIELD_COUNT; field++) {
        key_index_fini(&profile->mapping_index[field]);
        free(profile->mappings[field]);
    }
    civil_free(profile->civil);
    ini_table_free(profile->table);
    free(profile);
}

const char *city_profile_source(const struct city_profile *profile)
{
    return profile->source;
}

const char *city_profile_column(const struct city_profile *profile, enum city_field field)
{
    CHECK((unsigned)field < CITY_FIELD_COUNT);
    return profile->columns[field];
}

const char *city_profile_time_format(const struct city_profile *profile)
{
    return profile->time_format;
}

const struct civil *city_profile_civil(const struct city_profile *profile)
{
    return profile->civil;
}

bool city_profile_is_default_point(const struct city_profile *profile, double latitude,
                                   double longitude)
{
    for (size_t i = 0; i < profile->point_count; i++) {
        if (fabs(profile->points[i][0] - latitude) < PROFILE_POINT_NEAR &&
            fabs(profile->points[i][1] - longitude) < PROFILE_POINT_NEAR) {
            return true;
        }
    }
    return false;
}

static bool profile_is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static struct bytes profile_trim(struct bytes text)
{
    while (text.size > 0 && strchr(" \t\r\n", text.data[0]) != NULL) {
        text.data++;
        text.size--;
    }
    while (text.size > 0 && strchr(" \t\r\n", text.data[text.size - 1]) != NULL) {
        text.size--;
    }
    return text;
}

/* "Ward 17" without "Ward"; "Warden" is another word and stays. */
static struct bytes profile_strip_prefix(struct bytes text, const char *prefix)
{
    size_t size = strlen(prefix);
    if (text.size < size || memcmp(text.data, prefix, size) != 0 ||
        (text.size > size && profile_is_letter(prefix[size - 1]) &&
         profile_is_letter((char)text.data[size]))) {
        return text;
    }
    return profile_trim(bytes_of(text.data + size, text.size - size));
}

static const char *profile_map(const struct city_profile *profile, enum city_field field,
                               struct bytes text)
{
    char key[CITY_NAME_SIZE_MAX + 1];
    if (text.size == 0) {
        return NULL;
    }
    if (text.size < sizeof(key)) {
        memcpy(key, text.data, text.size);
        key[text.size] = '\0';
        int32_t place = key_index_find(&profile->mapping_index[field], key);
        if (place != KEY_INDEX_NONE) {
            return profile->mappings[field][place].to;
        }
    }
    return profile->others[field];
}

void city_profile_value(const struct city_profile *profile, enum city_field field,
                        const char *value, char *out, size_t out_size)
{
    CHECK((unsigned)field < CITY_FIELD_COUNT && out_size > 0);
    struct bytes text = profile_trim(bytes_of_text(value));
    const char *mapped = profile_map(profile, field, text);
    if (mapped != NULL) {
        text = bytes_of_text(mapped);
    } else {
        if (profile->prefixes[field] != NULL) {
            text = profile_strip_prefix(text, profile->prefixes[field]);
        }
        while (profile->zeros[field] && text.size > 1 && text.data[0] == '0') {
            text = bytes_of(text.data + 1, text.size - 1);
        }
    }
    if (text.size >= out_size) { /* cut between characters */
        text.size = out_size - 1;
        while (text.size > 0 && (text.data[text.size] & 0xC0) == 0x80) {
            text.size--;
        }
    }
    memcpy(out, text.data, text.size);
    out[text.size] = '\0';
}
